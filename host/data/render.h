/* Maps as pictures to look at: classes and depth in colours, probabilities in grey, normals as red, green, blue. */
#ifndef TE_DATA_RENDER_H
#define TE_DATA_RENDER_H

#include "data/legend.h"

/* The map's colours alone, one pixel each; `legend` is the one that te_legend_read() made of it. */
te_status te_render_colours(te_picture **picture, const te_map *map, const te_legend *legend);

/* What a label and its prediction share when they stand beside each other: for depth the scale, from the nearest to the
 * farthest of the label, or where there is none of the prediction. Class legends are not filled. */
void te_legend_pair(te_legend *legend, const te_classes *classes, const float *label, const te_map *prediction);

/* A label (1,h,w), normals (3,h,w), as te_example has it, in a map's colours; pixels without a label are striped. */
te_status te_render_label(te_picture **picture, const float *label, int width, int height, const te_legend *legend);

/* te_render_colours() with the legend below: the classes present, or the range in metres. The map stays at the top left,
 * pixel for pixel; a picture too small for its legend is widened. Tasks without a legend come as
 * te_render_colours() has them. */
te_status te_render_map(te_picture **picture, const te_map *map, const te_classes *classes);

#endif
