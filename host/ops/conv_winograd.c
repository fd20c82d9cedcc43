/* 3 x 3 convolutions by Winograd's minimal filtering: patches of x transformed, one product in 16 groups, the result
 * transformed back (kernels/conv_winograd.cl). */
#include "ops/product.h"

#include <string.h>

enum { PLACES = 16, WIDE = 16 }; /* of a patch; channels at a time on processors */

static int64_t tiles_of(const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    return call->in[0].size[0] * ((o->height + 1) / 2) * ((o->width + 1) / 2);
}

bool te_conv_supports_winograd(const te_caps *caps, const te_call *call)
{
    const te_conv_options *o = (const void *)call->attributes;
    const te_shape *w = &call->in[1];
    int64_t patches = PLACES * tiles_of(call);
    return o->precision == TE_FP32 && o->groups == 1 && w->size[2] == 3 && w->size[0] % WIDE == 0 && w->size[1] % WIDE == 0 &&
           te_conv_fits_buffer(caps, patches * w->size[0]) && te_conv_fits_buffer(caps, patches * w->size[1]);
}

/* As measured on processors only. */
bool te_conv_prefers_winograd(const te_caps *caps, const te_call *call)
{
    (void)call;
    return te_caps_wide_cpu(caps);
}

static te_launch describe(const te_plan *plan, const char *kernel, int writes)
{
    const char *options = te_caps_wide_cpu(te_plan_caps(plan)) ? "-DWIDTH=16" : NULL;
    return (te_launch){.family = "conv_winograd", .kernel = kernel, .options = options, .writes = writes};
}

/* All tiles, `channels` of each: a work-item takes one of them, on processors all of a tile by vectors. */
static void cover_tiles(te_launch *launch, const te_call *call, int64_t channels)
{
    bool wide = launch->options != NULL;
    launch->global[0] = wide ? 1 : (size_t)channels;
    launch->global[1] = (size_t)tiles_of(call);
    launch->local[0] = launch->local[1] = launch->local[2] = wide ? 1 : 0;
}

static te_status transform_weights(te_plan *plan, const te_call *call, int *u)
{
    int64_t O = call->in[1].size[0], C = call->in[1].size[1];
    *u = te_plan_scratch(plan, PLACES * O * C, call->in_value[1]);
    if (*u < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch launch = describe(plan, "winograd_weights", *u);
    launch.global[0] = (size_t)C;
    launch.global[1] = (size_t)O;
    const te_argument arguments[] = {TE_VALUE(call->in_value[1]), TE_VALUE(*u), TE_INT(O), TE_INT(C)};
    memcpy(launch.arguments, arguments, sizeof arguments);
    return te_plan_launch(plan, &launch);
}

static te_status transform_input(te_plan *plan, const te_call *call, int v)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t C = call->in[0].size[2];
    te_launch launch = describe(plan, "winograd_input", v);
    cover_tiles(&launch, call, C);
    const te_argument arguments[] = {TE_VALUE(call->in_value[0]), TE_VALUE(v), TE_INT(tiles_of(call)), TE_INT(o->height),
                                     TE_INT(o->width), TE_INT(C)};
    memcpy(launch.arguments, arguments, sizeof arguments);
    return te_plan_launch(plan, &launch);
}

static te_status multiply(te_plan *plan, const te_call *call, int v, int u, int m)
{
    int64_t O = call->in[1].size[0], C = call->in[1].size[1], tiles = tiles_of(call);
    te_call product = {.op = &te_op_linear, .part = call->part,
                       .in = {TE_SHAPE2(tiles, PLACES * C), TE_SHAPE2(PLACES * O, C)}, .out = TE_SHAPE2(tiles, PLACES * O),
                       .in_value = {v, u, -1, -1, -1}, .out_value = m};
    *(te_linear_options *)(void *)product.attributes = (te_linear_options){.groups = PLACES};
    return te_plan_emit(plan, &product);
}

static te_status transform_output(te_plan *plan, const te_call *call, int m)
{
    const te_conv_options *o = (const void *)call->attributes;
    int64_t O = call->in[1].size[0];
    te_launch launch = describe(plan, "winograd_output", call->out_value);
    cover_tiles(&launch, call, O);
    const te_argument arguments[] = {TE_VALUE(m), TE_VALUE(te_value_or(call->in_value[2], m)), TE_VALUE(call->out_value),
                                     TE_INT(tiles_of(call)), TE_INT(o->height), TE_INT(o->width), TE_INT(O),
                                     TE_INT(call->in[2].rank > 0), TE_INT(o->gelu)};
    memcpy(launch.arguments, arguments, sizeof arguments);
    return te_plan_launch(plan, &launch);
}

te_status te_conv_emit_winograd(te_plan *plan, const te_call *call)
{
    int64_t tiles = tiles_of(call);
    int v = te_plan_scratch(plan, tiles * PLACES * call->in[1].size[1], call->in_value[0]);
    int m = te_plan_scratch(plan, tiles * PLACES * call->in[1].size[0], -1), u;
    if (v < 0 || m < 0) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(transform_weights(plan, call, &u));
    TE_TRY(transform_input(plan, call, v));
    TE_TRY(multiply(plan, call, v, u, m));
    return transform_output(plan, call, m);
}
