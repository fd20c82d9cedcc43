/* head_predict: head_combine with the 1x1 convolution behind it, the features between which stay in a processor's caches. */
#include "ops/head_private.h"
#include "ops/product.h"

#include <stdio.h>
#include <string.h>

typedef struct predict_options {
    te_head_options grid;
    te_precision precision; /* of features and w; the graph's */
} predict_options;

static const predict_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

static te_status shape(te_call *call)
{
    const te_head_options *o = &options_of(call)->grid;
    const te_shape *products = &call->in[0], *affine = &call->in[1], *w = &call->in[2];
    if (products->rank != 3 || products->size[1] != (int64_t)o->height * o->width || affine->rank != 2 ||
        affine->size[0] != 2 || products->size[2] != TE_HEAD_OFFSETS * affine->size[1] || w->rank != 2 ||
        w->size[1] != affine->size[1] || te_shape_count(&call->in[3]) != w->size[0]) {
        return te_call_fail(call, "products (B,h*w,9*O), affine (2,O), w (K,O), bias (K)");
    }
    call->out = TE_SHAPE3(products->size[0], TE_HEAD_UP * TE_HEAD_UP * products->size[1], w->size[0]);
    return TE_OK;
}

static te_shape features_of(const te_call *call)
{
    return TE_SHAPE3(call->out.size[0], call->out.size[1], call->in[2].size[1]);
}

/* What makes the features, and what reads them, the value `features`. */
static te_call describe_combine(const te_call *call, int features)
{
    te_call combine = {.op = &te_op_head_combine, .part = call->part, .in = {call->in[0], call->in[1]},
                       .out = features_of(call),
                       .in_value = {call->in_value[0], call->in_value[1], -1, -1, -1, -1}, .out_value = features};
    memcpy(combine.attributes, &options_of(call)->grid, sizeof(te_head_options));
    return combine;
}

static te_call describe_product(const te_call *call, int features)
{
    te_call product = {.op = &te_op_linear, .part = call->part, .in = {features_of(call), call->in[2], call->in[3]},
                       .out = call->out, .in_value = {features, call->in_value[2], call->in_value[3], -1, -1, -1},
                       .out_value = call->out_value};
    *(te_linear_options *)(void *)product.attributes = (te_linear_options){
        .groups = 1, .precision = options_of(call)->precision};
    return product;
}

static te_status emit(te_plan *plan, const te_call *call)
{
    te_shape shape_of_features = features_of(call);
    int features = te_plan_scratch(plan, te_shape_count(&shape_of_features), call->in_value[0]);
    if (features < 0) {
        return TE_ERR_MEMORY;
    }
    te_call combine = describe_combine(call, features), product = describe_product(call, features);
    TE_TRY(te_plan_emit(plan, &combine));
    return te_plan_emit(plan, &product);
}

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    uint64_t O = (uint64_t)call->in[2].size[1];
    return O % 16 == 0 && 16 * O * sizeof(float) <= caps->local_memory;
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    const predict_options *o = options_of(call);
    char options[64];
    snprintf(options, sizeof options, "-DCHANNELS=%d %s", (int)call->in[2].size[1], te_precision_option(o->precision));
    te_launch launch = {.family = "head_predict_cpu", .kernel = "head_predict_cpu", .options = options,
                        .writes = call->out_value, .dealt = true,
                        .global = {(size_t)te_panels(o->grid.width, TE_HEAD_COLUMNS),
                                   (size_t)(call->in[0].size[0] * o->grid.height)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]), TE_VALUE(call->in_value[2]),
                                      TE_VALUE(call->in_value[3]), TE_VALUE(call->out_value), TE_INT(o->grid.height),
                                      TE_INT(o->grid.width), TE_INT(call->in[2].size[0])}};
    return te_plan_launch(plan, &launch);
}

/* ---- description ---- */

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->in[2].size[1], K = call->in[2].size[0];
    te_precision precision = options_of(call)->precision;
    te_call combine = describe_combine(call, 0);
    for (int64_t pixel = 0; pixel < te_shape_rows(&call->out); pixel++) {
        memcpy(out + pixel * K, in[3], (size_t)K * sizeof *out);
        for (int64_t c = 0; c < O; c++) {
            double feature = te_precision_round(precision, te_head_value(&combine, in, pixel, c));
            for (int64_t k = 0; k < K; k++) {
                out[pixel * K + k] += feature * te_precision_round(precision, in[2][k * O + c]);
            }
        }
    }
}

/* A feature near the middle between two numbers of 16 bits may go to the other one. */
static double rounding(const te_call *call)
{
    te_precision precision = options_of(call)->precision;
    return precision == TE_BF16 ? 4e-3 : precision == TE_FP16 ? 5e-4 : 0.0;
}

static uint64_t macs(const te_call *call)
{
    te_call combine = describe_combine(call, 0), product = describe_product(call, 0);
    return combine.op->macs(&combine) + product.op->macs(&product);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(supports_cpu, emit_cpu), {0}};
static const predict_options three_by_four = {{3, 4}, TE_FP32}, one_by_one = {{1, 1}, TE_FP32},
                             two_by_seventeen = {{2, 17}, TE_FP32}, bf16 = {{3, 4}, TE_BF16}, fp16 = {{3, 4}, TE_FP16};
static const te_case cases[] = {
    {{TE_SHAPE3(2, 12, 9 * 5), TE_SHAPE2(2, 5), TE_SHAPE2(3, 5), TE_SHAPE1(3)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 9 * 32), TE_SHAPE2(2, 32), TE_SHAPE2(5, 32), TE_SHAPE1(5)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 34, 9 * 48), TE_SHAPE2(2, 48), TE_SHAPE2(21, 48), TE_SHAPE1(21)}, &two_by_seventeen, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 1, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(1, 16), TE_SHAPE1(1)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_INF},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_NAN},
    {{TE_SHAPE3(1, 1, 9 * 1040), TE_SHAPE2(2, 1040), TE_SHAPE2(2, 1040), TE_SHAPE1(2)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 48), TE_SHAPE2(2, 48), TE_SHAPE2(7, 48), TE_SHAPE1(7)}, &bf16, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 48), TE_SHAPE2(2, 48), TE_SHAPE2(7, 48), TE_SHAPE1(7)}, &fp16, TE_FILL_NORMAL},
};

const te_op te_op_head_predict = {.name = "head_predict", .attribute_bytes = sizeof(predict_options), .shape = shape,
                                  .variants = variants, .reference = reference, .rounding = rounding, .macs = macs,
                                  TE_CASES(cases)};

te_tensor te_head_predict(te_graph *graph, te_tensor products, te_tensor affine, te_tensor w, te_tensor bias,
                          te_head_options options)
{
    predict_options with = {options, graph->precision};
    return te_graph_call(graph, &te_op_head_predict, &with, 4, (te_tensor[]){products, affine, w, bias});
}
