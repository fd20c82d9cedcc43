/* What a training step consists of, recorded once: forward, losses, gradients, update. */
#include "train/step_private.h"

#include "ops/gradient.h"
#include "ops/optimiser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loss of each task (MODEL.md section 6). */
static const te_loss_kind kinds[TE_TASK_COUNT] = {
    [TE_SEMSEG] = TE_LOSS_CLASSES,  [TE_HUMAN_PARTS] = TE_LOSS_CLASSES, [TE_SAL] = TE_LOSS_FOREGROUND,
    [TE_NORMALS] = TE_LOSS_NORMALS, [TE_EDGE] = TE_LOSS_EDGE,           [TE_DEPTH] = TE_LOSS_DEPTH,
};

te_loss_kind te_train_loss_kind(te_task_id task)
{
    return kinds[task];
}

static bool accumulates(const te_train_step *step)
{
    return step->options.accumulate > 1;
}

/* logits of the config's task t -> its loss; `seed` is the gradient that the total has in it: its weight. */
static void record_loss(te_train_step *step, int t)
{
    te_graph *graph = &step->graph;
    const te_config *config = &step->model->config;
    char name[TE_VALUE_NAME];
    snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
    int value = te_graph_find(graph, name);
    if (graph->status != TE_OK || value < 0) {
        return;
    }
    graph->values[value].name[0] = '\0'; /* not read by the host: its buffer may be shared */
    te_tensor logits = {value, graph->values[value].shape};
    te_shape label = logits.shape;
    label.size[1] = config->tasks[t] == TE_NORMALS ? 3 : 1;
    step->labels[t] = te_graph_input(graph, label);
    step->seeds[t] = te_graph_input(graph, TE_SHAPE1(TE_LOSS_RESULT));
    step->pixels[t] = accumulates(step) ? te_graph_input(graph, TE_SHAPE1(2)) : TE_ABSENT;
    step->losses[t] = te_loss(graph, logits, step->labels[t], step->pixels[t],
                              (te_loss_options){kinds[config->tasks[t]]});
    te_graph_output(graph, step->losses[t], "loss");
    snprintf(name, sizeof name, "labels.%s", config->task_names[t]);
    te_graph_output(graph, step->labels[t], name); /* inputs have names for messages */
}

/* Gradients of everything, from the losses' seeds. NULL on failure. */
static te_tensor *record_gradients(te_train_step *step)
{
    te_graph *graph = &step->graph;
    int values = graph->value_count;
    te_tensor *gradients = te_alloc((size_t)values, sizeof *gradients, "gradients");
    for (int i = 0; gradients && i < values; i++) {
        gradients[i] = TE_ABSENT;
    }
    for (int t = 0; gradients && t < step->model->config.task_count; t++) {
        gradients[step->losses[t].value] = step->seeds[t];
    }
    if (gradients && te_graph_differentiate(graph, gradients) == TE_OK) {
        return gradients;
    }
    free(gradients);
    return NULL;
}

static bool has_gradient(const te_graph *graph, const te_tensor *gradients, int value)
{
    return graph->values[value].place == TE_PLACE_PARAM && gradients[value].value >= 0;
}

/* Each param's gradient <- the sum over the parts of a batch. */
static void record_sums(te_train_step *step, te_tensor *gradients, int values)
{
    te_graph *graph = &step->graph;
    step->keep = te_graph_input(graph, TE_SHAPE1(1));
    for (int i = 0; i < values; i++) {
        if (has_gradient(graph, gradients, i)) {
            te_tensor sum = te_graph_input(graph, gradients[i].shape);
            te_accumulate(graph, sum, gradients[i], step->keep);
            gradients[i] = sum;
        }
    }
}

static bool in_backbone(const te_param *param)
{
    return strcmp(param->part, "backbone") == 0;
}

/* Adam on param `value`. */
static void record_adam(te_train_step *step, int value, te_tensor gradient)
{
    te_graph *graph = &step->graph;
    te_shape shape = graph->values[value].shape;
    te_tensor m = te_graph_input(graph, shape), v = te_graph_input(graph, shape);
    const te_train_options *options = &step->options;
    const te_param *param = &step->model->params.list[graph->values[value].param];
    float factor = in_backbone(param) ? options->backbone_factor : 1.0f;
    te_adam(graph, (te_tensor[]){{value, shape}, gradient, m, v, step->rates, step->squares},
            (te_adam_options){.factor = factor, .decays = 1.0f, .decoupled = options->decoupled});
    step->trained[step->trained_count++] = (te_trained){graph->values[value].param, value, m.value, v.value};
}

/* The squared norm of the whole gradient, then Adam on every param that has one. */
static te_status record_update(te_train_step *step, te_tensor *gradients, int values)
{
    te_graph *graph = &step->graph;
    step->trained = te_alloc((size_t)step->model->params.count, sizeof *step->trained, "the optimiser");
    if (!step->trained) {
        return TE_ERR_MEMORY;
    }
    graph->part = "optimiser";
    if (accumulates(step)) {
        record_sums(step, gradients, values);
    }
    graph->closing = true;
    step->rates = te_graph_input(graph, TE_SHAPE1(TE_RATE_COUNT));
    step->squares = TE_ABSENT;
    for (int i = 0; i < values; i++) {
        if (has_gradient(graph, gradients, i)) {
            step->squares = te_square_sum(graph, gradients[i], step->squares);
        }
    }
    te_graph_output(graph, step->squares, "squares");
    for (int i = 0; i < values && graph->status == TE_OK; i++) {
        if (has_gradient(graph, gradients, i)) {
            record_adam(step, i, gradients[i]);
        }
    }
    return graph->status;
}

te_status te_train_step_record(te_train_step *step)
{
    const te_train_options *options = &step->options;
    te_graph *graph = &step->graph;
    te_extent extent = {.batch = options->batch, .height = options->height / TE_PATCH,
                        .width = options->width / TE_PATCH};
    graph->training = true;
    graph->recompute = options->recompute;
    graph->accumulates = accumulates(step) && !options->recompute; /* which is for where memory is short */
    graph->precision = options->precision;
    graph->stochastic_depth = options->depth_rate > 0;
    step->image = te_model_record(step->model, graph, extent, 0);
    te_graph_output(graph, step->image, "images");
    step->depth_scales = te_graph_find(graph, TE_DEPTH_SCALES);
    for (int t = 0; t < step->model->config.task_count; t++) {
        record_loss(step, t);
    }
    TE_TRY(graph->status);
    int values = graph->value_count;
    te_tensor *gradients = record_gradients(step);
    if (!gradients) {
        return graph->status != TE_OK ? graph->status : TE_ERR_MEMORY;
    }
    te_status status = record_update(step, gradients, values);
    free(gradients);
    te_graph_prune(graph);
    return status != TE_OK ? status : graph->status;
}

te_train_options te_train_options_of(const te_settings *settings)
{
    return (te_train_options){.batch = settings->train.batch, .height = settings->input.height,
                              .width = settings->input.width, .decoupled = settings->train.optimiser == TE_ADAMW,
                              .backbone_factor = settings->train.backbone_factor,
                              .accumulate = settings->train.accumulate,
                              .recompute = settings->train.recompute == TE_RECOMPUTE_BLOCKS,
                              .precision = settings->train.precision, .depth_rate = settings->train.depth_rate,
                              .seed = (uint64_t)settings->train.seed};
}

te_status te_train_graph_record(te_graph *graph, te_model *model, const te_train_options *options)
{
    te_train_step step = {.model = model, .options = *options};
    te_status status = te_train_step_record(&step);
    free(step.trained);
    *graph = step.graph;
    return status;
}
