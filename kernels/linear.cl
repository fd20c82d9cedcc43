/* linear: y = act(x W^T + b) + residual, for G groups side by side; the product of every device.
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * Strides in elements say where x and W really lie, so that the gradients, products with one side or both transposed,
 * are the same kernel: x at x_row m + x_k k + x_group g, W at w_row n + w_k k + w_group g, y at y_row m + n + y_group
 * g.
 *
 * Mapping: a work-group of SIDE x SIDE computes a tile of 4 SIDE x 4 SIDE of one group's y; each work-item 4 x 4 of it.
 * Tiles of x and W pass through local memory, DEPTH columns at a time; out-of-range elements are read as zero.
 * global (N / 4 rounded up, M / 4 rounded up, G), local (SIDE, SIDE, 1).
 */
#include "real.clh"

#ifndef SIDE
#define SIDE 8 /* 8 fits a work-group of 64; 16 is faster where 256 are allowed */
#endif
#define TILE (4 * SIDE)
#define DEPTH 16
#define ROW (TILE + 1) /* an odd row keeps the columns of a tile in different banks */

/* Bits of `flags`. */
#define HAS_BIAS 1
#define HAS_RESIDUAL 2
#define HAS_GELU 4

/* Copy rows [row0, row0 + TILE) and columns [k0, k0 + DEPTH) of a (rows, K) matrix, transposed, into `tile`.
 * Consecutive work-items read along the dimension that is consecutive in memory. */
static inline void load_tile(__local acc *tile, __global const real *restrict from, int row0, int rows, int row_stride,
                             int k0, int K, int k_stride, int item)
{
    for (int i = item; i < TILE * DEPTH; i += SIDE * SIDE) {
        int row = row_stride == 1 ? i % TILE : i / DEPTH, k = row_stride == 1 ? i / TILE : i % DEPTH;
        bool inside = row0 + row < rows && k0 + k < K;
        size_t at = (size_t)(row0 + row) * (size_t)row_stride + (size_t)(k0 + k) * (size_t)k_stride;
        tile[k * ROW + row] = inside ? ROUND(LOAD(from, at)) : 0.0f;
    }
}

static inline acc epilogue(acc sum, __global const real *restrict bias, __global const real *restrict residual,
                           size_t column, size_t at, int flags)
{
    sum += flags & HAS_BIAS ? LOAD(bias, column) : 0.0f;
    sum = flags & HAS_GELU ? gelu(sum) : sum;
    return flags & HAS_RESIDUAL ? sum + LOAD(residual, at) : sum;
}

__kernel void linear(__global const real *restrict x, __global const real *restrict w,
                     __global const real *restrict bias, __global const real *restrict residual,
                     __global real *restrict y, int M, int N, int K, int flags, int x_row, int x_k, int x_group,
                     int w_row, int w_k, int w_group, int y_row, int y_group)
{
    __local acc x_tile[DEPTH * ROW], w_tile[DEPTH * ROW];
    int tx = (int)get_local_id(0), ty = (int)get_local_id(1), item = ty * SIDE + tx;
    int column0 = (int)get_group_id(0) * TILE, row0 = (int)get_group_id(1) * TILE, group = (int)get_global_id(2);
    acc sum[4][4] = {{0.0f}};

    x += (size_t)group * (size_t)x_group;
    w += (size_t)group * (size_t)w_group;
    for (int k0 = 0; k0 < K; k0 += DEPTH) {
        load_tile(x_tile, x, row0, M, x_row, k0, K, x_k, item);
        load_tile(w_tile, w, column0, N, w_row, k0, K, w_k, item);
        barrier(CLK_LOCAL_MEM_FENCE);
        UNROLL for (int k = 0; k < DEPTH; k++) {
            UNROLL for (int i = 0; i < 4; i++) {
                acc left = x_tile[k * ROW + ty * 4 + i];
                UNROLL for (int j = 0; j < 4; j++) {
                    sum[i][j] += left * w_tile[k * ROW + tx + SIDE * j];
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < 4; j++) {
            int row = row0 + ty * 4 + i, column = column0 + tx + SIDE * j;
            if (row < M && column < N) {
                size_t at = (size_t)row * (size_t)y_row + (size_t)group * (size_t)y_group + (size_t)column;
                STORE(y, at, epilogue(sum[i][j], bias, residual, (size_t)(group * N + column), at, flags));
            }
        }
    }
}

/* What surrounds a product taken by a library, which adds to y: before it y = bias (+ residual, unless GELU follows),
 * after it y = gelu(y) + residual. global (G*N, M). */
__kernel void linear_before(__global const real *restrict bias, __global const real *restrict residual,
                            __global real *restrict y, int M, int columns, int flags)
{
    int column = (int)get_global_id(0), row = (int)get_global_id(1);
    if (column < columns && row < M) {
        size_t at = (size_t)row * (size_t)columns + (size_t)column;
        acc value = flags & HAS_BIAS ? LOAD(bias, column) : 0.0f;
        STORE(y, at, flags & HAS_RESIDUAL && !(flags & HAS_GELU) ? value + LOAD(residual, at) : value);
    }
}

__kernel void linear_after(__global const real *restrict residual, __global real *restrict y, int M, int columns,
                           int flags)
{
    int column = (int)get_global_id(0), row = (int)get_global_id(1);
    if (column < columns && row < M) {
        size_t at = (size_t)row * (size_t)columns + (size_t)column;
        STORE(y, at, epilogue(LOAD(y, at), residual, residual, 0, at, flags & ~HAS_BIAS));
    }
}
