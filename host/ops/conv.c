/* conv: k x k convolutions on the token grid (gates, convolutional experts). */
#include "ops/ops.h"

#include <math.h>

static te_status shape(te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0], *w = &call->in[1];
    bool fits = x->rank == 3 && w->rank == 4 && o->groups >= 1 && w->size[2] == w->size[3] && w->size[2] % 2 == 1 &&
                x->size[1] == (int64_t)o->height * o->width && w->size[1] * o->groups == x->size[2] &&
                w->size[0] % o->groups == 0 && te_shape_count(&call->in[2]) == w->size[0];
    if (!fits) {
        return te_call_fail(call, "x (B,h*w,C), w (Cout,C/groups,k,k) with k odd, bias (Cout)");
    }
    call->out = TE_SHAPE3(x->size[0], x->size[1], w->size[0]);
    return TE_OK;
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->in[0]), outputs = call->out.size[2];
    te_launch launch = {.family = "conv", .kernel = "conv", .writes = call->out_value,
                        .global = {(size_t)outputs, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value), TE_INT(rows),
                                      TE_INT(o->height), TE_INT(o->width), TE_INT(call->in[0].size[2]),
                                      TE_INT(outputs), TE_INT(o->groups), TE_INT(call->in[1].size[2]),
                                      TE_INT(o->gelu)}};
    return te_plan_launch(plan, &launch);
}

/* ---- neighbours as rows, then one product ---- */

static bool supports_unfold(const te_caps *caps, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t columns = o->groups * call->in[1].size[1] * call->in[1].size[2] * call->in[1].size[3];
    uint64_t bytes = (uint64_t)(te_shape_rows(&call->in[0]) * columns) * sizeof(float);
    return bytes <= caps->max_allocation;
}

/* A product reuses what it reads; the direct kernel does not, and stays for when the rows do not fit. */
static bool prefers_unfold(const te_caps *caps, const te_call *call)
{
    (void)caps;
    (void)call;
    return true;
}

static te_status emit_unfold(te_plan *plan, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0], *w = &call->in[1];
    int64_t rows = te_shape_rows(x), area = w->size[2] * w->size[3];
    int64_t columns = x->size[2] * area, group_columns = w->size[1] * area;
    int unfolded = call->in_value[0];
    if (area > 1) {
        unfolded = te_plan_scratch(plan, rows * columns, call->in_value[0]);
        if (unfolded < 0) {
            return TE_ERR_MEMORY;
        }
        te_launch launch = {.family = "conv", .kernel = "conv_unfold", .writes = unfolded,
                            .global = {(size_t)x->size[2], (size_t)rows},
                            .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(unfolded), TE_INT(rows),
                                          TE_INT(o->height), TE_INT(o->width), TE_INT(x->size[2]),
                                          TE_INT(w->size[2])}};
        TE_TRY(te_plan_launch(plan, &launch));
    }
    te_call product = {.op = &te_op_linear, .part = call->part,
                       .in = {TE_SHAPE2(rows, columns), TE_SHAPE2(w->size[0], group_columns), call->in[2]},
                       .out = TE_SHAPE2(rows, w->size[0]),
                       .in_value = {unfolded, call->in_value[1], call->in_value[2], -1, -1},
                       .out_value = call->out_value};
    *(te_linear_options *)(void *)product.attributes = (te_linear_options){.groups = o->groups, .gelu = o->gelu};
    return te_plan_emit(plan, &product);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit_generic},
                                      {"unfold", supports_unfold, prefers_unfold, emit_unfold},
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
            sum += x[(row + dy * o->width + dx) * C + channel0 + c] * w[(output * in_group + c) * k * k + i];
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
            double sum = convolve(call, in[0], in[1], row, output) + in[2][output];
            out[row * outputs + output] = o->gelu ? 0.5 * sum * (1 + erf(sum * 0.70710678118654752)) : sum;
        }
    }
}

static uint64_t macs(const te_call *call)
{
    return (uint64_t)(te_shape_rows(&call->in[0]) * te_shape_count(&call->in[1]));
}

static const te_conv_options wide = {.height = 3, .width = 5, .groups = 1},
                             grouped = {.height = 4, .width = 3, .groups = 3, .gelu = 1},
                             one_line = {.height = 1, .width = 7, .groups = 1};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 15, 8), TE_SHAPE4(6, 8, 3, 3), TE_SHAPE1(6)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 15, 20), TE_SHAPE4(40, 20, 3, 3), TE_SHAPE1(40)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 15, 33), TE_SHAPE4(32, 33, 1, 1), TE_SHAPE1(32)}, &wide, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 12), TE_SHAPE4(9, 4, 5, 5), TE_SHAPE1(9)}, &grouped, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 7, 16), TE_SHAPE4(17, 16, 5, 5), TE_SHAPE1(17)}, &one_line, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(16, 8, 3, 3), TE_SHAPE1(16)}, &wide, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(6, 8, 3, 3), TE_SHAPE1(6)}, &wide, TE_FILL_INF},
    {{TE_SHAPE3(1, 15, 8), TE_SHAPE4(16, 8, 3, 3), TE_SHAPE1(16)}, &wide, TE_FILL_NAN},
};

const te_op te_op_conv = {.name = "conv", .attribute_bytes = sizeof(te_conv_options), .shape = shape,
                          .variants = variants, .reference = reference, .macs = macs, TE_CASES(cases)};

te_tensor te_conv(te_graph *graph, te_tensor x, te_tensor w, te_tensor bias, te_conv_options options)
{
    options.groups = options.groups ? options.groups : 1;
    return te_graph_call(graph, &te_op_conv, &options, 3, (te_tensor[]){x, w, bias});
}
