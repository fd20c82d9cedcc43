/* conv: k x k convolutions on the token grid (gates, convolutional experts). */
#include "ops/conv.h"
#include "ops/gelu.h"
#include "ops/product.h"

static te_status shape(te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0], *w = &call->in[1];
    bool fits = x->rank == 3 && w->rank == 4 && o->groups >= 1 && w->size[2] == w->size[3] && w->size[2] % 2 == 1 &&
                x->size[1] == (int64_t)o->height * o->width && w->size[1] * o->groups == x->size[2] &&
                w->size[0] % o->groups == 0 && (!call->in[2].rank || te_shape_count(&call->in[2]) == w->size[0]);
    if (!fits) {
        return te_call_fail(call, "x (B,h*w,C), w (Cout,C/groups,k,k) with k odd, bias (Cout) or absent");
    }
    call->out = TE_SHAPE3(x->size[0], x->size[1], w->size[0]);
    return TE_OK;
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->in[0]), outputs = call->out.size[2];
    bool has_bias = call->in[2].rank;
    te_launch launch = {.family = "conv", .kernel = "conv", .options = te_precision_option(o->precision),
                        .writes = call->out_value,
                        .global = {(size_t)outputs, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[has_bias ? 2 : 1]), TE_VALUE(call->out_value),
                                      TE_INT(rows), TE_INT(o->height), TE_INT(o->width), TE_INT(call->in[0].size[2]),
                                      TE_INT(outputs), TE_INT(o->groups), TE_INT(call->in[1].size[2]),
                                      TE_INT(has_bias), TE_INT(o->gelu)}};
    return te_plan_launch(plan, &launch);
}

/* ---- neighbours as rows, then one product ---- */

bool te_conv_fits_buffer(const te_caps *caps, int64_t elements)
{
    return (uint64_t)elements * sizeof(float) <= caps->max_allocation;
}

static bool supports_unfold(const te_caps *caps, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t columns = o->groups * call->in[1].size[1] * call->in[1].size[2] * call->in[1].size[3];
    return te_conv_fits_buffer(caps, te_shape_rows(&call->in[0]) * columns);
}

/* A product reuses what it reads; the direct kernel does not, and stays for when the rows do not fit. */
static bool prefers_unfold(const te_caps *caps, const te_call *call)
{
    (void)caps;
    (void)call;
    return true;
}

te_call te_conv_describe_product(const te_call *call, int unfolded)
{
    const te_conv_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0], *w = &call->in[1];
    int64_t rows = te_shape_rows(x), area = w->size[2] * w->size[3];
    te_call product = {.op = &te_op_linear, .part = call->part,
                       .in = {TE_SHAPE2(rows, x->size[2] * area), TE_SHAPE2(w->size[0], w->size[1] * area), call->in[2]},
                       .out = TE_SHAPE2(rows, w->size[0]),
                       .in_value = {unfolded, call->in_value[1], call->in_value[2], -1, -1},
                       .out_value = call->out_value};
    *(te_linear_options *)(void *)product.attributes = (te_linear_options){
        .groups = o->groups, .gelu = o->gelu, .precision = o->precision};
    return product;
}

static te_status emit_unfold(te_plan *plan, const te_call *call)
{
    const te_shape *x = &call->in[0], *w = &call->in[1];
    int64_t rows = te_shape_rows(x), area = w->size[2] * w->size[3];
    int unfolded = call->in_value[0];
    if (area > 1) {
        unfolded = te_plan_scratch(plan, rows * x->size[2] * area, call->in_value[0]);
        if (unfolded < 0) {
            return TE_ERR_MEMORY;
        }
        te_call rows_of = te_conv_describe_unfold(call, unfolded);
        TE_TRY(te_plan_emit(plan, &rows_of));
    }
    te_call product = te_conv_describe_product(call, unfolded);
    return te_plan_emit(plan, &product);
}

/* ---- processors: neighbours packed as the product wants them ---- */

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    te_call product = te_conv_describe_product(call, call->in_value[0]);
    return te_linear_supports_packed(caps, &product);
}

static bool prefers_cpu(const te_caps *caps, const te_call *call)
{
    return te_caps_wide_cpu(caps) && call->in[1].size[2] > 1; /* a 1 x 1 convolution has no neighbours */
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    te_call as_product = te_conv_describe_product(call, call->in_value[0]);
    te_product p = te_product_describe(&as_product);
    te_tiling tiling = te_tiling_of(te_plan_caps(plan), &p);
    int64_t size = call->in[1].size[2];
    int w;
    TE_TRY(te_linear_pack_w(plan, &p, call->in_value[1], size * size, &w));
    te_launch launch = {.family = "conv_cpu", .kernel = "conv_cpu", .options = tiling.options, .writes = call->out_value,
                        .dealt = true, .global = {tiling.pieces[0], tiling.pieces[1], tiling.pieces[2]},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(w), TE_VALUE(te_value_or(call->in_value[2], w)),
                                      TE_VALUE(call->out_value), TE_INT(p.m), TE_INT(p.n), TE_INT(p.flags),
                                      TE_INT(o->height), TE_INT(o->width), TE_INT(call->in[0].size[2]), TE_INT(size),
                                      TE_INT(tiling.chunk_m), TE_INT(tiling.chunk_n)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, emit_generic, false},
    {"unfold", supports_unfold, prefers_unfold, emit_unfold, false},
    {"cpu", supports_cpu, prefers_cpu, emit_cpu, true},
    {"winograd", te_conv_supports_winograd, te_conv_prefers_winograd, te_conv_emit_winograd, false},
    {"bf16", te_conv_supports_bf16, te_prefers_bf16, te_conv_emit_bf16, true},
    {"bf16_dot", te_conv_supports_dot, te_prefers_dot, te_conv_emit_dot, true},
    {"amx", te_conv_supports_amx, te_prefers_amx, te_conv_emit_amx, true},
    {0}};

static double convolve(const te_call *call, const double *x, const double *w, int64_t row, int64_t output)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t k = call->in[1].size[2], in_group = call->in[1].size[1], C = call->in[0].size[2];
    int64_t channel0 = output / (call->out.size[2] / o->groups) * in_group;
    int64_t column = row % o->width, line = row / o->width % o->height;
    double sum = 0;
    for (int64_t i = 0; i < k * k; i++) {
        int64_t dy = i / k - k / 2, dx = i % k - k / 2;
        if (line + dy < 0 || line + dy >= o->height || column + dx < 0 || column + dx >= o->width) {
            continue;
        }
        for (int64_t c = 0; c < in_group; c++) {
            sum += te_precision_round(o->precision, x[(row + dy * o->width + dx) * C + channel0 + c]) *
                   te_precision_round(o->precision, w[(output * in_group + c) * k * k + i]);
        }
    }
    return sum;
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t outputs = call->out.size[2], rows = te_shape_rows(&call->in[0]);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t output = 0; output < outputs; output++) {
            double sum = convolve(call, in[0], in[1], row, output) + (in[2] ? in[2][output] : 0);
            out[row * outputs + output] = o->gelu ? te_gelu_exact(sum) : sum;
        }
    }
}

static uint64_t macs(const te_call *call)
{
    return (uint64_t)(te_shape_rows(&call->in[0]) * te_shape_count(&call->in[1]));
}

/* That of x is a convolution too, of dy with W the other way round; that of W is a product with x's rows of neighbours. */
static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_conv_options o = *(const te_conv_options *)(const void *)call->attributes;
    te_tensor x = te_call_input(call, 0), w = te_call_input(call, 1), bias = te_call_input(call, 2), dz = dy;
    te_unfold_options grid = {.height = o.height, .width = o.width, .size = (int)w.shape.size[2]};
    if (o.gelu) {
        o.gelu = 0;
        dz = te_gelu_dx(graph, te_conv(graph, x, w, bias, o), dy);
    }
    if (te_graph_trains(graph, call, 0)) {
        dx[0] = te_conv(graph, dz, te_conv_flip(graph, w, o.groups), TE_ABSENT, o);
    }
    if (te_graph_trains(graph, call, 1)) {
        dx[1] = te_linear_dw(graph, dz, te_conv_unfold(graph, x, grid), o.groups);
    }
    dx[2] = te_graph_trains(graph, call, 2) ? te_sum(graph, dz, w.shape.size[0]) : TE_ABSENT;
}

static const te_conv_options wide = {.height = 3, .width = 5, .groups = 1},
                             grouped = {.height = 4, .width = 3, .groups = 3, .gelu = 1},
                             even_gelu = {.height = 2, .width = 6, .groups = 1, .gelu = 1},
                             one_line = {.height = 1, .width = 7, .groups = 1},
                             fp16 = {.height = 3, .width = 5, .groups = 1, .precision = TE_FP16},
                             bf16 = {.height = 3, .width = 5, .groups = 1, .precision = TE_BF16},
                             grouped_bf16 = {.height = 4, .width = 3, .groups = 3, .gelu = 1, .precision = TE_BF16};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 15, 8), TE_SHAPE4(6, 8, 3, 3), TE_SHAPE1(6)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 15, 20), TE_SHAPE4(40, 20, 3, 3), TE_SHAPE1(40)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 15, 33), TE_SHAPE4(32, 33, 1, 1), TE_SHAPE1(32)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 12), TE_SHAPE4(9, 4, 5, 5), TE_SHAPE1(9)}, &grouped, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 7, 16), TE_SHAPE4(17, 16, 5, 5), TE_SHAPE1(17)}, &one_line, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(16, 8, 3, 3), TE_SHAPE1(16)}, &wide, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(6, 8, 3, 3), TE_SHAPE1(6)}, &wide, TE_FILL_INF},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(16, 8, 3, 3), TE_SHAPE1(16)}, &wide, TE_FILL_NAN},
    {{TE_SHAPE3(2, 15, 8), TE_SHAPE4(6, 8, 3, 3), TE_SHAPE1(6)}, &fp16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(2, 15, 40), TE_SHAPE4(70, 40, 3, 3), TE_SHAPE1(70)}, &bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 15, 33), TE_SHAPE4(32, 33, 1, 1), TE_SHAPE1(32)}, &bf16, TE_FILL_NAN},
    {{TE_SHAPE3(3, 12, 12), TE_SHAPE4(9, 4, 5, 5), TE_SHAPE1(9)}, &grouped_bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(2, 15, 8), TE_SHAPE4(40, 8, 3, 3)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 15, 32), TE_SHAPE4(48, 32, 3, 3), TE_SHAPE1(48)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 16), TE_SHAPE4(16, 16, 3, 3)}, &even_gelu, TE_FILL_NORMAL},
};

const te_op te_op_conv = {.name = "conv", .attribute_bytes = sizeof(te_conv_options), .shape = shape,
                          .variants = variants, .reference = reference, .gradient = gradient, .macs = macs,
                          TE_CASES(cases)};

te_tensor te_conv(te_graph *graph, te_tensor x, te_tensor w, te_tensor bias, te_conv_options options)
{
    options.groups = options.groups ? options.groups : 1;
    options.precision = graph->precision;
    if (graph->training && options.gelu) {
        options.gelu = 0; /* as in te_linear() */
        return te_gelu(graph, te_conv(graph, x, w, bias, options));
    }
    return te_graph_call(graph, &te_op_conv, &options, 3, (te_tensor[]){x, w, bias});
}
