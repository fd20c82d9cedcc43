/* The evaluator as its neighbours see it. */
#ifndef TE_EVAL_EVALUATOR_H
#define TE_EVAL_EVALUATOR_H

#include "eval/prediction.h"

/* The input size, the model, the device. */
void te_evaluator_get_input(const te_evaluator *evaluator, int *height, int *width);
const te_model *te_evaluator_get_model(const te_evaluator *evaluator);
te_device *te_evaluator_get_device(const te_evaluator *evaluator);

/* te_evaluator_run() with the picture laid into the input as `fit` says; in tiles where it is larger there than the input, at
 * its own size. */
te_status te_evaluator_run_fit(te_evaluator *evaluator, const te_picture *picture, const te_fit *fit,
                               te_prediction **prediction);

/* Where a picture of a data set lies in the input (docs/METRICS.md): as it is, padded centred; where it is
 * larger, shrunk to fit, or with infer.tiles as it is. */
te_fit te_evaluator_place(const te_evaluator *evaluator, int width, int height);

#endif
