/* residual: a branch that training leaves out for some pictures (stochastic depth, MODEL.md section 2). */
#include "ops/ops.h"

static int line_of(const te_call *call)
{
    return ((const te_residual_options *)(const void *)call->attributes)->line;
}

/* Both kernels: the inputs, the result, then the sizes. */
static te_launch launch_of(const te_call *call, const char *kernel, int inputs)
{
    int64_t B = call->out.size[0], size = te_shape_count(&call->out) / B;
    te_launch launch = {.family = "residual", .kernel = kernel, .writes = call->out_value,
                        .global = {(size_t)size, (size_t)B}};
    te_argument *next = launch.arguments;
    for (int i = 0; i < inputs; i++) {
        *next++ = (te_argument)TE_VALUE(call->in_value[i]);
    }
    *next++ = (te_argument)TE_VALUE(call->out_value);
    *next++ = (te_argument)TE_INT(size);
    *next++ = (te_argument)TE_INT(B);
    *next = (te_argument)TE_INT(line_of(call));
    return launch;
}

static te_status emit_on_cpu(te_plan *plan, const te_call *call, const char *kernel, int inputs)
{
    enum { BLOCK = 4096 }; /* elements; as in kernels/residual_cpu.cl */
    te_launch launch = launch_of(call, kernel, inputs);
    te_launch_on_cpu(&launch, "residual_cpu", kernel, ((int64_t)launch.global[0] + BLOCK - 1) / BLOCK, call->out.size[0]);
    return te_plan_launch(plan, &launch);
}

static bool fits(const te_call *call, const te_shape *scale)
{
    return call->in[0].rank >= 2 && scale->rank == 2 && scale->size[1] == call->in[0].size[0] && line_of(call) >= 0 &&
           line_of(call) < scale->size[0];
}

/* ---- residual ---- */

static te_status shape(te_call *call)
{
    call->out = call->in[0];
    return te_shape_equal(&call->in[0], &call->in[1]) && fits(call, &call->in[2])
               ? TE_OK
               : te_call_fail(call, "x and branch (B,...) of one shape, scale (S,B), and a line of it");
}

static te_status emit_forward(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "residual", 3);
    return te_plan_launch(plan, &launch);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_on_cpu(plan, call, "residual_cpu", 3);
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t B = call->out.size[0], size = te_shape_count(&call->out) / B;
    for (int64_t i = 0; i < B * size; i++) {
        double scale = in[2][line_of(call) * B + i / size];
        out[i] = in[0][i] + (scale == 0 ? 0 : scale * in[1][i]);
    }
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = dy;
    dx[1] = te_graph_call(graph, &te_op_residual_dx, call->attributes, 2, (te_tensor[]){dy, te_call_input(call, 2)});
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, emit_forward, false}, TE_CPU_VARIANT(NULL, emit_cpu), {0}};
static const te_residual_options first = {0}, second = {1};
static const te_case cases[] = {
    {{TE_SHAPE3(2, 5, 7), TE_SHAPE3(2, 5, 7), TE_SHAPE2(3, 2)}, &second, TE_FILL_NORMAL},
    {{TE_SHAPE3(3, 70, 33), TE_SHAPE3(3, 70, 33), TE_SHAPE2(1, 3)}, &first, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE3(1, 5, 64), TE_SHAPE2(1, 1)}, &first, TE_FILL_LARGE},
};

const te_op te_op_residual = {.name = "residual", .attribute_bytes = sizeof(te_residual_options), .shape = shape,
                              .variants = variants, .reference = reference, .gradient = gradient, TE_CASES(cases)};

te_tensor te_residual(te_graph *graph, te_tensor x, te_tensor branch, te_tensor scale, te_residual_options options)
{
    return te_graph_call(graph, &te_op_residual, &options, 3, (te_tensor[]){x, branch, scale});
}

/* ---- residual_dx ---- */

static te_status dx_shape(te_call *call)
{
    call->out = call->in[0];
    return fits(call, &call->in[1]) ? TE_OK : te_call_fail(call, "dy (B,...), scale (S,B), and a line of it");
}

static te_status dx_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "residual_dx", 2);
    return te_plan_launch(plan, &launch);
}

static te_status dx_emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_on_cpu(plan, call, "residual_dx_cpu", 2);
}

static void dx_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t B = call->out.size[0], size = te_shape_count(&call->out) / B;
    for (int64_t i = 0; i < B * size; i++) {
        out[i] = in[1][line_of(call) * B + i / size] * in[0][i];
    }
}

static const te_variant dx_variants[] = {
    {"generic", NULL, NULL, dx_emit, false}, TE_CPU_VARIANT(NULL, dx_emit_cpu), {0}};
static const te_case dx_cases[] = {{{TE_SHAPE3(2, 5, 7), TE_SHAPE2(3, 2)}, &second, TE_FILL_NORMAL}};

const te_op te_op_residual_dx = {.name = "residual_dx", .attribute_bytes = sizeof(te_residual_options),
                                 .shape = dx_shape, .variants = dx_variants, .reference = dx_reference,
                                 TE_CASES(dx_cases)};
