/* A model: settings, the numbers they mean, params; and its forward pass as a graph. */
#ifndef TE_MODEL_MODEL_H
#define TE_MODEL_MODEL_H

#include "base/safetensors.h"
#include "model/parts.h"

struct te_model {
    te_settings *settings;
    te_config config;
    te_params params;
};

/* Settings and params without data: te_params_fill() or a weight file supplies them. */
te_status te_model_declare(te_model **model, const te_settings *settings);

/* Warn where [model] of the settings was changed to what the model is not: it would be ignored in silence. Defaults may be
 * nobody's choice, so they are no contradiction. */
void te_model_warn(const te_model *model, const te_settings *settings);

/* What a checkpoint holds beside the model: more tensors, and metadata as key, value, key, value... */
typedef struct te_model_extra {
    const te_entry_out *entries;
    size_t entry_count;
    const char *const *pairs;
    size_t pair_count;
} te_model_extra;

te_status te_model_save_with(const te_model *model, const char *path, te_storage storage, const te_model_extra *extra);

/* Read all weights from a file of a model like this one over its own, which stay as they are where the file does not fit. */
te_status te_model_read(te_model *model, const te_safetensors *file, const char *path);

/* Bring the model to another input size in pixels: the position embedding is resized bicubically. */
te_status te_model_resize(te_model *model, int height, int width);

/* Record the forward pass for `extent`. Outputs are named as te_scheduler_get() documents; with `keep` 1 those of the
 * gates too, with 2 those of taps and memories, with 3 the experts' features. Returns the input (B,3,H,W). The graph
 * refers to the model's params. */
te_tensor te_model_record(const te_model *model, te_graph *graph, te_extent extent, int keep);

#endif
