/* Drawing on a picture: rectangles and other pictures. Everything is cut at the picture's edges. */
#ifndef TE_DATA_DRAW_H
#define TE_DATA_DRAW_H

#include "data/colours.h"
#include "data/picture.h"

void te_draw_fill(te_picture *picture, int x, int y, int width, int height, te_colour colour);

/* The rectangle's outline, `line` pixels wide, inside of it. */
void te_draw_frame(te_picture *picture, int x, int y, int width, int height, int line, te_colour colour);

/* A ramp's colours from value `left` to value `right`. */
void te_draw_ramp(te_picture *picture, int x, int y, int width, int height, te_ramp ramp, float left, float right);

typedef enum te_draw_kind {
    TE_DRAW_SMOOTH, /* shrunk by averaging areas, enlarged bilinearly */
    TE_DRAW_BLOCKS  /* the same, but enlarged so that every pixel becomes a block */
} te_draw_kind;

/* `from`, resized to (width,height), with its top left corner at (x,y). */
te_status te_draw_picture(te_picture *picture, int x, int y, int width, int height, te_draw_kind kind,
                          const te_picture *from);

#endif
