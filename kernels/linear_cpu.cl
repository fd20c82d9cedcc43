/* linear on processors: y = act(x W^T + b) + residual, for G groups side by side.
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * A work-item is a thread's worth of work and shares nothing: no barriers, work-groups of one. It computes CHUNK_M x
 * CHUNK_N tiles of 12 x 32; a tile's 24 sums of 16 floats stay in registers over BLOCK_K columns, and between the
 * blocks in local memory, which on a processor is a scratch that fits the second-level cache.
 *
 * Both operands are packed, so that the inner loop reads consecutively:
 *   x packed [group][M/12][K][12]     W packed [group][N/32][K][32]     (zero beyond M and N)
 * Packing rounds to the precision of the product (ROUND, real.clh). It reads by strides, as linear.cl does: the
 * gradients' transposed operands cost nothing more. W is packed once per set of weights, x before every product.
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

/* One column of a panel, consecutive in memory. */
static inline void copy_12(__global float *to, __global const float *from)
{
    float16 column = round16((float16)(vload8(0, from), vload4(0, from + 8), (float4)(0.0f)));
    vstore8(column.lo, 0, to);
    vstore4(column.hi.lo, 0, to + 8);
}

static inline void copy_32(__global float *to, __global const float *from)
{
    vstore16(round16(vload16(0, from)), 0, to);
    vstore16(round16(vload16(0, from + 16)), 0, to + 16);
}

/* One side of a product -> panels of TILE rows: [group][rows/TILE][K][TILE], PACK_K columns a work-item. With rows
 * consecutive in memory a panel's column is copied as it is. With columns consecutive, TILE x 16 numbers go through a
 * small buffer, so that reads and writes are both consecutive. */
#define PACK(TILE, copy)                                                                                                  \
    int panel = (int)get_global_id(0), group = (int)get_global_id(1), first = (int)get_global_id(2) * PACK_K;       \
    int panels = (int)get_global_size(0), row0 = panel * TILE, used = min(TILE, rows - row0);                       \
    float block[TILE * 16] __attribute__((aligned(64)));                                                            \
    from += (size_t)group * (size_t)group_stride + (size_t)row0 * (size_t)row_stride;                               \
    packed += ((size_t)group * (size_t)panels + (size_t)panel) * (size_t)K * TILE;                                  \
    if (row_stride == 1 && used == TILE) {                                                                          \
        for (int k = first; k < min(first + PACK_K, K); k++) {                                                      \
            copy(packed + (size_t)k * TILE, from + (size_t)k * (size_t)k_stride);                                   \
        }                                                                                                           \
        return;                                                                                                     \
    }                                                                                                               \
    for (int i = 0; i < TILE; i++) {                                                                                \
        *(float16 *)(block + 16 * i) = (float16)(0.0f);                                                             \
    }                                                                                                               \
    for (int k0 = first; k0 < min(first + PACK_K, K); k0 += 16) {                                                   \
        int count = min(16, K - k0);                                                                                \
        for (int i = 0; i < used && k_stride == 1; i++) {                                                           \
            float16 line = load_some(from + (size_t)i * (size_t)row_stride + (size_t)k0, count);                    \
            *(float16 *)(block + 16 * i) = round16(line);                                                           \
        }                                                                                                           \
        for (int k = 0; k < count && k_stride == 1; k++) {                                                          \
            for (int i = 0; i < TILE; i++) {                                                                        \
                packed[(size_t)(k0 + k) * TILE + (size_t)i] = block[16 * i + k];                                    \
            }                                                                                                       \
        }                                                                                                           \
        for (int k = k0; k < k0 + count && k_stride != 1; k++) {                                                    \
            for (int i = 0; i < TILE; i++) {                                                                        \
                size_t at = (size_t)min(i, used - 1) * (size_t)row_stride + (size_t)k * (size_t)k_stride;           \
                packed[(size_t)k * TILE + (size_t)i] = i < used ? ROUND(from[at]) : 0.0f;                                  \
            }                                                                                                       \
        }                                                                                                           \
    }

/* global (M/12 rounded up, groups, K/PACK_K rounded up), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_pack_x(__global const float *restrict from, __global float *restrict packed,
                                              int rows, int K, int row_stride, int k_stride, int group_stride)
{
    PACK(TILE_M, copy_12)
}

/* global (N/32 rounded up, groups, K/PACK_K rounded up), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_pack_w(__global const float *restrict from, __global float *restrict packed,
                                              int rows, int K, int row_stride, int k_stride, int group_stride)
{
    PACK(TILE_N, copy_32)
}

/* The statements below, once for each row of a tile. */
#define EACH_ROW(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define DECLARE(i) float16 left##i, right##i;
#define CLEAR(i) left##i = 0.0f; right##i = 0.0f;
#define RESTORE(i) left##i = LOAD16(sums, 2 * i); right##i = LOAD16(sums, 2 * i + 1);
#define KEEP(i) STORE16(sums, 2 * i, left##i); STORE16(sums, 2 * i + 1, right##i);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        float16 value = (float16)(a[i]);                                                                               \
        left##i = fma(value, b0, left##i);                                                                             \
        right##i = fma(value, b1, right##i);                                                                           \
    }

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
                                           __global float *restrict y, int M, int N, int K, int flags, int y_row,
                                           int y_group)
{
    __local float all_sums[CHUNK_M * CHUNK_N * TILE_M * TILE_N] __attribute__((aligned(64)));
    int m_panels = (M + TILE_M - 1) / TILE_M, n_panels = (N + TILE_N - 1) / TILE_N, group = (int)get_global_id(2);
    int m0 = (int)get_global_id(1) * CHUNK_M, n0 = (int)get_global_id(0) * CHUNK_N;
    int m1 = min(m0 + CHUNK_M, m_panels), n1 = min(n0 + CHUNK_N, n_panels);
    size_t stride = (size_t)y_row;

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
                    size_t column = (size_t)n * TILE_N;
                    size_t corner = (size_t)m * TILE_M * stride + (size_t)group * (size_t)y_group + column;
                    finish_tile(sums, bias + (size_t)(group * N) + column, residual + corner, y + corner,
                                min(TILE_M, M - m * TILE_M), min(TILE_N, N - n * TILE_N), stride, flags);
                }
            }
        }
    }
}
