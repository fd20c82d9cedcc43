/* A picture seen several times, at several sizes and mirrored, and what is seen averaged (docs/INFERENCE.md). */
#ifndef TE_EVAL_PASSES_H
#define TE_EVAL_PASSES_H

#include "data/fit.h"
#include "model/model.h"

typedef struct te_passes te_passes;

/* Plans for every size that [infer] of `settings` names, for an input of height x width pixels. The model must outlive it. */
te_status te_passes_create(te_passes **passes, te_model *model, te_device *device, int height, int width,
                           const te_settings *settings);
void te_passes_free(te_passes *passes);

/* How often a picture is seen: 1 if [infer] asks for nothing. */
int te_passes_count(const te_passes *passes);

/* The scheduler at the input's own size. After te_passes_run() it holds the results for the picture as it is, not mirrored. */
te_scheduler *te_passes_get_base(const te_passes *passes);
te_status te_passes_get_memory(const te_passes *passes, te_memory_info *info);

/* The mean of all that is seen of a picture that lies in the input as `fit` says: values (h,w,V) of the fitted region, as in
 * eval/blend.h. */
te_status te_passes_run(te_passes *passes, const te_picture *picture, const te_fit *fit, float *values);

#endif
