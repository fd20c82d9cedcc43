/* The scheduler: a model made ready on a device for one input size, run on arrays. */
#include "scheduler/scheduler.h"

#include "base/interrupt.h"
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SIZE = 16384, MAX_BATCH = 4096, MAX_KEEP = 3 };

struct te_scheduler {
    te_device *device;
    te_graph graph;
    te_plan *plan;
    te_tensor input;
    float **outputs; /* of each value of the graph: its last result on the host, read when asked for; NULL: not yet */
    bool *fresh;     /* outputs[i] belongs to the last run */
    bool ran;        /* there is a last run, and it came to its end */
};

static te_status resolve_extent(te_extent *extent, const te_model *model, const te_scheduler_options *options)
{
    int height = options && options->height ? options->height : model->config.height;
    int width = options && options->width ? options->width : model->config.width;
    int batch = options && options->batch ? options->batch : 1;
    if (height < TE_PATCH || width < TE_PATCH || height % TE_PATCH || width % TE_PATCH || height > MAX_SIZE ||
        width > MAX_SIZE) {
        return te_fail(TE_ERR_ARGUMENT, "an input of %dx%d: both sizes must be multiples of 16, from 16 to %d", height,
                       width, MAX_SIZE);
    }
    if (batch < 1 || batch > MAX_BATCH) {
        return te_fail(TE_ERR_ARGUMENT, "a batch of %d: it must be 1 to %d", batch, MAX_BATCH);
    }
    if (options && (options->keep < 0 || options->keep > MAX_KEEP)) {
        return te_fail(TE_ERR_ARGUMENT, "'keep' of a scheduler is %d; it must be 0 to %d", options->keep, MAX_KEEP);
    }
    *extent = (te_extent){.batch = batch, .height = height / TE_PATCH, .width = width / TE_PATCH};
    return TE_OK;
}

te_status te_scheduler_create(te_scheduler **scheduler, te_model *model, te_device *device,
                              const te_scheduler_options *options)
{
    TE_NEED(scheduler, model, device);
    return te_scheduler_create_in(scheduler, model, device, options, te_device_settings(device)->infer.precision);
}

te_status te_scheduler_create_in(te_scheduler **scheduler, te_model *model, te_device *device,
                                 const te_scheduler_options *options, te_precision precision)
{
    te_extent extent;
    TE_TRY(resolve_extent(&extent, model, options));
    TE_TRY(te_ops_check_variants(te_device_settings(device)->kernels.variant));
    te_scheduler *created = te_alloc(1, sizeof *created, "a scheduler");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    created->device = device;
    created->graph.precision = precision;
    created->input = te_model_record(model, &created->graph, extent, options ? options->keep : 0);
    TE_TRY_OUT(created->graph.status);
    created->outputs = te_alloc((size_t)created->graph.value_count, sizeof *created->outputs, "a scheduler");
    created->fresh = te_alloc((size_t)created->graph.value_count, sizeof *created->fresh, "a scheduler");
    TE_TRY_OUT(created->outputs && created->fresh ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_plan_create(&created->plan, device, &created->graph));
    *scheduler = created;
    return TE_OK;
out:
    te_scheduler_free(created);
    return status;
}

void te_scheduler_free(te_scheduler *scheduler)
{
    if (!scheduler) {
        return;
    }
    for (int i = 0; scheduler->outputs && i < scheduler->graph.value_count; i++) {
        free(scheduler->outputs[i]);
    }
    free(scheduler->outputs);
    free(scheduler->fresh);
    te_plan_free(scheduler->plan);
    te_graph_clear(&scheduler->graph);
    free(scheduler);
}

te_status te_scheduler_run(te_scheduler *scheduler, const float *input)
{
    TE_NEED(scheduler, input);
    memset(scheduler->fresh, 0, (size_t)scheduler->graph.value_count * sizeof *scheduler->fresh);
    scheduler->ran = false;
    TE_TRY(te_interrupt_check());
    TE_TRY(te_plan_write(scheduler->plan, scheduler->input.value, input));
    TE_TRY(te_plan_run(scheduler->plan));
    TE_TRY(te_device_finish(scheduler->device));
    scheduler->ran = true;
    return TE_OK;
}

te_status te_scheduler_get(te_scheduler *scheduler, const char *name, te_array *array)
{
    TE_NEED(scheduler, name, array);
    int value = te_graph_find(&scheduler->graph, name);
    if (value < 0) {
        return te_fail(TE_ERR_ARGUMENT, "the scheduler keeps no result '%s' (gates, taps, memories and "
                       "experts need options.keep)", name);
    }
    if (!scheduler->ran) {
        return te_fail(TE_ERR_ARGUMENT, "there is no result '%s' before a run has come to its end", name);
    }
    const te_shape *shape = &scheduler->graph.values[value].shape;
    if (!scheduler->outputs[value]) {
        scheduler->outputs[value] = te_alloc((size_t)te_shape_count(shape), sizeof(float), name);
        if (!scheduler->outputs[value]) {
            return TE_ERR_MEMORY;
        }
    }
    if (!scheduler->fresh[value]) {
        TE_TRY(te_plan_read(scheduler->plan, value, scheduler->outputs[value]));
        scheduler->fresh[value] = true;
    }
    *array = (te_array){.data = scheduler->outputs[value], .rank = shape->rank};
    memcpy(array->shape, shape->size, sizeof array->shape);
    return TE_OK;
}

te_status te_scheduler_set_param(te_scheduler *scheduler, const char *name, const float *data)
{
    const te_graph *graph = &scheduler->graph;
    int param = te_params_find(graph->params, name);
    for (int i = 0; param >= 0 && i < graph->value_count; i++) {
        if (graph->values[i].place == TE_PLACE_PARAM && graph->values[i].param == param) {
            return te_plan_write_param(scheduler->plan, i, data);
        }
    }
    return te_fail(TE_ERR_ARGUMENT, "the model has no parameter '%s'", name);
}

te_status te_scheduler_get_memory(const te_scheduler *scheduler, te_memory_info *info)
{
    TE_NEED(scheduler, info);
    te_plan_memory memory = te_plan_get_memory(scheduler->plan);
    *info = (te_memory_info){.parameters = memory.parameters, .activations = memory.activations, .live = memory.live};
    return TE_OK;
}
