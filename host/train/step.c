#include "train/step_private.h"

#include "base/random.h"
#include "ops/optimiser.h"

#include <math.h>
#include <stdlib.h>

/* ---- life ---- */

static te_status write_zeros(te_train_step *step, int value)
{
    int64_t count = te_shape_count(&step->graph.values[value].shape);
    float *zeros = te_alloc((size_t)count, sizeof *zeros, "the optimiser");
    te_status status = zeros ? te_plan_write(step->plan, value, zeros) : TE_ERR_MEMORY;
    free(zeros);
    return status;
}

/* Seeds are the tasks' weights, times the scale that keeps gradients within fp16. */
static te_status write_seeds(te_train_step *step)
{
    const te_config *config = &step->model->config;
    for (int t = 0; t < config->task_count; t++) {
        float seed[TE_LOSS_RESULT] = {te_tasks[config->tasks[t]].loss_weight * step->scale.scale};
        TE_TRY(te_plan_write(step->plan, step->seeds[t].value, seed));
    }
    return TE_OK;
}

/* Moments start at zero. */
static te_status write_constants(te_train_step *step)
{
    for (int i = 0; i < step->trained_count; i++) {
        TE_TRY(write_zeros(step, step->trained[i].m));
        TE_TRY(write_zeros(step, step->trained[i].v));
    }
    return te_train_step_set_scale(step, step->options.precision == TE_FP16 ? TE_FIRST_LOSS_SCALE : TE_NO_LOSS_SCALE);
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
    created->options = *options;
    created->options.accumulate = options->accumulate > 1 ? options->accumulate : 1;
    te_status status;
    TE_TRY_OUT(te_params_load_all(&model->params)); /* results will be written over them */
    TE_TRY_OUT(te_train_step_record(created));
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

/* ---- inputs ---- */

/* Random numbers of stochastic depth: a stream for each part of each step, beyond those that other users count from 0. */
#define STREAM_DEPTH ((uint64_t)1 << 48)

static te_status write_rates(te_train_step *step, const te_rates *rates, int64_t count)
{
    float values[TE_RATE_COUNT] = {
        [TE_RATE] = rates->rate, [TE_BETA1] = rates->beta1, [TE_BETA2] = rates->beta2,
        [TE_EPSILON] = rates->epsilon, [TE_DECAY] = rates->decay,
        [TE_CORRECTION1] = (float)(1 - pow((double)rates->beta1, (double)count)),
        [TE_CORRECTION2] = (float)(1 - pow((double)rates->beta2, (double)count)),
        [TE_LARGEST_NORM] = rates->largest_norm, [TE_GRADIENT_SCALE] = step->scale.scale};
    return te_plan_write(step->plan, step->rates.value, values);
}

/* The rate at which a block's branches are left out rises linearly from 0 (MODEL.md section 2). What is drawn for a
 * branch and picture is a function of (seed, step, part, branch, picture). */
te_status te_train_step_draw_depth(te_train_step *step, int64_t count, int part)
{
    if (step->depth_scales < 0) {
        return TE_OK;
    }
    const te_shape *shape = &step->graph.values[step->depth_scales].shape;
    int branches = (int)shape->size[0], pictures = (int)shape->size[1], blocks = step->model->config.blocks;
    float *scales = te_alloc((size_t)(branches * pictures), sizeof *scales, "stochastic depth");
    if (!scales) {
        return TE_ERR_MEMORY;
    }
    uint64_t stream = STREAM_DEPTH + (uint64_t)(count * step->options.accumulate + part);
    for (int i = 0; i < branches * pictures; i++) {
        int block = i / pictures / 2;
        float rate = blocks > 1 ? step->options.depth_rate * (float)block / (float)(blocks - 1) : 0.0f;
        bool kept = te_random_uniform(step->options.seed, stream, (uint64_t)i) >= rate;
        scales[i] = kept ? 1.0f / (1.0f - rate) : 0.0f;
    }
    te_status status = te_plan_write(step->plan, step->depth_scales, scales);
    free(scales);
    return status;
}

static int64_t label_channels(const te_train_step *step, int t)
{
    return step->graph.values[step->labels[t].value].shape.size[1];
}

/* The valid pixels of the whole batch, over which its parts' losses are means. */
static te_status write_pixels(te_train_step *step, const te_batch *batch)
{
    const te_config *config = &step->model->config;
    int64_t area = (int64_t)step->options.height * step->options.width;
    int64_t pictures = (int64_t)step->options.batch * step->options.accumulate;
    for (int t = 0; t < config->task_count && step->options.accumulate > 1; t++) {
        float pixels[2] = {0};
        te_loss_count(te_train_loss_kind(config->tasks[t]), batch->labels[t], pictures, area, config->channels[t],
                      pixels);
        TE_TRY(te_plan_write(step->plan, step->pixels[t].value, pixels));
    }
    return TE_OK;
}

/* Part `part` of the batch. */
static te_status write_part(te_train_step *step, const te_batch *batch, int part)
{
    size_t pixels = (size_t)part * (size_t)step->options.batch * (size_t)step->options.height *
                    (size_t)step->options.width;
    float keep = part == 0 ? 0.0f : 1.0f;
    TE_TRY(te_plan_write(step->plan, step->image.value, batch->images + 3 * pixels));
    for (int t = 0; t < step->model->config.task_count; t++) {
        const float *labels = batch->labels[t] + (size_t)label_channels(step, t) * pixels;
        TE_TRY(te_plan_write(step->plan, step->labels[t].value, labels));
    }
    return step->options.accumulate > 1 ? te_plan_write(step->plan, step->keep.value, &keep) : TE_OK;
}

/* ---- running ---- */

/* Add the losses of the part that has run; false where one is no number, so that the inputs stay for a look at them. */
static te_status add_losses(te_train_step *step, te_step_result *result, bool *finite)
{
    const te_config *config = &step->model->config;
    for (int t = 0; t < config->task_count; t++) {
        float loss[TE_LOSS_RESULT];
        TE_TRY(te_plan_read(step->plan, step->losses[t].value, loss));
        result->losses[t] += loss[0];
        result->valid[t] += loss[3];
        result->total += te_tasks[config->tasks[t]].loss_weight * loss[0];
        *finite = *finite && isfinite(loss[0]);
    }
    return TE_OK;
}

/* fp16 ends at 65504: a gradient that went beyond halves the scale, and the step is left out; every so often a larger
 * scale is tried. */
static te_status adapt_scale(te_train_step *step, te_step_result *result)
{
    if (step->options.precision != TE_FP16) {
        return TE_OK;
    }
    te_loss_scale scale = step->scale;
    if (isfinite(result->norm)) {
        bool grow = ++scale.steps >= TE_LOSS_SCALE_PATIENCE && scale.scale < TE_LARGEST_LOSS_SCALE;
        scale = grow ? (te_loss_scale){2 * scale.scale, 0} : scale;
    } else if (scale.scale > 1) {
        scale = (te_loss_scale){scale.scale / 2, 0};
        result->skipped = true;
    }
    return te_train_step_set_scale(step, scale);
}

te_status te_train_step_run(te_train_step *step, const te_batch *batch, const te_rates *rates, int64_t count,
                            te_step_result *result)
{
    bool finite = true;
    float squares;
    *result = (te_step_result){.norm = NAN};
    TE_TRY(write_pixels(step, batch));
    TE_TRY(write_rates(step, rates, count));
    for (int part = 0; part < step->options.accumulate && finite; part++) {
        TE_TRY(write_part(step, batch, part));
        TE_TRY(te_train_step_draw_depth(step, count, part));
        TE_TRY(te_plan_run_part(step->plan, part == 0 ? TE_RUN_FIRST : TE_RUN_AGAIN));
        TE_TRY(add_losses(step, result, &finite));
    }
    if (!finite) {
        return TE_OK;
    }
    TE_TRY(te_plan_run_part(step->plan, TE_RUN_CLOSING));
    TE_TRY(te_plan_read(step->plan, step->squares.value, &squares));
    result->norm = sqrtf(squares) / step->scale.scale;
    return adapt_scale(step, result);
}

te_status te_train_step_set_scale(te_train_step *step, te_loss_scale scale)
{
    bool changed = step->scale.scale != scale.scale;
    step->scale = scale;
    return changed ? write_seeds(step) : TE_OK;
}

te_loss_scale te_train_step_get_scale(const te_train_step *step)
{
    return step->scale;
}

/* ---- what it holds ---- */

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

te_status te_train_step_send(te_train_step *step)
{
    for (int i = 0; i < step->graph.value_count; i++) {
        const te_value *value = &step->graph.values[i];
        if (value->place == TE_PLACE_PARAM) {
            TE_TRY(te_plan_write_param(step->plan, i, step->model->params.list[value->param].data));
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
