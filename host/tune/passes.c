#include "tune/passes.h"

#include <stdlib.h>
#include <string.h>

te_status te_passes_record(te_passes *passes, const te_settings *settings, bool training)
{
    *passes = (te_passes){.model = NULL};
    te_status status;
    TE_TRY_OUT(te_model_declare(&passes->model, settings));
    const te_config *config = &passes->model->config;
    te_extent extent = {.batch = 1, .height = config->grid_height, .width = config->grid_width};
    te_graph *forward = &passes->graphs[TE_PASS_FORWARD];
    forward->precision = settings->infer.precision;
    passes->image = te_model_record(passes->model, forward, extent, 0);
    TE_TRY_OUT(forward->status);
    if (training) {
        te_train_options options = te_train_options_of(settings);
        TE_TRY_OUT(te_train_graph_record(&passes->graphs[TE_PASS_TRAINING], passes->model, &options));
    }
    return TE_OK;
out:
    te_passes_clear(passes);
    return status;
}

void te_passes_clear(te_passes *passes)
{
    for (int pass = 0; pass < TE_PASS_COUNT; pass++) {
        te_graph_clear(&passes->graphs[pass]);
    }
    te_model_free(passes->model);
    passes->model = NULL;
}

/* ---- kinds of calls ---- */

static void describe(te_kind *kind)
{
    const te_call *call = te_kind_call(kind);
    unsigned constants = 0;
    for (int i = 0; i < TE_INPUTS; i++) {
        constants |= call->in[i].rank && kind->graph->values[call->in_value[i]].constant ? 1u << i : 0;
    }
    te_call_describe(call, constants, kind->shape);
}

static te_kind *find(te_kinds *kinds, const te_kind *like)
{
    for (size_t i = 0; i < kinds->count; i++) {
        te_kind *kind = &kinds->list[i];
        if (kind->pass == like->pass && te_kind_call(kind)->op == te_kind_call(like)->op &&
            strcmp(kind->shape, like->shape) == 0) {
            return kind;
        }
    }
    return NULL;
}

static te_status add(te_kinds *kinds, const te_kind *kind)
{
    te_kind *known = find(kinds, kind);
    if (known) {
        known->runs++;
        return TE_OK;
    }
    if (kinds->count == kinds->capacity) {
        size_t capacity = 2 * kinds->capacity + 64;
        te_kind *list = te_realloc(kinds->list, capacity, sizeof *list, "kinds of calls");
        if (!list) {
            return TE_ERR_MEMORY;
        }
        kinds->list = list;
        kinds->capacity = capacity;
    }
    kinds->list[kinds->count++] = *kind;
    return TE_OK;
}

te_status te_kinds_add(te_kinds *kinds, const te_graph *graph, int pass)
{
    for (int i = 0; i < graph->call_count; i++) {
        te_kind kind = {.graph = graph, .pass = pass, .call = i, .runs = 1};
        if (!graph->values[graph->calls[i].out_value].constant) {
            describe(&kind);
            TE_TRY(add(kinds, &kind));
        }
    }
    return TE_OK;
}

void te_kinds_clear(te_kinds *kinds)
{
    free(kinds->list);
    *kinds = (te_kinds){.list = NULL};
}

const te_call *te_kind_call(const te_kind *kind)
{
    return &kind->graph->calls[kind->call];
}

uint64_t te_call_bytes(const te_call *call)
{
    int64_t elements = te_shape_count(&call->out);
    for (int i = 0; i < TE_INPUTS; i++) {
        elements += te_shape_count(&call->in[i]);
    }
    return (uint64_t)elements * sizeof(float);
}

double te_call_operations(const te_call *call)
{
    return call->op->macs ? 2.0 * (double)call->op->macs(call) : 0.0;
}
