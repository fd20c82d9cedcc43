/* attention: y = softmax(q k^T / sqrt(D)) v for every head, blocks of keys at a time; no N x N matrix is kept.
 *
 *   qkv (B,N,3*heads*D), each of q, k, v head-major   y (B,N,heads*D)
 *
 * Mapping: a work-item owns one query of one head: its q, its running maximum and sum, its y in private memory. The
 * work-group's keys and values pass through local memory, KEYS at a time. With a new maximum the sums so far are scaled
 * by exp(old - new).
 * D is taken four at a time, filled up with zeros.
 * global (N rounded up to GROUP, heads, B), local (GROUP, 1, 1).
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
#define FOURS ((HEAD + 3) / 4)

/* Numbers d to d + 3 of a head's row at `at`; zero beyond D. */
static inline float4 load_four(__global const real *restrict from, size_t at, int d)
{
    float4 four;
    four.x = LOAD(from, at + (size_t)d);
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

/* Copy KEYS keys and values from token `first` on; beyond N zeros, which are never used. */
static inline void load_keys(__local float4 *keys, __local float4 *values, __global const real *restrict qkv,
                             size_t token0, int first, int N, int width, int head)
{
    for (int i = (int)get_local_id(0); i < KEYS * FOURS; i += GROUP) {
        int key = i / FOURS, d = i % FOURS * 4;
        bool inside = first + key < N;
        size_t at = (token0 + (size_t)(inside ? first + key : 0)) * (size_t)(3 * width) + (size_t)(head * HEAD);
        keys[i] = inside ? load_four(qkv, at + (size_t)width, d) : (float4)(0.0f);
        values[i] = inside ? load_four(qkv, at + (size_t)(2 * width), d) : (float4)(0.0f);
    }
}

__kernel void attention(__global const real *restrict qkv, __global real *restrict y, int N, int heads, float scale)
{
    __local float4 keys[KEYS * FOURS], values[KEYS * FOURS];
    int query = (int)get_global_id(0), head = (int)get_global_id(1), width = heads * HEAD;
    bool active = query < N;
    size_t token0 = get_global_id(2) * (size_t)N, token = token0 + (size_t)(active ? query : 0);
    size_t row = token * (size_t)(3 * width) + (size_t)(head * HEAD);
    float4 q[FOURS], sum[FOURS];
    acc total = 0.0f, most = -3.0e38f;
    UNROLL for (int d = 0; d < FOURS; d++) {
        q[d] = load_four(qkv, row, 4 * d) * scale;
        sum[d] = 0.0f;
    }
    for (int first = 0; first < N; first += KEYS) {
        barrier(CLK_LOCAL_MEM_FENCE);
        load_keys(keys, values, qkv, token0, first, N, width, head);
        barrier(CLK_LOCAL_MEM_FENCE);
        int count = min(KEYS, N - first);
        for (int key = 0; key < count; key++) {
            float4 products = 0.0f;
            UNROLL for (int d = 0; d < FOURS; d++) {
                products += q[d] * keys[key * FOURS + d];
            }
            acc score = products.x + products.y + (products.z + products.w);
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
