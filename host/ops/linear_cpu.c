/* Products on processors: packed operands and register tiles, and a kernel for few outputs. */
#include "ops/product.h"

#include <stdio.h>

/* ---- packed operands, register tiles ---- */

/* As in kernels/product_cpu.clh and linear_cpu.cl. */
enum { TILE_M = 12, TILE_N = 32, PACK_K = 64 };

/* -DBLOCK_K, -DCHUNK_M, -DCHUNK_TILES: columns and panels of x that are packed at a time, and tiles of y whose sums are
 * kept between. The first fills half of a second-level cache of 512 KiB; the last is for devices that have the least local
 * memory there may be. */
typedef struct tile_sizes {
    int block_k, chunk_m, chunk_tiles;
} tile_sizes;

static const tile_sizes sizes_known[] = {{768, 4, 64}, {192, 2, 8}};

static uint64_t local_bytes(const tile_sizes *sizes)
{
    return (uint64_t)(sizes->chunk_m * sizes->block_k * TILE_M + sizes->chunk_tiles * TILE_M * TILE_N) * sizeof(float);
}

static const tile_sizes *sizes_for(const te_caps *caps)
{
    return local_bytes(&sizes_known[0]) <= caps->local_memory ? &sizes_known[0] : &sizes_known[1];
}

bool te_linear_supports_packed(const te_caps *caps, const te_call *call)
{
    (void)call;
    return local_bytes(&sizes_known[1]) <= caps->local_memory;
}

/* `panels` in chunks of at most `most`, as equal as can be. */
static int even_chunk(int64_t panels, int64_t most)
{
    return (int)te_panels(panels, te_panels(panels, most));
}

te_tiling te_tiling_of(const te_caps *caps, const te_product *p)
{
    enum { PIECES = 8 }; /* a unit, at least: units are not equally fast, nor are chunks of equal size */
    const tile_sizes *sizes = sizes_for(caps);
    int64_t m_panels = te_panels(p->m, TILE_M), n_panels = te_panels(p->n, TILE_N);
    int64_t chunk_m = sizes->chunk_m, chunk_n = sizes->chunk_tiles / sizes->chunk_m;
    int64_t wanted = (int64_t)caps->compute_units * PIECES;
    while (chunk_m * chunk_n > 1 && te_panels(m_panels, chunk_m) * te_panels(n_panels, chunk_n) * p->groups < wanted) {
        int64_t *larger = chunk_m > 1 && 2 * chunk_m >= chunk_n ? &chunk_m : &chunk_n; /* each chunk of w packs x again */
        *larger /= 2;
    }
    te_tiling tiling = {.chunk_m = even_chunk(m_panels, chunk_m), .chunk_n = even_chunk(n_panels, chunk_n)};
    tiling.pieces[0] = (size_t)te_panels(m_panels, tiling.chunk_m);
    tiling.pieces[1] = (size_t)te_panels(n_panels, tiling.chunk_n);
    tiling.pieces[2] = (size_t)p->groups;
    snprintf(tiling.options, sizeof tiling.options, "-DBLOCK_K=%d -DCHUNK_M=%d -DCHUNK_TILES=%d%s%s", sizes->block_k,
             sizes->chunk_m, sizes->chunk_tiles, p->precision == TE_FP32 ? "" : " ", te_precision_option(p->precision));
    return tiling;
}

te_status te_linear_pack_w(te_plan *plan, const te_product *p, int w, int64_t taps, int *packed)
{
    int64_t panels = te_panels(p->n, TILE_N);
    *packed = te_plan_scratch(plan, p->groups * panels * TILE_N * p->k, w);
    if (*packed < 0) {
        return TE_ERR_MEMORY;
    }
    te_tiling tiling = te_tiling_of(te_plan_caps(plan), p); /* for its options: one program for packing and product */
    te_launch pack = {.family = "linear_cpu", .kernel = "linear_pack_w", .options = tiling.options, .writes = *packed,
                      .local = {1, 1, 1},
                      .global = {(size_t)panels, (size_t)p->groups, (size_t)te_panels(p->k, PACK_K)},
                      .arguments = {TE_VALUE(w), TE_VALUE(*packed), TE_INT(p->n), TE_INT(p->k), TE_INT(p->w_row),
                                    TE_INT(p->w_k), TE_INT(p->w_group), TE_INT(taps)}};
    return te_plan_launch(plan, &pack);
}

te_status te_linear_emit_cpu(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    te_tiling tiling = te_tiling_of(te_plan_caps(plan), &p);
    int w;
    TE_TRY(te_linear_pack_w(plan, &p, call->in_value[1], 1, &w));
    te_launch launch = {
        .family = "linear_cpu", .kernel = "linear_cpu", .options = tiling.options, .writes = call->out_value, .dealt = true,
        .global = {tiling.pieces[0], tiling.pieces[1], tiling.pieces[2]},
        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(w), TE_VALUE(te_value_or(call->in_value[2], w)),
                      TE_VALUE(te_value_or(call->in_value[3], w)), TE_VALUE(call->out_value), TE_INT(p.m), TE_INT(p.n),
                      TE_INT(p.k), TE_INT(p.flags), TE_INT(p.x_row), TE_INT(p.x_k), TE_INT(p.x_group), TE_INT(p.y_row),
                      TE_INT(p.y_group), TE_INT(tiling.chunk_m), TE_INT(tiling.chunk_n)}};
    return te_plan_launch(plan, &launch);
}

/* ---- few outputs: no packing ---- */

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
        .global = {(size_t)te_panels(p.m, NARROW_ROWS), (size_t)p.groups}, .dealt = true,
        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                      TE_VALUE(te_value_or(call->in_value[2], call->in_value[1])),
                      TE_VALUE(te_value_or(call->in_value[3], call->in_value[1])), TE_VALUE(call->out_value),
                      TE_INT(p.m), TE_INT(p.n), TE_INT(p.k), TE_INT(p.groups), TE_INT(p.flags)}};
    return te_plan_launch(plan, &launch);
}
