/* The edge pixels of one picture that are predicted, and those of them that are right, at every threshold. */
#ifndef TE_EVAL_EDGE_COUNTS_H
#define TE_EVAL_EDGE_COUNTS_H

#include "data/edge_thin.h"
#include "eval/edge_thresholds.h"

typedef struct te_edge_counts {
    double matched, predicted; /* pixels */
} te_edge_counts;

/* One picture's label, and room to work in; planes (h,w). */
typedef struct te_edge_scene {
    int height, width;
    size_t area;
    double radius, truth_count, pixels;
    uint8_t *truth, *ignored, *levels, *ranks;
    uint32_t *order, *pixels_left; /* places by falling rank; those of one threshold */
    te_edge_thinner thinner;
} te_edge_scene;

/* `label` (h,w): edges above 0.5, 255 is ignored. `distance`: of matching, over the diagonal. */
te_status te_edge_scene_create(te_edge_scene *scene, const float *label, int height, int width, double distance);
void te_edge_scene_free(te_edge_scene *scene);

/* Judge scene->levels, the probability in 8 bits, at the highest and every step-th threshold below it. */
te_status te_edge_scene_run(te_edge_scene *scene, int step, te_edge_counts results[TE_EDGE_THRESHOLDS]);

#endif
