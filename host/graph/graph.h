/* The graph: what forward code recorded for one input shape. */
#ifndef TE_GRAPH_GRAPH_H
#define TE_GRAPH_GRAPH_H

#include "graph/op.h"
#include "graph/params.h"

#include "base/settings.h"

enum { TE_VALUE_NAME = 64 };

typedef enum te_place { TE_PLACE_INPUT, TE_PLACE_PARAM, TE_PLACE_RESULT } te_place;

typedef struct te_value {
    te_place place;
    te_shape shape;
    int param;                /* its index, for TE_PLACE_PARAM */
    bool trained;             /* a trained param, or made of one: has a gradient */
    bool constant;            /* made of params alone: computed once per set of weights, not once per run */
    bool lasting;             /* made of trained params alone: with graph->accumulates computed once an update */
    char name[TE_VALUE_NAME]; /* non-empty: an output of the graph, to be read by this name */
} te_value;

struct te_graph {
    te_status status;         /* the first failure of recording; the calls after it do nothing */
    const te_params *params;
    bool training;            /* params change between runs: nothing is constant, and what gradients need is kept */
    bool shared;              /* params are another plan's, which changes them: nothing is constant */
    bool recompute;           /* gradients take the calls of a segment again instead of keeping their results */
    bool stochastic_depth;    /* blocks may be left out of training: MODEL.md section 2 */
    te_precision precision;   /* in which products take their operands */
    bool accumulates;         /* the calls before the closing ones run several times for one update: what is made of trained
                                 params alone, such as packed weights, is kept from the first to the last of these runs */
    bool closing;             /* the calls recorded next run once for several runs of the others: the optimiser */
    const char *part;         /* that the calls recorded next belong to */
    int segment;              /* so are these; 0: none */
    int segment_count;
    te_value *values;
    int value_count, value_capacity;
    te_call *calls;
    int call_count, call_capacity;
};

void te_graph_clear(te_graph *graph);

/* Record. After a failure these return TE_ABSENT and leave graph->status set, so that forward code needs no checks. */
te_tensor te_graph_input(te_graph *graph, te_shape shape);
te_tensor te_graph_param(te_graph *graph, const char *name);
te_tensor te_graph_call(te_graph *graph, const te_op *op, const void *attributes, int inputs, const te_tensor *in);

/* The calls between begin and end are one segment: with graph->recompute its gradients keep what goes into it, not what
 * happens inside. */
void te_graph_begin_segment(te_graph *graph);
void te_graph_end_segment(te_graph *graph);

/* Drop the calls that nothing reads: those without a name, a reader or an effect. */
void te_graph_prune(te_graph *graph);

/* Make a tensor readable after a run, under a name. */
void te_graph_output(te_graph *graph, te_tensor tensor, const char *name);

/* A call's input i, or its result, as a tensor. */
te_tensor te_call_input(const te_call *call, int i);
te_tensor te_call_output(const te_call *call);

/* What a run of the call writes: its result at 0, or input i at i where its op changes that; others are absent. Returns the
 * elements of all. */
int64_t te_call_results(const te_call *call, te_tensor results[TE_INPUTS]);

/* Does input i of a call have a gradient? */
bool te_graph_trains(const te_graph *graph, const te_call *call, int i);

/* Index of the output called `name`, or -1. */
int te_graph_find(const te_graph *graph, const char *name);

/* Multiply-accumulate operations of the calls of a part (NULL: of all). */
uint64_t te_graph_macs(const te_graph *graph, const char *part);

#endif
