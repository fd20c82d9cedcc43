/* layernorm: normalisation over channels, optionally in groups and followed by GELU. */
#include "ops/gelu.h"
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static te_status shape(te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t width = te_shape_width(&call->in[0]);
    if (width == 0 || o->groups < 1 || width % o->groups || te_shape_count(&call->in[1]) != width ||
        te_shape_count(&call->in[2]) != width) {
        return te_call_fail(call, "x (...,G*C), scale and shift (G*C)");
    }
    call->out = call->in[0];
    return TE_OK;
}

static int64_t row_width(const te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    return te_shape_width(&call->in[0]) / o->groups;
}

/* Arguments that forward and dx share: the inputs, the result, sizes. */
static te_launch describe(const te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    te_launch launch = {.writes = call->out_value};
    int next = 0;
    for (int i = 0; i < TE_INPUTS && call->in[i].rank; i++) {
        launch.arguments[next++] = (te_argument)TE_VALUE(call->in_value[i]);
    }
    launch.arguments[next++] = (te_argument)TE_VALUE(call->out_value);
    launch.arguments[next++] = (te_argument)TE_INT(row_width(call));
    launch.arguments[next++] = (te_argument)TE_INT(o->groups);
    launch.arguments[next] = (te_argument)TE_INT(o->gelu);
    return launch;
}

static int64_t row_count(const te_call *call)
{
    return te_shape_count(&call->in[0]) / row_width(call);
}

/* A kernel with a work-group for each row: of 64, and of more where each work-item still has several numbers. */
static te_status launch_rows(te_plan *plan, const te_call *call, te_launch launch)
{
    size_t group = 1;
    while (2 * group <= te_plan_work_group(plan) && group < 256 &&
           (int64_t)(group < 64 ? group : 4 * group) < row_width(call)) {
        group *= 2;
    }
    char options[32];
    snprintf(options, sizeof options, "-DGROUP=%zu", group);
    launch.family = "layernorm";
    launch.options = options;
    launch.global[0] = group * (size_t)row_count(call); /* rows where no device limits their number */
    launch.local[0] = group;
    launch.local[1] = launch.local[2] = 1;
    return te_plan_launch(plan, &launch);
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    te_launch launch = describe(call);
    launch.kernel = call->op == &te_op_layernorm ? "layernorm" : "layernorm_dx";
    return launch_rows(plan, call, launch);
}

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return row_width(call) % 16 == 0;
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = describe(call);
    launch.family = "layernorm_cpu";
    launch.kernel = call->op == &te_op_layernorm ? "layernorm_cpu" : "layernorm_dx_cpu";
    launch.global[0] = (size_t)row_count(call);
    launch.local[0] = launch.local[1] = launch.local[2] = 1;
    return te_plan_launch(plan, &launch);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit_generic, false},
                                      TE_CPU_VARIANT(supports_cpu, emit_cpu),
                                      {0}};

/* (x - mean) / sqrt(variance + 1e-6) of one row; returns the divisor's inverse. */
static double normalise(const double *x, int64_t C, double *normal)
{
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < C; c++) {
        mean += x[c] / (double)C;
    }
    for (int64_t c = 0; c < C; c++) {
        variance += (x[c] - mean) * (x[c] - mean) / (double)C;
    }
    for (int64_t c = 0; c < C; c++) {
        normal[c] = (x[c] - mean) / sqrt(variance + 1e-6);
    }
    return 1 / sqrt(variance + 1e-6);
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t C = row_width(call);
    for (int64_t row = 0; row < row_count(call); row++) {
        normalise(in[0] + row * C, C, out + row * C);
        for (int64_t c = 0; c < C; c++) {
            int64_t weight = row % o->groups * C + c;
            double y = out[row * C + c] * in[1][weight] + in[2][weight];
            out[row * C + c] = o->gelu ? te_gelu_exact(y) : y;
        }
    }
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    const te_layernorm_options *o = (const void *)call->attributes;
    te_tensor in[] = {te_call_input(call, 0), te_call_input(call, 1), te_call_input(call, 2), dy};
    if (te_graph_trains(graph, call, 0)) {
        dx[0] = te_graph_call(graph, &te_op_layernorm_dx, o, 4, in);
    }
    if (te_graph_trains(graph, call, 1)) {
        dx[1] = te_graph_call(graph, &te_op_layernorm_dscale, o, 4, in);
    }
    if (te_graph_trains(graph, call, 2)) {
        dx[2] = o->gelu ? te_graph_call(graph, &te_op_layernorm_dshift, o, 4, in)
                        : te_sum(graph, dy, te_shape_width(&call->in[0]));
    }
}

static const te_layernorm_options plain = {.groups = 1}, three_gelu = {.groups = 3, .gelu = 1};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 7, 192), TE_SHAPE1(192), TE_SHAPE1(192)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 36), TE_SHAPE1(36), TE_SHAPE1(36)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 3, 1), TE_SHAPE1(1), TE_SHAPE1(1)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 48), TE_SHAPE1(48), TE_SHAPE1(48)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 70, 3 * 16), TE_SHAPE1(3 * 16), TE_SHAPE1(3 * 16)}, &three_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 9, 3 * 32), TE_SHAPE1(3 * 32), TE_SHAPE1(3 * 32)}, &three_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 9, 3 * 13), TE_SHAPE1(3 * 13), TE_SHAPE1(3 * 13)}, &three_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64), TE_SHAPE1(64)}, &plain, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64), TE_SHAPE1(64)}, &plain, TE_FILL_INF},
    {{TE_SHAPE3(1, 5, 40), TE_SHAPE1(40), TE_SHAPE1(40)}, &plain, TE_FILL_NAN},
};

const te_op te_op_layernorm = {.name = "layernorm", .attribute_bytes = sizeof(te_layernorm_options), .shape = shape,
                               .variants = variants, .reference = reference, .gradient = gradient, TE_CASES(cases)};

te_tensor te_layernorm(te_graph *graph, te_tensor x, te_tensor scale, te_tensor shift, te_layernorm_options options)
{
    options.groups = options.groups ? options.groups : 1;
    return te_graph_call(graph, &te_op_layernorm, &options, 3, (te_tensor[]){x, scale, shift});
}

/* ---- gradients ---- */

enum { BLOCK = 32 }; /* rows whose sum one work-item takes: fixed, so that sums are bit-equal on every run */

static te_status shape_dx(te_call *call)
{
    TE_TRY(shape(call));
    return te_shape_count(&call->in[3]) == te_shape_count(&call->in[0])
               ? TE_OK
               : te_call_fail(call, "dy must have x's shape");
}

static te_status shape_sums(te_call *call)
{
    TE_TRY(shape_dx(call));
    call->out = TE_SHAPE1(te_shape_width(&call->in[0]));
    return TE_OK;
}

/* Where the sums over blocks of rows go: the result itself if there is one block. */
static int partial_of(te_plan *plan, const te_call *call, int64_t *blocks)
{
    *blocks = (te_shape_rows(&call->in[0]) + BLOCK - 1) / BLOCK;
    return *blocks > 1 ? te_plan_scratch(plan, *blocks * te_shape_width(&call->in[0]), -1) : call->out_value;
}

/* The arguments of both partial kernels: the inputs, `stats` unless negative, the sums, sizes. */
static void fill_partial(const te_call *call, int stats, int partial, te_launch *launch)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    te_argument *next = launch->arguments;
    for (int i = 0; i < 4; i++) {
        *next++ = (te_argument)TE_VALUE(call->in_value[i]);
    }
    if (stats >= 0) {
        *next++ = (te_argument)TE_VALUE(stats);
    }
    *next++ = (te_argument)TE_VALUE(partial);
    *next++ = (te_argument)TE_INT(te_shape_rows(&call->in[0]));
    *next++ = (te_argument)TE_INT(row_width(call));
    *next++ = (te_argument)TE_INT(o->groups);
    *next++ = (te_argument)TE_INT(o->gelu);
    *next++ = (te_argument)TE_INT(call->op == &te_op_layernorm_dscale);
    *next = (te_argument)TE_INT(BLOCK);
}

static te_status emit_sums_generic(te_plan *plan, const te_call *call)
{
    int64_t blocks, width = te_shape_width(&call->in[0]);
    int partial = partial_of(plan, call, &blocks), stats = te_plan_scratch(plan, 2 * row_count(call), -1);
    if (partial < 0 || stats < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch measure = {.kernel = "layernorm_stats", .writes = stats,
                         .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(stats), TE_INT(row_width(call))}};
    te_launch add = {.family = "layernorm", .kernel = "layernorm_partial", .writes = partial,
                     .global = {(size_t)width, (size_t)blocks}};
    te_launch finish = {.family = "sum", .kernel = "sum_rows", .writes = call->out_value, .global = {(size_t)width},
                        .arguments = {TE_VALUE(partial), TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(width),
                                      TE_INT(blocks)}};
    fill_partial(call, stats, partial, &add);
    TE_TRY(launch_rows(plan, call, measure));
    TE_TRY(te_plan_launch(plan, &add));
    return blocks > 1 ? te_plan_launch(plan, &finish) : TE_OK;
}

static te_status emit_sums_cpu(te_plan *plan, const te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t blocks, width = te_shape_width(&call->in[0]);
    int partial = partial_of(plan, call, &blocks);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch add = {.family = "layernorm_cpu", .kernel = "layernorm_partial_cpu", .writes = partial,
                     .global = {(size_t)blocks, (size_t)o->groups}, .local = {1, 1, 1}};
    te_launch finish = {.family = "layernorm_cpu", .kernel = "layernorm_total_cpu", .writes = call->out_value,
                        .global = {(size_t)width / 16}, .local = {1, 1, 1},
                        .arguments = {TE_VALUE(partial), TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(width)}};
    fill_partial(call, -1, partial, &add);
    TE_TRY(te_plan_launch(plan, &add));
    return blocks > 1 ? te_plan_launch(plan, &finish) : TE_OK;
}

static const te_variant variants_sums[] = {{"generic", NULL, NULL, emit_sums_generic, false},
                                           TE_CPU_VARIANT(supports_cpu, emit_sums_cpu),
                                           {0}};

/* One row: the normalised x, and dy times GELU's slope where there is one. Returns 1 / sqrt(variance + 1e-6). */
static double inner_gradient(const te_call *call, const double *const in[TE_INPUTS], int64_t row, double *normal,
                             double *g)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t C = row_width(call);
    double factor = normalise(in[0] + row * C, C, normal);
    for (int64_t c = 0; c < C; c++) {
        int64_t weight = row % o->groups * C + c;
        double y = normal[c] * in[1][weight] + in[2][weight];
        g[c] = in[3][row * C + c] * (o->gelu ? te_gelu_slope_exact(y) : 1);
    }
    return factor;
}

static void reference_dx(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t C = row_width(call);
    double *normal = calloc((size_t)C, sizeof *normal);
    for (int64_t row = 0; normal && row < row_count(call); row++) {
        double *s = out + row * C, mean_s = 0, mean_sn = 0, factor = inner_gradient(call, in, row, normal, s);
        for (int64_t c = 0; c < C; c++) {
            s[c] *= in[1][row % o->groups * C + c];
            mean_s += s[c] / (double)C;
            mean_sn += s[c] * normal[c] / (double)C;
        }
        for (int64_t c = 0; c < C; c++) {
            s[c] = factor * (s[c] - mean_s - normal[c] * mean_sn);
        }
    }
    free(normal);
}

static void reference_sums(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t C = row_width(call);
    double *normal = calloc((size_t)(2 * C), sizeof *normal), *g = normal + C;
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t row = 0; normal && row < row_count(call); row++) {
        inner_gradient(call, in, row, normal, g);
        for (int64_t c = 0; c < C; c++) {
            out[row % o->groups * C + c] += call->op == &te_op_layernorm_dscale ? g[c] * normal[c] : g[c];
        }
    }
    free(normal);
}

#define ROWS(B, N, C) {TE_SHAPE3(B, N, C), TE_SHAPE1(C), TE_SHAPE1(C), TE_SHAPE3(B, N, C)}

static const te_case cases_gradient[] = {
    {ROWS(2, 7, 192), &plain, TE_FILL_NORMAL},        {ROWS(1, 5, 36), &plain, TE_FILL_NORMAL},
    {ROWS(1, 3, 1), &plain, TE_FILL_NORMAL},          {ROWS(2, 9, 3 * 32), &three_gelu, TE_FILL_NORMAL},
    {ROWS(2, 9, 3 * 13), &three_gelu, TE_FILL_NORMAL}, {ROWS(2, 70, 48), &plain, TE_FILL_NORMAL},
    {ROWS(1, 77, 3 * 16), &three_gelu, TE_FILL_NORMAL}, {ROWS(1, 5, 64), &plain, TE_FILL_LARGE},
    {ROWS(1, 5, 64), &plain, TE_FILL_INF},            {ROWS(1, 5, 40), &plain, TE_FILL_NAN},
    {ROWS(1, 5, 3 * 16), &three_gelu, TE_FILL_NAN},
};

const te_op te_op_layernorm_dx = {.name = "layernorm_dx", .attribute_bytes = sizeof(te_layernorm_options),
                                  .shape = shape_dx, .variants = variants, .reference = reference_dx,
                                  TE_CASES(cases_gradient)};
const te_op te_op_layernorm_dscale = {.name = "layernorm_dscale", .attribute_bytes = sizeof(te_layernorm_options),
                                      .shape = shape_sums, .variants = variants_sums, .reference = reference_sums,
                                      TE_CASES(cases_gradient)};
const te_op te_op_layernorm_dshift = {.name = "layernorm_dshift", .attribute_bytes = sizeof(te_layernorm_options),
                                      .shape = shape_sums, .variants = variants_sums, .reference = reference_sums,
                                      TE_CASES(cases_gradient)};
