/* Generated rooms: pictures of made-up indoor scenes with exact labels, as many as wanted.
 *
 * A sample is a function of (seed, index) and the size alone; nothing is shared between calls, so threads may make
 * samples at the same time. On machines with another mathematical library the last bits may differ.
 *
 * Invariants: every pixel has a class, a depth above 0 and a unit normal that faces the camera; human_parts is not
 * 0 exactly where the class is person; labels are those of the ray through the pixel's centre. */
#ifndef TE_DATA_ROOMS_H
#define TE_DATA_ROOMS_H

#include "base/status.h"

/* base/classes.c names them in this order. */
typedef enum te_rooms_class {
    TE_ROOMS_WALL,
    TE_ROOMS_FLOOR,
    TE_ROOMS_CEILING,
    TE_ROOMS_DOOR,
    TE_ROOMS_WINDOW,
    TE_ROOMS_CURTAIN,
    TE_ROOMS_PICTURE,
    TE_ROOMS_TABLE,
    TE_ROOMS_CHAIR,
    TE_ROOMS_SOFA,
    TE_ROOMS_BED,
    TE_ROOMS_PILLOW,
    TE_ROOMS_CABINET,
    TE_ROOMS_SHELF,
    TE_ROOMS_BOOKS,
    TE_ROOMS_LAMP,
    TE_ROOMS_PLANT,
    TE_ROOMS_RUG,
    TE_ROOMS_TELEVISION,
    TE_ROOMS_BOX,
    TE_ROOMS_OBJECT,
    TE_ROOMS_PERSON,
    TE_ROOMS_CLASSES
} te_rooms_class;

enum { TE_ROOMS_LIMIT = 4096 }; /* largest width and height */

/* Scenes of this seed and above are for validation: no seed of training reaches it. */
#define TE_ROOMS_VAL_SEED (UINT64_C(1) << 40)

typedef struct te_rooms_sample {
    int width, height;
    float focal;          /* pixels; the optical axis meets the middle of the picture */
    uint8_t *rgb;         /* (h,w,3) */
    uint8_t *semseg;      /* (h,w) classes above */
    uint8_t *human_parts; /* (h,w) 0 background, 1 head, 2 torso, 3 upper arms, 4 lower arms, 5 upper legs, 6 lower
                             legs */
    uint8_t *sal;         /* (h,w) 1: people, or where none is to be seen the most prominent near thing */
    float *normals; /* (h,w,3) unit vectors in the camera's frame: x to the right, y up, z towards the camera */
    uint8_t *edge;        /* (h,w) 1: a one pixel wide line between different things */
    float *depth;         /* (h,w) metres along the optical axis */
} te_rooms_sample;

te_status te_rooms_sample_create(te_rooms_sample **sample, uint64_t seed, uint64_t index, int width, int height);
void te_rooms_sample_free(te_rooms_sample *sample);

#endif
