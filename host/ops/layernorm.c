/* layernorm: normalisation over channels, optionally in groups and followed by GELU. */
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>

static te_status shape(te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t width = te_shape_width(&call->in[0]);
    if (width == 0 || o->groups < 1 || width % o->groups || te_shape_count(&call->in[1]) != width ||
        te_shape_count(&call->in[2]) != width) {
        return te_call_fail(call, "x (...,G*C), scale and shift (G*C)");
    }
    call->out = call->in[0];
    return TE_OK;
}

static int64_t row_width(const te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    return te_shape_width(&call->in[0]) / o->groups;
}

static te_launch describe(const te_call *call)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    return (te_launch){.writes = call->out_value,
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                     TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value),
                                     TE_INT(row_width(call)), TE_INT(o->groups), TE_INT(o->gelu)}};
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    size_t group = 1;
    while (2 * group <= te_plan_work_group(plan) && group < 256 && (int64_t)group < row_width(call)) {
        group *= 2;
    }
    char options[32];
    snprintf(options, sizeof options, "-DGROUP=%zu", group);
    te_launch launch = describe(call);
    launch.family = launch.kernel = "layernorm";
    launch.options = options;
    launch.global[0] = launch.local[0] = group;
    launch.global[1] = (size_t)(te_shape_count(&call->in[0]) / row_width(call));
    launch.local[1] = launch.local[2] = 1;
    return te_plan_launch(plan, &launch);
}

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return row_width(call) % 16 == 0;
}

static bool prefers_cpu(const te_caps *caps, const te_call *call)
{
    (void)call;
    return te_caps_wide_cpu(caps);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = describe(call);
    launch.family = launch.kernel = "layernorm_cpu";
    launch.global[0] = (size_t)(te_shape_count(&call->in[0]) / row_width(call));
    launch.local[0] = launch.local[1] = launch.local[2] = 1;
    return te_plan_launch(plan, &launch);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit_generic},
                                      {"cpu", supports_cpu, prefers_cpu, emit_cpu},
                                      {0}};

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_layernorm_options *o = (const void *)call->attributes;
    int64_t C = row_width(call), rows = te_shape_count(&call->in[0]) / C;
    for (int64_t row = 0; row < rows; row++) {
        const double *x = in[0] + row * C;
        double mean = 0, variance = 0;
        for (int64_t c = 0; c < C; c++) {
            mean += x[c] / (double)C;
        }
        for (int64_t c = 0; c < C; c++) {
            variance += (x[c] - mean) * (x[c] - mean) / (double)C;
        }
        for (int64_t c = 0; c < C; c++) {
            int64_t weight = row % o->groups * C + c;
            double y = (x[c] - mean) / sqrt(variance + 1e-6) * in[1][weight] + in[2][weight];
            out[row * C + c] = o->gelu ? 0.5 * y * (1 + erf(y * 0.70710678118654752)) : y;
        }
    }
}

static const te_layernorm_options plain = {.groups = 1}, three_gelu = {.groups = 3, .gelu = 1};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 7, 192), TE_SHAPE1(192), TE_SHAPE1(192)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 36), TE_SHAPE1(36), TE_SHAPE1(36)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 3, 1), TE_SHAPE1(1), TE_SHAPE1(1)}, &plain, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 9, 3 * 32), TE_SHAPE1(3 * 32), TE_SHAPE1(3 * 32)}, &three_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 9, 3 * 13), TE_SHAPE1(3 * 13), TE_SHAPE1(3 * 13)}, &three_gelu, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64), TE_SHAPE1(64)}, &plain, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 5, 64), TE_SHAPE1(64), TE_SHAPE1(64)}, &plain, TE_FILL_INF},
    {{TE_SHAPE3(1, 5, 40), TE_SHAPE1(40), TE_SHAPE1(40)}, &plain, TE_FILL_NAN},
};

const te_op te_op_layernorm = {.name = "layernorm", .attribute_bytes = sizeof(te_layernorm_options), .shape = shape,
                               .variants = variants, .reference = reference, TE_CASES(cases)};

te_tensor te_layernorm(te_graph *graph, te_tensor x, te_tensor scale, te_tensor shift, te_layernorm_options options)
{
    options.groups = options.groups ? options.groups : 1;
    return te_graph_call(graph, &te_op_layernorm, &options, 3, (te_tensor[]){x, scale, shift});
}
