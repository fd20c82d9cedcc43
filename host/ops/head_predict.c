/* head_predict: head_combine with the 1x1 convolution behind it, whose features are never in memory on processors. */
#include "ops/head_grad.h"

#include <string.h>

enum { OFFSETS = 9 };

static te_status shape(te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    const te_shape *products = &call->in[0], *affine = &call->in[1], *w = &call->in[2];
    if (products->rank != 3 || products->size[1] != (int64_t)o->height * o->width || affine->rank != 2 ||
        affine->size[0] != 2 || products->size[2] != OFFSETS * affine->size[1] || w->rank != 2 ||
        w->size[1] != affine->size[1] || te_shape_count(&call->in[3]) != w->size[0]) {
        return te_call_fail(call, "products (B,h*w,9*O), affine (2,O), w (K,O), bias (K)");
    }
    call->out = TE_SHAPE3(products->size[0], 16 * products->size[1], w->size[0]);
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
    memcpy(combine.attributes, call->attributes, sizeof(te_head_options));
    return combine;
}

static te_call describe_product(const te_call *call, int features)
{
    te_call product = {.op = &te_op_linear, .part = call->part, .in = {features_of(call), call->in[2], call->in[3]},
                       .out = call->out, .in_value = {features, call->in_value[2], call->in_value[3], -1, -1, -1},
                       .out_value = call->out_value};
    *(te_linear_options *)(void *)product.attributes = (te_linear_options){.groups = 1};
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

enum { COLUMNS = 16, MOST_CHANNELS = 1024 }; /* as in kernels/head_cpu.cl */

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    int64_t O = call->in[2].size[1];
    return O % 16 == 0 && O <= MOST_CHANNELS && caps->local_memory >= 16 * MOST_CHANNELS * sizeof(float);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    te_launch launch = {.family = "head_cpu", .kernel = "head_predict_cpu", .writes = call->out_value, .dealt = true,
                        .global = {(size_t)((o->width + COLUMNS - 1) / COLUMNS), (size_t)(call->in[0].size[0] * o->height)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]), TE_VALUE(call->in_value[2]),
                                      TE_VALUE(call->in_value[3]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(call->in[2].size[1]), TE_INT(call->in[2].size[0])}};
    return te_plan_launch(plan, &launch);
}

/* ---- description ---- */

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->in[2].size[1], K = call->in[2].size[0];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = in[3][i % K];
        for (int64_t c = 0; c < O; c++) {
            out[i] += in[2][i % K * O + c] * te_head_value(call, in, i / K, c);
        }
    }
}

static uint64_t macs(const te_call *call)
{
    te_call combine = describe_combine(call, 0), product = describe_product(call, 0);
    return combine.op->macs(&combine) + product.op->macs(&product);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(supports_cpu, emit_cpu), {0}};
static const te_head_options three_by_four = {3, 4}, one_by_one = {1, 1}, two_by_seventeen = {2, 17};
static const te_case cases[] = {
    {{TE_SHAPE3(2, 12, 9 * 5), TE_SHAPE2(2, 5), TE_SHAPE2(3, 5), TE_SHAPE1(3)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 12, 9 * 32), TE_SHAPE2(2, 32), TE_SHAPE2(5, 32), TE_SHAPE1(5)}, &three_by_four, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 34, 9 * 48), TE_SHAPE2(2, 48), TE_SHAPE2(21, 48), TE_SHAPE1(21)}, &two_by_seventeen, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 1, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(1, 16), TE_SHAPE1(1)}, &one_by_one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_INF},
    {{TE_SHAPE3(1, 12, 9 * 16), TE_SHAPE2(2, 16), TE_SHAPE2(2, 16), TE_SHAPE1(2)}, &three_by_four, TE_FILL_NAN},
};

const te_op te_op_head_predict = {.name = "head_predict", .attribute_bytes = sizeof(te_head_options), .shape = shape,
                                  .variants = variants, .reference = reference, .macs = macs, TE_CASES(cases)};

te_tensor te_head_predict(te_graph *graph, te_tensor products, te_tensor affine, te_tensor w, te_tensor bias,
                          te_head_options options)
{
    return te_graph_call(graph, &te_op_head_predict, &options, 4, (te_tensor[]){products, affine, w, bias});
}
