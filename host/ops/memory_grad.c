/* Gradients of the memory ops. Their references are the forwards' sums with the terms taken the other way: what a term
 * multiplies gets the result's gradient times the rest of it. */
#include "ops/memory_grad.h"

#include <math.h>

/* ---- memory_read ---- */

typedef struct read_gradient_options {
    te_memory_read_options read;
    int memory; /* the forward read one */
} read_gradient_options;

static const read_gradient_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

/* Scores of a task: one for each expert, one for the memory if the forward read one. */
static int scores_of(const te_call *call)
{
    return options_of(call)->read.experts + options_of(call)->memory;
}

/* Where the scores of the task begin among a token's. */
static int start_of(const te_call *call)
{
    return options_of(call)->read.task * scores_of(call);
}

static bool gates_fit(const te_call *call)
{
    const te_shape *dz = &call->in[0], *gates = &call->in[1];
    return dz->rank == 3 && gates->rank == 3 && options_of(call)->read.experts >= 1 &&
           options_of(call)->read.task >= 0 && te_shape_rows(gates) == te_shape_rows(dz) &&
           gates->size[2] >= start_of(call) + scores_of(call);
}

static te_status check_addend(const te_call *call)
{
    const te_shape *addend = &call->in[call->op->addend];
    return !addend->rank || te_shape_equal(addend, &call->out)
               ? TE_OK
               : te_call_fail(call, "what is added must have the result's shape");
}

/* What references add their terms to. */
static void begin_sums(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const double *addend = in[call->op->addend];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = addend ? addend[i] : 0;
    }
}

/* Work-items of the kernels for processors. */
static int64_t blocks_of(const te_call *call)
{
    enum { BLOCK = 8 }; /* rows; as in kernels/memory_grad_cpu.cl */
    return (te_shape_rows(&call->in[0]) + BLOCK - 1) / BLOCK;
}

static te_status shape_of_feature(te_call *call)
{
    bool of_experts = call->op == &te_op_memory_read_dexperts;
    if (!gates_fit(call) || (!of_experts && !options_of(call)->memory)) {
        return te_call_fail(call, "dz (B,N,D), gates (B,N,T*S), a memory where its gradient is asked for");
    }
    call->out = call->in[0];
    call->out.size[2] *= of_experts ? options_of(call)->read.experts : 1;
    return check_addend(call);
}

/* The arguments that all three kernels end with. */
static void add_sizes(te_launch *launch, int next, const te_call *call)
{
    const read_gradient_options *o = options_of(call);
    const te_argument sizes[] = {TE_INT(te_shape_rows(&call->in[0])), TE_INT(te_shape_width(&call->in[0])),
                                 TE_INT(o->read.experts), TE_INT(te_shape_width(&call->in[1])),
                                 TE_INT(start_of(call))};
    for (int i = 0; i < 5; i++) {
        launch->arguments[next + i] = sizes[i];
    }
}

/* dz, gates, what is added (kept from being read where there is none), the result, sizes. */
static te_launch feature_launch(const te_call *call)
{
    bool adds = call->in[2].rank;
    te_launch launch = {.family = "memory", .kernel = call->op->name, .writes = call->out_value,
                        .global = {(size_t)te_shape_width(&call->out), (size_t)te_shape_rows(&call->out)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[adds ? 2 : 0]), TE_VALUE(call->out_value)}};
    add_sizes(&launch, 4, call);
    launch.arguments[9] = (te_argument)TE_INT(adds);
    return launch;
}

static te_status emit_feature(te_plan *plan, const te_call *call)
{
    te_launch launch = feature_launch(call);
    return te_plan_launch(plan, &launch);
}

/* Both kernels for processors are one: the memory's gradient is that of an only expert whose score comes last. */
static te_status emit_feature_cpu(te_plan *plan, const te_call *call)
{
    int experts = options_of(call)->read.experts;
    te_launch launch = feature_launch(call);
    te_launch_on_cpu(&launch, "memory_grad_cpu", "memory_read_dfeature_cpu", blocks_of(call), 1);
    if (call->op == &te_op_memory_read_dmemory) {
        launch.arguments[6].number = 1; /* E */
        launch.arguments[8].number += experts; /* gate_start */
    }
    return te_plan_launch(plan, &launch);
}

static void read_dexperts_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->in[0]), E = options_of(call)->read.experts;
    begin_sums(call, in, out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        const double *gates = in[1] + i / D * call->in[1].size[2] + start_of(call);
        for (int64_t e = 0; e < E; e++) {
            out[(i / D * E + e) * D + i % D] += gates[e] * in[0][i];
        }
    }
}

static void read_dmemory_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->in[0]);
    begin_sums(call, in, out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        const double *gates = in[1] + i / D * call->in[1].size[2] + start_of(call);
        out[i] += gates[options_of(call)->read.experts] * in[0][i];
    }
}

static const te_variant feature_variants[] = {
    {"generic", NULL, NULL, emit_feature, false}, TE_CPU_VARIANT(NULL, emit_feature_cpu), {0}};

static const read_gradient_options of_five = {.read = {.experts = 5, .task = 1}, .memory = 1},
                                   of_five_alone = {.read = {.experts = 5, .task = 2}},
                                   of_one = {.read = {.experts = 1}, .memory = 1};

/* dz, gates */
#define READ(B, N, D, SCORES) TE_SHAPE3(B, N, D), TE_SHAPE3(B, N, SCORES)

static const te_case read_dexperts_cases[] = {
    {{READ(2, 7, 13, 3 * 6)}, &of_five, TE_FILL_NORMAL},
    {{READ(2, 7, 13, 3 * 5)}, &of_five_alone, TE_FILL_NORMAL},
    {{READ(2, 7, 13, 3 * 6), TE_SHAPE3(2, 7, 5 * 13)}, &of_five, TE_FILL_NORMAL},
    {{READ(3, 19, 48, 4 * 5), TE_SHAPE3(3, 19, 5 * 48)}, &of_five_alone, TE_FILL_NORMAL},
    {{READ(1, 9, 64, 2)}, &of_one, TE_FILL_NORMAL},
    {{READ(1, 3, 1, 2 * 6)}, &of_five, TE_FILL_NORMAL},
    {{READ(1, 9, 40, 2 * 6)}, &of_five, TE_FILL_LARGE},
    {{READ(1, 9, 40, 2 * 6), TE_SHAPE3(1, 9, 5 * 40)}, &of_five, TE_FILL_INF},
    {{READ(1, 9, 40, 2 * 6)}, &of_five, TE_FILL_NAN},
};
static const te_case read_dmemory_cases[] = {
    {{READ(2, 7, 13, 3 * 6)}, &of_five, TE_FILL_NORMAL},
    {{READ(2, 7, 13, 3 * 6), TE_SHAPE3(2, 7, 13)}, &of_five, TE_FILL_NORMAL},
    {{READ(3, 19, 48, 2 * 6), TE_SHAPE3(3, 19, 48)}, &of_five, TE_FILL_NORMAL},
    {{READ(1, 9, 64, 2)}, &of_one, TE_FILL_NORMAL},
    {{READ(1, 3, 1, 2 * 6)}, &of_five, TE_FILL_NORMAL},
    {{READ(1, 9, 40, 2 * 6)}, &of_five, TE_FILL_LARGE},
    {{READ(1, 9, 40, 2 * 6), TE_SHAPE3(1, 9, 40)}, &of_five, TE_FILL_INF},
    {{READ(1, 9, 40, 2 * 6)}, &of_five, TE_FILL_NAN},
};

const te_op te_op_memory_read_dexperts = {.name = "memory_read_dexperts", .shape = shape_of_feature, .addend = 2,
                                          .attribute_bytes = sizeof(read_gradient_options),
                                          .variants = feature_variants, .reference = read_dexperts_reference,
                                          TE_CASES(read_dexperts_cases)};
const te_op te_op_memory_read_dmemory = {.name = "memory_read_dmemory", .shape = shape_of_feature, .addend = 2,
                                         .attribute_bytes = sizeof(read_gradient_options),
                                         .variants = feature_variants, .reference = read_dmemory_reference,
                                         TE_CASES(read_dmemory_cases)};

te_tensor te_memory_read_gradient(te_graph *graph, const te_op *op, te_tensor dz, te_tensor gates, te_tensor memory,
                                  te_memory_read_options options)
{
    read_gradient_options all = {options, memory.value >= 0};
    return te_graph_call(graph, op, &all, 2, (te_tensor[]){dz, gates});
}

static te_status dgates_shape(te_call *call)
{
    const te_shape *dz = &call->in[0], *experts = &call->in[2], *memory = &call->in[3];
    if (!gates_fit(call) || experts->rank != 3 || te_shape_rows(experts) != te_shape_rows(dz) ||
        experts->size[2] != options_of(call)->read.experts * dz->size[2]) {
        return te_call_fail(call, "dz (B,N,D), gates (B,N,T*S), experts (B,N,E*D)");
    }
    if (options_of(call)->memory ? !te_shape_equal(memory, dz) : memory->rank) {
        return te_call_fail(call, "memory (B,N,D) where the forward read one");
    }
    call->out = call->in[1];
    return check_addend(call);
}

static te_launch dgates_launch(const te_call *call)
{
    int memory = options_of(call)->memory;
    bool adds = call->in[4].rank;
    te_launch launch = {.family = "memory", .kernel = "memory_read_dgates", .writes = call->out_value,
                        .global = {(size_t)te_shape_width(&call->out), (size_t)te_shape_rows(&call->out)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[2]),
                                      TE_VALUE(call->in_value[memory ? 3 : 2]),
                                      TE_VALUE(call->in_value[adds ? 4 : 2]), TE_VALUE(call->out_value)}};
    add_sizes(&launch, 5, call);
    launch.arguments[10] = (te_argument)TE_INT(memory);
    launch.arguments[11] = (te_argument)TE_INT(adds);
    return launch;
}

static te_status dgates_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = dgates_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status dgates_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = dgates_launch(call);
    te_launch_on_cpu(&launch, "memory_grad_cpu", "memory_read_dgates_cpu", blocks_of(call), 1);
    return te_plan_launch(plan, &launch);
}

static void dgates_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->in[0]), E = options_of(call)->read.experts;
    begin_sums(call, in, out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        double *scores = out + i / D * call->out.size[2] + start_of(call);
        for (int64_t e = 0; e < E; e++) {
            scores[e] += in[2][(i / D * E + e) * D + i % D] * in[0][i];
        }
        if (in[3]) {
            scores[E] += in[3][i] * in[0][i];
        }
    }
}

static const te_variant dgates_variants[] = {
    {"generic", NULL, NULL, dgates_emit, false}, TE_CPU_VARIANT(NULL, dgates_emit_cpu), {0}};

/* The same, experts */
#define READ_ALL(B, N, D, SCORES, E) READ(B, N, D, SCORES), TE_SHAPE3(B, N, (E) * (D))

static const te_case dgates_cases[] = {
    {{READ_ALL(2, 7, 13, 3 * 6, 5), TE_SHAPE3(2, 7, 13)}, &of_five, TE_FILL_NORMAL},
    {{READ_ALL(2, 7, 13, 3 * 5, 5)}, &of_five_alone, TE_FILL_NORMAL},
    {{READ_ALL(2, 7, 13, 3 * 6, 5), TE_SHAPE3(2, 7, 13), TE_SHAPE3(2, 7, 3 * 6)}, &of_five, TE_FILL_NORMAL},
    {{READ_ALL(3, 19, 48, 4 * 5, 5), {0}, TE_SHAPE3(3, 19, 4 * 5)}, &of_five_alone, TE_FILL_NORMAL},
    {{READ_ALL(1, 9, 83, 2, 1), TE_SHAPE3(1, 9, 83)}, &of_one, TE_FILL_NORMAL},
    {{READ_ALL(1, 3, 1, 2 * 6, 5), TE_SHAPE3(1, 3, 1)}, &of_five, TE_FILL_NORMAL},
    {{READ_ALL(1, 11, 768, 2 * 6, 5), TE_SHAPE3(1, 11, 768)}, &of_five, TE_FILL_NORMAL},
    {{READ_ALL(1, 9, 40, 2 * 6, 5), TE_SHAPE3(1, 9, 40)}, &of_five, TE_FILL_LARGE},
    {{READ_ALL(1, 9, 40, 2 * 6, 5), TE_SHAPE3(1, 9, 40), TE_SHAPE3(1, 9, 2 * 6)}, &of_five, TE_FILL_INF},
    {{READ_ALL(1, 9, 40, 3 * 6, 5), TE_SHAPE3(1, 9, 40)}, &of_five, TE_FILL_NAN},
};

const te_op te_op_memory_read_dgates = {.name = "memory_read_dgates", .shape = dgates_shape, .addend = 4,
                                        .attribute_bytes = sizeof(read_gradient_options),
                                        .variants = dgates_variants, .reference = dgates_reference,
                                        TE_CASES(dgates_cases)};

te_tensor te_memory_read_dgates(te_graph *graph, te_tensor dz, te_tensor gates, te_tensor experts, te_tensor memory,
                                te_memory_read_options options)
{
    read_gradient_options all = {options, memory.value >= 0};
    return te_graph_call(graph, &te_op_memory_read_dgates, &all, 4, (te_tensor[]){dz, gates, experts, memory});
}

/* ---- memory_write ---- */

typedef struct write_gradient_options {
    int of_written;
} write_gradient_options;

static te_status dmemory_shape(te_call *call)
{
    call->out = call->in[0];
    return te_shape_count(&call->in[1]) == te_shape_width(&call->in[0]) ? TE_OK
                                                                        : te_call_fail(call, "dy (B,N,D), alpha (D)");
}

static te_status dmemory_emit(te_plan *plan, const te_call *call)
{
    const write_gradient_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_write_dmemory", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->out_value), TE_INT(rows), TE_INT(D), TE_INT(o->of_written)}};
    return te_plan_launch(plan, &launch);
}

/* 1 - sigmoid(alpha) is sigmoid(-alpha). */
static void dmemory_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const write_gradient_options *o = (const void *)call->attributes;
    int64_t D = te_shape_width(&call->out);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        double alpha = in[1][i % D];
        out[i] = in[0][i] / (1 + exp(o->of_written ? -alpha : alpha));
    }
}

static const te_variant dmemory_variants[] = {{"generic", NULL, NULL, dmemory_emit, false}, {0}};
static const write_gradient_options to_memory = {0}, to_written = {1};
static const te_case dmemory_cases[] = {
    {{TE_SHAPE3(2, 5, 19), TE_SHAPE1(19)}, &to_memory, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 5, 19), TE_SHAPE1(19)}, &to_written, TE_FILL_NORMAL},
    {{TE_SHAPE3(3, 1, 1), TE_SHAPE1(1)}, &to_memory, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64)}, &to_written, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64)}, &to_memory, TE_FILL_INF},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64)}, &to_written, TE_FILL_NAN},
};

const te_op te_op_memory_write_dmemory = {.name = "memory_write_dmemory", .shape = dmemory_shape,
                                          .attribute_bytes = sizeof(write_gradient_options),
                                          .variants = dmemory_variants, .reference = dmemory_reference,
                                          TE_CASES(dmemory_cases)};

te_tensor te_memory_write_gradient(te_graph *graph, te_tensor dy, te_tensor alpha, int of_written)
{
    return te_graph_call(graph, &te_op_memory_write_dmemory, &(write_gradient_options){of_written}, 2,
                         (te_tensor[]){dy, alpha});
}

static te_status dalpha_shape(te_call *call)
{
    const te_shape *dy = &call->in[0];
    if (!te_shape_equal(dy, &call->in[1]) || !te_shape_equal(dy, &call->in[2]) ||
        te_shape_count(&call->in[3]) != te_shape_width(dy)) {
        return te_call_fail(call, "dy, memory and written (B,N,D), alpha (D)");
    }
    call->out = *dy;
    return TE_OK;
}

static te_status dalpha_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_write_dalpha", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->out_value), TE_INT(rows), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

/* The sigmoid's slope is exp(-alpha) / (1 + exp(-alpha))^2. */
static void dalpha_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t D = te_shape_width(&call->out);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        double e = exp(-in[3][i % D]), slope = e / ((1 + e) * (1 + e));
        out[i] = in[0][i] * slope * (in[2][i] - in[1][i]);
    }
}

static const te_variant dalpha_variants[] = {{"generic", NULL, NULL, dalpha_emit, false}, {0}};

/* dy, memory, written, alpha */
#define WRITE(B, N, D) {TE_SHAPE3(B, N, D), TE_SHAPE3(B, N, D), TE_SHAPE3(B, N, D), TE_SHAPE1(D)}

static const te_case dalpha_cases[] = {
    {WRITE(2, 5, 19), NULL, TE_FILL_NORMAL}, {WRITE(3, 1, 1), NULL, TE_FILL_NORMAL},
    {WRITE(1, 5, 64), NULL, TE_FILL_LARGE},  {WRITE(1, 5, 64), NULL, TE_FILL_INF},
    {WRITE(1, 5, 64), NULL, TE_FILL_NAN},
};

const te_op te_op_memory_write_dalpha = {.name = "memory_write_dalpha", .shape = dalpha_shape,
                                         .variants = dalpha_variants, .reference = dalpha_reference,
                                         TE_CASES(dalpha_cases)};

te_tensor te_memory_write_dalpha(te_graph *graph, te_tensor dy, te_tensor memory, te_tensor written, te_tensor alpha)
{
    te_tensor rows = te_graph_call(graph, &te_op_memory_write_dalpha, NULL, 4,
                                   (te_tensor[]){dy, memory, written, alpha});
    return te_sum(graph, rows, te_shape_width(&rows.shape));
}
