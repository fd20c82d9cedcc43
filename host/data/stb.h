/* The door to stb_image, behind data/guard.h: JPEG, BMP, TGA and GIF from memory. */
#ifndef TE_DATA_STB_H
#define TE_DATA_STB_H

#include <stddef.h>
#include <stdint.h>

/* Size of the picture in the file: 1, or 0 if stb_image does not know the format. */
int te_stb_info(const uint8_t *data, size_t bytes, int *width, int *height);

/* Pixels (height,width,channels), 8 bit, 1 to 4 channels as in the file; free() them. NULL on failure. */
uint8_t *te_stb_load(const uint8_t *data, size_t bytes, int *width, int *height, int *channels);

/* Why the last call of this thread failed. */
const char *te_stb_reason(void);

#endif
