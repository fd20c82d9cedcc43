/* Products on processors: packed operands and register tiles, and a kernel for few outputs. */
#include "ops/product.h"

/* As in kernels/linear_cpu.cl. */
enum { TILE_M = TE_LINEAR_PANEL, TILE_N = 32, CHUNK_M = 8, CHUNK_N = 4, PACK_K = 64 };

/* ---- processors: packed operands, register tiles ---- */

bool te_linear_supports_packed(const te_caps *caps, const te_call *call)
{
    (void)call;
    /* The tile's sums live in local memory between blocks of columns. */
    return caps->local_memory >= CHUNK_M * CHUNK_N * TILE_M * TILE_N * sizeof(float);
}

int te_linear_pack(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    return te_plan_scratch(plan, p.groups * te_panels(p.m, TILE_M) * TILE_M * p.k, call->in_value[0]);
}

te_status te_linear_emit_packed(te_plan *plan, const te_call *call, int packed_x)
{
    te_product p = te_product_describe(call);
    int64_t m_panels = te_panels(p.m, TILE_M), n_panels = te_panels(p.n, TILE_N);
    int packed_w = te_plan_scratch(plan, p.groups * n_panels * TILE_N * p.k, call->in_value[1]);
    if (packed_w < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack_w = {.family = "linear_cpu", .kernel = "linear_pack_w", .options = te_precision_option(p.precision),
                        .writes = packed_w, .local = {1, 1, 1},
                        .global = {(size_t)n_panels, (size_t)p.groups, (size_t)te_panels(p.k, PACK_K)},
                        .arguments = {TE_VALUE(call->in_value[1]), TE_VALUE(packed_w), TE_INT(p.n), TE_INT(p.k),
                                      TE_INT(p.w_row), TE_INT(p.w_k), TE_INT(p.w_group)}};
    te_launch multiply = {
        .family = "linear_cpu", .kernel = "linear_cpu", .writes = call->out_value,
        .global = {(size_t)te_panels(n_panels, CHUNK_N), (size_t)te_panels(m_panels, CHUNK_M), (size_t)p.groups},
        .local = {1, 1, 1},
        .arguments = {TE_VALUE(packed_x), TE_VALUE(packed_w), TE_VALUE(te_value_or(call->in_value[2], packed_w)),
                      TE_VALUE(te_value_or(call->in_value[3], packed_w)), TE_VALUE(call->out_value), TE_INT(p.m),
                      TE_INT(p.n), TE_INT(p.k), TE_INT(p.flags), TE_INT(p.y_row), TE_INT(p.y_group)}};
    TE_TRY(te_plan_launch(plan, &pack_w));
    return te_plan_launch(plan, &multiply);
}

te_status te_linear_emit_cpu(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    int packed_x = te_linear_pack(plan, call);
    if (packed_x < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack_x = {.family = "linear_cpu", .kernel = "linear_pack_x", .options = te_precision_option(p.precision),
                        .writes = packed_x, .local = {1, 1, 1},
                        .global = {(size_t)te_panels(p.m, TILE_M), (size_t)p.groups, (size_t)te_panels(p.k, PACK_K)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(packed_x), TE_INT(p.m), TE_INT(p.k),
                                      TE_INT(p.x_row), TE_INT(p.x_k), TE_INT(p.x_group)}};
    TE_TRY(te_plan_launch(plan, &pack_x));
    return te_linear_emit_packed(plan, call, packed_x);
}

/* ---- processors, few outputs: no packing ---- */

enum { NARROW = 32, NARROW_ROWS = 32 };

bool te_linear_supports_narrow(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->op == &te_op_linear && te_product_describe(call).precision == TE_FP32; /* rows of both sides consecutive */
}

bool te_linear_prefers_narrow(const te_caps *caps, const te_call *call)
{
    te_product p = te_product_describe(call);
    return te_caps_wide_cpu(caps) && p.n < NARROW;
}

te_status te_linear_emit_narrow(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    te_launch launch = {
        .family = "linear_narrow", .kernel = "linear_narrow", .writes = call->out_value,
        .global = {(size_t)te_panels(p.m, NARROW_ROWS), (size_t)p.groups}, .local = {1, 1, 1},
        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                      TE_VALUE(te_value_or(call->in_value[2], call->in_value[1])),
                      TE_VALUE(te_value_or(call->in_value[3], call->in_value[1])), TE_VALUE(call->out_value),
                      TE_INT(p.m), TE_INT(p.n), TE_INT(p.k), TE_INT(p.groups), TE_INT(p.flags)}};
    return te_plan_launch(plan, &launch);
}
