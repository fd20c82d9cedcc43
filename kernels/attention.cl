/* attention: y = softmax(q k^T / sqrt(D)) v for every head, blocks of keys at a time; no N x N matrix is kept.
 *
 *   qkv (B,N,3*heads*D), each of q, k, v head-major   y (B,N,heads*D)
 *
 * Mapping: a work-item owns one query of one head: its q, its running maximum and sum, its y in private memory. The
 * work-group's keys and values pass through local memory, KEYS at a time. With a new maximum the sums so far are scaled
 * by exp(old - new).
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

/* Copy KEYS keys and values from token `first` on; beyond N zeros, which are never used. */
static inline void load_keys(__local acc (*keys)[HEAD], __local acc (*values)[HEAD], __global const real *restrict qkv,
                             size_t token0, int first, int N, int width, int head)
{
    for (int i = (int)get_local_id(0); i < KEYS * HEAD; i += GROUP) {
        int key = i / HEAD, d = i % HEAD;
        bool inside = first + key < N;
        size_t at = (token0 + (size_t)(inside ? first + key : 0)) * (size_t)(3 * width) + (size_t)(head * HEAD + d);
        keys[key][d] = inside ? LOAD(qkv, at + (size_t)width) : 0.0f;
        values[key][d] = inside ? LOAD(qkv, at + (size_t)(2 * width)) : 0.0f;
    }
}

__kernel void attention(__global const real *restrict qkv, __global real *restrict y, int N, int heads, float scale)
{
    __local acc keys[KEYS][HEAD], values[KEYS][HEAD];
    int query = (int)get_global_id(0), head = (int)get_global_id(1), width = heads * HEAD;
    bool active = query < N;
    size_t token0 = get_global_id(2) * (size_t)N, token = token0 + (size_t)(active ? query : 0);
    acc q[HEAD], sum[HEAD], total = 0.0f, most = -3.0e38f;
    for (int d = 0; d < HEAD; d++) {
        q[d] = LOAD(qkv, token * (size_t)(3 * width) + (size_t)(head * HEAD + d)) * scale;
        sum[d] = 0.0f;
    }
    for (int first = 0; first < N; first += KEYS) {
        barrier(CLK_LOCAL_MEM_FENCE);
        load_keys(keys, values, qkv, token0, first, N, width, head);
        barrier(CLK_LOCAL_MEM_FENCE);
        int count = min(KEYS, N - first);
        for (int key = 0; key < count; key++) {
            acc score = 0.0f;
            for (int d = 0; d < HEAD; d++) {
                score += q[d] * keys[key][d];
            }
            acc peak = score > most ? score : most;
            acc keep = exp(most - peak), weight = exp(score - peak);
            most = peak;
            total = total * keep + weight;
            for (int d = 0; d < HEAD; d++) {
                sum[d] = sum[d] * keep + weight * values[key][d];
            }
        }
    }
    if (active) {
        for (int d = 0; d < HEAD; d++) {
            STORE(y, token * (size_t)width + (size_t)(head * HEAD + d), sum[d] / total);
        }
    }
}
