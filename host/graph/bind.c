/* Buffers by lifetime, the prologue, and the binding of arguments. */
#include "graph/plan_private.h"

#include "base/log.h"
#include "graph/place.h"

#include <limits.h>
#include <stdlib.h>

static bool in_prologue(const te_plan *plan, const te_step *step)
{
    return plan->values[te_step_writes(step)].constant;
}

/* ---- lifetimes ---- */

typedef struct visit_context {
    te_plan *plan;
    int step;
    bool body, again;
} visit_context;

static void note_use(int index, void *context)
{
    const visit_context *visit = context;
    te_placed *value = &visit->plan->values[index];
    value->first = value->first < 0 ? visit->step : value->first;
    value->last = visit->step;
    value->read_by_body |= visit->body;
    value->used_again |= visit->again;
}

static void find_lifetimes(te_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        visit_context visit = {plan, i, !in_prologue(plan, &plan->steps[i]),
                               !plan->values[te_step_writes(&plan->steps[i])].lasting};
        te_step_visit(&plan->steps[i], note_use, &visit);
    }
    for (int i = 0; i < plan->value_count; i++) {
        te_placed *value = &plan->values[i];
        bool lasting = value->lasting && (value->used_again || value->output);
        value->first = lasting ? 0 : value->first;
        value->last = lasting || value->output ? INT_MAX : value->last;
        value->read_by_body |= value->output;
    }
}

static size_t bytes_of(const te_placed *value)
{
    return (size_t)value->elements * sizeof(float);
}

/* Results of the body share slots. */
static bool shares(const te_placed *value)
{
    return value->place == TE_PLACE_RESULT && !value->constant && value->first >= 0;
}

/* What is not on the device yet: intermediate results of `slots` bytes, params and inputs. Asked before the first of it is
 * taken, since some systems only notice when memory is touched, and end the process. */
static te_status check_memory(const te_plan *plan, size_t slots)
{
    size_t others = 0, used = te_device_memory(plan->device, NULL);
    for (int i = 0; i < plan->value_count; i++) {
        const te_placed *value = &plan->values[i];
        bool wanted = !shares(value) && (value->read_by_body || value->place == TE_PLACE_INPUT);
        bool lent = plan->owner && value->place == TE_PLACE_PARAM;
        others += wanted && !value->buffer && !lent ? bytes_of(value) : 0;
    }
    const double mib = 1 << 20;
    double present = (double)te_device_caps(plan->device)->global_memory / mib;
    double needed = (double)slots / mib + (double)others / mib;
    if ((double)used / mib + needed <= present) {
        return TE_OK;
    }
    return te_fail(TE_ERR_MEMORY, "%.0f MiB are needed (%.0f MiB for intermediate results, %.0f MiB for parameters and inputs) "
                   "beside %.0f MiB in use, device '%s' has %.0f MiB: use a smaller input size, batch or model", needed,
                   (double)slots / mib, (double)others / mib, (double)used / mib, te_device_name(plan->device), present);
}

static te_status create_slots(te_plan *plan, const te_lifetime *lifetimes, int count)
{
    plan->slots = te_alloc((size_t)plan->slot_count, sizeof(te_buffer *), "the memory plan");
    size_t *bytes = te_alloc((size_t)plan->slot_count, sizeof *bytes, "the memory plan");
    te_status status = plan->slots && bytes ? TE_OK : TE_ERR_MEMORY;
    for (int i = 0; status == TE_OK && i < count; i++) {
        size_t *slot = &bytes[lifetimes[i].slot];
        *slot = lifetimes[i].bytes > *slot ? lifetimes[i].bytes : *slot;
    }
    size_t slots = 0;
    for (int i = 0; status == TE_OK && i < plan->slot_count; i++) {
        slots += bytes[i];
    }
    plan->memory.activations += slots;
    status = status == TE_OK ? check_memory(plan, slots) : status;
    for (int i = 0; status == TE_OK && i < plan->slot_count; i++) {
        status = te_buffer_create(&plan->slots[i], plan->device, bytes[i], "intermediate results");
        if (status == TE_ERR_MEMORY) {
            te_fail_prefix(status, "%.0f MiB are needed for intermediate results; ", (double)slots / (1 << 20));
        }
    }
    free(bytes);
    return status;
}

static te_status place_results(te_plan *plan)
{
    te_lifetime *lifetimes = te_alloc((size_t)plan->value_count, sizeof *lifetimes, "the memory plan");
    if (!lifetimes) {
        return TE_ERR_MEMORY;
    }
    int count = 0;
    for (int i = 0; i < plan->value_count; i++) {
        const te_placed *value = &plan->values[i];
        if (shares(value)) {
            lifetimes[count++] = (te_lifetime){bytes_of(value), value->first, value->last, -1};
        }
    }
    plan->slot_count = te_place_lifetimes(lifetimes, count);
    plan->memory.live = te_place_live(lifetimes, count);
    te_status status = plan->slot_count < 0 ? TE_ERR_MEMORY : create_slots(plan, lifetimes, count);
    for (int i = 0, next = 0; status == TE_OK && i < plan->value_count; i++) {
        te_placed *value = &plan->values[i];
        if (shares(value)) {
            value->slot = lifetimes[next++].slot;
            value->buffer = plan->slots[value->slot];
        }
    }
    free(lifetimes);
    return status;
}

/* ---- params, constants, inputs ---- */

/* Where the owner of the params has this one, or NULL. */
static te_buffer *borrow(const te_plan *owner, int param)
{
    for (int i = 0; i < owner->value_count; i++) {
        if (owner->values[i].place == TE_PLACE_PARAM && owner->values[i].param == param) {
            return owner->values[i].buffer;
        }
    }
    return NULL;
}

/* Room for the largest of the params that are in a file: one for all, since memory that comes and goes between the
 * device's buffers leaves gaps. */
static te_status create_staging(te_plan *plan)
{
    int64_t most = 0;
    for (int i = 0; i < plan->value_count; i++) {
        const te_placed *value = &plan->values[i];
        bool in_file = value->place == TE_PLACE_PARAM && !plan->graph->params->list[value->param].data;
        most = in_file && value->elements > most ? value->elements : most;
    }
    plan->staging = most > 0 ? te_alloc((size_t)most, sizeof *plan->staging, "weights on their way to the device") : NULL;
    return most > 0 && !plan->staging ? TE_ERR_MEMORY : TE_OK;
}

/* A buffer with a param's data, from the host's memory or its file. */
static te_status create_param(te_plan *plan, te_placed *value)
{
    const te_params *params = plan->graph->params;
    const te_param *param = &params->list[value->param];
    TE_TRY(param->data ? TE_OK : te_params_read(params, value->param, plan->staging));
    return te_buffer_create_filled(&value->buffer, plan->device, bytes_of(value), param->data ? param->data : plan->staging,
                                   param->name);
}

/* Make sure that a param, constant or input has its buffer; a param's is filled. */
static te_status provide(te_plan *plan, int index)
{
    te_placed *value = &plan->values[index];
    if (value->buffer) {
        return TE_OK;
    }
    const te_param *param = value->place == TE_PLACE_PARAM ? &plan->graph->params->list[value->param] : NULL;
    if (param && plan->owner && (value->buffer = borrow(plan->owner, value->param)) != NULL) {
        value->borrowed = true;
        return TE_OK;
    }
    TE_TRY(param ? create_param(plan, value)
                 : te_buffer_create(&value->buffer, plan->device, bytes_of(value), "a constant"));
    if (value->place == TE_PLACE_INPUT) {
        plan->memory.activations += bytes_of(value);
    } else if (value->read_by_body) {
        plan->memory.parameters += bytes_of(value);
    }
    return TE_OK;
}

typedef struct provide_context {
    te_plan *plan;
    te_status status;
} provide_context;

static void provide_visit(int index, void *context)
{
    provide_context *provided = context;
    if (provided->status == TE_OK) {
        provided->status = provide(provided->plan, index);
    }
}

/* Does only the prologue read it, and that no more after step `step`? */
static bool is_over(const te_placed *value, int step)
{
    return value->buffer && value->constant && !value->read_by_body && value->last <= step;
}

/* Release what was for the prologue alone. The device is waited for only where that is much, so that the host reads weights
 * while it works. */
static te_status release_after(te_plan *plan, int step)
{
    const size_t much = 4 << 20;
    size_t bytes = 0;
    for (int i = 0; i < plan->value_count; i++) {
        bytes += is_over(&plan->values[i], step) ? bytes_of(&plan->values[i]) : 0;
    }
    if (bytes < much && step < plan->step_count) {
        return TE_OK;
    }
    TE_TRY(te_device_finish(plan->device));
    for (int i = 0; i < plan->value_count; i++) {
        te_placed *value = &plan->values[i];
        if (is_over(value, step)) {
            te_buffer_free(value->buffer);
            value->buffer = NULL;
        }
    }
    return TE_OK;
}

/* Whether the prologue makes all of a call, or something that its runs read. */
static int work_in_prologue(const te_plan *plan, int call)
{
    bool whole = plan->values[plan->graph->calls[call].out_value].constant;
    return plan->works[whole ? call : plan->graph->call_count + call];
}

static te_status run_prologue(te_plan *plan)
{
    int call = -1;
    for (int i = 0; i < plan->step_count; i++) {
        te_step *step = &plan->steps[i];
        if (!in_prologue(plan, step)) {
            continue;
        }
        provide_context provided = {plan, TE_OK};
        te_step_visit(step, provide_visit, &provided);
        TE_TRY(provided.status);
        TE_TRY(te_step_bind(plan, step));
        if (step->call != call) {
            call = step->call;
            te_device_begin_work(plan->device, work_in_prologue(plan, call));
        }
        TE_TRY(te_step_run(plan, step));
        TE_TRY(release_after(plan, i));
    }
    te_device_begin_work(plan->device, -1);
    return release_after(plan, plan->step_count);
}

/* ---- steps ---- */

te_status te_step_bind(te_plan *plan, te_step *step)
{
    for (unsigned i = 0; step->kernel && i < TE_ARGUMENTS; i++) {
        const te_argument *argument = &step->launch.arguments[i];
        if (argument->kind == TE_ARG_VALUE) {
            const te_buffer *buffer = argument->number < 0 ? NULL : plan->values[argument->number].buffer;
            TE_TRY(te_kernel_set_buffer(step->kernel, i, buffer));
        } else if (argument->kind == TE_ARG_INT) {
            TE_TRY(te_kernel_set_int(step->kernel, i, (int32_t)argument->number));
        } else if (argument->kind == TE_ARG_FLOAT) {
            TE_TRY(te_kernel_set_float(step->kernel, i, argument->real));
        } else if (argument->kind == TE_ARG_DEALER) {
            TE_TRY(te_kernel_set_dealer(step->kernel, i));
        }
    }
    return TE_OK;
}

te_status te_step_run(te_plan *plan, te_step *step)
{
    if (step->kernel) {
        return te_kernel_run(step->kernel, step->launch.global, step->launch.local);
    }
    const te_library_product *p = &step->product;
    te_sgemm sgemm = {.m = p->m, .n = p->n, .k = p->k,
                      .a = plan->values[p->a].buffer, .a_offset = p->a_offset, .a_stride = p->a_stride,
                      .b = plan->values[p->b].buffer, .b_offset = p->b_offset, .b_stride = p->b_stride,
                      .c = plan->values[p->c].buffer, .c_offset = p->c_offset, .c_stride = p->c_stride,
                      .a_transposed = p->a_transposed, .b_transposed = p->b_transposed};
    return te_device_sgemm(plan->device, &sgemm);
}

te_status te_plan_bind(te_plan *plan)
{
    find_lifetimes(plan);
    TE_TRY(create_staging(plan));
    TE_TRY(run_prologue(plan));
    TE_TRY(place_results(plan));
    for (int i = 0; i < plan->value_count; i++) {
        te_placed *value = &plan->values[i];
        if (!shares(value) && (value->read_by_body || value->place == TE_PLACE_INPUT)) {
            TE_TRY(provide(plan, i));
        }
    }
    free(plan->staging);
    plan->staging = NULL;
    for (int i = 0; i < plan->step_count; i++) {
        if (!in_prologue(plan, &plan->steps[i])) {
            TE_TRY(te_step_bind(plan, &plan->steps[i]));
        }
    }
    te_log(TE_LOG_DETAIL, "plan: %d steps, %.1f MiB of parameters, %.1f MiB of intermediate results in %d buffers "
           "(least possible %.1f MiB)", plan->step_count, (double)plan->memory.parameters / (1 << 20),
           (double)plan->memory.activations / (1 << 20), plan->slot_count, (double)plan->memory.live / (1 << 20));
    return TE_OK;
}
