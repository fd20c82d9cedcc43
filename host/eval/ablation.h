/* What each expert and the memory are worth: the metrics of all tasks with one of them switched off (docs/EXPERTS.md). */
#ifndef TE_EVAL_ABLATION_H
#define TE_EVAL_ABLATION_H

#include "data/dataset.h"
#include "eval/expert_probe.h"
#include "eval/metrics.h"

typedef struct te_ablation te_ablation;

/* A row is one way to run the model: 0 as it is, then each score off at all taps, then with `per_tap` each at each tap. The
 * probe must outlive it; `settings` has the [eval] of the metrics. */
te_status te_ablation_create(te_ablation **ablation, te_expert_probe *probe, const te_settings *settings, bool per_tap);
void te_ablation_free(te_ablation *ablation);

/* Judge the labelled picture `index` of a set in every row. `whole` (may be NULL) is called with the prediction of row 0. */
te_status te_ablation_add(te_ablation *ablation, uint64_t index, const te_example *example,
                          void (*whole)(const te_prediction *prediction, void *context), void *context);

size_t te_ablation_count(const te_ablation *ablation);

/* What is off in a row: a score or TE_NOTHING, at a tap or TE_ALL_TAPS. */
void te_ablation_get_row(const te_ablation *ablation, size_t row, int *score, int *tap);

/* The primary metric of the config's task `task` in a row. Where no picture had a label of it, it has
 * no name, and its value is NaN. */
te_status te_ablation_get_value(const te_ablation *ablation, size_t row, int task, te_metric_value *value);

#endif
