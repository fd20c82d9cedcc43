/* One plot of an SVG page: lines or bars over an axis from 0, axes with round numbers; the vertical axis is logarithmic where
 * the lines spread wide above 0. The page's style gives the classes title, pale, grid and axes. */
#ifndef TE_DATA_PLOT_H
#define TE_DATA_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Points in the order of rising x; y may be NaN: no point. With `low` and `high` a band instead of a line. */
typedef struct te_plot_series {
    const double *x, *y, *low, *high;
    size_t count;
    const char *colour; /* of CSS */
    bool dots; /* a mark at every point */
    bool bars; /* from 0 to y, each from its x to the next one's, the last one's to the axis' end; y is finite */
} te_plot_series;

typedef struct te_plot {
    const char *title;
    const char *x_name, *y_name;     /* or NULL */
    double left, top, width, height; /* of the whole, axes' numbers included */
    bool linear;                     /* even where values spread wide */
    double low, high;                /* of the vertical axis; not rising: as the values have it */
    double last;                     /* the horizontal axis goes from 0 to this step */
    bool fractions;                  /* it has numbers that are not whole */
    const te_plot_series *series;
    int series_count;
} te_plot;

void te_plot_draw(FILE *svg, const te_plot *plot);

#endif
