/* attention: y = softmax(q k^T / sqrt(D)) v for every head, blocks of keys at a time; no N x N matrix is kept.
 *
 *   qkv, dqkv (B,N,3*heads*D), each of q, k, v head-major   y, dy (B,N,heads*D)
 *
 * Mapping: a work-item owns one query of one head: its q, its running maximum and sum, its y in private memory. The
 * work-group's keys and values pass through local memory, KEYS at a time. With a new maximum the sums so far are scaled
 * by exp(old - new).
 * D is taken four at a time, filled up with zeros.
 * global (N rounded up to GROUP, heads, B), local (GROUP, 1, 1).
 *
 * Gradients, with s_ij = q_i k_j / sqrt(D), p_ij the soft-max, e_i = dy_i y_i and t_ij = p_ij (dy_i v_j - e_i):
 *   attention_dq    dq_i = sum_j t_ij k_j / sqrt(D); also writes stats: each query's largest score, 1 / sum, e
 *   attention_dkv   dk_j = sum_i t_ij q_i / sqrt(D), dv_j = sum_i p_ij dy_i; queries pass through local memory
 * The forward leaves nothing but y. Mapping: as above, but PARTS work-items share an owner (a query, or a key),
 * each with a part of D, so that the rows of D numbers that an owner needs (three, four) fit registers for any D. The
 * parts of a product meet in local memory. Scores are the same sums in the same order in both kernels, so that a weight
 * exp(s_ij - largest) is at most 1 in both however large the scores are.
 * global (N / (GROUP/PARTS) rounded up times GROUP, heads, B), local (GROUP, 1, 1).
 */
#include "real.clh"

#ifndef HEAD
#define HEAD 64 /* D */
#endif
#ifndef GROUP
#define GROUP 64
#endif
#ifndef KEYS
#define KEYS 16
#endif
#ifndef PARTS
#define PARTS 2
#endif
#define FOURS ((HEAD + 3) / 4)

/* Numbers d to d + 3 of a head's row at `at`; zero beyond D. */
static inline float4 load_four(__global const real *restrict from, size_t at, int d)
{
    float4 four;
    four.x = d < HEAD ? LOAD(from, at + (size_t)d) : 0.0f;
    four.y = d + 1 < HEAD ? LOAD(from, at + (size_t)(d + 1)) : 0.0f;
    four.z = d + 2 < HEAD ? LOAD(from, at + (size_t)(d + 2)) : 0.0f;
    four.w = d + 3 < HEAD ? LOAD(from, at + (size_t)(d + 3)) : 0.0f;
    return four;
}

static inline void store_four(__global real *restrict to, size_t at, int d, float4 four)
{
    acc parts[4] = {four.x, four.y, four.z, four.w};
    UNROLL for (int i = 0; i < 4; i++) {
        if (d + i < HEAD) {
            STORE(to, at + (size_t)(d + i), parts[i]);
        }
    }
}

/* Copy KEYS rows of D numbers, times `factor`, from `start` on, as rows of `fours`; zeros after `count` rows. */
static inline void load_rows(__local float4 *rows, int fours, __global const real *restrict from, size_t start,
                             size_t stride, int count, float factor)
{
    for (int i = (int)get_local_id(0); i < KEYS * fours; i += GROUP) {
        int row = i / fours, d = i % fours * 4;
        rows[i] = row < count ? load_four(from, start + (size_t)row * stride, d) * factor : (float4)(0.0f);
    }
}

static inline acc sum_four(float4 four)
{
    return four.x + four.y + (four.z + four.w);
}

__kernel void attention(__global const real *restrict qkv, __global real *restrict y, int N, int heads, float scale)
{
    __local float4 keys[KEYS * FOURS], values[KEYS * FOURS];
    int query = (int)get_global_id(0), head = (int)get_global_id(1), width = heads * HEAD;
    bool active = query < N;
    size_t token0 = get_global_id(2) * (size_t)N, token = token0 + (size_t)(active ? query : 0);
    size_t stride = (size_t)(3 * width), row = token * stride + (size_t)(head * HEAD);
    float4 q[FOURS], sum[FOURS];
    acc total = 0.0f, most = -3.0e38f;
    UNROLL for (int d = 0; d < FOURS; d++) {
        q[d] = load_four(qkv, row, 4 * d) * scale;
        sum[d] = 0.0f;
    }
    for (int first = 0; first < N; first += KEYS) {
        int count = min(KEYS, N - first);
        size_t from = (token0 + (size_t)first) * stride + (size_t)(width + head * HEAD);
        barrier(CLK_LOCAL_MEM_FENCE);
        load_rows(keys, FOURS, qkv, from, stride, count, 1.0f);
        load_rows(values, FOURS, qkv, from + (size_t)width, stride, count, 1.0f);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int key = 0; key < count; key++) {
            float4 products = 0.0f;
            UNROLL for (int d = 0; d < FOURS; d++) {
                products += q[d] * keys[key * FOURS + d];
            }
            acc score = sum_four(products);
            acc peak = score > most ? score : most;
            acc keep = exp(most - peak), weight = exp(score - peak);
            most = peak;
            total = total * keep + weight;
            UNROLL for (int d = 0; d < FOURS; d++) {
                sum[d] = sum[d] * keep + weight * values[key * FOURS + d];
            }
        }
    }
    if (active) {
        UNROLL for (int d = 0; d < FOURS; d++) {
            store_four(y, token * (size_t)width + (size_t)(head * HEAD), 4 * d, sum[d] / total);
        }
    }
}

/* ---- gradients ---- */

#define OWNERS (GROUP / PARTS)
#define SHARE ((FOURS + PARTS - 1) / PARTS) /* of a row's float4, for one work-item */
#define ROW (PARTS * SHARE)

/* A work-item's share of a row of D numbers. */
static inline void load_share(float4 *share, __global const real *restrict from, size_t at, int part, float factor)
{
    UNROLL for (int i = 0; i < SHARE; i++) {
        share[i] = load_four(from, at, 4 * (part * SHARE + i)) * factor;
    }
}

static inline void store_share(__global real *restrict to, size_t at, int part, const float4 *share, float factor)
{
    UNROLL for (int i = 0; i < SHARE; i++) {
        store_four(to, at, 4 * (part * SHARE + i), share[i] * factor);
    }
}

static inline acc product_share(const float4 *a, __local const float4 *b)
{
    float4 sum = 0.0f;
    UNROLL for (int i = 0; i < SHARE; i++) {
        sum += a[i] * b[i];
    }
    return sum_four(sum);
}

/* Number `row` of an owner, added up from its parts: products (PARTS,KEYS,OWNERS). */
static inline acc sum_parts(__local const acc *products, int row, int owner)
{
    acc sum = products[row * OWNERS + owner];
    UNROLL for (int part = 1; part < PARTS; part++) {
        sum += products[(part * KEYS + row) * OWNERS + owner];
    }
    return sum;
}

/* What the gradient kernels know of their place. */
#define FIND_PLACE                                                                                                \
    int owner = (int)get_local_id(0) % OWNERS, part = (int)get_local_id(0) / OWNERS;                              \
    int mine = (int)get_group_id(0) * OWNERS + owner, head = (int)get_global_id(1), width = heads * HEAD;         \
    bool active = mine < N;                                                                                       \
    size_t token0 = get_global_id(2) * (size_t)N, token = token0 + (size_t)(active ? mine : 0);                   \
    size_t stride = (size_t)(3 * width), column = (size_t)(head * HEAD);                                          \
    size_t stat0 = (get_global_id(2) * (size_t)heads + (size_t)head) * (size_t)N * 3;

/* stats (B,heads,N,3) */
__kernel void attention_dq(__global const real *restrict qkv, __global const real *restrict y,
                           __global const real *restrict dy, __global real *restrict dqkv,
                           __global float *restrict stats, int N, int heads, float scale)
{
    __local float4 keys[KEYS * ROW], values[KEYS * ROW];
    __local acc scores[PARTS * KEYS * OWNERS], slopes[PARTS * KEYS * OWNERS];
    FIND_PLACE
    float4 q[SHARE], slope[SHARE], sum[SHARE];
    load_share(sum, y, token * (size_t)width + column, part, 1.0f);
    load_share(slope, dy, token * (size_t)width + column, part, 1.0f);
    load_share(q, qkv, token * stride + column, part, scale);
    float4 inner = 0.0f;
    UNROLL for (int i = 0; i < SHARE; i++) {
        inner += sum[i] * slope[i];
        sum[i] = 0.0f;
    }
    slopes[part * KEYS * OWNERS + owner] = sum_four(inner);
    barrier(CLK_LOCAL_MEM_FENCE);
    acc mean = sum_parts(slopes, 0, owner), total = 0.0f, most = -3.0e38f;
    for (int first = 0; first < N; first += KEYS) {
        int count = min(KEYS, N - first);
        size_t from = (token0 + (size_t)first) * stride + column + (size_t)width;
        barrier(CLK_LOCAL_MEM_FENCE);
        load_rows(keys, ROW, qkv, from, stride, count, 1.0f);
        load_rows(values, ROW, qkv, from + (size_t)width, stride, count, 1.0f);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int key = 0; key < count; key++) {
            scores[(part * KEYS + key) * OWNERS + owner] = product_share(q, keys + key * ROW + part * SHARE);
            slopes[(part * KEYS + key) * OWNERS + owner] = product_share(slope, values + key * ROW + part * SHARE);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        acc peak = most;
        for (int key = 0; key < count; key++) {
            acc score = sum_parts(scores, key, owner);
            peak = score > peak ? score : peak;
        }
        acc keep = exp(most - peak);
        most = peak;
        total *= keep;
        UNROLL for (int i = 0; i < SHARE; i++) {
            sum[i] *= keep;
        }
        for (int key = 0; key < count; key++) {
            acc weight = exp(sum_parts(scores, key, owner) - peak);
            acc change = weight * (sum_parts(slopes, key, owner) - mean);
            total += weight;
            UNROLL for (int i = 0; i < SHARE; i++) {
                sum[i] += change * keys[key * ROW + part * SHARE + i];
            }
        }
    }
    if (active) {
        store_share(dqkv, token * stride + column, part, sum, scale / total);
    }
    if (active && part == 0) {
        vstore3((float3)(most, 1.0f / total, mean), (size_t)mine, stats + stat0);
    }
}

__kernel void attention_dkv(__global const real *restrict qkv, __global const real *restrict dy,
                            __global const float *restrict stats, __global real *restrict dqkv, int N, int heads,
                            float scale)
{
    __local float4 queries[KEYS * ROW], rows[KEYS * ROW]; /* q / sqrt(D), dy */
    __local acc scores[PARTS * KEYS * OWNERS], slopes[PARTS * KEYS * OWNERS];
    FIND_PLACE
    float4 k[SHARE], v[SHARE], dk[SHARE], dv[SHARE];
    size_t at = token * stride + column + (size_t)width;
    load_share(k, qkv, at, part, 1.0f);
    load_share(v, qkv, at + (size_t)width, part, 1.0f);
    UNROLL for (int i = 0; i < SHARE; i++) {
        dk[i] = dv[i] = 0.0f;
    }
    for (int first = 0; first < N; first += KEYS) {
        int count = min(KEYS, N - first);
        size_t from = token0 + (size_t)first;
        barrier(CLK_LOCAL_MEM_FENCE);
        load_rows(queries, ROW, qkv, from * stride + column, stride, count, scale);
        load_rows(rows, ROW, dy, from * (size_t)width + column, (size_t)width, count, 1.0f);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int query = 0; query < count; query++) {
            scores[(part * KEYS + query) * OWNERS + owner] = product_share(k, queries + query * ROW + part * SHARE);
            slopes[(part * KEYS + query) * OWNERS + owner] = product_share(v, rows + query * ROW + part * SHARE);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int query = 0; query < count; query++) {
            float3 stat = vload3((size_t)(first + query), stats + stat0); /* largest score, 1 / sum, e */
            acc weight = exp(sum_parts(scores, query, owner) - stat.x) * stat.y;
            acc change = weight * (sum_parts(slopes, query, owner) - stat.z);
            UNROLL for (int i = 0; i < SHARE; i++) {
                dk[i] += change * queries[query * ROW + part * SHARE + i];
                dv[i] += weight * rows[query * ROW + part * SHARE + i];
            }
        }
    }
    if (active) {
        store_share(dqkv, at, part, dk, 1.0f);
        store_share(dqkv, at + (size_t)width, part, dv, 1.0f);
    }
}
