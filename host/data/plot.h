/* One plot of an SVG page: lines over steps, axes with round numbers; the vertical axis is logarithmic where the lines
 * spread wide above 0. */
#ifndef TE_TRAIN_PLOT_H
#define TE_TRAIN_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Points in the order of rising x; y may be NaN: no point. With `low` and `high` a band instead of a line. */
typedef struct te_plot_series {
    const double *x, *y, *low, *high;
    size_t count;
    const char *colour;
    bool dots; /* a mark at every point */
} te_plot_series;

typedef struct te_plot {
    const char *title;
    double left, top, width, height; /* of the whole, axes' numbers included */
    bool linear;                     /* even where values spread wide */
    double last;                     /* the horizontal axis goes from 0 to this step */
    const te_plot_series *series;
    int series_count;
} te_plot;

void te_plot_draw(FILE *svg, const te_plot *plot);

#endif
