/* A training step: forward, losses, gradients and update as one plan, replayed. */
#ifndef TE_TRAIN_STEP_H
#define TE_TRAIN_STEP_H

#include "model/model.h"

/* A batch on the host, of options.batch * options.accumulate pictures. Labels are planar floats: (B,1,H,W), normals
 * (B,3,H,W); kernels/loss.cl says what is ignored. */
typedef struct te_batch {
    const float *images;                /* (B,3,H,W), normalised */
    const float *labels[TE_TASK_COUNT]; /* of the model's tasks */
} te_batch;

/* Hyperparameters that may change from step to step (MODEL.md section 6). */
typedef struct te_rates {
    float rate, beta1, beta2, epsilon, decay, largest_norm;
} te_rates;

typedef struct te_step_result {
    float losses[TE_TASK_COUNT]; /* before their weights */
    float valid[TE_TASK_COUNT];  /* pixels with a label */
    float total;                 /* weighted */
    float norm;                  /* of the gradient, before it is cut; NaN where a loss is no number */
    bool skipped;                /* the gradient left fp16's range: weights and moments stay as they are */
} te_step_result;

/* With precision fp16 losses are scaled up, so that small gradients are not rounded to zero: halved when a gradient
 * overflows, doubled after a number of steps without one. Part of a checkpoint. */
typedef struct te_loss_scale {
    float scale;
    int steps; /* since it changed */
} te_loss_scale;

#define TE_NO_LOSS_SCALE ((te_loss_scale){1.0f, 0})
#define TE_FIRST_LOSS_SCALE ((te_loss_scale){1024.0f, 0})
#define TE_LARGEST_LOSS_SCALE 65536.0f
enum { TE_LOSS_SCALE_PATIENCE = 1000 };

typedef struct te_train_step te_train_step;

/* The loss of a task (MODEL.md section 6). */
te_loss_kind te_train_loss_kind(te_task_id task);

typedef struct te_train_options {
    int batch, height, width; /* pixels */
    int decoupled;            /* AdamW */
    float backbone_factor;    /* of the learning rate for the backbone: 1 as the rest, 0 leaves it as it is */
    int accumulate;           /* parts of `batch` pictures that make one step; 0: 1. Batch norm sees each part alone */
    bool recompute;           /* take blocks, decoders and heads again in the backward pass: less memory, more time */
    te_precision precision;   /* of the products' operands */
    float depth_rate;         /* at which the last block's branches are left out (stochastic depth) */
    uint64_t seed;            /* of what is left out */
} te_train_options;

/* As [train] and [input] of the settings say. */
te_train_options te_train_options_of(const te_settings *settings);

/* The graph of a step alone, for looking at its calls. */
te_status te_train_graph_record(te_graph *graph, te_model *model, const te_train_options *options);

te_status te_train_step_create(te_train_step **step, te_model *model, te_device *device,
                               const te_train_options *options);
void te_train_step_free(te_train_step *step);

/* Run step `count` (from 1, for Adam's corrections). */
te_status te_train_step_run(te_train_step *step, const te_batch *batch, const te_rates *rates, int64_t count,
                            te_step_result *result);

/* The moments of trained param `index` of te_train_step_count(): which param it is, and m and v of its size, copied to
 * the host, or from it. */
int te_train_step_count(const te_train_step *step);
int te_train_step_param(const te_train_step *step, int index);
te_status te_train_step_read_moments(te_train_step *step, int index, float *m, float *v);
te_status te_train_step_write_moments(te_train_step *step, int index, const float *m, const float *v);

/* The loss scale; what a checkpoint had of it. */
te_loss_scale te_train_step_get_scale(const te_train_step *step);
te_status te_train_step_set_scale(te_train_step *step, te_loss_scale scale);

/* The plan, for validation beside it and for looking into a step that failed. */
te_plan *te_train_step_get_plan(const te_train_step *step);

/* Copy the device's params into the model, or the model's to the device. */
te_status te_train_step_fetch(te_train_step *step);
te_status te_train_step_send(te_train_step *step);

#endif
