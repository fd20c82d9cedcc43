/* Pictures being judged by threads, task by task, and handed back in the order in which they came. */
#ifndef TE_EVAL_JURY_H
#define TE_EVAL_JURY_H

#include "data/dataset.h"
#include "eval/metrics.h"

#include <stdbool.h>

/* A picture on its way. Whoever has it owns all of it; a zeroed one is empty. */
typedef struct te_trial {
    uint64_t index;            /* of the picture in the set */
    te_example example;
    te_map maps[TE_TASK_COUNT]; /* what is judged, of the tasks; one without data is not */
    te_metric_sample *samples[TE_TASK_COUNT]; /* NULL: not judged, for want of a map or a label */
    te_status status;          /* other than TE_OK: nothing of it counts; why is in `message` */
    int failed;                /* the task whose judging that was; -1: it never came so far */
    char message[TE_MESSAGE_BYTES];
} te_trial;

void te_trial_clear(te_trial *item);

typedef struct te_jury te_jury;

/* `metrics` (task_count), which outlive the jury, are only read. */
te_status te_jury_create(te_jury **jury, te_metric *const *metrics, int task_count, int threads);
void te_jury_free(te_jury *jury);

/* Hand a trial over, which is empty then; one that failed before it came here keeps its place in the order. There are
 * `threads` + 1 places. */
bool te_jury_is_full(te_jury *jury);
void te_jury_put(te_jury *jury, te_trial *item);

/* The oldest trial, once it is judged; false: there is none, or it is not ready and `wait` is not asked for. */
bool te_jury_take(te_jury *jury, bool wait, te_trial *item);

#endif
