/* Pictures of a data set loaded ahead of who judges them, by threads, handed over in order. */
#ifndef TE_EVAL_AHEAD_H
#define TE_EVAL_AHEAD_H

#include "data/dataset.h"

typedef struct te_ahead te_ahead;

typedef struct te_ahead_options {
    uint64_t count;    /* pictures 0 to count - 1 */
    int height, width; /* for te_dataset_load() */
    int threads;       /* 1 to TE_AHEAD_THREADS */
} te_ahead_options;

enum { TE_AHEAD_THREADS = 64 };

/* The data set must outlive it. */
te_status te_ahead_open(te_ahead **ahead, const te_dataset *dataset, const te_ahead_options *options);
void te_ahead_close(te_ahead *ahead);

/* The next picture, which the caller clears; a picture that cannot be loaded fails when its turn comes. Called at most `count`
 * times. */
te_status te_ahead_next(te_ahead *ahead, te_example *example);

#endif
