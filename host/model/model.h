/* A model: settings, the numbers they mean, params; and its forward pass as a graph. */
#ifndef TE_MODEL_MODEL_H
#define TE_MODEL_MODEL_H

#include "model/parts.h"

struct te_model {
    te_settings *settings;
    te_config config;
    te_params params;
};

/* Settings and params without data: te_params_fill() or a weight file supplies them. */
te_status te_model_declare(te_model **model, const te_settings *settings);

/* Record the forward pass for `extent`. Outputs are named as te_scheduler_get() documents; with `keep` 1 those of the
 * gates too, with 2 those of taps and memories. Returns the input (B,3,H,W). The graph refers to the model's params. */
te_tensor te_model_record(const te_model *model, te_graph *graph, te_extent extent, int keep);

#endif
