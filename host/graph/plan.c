/* A plan's life: created from a graph, replayed, freed. */
#include "graph/plan_private.h"

#include "base/interrupt.h"

#include <stdlib.h>

/* The graph's values come first, under the same indices; scratch values of the ops follow. */
static te_status copy_values(te_plan *plan)
{
    const te_graph *graph = plan->graph;
    plan->value_capacity = 2 * graph->value_count + 16;
    plan->values = te_alloc((size_t)plan->value_capacity, sizeof *plan->values, "the plan");
    plan->variants = te_alloc((size_t)graph->call_count, sizeof *plan->variants, "the plan");
    plan->works = te_alloc(2 * (size_t)graph->call_count, sizeof *plan->works, "the plan");
    if (!plan->values || !plan->variants || !plan->works) {
        return TE_ERR_MEMORY;
    }
    for (int i = 0; i < graph->value_count; i++) {
        const te_value *value = &graph->values[i];
        plan->values[i] = (te_placed){.place = value->place, .constant = value->constant, .lasting = value->lasting,
                                      .output = value->name[0] != '\0', .param = value->param,
                                      .elements = te_shape_count(&value->shape), .first = -1, .last = -1, .slot = -1};
    }
    plan->value_count = graph->value_count;
    return TE_OK;
}

/* Tell the device what launches will be for, where it keeps when they ran. */
static void name_works(te_plan *plan)
{
    int count = plan->graph->call_count;
    for (int i = 0; i < 2 * count; i++) {
        const te_call *call = &plan->graph->calls[i % count];
        te_work work = {.part = call->part, .op = call->op->name, .variant = plan->variants[i % count]->name,
                        .once = i >= count,
                        .operations = i < count && call->op->macs ? 2.0 * (double)call->op->macs(call) : 0.0};
        plan->works[i] = te_device_records(plan->device) ? te_device_add_work(plan->device, &work) : -1;
    }
}

static te_status create(te_plan **plan, te_device *device, const te_graph *graph, const te_plan *owner)
{
    if (graph->status != TE_OK) {
        return graph->status;
    }
    te_plan *created = te_alloc(1, sizeof *created, "the plan");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->device = device;
    created->graph = graph;
    created->owner = owner;
    te_status status;
    TE_TRY_OUT(copy_values(created));
    TE_TRY_OUT(te_plan_emit_all(created));
    name_works(created);
    TE_TRY_OUT(te_plan_bind(created));
    *plan = created;
    return TE_OK;
out:
    te_plan_free(created);
    return status;
}

te_status te_plan_create(te_plan **plan, te_device *device, const te_graph *graph)
{
    return create(plan, device, graph, NULL);
}

te_status te_plan_create_beside(te_plan **plan, te_device *device, const te_graph *graph, const te_plan *owner)
{
    return create(plan, device, graph, owner);
}

void te_plan_free(te_plan *plan)
{
    if (!plan) {
        return;
    }
    for (int i = 0; i < plan->step_count; i++) {
        te_kernel_free(plan->steps[i].kernel);
    }
    for (int i = 0; i < plan->value_count; i++) {
        if (plan->values[i].slot < 0 && !plan->values[i].borrowed) {
            te_buffer_free(plan->values[i].buffer);
        }
    }
    for (int i = 0; plan->slots && i < plan->slot_count; i++) {
        te_buffer_free(plan->slots[i]);
    }
    free(plan->slots);
    free(plan->staging);
    free(plan->values);
    free(plan->variants);
    free(plan->works);
    free(plan->steps);
    free(plan);
}

te_status te_plan_write(te_plan *plan, int value, const float *data)
{
    const te_placed *placed = &plan->values[value];
    return te_buffer_write(placed->buffer, 0, data, (size_t)placed->elements * sizeof(float));
}

typedef struct read_context {
    int value;
    bool found;
} read_context;

static void note_read(int value, void *context)
{
    read_context *read = context;
    read->found |= value == read->value;
}

te_status te_plan_write_param(te_plan *plan, int value, const float *data)
{
    read_context read = {.value = value};
    for (int i = 0; i < plan->step_count; i++) {
        if (plan->values[te_step_writes(&plan->steps[i])].constant) {
            te_step_visit(&plan->steps[i], note_read, &read);
        }
    }
    if (read.found || !plan->values[value].buffer) {
        return te_fail(TE_ERR_ARGUMENT, "parameter '%s' cannot be changed: the plan holds it rearranged",
                       plan->graph->params->list[plan->values[value].param].name);
    }
    return te_plan_write(plan, value, data);
}

static bool belongs(const te_plan *plan, const te_step *step, te_run_part part)
{
    bool closing = plan->graph->calls[step->call].closing, lasting = plan->values[te_step_writes(step)].lasting;
    switch (part) {
    case TE_RUN_FIRST: return !closing;
    case TE_RUN_AGAIN: return !closing && !lasting;
    case TE_RUN_CLOSING: return closing;
    default: return true;
    }
}

static te_status run_steps(te_plan *plan, te_run_part part)
{
    enum {
        STEPS_AT_ONCE = 64
    }; /* enqueued before the host waits, so that an interrupt does not wait for a whole pass; but a step of training is
          ended, because half of one leaves params that no run could go on from */
    int call = -1, enqueued = 0;
    for (int i = 0; i < plan->step_count; i++) {
        const te_step *step = &plan->steps[i];
        if (plan->values[te_step_writes(step)].constant || !belongs(plan, step, part)) {
            continue;
        }
        if (++enqueued % STEPS_AT_ONCE == 0) {
            TE_TRY(te_device_finish(plan->device));
            TE_TRY(plan->graph->training ? TE_OK : te_interrupt_check());
        }
        if (step->call != call) {
            call = step->call;
            te_device_begin_work(plan->device, plan->works[call]);
        }
        TE_TRY(te_step_run(plan, &plan->steps[i]));
    }
    return TE_OK;
}

te_status te_plan_run_part(te_plan *plan, te_run_part part)
{
    te_status status = run_steps(plan, part);
    te_device_begin_work(plan->device, -1);
    return status;
}

te_status te_plan_run(te_plan *plan)
{
    return te_plan_run_part(plan, TE_RUN_ALL);
}

te_status te_plan_read(te_plan *plan, int value, float *data)
{
    const te_placed *placed = &plan->values[value];
    return te_buffer_read(placed->buffer, 0, data, (size_t)placed->elements * sizeof(float));
}

te_plan_memory te_plan_get_memory(const te_plan *plan)
{
    return plan->memory;
}

const char *te_plan_get_variant(const te_plan *plan, int index)
{
    return plan->variants[index]->name;
}
