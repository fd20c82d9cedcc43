/* Thinning: sets of pixels to lines one pixel wide, as MATLAB's bwmorph(..., 'thin', inf) does. */
#ifndef TE_DATA_EDGE_THIN_H
#define TE_DATA_EDGE_THIN_H

#include "base/status.h"

/* Room for pictures of one size; all zero between calls, so that a call costs what its pixels cost. */
typedef struct te_edge_thinner {
    int height, width;
    uint8_t deletable[2][256]; /* by subiteration and neighbours */
    uint8_t *around;           /* (h+2,w+2): which of a pixel's neighbours are set */
    uint8_t *state;            /* (h+2,w+2): whether it is set, and for which subiterations it waits */
    uint32_t *waiting[2];      /* places in the padded planes that a subiteration has to judge */
    size_t waiting_count[2];
    uint32_t *gone;            /* places */
} te_edge_thinner;

te_status te_edge_thinner_create(te_edge_thinner *thinner, int height, int width);
void te_edge_thinner_free(te_edge_thinner *thinner);

/* `pixels` (places in (h,w), each once) becomes the thinned set, in the order it had; returns its size. */
size_t te_edge_thin(te_edge_thinner *thinner, uint32_t *pixels, size_t count);

#endif
