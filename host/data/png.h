/* PNG files, through libpng. Writing is atomic and needs memory for a row only. */
#ifndef TE_DATA_PNG_H
#define TE_DATA_PNG_H

#include "data/picture.h"

/* Decode to 8 bit: palettes become RGB, 16 bit are scaled, transparency becomes alpha. */
te_status te_png_decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name);

/* The numbers as they are stored, for label files: palettes stay indices, alpha channels stay. *bits is 8 (files of fewer
 * bits, too, their values unchanged), or 16: the data are then uint16_t in this machine's order. */
te_status te_png_decode_numbers(te_pixels *pixels, int *bits, const uint8_t *data, size_t bytes, int limit,
                                const char *name);

/* The size that a PNG file's header names, which lies at a fixed place; 0: `data` are no PNG file. */
int te_png_get_size(const uint8_t *data, size_t bytes, uint32_t *width, uint32_t *height);

/* rgb (height,width,3); grey (height,width). TE_ERR_FILE names the path and the system's reason. */
te_status te_png_save_rgb(const char *path, int width, int height, const uint8_t *rgb);
te_status te_png_save_grey(const char *path, int width, int height, const uint8_t *grey);
te_status te_png_save_grey16(const char *path, int width, int height, const uint16_t *grey);

/* rgb (height,width,3) as a PNG file in fresh memory: free() it. */
te_status te_png_encode_rgb(uint8_t **data, size_t *bytes, int width, int height, const uint8_t *rgb);

#endif
