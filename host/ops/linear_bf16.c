/* Products with operands in bf16 on processors, by whatever unit there is: one packing, one kernel a unit. */
#include "ops/product.h"

#include "base/log.h"

#include <stdatomic.h>

/* As in kernels/linear_bf16.clh; PAIRS: in a block of 32 rows and 32 columns. */
enum { TILE = TE_BF16_PANEL, PAIRS = 512, BLOCKS_AT_ONCE = 8, CHUNK_M = 4, CHUNK_N = 4 };

static int64_t count_blocks(const te_product *p, int64_t taps)
{
    return taps * te_panels(p->k / taps, TILE);
}

static int take_packed(te_plan *plan, const te_product *p, int64_t rows, int64_t taps, int from)
{
    return te_plan_scratch(plan, p->groups * te_panels(rows, TILE) * count_blocks(p, taps) * PAIRS, from);
}

int te_linear_take_packed_bf16(te_plan *plan, const te_call *call, int64_t taps)
{
    te_product p = te_product_describe(call);
    return take_packed(plan, &p, p.m, taps, call->in_value[0]);
}

te_status te_linear_emit_packed_bf16(te_plan *plan, const te_call *call, const char *family, int packed_x, int64_t taps)
{
    te_product p = te_product_describe(call);
    int64_t m_panels = te_panels(p.m, TILE), n_panels = te_panels(p.n, TILE), blocks = count_blocks(&p, taps);
    int packed_w = take_packed(plan, &p, p.n, taps, call->in_value[1]);
    if (packed_w < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack_w = {.family = family, .kernel = "linear_bf16_pack", .writes = packed_w, .local = {1, 1, 1},
                        .global = {(size_t)n_panels, (size_t)p.groups, (size_t)te_panels(blocks, BLOCKS_AT_ONCE)},
                        .arguments = {TE_VALUE(call->in_value[1]), TE_VALUE(packed_w), TE_INT(p.n), TE_INT(p.k / taps),
                                      TE_INT(p.w_row), TE_INT(p.w_k * taps), TE_INT(p.w_group), TE_INT(taps), TE_INT(1)}};
    te_launch multiply = {
        .family = family, .kernel = "linear_bf16", .writes = call->out_value, .dealt = true,
        .global = {(size_t)te_panels(m_panels, CHUNK_M), (size_t)te_panels(n_panels, CHUNK_N), (size_t)p.groups},
        .arguments = {TE_VALUE(packed_x), TE_VALUE(packed_w), TE_VALUE(te_value_or(call->in_value[2], packed_w)),
                      TE_VALUE(te_value_or(call->in_value[3], packed_w)), TE_VALUE(call->out_value), TE_INT(p.m), TE_INT(p.n),
                      TE_INT(blocks), TE_INT(p.flags), TE_INT(p.y_row), TE_INT(p.y_group)}};
    TE_TRY(te_plan_launch(plan, &pack_w));
    return te_plan_launch(plan, &multiply);
}

static te_status emit(te_plan *plan, const te_call *call, const char *family)
{
    te_product p = te_product_describe(call);
    int packed_x = te_linear_take_packed_bf16(plan, call, 1);
    if (packed_x < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack_x = {.family = family, .kernel = "linear_bf16_pack", .writes = packed_x, .local = {1, 1, 1},
                        .global = {(size_t)te_panels(p.m, TILE), (size_t)p.groups,
                                   (size_t)te_panels(count_blocks(&p, 1), BLOCKS_AT_ONCE)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(packed_x), TE_INT(p.m), TE_INT(p.k),
                                      TE_INT(p.x_row), TE_INT(p.x_k), TE_INT(p.x_group), TE_INT(1), TE_INT(0)}};
    TE_TRY(te_plan_launch(plan, &pack_x));
    return te_linear_emit_packed_bf16(plan, call, family, packed_x, 1);
}

/* Once: what asked for bf16 runs, with less of a gain than it hopes for. */
static void tell_fallback(const te_caps *caps)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (!caps->units.amx_bf16 && !caps->units.fast_dot_bf16 && !atomic_flag_test_and_set(&told)) {
        te_log(TE_LOG_INFO, "this processor, or its system, has no units for bf16 (AMX, or AVX512-BF16 as AMD makes it): "
               "operands are stored in bf16 and multiplied in fp32");
    }
}

/* ---- the variants ---- */

bool te_linear_fits_bf16(const te_caps *caps)
{
    return caps->local_memory >= CHUNK_M * CHUNK_N * TILE * TILE * sizeof(float);
}

bool te_linear_supports_bf16(const te_caps *caps, const te_call *call)
{
    return te_product_describe(call).precision == TE_BF16 && te_linear_fits_bf16(caps);
}

bool te_linear_supports_dot(const te_caps *caps, const te_call *call)
{
    return te_caps_dot_bf16(caps) && te_linear_supports_bf16(caps, call);
}

bool te_linear_supports_amx(const te_caps *caps, const te_call *call)
{
    return caps->units.amx_bf16 && te_linear_supports_bf16(caps, call);
}

/* Half the memory of operands rounded in fp32, and no slower though they are taken apart again. */
bool te_prefers_bf16(const te_caps *caps, const te_call *call)
{
    (void)call;
    return te_caps_wide_cpu(caps);
}

bool te_prefers_dot(const te_caps *caps, const te_call *call)
{
    (void)call;
    return caps->units.fast_dot_bf16;
}

bool te_prefers_amx(const te_caps *caps, const te_call *call)
{
    (void)call;
    return caps->units.amx_bf16;
}

te_status te_linear_emit_bf16(te_plan *plan, const te_call *call)
{
    tell_fallback(te_plan_caps(plan));
    return emit(plan, call, "linear_bf16");
}

te_status te_linear_emit_dot(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "linear_bf16_dot");
}

te_status te_linear_emit_amx(te_plan *plan, const te_call *call)
{
    return emit(plan, call, "linear_amx");
}
