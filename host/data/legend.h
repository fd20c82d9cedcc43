/* What a map's colours mean: the classes present and their shares, or a bar from the nearest to the farthest
 * metre. */
#ifndef TE_DATA_LEGEND_H
#define TE_DATA_LEGEND_H

#include "base/classes.h"
#include "data/picture.h"

typedef struct te_legend {
    te_classes classes; /* that there are */
    int count;          /* classes present; 0 for the other tasks */
    uint8_t index[256];
    float share[256];   /* of the pixels, falling */
    float low, high;    /* metres; depth only */
} te_legend;

/* Look through a map of the task of `classes`, whose names are referred to. */
void te_legend_read(te_legend *legend, const te_map *map, const te_classes *classes);

/* With text of `size` pixels a line: a width that suits the legend (up to ten entries below each other, at most
 * three columns), and the height that it needs at a given width; both 0 for tasks that need none. In less than
 * the width of a column names are cut. At most `rows` lines are used (0: all it takes); the last entry then sums
 * up the rest. */
int te_legend_width(const te_legend *legend, int size);
int te_legend_height(const te_legend *legend, int width, int size, int rows);
te_status te_legend_draw(const te_legend *legend, te_picture *picture, int x, int y, int width, int size, int rows);

#endif
