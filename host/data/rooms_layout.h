/* What stands where on the floor of a generated room, so that things do not run into each other. */
#ifndef TE_DATA_ROOMS_LAYOUT_H
#define TE_DATA_ROOMS_LAYOUT_H

#include "data/rooms_vector.h"

/* An upright block: a rectangle on the floor plan, turned by a yaw, between two heights. */
typedef struct te_spot {
    float x, z, half_x, half_z, c, s; /* c, s: cosine and sine of the yaw */
    float low, high;
} te_spot;

typedef enum te_opening_kind { TE_OPENING_DOOR, TE_OPENING_DOORWAY, TE_OPENING_WINDOW } te_opening_kind;

/* A hole in wall `wall` from `left` to `right` along it, `low` to `high` above the floor. */
typedef struct te_opening {
    te_opening_kind kind;
    int wall;
    float left, right, low, high;
} te_opening;

enum { TE_LAYOUT_SPOTS = 256, TE_LAYOUT_OPENINGS = 10, TE_LAYOUT_WALLS = 4 };

typedef struct te_layout {
    float width, depth, height; /* of the room: x, z, y */
    te_spot spots[TE_LAYOUT_SPOTS];
    te_opening openings[TE_LAYOUT_OPENINGS];
    int spots_count, openings_count;
} te_layout;

/* Frame of a wall: x along it, z into the room, origin at a lower corner of the room; its length. */
te_frame te_layout_wall(const te_layout *layout, int wall, float *length);

/* The block of a thing whose frame stands upright on the floor: `size` width, height and depth. */
te_spot te_spot_of(const te_frame *frame, te_vec size, float margin);

/* Whether the block is within the room and free. */
int te_layout_fits(const te_layout *layout, const te_spot *spot);
void te_layout_take(te_layout *layout, const te_spot *spot);

/* Whether a ball is within the room and free. */
int te_layout_is_free(const te_layout *layout, te_vec centre, float radius);

#endif
