/* In which order pictures are drawn (docs/DATA.md): any place of the endless order is known at once. */
#ifndef TE_DATA_SAMPLER_H
#define TE_DATA_SAMPLER_H

#include "base/settings.h"
#include "base/task.h"

typedef struct te_sampler te_sampler;

/* For pictures 0 to count - 1; bit t of labels[i] is set where picture i has a label of task t of `task_count`.
 * TE_SAMPLER_UNIFORM: every picture once in an epoch, each epoch in another order.
 * TE_SAMPLER_BALANCED: each draw serves one task with one of its pictures; a task's pictures all come before one comes
 * again for it. The tasks take turns so that each is seen equally often, as far as the labels allow: next is the task
 * that, in expectation, was seen least so far. */
te_status te_sampler_create(te_sampler **sampler, te_sampler_kind kind, uint64_t seed, const uint8_t *labels,
                            uint64_t count, int task_count);
void te_sampler_free(te_sampler *sampler);

/* The picture of draw `index`. */
uint64_t te_sampler_pick(const te_sampler *sampler, uint64_t index);

#endif
