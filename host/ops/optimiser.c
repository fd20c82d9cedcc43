#include "ops/optimiser.h"

enum { BLOCK = 4096 }; /* elements; as in kernels/optimiser.cl and optimiser_cpu.cl */

/* Of ops in place: nothing is written there, it is a result for the graph's sake. */
static te_status token_shape(te_call *call)
{
    call->out = TE_SHAPE1(1);
    return TE_OK;
}

/* ---- square_sum ---- */

static te_status square_shape(te_call *call)
{
    call->out = TE_SHAPE1(1);
    bool fits = call->in[0].rank && (!call->in[1].rank || te_shape_count(&call->in[1]) == 1);
    return fits ? TE_OK : te_call_fail(call, "x of any shape, a number or nothing");
}

static te_status square_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t elements = te_shape_count(&call->in[0]), blocks = (elements + BLOCK - 1) / BLOCK;
    bool has_before = call->in[1].rank;
    int partial = te_plan_scratch(plan, blocks, -1);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch part = {.family = "optimiser", .kernel = "square_partial", .writes = partial,
                      .global = {(size_t)blocks},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(partial), TE_INT(elements)}};
    te_launch total = {.family = "optimiser", .kernel = "square_total", .writes = call->out_value, .global = {1},
                       .arguments = {TE_VALUE(partial), TE_VALUE(has_before ? call->in_value[1] : partial),
                                     TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(has_before)}};
    if (cpu) {
        te_launch_on_cpu(&part, "optimiser_cpu", "square_partial_cpu", blocks, 1);
    }
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status square_emit(te_plan *plan, const te_call *call)
{
    return square_emit_on(plan, call, false);
}

static te_status square_emit_cpu(te_plan *plan, const te_call *call)
{
    return square_emit_on(plan, call, true);
}

static void square_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    out[0] = in[1] ? in[1][0] : 0;
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        out[0] += in[0][i] * in[0][i];
    }
}

static const te_variant square_variants[] = {
    {"generic", NULL, NULL, square_emit, false}, TE_CPU_VARIANT(NULL, square_emit_cpu), {0}};
static const te_case square_cases[] = {{{TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(123, 100)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(77, 100), TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(12, 10)}, NULL, TE_FILL_NAN}};

const te_op te_op_square_sum = {.name = "square_sum", .shape = square_shape, .variants = square_variants,
                                .reference = square_reference, TE_CASES(square_cases)};

te_tensor te_square_sum(te_graph *graph, te_tensor x, te_tensor before)
{
    return te_graph_call(graph, &te_op_square_sum, NULL, 2, (te_tensor[]){x, before});
}

/* ---- accumulate ---- */

static te_status accumulate_emit(te_plan *plan, const te_call *call)
{
    int64_t elements = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "accumulate", .writes = call->out_value,
                        .global = {(size_t)elements},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_INT(elements)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant accumulate_variants[] = {{"generic", NULL, NULL, accumulate_emit, false}, {0}};

const te_op te_op_accumulate = {.name = "accumulate", .shape = token_shape, .changes = 1u << 0,
                                .variants = accumulate_variants};

void te_accumulate(te_graph *graph, te_tensor sum, te_tensor x, te_tensor keep)
{
    te_graph_call(graph, &te_op_accumulate, NULL, 3, (te_tensor[]){sum, x, keep});
}

/* ---- adam ---- */

static te_status adam_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    const te_adam_options *o = (const void *)call->attributes;
    int64_t elements = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "adam", .writes = call->out_value,
                        .global = {(size_t)elements},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->in_value[4]), TE_VALUE(call->in_value[5]), TE_INT(elements),
                                      TE_FLOAT(o->factor), TE_FLOAT(o->decays), TE_INT(o->decoupled)}};
    if (cpu) {
        te_launch_on_cpu(&launch, "optimiser_cpu", "adam_cpu", (elements + BLOCK - 1) / BLOCK, 1);
    }
    return te_plan_launch(plan, &launch);
}

static te_status adam_emit(te_plan *plan, const te_call *call)
{
    return adam_emit_on(plan, call, false);
}

static te_status adam_emit_cpu(te_plan *plan, const te_call *call)
{
    return adam_emit_on(plan, call, true);
}

static const te_variant adam_variants[] = {
    {"generic", NULL, NULL, adam_emit, false}, TE_CPU_VARIANT(NULL, adam_emit_cpu), {0}};

const te_op te_op_adam = {.name = "adam", .attribute_bytes = sizeof(te_adam_options), .shape = token_shape,
                          .changes = 1u << 0 | 1u << 2 | 1u << 3, .variants = adam_variants};

void te_adam(te_graph *graph, const te_tensor in[6], te_adam_options options)
{
    te_graph_call(graph, &te_op_adam, &options, 6, in);
}

/* ---- running_update ---- */

typedef struct running_options {
    int64_t rows;
} running_options;

static te_status running_emit(te_plan *plan, const te_call *call)
{
    const running_options *o = (const void *)call->attributes;
    int64_t C = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "running_update", .writes = call->out_value,
                        .global = {(size_t)C},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]), TE_INT(C),
                                      TE_INT(o->rows)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant running_variants[] = {{"generic", NULL, NULL, running_emit, false}, {0}};

const te_op te_op_running_update = {.name = "running_update", .attribute_bytes = sizeof(running_options),
                                    .shape = token_shape, .changes = 1u << 0 | 1u << 1,
                                    .variants = running_variants};

void te_running_update(te_graph *graph, te_tensor mean, te_tensor variance, te_tensor stats, te_tensor conv_bias,
                       int64_t rows)
{
    te_graph_call(graph, &te_op_running_update, &(running_options){rows}, 4,
                  (te_tensor[]){mean, variance, stats, conv_bias});
}
