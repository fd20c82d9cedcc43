/* The solids that generated rooms are made of, and where rays enter them. */
#ifndef TE_DATA_ROOMS_SOLID_H
#define TE_DATA_ROOMS_SOLID_H

#include "data/rooms_vector.h"

#include <stdint.h>

/* In the solid's own frame, whose origin is its centre: */
typedef enum te_shape {
    TE_SHAPE_BOX,       /* size: half edges */
    TE_SHAPE_ROUND_BOX, /* the same with edges and corners rounded by `round` */
    TE_SHAPE_ELLIPSOID, /* size: radii */
    TE_SHAPE_FRUSTUM,   /* about y from -size.y to size.y, radius size.x below and size.z above */
    TE_SHAPE_CAPSULE    /* the points within size.x of the y axis from -size.y to size.y */
} te_shape;

typedef struct te_solid {
    te_frame frame;
    te_vec size;
    float round;
    uint16_t material, thing; /* rows of the scene's tables */
    uint8_t shape;
    uint8_t part;  /* of a person: a class of human_parts */
    uint8_t ghost; /* 1: casts no shadow */
} te_solid;

#define TE_NO_HIT INFINITY

/* The smallest distance in (near, far) at which the ray (unit direction) enters the solid from outside, or
 * TE_NO_HIT. */
float te_solid_meet(const te_solid *solid, te_vec origin, te_vec direction, float near, float far);

/* The outward unit normal at a point of the surface; `local` is that point in the solid's frame. */
te_vec te_solid_normal(const te_solid *solid, te_vec local);

/* Half edges of the upright box about frame.origin that holds the solid. */
te_vec te_solid_extent(const te_solid *solid);

#endif
