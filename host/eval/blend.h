/* Predictions for one place brought into a form in which they can be averaged, and back (docs/INFERENCE.md).
 *
 * Values of a pixel (V): those of the config's tasks one behind the other, as many as each has channels. They are
 * probabilities for semseg, human_parts, sal (2) and edge, a unit vector for normals, metres for depth. Logits (V) lie in the
 * same order. */
#ifndef TE_EVAL_BLEND_H
#define TE_EVAL_BLEND_H

#include "model/config.h"

/* How the network saw the picture. */
typedef struct te_view {
    double scale;  /* 2: twice as large, so things look half as far away */
    bool mirrored; /* left is right */
} te_view;

/* V */
int te_blend_count(const te_config *config);

/* values (V) += weight times what logits (V) say in that view. A task with a NaN among its logits adds nothing. */
void te_blend_add(const te_config *config, const te_view *view, const float *logits, float weight, float *values);

/* Logits (V) which are read as a weighted mean (V) should be: te_map_read() makes the same map of both. */
void te_blend_to_logits(const te_config *config, const float *values, float *logits);

/* Read a weighted mean (V) into pixel number `pixel` of every task's map. */
void te_blend_write(const te_config *config, const float *values, te_map *maps, size_t pixel);

/* An empty map of task t, for te_blend_write(); te_map_free() frees it. */
te_status te_blend_create_map(te_map *map, const te_config *config, int t, int width, int height);

#endif
