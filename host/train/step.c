#include "train/step.h"

#include "ops/gradient.h"
#include "ops/optimiser.h"

#include <math.h>
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

enum { LOSS_RESULT = 4 };

/* A trained param: its value in the graph, and those of Adam's moments. */
typedef struct trained {
    int param, value, m, v;
} trained;

struct te_train_step {
    te_model *model;
    te_device *device;
    te_graph graph;
    te_plan *plan;
    te_tensor image, labels[TE_TASK_COUNT], seeds[TE_TASK_COUNT], losses[TE_TASK_COUNT], rates, squares;
    trained *trained;
    int trained_count;
};

/* ---- recording ---- */

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
    step->seeds[t] = te_graph_input(graph, TE_SHAPE1(LOSS_RESULT));
    step->losses[t] = te_loss(graph, logits, step->labels[t], (te_loss_options){kinds[config->tasks[t]]});
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

static bool in_backbone(const te_param *param)
{
    return strcmp(param->part, "backbone") == 0;
}

/* The squared norm of the whole gradient, then Adam on every param that has one. */
static te_status record_update(te_train_step *step, const te_tensor *gradients, int values,
                               const te_train_options *options)
{
    te_graph *graph = &step->graph;
    const te_params *params = &step->model->params;
    step->trained = te_alloc((size_t)params->count, sizeof *step->trained, "the optimiser");
    if (!step->trained) {
        return TE_ERR_MEMORY;
    }
    graph->part = "optimiser";
    step->rates = te_graph_input(graph, TE_SHAPE1(TE_RATE_COUNT));
    step->squares = TE_ABSENT;
    for (int i = 0; i < values; i++) {
        if (graph->values[i].place == TE_PLACE_PARAM && gradients[i].value >= 0) {
            step->squares = te_square_sum(graph, gradients[i], step->squares);
        }
    }
    te_graph_output(graph, step->squares, "squares");
    for (int i = 0; i < values; i++) {
        if (graph->values[i].place != TE_PLACE_PARAM || gradients[i].value < 0) {
            continue;
        }
        te_shape shape = graph->values[i].shape;
        te_tensor m = te_graph_input(graph, shape), v = te_graph_input(graph, shape);
        const te_param *param = &params->list[graph->values[i].param];
        float factor = in_backbone(param) && options->backbone_factor > 0 ? options->backbone_factor : 1.0f;
        te_adam(graph, (te_tensor[]){{i, shape}, gradients[i], m, v, step->rates, step->squares},
                (te_adam_options){.factor = factor, .decays = 1.0f, .decoupled = options->decoupled});
        step->trained[step->trained_count++] = (trained){graph->values[i].param, i, m.value, v.value};
    }
    return graph->status;
}

static te_status record(te_train_step *step, const te_train_options *options)
{
    te_extent extent = {.batch = options->batch, .height = options->height / TE_PATCH,
                        .width = options->width / TE_PATCH};
    step->graph.training = true;
    step->image = te_model_record(step->model, &step->graph, extent, 0);
    te_graph_output(&step->graph, step->image, "images");
    for (int t = 0; t < step->model->config.task_count; t++) {
        record_loss(step, t);
    }
    TE_TRY(step->graph.status);
    int values = step->graph.value_count;
    te_tensor *gradients = record_gradients(step);
    if (!gradients) {
        return step->graph.status != TE_OK ? step->graph.status : TE_ERR_MEMORY;
    }
    te_status status = record_update(step, gradients, values, options);
    free(gradients);
    return status;
}

/* ---- life ---- */

/* Seeds are the tasks' weights; moments start at zero. */
static te_status write_constants(te_train_step *step)
{
    const te_config *config = &step->model->config;
    for (int t = 0; t < config->task_count; t++) {
        float seed[LOSS_RESULT] = {te_tasks[config->tasks[t]].loss_weight};
        TE_TRY(te_plan_write(step->plan, step->seeds[t].value, seed));
    }
    for (int i = 0; i < step->trained_count; i++) {
        int64_t count = te_shape_count(&step->graph.values[step->trained[i].m].shape);
        float *zeros = te_alloc((size_t)count, sizeof *zeros, "the optimiser");
        te_status status = zeros ? te_plan_write(step->plan, step->trained[i].m, zeros) : TE_ERR_MEMORY;
        status = status == TE_OK ? te_plan_write(step->plan, step->trained[i].v, zeros) : status;
        free(zeros);
        TE_TRY(status);
    }
    return TE_OK;
}

te_status te_train_step_create(te_train_step **step, te_model *model, te_device *device,
                               const te_train_options *options)
{
    te_train_step *created = te_alloc(1, sizeof *created, "a training step");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->model = model;
    created->device = device;
    te_status status;
    TE_TRY_OUT(record(created, options));
    TE_TRY_OUT(te_plan_create(&created->plan, device, &created->graph));
    TE_TRY_OUT(write_constants(created));
    *step = created;
    return TE_OK;
out:
    te_train_step_free(created);
    return status;
}

void te_train_step_free(te_train_step *step)
{
    if (step) {
        te_plan_free(step->plan);
        te_graph_clear(&step->graph);
        free(step->trained);
        free(step);
    }
}

/* ---- running ---- */

static te_status write_rates(te_train_step *step, const te_rates *rates, int64_t count)
{
    float values[TE_RATE_COUNT] = {
        [TE_RATE] = rates->rate, [TE_BETA1] = rates->beta1, [TE_BETA2] = rates->beta2,
        [TE_EPSILON] = rates->epsilon, [TE_DECAY] = rates->decay,
        [TE_CORRECTION1] = (float)(1 - pow((double)rates->beta1, (double)count)),
        [TE_CORRECTION2] = (float)(1 - pow((double)rates->beta2, (double)count)),
        [TE_LARGEST_NORM] = rates->largest_norm};
    return te_plan_write(step->plan, step->rates.value, values);
}

static te_status read_result(te_train_step *step, te_step_result *result)
{
    const te_config *config = &step->model->config;
    float squares;
    result->total = 0;
    for (int t = 0; t < config->task_count; t++) {
        float loss[LOSS_RESULT];
        TE_TRY(te_plan_read(step->plan, step->losses[t].value, loss));
        result->losses[t] = loss[0];
        result->valid[t] = loss[3];
        result->total += te_tasks[config->tasks[t]].loss_weight * loss[0];
    }
    TE_TRY(te_plan_read(step->plan, step->squares.value, &squares));
    result->norm = sqrtf(squares);
    return TE_OK;
}

te_status te_train_step_run(te_train_step *step, const te_batch *batch, const te_rates *rates, int64_t count,
                            te_step_result *result)
{
    TE_TRY(te_plan_write(step->plan, step->image.value, batch->images));
    for (int t = 0; t < step->model->config.task_count; t++) {
        TE_TRY(te_plan_write(step->plan, step->labels[t].value, batch->labels[t]));
    }
    TE_TRY(write_rates(step, rates, count));
    TE_TRY(te_plan_run(step->plan));
    return read_result(step, result);
}

te_status te_train_step_fetch(te_train_step *step)
{
    for (int i = 0; i < step->graph.value_count; i++) {
        const te_value *value = &step->graph.values[i];
        if (value->place == TE_PLACE_PARAM) {
            TE_TRY(te_plan_read(step->plan, i, step->model->params.list[value->param].data));
        }
    }
    return TE_OK;
}

te_plan *te_train_step_get_plan(const te_train_step *step)
{
    return step->plan;
}

int te_train_step_count(const te_train_step *step)
{
    return step->trained_count;
}

int te_train_step_param(const te_train_step *step, int index)
{
    return step->trained[index].param;
}

te_status te_train_step_read_moments(te_train_step *step, int index, float *m, float *v)
{
    TE_TRY(te_plan_read(step->plan, step->trained[index].m, m));
    return te_plan_read(step->plan, step->trained[index].v, v);
}

te_status te_train_step_write_moments(te_train_step *step, int index, const float *m, const float *v)
{
    TE_TRY(te_plan_write(step->plan, step->trained[index].m, m));
    return te_plan_write(step->plan, step->trained[index].v, v);
}
