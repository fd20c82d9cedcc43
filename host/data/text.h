/* Text on a picture: DejaVu Sans, antialiased. Printable ASCII and Latin letters in UTF-8; any other character shows as
 * '?'. */
#ifndef TE_DATA_TEXT_H
#define TE_DATA_TEXT_H

#include "data/colours.h"
#include "data/picture.h"

/* `size` is the height of a line in pixels, which from 10 on holds every letter from top to foot, but for a pixel of a
 * capital's accent. */
int te_text_width(int size, const char *text);

/* Draw with the line's top left corner at (x,y). What lies outside the picture or would end right of x + `width` is
 * left out; text that is too long ends in "...". TE_ERR_MEMORY. */
te_status te_text_draw(te_picture *picture, int x, int y, int width, int size, te_colour colour, const char *text);

#endif
