/* Gradients of attention on processors: tiles as in attention_cpu.cl. A block of queries gathers its dq over the keys,
 * then a block of keys its dk and dv over the queries (formulas in attention.cl).
 */
#include "real.clh"
#include "wide.clh"

#define HEAD 64
#define QUERIES 24
#define TILE_KEYS 32
#define BEYOND (-3.0e38f)

/* A tile that is a function of its own loses half its speed: PoCL compiles it without the kernel's vector width. */
#define INLINE static inline __attribute__((always_inline))

#define EACH_OF_12(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define EACH_OF_6(do) do(0) do(1) do(2) do(3) do(4) do(5)

#define DECLARE_SCORE(i) float16 left##i = 0.0f, right##i = 0.0f;
#define ADD_SCORE(i) { float16 q = (float16)(a[i]); left##i = fma(q, k0, left##i); right##i = fma(q, k1, right##i); }
#define KEEP_SCORE(i) STORE16(scores + i * stride, 0, left##i); STORE16(scores + i * stride, 1, right##i);

/* scores (12 rows of `stride`, 32 of them) = a [64][12] times b [64][32]. */
INLINE void score_tile(__local const float *a, __global const float *restrict b, __local float *scores, int stride)
{
    EACH_OF_12(DECLARE_SCORE)
    for (int d = 0; d < HEAD; d++) {
        float16 k0 = LOAD16(b, 0), k1 = LOAD16(b, 1);
        EACH_OF_12(ADD_SCORE)
        a += 12;
        b += TILE_KEYS;
    }
    EACH_OF_12(KEEP_SCORE)
}

#define DECLARE_SUM(i) float16 s##i##0 = LOAD16(sums + i * HEAD, 0), s##i##1 = LOAD16(sums + i * HEAD, 1), \
                               s##i##2 = LOAD16(sums + i * HEAD, 2), s##i##3 = LOAD16(sums + i * HEAD, 3);
#define ADD_SUM(i) { float16 p = (float16)(weights[i * stride]); \
    s##i##0 = fma(p, v0, s##i##0); s##i##1 = fma(p, v1, s##i##1); \
    s##i##2 = fma(p, v2, s##i##2); s##i##3 = fma(p, v3, s##i##3); }
#define KEEP_SUM(i) STORE16(sums + i * HEAD, 0, s##i##0); STORE16(sums + i * HEAD, 1, s##i##1); \
                    STORE16(sums + i * HEAD, 2, s##i##2); STORE16(sums + i * HEAD, 3, s##i##3);

/* sums (6,64) += weights (6 rows of `stride`, `count` of them) times v (count,64). */
INLINE void sum_tile(__local const float *weights, int stride, __global const float *restrict v,
                     __local float *sums, int count)
{
    EACH_OF_6(DECLARE_SUM)
    for (int key = 0; key < count; key++) {
        float16 v0 = LOAD16(v, 0), v1 = LOAD16(v, 1), v2 = LOAD16(v, 2), v3 = LOAD16(v, 3);
        EACH_OF_6(ADD_SUM)
        weights++;
        v += HEAD;
    }
    EACH_OF_6(KEEP_SUM)
}

/* Scores of one query over `count` keys become weights; returns the factor for its earlier sums. */
INLINE float soften(__local float *scores, int count, float *most, float *total)
{
    float16 peak16 = (float16)(*most), sum = 0.0f;
    int padded = (count + 15) / 16 * 16;
    for (int key = count; key < padded; key++) {
        scores[key] = BEYOND;
    }
    for (int key = 0; key < padded; key += 16) {
        float16 score = vload16(0, scores + key);
        peak16 = select(peak16, score, score > peak16 || isnan(score));
    }
    float peak = max16(peak16), keep = exp(*most - peak);
    for (int key = 0; key < padded; key += 16) {
        float16 weight = exp16(vload16(0, scores + key) - peak);
        sum += weight;
        STORE16(scores + key, 0, weight);
    }
    *total = *total * keep + sum16(sum);
    *most = peak;
    return keep;
}

/* ---- gradients ---- */

#define AT_ONCE 192 /* keys, or queries: two blocks of products have to stay near */

/* A head's rows of 64 numbers, `stride` apart in memory from `offset` on, times `factor`: as tiles
 * [b][head][N/32][64][32] for score_tile, and with `keep_rows` as rows [b][head][N rounded up to 32][64] for
 * sum_tile; zero beyond N. global (N/32 rounded up, heads, B), local 1. */
WORK_GROUP_OF_ONE __kernel void attention_pack_side(__global const float *restrict from, __global float *restrict tiles,
                                                    __global float *restrict rows, int N, int heads, int stride,
                                                    int offset, float factor, int keep_rows)
{
    float block[TILE_KEYS * HEAD] __attribute__((aligned(64)));
    int token0 = (int)get_global_id(0) * TILE_KEYS;
    size_t place = (get_global_id(2) * (size_t)heads + get_global_id(1)) * get_global_size(0) + get_global_id(0);
    tiles += place * TILE_KEYS * HEAD;
    rows += place * TILE_KEYS * HEAD;
    from += get_global_id(2) * (size_t)N * (size_t)stride + (size_t)offset + get_global_id(1) * HEAD;
    for (int j = 0; j < TILE_KEYS; j++) {
        bool inside = token0 + j < N;
        __global const float *row = from + (size_t)(inside ? token0 + j : 0) * (size_t)stride;
        for (int d = 0; d < HEAD; d += 16) {
            *(float16 *)(block + j * HEAD + d) = inside ? vload16(0, row + d) * factor : (float16)(0.0f);
        }
    }
    for (int i = 0; i < TILE_KEYS * HEAD && keep_rows; i += 16) {
        vstore16(*(float16 *)(block + i), 0, rows + i);
    }
    for (int d = 0; d < HEAD; d++) {
        for (int j = 0; j < TILE_KEYS; j++) {
            tiles[d * TILE_KEYS + j] = block[j * HEAD + d];
        }
    }
}

/* The block of QUERIES rows that starts at token `first`, as [QUERIES/12][64][12]; the last row again beyond N. */
INLINE void pack_block(__local float *block, __global const float *restrict from, int first, int N, size_t stride,
                       float factor)
{
    for (int i = 0; i < QUERIES; i++) {
        __global const float *row = from + (size_t)min(first + i, N - 1) * stride;
        for (int d = 0; d < HEAD; d++) {
            block[i / 12 * 12 * HEAD + d * 12 + i % 12] = row[d] * factor;
        }
    }
}

INLINE void clear_block(__local float *sums)
{
    for (int i = 0; i < QUERIES * HEAD; i += 16) {
        STORE16(sums + i, 0, (float16)(0.0f));
    }
}

/* products (QUERIES,AT_ONCE) = block (QUERIES,64) times tiles (count,64)^T. */
INLINE void multiply_block(__local const float *block, __global const float *restrict tiles,
                           __local float *products, int count)
{
    for (int key = 0; key < count; key += TILE_KEYS) {
        for (int i = 0; i < QUERIES; i += 12) {
            score_tile(block + i * HEAD, tiles + (size_t)key * HEAD, products + i * AT_ONCE + key, AT_ONCE);
        }
    }
}

/* sums (QUERIES,64) += weights (QUERIES,AT_ONCE) times rows (count,64). */
INLINE void sum_block(__local const float *weights, __global const float *restrict rows, __local float *sums,
                      int count)
{
    for (int i = 0; i < QUERIES; i += 6) {
        sum_tile(weights + i * AT_ONCE, AT_ONCE, rows, sums + i * HEAD, count);
    }
}

/* The block's rows that exist, times factor[i], to token `first` on. */
INLINE void store_block(__local const float *sums, __global float *restrict to, int first, int N, size_t stride,
                        const float *factor)
{
    for (int i = 0; i < min(QUERIES, N - first); i++) {
        for (int d = 0; d < HEAD; d += 16) {
            vstore16(vload16(0, sums + i * HEAD + d) * factor[i], 0, to + (size_t)(first + i) * stride + (size_t)d);
        }
    }
}

/* Where a head's packed rows start, and its stats: planes of maxima, 1 / sums and dy y, each (B,heads,N rounded up to
 * 32). */
INLINE size_t head_rows(int N, int heads)
{
    size_t padded = (size_t)(N + TILE_KEYS - 1) / TILE_KEYS * TILE_KEYS;
    return (get_global_id(2) * (size_t)heads + get_global_id(1)) * padded;
}

INLINE size_t plane_size(int N, int heads)
{
    size_t padded = (size_t)(N + TILE_KEYS - 1) / TILE_KEYS * TILE_KEYS;
    return get_global_size(2) * (size_t)heads * padded;
}

/* global (N/QUERIES rounded up, heads, B), local 1. */
WORK_GROUP_OF_ONE __kernel void attention_dq_cpu(__global const float *restrict qkv, __global const float *restrict y,
                                                 __global const float *restrict dy, __global const float *restrict keys,
                                                 __global const float *restrict values,
                                                 __global const float *restrict key_rows, __global float *restrict dqkv,
                                                 __global float *restrict stats, int N, int heads, float scale)
{
    __local float scores[QUERIES * AT_ONCE] __attribute__((aligned(64)));
    __local float slopes[QUERIES * AT_ONCE] __attribute__((aligned(64)));
    __local float sums[QUERIES * HEAD] __attribute__((aligned(64)));
    __local float q[QUERIES * HEAD], g[QUERIES * HEAD];
    float most[QUERIES], total[QUERIES], mean[QUERIES], factor[QUERIES];
    int query0 = (int)get_global_id(0) * QUERIES;
    size_t width = (size_t)heads * HEAD, token0 = get_global_id(2) * (size_t)N, column = get_global_id(1) * HEAD;
    size_t packed = head_rows(N, heads) * HEAD;

    pack_block(q, qkv + token0 * 3 * width + column, query0, N, 3 * width, scale);
    pack_block(g, dy + token0 * width + column, query0, N, width, 1.0f);
    clear_block(sums);
    for (int i = 0; i < QUERIES; i++) {
        size_t at = (token0 + (size_t)min(query0 + i, N - 1)) * width + column;
        float16 products = 0.0f;
        for (int d = 0; d < HEAD; d += 16) {
            products = fma(vload16(0, dy + at + d), vload16(0, y + at + d), products);
        }
        mean[i] = sum16(products);
        most[i] = BEYOND;
        total[i] = 0.0f;
    }
    for (int first = 0; first < N; first += AT_ONCE) {
        int count = min(AT_ONCE, N - first);
        multiply_block(q, keys + packed + (size_t)first * HEAD, scores, count);
        multiply_block(g, values + packed + (size_t)first * HEAD, slopes, count);
        for (int i = 0; i < QUERIES; i++) {
            float keep = soften(scores + i * AT_ONCE, count, &most[i], &total[i]);
            for (int d = 0; d < HEAD; d += 16) {
                STORE16(sums + i * HEAD + d, 0, vload16(0, sums + i * HEAD + d) * keep);
            }
            for (int key = i * AT_ONCE; key < i * AT_ONCE + count; key += 16) {
                STORE16(slopes + key, 0, vload16(0, scores + key) * (vload16(0, slopes + key) - mean[i]));
            }
        }
        sum_block(slopes, key_rows + packed + (size_t)first * HEAD, sums, count);
    }
    stats += head_rows(N, heads);
    for (int i = 0; i < QUERIES; i++) {
        factor[i] = scale / total[i];
        if (query0 + i < N) {
            stats[query0 + i] = most[i];
            stats[plane_size(N, heads) + (size_t)(query0 + i)] = 1.0f / total[i];
            stats[2 * plane_size(N, heads) + (size_t)(query0 + i)] = mean[i];
        }
    }
    store_block(sums, dqkv + token0 * 3 * width + column, query0, N, 3 * width, factor);
}

/* Scores of one key over `count` queries become weights, slopes become weight (slope - mean). */
INLINE void soften_column(__local float *scores, __local float *slopes, __global const float *restrict stats,
                          size_t plane, int count)
{
    for (int query = 0; query < count; query += 16) {
        __global const float *stat = stats + query;
        float16 weight = exp16(vload16(0, scores + query) - vload16(0, stat)) * vload16(0, stat + plane);
        STORE16(scores + query, 0, weight);
        STORE16(slopes + query, 0, weight * (vload16(0, slopes + query) - vload16(0, stat + 2 * plane)));
    }
}

/* A block of QUERIES keys. global (N/QUERIES rounded up, heads, B), local 1. */
WORK_GROUP_OF_ONE __kernel void
attention_dkv_cpu(__global const float *restrict qkv, __global const float *restrict queries,
                  __global const float *restrict query_rows, __global const float *restrict dy_tiles,
                  __global const float *restrict dy_rows, __global const float *restrict stats,
                  __global float *restrict dqkv, int N, int heads)
{
    __local float scores[QUERIES * AT_ONCE] __attribute__((aligned(64)));
    __local float slopes[QUERIES * AT_ONCE] __attribute__((aligned(64)));
    __local float dk[QUERIES * HEAD] __attribute__((aligned(64))), dv[QUERIES * HEAD] __attribute__((aligned(64)));
    __local float k[QUERIES * HEAD], v[QUERIES * HEAD];
    float one[QUERIES];
    int key0 = (int)get_global_id(0) * QUERIES;
    size_t width = (size_t)heads * HEAD, packed = head_rows(N, heads) * HEAD;
    size_t corner = get_global_id(2) * (size_t)N * 3 * width + width + get_global_id(1) * HEAD;

    pack_block(k, qkv + corner, key0, N, 3 * width, 1.0f);
    pack_block(v, qkv + corner + width, key0, N, 3 * width, 1.0f);
    clear_block(dk);
    clear_block(dv);
    for (int first = 0; first < N; first += AT_ONCE) {
        int count = min(AT_ONCE, N - first);
        size_t from = packed + (size_t)first * HEAD;
        multiply_block(k, queries + from, scores, count);
        multiply_block(v, dy_tiles + from, slopes, count);
        for (int i = 0; i < QUERIES; i++) {
            soften_column(scores + i * AT_ONCE, slopes + i * AT_ONCE, stats + head_rows(N, heads) + (size_t)first,
                          plane_size(N, heads), count);
        }
        sum_block(scores, dy_rows + from, dv, count);
        sum_block(slopes, query_rows + from, dk, count);
    }
    for (int i = 0; i < QUERIES; i++) {
        one[i] = 1.0f;
    }
    store_block(dk, dqkv + corner, key0, N, 3 * width, one);
    store_block(dv, dqkv + corner + width, key0, N, 3 * width, one);
}
