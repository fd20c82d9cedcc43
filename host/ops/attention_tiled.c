/* attention by tiles in local memory: the shape of its work-groups. */
#include "ops/attention_tiled.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SLAB = 16, UNROLLED = 8 };                 /* as in the kernels */
enum { FULL_GROUP = 128, FEW = 8, MANY = 32 };    /* work-items of a group; columns of them, at least and at most */

/* lines x columns work-items, which own 4 * lines queries (keys) and take 4 * columns keys (queries) at a time. */
typedef struct group {
    int D, columns, lines;
} group;

static int64_t up(int64_t size, int64_t step)
{
    return (size + step - 1) / step;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Of the arrays `tiles` and `weights` of the kernels. */
static uint64_t local_bytes(group g)
{
    int64_t row = up(up(g.D, 4), g.columns) * g.columns, left = g.lines + 1, right = g.columns + 1;
    int64_t tiles = larger(larger(SLAB * (left + right), (row > 32 ? 8 : SLAB) * row), g.lines * g.columns);
    return (uint64_t)(tiles + 4 * g.columns * left) * 4 * sizeof(float);
}

/* One four of columns of D a work-item, where that many fit. Fewer lines where the device would have nothing to do. */
static group choose_group(te_plan *plan, const te_call *call, int heads)
{
    const te_caps *caps = te_plan_caps(plan);
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1];
    int most = te_plan_work_group(plan) < FULL_GROUP ? (int)te_plan_work_group(plan) : FULL_GROUP;
    group g = {.D = (int)(call->in[0].size[2] / 3 / heads), .columns = 1};
    while (2 * g.columns <= most && g.columns < MANY && (g.columns < FEW || 4 * g.columns < g.D)) {
        g.columns *= 2;
    }
    g.lines = most / g.columns;
    while (g.lines > 2 && up(tokens, 4 * g.lines) * heads * batch < (int64_t)caps->compute_units) {
        g.lines /= 2;
    }
    while (local_bytes(g) > caps->local_memory && g.columns * g.lines > 1) {
        *(g.lines > 1 ? &g.lines : &g.columns) /= 2;
    }
    return g;
}

/* Fails where a work-item's loops have more iterations than the driver runs. */
static te_status check_loops(const te_plan *plan, const te_call *call, group g, int passes)
{
    uint32_t limit = te_plan_caps(plan)->loop_limit;
    int64_t items = g.lines * g.columns, row = up(up(g.D, 4), g.columns) * g.columns, tokens = call->in[0].size[1];
    int64_t loads = up(g.lines * SLAB, items) + up(g.columns * SLAB, items);
    int64_t products = up(g.D, SLAB) * (1 + loads + SLAB / UNROLLED);
    int64_t step = row > 32 ? 8 : SLAB;
    int64_t weighted = up(4 * g.columns, step) * (1 + up(step * row, items) + step / UNROLLED);
    return limit && up(tokens, 4 * g.columns) * (1 + passes * (products + weighted)) > limit
               ? te_fail(TE_ERR_UNSUPPORTED, "attention over %lld tokens exceeds the loops that this driver runs: use "
                         "a smaller input size or another device", (long long)tokens)
               : TE_OK;
}

/* A launch of this shape, without its arguments. */
static te_launch describe(const te_call *call, int heads, group g, char options[64])
{
    size_t items = (size_t)(g.lines * g.columns), groups = (size_t)up(call->in[0].size[1], 4 * g.lines);
    snprintf(options, 64, "-DHEAD=%d -DCOLUMNS=%d -DLINES=%d", g.D, g.columns, g.lines);
    return (te_launch){.family = "attention", .options = options, .writes = call->out_value,
                       .global = {groups * items, (size_t)heads, (size_t)call->in[0].size[0]}, .local = {items, 1, 1}};
}

te_status te_attention_emit_tiled(te_plan *plan, const te_call *call, int heads)
{
    group g = choose_group(plan, call, heads);
    char options[64];
    te_launch launch = describe(call, heads, g, options);
    const te_argument arguments[] = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(call->in[0].size[1]),
                                     TE_INT(heads), TE_FLOAT(1.0f / sqrtf((float)g.D))};
    launch.kernel = "attention";
    memcpy(launch.arguments, arguments, sizeof arguments);
    TE_TRY(check_loops(plan, call, g, 1));
    return te_plan_launch(plan, &launch);
}

te_status te_attention_emit_dx_tiled(te_plan *plan, const te_call *call, int heads)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1];
    group g = choose_group(plan, call, heads);
    int qkv = call->in_value[0], y = call->in_value[1], dy = call->in_value[2], dqkv = call->out_value;
    int stats = te_plan_scratch(plan, batch * heads * tokens * 3, -1);
    if (stats < 0) {
        return TE_ERR_MEMORY;
    }
    char options[64];
    float scale = 1.0f / sqrtf((float)g.D);
    te_launch dq = describe(call, heads, g, options), dkv = dq;
    const te_argument of_dq[] = {TE_VALUE(qkv), TE_VALUE(y), TE_VALUE(dy), TE_VALUE(dqkv), TE_VALUE(stats),
                                 TE_INT(tokens), TE_INT(heads), TE_FLOAT(scale)};
    const te_argument of_dkv[] = {TE_VALUE(qkv), TE_VALUE(dy), TE_VALUE(stats), TE_VALUE(dqkv), TE_INT(tokens),
                                  TE_INT(heads), TE_FLOAT(scale)};
    dq.kernel = "attention_dq";
    memcpy(dq.arguments, of_dq, sizeof of_dq);
    dkv.kernel = "attention_dkv";
    memcpy(dkv.arguments, of_dkv, sizeof of_dkv);
    TE_TRY(check_loops(plan, call, g, 2));
    TE_TRY(te_plan_launch(plan, &dq));
    return te_plan_launch(plan, &dkv);
}
