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

static const te_variant weights_variants[] = {{"generic", NULL, NULL, weights_emit}, {0}};

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

static te_status combine_emit(te_plan *plan, const te_call *call)
{
    const te_head_options *o = (const void *)call->attributes;
    int64_t O = call->in[0].size[2];
    te_launch launch = {.family = "head_grad", .kernel = "head_combine_dx", .writes = call->out_value,
                        .global = {(size_t)O, (size_t)o->width, (size_t)(call->in[0].size[0] * o->height)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->height),
                                      TE_INT(o->width), TE_INT(O)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant combine_variants[] = {{"generic", NULL, NULL, combine_emit}, {0}};

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

static const te_variant upsample_variants[] = {{"generic", NULL, NULL, upsample_emit}, {0}};

const te_op te_op_head_upsample_dx = {.name = "head_upsample_dx", .shape = upsample_shape,
                                      .attribute_bytes = sizeof(te_head_upsample_options),
                                      .variants = upsample_variants};

te_tensor te_head_upsample_dx(te_graph *graph, te_tensor dy, te_head_upsample_options options)
{
    return te_graph_call(graph, &te_op_head_upsample_dx, &options, 1, &dy);
}
