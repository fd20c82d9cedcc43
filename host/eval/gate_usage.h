/* How much each task takes from each expert and from its memory, at each tap, over a number of pictures
 * (docs/EXPERTS.md). */
#ifndef TE_EVAL_GATE_USAGE_H
#define TE_EVAL_GATE_USAGE_H

#include "eval/prediction.h"

/* The tokens that a picture covers in the input, at least in part; `row` from line to line. */
typedef struct te_token_region {
    int left, top, width, height, row;
} te_token_region;

te_token_region te_token_region_find(const te_fit *fit);

typedef struct te_gate_usage te_gate_usage;

te_status te_gate_usage_create(te_gate_usage **usage, const te_config *config);
void te_gate_usage_free(te_gate_usage *usage);

/* Add the gates of a picture: those of the tokens that the picture covers, not those of the padding. A prediction
 * without gates is left out. */
void te_gate_usage_add(te_gate_usage *usage, const te_prediction *prediction);

/* Pictures that were added. Before the first one all means are 0. */
uint64_t te_gate_usage_count(const te_gate_usage *usage);

/* Of the config's task `task` at tap `tap` (0 to the number of taps - 1), over all tokens of all pictures: the mean of score
 * `score`, 0 to S - 1, the last one the memory's if there is one; and the mean of a token's entropy, -sum_s g_s ln g_s / ln S,
 * 0 where one score takes all to 1 where all are equal. The scores of a sparse connection, which do not sum to 1, are divided
 * by their sum for it. */
double te_gate_usage_get_mean(const te_gate_usage *usage, int tap, int task, int score);
double te_gate_usage_get_entropy(const te_gate_usage *usage, int tap, int task);

#endif
