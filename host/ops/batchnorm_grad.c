/* Gradients of batch norm. */
#include "ops/batchnorm.h"
#include "ops/gelu.h"

#include <math.h>
#include <string.h>

/* What the first kernel of both ops starts with: the inputs, the result, rows, C, GELU or not. */
static te_launch launch_of(const te_call *call, const char *kernel, int inputs, int result)
{
    const te_batchnorm_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->in[0]), C = te_shape_width(&call->in[0]);
    te_launch launch = {.family = "batchnorm", .kernel = kernel, .writes = result, .global = {(size_t)C, (size_t)rows}};
    te_argument *next = launch.arguments;
    for (int i = 0; i < inputs; i++) {
        *next++ = (te_argument)TE_VALUE(call->in_value[i]);
    }
    *next++ = (te_argument)TE_VALUE(result);
    *next++ = (te_argument)TE_INT(rows);
    *next++ = (te_argument)TE_INT(C);
    *next = (te_argument)TE_INT(o->gelu);
    return launch;
}

/* Element i of x normalised, `v`, and the gradient of what GELU, if any, is applied to. */
static double inner_gradient(const te_call *call, const double *const in[TE_INPUTS], int64_t i, double *v)
{
    const te_batchnorm_options *o = (const void *)call->attributes;
    int64_t C = te_shape_width(&call->in[0]), c = i % C;
    *v = (in[0][i] - in[1][c]) / sqrt(in[1][C + c] + 1e-5);
    return in[4][i] * (o->gelu ? te_gelu_slope_exact(*v * in[2][c] + in[3][c]) : 1);
}

static const te_batchnorm_options plain = {0}, with_gelu = {.gelu = 1};

/* ---- batchnorm_sums ---- */

static bool shapes_fit(const te_call *call)
{
    int64_t C = te_shape_width(&call->in[0]);
    return call->in[0].rank >= 2 && te_shape_count(&call->in[1]) == 2 * C && te_shape_count(&call->in[2]) == C &&
           te_shape_count(&call->in[3]) == C && te_shape_count(&call->in[4]) == te_shape_count(&call->in[0]);
}

static te_status sums_shape(te_call *call)
{
    call->out = TE_SHAPE2(2, te_shape_width(&call->in[0]));
    return shapes_fit(call) ? TE_OK : te_call_fail(call, "x (rows,C), statistics (2,C), weight and bias (C), dy as x");
}

/* Sums of blocks of rows, then of the blocks. */
static te_status sums_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t blocks = te_batchnorm_blocks(te_shape_rows(&call->in[0])), columns = te_shape_count(&call->out);
    int partial = te_plan_scratch(plan, blocks * columns, -1);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch part = launch_of(call, "batchnorm_sums", 5, partial);
    te_launch total = {.family = "sum", .kernel = "sum_rows", .writes = call->out_value, .global = {(size_t)columns},
                       .arguments = {TE_VALUE(partial), TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(columns),
                                     TE_INT(blocks)}};
    part.global[1] = (size_t)blocks;
    if (cpu) {
        te_launch_on_cpu(&part, "batchnorm_cpu", "batchnorm_sums_cpu", blocks, 1);
    }
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status sums_emit(te_plan *plan, const te_call *call)
{
    return sums_emit_on(plan, call, false);
}

static te_status sums_emit_cpu(te_plan *plan, const te_call *call)
{
    return sums_emit_on(plan, call, true);
}

static void sums_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->in[0]);
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        double v, dz = inner_gradient(call, in, i, &v);
        out[i % C] += dz;
        out[C + i % C] += dz * v;
    }
}

static const te_variant sums_variants[] = {{"generic", NULL, NULL, sums_emit, false},
                                           TE_CPU_VARIANT(te_batchnorm_supports_cpu, sums_emit_cpu),
                                           {0}};

#define ROWS(B, N, C) TE_SHAPE3(B, N, C), TE_SHAPE2(2, C), TE_SHAPE1(C), TE_SHAPE1(C), TE_SHAPE3(B, N, C)

static const te_case sums_cases[] = {
    {{ROWS(1, 7, 5)}, &plain, TE_FILL_NORMAL},       {{ROWS(1, 1, 1)}, &with_gelu, TE_FILL_NORMAL},
    {{ROWS(2, 70, 33)}, &with_gelu, TE_FILL_NORMAL}, {{ROWS(2, 70, 16)}, &with_gelu, TE_FILL_NORMAL},
    {{ROWS(2, 64, 80)}, &plain, TE_FILL_NORMAL},     {{ROWS(2, 70, 16)}, &with_gelu, TE_FILL_LARGE},
    {{ROWS(2, 70, 48)}, &plain, TE_FILL_LARGE},      {{ROWS(2, 70, 16)}, &plain, TE_FILL_INF},
    {{ROWS(2, 70, 16)}, &with_gelu, TE_FILL_NAN},
};

const te_op te_op_batchnorm_sums = {.name = "batchnorm_sums", .attribute_bytes = sizeof(te_batchnorm_options),
                                    .shape = sums_shape, .variants = sums_variants, .reference = sums_reference,
                                    .prepare = te_batchnorm_prepare, TE_CASES(sums_cases)};

/* ---- batchnorm_dx ---- */

static te_status dx_shape(te_call *call)
{
    call->out = call->in[0];
    bool fits = shapes_fit(call) && te_shape_count(&call->in[5]) == 2 * te_shape_width(&call->in[0]);
    return fits ? TE_OK : te_call_fail(call, "x (rows,C), statistics (2,C), weight and bias (C), dy as x, sums (2,C)");
}

static te_status dx_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "batchnorm_dx", 6, call->out_value);
    return te_plan_launch(plan, &launch);
}

static te_status dx_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "batchnorm_dx", 6, call->out_value);
    te_launch_on_cpu(&launch, "batchnorm_cpu", "batchnorm_dx_cpu", te_batchnorm_blocks(te_shape_rows(&call->out)), 1);
    return te_plan_launch(plan, &launch);
}

/* By the chain rule: x reaches the result by itself, through the mean and through the variance. */
static void dx_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->in[0]);
    double rows = (double)te_shape_rows(&call->in[0]);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        int64_t c = i % C;
        double v, dv = inner_gradient(call, in, i, &v) * in[2][c], variance = in[1][C + c] + 1e-5;
        double dmean = -in[5][c] * in[2][c] / sqrt(variance), dvariance = -0.5 * in[5][C + c] * in[2][c] / variance;
        out[i] = dv / sqrt(variance) + dmean / rows + dvariance * 2 * (in[0][i] - in[1][c]) / rows;
    }
}

static const te_variant dx_variants[] = {{"generic", NULL, NULL, dx_emit, false},
                                         TE_CPU_VARIANT(te_batchnorm_supports_cpu, dx_emit_cpu),
                                         {0}};

static const te_case dx_cases[] = {
    {{ROWS(1, 7, 5), TE_SHAPE2(2, 5)}, &plain, TE_FILL_NORMAL},
    {{ROWS(1, 1, 1), TE_SHAPE2(2, 1)}, &with_gelu, TE_FILL_NORMAL},
    {{ROWS(2, 70, 33), TE_SHAPE2(2, 33)}, &with_gelu, TE_FILL_NORMAL},
    {{ROWS(2, 70, 16), TE_SHAPE2(2, 16)}, &with_gelu, TE_FILL_NORMAL},
    {{ROWS(2, 64, 80), TE_SHAPE2(2, 80)}, &plain, TE_FILL_NORMAL},
    {{ROWS(2, 70, 16), TE_SHAPE2(2, 16)}, &with_gelu, TE_FILL_LARGE},
    {{ROWS(2, 70, 48), TE_SHAPE2(2, 48)}, &plain, TE_FILL_LARGE},
    {{ROWS(2, 70, 16), TE_SHAPE2(2, 16)}, &plain, TE_FILL_INF},
    {{ROWS(2, 70, 16), TE_SHAPE2(2, 16)}, &with_gelu, TE_FILL_NAN},
};

const te_op te_op_batchnorm_dx = {.name = "batchnorm_dx", .attribute_bytes = sizeof(te_batchnorm_options),
                                  .shape = dx_shape, .variants = dx_variants, .reference = dx_reference,
                                  .prepare = te_batchnorm_prepare, TE_CASES(dx_cases)};

/* ---- batchnorm_line ---- */

typedef struct line_options {
    int line;
} line_options;

static int line_of(const te_call *call)
{
    return ((const line_options *)(const void *)call->attributes)->line;
}

static te_status line_shape(te_call *call)
{
    const te_shape *sums = &call->in[0];
    call->out = TE_SHAPE1(sums->size[1]);
    bool fits = sums->rank == 2 && sums->size[0] == 2 && line_of(call) >= 0 && line_of(call) < 2;
    return fits ? TE_OK : te_call_fail(call, "sums (2,C), line 0 or 1");
}

static te_status line_emit(te_plan *plan, const te_call *call)
{
    int64_t C = te_shape_count(&call->out);
    te_launch launch = {.family = "batchnorm", .kernel = "batchnorm_line", .writes = call->out_value,
                        .global = {(size_t)C},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(C),
                                      TE_INT(line_of(call))}};
    return te_plan_launch(plan, &launch);
}

static void line_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    for (int64_t c = 0; c < te_shape_count(&call->out); c++) {
        out[c] = in[0][line_of(call) * te_shape_count(&call->out) + c];
    }
}

static const te_variant line_variants[] = {{"generic", NULL, NULL, line_emit, false}, {0}};

static const line_options first = {0}, second = {1};
static const te_case line_cases[] = {{{TE_SHAPE2(2, 33)}, &first, TE_FILL_NORMAL},
                                     {{TE_SHAPE2(2, 33)}, &second, TE_FILL_NORMAL},
                                     {{TE_SHAPE2(2, 1)}, &second, TE_FILL_NORMAL},
                                     {{TE_SHAPE2(2, 33)}, &first, TE_FILL_NAN}};

const te_op te_op_batchnorm_line = {.name = "batchnorm_line", .attribute_bytes = sizeof(line_options),
                                    .shape = line_shape, .variants = line_variants, .reference = line_reference,
                                    TE_CASES(line_cases)};

te_tensor te_batchnorm_line(te_graph *graph, te_tensor sums, int line)
{
    return te_graph_call(graph, &te_op_batchnorm_line, &(line_options){line}, 1, &sums);
}
