#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void te_graph_clear(te_graph *graph)
{
    free(graph->values);
    free(graph->calls);
    *graph = (te_graph){0};
}

te_status te_call_fail(const te_call *call, const char *reason)
{
    char shapes[TE_INPUTS * 66] = "", text[64];
    size_t used = 0;
    for (int i = 0; i < TE_INPUTS && used < sizeof shapes; i++) {
        if (call->in[i].rank) {
            used += (size_t)snprintf(shapes + used, sizeof shapes - used, " %s", te_shape_text(&call->in[i], text));
        }
    }
    return te_fail(TE_ERR_ARGUMENT, "op '%s' with%s: %s", call->op->name, shapes, reason);
}

/* Room for one more element; the grown array, or NULL. */
static void *grow(void *array, int count, int *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    int wanted = *capacity ? 2 * *capacity : 128;
    void *grown = te_realloc(array, (size_t)wanted, size, "the graph");
    *capacity = grown ? wanted : *capacity;
    return grown;
}

static te_tensor add_value(te_graph *graph, te_value value)
{
    te_value *values = grow(graph->values, graph->value_count, &graph->value_capacity, sizeof *values);
    if (!values) {
        graph->status = TE_ERR_MEMORY;
        return TE_ABSENT;
    }
    graph->values = values;
    values[graph->value_count] = value;
    return (te_tensor){graph->value_count++, value.shape};
}

te_tensor te_graph_input(te_graph *graph, te_shape shape)
{
    return graph->status == TE_OK ? add_value(graph, (te_value){.place = TE_PLACE_INPUT, .shape = shape}) : TE_ABSENT;
}

te_tensor te_graph_param(te_graph *graph, const char *name)
{
    if (graph->status != TE_OK) {
        return TE_ABSENT;
    }
    int param = te_params_find(graph->params, name);
    if (param < 0) {
        graph->status = te_fail(TE_ERR_ARGUMENT, "the model has no parameter '%s'", name);
        return TE_ABSENT;
    }
    for (int i = 0; i < graph->value_count; i++) { /* one value a param: training changes it in place */
        if (graph->values[i].place == TE_PLACE_PARAM && graph->values[i].param == param) {
            return (te_tensor){i, graph->values[i].shape};
        }
    }
    return add_value(graph, (te_value){.place = TE_PLACE_PARAM, .shape = graph->params->list[param].shape,
                                       .param = param, .constant = !graph->training && !graph->shared,
                                       .lasting = graph->accumulates && !graph->params->list[param].statistic,
                                       .trained = !graph->params->list[param].statistic});
}

te_tensor te_graph_call(te_graph *graph, const te_op *op, const void *attributes, int inputs, const te_tensor *in)
{
    if (graph->status != TE_OK) {
        return TE_ABSENT;
    }
    te_call call = {.op = op, .part = graph->part, .segment = graph->segment, .closing = graph->closing};
    bool constant = true, trained = false, lasting = inputs > 0;
    for (int i = 0; i < TE_INPUTS; i++) {
        te_tensor input = i < inputs ? in[i] : TE_ABSENT;
        call.in[i] = input.shape;
        call.in_value[i] = input.value;
        constant = constant && (input.value < 0 || graph->values[input.value].constant);
        lasting = lasting && (input.value < 0 || graph->values[input.value].lasting);
        trained = trained || (input.value >= 0 && graph->values[input.value].trained);
    }
    if (op->attribute_bytes) {
        memcpy(call.attributes, attributes, op->attribute_bytes);
    }
    graph->status = op->shape(&call);
    te_call *calls = grow(graph->calls, graph->call_count, &graph->call_capacity, sizeof *calls);
    if (graph->status != TE_OK || !calls) {
        graph->status = calls ? graph->status : TE_ERR_MEMORY;
        graph->calls = calls ? calls : graph->calls;
        return TE_ABSENT;
    }
    graph->calls = calls;
    te_tensor out = add_value(graph, (te_value){.place = TE_PLACE_RESULT, .shape = call.out, .constant = constant,
                                                .lasting = lasting, .trained = trained});
    call.out_value = out.value;
    calls[graph->call_count++] = call;
    return out;
}

void te_graph_output(te_graph *graph, te_tensor tensor, const char *name)
{
    if (graph->status == TE_OK) {
        snprintf(graph->values[tensor.value].name, TE_VALUE_NAME, "%s", name);
    }
}

void te_graph_begin_segment(te_graph *graph)
{
    graph->segment = ++graph->segment_count;
}

void te_graph_end_segment(te_graph *graph)
{
    graph->segment = 0;
}

void te_graph_prune(te_graph *graph)
{
    bool *read = graph->status == TE_OK ? te_alloc((size_t)graph->value_count + 1, sizeof *read, "the graph") : NULL;
    if (!read) {
        graph->status = graph->status == TE_OK ? TE_ERR_MEMORY : graph->status;
        return;
    }
    int kept = graph->call_count; /* calls from here on are kept; they move up to the array's end first */
    for (int i = graph->call_count - 1; i >= 0; i--) {
        const te_call *call = &graph->calls[i];
        if (!read[call->out_value] && !graph->values[call->out_value].name[0] && !call->op->changes) {
            continue;
        }
        for (int input = 0; input < TE_INPUTS; input++) {
            if (call->in[input].rank) {
                read[call->in_value[input]] = true;
            }
        }
        graph->calls[--kept] = *call;
    }
    graph->call_count -= kept;
    memmove(graph->calls, graph->calls + kept, (size_t)graph->call_count * sizeof *graph->calls);
    free(read);
}

te_tensor te_call_input(const te_call *call, int i)
{
    return call->in[i].rank ? (te_tensor){call->in_value[i], call->in[i]} : TE_ABSENT;
}

te_tensor te_call_output(const te_call *call)
{
    return (te_tensor){call->out_value, call->out};
}

int64_t te_call_results(const te_call *call, te_tensor results[TE_INPUTS])
{
    unsigned changes = call->op->changes;
    int64_t elements = 0;
    for (int i = 0; i < TE_INPUTS; i++) {
        bool written = changes ? changes >> i & 1 : i == 0;
        results[i] = !written ? TE_ABSENT : changes ? te_call_input(call, i) : te_call_output(call);
        elements += te_shape_count(&results[i].shape);
    }
    return elements;
}

bool te_graph_trains(const te_graph *graph, const te_call *call, int i)
{
    return call->in[i].rank && graph->values[call->in_value[i]].trained;
}

int te_graph_find(const te_graph *graph, const char *name)
{
    for (int i = 0; i < graph->value_count; i++) {
        if (graph->values[i].name[0] && strcmp(graph->values[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

uint64_t te_graph_macs(const te_graph *graph, const char *part)
{
    uint64_t macs = 0;
    for (int i = 0; i < graph->call_count; i++) {
        const te_call *call = &graph->calls[i];
        if (call->op->macs && (!part || strcmp(part, call->part) == 0)) {
            macs += call->op->macs(call);
        }
    }
    return macs;
}
