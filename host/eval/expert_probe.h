/* A model on a device, made to be looked into: the experts' features beside the prediction, and experts or the memory switched
 * off (docs/EXPERTS.md).
 *
 * Off means that gates cannot choose it: its score is -1e30 before the soft-max, by the bias of the gates' last layer. It
 * becomes exactly 0 then, the other scores share its place, and a sparse connection keeps the largest of these. */
#ifndef TE_EVAL_EXPERT_PROBE_H
#define TE_EVAL_EXPERT_PROBE_H

#include "eval/prediction.h"

typedef struct te_expert_probe te_expert_probe;

enum { TE_ALL_TAPS = -1, TE_NOTHING = -1 };

/* For one pass at the input size of `settings`, without what [infer] asks for. The model must outlive it. */
te_status te_expert_probe_create(te_expert_probe **probe, te_model *model, te_device *device, const te_settings *settings);
void te_expert_probe_free(te_expert_probe *probe);

const te_model *te_expert_probe_get_model(const te_expert_probe *probe);
void te_expert_probe_get_input(const te_expert_probe *probe, int *height, int *width);

/* Switch score `score` (0 to S - 1, the last one the memory's if there is one) off at tap `tap`, or at TE_ALL_TAPS, for the
 * runs to come; everything else is on again. TE_NOTHING: all of it is on. The only score that there is cannot be off. */
te_status te_expert_probe_set_off(te_expert_probe *probe, int score, int tap);

te_status te_expert_probe_run(te_expert_probe *probe, const te_picture *picture, const te_fit *fit,
                              te_prediction **prediction);

/* The experts' features (N,E*D) of the last run at a tap, valid until the next. */
te_status te_expert_probe_get_features(te_expert_probe *probe, int tap, const float **features);

#endif
