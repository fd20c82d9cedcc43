/* memory: the feature memory of a task, started, read, written, and the sum that stands in for it without memory. */
#include "ops/memory_grad.h"

#include <math.h>

/* ---- memory_start ---- */

typedef struct start_options {
    int64_t batch, tokens;
} start_options;

static te_status start_shape(te_call *call)
{
    const start_options *o = (const void *)call->attributes;
    if (call->in[0].rank != 1 || o->batch < 1 || o->tokens < 1) {
        return te_call_fail(call, "vector (D)");
    }
    call->out = TE_SHAPE3(o->batch, o->tokens, call->in[0].size[0]);
    return TE_OK;
}

static te_status start_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_start", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static void start_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->out);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = in[0][i % D];
    }
}

static void start_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = te_sum(graph, dy, te_shape_width(&call->out));
}

static const te_variant start_variants[] = {{"generic", NULL, NULL, start_emit, false}, {0}};
static const start_options two_by_five = {2, 5};
static const te_case start_cases[] = {{{TE_SHAPE1(17)}, &two_by_five, TE_FILL_NORMAL}};

const te_op te_op_memory_start = {.name = "memory_start", .attribute_bytes = sizeof(start_options),
                                  .shape = start_shape, .variants = start_variants, .reference = start_reference,
                                  .gradient = start_gradient, TE_CASES(start_cases)};

te_tensor te_memory_start(te_graph *graph, te_tensor vector, int64_t batch, int64_t tokens)
{
    return te_graph_call(graph, &te_op_memory_start, &(start_options){batch, tokens}, 1, &vector);
}

/* ---- memory_read ---- */

/* Scores of a task: one for each expert, one for the memory if there is one. */
static int64_t scores_of(const te_call *call)
{
    const te_memory_read_options *o = (const void *)call->attributes;
    return o->experts + (call->in[2].rank ? 1 : 0);
}

static te_status read_shape(te_call *call)
{
    const te_memory_read_options *o = (const void *)call->attributes;
    const te_shape *experts = &call->in[0], *gates = &call->in[1];
    if (experts->rank != 3 || gates->rank != 3 || o->experts < 1 || experts->size[2] % o->experts || o->task < 0 ||
        te_shape_rows(gates) != te_shape_rows(experts) || gates->size[2] < (o->task + 1) * scores_of(call)) {
        return te_call_fail(call, "experts (B,N,E*D), gates (B,N,T*S)");
    }
    call->out = TE_SHAPE3(experts->size[0], experts->size[1], experts->size[2] / o->experts);
    return call->in[2].rank && !te_shape_equal(&call->in[2], &call->out)
               ? te_call_fail(call, "memory must be (B,N,D)")
               : TE_OK;
}

static te_status read_emit(te_plan *plan, const te_call *call)
{
    const te_memory_read_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    bool has_memory = call->in[2].rank;
    te_launch launch = {.family = "memory", .kernel = "memory_read", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[has_memory ? 2 : 0]), TE_VALUE(call->out_value),
                                      TE_INT(rows), TE_INT(D), TE_INT(o->experts), TE_INT(call->in[1].size[2]),
                                      TE_INT(o->task * scores_of(call)), TE_INT(has_memory)}};
    return te_plan_launch(plan, &launch);
}

static te_status read_emit_cpu(te_plan *plan, const te_call *call)
{
    const te_memory_read_options *o = (const void *)call->attributes;
    bool has_memory = call->in[2].rank;
    te_launch launch = {.writes = call->out_value,
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[has_memory ? 2 : 0]), TE_VALUE(call->out_value),
                                      TE_INT(te_shape_width(&call->out)), TE_INT(o->experts),
                                      TE_INT(call->in[1].size[2]), TE_INT(o->task * scores_of(call)),
                                      TE_INT(has_memory)}};
    te_launch_on_cpu(&launch, "memory_cpu", "memory_read_cpu", te_shape_rows(&call->out), 1);
    return te_plan_launch(plan, &launch);
}

static void read_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_memory_read_options *o = (const void *)call->attributes;
    int64_t D = te_shape_width(&call->out), start = o->task * scores_of(call);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        const double *gates = in[1] + i / D * call->in[1].size[2] + start;
        out[i] = in[2] ? gates[o->experts] * in[2][i] : 0;
        for (int e = 0; e < o->experts; e++) {
            out[i] += gates[e] * in[0][(i / D * o->experts + e) * D + i % D];
        }
    }
}

static void read_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_memory_read_options o = *(const te_memory_read_options *)(const void *)call->attributes;
    te_tensor experts = te_call_input(call, 0), gates = te_call_input(call, 1), memory = te_call_input(call, 2);
    dx[0] = te_graph_trains(graph, call, 0)
                ? te_memory_read_gradient(graph, &te_op_memory_read_dexperts, dy, gates, memory, o)
                : TE_ABSENT;
    dx[1] = te_graph_trains(graph, call, 1) ? te_memory_read_dgates(graph, dy, gates, experts, memory, o) : TE_ABSENT;
    dx[2] = te_graph_trains(graph, call, 2)
                ? te_memory_read_gradient(graph, &te_op_memory_read_dmemory, dy, gates, memory, o)
                : TE_ABSENT;
}

static const te_variant read_variants[] = {{"generic", NULL, NULL, read_emit, false},
                                           TE_CPU_VARIANT(NULL, read_emit_cpu),
                                           {0}};
static const te_memory_read_options second_of_three = {.experts = 5, .task = 1}, first = {.experts = 1, .task = 0};
static const te_case read_cases[] = {
    {{TE_SHAPE3(2, 7, 5 * 13), TE_SHAPE3(2, 7, 3 * 6), TE_SHAPE3(2, 7, 13)}, &second_of_three, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 7, 5 * 13), TE_SHAPE3(2, 7, 3 * 5)}, &second_of_three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 64), TE_SHAPE3(1, 9, 2), TE_SHAPE3(1, 9, 64)}, &first, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 64), TE_SHAPE3(1, 9, 2), TE_SHAPE3(1, 9, 64)}, &first, TE_FILL_NAN},
};

const te_op te_op_memory_read = {.name = "memory_read", .attribute_bytes = sizeof(te_memory_read_options),
                                 .shape = read_shape, .variants = read_variants, .reference = read_reference,
                                 .gradient = read_gradient, TE_CASES(read_cases)};

te_tensor te_memory_read(te_graph *graph, te_tensor experts, te_tensor gates, te_tensor memory,
                         te_memory_read_options options)
{
    return te_graph_call(graph, &te_op_memory_read, &options, 3, (te_tensor[]){experts, gates, memory});
}

/* ---- memory_write ---- */

static te_status write_shape(te_call *call)
{
    if (!te_shape_equal(&call->in[0], &call->in[1]) || te_shape_count(&call->in[2]) != te_shape_width(&call->in[0])) {
        return te_call_fail(call, "memory and written (B,N,D), alpha (D)");
    }
    call->out = call->in[0];
    return TE_OK;
}

static te_status write_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_write", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value), TE_INT(rows),
                                      TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static void write_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->out);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        double s = 1 / (1 + exp(-in[2][i % D]));
        out[i] = (1 - s) * in[0][i] + s * in[1][i];
    }
}

static void write_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_tensor memory = te_call_input(call, 0), written = te_call_input(call, 1), alpha = te_call_input(call, 2);
    dx[0] = te_graph_trains(graph, call, 0) ? te_memory_write_gradient(graph, dy, alpha, 0) : TE_ABSENT;
    dx[1] = te_graph_trains(graph, call, 1) ? te_memory_write_gradient(graph, dy, alpha, 1) : TE_ABSENT;
    dx[2] = te_graph_trains(graph, call, 2) ? te_memory_write_dalpha(graph, dy, memory, written, alpha) : TE_ABSENT;
}

static const te_variant write_variants[] = {{"generic", NULL, NULL, write_emit, false}, {0}};
static const te_case write_cases[] = {
    {{TE_SHAPE3(2, 5, 19), TE_SHAPE3(2, 5, 19), TE_SHAPE1(19)}, NULL, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE3(1, 5, 64), TE_SHAPE1(64)}, NULL, TE_FILL_LARGE},
};

const te_op te_op_memory_write = {.name = "memory_write", .shape = write_shape, .variants = write_variants,
                                  .reference = write_reference, .gradient = write_gradient, TE_CASES(write_cases)};

te_tensor te_memory_write(te_graph *graph, te_tensor memory, te_tensor written, te_tensor alpha)
{
    return te_graph_call(graph, &te_op_memory_write, NULL, 3, (te_tensor[]){memory, written, alpha});
}

/* ---- memory_sum ---- */

static te_status sum_shape(te_call *call)
{
    call->out = call->in[0];
    return te_shape_equal(&call->in[0], &call->in[1]) ? TE_OK : te_call_fail(call, "two tensors of one shape");
}

static te_status sum_emit(te_plan *plan, const te_call *call)
{
    int64_t elements = te_shape_count(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_sum", .writes = call->out_value,
                        .global = {(size_t)elements},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->out_value), TE_INT(elements)}};
    return te_plan_launch(plan, &launch);
}

static void sum_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = in[0][i] + in[1][i];
    }
}

static void sum_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    (void)graph;
    (void)call;
    dx[0] = dx[1] = dy;
}

static const te_variant sum_variants[] = {{"generic", NULL, NULL, sum_emit, false}, {0}};
static const te_case sum_cases[] = {{{TE_SHAPE3(2, 5, 7), TE_SHAPE3(2, 5, 7)}, NULL, TE_FILL_NORMAL},
                                    {{TE_SHAPE3(1, 5, 64), TE_SHAPE3(1, 5, 64)}, NULL, TE_FILL_INF}};

const te_op te_op_memory_sum = {.name = "memory_sum", .shape = sum_shape, .variants = sum_variants,
                                .reference = sum_reference, .gradient = sum_gradient, TE_CASES(sum_cases)};

te_tensor te_memory_sum(te_graph *graph, te_tensor a, te_tensor b)
{
    return te_graph_call(graph, &te_op_memory_sum, NULL, 2, (te_tensor[]){a, b});
}
