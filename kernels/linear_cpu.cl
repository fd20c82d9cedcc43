/* linear on processors: y = act(x W^T + b) + residual, for G groups side by side, by register tiles and packed operands
 * (product_cpu.clh).
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * Both sides are read by strides, of which that of rows or that of columns is 1: the gradients' transposed operands cost
 * nothing more. W is packed once per set of weights.
 */
#include "real.clh"
#include "wide.clh"
#include "product_cpu.clh"

#define PACK_K 64

/* One column of W's panel, consecutive in memory. */
static inline void copy_column(__global float *to, __global const float *from, int used)
{
    store_16(to, round16(load_some(from, min(16, used))));
    store_16(to + 16, used > 16 ? round16(load_some(from + 16, used - 16)) : (float16)(0.0f));
}

/* `count` columns of W's panel, whose rows are consecutive in memory. */
INLINE void turn_columns(__global float *to, __global const float *from, size_t w_row, int used, int count)
{
    int k = 0;
    for (; k + 16 <= count && used == TILE_N; k += 16) {
        for (int i = 0; i < TILE_N; i += 4) {
            __global const float *rows = from + (size_t)i * w_row + (size_t)k;
            store_columns_global(to + k * TILE_N + i, TILE_N, round16(load_16(rows)), round16(load_16(rows + w_row)),
                                 round16(load_16(rows + 2 * w_row)), round16(load_16(rows + 3 * w_row)));
        }
    }
    for (; k < count; k++) {
        for (int i = 0; i < TILE_N; i++) {
            to[k * TILE_N + i] = i < used ? ROUND(from[(size_t)i * w_row + (size_t)k]) : 0.0f;
        }
    }
}

/* W -> panels of 32 rows, PACK_K columns a work-item. With `taps` above 1, K of W is (K/taps, taps), of the panels
 * (taps, K/taps). global (N/32 rounded up, groups, K/PACK_K rounded up), local 1. */
WORK_GROUP_OF_ONE __kernel void linear_pack_w(__global const float *restrict w, __global float *restrict packed, int N,
                                              int K, int w_row, int w_k, int w_group, int taps)
{
    int panel = (int)get_global_id(0), group = (int)get_global_id(1), first = (int)get_global_id(2) * PACK_K;
    int panels = (int)get_global_size(0), row0 = panel * TILE_N, used = min(TILE_N, N - row0), end = min(first + PACK_K, K);
    w += (size_t)group * (size_t)w_group + (size_t)row0 * (size_t)w_row;
    packed += ((size_t)group * (size_t)panels + (size_t)panel) * (size_t)K * TILE_N;
    for (int k = first; k < end && taps > 1; k++) {
        int from = k % (K / taps) * taps + k / (K / taps);
        for (int i = 0; i < TILE_N; i++) {
            packed[(size_t)k * TILE_N + (size_t)i] = i < used ? ROUND(w[(size_t)i * (size_t)w_row + (size_t)from]) : 0.0f;
        }
    }
    for (int k = first; k < end && taps == 1 && w_k != 1; k++) {
        copy_column(packed + (size_t)k * TILE_N, w + (size_t)k * (size_t)w_k, used);
    }
    if (taps == 1 && w_k == 1) {
        turn_columns(packed + (size_t)first * TILE_N, w + first, (size_t)w_row, used, end - first);
    }
}

/* `count` columns of `used` rows of x -> [panels][BLOCK_K][12]. */
INLINE void pack_x(__local float *packed, __global const float *x, int panels, int used, int count, size_t x_row, size_t x_k)
{
    for (int panel = 0; panel < panels && x_k == 1; panel++) {
        __global const float *rows[TILE_M];
        for (int i = 0; i < TILE_M; i++) {
            rows[i] = x + (size_t)min(panel * TILE_M + i, used - 1) * x_row; /* beyond M: any number, not used */
        }
        pack_rows(packed + panel * BLOCK_K * TILE_M, rows, 0, count);
    }
    for (int k = 0; k < count && x_k != 1; k++) { /* a column's rows are consecutive: all panels, before the next column */
        for (int panel = 0; panel < panels; panel++) {
            __local float *to = packed + (panel * BLOCK_K + k) * TILE_M;
            float16 column = round16(load_some(x + (size_t)k * x_k + (size_t)(panel * TILE_M),
                                               min(TILE_M, used - panel * TILE_M)));
            vstore8(column.lo, 0, to);
            vstore4(column.hi.lo, 0, to + 8);
        }
    }
}

/* pieces (M/(12 chunk_m) rounded up, N/(32 chunk_n) rounded up, groups): those that follow each other share w, which may be
 * larger than the caches. */
WORK_GROUP_OF_ONE __kernel void linear_cpu(__global const float *restrict x, __global const float *restrict w,
                                           __global const float *restrict bias, __global const float *restrict residual,
                                           __global float *restrict y, int M, int N, int K, int flags, int x_row, int x_k,
                                           int x_group, int y_row, int y_group, int chunk_m, int chunk_n, DEALT)
{
    __local float packed[CHUNK_M * BLOCK_K * TILE_M] __attribute__((aligned(64)));
    __local float sums[CHUNK_TILES * TILE_M * TILE_N] __attribute__((aligned(64)));
    int m_panels = (M + TILE_M - 1) / TILE_M, n_panels = (N + TILE_N - 1) / TILE_N;
    EACH_PIECE(piece) {
        int m0 = (int)piece.x * chunk_m, n0 = (int)piece.y * chunk_n, m1 = min(m0 + chunk_m, m_panels);
        size_t group = piece.z, corner = group * (size_t)y_group;
        product p = {w + group * (size_t)n_panels * (size_t)K * TILE_N, bias + group * (size_t)N, residual + corner,
                     y + corner, (size_t)y_row, M, N, K, flags};
        __global const float *rows = x + group * (size_t)x_group + (size_t)(m0 * TILE_M) * (size_t)x_row;
        for (int k0 = 0; k0 < K; k0 += BLOCK_K) {
            int count = min(BLOCK_K, K - k0);
            pack_x(packed, rows + (size_t)k0 * (size_t)x_k, m1 - m0, M - m0 * TILE_M, count, (size_t)x_row, (size_t)x_k);
            multiply_block(packed, sums, &p, m0, m1, n0, min(n0 + chunk_n, n_panels), k0, count);
        }
    }
}
