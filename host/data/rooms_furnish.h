/* Which furniture a room gets and where it goes; small things; people. */
#ifndef TE_DATA_ROOMS_FURNISH_H
#define TE_DATA_ROOMS_FURNISH_H

#include "data/rooms_furniture.h"
#include "data/rooms_layout.h"

/* Kinds of furniture that stand on the floor or hang on a wall: rows of the catalogue. */
typedef enum te_item {
    TE_ITEM_BED,
    TE_ITEM_NIGHTSTAND,
    TE_ITEM_SIDEBOARD,
    TE_ITEM_DRESSER,
    TE_ITEM_WARDROBE,
    TE_ITEM_STAND,   /* of a television */
    TE_ITEM_KITCHEN,
    TE_ITEM_CUPBOARD,
    TE_ITEM_SHELF,
    TE_ITEM_WALL_SHELF,
    TE_ITEM_SOFA,
    TE_ITEM_ARMCHAIR,
    TE_ITEM_CHAIR,
    TE_ITEM_OFFICE_CHAIR,
    TE_ITEM_STOOL,
    TE_ITEM_TABLE,
    TE_ITEM_ROUND_TABLE,
    TE_ITEM_DESK,
    TE_ITEM_LOW_TABLE,
    TE_ITEM_SIDE_TABLE,
    TE_ITEM_FLOOR_LAMP,
    TE_ITEM_PLANT,
    TE_ITEM_BOX,
    TE_ITEM_TELEVISION, /* on a wall */
    TE_ITEM_PICTURE,
    TE_ITEM_CLOCK,
    TE_ITEM_COUNT
} te_item;

/* The room and what stands in it, while it is being furnished. */
typedef struct te_furnisher {
    te_scene *scene;
    te_layout *layout;
    te_dice *dice;
} te_furnisher;

te_vec te_item_size(te_dice *dice, te_item item);

/* Build the item in this place, free or not. */
void te_item_build(te_furnisher *f, te_item item, const te_frame *frame, te_vec size);

/* Build the item in this place if the place is free. */
int te_item_place(te_furnisher *f, te_item item, const te_frame *frame, te_vec size);

/* Somewhere along a wall, its back `gap` away from it; frame and size (may be NULL) tell where it went. */
int te_item_place_at_wall(te_furnisher *f, te_item item, te_frame *frame, te_vec *size);

/* Anywhere on the floor, turned by any angle or, with `square`, along the walls. */
int te_item_place_free(te_furnisher *f, te_item item, int square, te_frame *frame, te_vec *size);
int te_item_place_in_corner(te_furnisher *f, te_item item);

/* The whole room. */
void te_furnish(te_furnisher *f);

/* Pictures, lamps on the ceiling, small things on the tops: rooms_decorate.c. */
void te_decorate(te_furnisher *f);

/* Some of them sit, some stand: rooms_inhabit.c. */
void te_inhabit(te_furnisher *f);

#endif
