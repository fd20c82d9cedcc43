/* From an edge probability to the pixels that stand above each threshold: 8 bits, non-maximum suppression, border fade. */
#ifndef TE_EVAL_EDGE_THRESHOLDS_H
#define TE_EVAL_EDGE_THRESHOLDS_H

#include "base/status.h"

/* Thresholds 0.001, 0.01, 0.02 ... 0.99, 0.999 [S]. */
enum { TE_EDGE_THRESHOLDS = 101 };

/* ranks (h,w): how many of the thresholds the suppressed probability is strictly above. `levels` (h,w): the probability in
 * 8 bits. All comparisons with thresholds are exact, in whole numbers. */
te_status te_edge_rank(const uint8_t *levels, int height, int width, uint8_t *ranks);

#endif
