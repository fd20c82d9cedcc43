/* linear by tiles in local memory (kernels/linear.cl): the generic variant, and which tile suits a product. */
#include "ops/product.h"

#include <stdio.h>

enum { DEPTH = 8 };       /* columns of a slab, as in the kernel */
enum { OTHER_LOOPS = 64 }; /* iterations of a work-item besides those over slabs */
enum { FULL_UNIT = 256 }; /* work-items that keep a compute unit busy */

/* A work-group of side x side work-items with blocks x blocks blocks of 4 x 4 results each. */
typedef struct tile {
    int side, blocks;
} tile;

static const tile tiles[] = {{16, 2}, {8, 2}, {8, 1}, {4, 1}, {1, 1}};

enum { TILE_128, TILE_64, TILE_32, TILES = sizeof tiles / sizeof tiles[0] };

static int64_t rows_of(tile t)
{
    return 4 * t.side * t.blocks;
}

static bool fits(const te_caps *caps, size_t work_group, tile t)
{
    size_t side = (size_t)t.side;
    uint64_t slabs = 2 * 2 * DEPTH * ((uint64_t)rows_of(t) + 4) * sizeof(float);
    return side * side <= work_group && side <= caps->max_work_item[0] && side <= caps->max_work_item[1] &&
           slabs <= caps->local_memory;
}

/* Time of a product, in units of their own. The device takes rounds of as many work-groups as fill it; in a round every
 * work-item makes its results, each the dearer the more is read for it: from local memory 1 / blocks numbers, from
 * global memory 1 / rows. */
static double cost_of(const te_caps *caps, const te_product *p, tile t)
{
    int64_t rows = rows_of(t), groups = te_panels(p->m, rows) * te_panels(p->n, rows) * p->groups;
    int64_t items = groups * t.side * t.side, units = caps->compute_units ? caps->compute_units : 1;
    int64_t rounds = te_panels(items, FULL_UNIT * units);
    return (double)(rounds * 16 * t.blocks * t.blocks) * (1 + 1.0 / t.blocks + 32.0 / (double)rows);
}

static tile choose_tile(te_plan *plan, const te_product *p)
{
    const te_caps *caps = te_plan_caps(plan);
    int best = TILES - 1; /* one work-item, which every device has */
    for (int i = TILES - 2; i >= 0; i--) {
        if (fits(caps, te_plan_work_group(plan), tiles[i]) && cost_of(caps, p, tiles[i]) <= cost_of(caps, p, tiles[best])) {
            best = i;
        }
    }
    return tiles[best];
}

/* Can rows of four be read and written whole everywhere? */
static bool is_aligned(const te_product *p)
{
    int64_t x_size = p->x_k == 1 ? p->k : p->m, x_stride = p->x_k == 1 ? p->x_row : p->x_k;
    int64_t w_size = p->w_k == 1 ? p->k : p->n, w_stride = p->w_k == 1 ? p->w_row : p->w_k;
    return (x_size | x_stride | p->x_group | w_size | w_stride | p->w_group | p->n | p->y_row | p->y_group) % 4 == 0;
}

static te_status emit_tile(te_plan *plan, const te_call *call, const te_product *p, tile t)
{
    size_t rows = (size_t)rows_of(t), side = (size_t)t.side;
    uint32_t loop_limit = te_plan_caps(plan)->loop_limit;
    if (loop_limit && p->k / DEPTH + OTHER_LOOPS > loop_limit) {
        return te_fail(TE_ERR_UNSUPPORTED, "a product over %lld columns has more iterations than this driver runs: use a "
                       "smaller batch or input size", (long long)p->k);
    }
    char options[128];
    snprintf(options, sizeof options, "-DSIDE=%d -DBLOCKS=%d -DALIGNED=%d -DX_ROWS=%d -DW_ROWS=%d -DGELU=%d %s", t.side,
             t.blocks, is_aligned(p), p->x_k != 1, p->w_k != 1, (p->flags & TE_PRODUCT_GELU) != 0,
             te_precision_option(p->precision));
    te_launch launch = {
        .family = "linear", .kernel = "linear", .options = options, .writes = call->out_value,
        .global = {((size_t)p->n + rows - 1) / rows * side, ((size_t)p->m + rows - 1) / rows * side, (size_t)p->groups},
        .local = {side, side, 1},
        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                      TE_VALUE(te_value_or(call->in_value[2], call->in_value[1])),
                      TE_VALUE(te_value_or(call->in_value[3], call->in_value[1])), TE_VALUE(call->out_value),
                      TE_INT(p->m), TE_INT(p->n), TE_INT(p->k), TE_INT(p->flags), TE_INT(p->x_row), TE_INT(p->x_k),
                      TE_INT(p->x_group), TE_INT(p->w_row), TE_INT(p->w_k), TE_INT(p->w_group), TE_INT(p->y_row),
                      TE_INT(p->y_group)}};
    return te_plan_launch(plan, &launch);
}

te_status te_linear_emit_tiled(te_plan *plan, const te_call *call)
{
    te_product p = te_product_describe(call);
    return emit_tile(plan, call, &p, choose_tile(plan, &p));
}

/* ---- one tile for every product: for the tuner, and for tests of them all ---- */

/* Another tile where a driver allows the kernel fewer work-items than the device. */
static te_status emit_fixed(te_plan *plan, const te_call *call, int index)
{
    te_product p = te_product_describe(call);
    bool fitting = fits(te_plan_caps(plan), te_plan_work_group(plan), tiles[index]);
    return emit_tile(plan, call, &p, fitting ? tiles[index] : choose_tile(plan, &p));
}

#define FIXED_TILE(size)                                                                 \
    bool te_linear_supports_tile##size(const te_caps *caps, const te_call *call)         \
    {                                                                                    \
        (void)call;                                                                      \
        return fits(caps, caps->max_work_group, tiles[TILE_##size]);                     \
    }                                                                                    \
    te_status te_linear_emit_tile##size(te_plan *plan, const te_call *call)              \
    {                                                                                    \
        return emit_fixed(plan, call, TILE_##size);                                      \
    }

FIXED_TILE(128)
FIXED_TILE(64)
FIXED_TILE(32)
