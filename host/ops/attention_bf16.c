/* Attention with operands in bf16 on processors, by whatever unit there is. */
#include "ops/attention.h"
#include "ops/product.h"

#include <math.h>

/* As in kernels/attention_bf16.clh. */
enum { HEAD = 64, TILE = TE_BF16_PANEL, LOCAL_BYTES = 61440 };

static const te_attention_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

static te_status emit(te_plan *plan, const te_call *call, const char *family)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], heads = options_of(call)->heads;
    int64_t blocks = te_panels(tokens, TILE), packed = batch * heads * blocks * TILE * HEAD / 2;
    int keys = te_plan_scratch(plan, packed, -1), values = te_plan_scratch(plan, packed, -1);
    if (keys < 0 || values < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack = {.family = family, .kernel = "attention_bf16_pack", .writes = keys, .local = {1, 1, 1},
                      .global = {(size_t)blocks, (size_t)heads, (size_t)batch},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(keys), TE_VALUE(values), TE_INT(tokens),
                                    TE_INT(heads)}};
    te_launch attend = {.family = family, .kernel = "attention_bf16", .writes = call->out_value, .local = {1, 1, 1},
                        .global = {(size_t)blocks, (size_t)heads, (size_t)batch},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(keys), TE_VALUE(values),
                                      TE_VALUE(call->out_value), TE_INT(tokens), TE_INT(heads),
                                      TE_FLOAT(1.0f / sqrtf((float)HEAD))}};
    TE_TRY(te_plan_launch(plan, &pack));
    return te_plan_launch(plan, &attend);
}

bool te_attention_supports_bf16(const te_caps *caps, const te_call *call)
{
    return options_of(call)->precision == TE_BF16 && call->out.size[2] == (int64_t)options_of(call)->heads * HEAD &&
           caps->local_memory >= LOCAL_BYTES;
}

bool te_attention_supports_dot(const te_caps *caps, const te_call *call)
{
    return te_attention_supports_bf16(caps, call) && te_caps_dot_bf16(caps);
}

bool te_attention_supports_amx(const te_caps *caps, const te_call *call)
{
    return te_attention_supports_bf16(caps, call) && caps->units.amx_bf16;
}

te_status te_attention_emit_bf16(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "attention_bf16");
}

te_status te_attention_emit_dot(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "attention_bf16_dot");
}

te_status te_attention_emit_amx(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "attention_amx");
}
