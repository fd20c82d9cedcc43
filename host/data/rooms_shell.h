/* The room itself: floor, ceiling, walls with doors and windows. */
#ifndef TE_DATA_ROOMS_SHELL_H
#define TE_DATA_ROOMS_SHELL_H

#include "data/rooms_layout.h"
#include "data/rooms_style.h"

/* Draws the size of the room and builds it; takes the places in front of doors. */
void te_shell_build(te_scene *scene, te_layout *layout, te_dice *dice);

/* Fill an opening; `wall` is the frame of its wall. */
void te_door_build(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *opening);
void te_window_build(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *opening);

/* A box between two corners of `frame`. */
void te_shell_block(te_scene *scene, const te_frame *frame, te_vec low, te_vec high, int material);

#endif
