/* Gradients of the head's ops. They are judged through the forwards' rules, by finite differences
 * (tests/test_gradients.c). */
#include "ops/head_grad.h"

enum { OFFSETS = 9, UP = 4 };

/* ---- head_weights_dx ---- */

static te_status weights_shape(te_call *call)
{
    call->out = TE_SHAPE4(call->in[0].size[0] / OFFSETS, call->in[0].size[1], 3, 3);
    return TE_OK;
}

static te_status weights_emit(te_plan *plan, const te_call *call)
{
    int64_t O = call->out.size[0], D = call->out.size[1];
    te_launch launch = {.family = "head_grad", .kernel = "head_weights_dx", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)(OFFSETS * O)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static te_status weights_emit_cpu(te_plan *plan, const te_call *call)
{
    int64_t O = call->out.size[0], D = call->out.size[1];
    te_launch launch = {.family = "head_weights_cpu", .kernel = "head_weights_dx_cpu", .writes = call->out_value,
                        .global = {(size_t)O}, .local = {1, 1, 1},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant weights_variants[] = {
    {"generic", NULL, NULL, weights_emit, false}, TE_CPU_VARIANT(NULL, weights_emit_cpu), {0}};

const te_op te_op_head_weights_dx = {.name = "head_weights_dx", .shape = weights_shape, .variants = weights_variants};

te_tensor te_head_weights_dx(te_graph *graph, te_tensor dy)
{
    return te_graph_call(graph, &te_op_head_weights_dx, NULL, 1, &dy);
}

/* ---- head_combine_dx ---- */

static te_status combine_shape(te_call *call)
{
    const te_shape *dy = &call->in[0];
    call->out = TE_SHAPE3(dy->size[0], dy->size[1] / (UP * UP), OFFSETS * dy->size[2]);
    return TE_OK;
}

static te_launch combine_launch(const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2];
    return (te_launch){.family = "head_grad", .kernel = "head_combine_dx", .writes = call->out_value,
                       .global = {(size_t)O, (size_t)o->width, (size_t)(call->in[0].size[0] * o->height)},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                     TE_INT(o->width), TE_INT(O)}};
}

static te_status combine_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = combine_launch(call);
    return te_plan_launch(plan, &launch);
}

static bool combine_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->in[0].size[2] % 16 == 0;
}

static te_status combine_emit_cpu(te_plan *plan, const te_call *call)
{
    enum { CHANNELS = 64 }; /* as in kernels/head_grad_cpu.cl */
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2];
    te_launch launch = combine_launch(call);
    te_launch_on_cpu(&launch, "head_grad_cpu", "head_combine_dx_cpu", (O + CHANNELS - 1) / CHANNELS,
                     call->in[0].size[0] * o->height);
    return te_plan_launch(plan, &launch);
}

static const te_variant combine_variants[] = {{"generic", NULL, NULL, combine_emit, false},
                                              TE_CPU_VARIANT(combine_supports_cpu, combine_emit_cpu),
                                              {0}};

const te_op te_op_head_combine_dx = {.name = "head_combine_dx", .attribute_bytes = sizeof(te_head_options),
                                     .shape = combine_shape, .variants = combine_variants};

te_tensor te_head_combine_dx(te_graph *graph, te_tensor dy, te_head_options options)
{
    return te_graph_call(graph, &te_op_head_combine_dx, &options, 1, &dy);
}

/* ---- head_upsample_dx ---- */

static te_status upsample_shape(te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    call->out = TE_SHAPE3(call->in[0].size[0], (int64_t)o->height * o->width, call->in[0].size[1]);
    return TE_OK;
}

static te_status upsample_emit(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t K = call->out.size[2];
    te_launch launch = {.family = "head_grad", .kernel = "head_upsample_dx", .writes = call->out_value,
                        .global = {(size_t)K, (size_t)o->width, (size_t)(call->out.size[0] * o->height)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(K), TE_INT(o->to_height), TE_INT(o->to_width)}};
    return te_plan_launch(plan, &launch);
}

static bool upsample_supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->in[0].size[3] % 16 == 0;
}

static te_status upsample_emit_cpu(te_plan *plan, const te_call *call)
{
    const te_head_upsample_options *o = (const void *)call->attributes;
    int64_t B = call->in[0].size[0], K = call->in[0].size[1];
    int sums = te_plan_scratch(plan, B * K * o->height * o->to_width, call->in_value[0]);
    if (sums < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch lines = {.family = "head_grad_cpu", .kernel = "head_upsample_dx_lines_cpu", .writes = sums,
                       .global = {(size_t)o->height, (size_t)(B * K)}, .local = {1, 1, 1},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(sums), TE_INT(o->height),
                                     TE_INT(o->to_height), TE_INT(o->to_width)}};
    te_launch columns = {.family = "head_grad_cpu", .kernel = "head_upsample_dx_columns_cpu",
                         .writes = call->out_value, .global = {(size_t)o->width, (size_t)(B * o->height)},
                         .local = {1, 1, 1},
                         .arguments = {TE_VALUE(sums), TE_VALUE(call->out_value), TE_INT(o->height),
                                       TE_INT(o->width), TE_INT(K), TE_INT(o->to_width)}};
    TE_TRY(te_plan_launch(plan, &lines));
    return te_plan_launch(plan, &columns);
}

static const te_variant upsample_variants[] = {{"generic", NULL, NULL, upsample_emit, false},
                                               TE_CPU_VARIANT(upsample_supports_cpu, upsample_emit_cpu),
                                               {0}};

const te_op te_op_head_upsample_dx = {.name = "head_upsample_dx", .shape = upsample_shape,
                                      .attribute_bytes = sizeof(te_head_upsample_options),
                                      .variants = upsample_variants};

te_tensor te_head_upsample_dx(te_graph *graph, te_tensor dy, te_head_upsample_options options)
{
    return te_graph_call(graph, &te_op_head_upsample_dx, &options, 1, &dy);
}

/* ---- head_epilogue_dx ---- */

typedef struct epilogue_options {
    int of_affine;
} epilogue_options;

static te_status epilogue_shape(te_call *call)
{
    const epilogue_options *o = (const void *)call->attributes;
    call->out = call->in[0];
    call->out.size[call->out.rank - 1] *= o->of_affine ? 2 : 1;
    return TE_OK;
}

static te_status epilogue_emit(te_plan *plan, const te_call *call)
{
    const epilogue_options *o = (const void *)call->attributes;
    int64_t O = te_shape_width(&call->in[0]), rows = te_shape_rows(&call->in[0]);
    te_launch launch = {.family = "head_grad", .kernel = "head_epilogue_dx", .writes = call->out_value,
                        .global = {(size_t)O, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(O),
                                      TE_INT(o->of_affine)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant epilogue_variants[] = {{"generic", NULL, NULL, epilogue_emit, false}, {0}};

const te_op te_op_head_epilogue_dx = {.name = "head_epilogue_dx", .attribute_bytes = sizeof(epilogue_options),
                                      .shape = epilogue_shape, .variants = epilogue_variants};

te_tensor te_head_epilogue_dx(te_graph *graph, te_tensor sums, te_tensor affine, te_tensor dy, int of_affine)
{
    return te_graph_call(graph, &te_op_head_epilogue_dx, &(epilogue_options){of_affine}, 3,
                         (te_tensor[]){sums, affine, dy});
}

/* ---- head_affine_dx ---- */

typedef struct affine_options {
    int which;
} affine_options;

static te_status affine_shape(te_call *call)
{
    call->out = call->in[0];
    return TE_OK;
}

static te_status affine_emit(te_plan *plan, const te_call *call)
{
    int64_t O = te_shape_count(&call->out);
    te_launch launch = {.family = "head_grad", .kernel = "head_affine_dx", .writes = call->out_value,
                        .global = {(size_t)O},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->in_value[4]), TE_VALUE(call->out_value), TE_INT(O),
                                      TE_INT(((const affine_options *)(const void *)call->attributes)->which)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant affine_variants[] = {{"generic", NULL, NULL, affine_emit, false}, {0}};

const te_op te_op_head_affine_dx = {.name = "head_affine_dx", .attribute_bytes = sizeof(affine_options),
                                    .shape = affine_shape, .variants = affine_variants};

te_tensor te_head_affine_dx(te_graph *graph, const te_tensor *in, int which)
{
    return te_graph_call(graph, &te_op_head_affine_dx, &(affine_options){which}, 5, in);
}
