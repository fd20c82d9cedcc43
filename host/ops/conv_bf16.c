/* Convolutions with operands in bf16 on processors: neighbours go straight into the packed operand of linear_bf16.c. */
#include "ops/product.h"

static te_precision precision_of(const te_call *call)
{
    return ((const te_conv_options *)(const void *)call->attributes)->precision;
}

static te_status emit(te_plan *plan, const te_call *call, const char *family)
{
    const te_conv_options *o = (const void *)call->attributes;
    te_call product = te_conv_describe_product(call, call->in_value[0]);
    int64_t rows = te_shape_rows(&call->in[0]), size = call->in[1].size[2];
    int packed = te_linear_take_packed_bf16(plan, &product, size * size);
    if (packed < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack = {.family = family, .kernel = "linear_bf16_pack_neighbours", .writes = packed, .local = {1, 1, 1},
                      .global = {(size_t)te_panels(rows, TE_BF16_PANEL), (size_t)o->groups, (size_t)(size * size)},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(packed), TE_INT(rows), TE_INT(o->height),
                                    TE_INT(o->width), TE_INT(call->in[0].size[2]), TE_INT(o->groups), TE_INT(size)}};
    TE_TRY(te_plan_launch(plan, &pack));
    return te_linear_emit_packed_bf16(plan, &product, family, packed, size * size);
}

bool te_conv_supports_bf16(const te_caps *caps, const te_call *call)
{
    return precision_of(call) == TE_BF16 && te_linear_fits_bf16(caps);
}

bool te_conv_supports_dot(const te_caps *caps, const te_call *call)
{
    return te_conv_supports_bf16(caps, call) && te_caps_dot_bf16(caps);
}

bool te_conv_supports_amx(const te_caps *caps, const te_call *call)
{
    return te_conv_supports_bf16(caps, call) && caps->units.amx_bf16;
}

te_status te_conv_emit_bf16(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "linear_bf16");
}

te_status te_conv_emit_dot(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "linear_bf16_dot");
}

te_status te_conv_emit_amx(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "linear_amx");
}
