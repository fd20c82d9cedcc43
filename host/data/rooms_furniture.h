/* Builders of furniture and other things. Each builds within the block `size` (width along x, height along y, depth
 * along z) whose lower face has its middle at the origin of `at`; z is the front. Things of several classes (a
 * shelf with books) begin new things as they go. */
#ifndef TE_DATA_ROOMS_FURNITURE_H
#define TE_DATA_ROOMS_FURNITURE_H

#include "data/rooms_style.h"

typedef void te_builder(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size);

/* rooms_seats.c */
te_builder te_chair_build, te_chair_build_office, te_chair_build_arm, te_chair_build_stool, te_sofa_build;

/* rooms_tables.c */
te_builder te_table_build, te_table_build_round, te_table_build_desk, te_table_build_low, te_bed_build;

/* Legs at the corners of a rectangle, from the floor to `height`. */
void te_legs_build(te_scene *scene, te_dice *dice, const te_frame *at, float half_x, float half_z, float height,
                   int material);

/* A cushion or pillow, class pillow; `at` is its middle, z its face. */
void te_pillow_build(te_scene *scene, te_dice *dice, const te_frame *at, float half_x, float half_y,
                     te_finish finish);

/* rooms_storage.c */
te_builder te_cabinet_build, te_cabinet_build_tall, te_cabinet_build_kitchen, te_cabinet_build_wall, te_shelf_build,
    te_shelf_build_wall, te_books_build_stack;

/* A row of books from x = 0 on, at most `length` long; `at` is the lower corner, z the front. */
void te_books_build_row(te_scene *scene, te_dice *dice, const te_frame *at, float length, float height,
                        float depth);

/* rooms_things.c */
te_builder te_lamp_build_floor, te_lamp_build_table, te_television_build, te_television_build_wall, te_rug_build,
    te_box_build, te_picture_build, te_clock_build;

/* A lamp that hangs from the ceiling: `at` is a place on the ceiling, y up. */
void te_lamp_build_ceiling(te_scene *scene, te_dice *dice, const te_frame *at);

/* Small things for tables and shelves, no larger than `size`. */
void te_object_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size);

/* rooms_plants.c */
te_builder te_plant_build, te_plant_build_flowers;

#endif
