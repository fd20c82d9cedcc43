/* The numbers that define a model, resolved from its settings (MODEL.md sections 1 to 4). */
#ifndef TE_MODEL_CONFIG_H
#define TE_MODEL_CONFIG_H

#include "base/classes.h"
#include "base/settings.h"
#include "base/task.h"

#include <stdbool.h>

enum { TE_PATCH = 16, TE_MAX_TAPS = 8, TE_MAX_EXPERTS = 64, TE_MAX_HEAD_WIDTH = 256 };

typedef struct te_config {
    int height, width;               /* input size in pixels that the position embedding belongs to */
    int grid_height, grid_width;     /* h, w */
    int C, blocks, heads;
    int taps[TE_MAX_TAPS], tap_count; /* 1-based blocks */
    bool cls_token;
    int D, experts, hidden;          /* E; the experts' hidden width */
    te_expert_kind expert;
    te_gate_kind gate;
    int gate_width, gate_size;       /* G, k (0: the mlp gate) */
    int keep;                        /* scores kept by a sparse connection; 0: dense */
    bool memory;
    int scores;                      /* S = E + 1 with memory, E without */
    te_write_kind write;
    int task_count;
    te_task_id tasks[TE_TASK_COUNT];
    int channels[TE_TASK_COUNT];     /* K of tasks[i] */
    const char *task_names[TE_TASK_COUNT];
    char semseg_names[TE_TEXT_SETTING]; /* of semseg's classes, as the setting has them */
} te_config;

/* TE_ERR_SETTING when the settings do not go together. */
te_status te_config_resolve(te_config *config, const struct te_settings *settings);

/* Those of tasks[t]; the names lie in the config. */
te_classes te_config_get_classes(const te_config *config, int t);

/* Name of the input (S,B) that a graph with stochastic_depth has: the scale of every branch for every picture, two lines
 * a block. */
#define TE_DEPTH_SCALES "depth_scales"

#endif
