/* Where numbers that are not finite come from: the plan's body once more, with a look at what each call made. */
#include "graph/plan_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read a value and note what is not finite in it. */
static te_status look(te_plan *plan, int value, float *numbers, te_trace *trace)
{
    int64_t elements = plan->values[value].elements;
    TE_TRY(te_plan_read(plan, value, numbers));
    for (int64_t i = elements - 1; i >= 0; i--) {
        if (!isfinite(numbers[i])) {
            trace->value = value;
            trace->first = i;
            trace->found = numbers[i];
            trace->bad++;
        }
    }
    return TE_OK;
}

/* Has the run that failed changed this value? The running statistics of batch norm, sums of gradients; not what the
 * optimiser changes, which leaves everything alone then. */
static bool changed_by_failure(const te_graph *graph, int value)
{
    const te_value *of = &graph->values[value];
    if (of->place == TE_PLACE_PARAM) {
        return graph->params->list[of->param].statistic;
    }
    for (int i = 0; i < graph->call_count; i++) {
        const te_call *call = &graph->calls[i];
        if (call->op->changes && call->in[0].rank && call->in_value[0] == value) {
            return true;
        }
    }
    return false;
}

/* Inputs and params, in the graph's order. */
static te_status look_at_inputs(te_plan *plan, float *numbers, te_trace *trace)
{
    const te_graph *graph = plan->graph;
    for (int i = 0; i < graph->value_count && trace->value < 0; i++) {
        if (graph->values[i].place != TE_PLACE_RESULT && plan->values[i].buffer && !changed_by_failure(graph, i)) {
            TE_TRY(look(plan, i, numbers, trace));
        }
    }
    return TE_OK;
}

static bool last_of_call(const te_plan *plan, int step)
{
    return step + 1 == plan->step_count || plan->steps[step + 1].call != plan->steps[step].call;
}

static te_status look_at_results(te_plan *plan, float *numbers, te_trace *trace)
{
    for (int i = 0; i < plan->step_count && trace->value < 0; i++) {
        const te_call *call = &plan->graph->calls[plan->steps[i].call];
        if (call->op->changes || plan->values[te_step_writes(&plan->steps[i])].constant) {
            continue;
        }
        TE_TRY(te_step_run(plan, &plan->steps[i]));
        if (last_of_call(plan, i)) {
            TE_TRY(look(plan, call->out_value, numbers, trace));
            trace->call = trace->value < 0 ? -1 : plan->steps[i].call;
        }
    }
    return TE_OK;
}

te_status te_plan_trace(te_plan *plan, te_trace *trace)
{
    int64_t most = 1;
    for (int i = 0; i < plan->graph->value_count; i++) {
        most = plan->values[i].elements > most ? plan->values[i].elements : most;
    }
    float *numbers = te_alloc((size_t)most, sizeof *numbers, "a copy of the device's results");
    if (!numbers) {
        return TE_ERR_MEMORY;
    }
    *trace = (te_trace){.value = -1, .call = -1};
    te_status status = look_at_inputs(plan, numbers, trace);
    status = status == TE_OK ? look_at_results(plan, numbers, trace) : status;
    free(numbers);
    return status;
}

/* ---- in words ---- */

/* Name of a param among a call's inputs, or NULL. */
static const char *param_of(const te_graph *graph, const te_call *call)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        const te_value *value = call->in[i].rank ? &graph->values[call->in_value[i]] : NULL;
        if (value && value->place == TE_PLACE_PARAM) {
            return graph->params->list[value->param].name;
        }
    }
    return NULL;
}

/* The param that an in-place op changes by this value, which is its gradient then; or NULL. */
static const char *param_changed_by(const te_graph *graph, int value)
{
    for (int i = 0; i < graph->call_count; i++) {
        const te_call *call = &graph->calls[i];
        for (int input = 0; call->op->changes && input < TE_INPUTS; input++) {
            if (call->in[input].rank && call->in_value[input] == value) {
                return param_of(graph, call);
            }
        }
    }
    return NULL;
}

/* What tells a call from the others of its op: its param, or that of the nearest call before it that has one. */
static void describe_call(const te_graph *graph, int index, char *text, size_t bytes)
{
    const te_call *call = &graph->calls[index];
    const char *param = param_of(graph, call), *gradient = param_changed_by(graph, call->out_value);
    gradient = gradient || !call->in[0].rank ? gradient : param_changed_by(graph, call->in_value[0]);
    if (param || gradient) {
        snprintf(text, bytes, " %s '%s'", param ? "with" : "for the gradient of", param ? param : gradient);
        return;
    }
    while (!param && index > 0) {
        param = param_of(graph, &graph->calls[--index]);
    }
    snprintf(text, bytes, "%s%s%s", param ? " after that with '" : "", param ? param : "", param ? "'" : "");
}

void te_trace_describe(const te_plan *plan, const te_trace *trace, char *text, size_t bytes)
{
    const te_graph *graph = plan->graph;
    if (trace->value < 0) {
        snprintf(text, bytes, "nothing that is not finite");
        return;
    }
    const te_value *value = &graph->values[trace->value];
    char shape[64], subject[512];
    te_shape_text(&value->shape, shape);
    if (value->place == TE_PLACE_PARAM) {
        snprintf(subject, sizeof subject, "parameter '%s' %s", graph->params->list[value->param].name, shape);
    } else if (value->place == TE_PLACE_INPUT) {
        snprintf(subject, sizeof subject, "input '%s' %s", value->name[0] ? value->name : "without a name", shape);
    } else {
        char detail[256];
        describe_call(graph, trace->call, detail, sizeof detail);
        const te_call *call = &graph->calls[trace->call];
        snprintf(subject, sizeof subject, "the result %s of op '%s'%s in part '%s'", shape, call->op->name, detail,
                 call->part ? call->part : "?");
    }
    snprintf(text, bytes, "%s, which holds %g, first at element %lld of %lld", subject, (double)trace->found,
             (long long)trace->first, (long long)te_shape_count(&value->shape));
}
