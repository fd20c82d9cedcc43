/* head: a 3x3 convolution of a map upsampled four times, batch norm and GELU, by products on the small grid. */
#include "ops/gelu.h"
#include "ops/head_private.h"
#include "ops/product.h"

#include <math.h>

enum { OFFSETS = TE_HEAD_OFFSETS, UP = TE_HEAD_UP };

/* ---- head_weights ---- */

static te_status weights_shape(te_call *call)
{
    const te_shape *w = &call->in[0];
    if (w->rank != 4 || w->size[2] != 3 || w->size[3] != 3) {
        return te_call_fail(call, "weight (O,D,3,3)");
    }
    call->out = TE_SHAPE2(OFFSETS * w->size[0], w->size[1]);
    return TE_OK;
}

static te_status weights_emit(te_plan *plan, const te_call *call)
{
    int64_t O = call->in[0].size[0], D = call->in[0].size[1];
    te_launch launch = {.family = "head", .kernel = "head_weights", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)(OFFSETS * O)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static te_status weights_emit_cpu(te_plan *plan, const te_call *call)
{
    int64_t O = call->in[0].size[0], D = call->in[0].size[1];
    te_launch launch = {.family = "head_weights_cpu", .kernel = "head_weights_cpu", .writes = call->out_value,
                        .global = {(size_t)O}, .local = {1, 1, 1},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static void weights_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->in[0].size[0], D = call->in[0].size[1];
    for (int64_t i = 0; i < O * D * OFFSETS; i++) {
        out[(i % OFFSETS * O + i / OFFSETS / D) * D + i / OFFSETS % D] = in[0][i];
    }
}

static void weights_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    (void)call;
    dx[0] = te_head_weights_dx(graph, dy);
}

static const te_variant weights_variants[] = {
    {"generic", NULL, NULL, weights_emit, false}, TE_CPU_VARIANT(NULL, weights_emit_cpu), {0}};
static const te_case weights_cases[] = {{{TE_SHAPE4(5, 7, 3, 3)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE4(3, 37, 3, 3)}, NULL, TE_FILL_NAN}};

const te_op te_op_head_weights = {.name = "head_weights", .shape = weights_shape, .variants = weights_variants,
                                  .reference = weights_reference, .gradient = weights_gradient,
                                  TE_CASES(weights_cases)};

te_tensor te_head_weights(te_graph *graph, te_tensor weight)
{
    return te_graph_call(graph, &te_op_head_weights, NULL, 1, &weight);
}

/* ---- head_affine ---- */

static te_status affine_shape(te_call *call)
{
    for (int i = 1; i < 5; i++) {
        if (!te_shape_equal(&call->in[0], &call->in[i])) {
            return te_call_fail(call, "five vectors (O)");
        }
    }
    call->out = TE_SHAPE2(2, te_shape_count(&call->in[0]));
    return TE_OK;
}

static te_status affine_emit(te_plan *plan, const te_call *call)
{
    int64_t O = call->out.size[1];
    te_launch launch = {.family = "head", .kernel = "head_affine", .writes = call->out_value, .global = {(size_t)O},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->in_value[4]), TE_VALUE(call->out_value), TE_INT(O)}};
    return te_plan_launch(plan, &launch);
}

static void affine_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->out.size[1];
    for (int64_t o = 0; o < O; o++) {
        out[o] = in[1][o] / sqrt(in[4][o] + 1e-5);
        out[O + o] = (in[0][o] - in[3][o]) * out[o] + in[2][o];
    }
}

static void affine_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_tensor in[TE_INPUTS] = {te_call_input(call, 0), te_call_input(call, 1), te_call_input(call, 3),
                               te_call_input(call, 4), dy};
    for (int i = 0; i < 5; i++) {
        dx[i] = te_graph_trains(graph, call, i) ? te_head_affine_dx(graph, in, i) : TE_ABSENT;
    }
}

static const te_variant affine_variants[] = {{"generic", NULL, NULL, affine_emit, false}, {0}};
static const te_case affine_cases[] = {
    {{TE_SHAPE1(37), TE_SHAPE1(37), TE_SHAPE1(37), TE_SHAPE1(37), TE_SHAPE1(37)}, NULL, TE_FILL_POSITIVE}};

const te_op te_op_head_affine = {.name = "head_affine", .shape = affine_shape, .variants = affine_variants,
                                 .reference = affine_reference, .gradient = affine_gradient,
                                 TE_CASES(affine_cases)};

te_tensor te_head_affine(te_graph *graph, te_tensor bias, const te_tensor norm[4])
{
    return te_graph_call(graph, &te_op_head_affine, NULL, 5, (te_tensor[]){bias, norm[0], norm[1], norm[2], norm[3]});
}

/* ---- head_combine ---- */

static te_status combine_shape(te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    const te_shape *products = &call->in[0], *affine = &call->in[1];
    if (products->rank != 3 || products->size[1] != (int64_t)o->height * o->width || products->size[2] % OFFSETS ||
        (affine->rank &&
         (affine->rank != 2 || affine->size[0] != 2 || products->size[2] != OFFSETS * affine->size[1]))) {
        return te_call_fail(call, "products (B,h*w,9*O), affine (2,O) or absent");
    }
    call->out = TE_SHAPE3(products->size[0], UP * UP * products->size[1], products->size[2] / OFFSETS);
    return TE_OK;
}

static te_launch combine_launch(const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    bool has_affine = call->in[1].rank;
    return (te_launch){.writes = call->out_value,
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[has_affine ? 1 : 0]),
                                     TE_VALUE(call->out_value), TE_INT(o->height), TE_INT(o->width),
                                     TE_INT(call->out.size[2]), TE_INT(has_affine)}};
}

static te_status combine_emit(te_plan *plan, const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    te_launch launch = combine_launch(call);
    launch.family = "head";
    launch.kernel = "head_combine";
    launch.global[0] = (size_t)call->out.size[2];
    launch.global[1] = (size_t)o->width;
    launch.global[2] = (size_t)(call->in[0].size[0] * o->height);
    return te_plan_launch(plan, &launch);
}

static bool combine_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->out.size[2] % 16 == 0;
}

static te_status combine_emit_cpu(te_plan *plan, const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    te_launch launch = combine_launch(call);
    launch.family = "head_cpu";
    launch.kernel = "head_combine_cpu";
    launch.global[0] = (size_t)te_panels(o->width, TE_HEAD_COLUMNS);
    launch.global[1] = (size_t)(call->in[0].size[0] * o->height);
    launch.dealt = true;
    return te_plan_launch(plan, &launch);
}

/* Bilinear sampling at fine position `fine` of `size` cells: two cells and their weights. */
static void bilinear(int64_t fine, double scale, int64_t size, int64_t cell[2], double weight[2])
{
    double source = fmax(((double)fine + 0.5) * scale - 0.5, 0);
    cell[0] = (int64_t)source < size - 1 ? (int64_t)source : size - 1;
    cell[1] = cell[0] < size - 1 ? cell[0] + 1 : cell[0];
    weight[1] = source - (double)cell[0];
    weight[0] = 1 - weight[1];
}

void te_head_cells(const te_head_upsample_options *o, int64_t y, int64_t x, int64_t cell[4], double weight[4])
{
    int64_t line[2], column[2];
    double line_weight[2], column_weight[2];
    bilinear(y, (double)o->height / o->to_height, o->height, line, line_weight);
    bilinear(x, (double)o->width / o->to_width, o->width, column, column_weight);
    for (int i = 0; i < 4; i++) {
        cell[i] = line[i / 2] * o->width + column[i % 2];
        weight[i] = line_weight[i / 2] * column_weight[i % 2];
    }
}

/* A map with `stride` between its cells, sampled at fine position (y, x). */
static double sample(const double *map, const te_head_upsample_options *o, int64_t stride, int64_t y, int64_t x)
{
    int64_t cell[4];
    double weight[4], sum = 0;
    te_head_cells(o, y, x, cell, weight);
    for (int i = 0; i < 4; i++) {
        sum += weight[i] == 0 ? 0 : weight[i] * map[cell[i] * stride];
    }
    return sum;
}

/* conv3x3(up4(x)) at fine position (y, x), from the nine products of one channel of one picture. */
static double combine(const double *products, const te_head_options *o, int64_t O, int64_t y, int64_t x)
{
    te_head_upsample_options up4 = {o->height, o->width, UP * o->height, UP * o->width};
    double sum = 0;
    for (int k = 0; k < OFFSETS; k++) {
        int64_t at_y = y + k / 3 - 1, at_x = x + k % 3 - 1;
        if (at_y >= 0 && at_y < up4.to_height && at_x >= 0 && at_x < up4.to_width) {
            sum += sample(products + k * O, &up4, OFFSETS * O, at_y, at_x);
        }
    }
    return sum;
}

double te_head_value(const te_call *call, const double *const in[TE_INPUTS], int64_t pixel, int64_t c)
{
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2] / OFFSETS, W = UP * o->width, H = UP * o->height;
    const double *products = in[0] + pixel / W / H * call->in[0].size[1] * OFFSETS * O + c;
    double sum = combine(products, o, O, pixel / W % H, pixel % W);
    return in[1] ? te_gelu_exact(sum * in[1][c] + in[1][O + c]) : sum;
}

static void combine_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->out.size[2];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = te_head_value(call, in, i / O, i % O);
    }
}

static void combine_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_head_options o = *(const te_head_options *)(const void *)call->attributes;
    te_tensor products = te_call_input(call, 0), affine = te_call_input(call, 1), dsum = dy;
    if (affine.value >= 0) {
        te_tensor sums = te_head_combine(graph, products, TE_ABSENT, o);
        dsum = te_head_epilogue_dx(graph, sums, affine, dy, 0);
        if (te_graph_trains(graph, call, 1)) {
            int64_t O = call->out.size[2];
            dx[1] = te_sum(graph, te_head_epilogue_dx(graph, sums, affine, dy, 1), 2 * O);
        }
    }
    if (te_graph_trains(graph, call, 0)) {
        dx[0] = te_head_combine_dx(graph, dsum, o);
    }
}

static uint64_t combine_macs(const te_call *call)
{
    return (uint64_t)(te_shape_count(&call->out) * 312 / (UP * UP)); /* 216 + 96 of 16 values, see the kernel */
}

static const te_variant combine_variants[] = {{"generic", NULL, NULL, combine_emit, false},
                                              TE_CPU_VARIANT(combine_supports_cpu, combine_emit_cpu),
                                              {0}};
static const te_head_options three_by_four = {3, 4}, one_by_one = {1, 1}, two_by_one = {2, 1};
static const te_case combine_cases[] = {
    {{TE_SHAPE3(2, 12, 9 * 5), TE_SHAPE2(2, 5)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 32), TE_SHAPE2(2, 32)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 9 * 5)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 16)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 9 * 80)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 1, 9 * 3), TE_SHAPE2(2, 3)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 2, 9 * 17), TE_SHAPE2(2, 17)}, &two_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 4), TE_SHAPE2(2, 4)}, &three_by_four, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 12, 9 * 4), TE_SHAPE2(2, 4)}, &three_by_four, TE_FILL_NAN},
};

const te_op te_op_head_combine = {.name = "head_combine", .attribute_bytes = sizeof(te_head_options),
                                  .shape = combine_shape, .variants = combine_variants,
                                  .reference = combine_reference, .gradient = combine_gradient,
                                  .macs = combine_macs, TE_CASES(combine_cases)};

te_tensor te_head_combine(te_graph *graph, te_tensor products, te_tensor affine, te_head_options options)
{
    return te_graph_call(graph, &te_op_head_combine, &options, 2, (te_tensor[]){products, affine});
}

/* ---- upsample ---- */

static te_status upsample_shape(te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0];
    if (x->rank != 3 || x->size[1] != (int64_t)o->height * o->width || o->to_height < 1 || o->to_width < 1) {
        return te_call_fail(call, "x (B,h*w,K)");
    }
    call->out = TE_SHAPE4(x->size[0], x->size[2], o->to_height, o->to_width);
    return TE_OK;
}

static te_status upsample_emit(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->in[0].size[2];
    te_launch launch = {.family = "head", .kernel = "head_upsample", .writes = call->out_value,
                        .global = {(size_t)o->to_width, (size_t)o->to_height, (size_t)(call->in[0].size[0] * K)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(K), TE_INT(o->to_height), TE_INT(o->to_width)}};
    return te_plan_launch(plan, &launch);
}

/* Four times in both directions, as the model has it. */
static bool upsample_supports_cpu(const te_caps *caps, const te_call *call)
{
    enum { LONGEST = 1024 }; /* as in kernels/head_cpu.cl */
    const te_head_upsample_options *o = (const void *)call->attributes;
    (void)caps;
    return o->to_height == UP * o->height && o->to_width == UP * o->width && o->width % 4 == 0 && o->width <= LONGEST;
}

static te_status upsample_emit_cpu(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->in[0].size[2];
    te_launch launch = {.writes = call->out_value,
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(K)}};
    te_launch_on_cpu(&launch, "head_cpu", "head_upsample_cpu", o->to_height, call->in[0].size[0] * K);
    return te_plan_launch(plan, &launch);
}

static void upsample_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->in[0].size[2], cells = call->in[0].size[1];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t x = i % o->to_width, y = i / o->to_width % o->to_height, plane = i / o->to_width / o->to_height;
        const double *map = in[0] + plane / K * cells * K + plane % K;
        out[i] = sample(map, o, K, y, x);
    }
}

static void upsample_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = te_head_upsample_dx(graph, dy, *(const te_head_upsample_options *)(const void *)call->attributes);
}

static const te_variant upsample_variants[] = {{"generic", NULL, NULL, upsample_emit, false},
                                               TE_CPU_VARIANT(upsample_supports_cpu, upsample_emit_cpu),
                                               {0}};
static const te_head_upsample_options four_times = {3, 5, 12, 20}, wide = {3, 4, 12, 16}, wider = {5, 12, 20, 48},
                                       odd = {3, 5, 7, 4}, single = {1, 1, 3, 3};
static const te_case upsample_cases[] = {
    {{TE_SHAPE3(2, 15, 3)}, &four_times, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 3)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 60, 2)}, &wider, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 60, 2)}, &wider, TE_FILL_INF},
    {{TE_SHAPE3(1, 15, 7)}, &odd, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 1, 2)}, &single, TE_FILL_NORMAL},
};

const te_op te_op_head_upsample = {.name = "head_upsample", .attribute_bytes = sizeof(te_head_upsample_options),
                              .shape = upsample_shape, .variants = upsample_variants,
                              .reference = upsample_reference, .gradient = upsample_gradient,
                              TE_CASES(upsample_cases)};

te_tensor te_head_upsample(te_graph *graph, te_tensor x, te_head_upsample_options options)
{
    return te_graph_call(graph, &te_op_head_upsample, &options, 1, &x);
}
