#include "ops/gradient.h"

#include <stdlib.h>

/* The way back through a graph. With graph->recompute, the calls of a segment are recorded once more when the way back
 * reaches it, and the rules see these in place of the first ones, whose results need not be kept. */
typedef struct backward {
    te_graph *graph;
    te_tensor *gradients; /* by the first values */
    int *stands;          /* for each first value: the one that stands for it, itself or recomputed */
    int segment;          /* that was recomputed last; 0: none */
    int calls;            /* of the forward pass */
} backward;

/* Let the call, from number `first` on, that made `share` add `sum` to it; false where its op does not. */
static bool add_within(te_graph *graph, int first, te_tensor sum, te_tensor share)
{
    for (int i = graph->call_count - 1; i >= first; i--) {
        te_call *call = &graph->calls[i];
        int addend = call->op->addend;
        if (call->out_value == share.value && addend && !call->in[addend].rank) {
            call->in[addend] = call->out;
            call->in_value[addend] = sum.value;
            return true;
        }
    }
    return false;
}

/* A value's gradient so far, plus one reader's share, whose rule recorded the calls from number `first` on. */
static void add(te_graph *graph, int first, te_tensor *sum, te_tensor share)
{
    if (share.value >= 0) {
        bool within = sum->value < 0 || add_within(graph, first, *sum, share);
        *sum = within ? share : te_memory_sum(graph, *sum, share);
    }
}

/* A call as the rules see it. */
static te_call standing(const backward *back, te_call call)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        call.in_value[i] = call.in[i].rank ? back->stands[call.in_value[i]] : call.in_value[i];
    }
    call.out_value = back->stands[call.out_value];
    return call;
}

/* Record the segment that ends with call `last` again. What nobody reads of it is pruned later. */
static void recompute(backward *back, int last)
{
    te_graph *graph = back->graph;
    int first = last, segment = graph->calls[last].segment;
    while (first > 0 && graph->calls[first - 1].segment == segment) {
        first--;
    }
    for (int i = first; i <= last && graph->status == TE_OK; i++) {
        te_call call = standing(back, graph->calls[i]); /* a copy: recording may move the array */
        te_tensor in[TE_INPUTS];
        for (int input = 0; input < TE_INPUTS; input++) {
            in[input] = te_call_input(&call, input);
        }
        if (!call.op->changes) {
            int first_value = graph->calls[i].out_value;
            graph->part = call.part;
            back->stands[first_value] = te_graph_call(graph, call.op, call.attributes, TE_INPUTS, in).value;
        }
    }
    back->segment = segment;
}

static void differentiate_call(backward *back, int index)
{
    te_graph *graph = back->graph;
    te_call first = graph->calls[index];
    te_tensor dy = back->gradients[first.out_value];
    if (dy.value < 0 || !graph->values[first.out_value].trained) {
        return;
    }
    if (!first.op->gradient) {
        graph->status = te_fail(TE_ERR_UNSUPPORTED, "op '%s' has no gradient", first.op->name);
        return;
    }
    if (graph->recompute && first.segment && first.segment != back->segment) {
        int last = index;
        while (last + 1 < back->calls && graph->calls[last + 1].segment == first.segment) {
            last++;
        }
        recompute(back, last);
        if (graph->status != TE_OK) {
            return;
        }
    }
    te_call call = standing(back, first);
    te_tensor dx[TE_INPUTS] = {TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT};
    graph->part = call.part;
    int rule = graph->call_count;
    call.op->gradient(graph, &call, dy, dx);
    for (int input = 0; input < TE_INPUTS && graph->status == TE_OK; input++) {
        if (te_graph_trains(graph, &call, input)) {
            add(graph, rule, &back->gradients[first.in_value[input]], dx[input]);
        }
    }
}

te_status te_graph_differentiate(te_graph *graph, te_tensor *gradients)
{
    backward back = {.graph = graph, .gradients = gradients, .calls = graph->call_count};
    back.stands = te_alloc((size_t)graph->value_count, sizeof *back.stands, "gradients");
    if (!back.stands) {
        graph->status = TE_ERR_MEMORY;
        return graph->status;
    }
    for (int i = 0; i < graph->value_count; i++) {
        back.stands[i] = i;
    }
    for (int i = back.calls - 1; i >= 0 && graph->status == TE_OK; i--) {
        differentiate_call(&back, i);
    }
    free(back.stands);
    return graph->status;
}
