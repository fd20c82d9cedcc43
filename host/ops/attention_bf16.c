/* Attention and its gradients with operands in bf16 on processors, by whatever unit there is. */
#include "ops/attention.h"
#include "ops/product.h"

#include <math.h>

/* As in kernels/attention_bf16.clh and attention_grad_bf16.clh. */
enum { HEAD = 64, TILE = TE_BF16_PANEL, LOCAL_BYTES = 61440, QUERIES = 64, AT_ONCE = 256 };
enum { KEY = 1, VALUE = 2 }; /* sides of qkv */

static const te_attention_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

/* Pack one side of qkv as "attention_pack_rows" or "attention_pack_columns" does, into the value *packed. */
static te_status pack(te_plan *plan, const te_call *call, const char *family, const char *kernel, int side, int *packed)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], heads = options_of(call)->heads;
    int64_t blocks = te_panels(tokens, TILE);
    *packed = te_plan_scratch(plan, batch * heads * blocks * TILE * HEAD / 2, -1);
    if (*packed < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch launch = {.family = family, .kernel = kernel, .writes = *packed, .local = {1, 1, 1},
                        .global = {(size_t)blocks, (size_t)heads, (size_t)batch},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(*packed), TE_INT(tokens), TE_INT(side)}};
    return te_plan_launch(plan, &launch);
}

static te_status emit(te_plan *plan, const te_call *call, const char *family)
{
    int64_t tokens = call->in[0].size[1];
    int keys, values;
    TE_TRY(pack(plan, call, family, "attention_pack_rows", KEY, &keys));
    TE_TRY(pack(plan, call, family, "attention_pack_columns", VALUE, &values));
    te_launch attend = {.family = family, .kernel = "attention_bf16", .writes = call->out_value, .dealt = true,
                        .global = {(size_t)te_panels(tokens, TILE), (size_t)options_of(call)->heads,
                                   (size_t)call->in[0].size[0]},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(keys), TE_VALUE(values),
                                      TE_VALUE(call->out_value), TE_INT(tokens), TE_INT(options_of(call)->heads),
                                      TE_FLOAT(1.0f / sqrtf((float)HEAD))}};
    return te_plan_launch(plan, &attend);
}

static te_status emit_dx(te_plan *plan, const te_call *call, const char *family)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], heads = options_of(call)->heads;
    int64_t blocks = te_panels(tokens, TILE), parts = te_attention_parts(call, QUERIES);
    int64_t room = QUERIES * (blocks * TILE + 3 * AT_ONCE / 2 + 3 * HEAD) + TILE * TILE;
    int keys, key_columns, values;
    TE_TRY(pack(plan, call, family, "attention_pack_rows", KEY, &keys));
    TE_TRY(pack(plan, call, family, "attention_pack_columns", KEY, &key_columns));
    TE_TRY(pack(plan, call, family, "attention_pack_rows", VALUE, &values));
    int work = te_plan_scratch(plan, batch * heads * parts * room, -1);
    int sums = te_plan_scratch(plan, batch * heads * parts * 2 * blocks * TILE * HEAD, -1);
    if (work < 0 || sums < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch dx = {.family = family, .kernel = "attention_dx_bf16", .writes = call->out_value, .dealt = true,
                    .global = {(size_t)parts, (size_t)heads, (size_t)batch},
                    .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]), TE_VALUE(call->in_value[2]),
                                  TE_VALUE(keys), TE_VALUE(values), TE_VALUE(key_columns), TE_VALUE(call->out_value),
                                  TE_VALUE(work), TE_VALUE(sums), TE_INT(tokens),
                                  TE_FLOAT(1.0f / sqrtf((float)HEAD))}};
    te_launch dkv = {.family = family, .kernel = "attention_dkv_bf16", .writes = call->out_value, .local = {1, 1, 1},
                     .global = {(size_t)blocks, (size_t)heads, (size_t)batch},
                     .arguments = {TE_VALUE(sums), TE_VALUE(call->out_value), TE_INT(tokens), TE_INT(parts)}};
    TE_TRY(te_plan_launch(plan, &dx));
    return te_plan_launch(plan, &dkv);
}

bool te_attention_supports_bf16(const te_caps *caps, const te_call *call)
{
    return options_of(call)->precision == TE_BF16 &&
           call->in[0].size[2] == 3 * (int64_t)options_of(call)->heads * HEAD &&
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

/* A unit's programs are kernels/attention_<suffix>.cl and attention_grad_<suffix>.cl. */
#define EMIT_BY(unit, suffix)                                                 \
    te_status te_attention_emit_##unit(te_plan *plan, const te_call *call)    \
    {                                                                         \
        return emit(plan, call, "attention_" suffix);                         \
    }                                                                         \
    te_status te_attention_emit_dx_##unit(te_plan *plan, const te_call *call) \
    {                                                                         \
        return emit_dx(plan, call, "attention_grad_" suffix);                 \
    }

EMIT_BY(bf16, "bf16")
EMIT_BY(dot, "bf16_dot")
EMIT_BY(amx, "amx")
