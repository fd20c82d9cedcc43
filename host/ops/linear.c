/* linear: products with fused bias, GELU and residual. Shared by everything that is a product at heart. */
#include "ops/gelu.h"
#include "ops/product.h"

static te_status shape(te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    const te_shape *x = &call->in[0], *w = &call->in[1];
    if (w->rank != 2 || x->rank < 1 || options->groups < 1 || w->size[0] % options->groups ||
        te_shape_width(x) != w->size[1] * options->groups) {
        return te_call_fail(call, "x (...,G*K) and w (G*N,K) must agree in K");
    }
    call->out = *x;
    call->out.size[x->rank - 1] = w->size[0];
    if (call->in[2].rank && te_shape_count(&call->in[2]) != w->size[0]) {
        return te_call_fail(call, "bias must have w's number of rows");
    }
    return call->in[3].rank && !te_shape_equal(&call->in[3], &call->out)
               ? te_call_fail(call, "residual must have the result's shape")
               : TE_OK;
}

/* ---- CLBlast: the library's product adds to y, which our kernels prepare and finish ---- */

static bool supports_clblast(const te_caps *caps, const te_call *call)
{
    /* its operands are fp32; the smallest work-groups and local memory of its kernels, without a tuning of its own */
    return te_product_describe(call).precision == TE_FP32 && caps->max_work_group >= 64 && caps->max_work_item[0] >= 32 &&
           caps->max_work_item[1] >= 32 && caps->local_memory >= 4096;
}

static bool prefers_clblast(const te_caps *caps, const te_call *call)
{
    te_product p = te_product_describe(call);
    /* Its kernels come into their own on GPUs, for products that fill them; small ones are one launch with ours. */
    return (caps->types & TE_TYPE_GPU) && !caps->simulator && p.m >= 64 && p.n >= 64 && p.k >= 64;
}

/* The library wants the stride between rows of what is stored, at least a row long even where there is one row only. */
static size_t library_stride(int64_t row, int64_t column, int64_t columns)
{
    return (size_t)(column != 1 ? column : row > columns ? row : columns);
}

/* A program that every device takes: the product in it is not run. */
static const char small_tile[] = "-DSIDE=1 -DBLOCKS=1";

static te_status emit_clblast(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    size_t columns = (size_t)te_shape_width(&call->out), rows = (size_t)te_shape_rows(&call->out);
    te_launch before = {.family = "linear", .kernel = "linear_before", .options = small_tile, .writes = call->out_value,
                        .global = {columns, rows},
                        .arguments = {TE_VALUE(te_value_or(call->in_value[2], call->in_value[1])),
                                      TE_VALUE(te_value_or(call->in_value[3], call->in_value[1])),
                                      TE_VALUE(call->out_value), TE_INT(rows), TE_INT(columns), TE_INT(p.flags)}};
    TE_TRY(te_plan_launch(plan, &before));
    for (int group = 0; group < p.groups; group++) {
        te_library_product one = {
            .a = call->in_value[0], .b = call->in_value[1], .c = call->out_value,
            .m = (size_t)p.m, .n = (size_t)p.n, .k = (size_t)p.k,
            .a_offset = (size_t)(group * p.x_group), .a_stride = library_stride(p.x_row, p.x_k, p.k),
            .b_offset = (size_t)(group * p.w_group), .b_stride = library_stride(p.w_row, p.w_k, p.k),
            .c_offset = (size_t)(group * p.y_group), .c_stride = (size_t)p.y_row,
            .a_transposed = p.x_k != 1, .b_transposed = p.w_k == 1};
        TE_TRY(te_plan_product(plan, &one));
    }
    if (!(p.flags & TE_PRODUCT_GELU)) {
        return TE_OK;
    }
    te_launch after = {.family = "linear", .kernel = "linear_after", .options = small_tile, .writes = call->out_value,
                       .global = {columns, rows},
                       .arguments = {TE_VALUE(te_value_or(call->in_value[3], call->in_value[1])),
                                     TE_VALUE(call->out_value), TE_INT(rows), TE_INT(columns), TE_INT(p.flags)}};
    return te_plan_launch(plan, &after);
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, te_linear_emit_tiled, false},
    {"tile32", te_linear_supports_tile32, NULL, te_linear_emit_tile32, false},
    {"tile64", te_linear_supports_tile64, NULL, te_linear_emit_tile64, false},
    {"tile128", te_linear_supports_tile128, NULL, te_linear_emit_tile128, false},
    TE_CPU_VARIANT(te_linear_supports_packed, te_linear_emit_cpu),
    {"narrow", te_linear_supports_narrow, te_linear_prefers_narrow, te_linear_emit_narrow, true},
    {"clblast", supports_clblast, prefers_clblast, emit_clblast, false},
    {"bf16", te_linear_supports_bf16, te_prefers_bf16, te_linear_emit_bf16, true},
    {"bf16_dot", te_linear_supports_dot, te_prefers_dot, te_linear_emit_dot, true},
    {"amx", te_linear_supports_amx, te_prefers_amx, te_linear_emit_amx, true},
    {0}};

/* ---- description ---- */

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    te_product p = te_product_describe(call);
    int64_t columns = p.n * p.groups;
    for (int64_t row = 0; row < p.m; row++) {
        for (int64_t column = 0; column < columns; column++) {
            const double *x = in[0] + row * p.k * p.groups + column / p.n * p.k, *w = in[1] + column * p.k;
            double sum = 0;
            for (int64_t k = 0; k < p.k; k++) {
                sum += te_precision_round(p.precision, x[k]) * te_precision_round(p.precision, w[k]);
            }
            sum += in[2] ? in[2][column] : 0;
            sum = p.flags & TE_PRODUCT_GELU ? te_gelu_exact(sum) : sum;
            out[row * columns + column] = sum + (in[3] ? in[3][row * columns + column] : 0);
        }
    }
}

static uint64_t macs(const te_call *call)
{
    te_product p = te_product_describe(call);
    return (uint64_t)(p.m * p.n * p.k * p.groups);
}

static const te_linear_options plain = {.groups = 1}, with_gelu = {.groups = 1, .gelu = 1},
                               three = {.groups = 3}, five_gelu = {.groups = 5, .gelu = 1},
                               bf16 = {.groups = 1, .precision = TE_BF16},
                               bf16_gelu = {.groups = 2, .gelu = 1, .precision = TE_BF16},
                               three_fp16 = {.groups = 3, .precision = TE_FP16};

static const te_case cases[] = {
    {{TE_SHAPE2(1, 1), TE_SHAPE2(1, 1)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 35, 48), TE_SHAPE2(33, 48), TE_SHAPE1(33)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 64, 64), TE_SHAPE2(64, 64), TE_SHAPE1(64)}, &with_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 17, 31), TE_SHAPE2(37, 31), TE_SHAPE1(37), TE_SHAPE3(2, 17, 37)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 13, 300), TE_SHAPE2(70, 300), TE_SHAPE1(70), TE_SHAPE3(1, 13, 70)}, &with_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 101, 3 * 20), TE_SHAPE2(3 * 40, 20), TE_SHAPE1(3 * 40)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 25, 5 * 260), TE_SHAPE2(5 * 16, 260), TE_SHAPE1(5 * 16)}, &five_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 66, 36), TE_SHAPE2(260, 36), TE_SHAPE1(260), TE_SHAPE3(2, 66, 260)}, &with_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 70, 65), TE_SHAPE2(129, 65), TE_SHAPE1(129)}, &plain, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 20, 40), TE_SHAPE2(50, 40), TE_SHAPE1(50)}, &plain, TE_FILL_INF},
    {{TE_SHAPE3(1, 20, 40), TE_SHAPE2(50, 40), TE_SHAPE1(50)}, &with_gelu, TE_FILL_NAN},
    {{TE_SHAPE3(2, 35, 48), TE_SHAPE2(33, 48), TE_SHAPE1(33)}, &bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 101, 3 * 20), TE_SHAPE2(3 * 40, 20), TE_SHAPE1(3 * 40)}, &three_fp16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(2, 75, 2 * 300), TE_SHAPE2(2 * 70, 300), TE_SHAPE1(2 * 70), TE_SHAPE3(2, 75, 2 * 70)}, &bf16_gelu,
     TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 20, 40), TE_SHAPE2(50, 40), TE_SHAPE1(50)}, &bf16, TE_FILL_INF},
    {{TE_SHAPE3(1, 20, 45), TE_SHAPE2(50, 45), TE_SHAPE1(50)}, &bf16, TE_FILL_NAN},
};

/* With z = x w^T + bias: dz = dy gelu'(z), z taken again where GELU was fused. */
static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    const te_linear_options *o = (const void *)call->attributes;
    te_tensor x = te_call_input(call, 0), w = te_call_input(call, 1), bias = te_call_input(call, 2), dz = dy;
    if (o->gelu) {
        te_tensor z = te_linear(graph, x, w, bias, TE_ABSENT, (te_linear_options){.groups = o->groups});
        dz = te_gelu_dx(graph, z, dy);
    }
    dx[0] = te_graph_trains(graph, call, 0) ? te_linear_dx(graph, dz, w, o->groups) : TE_ABSENT;
    dx[1] = te_graph_trains(graph, call, 1) ? te_linear_dw(graph, dz, x, o->groups) : TE_ABSENT;
    dx[2] = te_graph_trains(graph, call, 2) ? te_sum(graph, dz, w.shape.size[0]) : TE_ABSENT;
    dx[3] = call->in[3].rank ? dy : TE_ABSENT;
}

const te_op te_op_linear = {.name = "linear", .attribute_bytes = sizeof(te_linear_options), .shape = shape,
                            .variants = variants, .reference = reference, .gradient = gradient, .macs = macs,
                            TE_CASES(cases)};

te_tensor te_linear(te_graph *graph, te_tensor x, te_tensor w, te_tensor bias, te_tensor residual,
                    te_linear_options options)
{
    options.groups = options.groups ? options.groups : 1;
    options.precision = graph->precision;
    if (graph->training && options.gelu && residual.value < 0) {
        options.gelu = 0; /* apart, so that its gradient finds what went into it */
        return te_gelu(graph, te_linear(graph, x, w, bias, residual, options));
    }
    return te_graph_call(graph, &te_op_linear, &options, 4, (te_tensor[]){x, w, bias, residual});
}

/* ---- gradients ---- */

static te_status shape_dx(te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    const te_shape *dy = &call->in[0], *w = &call->in[1];
    if (w->rank != 2 || dy->rank < 1 || options->groups < 1 || te_shape_width(dy) != w->size[0]) {
        return te_call_fail(call, "dy (...,G*N) and w (G*N,K) must agree in N");
    }
    call->out = *dy;
    call->out.size[dy->rank - 1] = w->size[1] * options->groups;
    if (call->in[3].rank && te_shape_count(&call->in[3]) != te_shape_count(&call->out)) {
        return te_call_fail(call, "what is added must have the result's shape");
    }
    return TE_OK;
}

static te_status shape_dw(te_call *call)
{
    const te_linear_options *options = (const void *)call->attributes;
    const te_shape *dy = &call->in[0], *x = &call->in[1];
    if (options->groups < 1 || te_shape_rows(dy) != te_shape_rows(x) || te_shape_width(dy) % options->groups ||
        te_shape_width(x) % options->groups) {
        return te_call_fail(call, "dy (M,G*N) and x (M,G*K) must agree in M");
    }
    call->out = TE_SHAPE2(te_shape_width(dy), te_shape_width(x) / options->groups);
    return TE_OK;
}

/* Both gradients by the strides that the kernels get. */
static void reference_strided(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    te_product p = te_product_describe(call);
    for (int64_t i = 0; i < p.groups * p.m * p.n; i++) {
        int64_t group = i / (p.m * p.n), m = i / p.n % p.m, n = i % p.n;
        double sum = 0;
        for (int64_t k = 0; k < p.k; k++) {
            sum += te_precision_round(p.precision, in[0][group * p.x_group + m * p.x_row + k * p.x_k]) *
                   te_precision_round(p.precision, in[1][group * p.w_group + n * p.w_row + k * p.w_k]);
        }
        int64_t to = group * p.y_group + m * p.y_row + n;
        out[to] = sum + (in[3] ? in[3][to] : 0);
    }
}

static const te_case cases_dx[] = {
    {{TE_SHAPE2(1, 1), TE_SHAPE2(1, 1)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 35, 33), TE_SHAPE2(33, 48), {0}, TE_SHAPE3(2, 35, 48)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 41, 3 * 40), TE_SHAPE2(3 * 40, 20), {0}, TE_SHAPE3(1, 41, 60)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 35, 33), TE_SHAPE2(33, 48)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 13, 300), TE_SHAPE2(300, 70)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 101, 3 * 40), TE_SHAPE2(3 * 40, 20)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 132, 36), TE_SHAPE2(36, 260)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 20, 50), TE_SHAPE2(50, 40)}, &plain, TE_FILL_NAN},
    {{TE_SHAPE3(2, 35, 33), TE_SHAPE2(33, 48)}, &bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 101, 3 * 40), TE_SHAPE2(3 * 40, 20)}, &three_fp16, TE_FILL_ROUNDED},
};

static const te_case cases_dw[] = {
    {{TE_SHAPE2(1, 1), TE_SHAPE2(1, 1)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 35, 33), TE_SHAPE3(2, 35, 48)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 300, 13), TE_SHAPE3(1, 300, 70)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 101, 3 * 40), TE_SHAPE3(1, 101, 3 * 20)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 35, 132), TE_SHAPE3(1, 35, 260)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 20, 50), TE_SHAPE3(1, 20, 40)}, &plain, TE_FILL_NAN},
    {{TE_SHAPE3(2, 35, 33), TE_SHAPE3(2, 35, 48)}, &bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 101, 3 * 64), TE_SHAPE3(1, 101, 3 * 32)}, &three_fp16, TE_FILL_ROUNDED},
};

const te_op te_op_linear_dx = {.name = "linear_dx", .attribute_bytes = sizeof(te_linear_options), .shape = shape_dx,
                               .variants = variants, .reference = reference_strided, .macs = macs, .addend = 3,
                               TE_CASES(cases_dx)};
const te_op te_op_linear_dw = {.name = "linear_dw", .attribute_bytes = sizeof(te_linear_options), .shape = shape_dw,
                               .variants = variants, .reference = reference_strided, .macs = macs,
                               TE_CASES(cases_dw)};

te_tensor te_linear_dx(te_graph *graph, te_tensor dy, te_tensor w, int groups)
{
    te_linear_options options = {.groups = groups, .precision = graph->precision};
    return te_graph_call(graph, &te_op_linear_dx, &options, 2, (te_tensor[]){dy, w});
}

te_tensor te_linear_dw(te_graph *graph, te_tensor dy, te_tensor x, int groups)
{
    te_linear_options options = {.groups = groups, .precision = graph->precision};
    return te_graph_call(graph, &te_op_linear_dw, &options, 2, (te_tensor[]){dy, x});
}
