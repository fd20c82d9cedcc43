/* linear on processors: y = act(x W^T + b) + residual, for G groups side by side.
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * A work-item is a thread's worth of work and shares nothing: no barriers, work-groups of one. It computes CHUNK_M x
 * CHUNK_N tiles of 12 x 32; a tile's 24 sums of 16 floats stay in registers over BLOCK_K columns, and between the blocks
 * in local memory, which on a processor is a scratch that fits the second-level cache.
 *
 * Both operands are packed, so that the inner loop reads consecutively:
 *   x packed [group][M/12][K][12]     W packed [group][N/32][K][32]     (zero beyond M and N)
 * W is packed once per set of weights, x before every product.
 */
#include "real.clh"
#include "wide.clh"

#define TILE_M 12
#define TILE_N 32
#define BLOCK_K 256
#define PACK_K 64
#ifndef CHUNK_M
#define CHUNK_M 8
#endif
#ifndef CHUNK_N
#define CHUNK_N 4
#endif

#define HAS_BIAS 1
#define HAS_RESIDUAL 2
#define HAS_GELU 4

/* x (M, groups*K) -> [group][M/12][K][12], PACK_K columns a work-item: 12 x 16 numbers at a time through a small buffer,
 * so that both reads and writes are consecutive. global (M/12 rounded up, groups, K/PACK_K rounded up), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_pack_x(__global const float *restrict x, __global float *restrict packed, int M,
                                              int K, int groups)
{
    int panel = (int)get_global_id(0), group = (int)get_global_id(1), first = (int)get_global_id(2) * PACK_K;
    int panels = (M + TILE_M - 1) / TILE_M, row0 = panel * TILE_M;
    size_t stride = (size_t)groups * (size_t)K;
    float block[TILE_M * 16] __attribute__((aligned(64)));
    for (int k0 = first; k0 < min(first + PACK_K, K); k0 += 16) {
        int count = min(16, K - k0);
        __global const float *from = x + (size_t)row0 * stride + (size_t)group * (size_t)K + (size_t)k0;
        __global float *to = packed + (((size_t)group * (size_t)panels + (size_t)panel) * (size_t)K + (size_t)k0) * TILE_M;
        for (int i = 0; i < TILE_M; i++) {
            float16 row = row0 + i < M ? load_some(from + (size_t)i * stride, count) : (float16)(0.0f);
            *(float16 *)(block + 16 * i) = row;
        }
        for (int k = 0; k < count; k++) {
            for (int i = 0; i < TILE_M; i++) {
                to[k * TILE_M + i] = block[16 * i + k];
            }
        }
    }
}

/* W (groups*N, K) -> [group][N/32][K][32]. global (N/32 rounded up, groups), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_pack_w(__global const float *restrict w, __global float *restrict packed, int N,
                                              int K)
{
    int panel = (int)get_global_id(0), group = (int)get_global_id(1), panels = (N + TILE_N - 1) / TILE_N;
    __global float *to = packed + ((size_t)group * (size_t)panels + (size_t)panel) * (size_t)K * TILE_N;
    for (int j = 0; j < TILE_N; j++) {
        int column = panel * TILE_N + j;
        __global const float *from = w + ((size_t)group * (size_t)N + (size_t)min(column, N - 1)) * (size_t)K;
        for (int k = 0; k < K; k++) {
            to[(size_t)k * TILE_N + j] = column < N ? from[k] : 0.0f;
        }
    }
}

/* The statements below, once for each row of a tile. */
#define EACH_ROW(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define DECLARE(i) float16 left##i, right##i;
#define CLEAR(i) left##i = 0.0f; right##i = 0.0f;
#define RESTORE(i) left##i = LOAD16(sums, 2 * i); right##i = LOAD16(sums, 2 * i + 1);
#define KEEP(i) STORE16(sums, 2 * i, left##i); STORE16(sums, 2 * i + 1, right##i);
#define MULTIPLY(i) { float16 value = (float16)(a[i]); left##i = fma(value, b0, left##i); right##i = fma(value, b1, right##i); }

/* sums (12,32) += a [count][12] times b [count][32]; `first`: they start from zero. */
static inline void multiply_tile(__global const float *restrict a, __global const float *restrict b,
                                 __local float *sums, int count, bool first)
{
    EACH_ROW(DECLARE)
    if (first) {
        EACH_ROW(CLEAR)
    } else {
        EACH_ROW(RESTORE)
    }
    for (int k = 0; k < count; k++) {
        float16 b0 = LOAD16(b, 0), b1 = LOAD16(b, 1);
        EACH_ROW(MULTIPLY)
        a += TILE_M;
        b += TILE_N;
    }
    EACH_ROW(KEEP)
}

/* Bias, GELU and residual on a finished tile, and the store; `y` and `residual` at the tile's corner. */
static inline void finish_tile(__local const float *sums, __global const float *restrict bias,
                               __global const float *restrict residual, __global float *restrict y, int rows,
                               int columns, size_t stride, int flags)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j += 16) {
            float16 value = LOAD16(sums, 2 * i + j / 16);
            size_t at = (size_t)i * stride + (size_t)j;
            int count = min(16, columns - j);
            value += flags & HAS_BIAS ? load_some(bias + j, count) : (float16)(0.0f);
            value = flags & HAS_GELU ? gelu16(value) : value;
            value += flags & HAS_RESIDUAL ? load_some(residual + at, count) : (float16)(0.0f);
            store_some(y + at, value, count);
        }
    }
}

/* global (N/(32 CHUNK_N) rounded up, M/(12 CHUNK_M) rounded up, groups), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_cpu(__global const float *restrict x, __global const float *restrict w,
                                           __global const float *restrict bias, __global const float *restrict residual,
                                           __global float *restrict y, int M, int N, int K, int groups, int flags)
{
    __local float all_sums[CHUNK_M * CHUNK_N * TILE_M * TILE_N] __attribute__((aligned(64)));
    int m_panels = (M + TILE_M - 1) / TILE_M, n_panels = (N + TILE_N - 1) / TILE_N, group = (int)get_global_id(2);
    int m0 = (int)get_global_id(1) * CHUNK_M, n0 = (int)get_global_id(0) * CHUNK_N;
    int m1 = min(m0 + CHUNK_M, m_panels), n1 = min(n0 + CHUNK_N, n_panels);
    size_t stride = (size_t)groups * (size_t)N;

    x += (size_t)group * (size_t)m_panels * (size_t)K * TILE_M;
    w += (size_t)group * (size_t)n_panels * (size_t)K * TILE_N;
    for (int k0 = 0; k0 < K; k0 += BLOCK_K) {
        int count = min(BLOCK_K, K - k0);
        for (int n = n0; n < n1; n++) {
            for (int m = m0; m < m1; m++) {
                __local float *sums = all_sums + ((n - n0) * CHUNK_M + m - m0) * (TILE_M * TILE_N);
                multiply_tile(x + ((size_t)m * (size_t)K + (size_t)k0) * TILE_M,
                              w + ((size_t)n * (size_t)K + (size_t)k0) * TILE_N, sums, count, k0 == 0);
                if (k0 + count == K) {
                    size_t column = (size_t)group * (size_t)N + (size_t)n * TILE_N;
                    size_t corner = (size_t)m * TILE_M * stride + column;
                    finish_tile(sums, bias + column, residual + corner, y + corner, min(TILE_M, M - m * TILE_M),
                                min(TILE_N, N - n * TILE_N), stride, flags);
                }
            }
        }
    }
}
