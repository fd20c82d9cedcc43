/* Gate scores on a sheet: maps of them, in colours that a bar explains. */
#ifndef TE_DATA_SHEET_SCORES_H
#define TE_DATA_SHEET_SCORES_H

#include "data/picture.h"

/* Scores of one kind on tokens: that of token (y,x) is first[(y * row + x) * stride]. */
typedef struct te_score_map {
    const float *first;
    int width, height; /* in tokens */
    size_t row, stride; /* tokens from line to line, floats from token to token */
} te_score_map;

/* The largest score, at least `most`; what is no finite number is left out. */
float te_score_map_largest(const te_score_map *map, float most);

/* The score at the end of the colours: the largest one rounded up to a multiple of 0.05. */
float te_scores_scale(float largest);

/* The map enlarged to blocks, black for 0; `mean` receives the mean score. */
te_status te_score_map_draw(te_picture *sheet, int x, int y, int width, int height, const te_score_map *map, float scale,
                            double *mean);

enum { TE_SCORES_BAR = 320 /* pixels across a bar with its numbers */ };

/* "0.00", the colours, the scale; as high as text of `size`. */
te_status te_scores_bar_draw(te_picture *sheet, int x, int y, int size, float scale);

#endif
