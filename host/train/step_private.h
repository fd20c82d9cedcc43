/* The inside of a training step, shared by what records it (record.c) and what runs it (step.c). */
#ifndef TE_TRAIN_STEP_PRIVATE_H
#define TE_TRAIN_STEP_PRIVATE_H

#include "train/step.h"

enum { TE_LOSS_RESULT = 4 };

/* A trained param: its value in the graph, and those of Adam's moments. */
typedef struct te_trained {
    int param, value, m, v;
} te_trained;

struct te_train_step {
    te_model *model;
    te_device *device;
    te_train_options options;
    te_graph graph;
    te_plan *plan;
    te_tensor image, labels[TE_TASK_COUNT], seeds[TE_TASK_COUNT], losses[TE_TASK_COUNT], rates, squares;
    te_tensor pixels[TE_TASK_COUNT], keep; /* with accumulation: of the whole batch; 0 for its first part */
    int depth_scales;                      /* value, or -1 */
    te_trained *trained;
    int trained_count;
    te_loss_scale scale;
};

/* Record forward, losses, gradients and update into step->graph, as step->options say. */
te_status te_train_step_record(te_train_step *step);

/* Draw and write the scales of stochastic depth for part `part` of step `count`; nothing without it. */
te_status te_train_step_draw_depth(te_train_step *step, int64_t count, int part);

#endif
