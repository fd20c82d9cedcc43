/* Binary PGM and PPM files (P5, P6), 8 and 16 bit. */
#ifndef TE_DATA_PNM_H
#define TE_DATA_PNM_H

#include "data/picture.h"

te_status te_pnm_decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name);

#endif
