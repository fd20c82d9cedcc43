#include "ops/gradient.h"

/* A value's gradient so far, plus one reader's share. */
static void add(te_graph *graph, te_tensor *sum, te_tensor share)
{
    if (share.value >= 0) {
        *sum = sum->value < 0 ? share : te_memory_sum(graph, *sum, share);
    }
}

te_status te_graph_differentiate(te_graph *graph, te_tensor *gradients)
{
    for (int i = graph->call_count - 1; i >= 0 && graph->status == TE_OK; i--) {
        te_call call = graph->calls[i]; /* a copy: recording may move the array */
        te_tensor dy = gradients[call.out_value];
        if (dy.value < 0 || !graph->values[call.out_value].trained) {
            continue;
        }
        if (!call.op->gradient) {
            graph->status = te_fail(TE_ERR_UNSUPPORTED, "op '%s' has no gradient", call.op->name);
            break;
        }
        te_tensor dx[TE_INPUTS] = {TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT, TE_ABSENT};
        graph->part = call.part;
        call.op->gradient(graph, &call, dy, dx);
        for (int input = 0; input < TE_INPUTS && graph->status == TE_OK; input++) {
            if (te_graph_trains(graph, &call, input)) {
                add(graph, &gradients[call.in_value[input]], dx[input]);
            }
        }
    }
    return graph->status;
}
