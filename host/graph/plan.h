/* The plan: a graph made ready for one device. Implementations are chosen, buffers placed by lifetime, arguments bound;
 * then it is replayed.
 *
 * Invariants
 *  1. Steps are in the order of the graph's calls; one in-order queue runs them.
 *  2. A step that writes a constant value (made of params alone) belongs to the prologue, which runs once per set of
 *     weights; all others form the body, which runs once per input.
 *  3. Results of the body whose lifetimes do not overlap may share a slot (one buffer). A value lives from the first
 *     step that writes it to the last that reads it; outputs live to the end.
 *  4. A lasting value (made of trained params alone, with graph->accumulates) is written in the first of several runs of the
 *     body. It has a slot of its own, where the others find it, unless only lasting values are made of it.
 *  5. A param or constant that only the prologue reads is on the device only while the prologue needs it.
 */
#ifndef TE_GRAPH_PLAN_H
#define TE_GRAPH_PLAN_H

#include "graph/graph.h"

/* ---- for the layers above ---- */

typedef struct te_plan_memory {
    size_t parameters;  /* bytes that stay: params and constants the body reads */
    size_t activations; /* bytes of slots and inputs */
    size_t live;        /* the largest sum of results alive at one step */
} te_plan_memory;

/* Plan `graph` (kept by the caller, as are the params' data) for `device` and run the prologue. */
te_status te_plan_create(te_plan **plan, te_device *device, const te_graph *graph);
void te_plan_free(te_plan *plan);

/* The same for a graph with `shared` set, whose params are read where `owner`, which must live longer, has them on the
 * device. Params that `owner` lacks come from the host. */
te_status te_plan_create_beside(te_plan **plan, te_device *device, const te_graph *graph, const te_plan *owner);

/* Copy host data into an input; run the body; copy an output to the host (waits for it). Values are graph indices. */
te_status te_plan_write(te_plan *plan, int value, const float *data);

/* Copy host data over a param, which the next run reads. TE_ERR_ARGUMENT where the plan has made constants of it. */
te_status te_plan_write_param(te_plan *plan, int value, const float *data);
te_status te_plan_run(te_plan *plan);

/* The part of the body that was recorded with graph->closing, or the other one: TE_RUN_FIRST, or TE_RUN_AGAIN where no param
 * has changed since, which leaves lasting values as they are. te_plan_run() runs all. */
typedef enum te_run_part { TE_RUN_ALL, TE_RUN_FIRST, TE_RUN_AGAIN, TE_RUN_CLOSING } te_run_part;

te_status te_plan_run_part(te_plan *plan, te_run_part part);
te_status te_plan_read(te_plan *plan, int value, float *data);
te_plan_memory te_plan_get_memory(const te_plan *plan);

/* trace.c: where numbers that are not finite come from. The body is run again, call by call, on the present inputs; ops
 * that change their inputs in place (the optimiser) are left out. */
typedef struct te_trace {
    int value;             /* the first input or param that holds such a number, else the first result; -1: none does */
    int call;              /* that made it; -1: none did */
    int64_t first, bad;    /* index of the first such number, and how many there are */
    float found;           /* that number */
} te_trace;

te_status te_plan_trace(te_plan *plan, te_trace *trace);

/* What te_plan_trace() found in words: "parameter 'memory.depth' (8), which holds nan, first at element 3 of 8". */
void te_trace_describe(const te_plan *plan, const te_trace *trace, char *text, size_t bytes);

/* The variant that kernels.variant forces on a call of that device; NULL: none. */
const te_variant *te_call_forced(const te_call *call, const te_device *device);

/* Name of the variant that the plan chose for call `index` of the graph. */
const char *te_plan_get_variant(const te_plan *plan, int index);

/* ---- for the ops: adding launches ---- */

enum { TE_ARGUMENTS = 24 };

typedef enum te_argument_kind { TE_ARG_NONE, TE_ARG_VALUE, TE_ARG_INT, TE_ARG_FLOAT, TE_ARG_DEALER } te_argument_kind;

typedef struct te_argument {
    te_argument_kind kind;
    int64_t number; /* index of a value (-1: a null pointer), or an int; checked to fit 32 bits */
    float real;
} te_argument;

#define TE_VALUE(index) {TE_ARG_VALUE, (index), 0.0f}
#define TE_INT(n) {TE_ARG_INT, (int64_t)(n), 0.0f}
#define TE_FLOAT(x) {TE_ARG_FLOAT, 0, (x)}

/* One kernel launch. */
typedef struct te_launch {
    const char *family, *kernel; /* kernels/<family>.cl */
    const char *options;         /* -D what shapes the code; NULL: none */
    int writes;                  /* the value this launch writes */
    size_t global[3];            /* 0: 1 */
    size_t local[3];             /* all 0: the plan chooses, and the kernel does not care */
    bool dealt;                  /* `global` counts pieces, which one work-item for each compute unit is dealt as it asks for
                                    them: the kernel's parameters end with DEALT (kernels/wide.clh); local is of no account */
    te_argument arguments[TE_ARGUMENTS];
} te_launch;

te_status te_plan_launch(te_plan *plan, const te_launch *launch);

/* The same for a product by CLBlast; strides and offsets in elements, a, b, c are values. */
typedef struct te_library_product {
    int a, b, c;
    size_t m, n, k, a_offset, a_stride, b_offset, b_stride, c_offset, c_stride;
    bool a_transposed, b_transposed; /* stored as (k,m), as (n,k) */
} te_library_product;

te_status te_plan_product(te_plan *plan, const te_library_product *product);

/* A scratch value of `elements` floats. Constant or lasting if `source` (a value, or -1) is: packed weights are made once.
 * Negative on failure. */
int te_plan_scratch(te_plan *plan, int64_t elements, int source);

/* Work-items that a work-group may have in this attempt to emit a call: the device's limit at first, the kernel's own
 * if that turned out smaller. */
size_t te_plan_work_group(const te_plan *plan);
const te_caps *te_plan_caps(const te_plan *plan);

/* Choose and run the emit function of another op's variants, for ops that are built on a product. */
te_status te_plan_emit(te_plan *plan, const te_call *call);

#endif
