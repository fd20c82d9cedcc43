/* From calls to steps: the implementation that is chosen for a call adds its launches. */
#include "graph/plan_private.h"

#include "base/interrupt.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop_from(te_plan *plan, int steps, int values)
{
    for (int i = steps; i < plan->step_count; i++) {
        te_kernel_free(plan->steps[i].kernel);
    }
    plan->step_count = steps;
    plan->value_count = values;
}

/* Emit a call, again with smaller work-groups when a kernel turns out to need so many registers that the driver allows
 * it fewer work-items than the device's limit. */
static te_status emit_fitting(te_plan *plan, const te_variant *variant, const te_call *call)
{
    int steps = plan->step_count, values = plan->value_count;
    plan->work_group = te_device_caps(plan->device)->max_work_group;
    for (;;) {
        size_t tried = plan->work_group;
        plan->too_large = false;
        te_status status = variant->emit(plan, call);
        if (status != TE_OK || !plan->too_large) {
            return status;
        }
        if (plan->work_group >= tried || plan->work_group == 0) {
            return te_fail(TE_ERR_UNSUPPORTED, "op '%s' (%s) does not fit the work-groups and local memory of device "
                           "'%s'", call->op->name, variant->name, te_device_name(plan->device));
        }
        drop_from(plan, steps, values);
    }
}

static te_status emit_once(te_plan *plan, const te_variant *variant, const te_call *call)
{
    return variant->emit(plan, call);
}

/* By what is chosen, or the next best where that turns out not to work on the device. */
static te_status emit_chosen(te_plan *plan, const te_call *call,
                             te_status (*emit)(te_plan *, const te_variant *, const te_call *), const te_variant **chosen)
{
    int steps = plan->step_count, values = plan->value_count;
    for (;;) {
        *chosen = te_plan_choose(plan, call);
        te_status status = emit(plan, *chosen, call);
        if (status == TE_OK || !te_plan_pass_over(plan, call, *chosen, status)) {
            return status;
        }
        drop_from(plan, steps, values);
    }
}

te_status te_plan_emit(te_plan *plan, const te_call *call)
{
    const te_variant *chosen;
    return emit_chosen(plan, call, emit_once, &chosen);
}

/* Announce all programs before the first is built. What is emitted again in smaller work-groups may need others. */
static te_status list_programs(te_plan *plan)
{
    int steps = plan->step_count, values = plan->value_count;
    plan->listing = true;
    plan->work_group = te_device_caps(plan->device)->max_work_group;
    te_status status = TE_OK;
    for (int i = 0; i < plan->graph->call_count && status == TE_OK; i++) {
        status = te_plan_emit(plan, &plan->graph->calls[i]);
    }
    plan->listing = false;
    drop_from(plan, steps, values);
    return status;
}

te_status te_plan_emit_all(te_plan *plan)
{
    TE_TRY(list_programs(plan));
    for (int i = 0; i < plan->graph->call_count; i++) {
        const te_call *call = &plan->graph->calls[i];
        TE_TRY(te_interrupt_check());
        plan->call = i;
        TE_TRY(emit_chosen(plan, call, emit_fitting, &plan->variants[i]));
    }
    return TE_OK;
}

static te_status add_step(te_plan *plan, const te_step *step)
{
    if (plan->step_count == plan->step_capacity) {
        int capacity = plan->step_capacity ? 2 * plan->step_capacity : 256;
        te_step *steps = te_realloc(plan->steps, (size_t)capacity, sizeof *steps, "the plan");
        if (!steps) {
            return TE_ERR_MEMORY;
        }
        plan->steps = steps;
        plan->step_capacity = capacity;
    }
    plan->steps[plan->step_count] = *step;
    plan->steps[plan->step_count++].call = plan->call;
    return TE_OK;
}

/* For kernels that do not care: work-groups of a size that vectorises on processors and fills a GPU's unit. Many rows are
 * taken a few at a time on GPUs, some of which have at most 65535 work-groups in the second dimension. */
static void choose_local(const te_caps *caps, size_t limit, const size_t global[3], size_t local[3])
{
    const size_t most_groups = 65535;
    size_t most = limit < 64 ? limit : 64, size = 1, rows = 1;
    most = caps->max_work_item[0] < most ? caps->max_work_item[0] : most;
    while (2 * size <= most && size < global[0]) {
        size *= 2;
    }
    while (!te_caps_wide_cpu(caps) && 2 * rows <= caps->max_work_item[1]) {
        bool must = (global[1] + rows - 1) / rows > most_groups, fits = 2 * rows * size <= limit;
        if (!(must ? fits || size > 1 : fits && rows < 8 && rows * 1024 < global[1])) {
            break;
        }
        size = fits ? size : size / 2;
        rows *= 2;
    }
    local[0] = size;
    local[1] = rows;
    local[2] = 1;
}

/* Note whether a launch exceeds what the device or the kernel allows: its op is then emitted again, smaller. */
static te_status check_limits(te_plan *plan, te_step *step)
{
    const te_caps *caps = te_device_caps(plan->device);
    size_t limit, *local = step->launch.local;
    uint64_t local_bytes;
    TE_TRY(te_kernel_limits(step->kernel, &limit, &local_bytes));
    limit = limit && limit < caps->max_work_group ? limit : caps->max_work_group;
    if (local[0] == 0) {
        choose_local(caps, limit, step->launch.global, local);
    }
    bool wide = local_bytes > caps->local_memory;
    for (int i = 0; i < 3; i++) {
        wide = wide || local[i] > caps->max_work_item[i];
    }
    if (wide || local[0] * local[1] * local[2] > limit) {
        size_t smaller = limit < plan->work_group ? limit : plan->work_group / 2;
        plan->too_large = true;
        plan->work_group = smaller;
    }
    return TE_OK;
}

/* Kernels take sizes as int. */
static te_status check_sizes(const te_launch *launch)
{
    for (int i = 0; i < TE_ARGUMENTS; i++) {
        const te_argument *argument = &launch->arguments[i];
        if (argument->kind == TE_ARG_INT && (argument->number > INT32_MAX || argument->number < INT32_MIN)) {
            return te_fail(TE_ERR_UNSUPPORTED, "kernel '%s' would be given the size %lld, more than 31 bits: use a "
                           "smaller batch or input size", launch->kernel, (long long)argument->number);
        }
    }
    return TE_OK;
}

/* One work-item for each compute unit; how many pieces there are for them is told by the last arguments. The kernel counts
 * pieces as int, and goes as many beyond the last as there are work-items. */
static te_status deal(const te_plan *plan, te_launch *launch)
{
    size_t units = te_device_caps(plan->device)->compute_units, pieces = 1;
    te_argument *last = launch->arguments;
    while (last->kind != TE_ARG_NONE) {
        last++;
    }
    *last++ = (te_argument){.kind = TE_ARG_DEALER};
    for (int i = 0; i < 3; i++) {
        *last++ = (te_argument)TE_INT(launch->global[i]);
        pieces *= launch->global[i];
        launch->global[i] = launch->local[i] = 1;
    }
    launch->global[0] = pieces < units || units == 0 ? pieces : units;
    return pieces <= INT32_MAX - launch->global[0]
               ? TE_OK
               : te_fail(TE_ERR_UNSUPPORTED, "kernel '%s' would have %zu pieces of work, more than 31 bits: use a smaller "
                         "batch or input size", launch->kernel, pieces);
}

te_status te_plan_launch(te_plan *plan, const te_launch *launch)
{
    te_step step = {.launch = *launch};
    TE_TRY(check_sizes(launch));
    if (plan->listing) {
        return te_program_expect(plan->device, launch->family, launch->options ? launch->options : "");
    }
    for (int i = 0; i < 3; i++) {
        step.launch.global[i] = launch->global[i] ? launch->global[i] : 1;
    }
    if (launch->dealt) {
        TE_TRY(deal(plan, &step.launch));
    }
    TE_TRY(te_kernel_create(&step.kernel, plan->device, launch->family, launch->kernel,
                            launch->options ? launch->options : ""));
    step.launch.options = NULL; /* may point into the caller's frame; the kernel is made */
    te_status status = check_limits(plan, &step);
    status = status == TE_OK ? add_step(plan, &step) : status;
    if (status != TE_OK) {
        te_kernel_free(step.kernel);
    }
    return status;
}

te_status te_plan_product(te_plan *plan, const te_library_product *product)
{
    te_step step = {.product = *product};
    return add_step(plan, &step);
}

int te_plan_scratch(te_plan *plan, int64_t elements, int source)
{
    if (plan->value_count == plan->value_capacity) {
        int capacity = 2 * plan->value_capacity;
        te_placed *values = te_realloc(plan->values, (size_t)capacity, sizeof *values, "the plan");
        if (!values) {
            return -1;
        }
        plan->values = values;
        plan->value_capacity = capacity;
    }
    plan->values[plan->value_count] = (te_placed){.place = TE_PLACE_RESULT,
                                                  .constant = source >= 0 && plan->values[source].constant,
                                                  .lasting = source >= 0 && plan->values[source].lasting,
                                                  .elements = elements, .first = -1, .last = -1, .slot = -1};
    return plan->value_count++;
}

size_t te_plan_work_group(const te_plan *plan)
{
    return plan->work_group;
}

const te_caps *te_plan_caps(const te_plan *plan)
{
    return te_device_caps(plan->device);
}

int te_step_writes(const te_step *step)
{
    return step->kernel ? step->launch.writes : step->product.c;
}

void te_step_visit(const te_step *step, void (*visit)(int value, void *context), void *context)
{
    if (!step->kernel) {
        visit(step->product.a, context);
        visit(step->product.b, context);
        visit(step->product.c, context);
        return;
    }
    for (int i = 0; i < TE_ARGUMENTS; i++) {
        const te_argument *argument = &step->launch.arguments[i];
        if (argument->kind == TE_ARG_VALUE && argument->number >= 0) {
            visit((int)argument->number, context);
        }
    }
}
