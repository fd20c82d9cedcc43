/* What must hold of a file before stb_image sees it.
 *
 * stb_image trusts more than a hostile file deserves. Each guard walks its format with every length checked and
 * refuses what the decoder is known to mishandle:
 *  - JPEG: Huffman tables with more than 256 symbols or too many codes of a length (they overrun its tables),
 *    segments that reach past the end, more scans than any encoder writes (time), coding kinds that it does not
 *    know;
 *  - BMP: palettes that the pixels exceed (it reads what the stack held), offsets past the end, OS/2 palettes (it
 *    miscounts them), missing rows;
 *  - TGA, GIF: sizes out of range, missing rows.
 * That a file passes its guard says nothing about its being good: stb_image may still refuse it. */
#ifndef TE_DATA_GUARD_H
#define TE_DATA_GUARD_H

#include "data/picture.h"

/* `orientation`: 1 to 8, what the file's EXIF block says. TE_ERR_FORMAT naming file and reason. */
te_status te_guard_jpeg(const uint8_t *data, size_t bytes, int limit, const char *name, int *orientation);
te_status te_guard_bmp(const uint8_t *data, size_t bytes, int limit, const char *name);
te_status te_guard_gif(const uint8_t *data, size_t bytes, int limit, const char *name);

/* `opaque`: 1 where a fourth channel is there but declared to be no alpha. */
te_status te_guard_tga(const uint8_t *data, size_t bytes, int limit, const char *name, int *opaque);

/* The same for matio and MATLAB files of level 5 (guard_mat.c). */
te_status te_guard_mat(const uint8_t *data, size_t bytes, const char *name);

#endif
