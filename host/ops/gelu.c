/* gelu by itself: training keeps what goes into it. */
#include "ops/gelu.h"
#include "ops/ops.h"

#include <math.h>

enum { CPU_BLOCK = 4096 }; /* as in kernels/gelu_cpu.cl */

static double distribution(double x)
{
    return 0.5 * (1 + erf(x * 0.70710678118654752));
}

double te_gelu_exact(double x)
{
    return x * distribution(x);
}

double te_gelu_slope_exact(double x)
{
    return distribution(x) + x * exp(-0.5 * x * x) * 0.39894228040143268;
}

/* Both ops: the last input has the result's shape. */
static te_status emit(te_plan *plan, const te_call *call, const char *family, const char *kernel, size_t block)
{
    int64_t elements = te_shape_count(&call->out);
    bool is_gradient = call->op == &te_op_gelu_dx;
    te_launch launch = {.family = family, .kernel = kernel, .writes = call->out_value,
                        .global = {((size_t)elements + block - 1) / block}};
    if (block > 1) {
        launch.local[0] = launch.local[1] = launch.local[2] = 1;
    }
    te_argument *next = launch.arguments;
    *next++ = (te_argument)TE_VALUE(call->in_value[0]);
    if (is_gradient) {
        *next++ = (te_argument)TE_VALUE(call->in_value[1]);
    }
    *next++ = (te_argument)TE_VALUE(call->out_value);
    *next = (te_argument)TE_INT(elements);
    return te_plan_launch(plan, &launch);
}

/* ---- gelu ---- */

static te_status shape(te_call *call)
{
    call->out = call->in[0];
    return call->in[0].rank ? TE_OK : te_call_fail(call, "x of any shape");
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "gelu", "gelu_forward", 1);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "gelu_cpu", "gelu_forward_cpu", CPU_BLOCK);
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = te_gelu_exact(in[0][i]);
    }
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = te_gelu_dx(graph, te_call_input(call, 0), dy);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit_generic, false}, TE_CPU_VARIANT(NULL, emit_cpu), {0}};
static const te_case cases[] = {{{TE_SHAPE3(2, 35, 7)}, NULL, TE_FILL_NORMAL},
                                {{TE_SHAPE2(1, 9000)}, NULL, TE_FILL_NORMAL},
                                {{TE_SHAPE2(5, 64)}, NULL, TE_FILL_LARGE},
                                {{TE_SHAPE2(5, 64)}, NULL, TE_FILL_NAN}};

const te_op te_op_gelu = {.name = "gelu", .shape = shape, .variants = variants, .reference = reference,
                          .gradient = gradient, TE_CASES(cases)};

te_tensor te_gelu(te_graph *graph, te_tensor x)
{
    return te_graph_call(graph, &te_op_gelu, NULL, 1, &x);
}

/* ---- gelu_dx ---- */

static te_status shape_dx(te_call *call)
{
    call->out = call->in[0];
    return te_shape_count(&call->in[0]) == te_shape_count(&call->in[1]) ? TE_OK
                                                                       : te_call_fail(call, "x and dy of one size");
}

static te_status emit_dx(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "gelu", "gelu_dx", 1);
}

static te_status emit_dx_cpu(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "gelu_cpu", "gelu_dx_cpu", CPU_BLOCK);
}

static void reference_dx(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = in[1][i] * te_gelu_slope_exact(in[0][i]);
    }
}

static const te_variant variants_dx[] = {
    {"generic", NULL, NULL, emit_dx, false}, TE_CPU_VARIANT(NULL, emit_dx_cpu), {0}};
static const te_case cases_dx[] = {{{TE_SHAPE3(2, 35, 7), TE_SHAPE3(2, 35, 7)}, NULL, TE_FILL_NORMAL},
                                   {{TE_SHAPE2(1, 9000), TE_SHAPE2(1, 9000)}, NULL, TE_FILL_NORMAL},
                                   {{TE_SHAPE2(5, 64), TE_SHAPE2(5, 64)}, NULL, TE_FILL_LARGE},
                                   {{TE_SHAPE2(5, 64), TE_SHAPE2(5, 64)}, NULL, TE_FILL_INF}};

const te_op te_op_gelu_dx = {.name = "gelu_dx", .shape = shape_dx, .variants = variants_dx,
                             .reference = reference_dx, TE_CASES(cases_dx)};

te_tensor te_gelu_dx(te_graph *graph, te_tensor x, te_tensor dy)
{
    return te_graph_call(graph, &te_op_gelu_dx, NULL, 2, (te_tensor[]){x, dy});
}
