/* batchnorm with the batch's own statistics, as training has it. Inference folds the running ones (head_affine). */
#include "ops/batchnorm.h"
#include "ops/gelu.h"

#include <math.h>
#include <stdlib.h>

static const te_batchnorm_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

bool te_batchnorm_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return te_shape_width(&call->in[0]) % 16 == 0;
}

void te_batchnorm_prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    (void)fill;
    int64_t C = te_shape_width(&call->in[0]);
    int stats = call->op == &te_op_batchnorm ? 3 : 1;
    for (int64_t c = C; i == stats && c < 2 * C; c++) {
        numbers[c] = fabsf(numbers[c]) + 0.01f;
    }
}

int64_t te_batchnorm_blocks(int64_t rows)
{
    return (rows + TE_BATCHNORM_BLOCK - 1) / TE_BATCHNORM_BLOCK;
}

/* ---- statistics ---- */

static te_status stats_shape(te_call *call)
{
    if (call->in[0].rank < 2) {
        return te_call_fail(call, "x (rows,C)");
    }
    call->out = TE_SHAPE2(2, te_shape_width(&call->in[0]));
    return TE_OK;
}

/* Mean (line 0) or variance (line 1) of x's columns into stats (2,C). */
static te_status emit_line(te_plan *plan, const te_call *call, int partial, int stats, int line)
{
    int64_t rows = te_shape_rows(&call->in[0]), C = te_shape_width(&call->in[0]), blocks = te_batchnorm_blocks(rows);
    int x = call->in_value[0];
    te_launch part = {.family = "batchnorm", .kernel = "batchnorm_partial", .writes = partial,
                      .global = {(size_t)C, (size_t)blocks},
                      .arguments = {TE_VALUE(x), TE_VALUE(line ? stats : x), TE_VALUE(partial), TE_INT(rows),
                                    TE_INT(C), TE_INT(line)}};
    te_launch total = {.family = "batchnorm", .kernel = "batchnorm_total", .writes = stats, .global = {(size_t)C},
                       .arguments = {TE_VALUE(partial), TE_VALUE(stats), TE_INT(rows), TE_INT(C), TE_INT(blocks),
                                     TE_INT(line)}};
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status emit_stats(te_plan *plan, const te_call *call, int stats)
{
    const te_shape *x = &call->in[0];
    int partial = te_plan_scratch(plan, te_batchnorm_blocks(te_shape_rows(x)) * te_shape_width(x), call->in_value[0]);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(emit_line(plan, call, partial, stats, 0));
    return emit_line(plan, call, partial, stats, 1);
}

/* On processors: both in one pass over x. */
static te_status emit_stats_cpu(te_plan *plan, const te_call *call, int stats)
{
    int64_t rows = te_shape_rows(&call->in[0]), C = te_shape_width(&call->in[0]), blocks = te_batchnorm_blocks(rows);
    int partial = te_plan_scratch(plan, 2 * blocks * C, call->in_value[0]);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch part = {.family = "batchnorm_cpu", .kernel = "batchnorm_partial_cpu", .writes = partial,
                      .global = {(size_t)blocks}, .local = {1, 1, 1},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(partial), TE_INT(rows), TE_INT(C)}};
    te_launch total = {.family = "batchnorm_cpu", .kernel = "batchnorm_total_cpu", .writes = stats,
                       .global = {(size_t)(C / 16)}, .local = {1, 1, 1},
                       .arguments = {TE_VALUE(partial), TE_VALUE(stats), TE_INT(rows), TE_INT(C)}};
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status stats_emit(te_plan *plan, const te_call *call)
{
    return emit_stats(plan, call, call->out_value);
}

static te_status stats_emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_stats_cpu(plan, call, call->out_value);
}

static void stats_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->in[0]), rows = te_shape_rows(&call->in[0]);
    for (int64_t c = 0; c < C; c++) {
        out[c] = out[C + c] = 0;
        for (int64_t row = 0; row < rows; row++) {
            out[c] += in[0][row * C + c] / (double)rows;
        }
        for (int64_t row = 0; row < rows; row++) {
            out[C + c] += pow(in[0][row * C + c] - out[c], 2) / (double)rows;
        }
    }
}

static const te_variant stats_variants[] = {
    {"generic", NULL, NULL, stats_emit, false}, TE_CPU_VARIANT(te_batchnorm_supports_cpu, stats_emit_cpu), {0}};
static const te_case stats_cases[] = {{{TE_SHAPE2(7, 5)}, NULL, TE_FILL_NORMAL},
                                      {{TE_SHAPE3(2, 100, 33)}, NULL, TE_FILL_NORMAL},
                                      {{TE_SHAPE3(2, 100, 48)}, NULL, TE_FILL_NORMAL},
                                      {{TE_SHAPE3(2, 100, 33)}, NULL, TE_FILL_NAN}};

const te_op te_op_batchnorm_stats = {.name = "batchnorm_stats", .shape = stats_shape, .variants = stats_variants,
                                     .reference = stats_reference, TE_CASES(stats_cases)};

te_tensor te_batchnorm_stats(te_graph *graph, te_tensor x)
{
    return te_graph_call(graph, &te_op_batchnorm_stats, NULL, 1, &x);
}

/* ---- batchnorm ---- */

static te_status shape(te_call *call)
{
    int64_t C = te_shape_width(&call->in[0]);
    if (call->in[0].rank < 2 || te_shape_count(&call->in[1]) != C || te_shape_count(&call->in[2]) != C ||
        (call->in[3].rank && te_shape_count(&call->in[3]) != 2 * C)) {
        return te_call_fail(call, "x (rows,C), weight and bias (C), statistics (2,C) or absent");
    }
    call->out = call->in[0];
    return TE_OK;
}

static te_status emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t rows = te_shape_rows(&call->out), C = te_shape_width(&call->out);
    bool given = call->in[3].rank;
    int stats = given ? call->in_value[3] : te_plan_scratch(plan, 2 * C, call->in_value[0]);
    if (stats < 0) {
        return TE_ERR_MEMORY;
    }
    if (!given) {
        TE_TRY(cpu ? emit_stats_cpu(plan, call, stats) : emit_stats(plan, call, stats));
    }
    te_launch launch = {.family = "batchnorm", .kernel = "batchnorm", .writes = call->out_value,
                        .global = {(size_t)C, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(stats), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(C),
                                      TE_INT(options_of(call)->gelu)}};
    if (cpu) {
        te_launch_on_cpu(&launch, "batchnorm_cpu", "batchnorm_forward_cpu", te_batchnorm_blocks(rows), 1);
    }
    return te_plan_launch(plan, &launch);
}

static te_status emit(te_plan *plan, const te_call *call)
{
    return emit_on(plan, call, false);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_on(plan, call, true);
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->in[0]);
    double *stats = calloc((size_t)(2 * C), sizeof *stats);
    if (!stats) {
        return;
    }
    if (!in[3]) {
        stats_reference(call, in, stats);
    }
    const double *mean = in[3] ? in[3] : stats, *variance = mean + C;
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t c = i % C;
        double value = (in[0][i] - mean[c]) / sqrt(variance[c] + 1e-5) * in[1][c] + in[2][c];
        out[i] = options_of(call)->gelu ? te_gelu_exact(value) : value;
    }
    free(stats);
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_tensor x = te_call_input(call, 0), weight = te_call_input(call, 1), bias = te_call_input(call, 2);
    te_tensor stats = te_call_input(call, 3);
    stats = stats.value < 0 ? te_batchnorm_stats(graph, x) : stats;
    te_tensor in[] = {x, stats, weight, bias, dy, TE_ABSENT};
    te_tensor sums = in[5] = te_graph_call(graph, &te_op_batchnorm_sums, options_of(call), 5, in);
    dx[0] = te_graph_call(graph, &te_op_batchnorm_dx, options_of(call), 6, in);
    dx[1] = te_batchnorm_line(graph, sums, 1);
    dx[2] = te_batchnorm_line(graph, sums, 0);
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(te_batchnorm_supports_cpu, emit_cpu), {0}};
static const te_batchnorm_options plain_options = {0}, with_gelu = {.gelu = 1};
static const te_case cases[] = {
    {{TE_SHAPE2(7, 5), TE_SHAPE1(5), TE_SHAPE1(5)}, &plain_options, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 33), TE_SHAPE1(33), TE_SHAPE1(33)}, &with_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 16), TE_SHAPE1(16), TE_SHAPE1(16)}, &with_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 70, 80), TE_SHAPE1(80), TE_SHAPE1(80)}, &plain_options, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 16), TE_SHAPE1(16), TE_SHAPE1(16)}, &with_gelu, TE_FILL_LARGE},
    {{TE_SHAPE3(2, 70, 16), TE_SHAPE1(16), TE_SHAPE1(16)}, &plain_options, TE_FILL_NAN},
    {{TE_SHAPE3(2, 70, 33), TE_SHAPE1(33), TE_SHAPE1(33), TE_SHAPE2(2, 33)}, &with_gelu, TE_FILL_LARGE},
    {{TE_SHAPE3(2, 70, 80), TE_SHAPE1(80), TE_SHAPE1(80), TE_SHAPE2(2, 80)}, &plain_options, TE_FILL_INF},
};

const te_op te_op_batchnorm = {.name = "batchnorm", .attribute_bytes = sizeof(te_batchnorm_options), .shape = shape,
                               .variants = variants, .reference = reference, .gradient = gradient,
                               .prepare = te_batchnorm_prepare, TE_CASES(cases)};

te_tensor te_batchnorm(te_graph *graph, te_tensor x, te_tensor weight, te_tensor bias, te_tensor stats,
                       te_batchnorm_options options)
{
    return te_graph_call(graph, &te_op_batchnorm, &options, 4, (te_tensor[]){x, weight, bias, stats});
}
