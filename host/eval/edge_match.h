/* One-to-one matching of predicted edge pixels with those of a label at most `radius` pixels away: the most pairs possible. */
#ifndef TE_EVAL_EDGE_MATCH_H
#define TE_EVAL_EDGE_MATCH_H

#include "base/status.h"

typedef struct te_edge_matcher te_edge_matcher;

/* For one picture: `truth` (h,w) is not 0 where the label has an edge; fewer than 2^32 pixels. */
te_status te_edge_matcher_create(te_edge_matcher **matcher, const uint8_t *truth, int height, int width, double radius);
void te_edge_matcher_free(te_edge_matcher *matcher);

/* The largest number of pairs for the predicted pixels (places in (h,w), each once). The pairs of the last run that still
 * hold are where it starts, so sets that differ little cost little; the number does not depend on them. */
size_t te_edge_matcher_run(te_edge_matcher *matcher, const uint32_t *pixels, size_t count);

#endif
