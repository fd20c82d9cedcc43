/* The orientation that a camera noted in a JPEG file's EXIF block. */
#ifndef TE_DATA_EXIF_H
#define TE_DATA_EXIF_H

#include "data/picture.h"

/* Orientation 1 to 8 in the TIFF structure at `tiff` (what follows "Exif\0\0" in an APP1 segment). 1, upright, for
 * whatever is absent or damaged: a picture is worth showing even if its notes are not readable. */
int te_exif_orientation(const uint8_t *tiff, size_t bytes);

/* Turn and mirror `picture` so that a picture of that orientation stands upright. */
te_status te_exif_apply(te_picture *picture, int orientation);

#endif
