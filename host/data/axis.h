/* How one axis of a picture or map is resampled: for every output position a span of input positions and their
 * weights.
 *
 * Everything here has half-pixel centres: output o looks at input coordinate (o + 0.5) * from / to - 0.5.
 * Weights of an output sum to 1; beyond the ends the last sample counts. */
#ifndef TE_DATA_AXIS_H
#define TE_DATA_AXIS_H

#include "base/status.h"

typedef enum te_axis_kind {
    TE_AXIS_LINEAR,   /* two neighbours, shrinking or not: what PyTorch's bilinear does */
    TE_AXIS_TRIANGLE, /* linear; shrinking widens the triangle to the footprint: what PIL's bilinear does */
    TE_AXIS_AREA      /* linear; shrinking averages the covered samples, each by its covered part */
} te_axis_kind;

typedef struct te_axis {
    int from, to;
    int taps;       /* largest count */
    int *first;     /* (to) */
    int *count;     /* (to) first + count <= from */
    float *weights; /* (to, taps) */
} te_axis;

te_status te_axis_create(te_axis *axis, int from, int to, te_axis_kind kind);
void te_axis_free(te_axis *axis); /* zeroed axes are fine */

/* The neighbours of an output of a TE_AXIS_LINEAR axis; returns the second one's weight. At the ends both may be the same. */
float te_axis_find(const te_axis *axis, int at, int *first, int *second);

#endif
