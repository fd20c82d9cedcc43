/* linear: y = act(x W^T + b) + residual, for G groups side by side; the product of every device.
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * Strides in elements say where x and W really lie, so that the gradients, products with one side or both transposed,
 * are the same kernel: x at x_row m + x_k k + x_group g, W at w_row n + w_k k + w_group g, y at y_row m + n + y_group
 * g.
 *
 * Mapping: a work-group of SIDE x SIDE computes a tile of TILE x TILE of one group's y, each work-item BLOCKS x BLOCKS
 * blocks of 4 x 4 of it, SIDE blocks apart: so neighbours read neighbouring fours of local memory, in different banks,
 * and 4 BLOCKS of them serve 4 BLOCKS^2 fours of multiply-adds. Slabs of DEPTH columns of x and W pass through local
 * memory in two buffers: the next slab is on its way from memory while this one is multiplied, one barrier a slab.
 * Out-of-range elements are read as zero.
 * global (N / TILE rounded up * SIDE, M / TILE rounded up * SIDE, G), local (SIDE, SIDE, 1).
 */
#include "epilogue.clh" /* HAS_GELU is read by linear_before and linear_after only */
#include "real.clh"

#ifndef SIDE
#define SIDE 16
#endif
#ifndef BLOCKS
#define BLOCKS 2
#endif
#ifndef ALIGNED
#define ALIGNED 0 /* 1: rows of four lie at multiples of four everywhere, and none is cut off */
#endif
#ifndef GELU
#define GELU 0 /* fixed at compile time: its code costs registers, of which the product has few to spare */
#endif
#ifndef X_ROWS
#define X_ROWS 0 /* 1: x is consecutive along M (x_row = 1), 0: along K */
#endif
#ifndef W_ROWS
#define W_ROWS 0 /* the same for W and N */
#endif
#define TILE (4 * BLOCKS * SIDE)
#define DEPTH 8
#define FOURS (TILE / 4 + 1)                       /* of a column of a slab; odd, which spreads what is written by rows */
#define SHARE (TILE * DEPTH / 4 / (SIDE * SIDE))   /* of a slab's fours, for one work-item */

/* Four consecutive numbers, the last of `count` again and again beyond them: no branches. */
static inline float4 read_four(__global const real *from, size_t at, int count)
{
    return ALIGNED ? LOAD_FOUR(from, at)
                   : (float4)(LOAD(from, at), LOAD(from, at + (size_t)min(1, count - 1)),
                              LOAD(from, at + (size_t)min(2, count - 1)), LOAD(from, at + (size_t)min(3, count - 1)));
}

/* The first `count` numbers of four, rounded; zero for the others. */
static inline float4 used_part(float4 four, int count)
{
    float4 rounded = (float4)(ROUND(four.x), ROUND(four.y), ROUND(four.z), ROUND(four.w));
    if (ALIGNED) {
        return count > 0 ? rounded : (float4)(0.0f); /* no comparison of (int4)(0): Oclgrind takes that for false */
    }
    return select((float4)(0.0f), rounded, (int4)(0, 1, 2, 3) < (int4)(count));
}

/* Number `i` of this work-item's fours of a slab: its row and column in the slab, neighbours along what is consecutive
 * in memory. */
static inline int2 place_of(int i, int item, bool by_rows)
{
    int four = item + i * SIDE * SIDE;
    return by_rows ? (int2)(four % (TILE / 4) * 4, four / (TILE / 4)) : (int2)(four / (DEPTH / 4), four % (DEPTH / 4) * 4);
}

/* This work-item's share of a slab: the first of `rows` rows and `columns` columns (at least one: what is left) of a
 * matrix; anything beyond them. */
static inline void fetch(float4 *share, __global const real *from, int rows, int row_stride, int columns,
                         int k_stride, int item, bool by_rows)
{
    UNROLL for (int i = 0; i < SHARE; i++) {
        int2 place = place_of(i, item, by_rows);
        bool inside = place.x < rows && place.y < columns;
        int row = inside ? place.x : 0, k = inside ? place.y : 0;
        share[i] = read_four(from, (size_t)row * (size_t)row_stride + (size_t)k * (size_t)k_stride,
                             by_rows ? rows - row : columns - k);
    }
}

/* The share into a slab (DEPTH, FOURS * 4), where the rows of a column are consecutive; zero beyond the matrix. */
static inline void keep(__local float4 *slab, const float4 *share, int rows, int columns, int item, bool by_rows)
{
    UNROLL for (int i = 0; i < SHARE; i++) {
        int2 place = place_of(i, item, by_rows);
        bool inside = place.x < rows && place.y < columns;
        float4 four = used_part(share[i], !inside ? 0 : by_rows ? rows - place.x : columns - place.y);
        if (by_rows) {
            slab[place.y * FOURS + place.x / 4] = four;
        } else {
            __local acc *to = (__local acc *)slab + place.y * (FOURS * 4) + place.x;
            to[0] = four.x;
            to[FOURS * 4] = four.y;
            to[FOURS * 8] = four.z;
            to[FOURS * 12] = four.w;
        }
    }
}

/* sum (4*BLOCKS rows, BLOCKS) += slab of x times slab of W. */
static inline void multiply(float4 sum[4 * BLOCKS][BLOCKS], __local const float4 *x, __local const float4 *w)
{
    int tx = (int)get_local_id(0), ty = (int)get_local_id(1);
    UNROLL for (int k = 0; k < DEPTH; k++) {
        float4 right[BLOCKS];
        UNROLL for (int b = 0; b < BLOCKS; b++) {
            right[b] = w[k * FOURS + b * SIDE + tx];
        }
        UNROLL for (int a = 0; a < BLOCKS; a++) {
            float4 left = x[k * FOURS + a * SIDE + ty];
            UNROLL for (int b = 0; b < BLOCKS; b++) {
                sum[4 * a][b] += left.x * right[b];
                sum[4 * a + 1][b] += left.y * right[b];
                sum[4 * a + 2][b] += left.z * right[b];
                sum[4 * a + 3][b] += left.w * right[b];
            }
        }
    }
}

#if GELU
/* Without branches, since a work-item has many: erf by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7). */
static inline float4 gelu_four(float4 x)
{
    float4 size = fabs(x) * 0.70710678f, t = 1.0f / (1.0f + 0.3275911f * size);
    float4 p = (((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f;
    return 0.5f * x * (1.0f + copysign(1.0f - p * t * exp(-size * size), x));
}
#define ACTIVATE(x) gelu_four(x)
#else
#define ACTIVATE(x) (x)
#endif

/* Store up to four sums at `at` of y. `own`, a place in local memory of this work-item alone, lets a short loop take
 * them one by one, where each with a branch of its own would be hundreds. */
static inline void finish(float4 sum, __global const real *residual, __global real *y, size_t at,
                          int count, int flags, __local float4 *own)
{
    if (ALIGNED) {
        STORE_FOUR(y, at, flags & HAS_RESIDUAL ? sum + LOAD_FOUR(residual, at) : sum);
        return;
    }
    *own = sum;
    _Pragma("unroll 1") for (int i = 0; i < min(4, count); i++) {
        acc value = ((__local const acc *)own)[i];
        STORE(y, at + (size_t)i, flags & HAS_RESIDUAL ? value + LOAD(residual, at + (size_t)i) : value);
    }
}

__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
void linear(__global const real *restrict x, __global const real *restrict w,
                     __global const real *restrict bias, __global const real *restrict residual,
                     __global real *restrict y, int M, int N, int K, int flags, int x_row, int x_k, int x_group,
                     int w_row, int w_k, int w_group, int y_row, int y_group)
{
    __local float4 x_slab[2 * DEPTH * FOURS], w_slab[2 * DEPTH * FOURS];
    int tx = (int)get_local_id(0), ty = (int)get_local_id(1), item = ty * SIDE + tx, slab = 0;
    int column0 = (int)get_group_id(0) * TILE, row0 = (int)get_group_id(1) * TILE, group = (int)get_global_id(2);
    float4 sum[4 * BLOCKS][BLOCKS], x_share[SHARE], w_share[SHARE];
    UNROLL for (int i = 0; i < 4 * BLOCKS; i++) {
        UNROLL for (int b = 0; b < BLOCKS; b++) {
            sum[i][b] = 0.0f;
        }
    }
    x += (size_t)group * (size_t)x_group + (size_t)row0 * (size_t)x_row;
    w += (size_t)group * (size_t)w_group + (size_t)column0 * (size_t)w_row;
    fetch(x_share, x, M - row0, x_row, K, x_k, item, X_ROWS);
    fetch(w_share, w, N - column0, w_row, K, w_k, item, W_ROWS);
    for (int left = K; left > 0; left -= DEPTH) {
        keep(x_slab + slab, x_share, M - row0, left, item, X_ROWS);
        keep(w_slab + slab, w_share, N - column0, left, item, W_ROWS);
        barrier(CLK_LOCAL_MEM_FENCE); /* also: all are done with the slab before, which the next round overwrites */
        if (left > DEPTH) {
            x += (size_t)DEPTH * (size_t)x_k;
            w += (size_t)DEPTH * (size_t)w_k;
            fetch(x_share, x, M - row0, x_row, left - DEPTH, x_k, item, X_ROWS);
            fetch(w_share, w, N - column0, w_row, left - DEPTH, w_k, item, W_ROWS);
        }
        multiply(sum, x_slab + slab, w_slab + slab);
        slab = DEPTH * FOURS - slab;
    }
    barrier(CLK_LOCAL_MEM_FENCE); /* finish() has its places in a slab */
    UNROLL for (int b = 0; b < BLOCKS; b++) {
        int column = column0 + (b * SIDE + tx) * 4, known = column < N ? column : column0;
        float4 shift = flags & HAS_BIAS ? read_four(bias, (size_t)(group * N + known), N - known) : (float4)(0.0f);
        UNROLL for (int i = 0; i < 4 * BLOCKS; i++) {
            int row = row0 + (i / 4 * SIDE + ty) * 4 + i % 4;
            size_t at = (size_t)row * (size_t)y_row + (size_t)group * (size_t)y_group + (size_t)column;
            if (row < M && column < N) {
                finish(ACTIVATE(sum[i][b] + shift), residual, y, at, N - column, flags, x_slab + item);
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
        acc value = flags & HAS_GELU ? gelu(LOAD(y, at)) : LOAD(y, at);
        STORE(y, at, flags & HAS_RESIDUAL ? value + LOAD(residual, at) : value);
    }
}
