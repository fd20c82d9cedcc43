/* What a run over a data set found. */
#ifndef TE_EVAL_SCORES_H
#define TE_EVAL_SCORES_H

#include "eval/metrics.h"

struct te_scores {
    te_score *list;
    size_t count;
    char (*texts)[64];     /* metric and class name of every score: list points into it */
    char *path;            /* of the pictures' list; NULL: rooms */
    uint64_t pictures, shrunk; /* judged; of them larger than the input */
    int height, width;     /* of the input */
    double gain;           /* percent, over gain_tasks tasks */
    size_t gain_tasks;
};

#endif
