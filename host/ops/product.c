/* Calls of linear and its gradients as products with strides. */
#include "ops/product.h"

/* y (M,G*N) = x (M,G*K) w (G*N,K)^T */
static te_product describe_forward(const te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    int64_t m = te_shape_rows(&call->in[0]), n = call->in[1].size[0] / options->groups, k = call->in[1].size[1];
    return (te_product){.m = m, .n = n, .k = k, .groups = options->groups,
                     .flags = (call->in[2].rank ? TE_PRODUCT_BIAS : 0) | (call->in[3].rank ? TE_PRODUCT_RESIDUAL : 0) |
                              (options->gelu ? TE_PRODUCT_GELU : 0),
                     .x_row = options->groups * k, .x_k = 1, .x_group = k, .w_row = k, .w_k = 1, .w_group = n * k,
                     .y_row = options->groups * n, .y_group = n};
}

/* dx (M,G*K) = dy (M,G*N) w (G*N,K) + what the caller has it added to */
static te_product describe_dx(const te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    int64_t m = te_shape_rows(&call->in[0]), n = call->in[1].size[0] / options->groups, k = call->in[1].size[1];
    return (te_product){.m = m, .n = k, .k = n, .groups = options->groups,
                     .flags = call->in[3].rank ? TE_PRODUCT_RESIDUAL : 0,
                     .x_row = options->groups * n, .x_k = 1, .x_group = n, .w_row = 1, .w_k = k, .w_group = n * k,
                     .y_row = options->groups * k, .y_group = k};
}

/* dw (G*N,K) = dy (M,G*N)^T x (M,G*K) */
static te_product describe_dw(const te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    int64_t m = te_shape_rows(&call->in[0]), n = te_shape_width(&call->in[0]) / options->groups;
    int64_t k = te_shape_width(&call->in[1]) / options->groups;
    return (te_product){.m = n, .n = k, .k = m, .groups = options->groups,
                     .x_row = 1, .x_k = options->groups * n, .x_group = n,
                     .w_row = 1, .w_k = options->groups * k, .w_group = k, .y_row = k, .y_group = n * k};
}

te_product te_product_describe(const te_call *call)
{
    te_product p = call->op == &te_op_linear_dx   ? describe_dx(call)
                : call->op == &te_op_linear_dw ? describe_dw(call)
                                               : describe_forward(call);
    p.precision = ((const te_linear_options *)(const void *)call->attributes)->precision;
    return p;
}

int64_t te_panels(int64_t size, int64_t tile)
{
    return (size + tile - 1) / tile;
}

int te_value_or(int value, int other)
{
    return value >= 0 ? value : other;
}
