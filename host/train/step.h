/* A training step: forward, losses, gradients and update as one plan, replayed. */
#ifndef TE_TRAIN_STEP_H
#define TE_TRAIN_STEP_H

#include "model/model.h"

/* A batch on the host. Labels are planar floats: (B,1,H,W), normals (B,3,H,W); kernels/loss.cl says what is ignored. */
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
    float norm;                  /* of the gradient, before it is cut */
} te_step_result;

typedef struct te_train_step te_train_step;

/* The loss of a task (MODEL.md section 6). */
te_loss_kind te_train_loss_kind(te_task_id task);

typedef struct te_train_options {
    int batch, height, width; /* pixels */
    int decoupled;            /* AdamW */
    float backbone_factor;    /* of the learning rate for the backbone; 0: 1 */
} te_train_options;

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

/* The plan, for validation beside it and for looking into a step that failed. */
te_plan *te_train_step_get_plan(const te_train_step *step);

/* Copy the device's params into the model. */
te_status te_train_step_fetch(te_train_step *step);

#endif
