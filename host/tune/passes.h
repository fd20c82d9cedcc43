/* The passes of a model, as graphs: its forward pass, and a step of training; and the different calls that they hold. */
#ifndef TE_TUNE_PASSES_H
#define TE_TUNE_PASSES_H

#include "model/model.h"
#include "train/step.h"

enum { TE_PASS_FORWARD, TE_PASS_TRAINING, TE_PASS_COUNT };

typedef struct te_passes {
    te_model *model;                 /* without weights until te_params_fill() */
    te_tensor image;                 /* input of the forward pass */
    te_graph graphs[TE_PASS_COUNT];  /* that of training is empty if it was not asked for */
} te_passes;

te_status te_passes_record(te_passes *passes, const te_settings *settings, bool training);
void te_passes_clear(te_passes *passes);

/* A call that stands for all those of its graph with the same op, shapes and attributes. */
typedef struct te_kind {
    const te_graph *graph;
    int pass, call;
    uint64_t runs;            /* in one pass */
    char shape[TE_CALL_TEXT]; /* as te_call_describe() has it */
} te_kind;

typedef struct te_kinds {
    te_kind *list;
    size_t count, capacity;
} te_kinds;

/* Add the kinds of calls of a graph; those that run once per set of weights are left out. */
te_status te_kinds_add(te_kinds *kinds, const te_graph *graph, int pass);
void te_kinds_clear(te_kinds *kinds);

const te_call *te_kind_call(const te_kind *kind);

/* Bytes of a call's inputs and result, each once. */
uint64_t te_call_bytes(const te_call *call);

/* Floating-point operations of a call's products; 0: it has none. */
double te_call_operations(const te_call *call);

#endif
