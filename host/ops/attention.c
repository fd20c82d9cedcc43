/* attention: multi-head self-attention from packed q, k, v, without an N x N matrix; and its gradient. */
#include "ops/attention.h"
#include "ops/attention_tiled.h"
#include "ops/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in kernels/attention_tile.clh and attention_grad_cpu.cl. */
enum { CPU_QUERIES = 24, CPU_KEYS = 256, CPU_TILE_KEYS = 32, CPU_AT_ONCE = 192, CPU_ROUND_KEYS = 96 };
enum { CPU_HEAD_STEP = 16, CPU_MAX_HEAD = 128, MAX_HEAD = 256 }; /* wider ones: more to compile than is worth it */

static int heads_of(const te_call *call)
{
    return ((const te_attention_options *)(const void *)call->attributes)->heads;
}

static int head_width(const te_call *call)
{
    return (int)(call->in[0].size[2] / 3 / heads_of(call));
}

static te_status shape(te_call *call)
{
    const te_shape *qkv = &call->in[0];
    int heads = heads_of(call);
    if (qkv->rank != 3 || heads < 1 || qkv->size[2] % (3 * heads) || head_width(call) > MAX_HEAD) {
        return te_call_fail(call, "qkv (B,N,3*heads*D) with D of at most 256");
    }
    call->out = TE_SHAPE3(qkv->size[0], qkv->size[1], qkv->size[2] / 3);
    return TE_OK;
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    return te_attention_emit_tiled(plan, call, heads_of(call));
}

/* Local memory: scores, sums and q; numbers and vectors of the queries, whose count is rounded up to 32. */
static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    uint64_t floats = CPU_QUERIES * (CPU_KEYS + 2 * (uint64_t)head_width(call)) + 32 * (2 * 16 + 2);
    return head_width(call) % CPU_HEAD_STEP == 0 && head_width(call) <= CPU_MAX_HEAD &&
           caps->local_memory >= floats * sizeof(float);
}

/* -DHEAD, of a program of kernels made of attention_tile.clh. */
typedef struct head_option {
    char text[24];
} head_option;

static head_option head_option_of(const te_call *call)
{
    head_option option;
    snprintf(option.text, sizeof option.text, "-DHEAD=%d", head_width(call));
    return option;
}

static size_t blocks_of(int64_t tokens, int64_t size)
{
    return (size_t)((tokens + size - 1) / size);
}

/* Numbers of one side, q, k, v or dy, as kernels/attention_cpu.cl packs it. */
static int64_t packed_elements(const te_call *call)
{
    size_t blocks = blocks_of(call->in[0].size[1], CPU_TILE_KEYS);
    return call->in[0].size[0] * heads_of(call) * (int64_t)blocks * CPU_TILE_KEYS * head_width(call);
}

/* Pack side `side` of qkv (0: q, 1: k, 2: v), or of a value without sides, times `factor`: as `tiles`, as `rows`, or as
 * both; -1: not as these. */
static te_status pack_side(te_plan *plan, const te_call *call, int from, int side, float factor, int tiles, int rows)
{
    int64_t tokens = call->in[0].size[1], width = (int64_t)heads_of(call) * head_width(call);
    int64_t stride = from == call->in_value[0] ? 3 * width : width;
    head_option option = head_option_of(call);
    te_launch launch = {.family = "attention_cpu", .kernel = "attention_pack", .options = option.text,
                        .writes = tiles < 0 ? rows : tiles,
                        .global = {blocks_of(tokens, CPU_TILE_KEYS), (size_t)heads_of(call),
                                   (size_t)call->in[0].size[0]},
                        .local = {1, 1, 1},
                        .arguments = {TE_VALUE(from), TE_VALUE(tiles), TE_VALUE(rows), TE_INT(tokens),
                                      TE_INT(heads_of(call)), TE_INT(stride), TE_INT(side * width),
                                      TE_FLOAT(factor)}};
    return te_plan_launch(plan, &launch);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    int64_t tokens = call->in[0].size[1];
    int qkv = call->in_value[0], D = head_width(call);
    int keys = te_plan_scratch(plan, packed_elements(call), -1);
    int values = te_plan_scratch(plan, packed_elements(call), -1);
    if (keys < 0 || values < 0) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(pack_side(plan, call, qkv, 1, 1.0f, keys, -1));
    TE_TRY(pack_side(plan, call, qkv, 2, 1.0f, -1, values));
    head_option option = head_option_of(call);
    te_launch attend = {.family = "attention_cpu", .kernel = "attention_cpu", .options = option.text,
                        .writes = call->out_value, .dealt = true,
                        .global = {blocks_of(tokens, CPU_QUERIES), (size_t)heads_of(call),
                                   (size_t)call->in[0].size[0]},
                        .arguments = {TE_VALUE(qkv), TE_VALUE(keys), TE_VALUE(values), TE_VALUE(call->out_value),
                                      TE_INT(tokens), TE_INT(heads_of(call)),
                                      TE_FLOAT(1.0f / sqrtf((float)D))}};
    return te_plan_launch(plan, &attend);
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, emit_generic, false},
    TE_CPU_VARIANT(supports_cpu, emit_cpu),
    {"bf16", te_attention_supports_bf16, NULL, te_attention_emit_bf16, true},
    {"bf16_dot", te_attention_supports_dot, te_prefers_dot, te_attention_emit_dot, true},
    {"amx", te_attention_supports_amx, te_prefers_amx, te_attention_emit_amx, true},
    {0}};

/* Soft-max of one query's scores over the keys, which are `stride` apart. */
static void soften(const double *q, const double *k, int64_t tokens, int64_t stride, int64_t D, double *weights)
{
    double most = -INFINITY, total = 0, scale = 1 / sqrt((double)D);
    for (int64_t n = 0; n < tokens; n++) {
        weights[n] = 0;
        for (int64_t d = 0; d < D; d++) {
            weights[n] += q[d] * k[n * stride + d];
        }
        weights[n] *= scale;
        most = weights[n] > most ? weights[n] : most;
    }
    for (int64_t n = 0; n < tokens; n++) {
        weights[n] = exp(weights[n] - most);
        total += weights[n];
    }
    for (int64_t n = 0; n < tokens; n++) {
        weights[n] /= total;
    }
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], D = head_width(call), C = D * heads_of(call);
    double *weights = calloc((size_t)tokens, sizeof *weights);
    for (int64_t i = 0; weights && i < batch * tokens * heads_of(call); i++) {
        int64_t token = i / heads_of(call), c = i % heads_of(call) * D;
        const double *qkv = in[0] + token / tokens * tokens * 3 * C + c;
        double *y = out + token * C + c;
        soften(in[0] + token * 3 * C + c, qkv + C, tokens, 3 * C, D, weights);
        for (int64_t d = 0; d < D; d++) {
            y[d] = 0;
        }
        for (int64_t n = 0; n < tokens; n++) {
            for (int64_t d = 0; d < D; d++) {
                y[d] += weights[n] * qkv[2 * C + n * 3 * C + d];
            }
        }
    }
    free(weights);
}

static uint64_t macs(const te_call *call)
{
    return (uint64_t)(2 * call->in[0].size[0] * call->in[0].size[1] * call->in[0].size[1] * call->out.size[2]);
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = te_graph_call(graph, &te_op_attention_dx, call->attributes, 3,
                          (te_tensor[]){te_call_input(call, 0), te_call_output(call), dy});
}

/* In bf16 the operands are, and the weights of the soft-max under way: 2^-9 each. */
static double rounding(const te_call *call)
{
    return ((const te_attention_options *)(const void *)call->attributes)->precision == TE_BF16 ? 4e-3 : 0.0;
}

static const te_attention_options one = {.heads = 1}, two = {.heads = 2}, three = {.heads = 3},
                                  two_bf16 = {.heads = 2, .precision = TE_BF16};

static const te_case cases[] = {
    {{TE_SHAPE3(1, 1, 3 * 4)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 13, 3 * 36)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 3 * 2 * 64)}, &two, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 530, 3 * 64)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 47, 3 * 3 * 96)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 38, 3 * 128)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 3 * 3 * 5)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 21, 3 * 256)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 33, 3 * 64)}, &one, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two, TE_FILL_INF},
    {{TE_SHAPE3(1, 20, 3 * 64)}, &one, TE_FILL_INF_COLUMN},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two, TE_FILL_NAN},
    {{TE_SHAPE3(1, 20, 3 * 2 * 16)}, &two, TE_FILL_NAN},
    {{TE_SHAPE3(2, 300, 3 * 2 * 64)}, &two_bf16, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two_bf16, TE_FILL_INF},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two_bf16, TE_FILL_INF_COLUMN},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two_bf16, TE_FILL_NAN},
};

const te_op te_op_attention = {.name = "attention", .attribute_bytes = sizeof(te_attention_options), .shape = shape,
                               .variants = variants, .reference = reference, .gradient = gradient, .macs = macs,
                               .rounding = rounding, TE_CASES(cases)};

te_tensor te_attention(te_graph *graph, te_tensor qkv, int heads)
{
    return te_graph_call(graph, &te_op_attention, &(te_attention_options){heads, graph->precision}, 1, &qkv);
}

/* ---- attention_dx: qkv (B,N,3*C), y, dy (B,N,C) -> dqkv (B,N,3*C) ---- */

/* One operand more is rounded, and a slope is a difference of two sums. */
static double rounding_dx(const te_call *call)
{
    return 2.0 * rounding(call);
}

static te_status shape_dx(te_call *call)
{
    TE_TRY(shape(call)); /* of the forward: call->out is y's */
    if (!te_shape_equal(&call->in[1], &call->out) || te_shape_count(&call->in[2]) != te_shape_count(&call->out)) {
        return te_call_fail(call, "qkv (B,N,3*heads*D), y and dy (B,N,heads*D)");
    }
    call->out = call->in[0];
    return TE_OK;
}

static te_status emit_dx_generic(te_plan *plan, const te_call *call)
{
    return te_attention_emit_dx_tiled(plan, call, heads_of(call));
}

/* With those of all heads and pictures enough work for some processors, and no more. Sizes alone decide, so that sums are the
 * same on every number of them. */
int64_t te_attention_parts(const te_call *call, int queries)
{
    enum { SHARES = 24 };
    int64_t heads = call->in[0].size[0] * heads_of(call), blocks = (int64_t)blocks_of(call->in[0].size[1], queries);
    int64_t parts = (SHARES + heads - 1) / heads;
    return parts < blocks ? parts : blocks;
}

static te_status emit_dx_cpu(te_plan *plan, const te_call *call)
{
    int64_t tokens = call->in[0].size[1], heads = call->in[0].size[0] * heads_of(call);
    int64_t parts = te_attention_parts(call, CPU_QUERIES);
    int64_t keys = (int64_t)blocks_of(tokens, CPU_ROUND_KEYS) * CPU_ROUND_KEYS;
    int qkv = call->in_value[0], dqkv = call->out_value, D = head_width(call);
    int key_tiles = te_plan_scratch(plan, packed_elements(call), -1);
    int value_tiles = te_plan_scratch(plan, packed_elements(call), -1);
    int key_rows = te_plan_scratch(plan, packed_elements(call), -1);
    int work = te_plan_scratch(plan, heads * parts * CPU_QUERIES * (keys + CPU_AT_ONCE + 3 * D), -1);
    int sums = te_plan_scratch(plan, heads * parts * 2 * keys * D, -1);
    if (key_tiles < 0 || value_tiles < 0 || key_rows < 0 || work < 0 || sums < 0) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(pack_side(plan, call, qkv, 1, 1.0f, key_tiles, key_rows));
    TE_TRY(pack_side(plan, call, qkv, 2, 1.0f, value_tiles, -1));
    head_option option = head_option_of(call);
    te_launch dx = {.family = "attention_grad_cpu", .kernel = "attention_dx_cpu", .options = option.text, .writes = dqkv,
                    .dealt = true, .global = {(size_t)parts, (size_t)heads_of(call), (size_t)call->in[0].size[0]},
                    .arguments = {TE_VALUE(qkv), TE_VALUE(call->in_value[1]), TE_VALUE(call->in_value[2]),
                                  TE_VALUE(key_tiles), TE_VALUE(value_tiles), TE_VALUE(key_rows), TE_VALUE(dqkv),
                                  TE_VALUE(work), TE_VALUE(sums), TE_INT(tokens), TE_INT(heads_of(call)), TE_INT(keys),
                                  TE_FLOAT(1.0f / sqrtf((float)D))}};
    te_launch dkv = {.family = "attention_grad_cpu", .kernel = "attention_dkv_cpu", .options = option.text, .writes = dqkv,
                     .global = {blocks_of(tokens, CPU_TILE_KEYS), (size_t)heads_of(call), (size_t)call->in[0].size[0]},
                     .local = {1, 1, 1},
                     .arguments = {TE_VALUE(sums), TE_VALUE(dqkv), TE_INT(tokens), TE_INT(heads_of(call)), TE_INT(keys),
                                   TE_INT(parts)}};
    TE_TRY(te_plan_launch(plan, &dx));
    return te_plan_launch(plan, &dkv);
}

static const te_variant variants_dx[] = {
    {"generic", NULL, NULL, emit_dx_generic, false},
    TE_CPU_VARIANT(supports_cpu, emit_dx_cpu),
    {"bf16", te_attention_supports_bf16, NULL, te_attention_emit_dx_bf16, true},
    {"bf16_dot", te_attention_supports_dot, te_prefers_dot, te_attention_emit_dx_dot, true},
    {"amx", te_attention_supports_amx, te_prefers_amx, te_attention_emit_dx_amx, true},
    {0}};

/* What one query of one head adds to dq, dk and dv; q and dq at its own row, k, v, dk, dv at the first key's. */
static void add_query(const double *q, const double *k, const double *v, const double *dy, double mean,
                      const double *weights, int64_t tokens, int64_t stride, int64_t D, double *dq, double *dk,
                      double *dv)
{
    for (int64_t n = 0; n < tokens; n++) {
        double change = -mean;
        for (int64_t d = 0; d < D; d++) {
            change += dy[d] * v[n * stride + d];
        }
        change *= weights[n] / sqrt((double)D);
        for (int64_t d = 0; d < D; d++) {
            dq[d] += change * k[n * stride + d];
            dk[n * stride + d] += change * q[d];
            dv[n * stride + d] += weights[n] * dy[d];
        }
    }
}

static void reference_dx(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], D = head_width(call), C = D * heads_of(call);
    double *weights = calloc((size_t)tokens, sizeof *weights);
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t i = 0; weights && i < batch * tokens * heads_of(call); i++) {
        int64_t token = i / heads_of(call), c = i % heads_of(call) * D, first = token / tokens * tokens * 3 * C + c;
        const double *q = in[0] + token * 3 * C + c, *k = in[0] + first + C, *dy = in[2] + token * C + c;
        double mean = 0;
        for (int64_t d = 0; d < D; d++) {
            mean += dy[d] * in[1][token * C + c + d];
        }
        soften(q, k, tokens, 3 * C, D, weights);
        add_query(q, k, k + C, dy, mean, weights, tokens, 3 * C, D, out + token * 3 * C + c, out + first + C,
                  out + first + 2 * C);
    }
    free(weights);
}

/* Five products: scores, dy v, dq, dk, dv. */
static uint64_t macs_dx(const te_call *call)
{
    return (uint64_t)(5 * call->in[0].size[0] * call->in[0].size[1] * call->in[0].size[1] * call->in[1].size[2]);
}

#define TOKENS(B, N, C) {TE_SHAPE3(B, N, 3 * (C)), TE_SHAPE3(B, N, C), TE_SHAPE3(B, N, C)}

static const te_case cases_dx[] = {
    {TOKENS(1, 1, 4), &one, TE_FILL_NORMAL},       {TOKENS(2, 13, 36), &three, TE_FILL_NORMAL},
    {TOKENS(2, 70, 2 * 64), &two, TE_FILL_NORMAL}, {TOKENS(1, 630, 64), &one, TE_FILL_NORMAL},
    {TOKENS(1, 9, 3 * 5), &three, TE_FILL_NORMAL}, {TOKENS(1, 40, 2 * 36), &two, TE_FILL_NORMAL},
    {TOKENS(1, 21, 256), &one, TE_FILL_NORMAL},    {TOKENS(1, 33, 64), &one, TE_FILL_LARGE},
    {TOKENS(1, 20, 2 * 64), &two, TE_FILL_INF},    {TOKENS(1, 20, 2 * 64), &two, TE_FILL_NAN},
    {TOKENS(1, 20, 2 * 16), &two, TE_FILL_NAN},    {TOKENS(2, 47, 3 * 96), &three, TE_FILL_NORMAL},
    {TOKENS(1, 38, 128), &one, TE_FILL_NORMAL},    {TOKENS(2, 300, 2 * 64), &two_bf16, TE_FILL_ROUNDED},
    {TOKENS(1, 20, 64), &one, TE_FILL_INF_COLUMN}, {TOKENS(1, 20, 2 * 64), &two_bf16, TE_FILL_INF_COLUMN},
    {TOKENS(1, 20, 2 * 64), &two_bf16, TE_FILL_INF}, {TOKENS(1, 20, 2 * 64), &two_bf16, TE_FILL_NAN},
};

const te_op te_op_attention_dx = {.name = "attention_dx", .attribute_bytes = sizeof(te_attention_options),
                                  .shape = shape_dx, .variants = variants_dx, .reference = reference_dx,
                                  .macs = macs_dx, .rounding = rounding_dx, TE_CASES(cases_dx)};
