/* One head a task: upsampling, 3x3 convolution, batch norm, GELU, 1x1 convolution, upsampling (MODEL.md section 4).
 * The 3x3 convolution's products are taken before its input is upsampled: sixteen times fewer, same result. */
#include "model/parts.h"

#include "ops/optimiser.h"

#include <stdio.h>

enum { UP = 4 };

static const char *const part = "heads";

static te_status declare_batch_norm(te_params *params, const char *task, int64_t D)
{
    static const struct {
        const char *name;
        te_init init;
        bool statistic;
    } rows[] = {{"weight", TE_INIT_ONE, false},
                {"bias", TE_INIT_ZERO, false},
                {"running_mean", TE_INIT_ZERO, true},
                {"running_var", TE_INIT_ONE, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[96];
        snprintf(name, sizeof name, "heads.%s.bn.%s", task, rows[i].name);
        TE_TRY(te_params_add(params, &(te_param_spec){.name = name, .part = part, .shape = TE_SHAPE1(D),
                                                      .init = rows[i].init, .statistic = rows[i].statistic}));
    }
    return TE_OK;
}

te_status te_heads_declare(te_params *params, const te_config *config)
{
    char name[96];
    for (int t = 0; t < config->task_count; t++) {
        snprintf(name, sizeof name, "heads.%s.conv", config->task_names[t]);
        TE_TRY(te_declare_layer(params, &(te_layer_spec){.prefix = name, .part = part,
                                                         .shape = TE_SHAPE4(config->D, config->D, 3, 3),
                                                         .weight = TE_INIT_TRUNCATED_NORMAL, .bias = TE_INIT_ZERO}));
        TE_TRY(declare_batch_norm(params, config->task_names[t], config->D));
        snprintf(name, sizeof name, "heads.%s.pred", config->task_names[t]);
        TE_TRY(te_declare_layer(params, &(te_layer_spec){.prefix = name, .part = part,
                                                         .shape = TE_SHAPE4(config->channels[t], config->D, 1, 1),
                                                         .weight = TE_INIT_UNIFORM, .bias = TE_INIT_UNIFORM}));
    }
    return TE_OK;
}

enum { NORM_PARAMS = 4 };

static void batch_norm_of(te_graph *graph, const char *task, te_tensor norm[NORM_PARAMS])
{
    static const char *const names[NORM_PARAMS] = {"weight", "bias", "running_mean", "running_var"};
    for (int i = 0; i < NORM_PARAMS; i++) {
        char name[96];
        snprintf(name, sizeof name, "heads.%s.bn.%s", task, names[i]);
        norm[i] = te_graph_param(graph, name);
    }
}

/* Batch norm by the batch's statistics, which also move the running ones. The convolution's bias only moves those: the
 * batch's mean takes it out again, so that its gradient is zero. */
static te_tensor normalise_batch(te_graph *graph, te_tensor products, te_tensor conv_bias,
                                 const te_tensor norm[NORM_PARAMS], te_head_options grid)
{
    te_tensor sums = te_head_combine(graph, products, TE_ABSENT, grid);
    te_tensor stats = te_batchnorm_stats(graph, sums);
    te_running_update(graph, norm[2], norm[3], stats, conv_bias, te_shape_rows(&sums.shape));
    return te_batchnorm(graph, sums, norm[0], norm[1], stats, (te_batchnorm_options){.gelu = 1});
}

te_tensor te_head_forward(te_graph *graph, const te_config *config, te_extent extent, int task, te_tensor memory)
{
    char name[96];
    graph->part = part;
    te_graph_begin_segment(graph);
    snprintf(name, sizeof name, "heads.%s.conv", config->task_names[task]);
    te_layer conv = te_layer_of(graph, name);
    snprintf(name, sizeof name, "heads.%s.pred", config->task_names[task]);
    te_layer pred = te_layer_of(graph, name);
    te_tensor products = te_linear(graph, memory, te_head_weights(graph, conv.weight), TE_ABSENT, TE_ABSENT,
                                   (te_linear_options){0});
    te_head_options grid = {.height = extent.height, .width = extent.width};
    te_tensor norm[NORM_PARAMS];
    batch_norm_of(graph, config->task_names[task], norm);
    pred.weight.shape = TE_SHAPE2(config->channels[task], config->D); /* a 1x1 convolution is a product */
    te_tensor x = graph->training
                      ? te_linear(graph, normalise_batch(graph, products, conv.bias, norm, grid), pred.weight, pred.bias,
                                  TE_ABSENT, (te_linear_options){0})
                      : te_head_predict(graph, products, te_head_affine(graph, conv.bias, norm), pred.weight, pred.bias, grid);
    te_head_upsample_options size = {.height = UP * extent.height, .width = UP * extent.width,
                                     .to_height = TE_PATCH * extent.height, .to_width = TE_PATCH * extent.width};
    te_tensor logits = te_head_upsample(graph, x, size);
    te_graph_end_segment(graph);
    return logits;
}
