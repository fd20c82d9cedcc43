/* The inside of a plan, shared by the files that build and run it. */
#ifndef TE_GRAPH_PLAN_PRIVATE_H
#define TE_GRAPH_PLAN_PRIVATE_H

#include "graph/plan.h"

/* A value of the graph, or a scratch of the plan (index from graph->value_count on). */
typedef struct te_placed {
    te_place place;
    bool constant, lasting, output;
    bool read_by_body;
    bool used_again;         /* by a step that does not write a lasting value, so in every run of the body */
    int param;
    int64_t elements;
    int first, last;         /* steps; first = -1: never written by a step */
    int slot;
    te_buffer *buffer;       /* of its own, the slot's, or the owner's */
    bool borrowed;           /* the owner's */
} te_placed;

typedef struct te_step {
    te_kernel *kernel;       /* NULL: a product by the library */
    te_launch launch;
    te_library_product product;
    int call;                /* of the graph, that it is a step of */
} te_step;

struct te_plan {
    te_device *device;
    const te_graph *graph;
    const te_plan *owner;    /* of the params; NULL: this plan */
    int call;                /* that is being emitted */
    te_placed *values;
    int value_count, value_capacity;
    te_step *steps;
    int step_count, step_capacity;
    te_buffer **slots;
    int slot_count;
    size_t work_group;       /* see te_plan_work_group() */
    bool listing;            /* nothing is emitted: which programs there are is told to the device */
    bool too_large;          /* a launch of this attempt exceeded its kernel's own limit */
    const te_variant **variants; /* of each call */
    int *works;              /* of each call, as the device's recording names it; then of what is made once for each */
    float *staging;          /* while params go to the device */
    te_plan_memory memory;
};

/* emit.c: choose implementations and add their steps, in the graph's order. */
te_status te_plan_emit_all(te_plan *plan);

/* choose.c: the variant that a call gets. */
const te_variant *te_plan_choose(const te_plan *plan, const te_call *call);

/* After emitting `variant` failed: true if another may take its place from now on, which is told. Not where somebody asked for
 * it (forced, tuned, prebuilt) or there is nothing behind it. */
bool te_plan_pass_over(te_plan *plan, const te_call *call, const te_variant *variant, te_status status);

/* tuned.c: the variant that the device's tuning names for a call, if it is there and can run it; or NULL. */
const te_variant *te_plan_tuned(const te_plan *plan, const te_call *call);

/* The values a step reads and writes: calls visit(value, context) for each. */
void te_step_visit(const te_step *step, void (*visit)(int value, void *context), void *context);
int te_step_writes(const te_step *step);

/* bind.c: buffers by lifetime, prologue, arguments. */
te_status te_plan_bind(te_plan *plan);
te_status te_step_bind(te_plan *plan, te_step *step);
te_status te_step_run(te_plan *plan, te_step *step);

#endif
