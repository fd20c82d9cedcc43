/* Gradients of the head's ops. Kernels gather; references go through the forward's results and give each one's gradient to
 * what it was made of. */
#include "ops/gelu.h"
#include "ops/head_private.h"

#include <math.h>
#include <string.h>

enum { OFFSETS = TE_HEAD_OFFSETS, UP = TE_HEAD_UP };

/* ---- head_weights_dx ---- */

static te_status weights_shape(te_call *call)
{
    if (call->in[0].rank != 2 || call->in[0].size[0] % OFFSETS) {
        return te_call_fail(call, "dy (9*O,D)");
    }
    call->out = TE_SHAPE4(call->in[0].size[0] / OFFSETS, call->in[0].size[1], 3, 3);
    return TE_OK;
}

static te_status weights_emit(te_plan *plan, const te_call *call)
{
    int64_t O = call->out.size[0], D = call->out.size[1];
    te_launch launch = {.family = "head_grad", .kernel = "head_weights_dx", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)(OFFSETS * O)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static te_status weights_emit_cpu(te_plan *plan, const te_call *call)
{
    int64_t O = call->out.size[0], D = call->out.size[1];
    te_launch launch = {.family = "head_weights_cpu", .kernel = "head_weights_dx_cpu", .writes = call->out_value,
                        .global = {(size_t)O}, .local = {1, 1, 1},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static void weights_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->out.size[0], D = call->out.size[1];
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        int64_t c = i % D, o = i / D % O, k = i / D / O;
        out[(o * D + c) * OFFSETS + k] = in[0][i];
    }
}

static const te_variant weights_variants[] = {
    {"generic", NULL, NULL, weights_emit, false}, TE_CPU_VARIANT(NULL, weights_emit_cpu), {0}};
static const te_case weights_cases[] = {{{TE_SHAPE2(9 * 5, 7)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE2(9 * 19, 64)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE2(9, 1)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE2(9 * 3, 37)}, NULL, TE_FILL_NAN}};

const te_op te_op_head_weights_dx = {.name = "head_weights_dx", .shape = weights_shape, .variants = weights_variants,
                                     .reference = weights_reference, TE_CASES(weights_cases)};

te_tensor te_head_weights_dx(te_graph *graph, te_tensor dy)
{
    return te_graph_call(graph, &te_op_head_weights_dx, NULL, 1, &dy);
}

/* Add `count` channels at position (y, x) to the cells of a map, `stride` apart, that sampling there reads. */
static void spread(const te_head_upsample_options *o, int64_t y, int64_t x, const double *values, int64_t count,
                   double *map, int64_t stride)
{
    int64_t cell[4];
    double weight[4];
    te_head_cells(o, y, x, cell, weight);
    for (int i = 0; i < 4; i++) {
        for (int64_t c = 0; c < count && weight[i] != 0; c++) {
            map[cell[i] * stride + c] += weight[i] * values[c];
        }
    }
}

/* ---- head_combine_dx ---- */

static te_status combine_shape(te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    const te_shape *dy = &call->in[0];
    if (dy->rank != 3 || o->height < 1 || o->width < 1 || dy->size[1] != (int64_t)UP * UP * o->height * o->width) {
        return te_call_fail(call, "dy (B,16*h*w,O)");
    }
    call->out = TE_SHAPE3(dy->size[0], dy->size[1] / (UP * UP), OFFSETS * dy->size[2]);
    return TE_OK;
}

static te_launch combine_launch(const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2];
    return (te_launch){.family = "head_grad", .kernel = "head_combine_dx", .writes = call->out_value,
                       .global = {(size_t)O, (size_t)o->width, (size_t)(call->in[0].size[0] * o->height)},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                     TE_INT(o->width), TE_INT(O)}};
}

static te_status combine_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = combine_launch(call);
    return te_plan_launch(plan, &launch);
}

static bool combine_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->in[0].size[2] % 16 == 0;
}

static te_status combine_emit_cpu(te_plan *plan, const te_call *call)
{
    enum { CHANNELS = 64 }; /* as in kernels/head_grad_cpu.cl */
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2];
    te_launch launch = combine_launch(call);
    te_launch_on_cpu(&launch, "head_grad_cpu", "head_combine_dx_cpu", (O + CHANNELS - 1) / CHANNELS,
                     call->in[0].size[0] * o->height);
    return te_plan_launch(plan, &launch);
}

/* One fine position's `O` gradients to the products of its nine offsets, of one picture. */
static void spread_offsets(const te_head_upsample_options *up4, int64_t y, int64_t x, const double *dy, int64_t O,
                           double *products)
{
    for (int k = 0; k < OFFSETS; k++) {
        int64_t at_y = y + k / 3 - 1, at_x = x + k % 3 - 1;
        if (at_y >= 0 && at_y < up4->to_height && at_x >= 0 && at_x < up4->to_width) {
            spread(up4, at_y, at_x, dy, O, products + k * O, OFFSETS * O);
        }
    }
}

static void combine_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_head_options *o = (const void *)call->attributes;
    te_head_upsample_options up4 = {o->height, o->width, UP * o->height, UP * o->width};
    int64_t O = call->in[0].size[2], W = up4.to_width, H = up4.to_height;
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t row = 0; row < te_shape_rows(&call->in[0]); row++) {
        double *products = out + row / W / H * call->out.size[1] * OFFSETS * O;
        spread_offsets(&up4, row / W % H, row % W, in[0] + row * O, O, products);
    }
}

static const te_variant combine_variants[] = {{"generic", NULL, NULL, combine_emit, false},
                                              TE_CPU_VARIANT(combine_supports_cpu, combine_emit_cpu),
                                              {0}};
static const te_head_options three_by_four = {3, 4}, two_by_seven = {2, 7}, one_by_one = {1, 1}, two_by_one = {2, 1};
static const te_case combine_cases[] = {
    {{TE_SHAPE3(2, 16 * 12, 5)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 16 * 12, 32)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 16 * 14, 80)}, &two_by_seven, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 16, 3)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 16, 16)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 16 * 2, 17)}, &two_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 16 * 2, 64)}, &two_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 16 * 12, 16)}, &three_by_four, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 16 * 12, 4)}, &three_by_four, TE_FILL_INF},
    {{TE_SHAPE3(1, 16 * 12, 4)}, &three_by_four, TE_FILL_NAN},
};

const te_op te_op_head_combine_dx = {.name = "head_combine_dx", .attribute_bytes = sizeof(te_head_options),
                                     .shape = combine_shape, .variants = combine_variants,
                                     .reference = combine_reference, TE_CASES(combine_cases)};

te_tensor te_head_combine_dx(te_graph *graph, te_tensor dy, te_head_options options)
{
    return te_graph_call(graph, &te_op_head_combine_dx, &options, 1, &dy);
}

/* ---- head_upsample_dx ---- */

static te_status upsample_shape(te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    const te_shape *dy = &call->in[0];
    if (dy->rank != 4 || dy->size[2] != o->to_height || dy->size[3] != o->to_width || o->height < 1 || o->width < 1) {
        return te_call_fail(call, "dy (B,K,H,W)");
    }
    call->out = TE_SHAPE3(dy->size[0], (int64_t)o->height * o->width, dy->size[1]);
    return TE_OK;
}

static te_status upsample_emit(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->out.size[2];
    te_launch launch = {.family = "head_grad", .kernel = "head_upsample_dx", .writes = call->out_value,
                        .global = {(size_t)K, (size_t)o->width, (size_t)(call->out.size[0] * o->height)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(K), TE_INT(o->to_height), TE_INT(o->to_width)}};
    return te_plan_launch(plan, &launch);
}

static bool upsample_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->in[0].size[3] % 16 == 0;
}

static te_status upsample_emit_cpu(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t B = call->in[0].size[0], K = call->in[0].size[1];
    int sums = te_plan_scratch(plan, B * K * o->height * o->to_width, call->in_value[0]);
    if (sums < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch lines = {.family = "head_grad_cpu", .kernel = "head_upsample_dx_lines_cpu", .writes = sums,
                       .global = {(size_t)o->height, (size_t)(B * K)}, .local = {1, 1, 1},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(sums), TE_INT(o->height),
                                     TE_INT(o->to_height), TE_INT(o->to_width)}};
    te_launch columns = {.family = "head_grad_cpu", .kernel = "head_upsample_dx_columns_cpu",
                         .writes = call->out_value, .global = {(size_t)o->width, (size_t)(B * o->height)},
                         .local = {1, 1, 1},
                         .arguments = {TE_VALUE(sums), TE_VALUE(call->out_value), TE_INT(o->height),
                                       TE_INT(o->width), TE_INT(K), TE_INT(o->to_width)}};
    TE_TRY(te_plan_launch(plan, &lines));
    return te_plan_launch(plan, &columns);
}

static void upsample_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->out.size[2], cells = call->out.size[1];
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        int64_t x = i % o->to_width, y = i / o->to_width % o->to_height, plane = i / o->to_width / o->to_height;
        spread(o, y, x, in[0] + i, 1, out + plane / K * cells * K + plane % K, K);
    }
}

static const te_variant upsample_variants[] = {{"generic", NULL, NULL, upsample_emit, false},
                                               TE_CPU_VARIANT(upsample_supports_cpu, upsample_emit_cpu),
                                               {0}};
static const te_head_upsample_options four_times = {3, 5, 12, 20}, wide = {3, 4, 12, 16}, wider = {5, 12, 20, 48},
                                       odd = {3, 5, 7, 4}, single = {1, 1, 3, 3}, far_apart = {2, 3, 33, 80},
                                       smaller = {6, 37, 4, 16};
static const te_case upsample_cases[] = {
    {{TE_SHAPE4(2, 3, 12, 20)}, &four_times, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 3, 12, 16)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 2, 20, 48)}, &wider, TE_FILL_NORMAL},
    {{TE_SHAPE4(1, 7, 7, 4)}, &odd, TE_FILL_NORMAL},
    {{TE_SHAPE4(1, 2, 3, 3)}, &single, TE_FILL_NORMAL},
    {{TE_SHAPE4(1, 5, 33, 80)}, &far_apart, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 2, 4, 16)}, &smaller, TE_FILL_NORMAL},
    {{TE_SHAPE4(1, 3, 12, 16)}, &wide, TE_FILL_LARGE},
    {{TE_SHAPE4(2, 2, 20, 48)}, &wider, TE_FILL_INF},
    {{TE_SHAPE4(1, 1, 12, 16)}, &wide, TE_FILL_NAN},
};

const te_op te_op_head_upsample_dx = {.name = "head_upsample_dx", .shape = upsample_shape,
                                      .attribute_bytes = sizeof(te_head_upsample_options),
                                      .variants = upsample_variants, .reference = upsample_reference,
                                      TE_CASES(upsample_cases)};

te_tensor te_head_upsample_dx(te_graph *graph, te_tensor dy, te_head_upsample_options options)
{
    return te_graph_call(graph, &te_op_head_upsample_dx, &options, 1, &dy);
}

/* ---- head_epilogue_dx ---- */

typedef struct epilogue_options {
    int of_affine;
} epilogue_options;

static te_status epilogue_shape(te_call *call)
{
    const epilogue_options *o = (const void *)call->attributes;
    const te_shape *sums = &call->in[0], *affine = &call->in[1];
    if (affine->rank != 2 || affine->size[0] != 2 || affine->size[1] != te_shape_width(sums) ||
        te_shape_count(&call->in[2]) != te_shape_count(sums)) {
        return te_call_fail(call, "sums (...,O), affine (2,O), dy of the sums' size");
    }
    call->out = *sums;
    call->out.size[call->out.rank - 1] *= o->of_affine ? 2 : 1;
    return TE_OK;
}

static te_status epilogue_emit(te_plan *plan, const te_call *call)
{
    const epilogue_options *o = (const void *)call->attributes;
    int64_t O = te_shape_width(&call->in[0]), rows = te_shape_rows(&call->in[0]);
    te_launch launch = {.family = "head_grad", .kernel = "head_epilogue_dx", .writes = call->out_value,
                        .global = {(size_t)O, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(O),
                                      TE_INT(o->of_affine)}};
    return te_plan_launch(plan, &launch);
}

/* y = GELU(sum scale + shift). */
static void epilogue_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const epilogue_options *o = (const void *)call->attributes;
    int64_t O = te_shape_width(&call->in[0]);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        int64_t c = i % O, row = i / O;
        double sum = in[0][i], scale = in[1][c];
        double dv = in[2][i] * te_gelu_slope_exact(sum * scale + in[1][O + c]);
        if (o->of_affine) {
            out[2 * row * O + c] = dv * sum;
            out[(2 * row + 1) * O + c] = dv;
        } else {
            out[i] = dv * scale;
        }
    }
}

static const te_variant epilogue_variants[] = {{"generic", NULL, NULL, epilogue_emit, false}, {0}};
static const epilogue_options to_sums = {0}, to_affine = {1};

/* sums, affine, dy */
#define SUMS(B, N, O) {TE_SHAPE3(B, N, O), TE_SHAPE2(2, O), TE_SHAPE3(B, N, O)}

static const te_case epilogue_cases[] = {
    {SUMS(2, 48, 5), &to_sums, TE_FILL_NORMAL},  {SUMS(2, 48, 5), &to_affine, TE_FILL_NORMAL},
    {SUMS(1, 35, 64), &to_sums, TE_FILL_NORMAL}, {SUMS(1, 35, 64), &to_affine, TE_FILL_NORMAL},
    {SUMS(3, 1, 1), &to_sums, TE_FILL_NORMAL},   {SUMS(3, 1, 1), &to_affine, TE_FILL_NORMAL},
    {SUMS(1, 16, 33), &to_sums, TE_FILL_LARGE},  {SUMS(1, 16, 33), &to_affine, TE_FILL_LARGE},
    {SUMS(1, 16, 33), &to_sums, TE_FILL_NAN},    {SUMS(1, 16, 33), &to_affine, TE_FILL_INF},
};

const te_op te_op_head_epilogue_dx = {.name = "head_epilogue_dx", .attribute_bytes = sizeof(epilogue_options),
                                      .shape = epilogue_shape, .variants = epilogue_variants,
                                      .reference = epilogue_reference, TE_CASES(epilogue_cases)};

te_tensor te_head_epilogue_dx(te_graph *graph, te_tensor sums, te_tensor affine, te_tensor dy, int of_affine)
{
    return te_graph_call(graph, &te_op_head_epilogue_dx, &(epilogue_options){of_affine}, 3,
                         (te_tensor[]){sums, affine, dy});
}

/* ---- head_affine_dx ---- */

typedef struct affine_options {
    int which;
} affine_options;

static int which_of(const te_call *call)
{
    return ((const affine_options *)(const void *)call->attributes)->which;
}

static te_status affine_shape(te_call *call)
{
    int which = which_of(call);
    bool fits = which >= 0 && which < 5 && te_shape_count(&call->in[4]) == 2 * te_shape_count(&call->in[0]);
    for (int i = 1; i < 4; i++) {
        fits = fits && te_shape_equal(&call->in[0], &call->in[i]);
    }
    call->out = call->in[0];
    return fits ? TE_OK : te_call_fail(call, "four vectors (O), dy (2,O), which of head_affine's five inputs");
}

static te_status affine_emit(te_plan *plan, const te_call *call)
{
    int64_t O = te_shape_count(&call->out);
    te_launch launch = {.family = "head_grad", .kernel = "head_affine_dx", .writes = call->out_value,
                        .global = {(size_t)O},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->in_value[4]), TE_VALUE(call->out_value), TE_INT(O),
                                      TE_INT(which_of(call))}};
    return te_plan_launch(plan, &launch);
}

/* scale = weight (variance + 1e-5)^-1/2, shift = (conv bias - mean) scale + bias: the slopes of both by each input. */
static void affine_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = te_shape_count(&call->out);
    for (int64_t o = 0; o < O; o++) {
        double variance = in[3][o] + 1e-5, centred = in[0][o] - in[2][o], scale = in[1][o] * pow(variance, -0.5);
        double of_variance = -0.5 * in[1][o] * pow(variance, -1.5);
        const double slopes[5][2] = {{0, scale},
                                     {pow(variance, -0.5), centred * pow(variance, -0.5)},
                                     {0, 1},
                                     {0, -scale},
                                     {of_variance, centred * of_variance}};
        const double *slope = slopes[which_of(call)];
        out[o] = slope[0] * in[4][o] + slope[1] * in[4][O + o];
    }
}

static const te_variant affine_variants[] = {{"generic", NULL, NULL, affine_emit, false}, {0}};
static const affine_options of_conv_bias = {0}, of_weight = {1}, of_bias = {2}, of_mean = {3}, of_variance = {4};

/* conv bias, weight, mean, variance, dy */
#define VECTORS(O) {TE_SHAPE1(O), TE_SHAPE1(O), TE_SHAPE1(O), TE_SHAPE1(O), TE_SHAPE2(2, O)}

static const te_case affine_cases[] = {
    {VECTORS(37), &of_conv_bias, TE_FILL_POSITIVE}, {VECTORS(37), &of_weight, TE_FILL_POSITIVE},
    {VECTORS(37), &of_bias, TE_FILL_POSITIVE},      {VECTORS(37), &of_mean, TE_FILL_POSITIVE},
    {VECTORS(37), &of_variance, TE_FILL_POSITIVE},  {VECTORS(1), &of_variance, TE_FILL_POSITIVE},
    {VECTORS(300), &of_weight, TE_FILL_POSITIVE},
};

const te_op te_op_head_affine_dx = {.name = "head_affine_dx", .attribute_bytes = sizeof(affine_options),
                                    .shape = affine_shape, .variants = affine_variants,
                                    .reference = affine_reference, TE_CASES(affine_cases)};

te_tensor te_head_affine_dx(te_graph *graph, const te_tensor *in, int which)
{
    return te_graph_call(graph, &te_op_head_affine_dx, &(affine_options){which}, 5, in);
}
