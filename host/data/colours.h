/* Colours: of classes, and of numbers between 0 and 1. */
#ifndef TE_DATA_COLOURS_H
#define TE_DATA_COLOURS_H

#include <stdint.h>

typedef struct te_colour {
    uint8_t r, g, b;
} te_colour;

/* Class `index` of `classes` of a semseg or human_parts map, in PASCAL VOC's colours. Sets whose first class is
 * a background have it black; NYUD's 40 classes have none and begin at the second colour, as its label files do. 255, no
 * class, is a light grey. */
te_colour te_colour_class(int classes, int index);

typedef enum te_ramp {
    TE_RAMP_GREY,
    TE_RAMP_COOL, /* dark violet, green, bright yellow; even steps of lightness */
    TE_RAMP_WARM, /* black, violet, orange, near white; even steps of lightness */
    TE_RAMP_COUNT
} te_ramp;

/* The colour at `value`, cut to 0 to 1; NaN as 0. Lightness rises with the value on every ramp. */
te_colour te_colour_ramp(te_ramp ramp, float value);

/* A unit vector's components -1 to 1 as red, green, blue. */
te_colour te_colour_normal(const float normal[3]);

#endif
