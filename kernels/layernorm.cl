/* layernorm: y = (x - mean) / sqrt(variance + 1e-6) * scale + shift over rows of C, then GELU where asked.
 *
 *   x, y, dx, dy (rows, groups*C) as (rows*groups, C)   scale, shift, dscale, dshift (groups*C)
 *
 * A work-group of GROUP work-items (a power of two) takes one row: partial sums in local memory, added in a fixed tree.
 * Mean and variance in two passes: the difference of squares would lose what float cannot spare.
 * global (GROUP*rows*groups), local (GROUP).
 *
 * Gradients, with n the normalised x, f = 1 / sqrt(variance + 1e-6) and g = dy, times the slope of GELU where asked:
 *   layernorm_dx        dx = f (s - mean(s) - n mean(s n)), s = g scale, means over the row
 *   layernorm_partial   dscale = sum of g n, dshift = sum of g over rows: here over blocks of rows; sum.cl adds the blocks
 * Nothing is kept from the forward: mean and f are computed again, for layernorm_partial once a row (layernorm_stats).
 */
#include "real.clh"

#ifndef GROUP
#define GROUP 64
#endif

/* Sum of `part` over the work-group, in every work-item. */
static inline acc group_sum(__local acc *parts, acc part)
{
    int item = (int)get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE); /* the previous sum was read by all */
    parts[item] = part;
    for (int half_size = GROUP / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_size) {
            parts[item] += parts[item + half_size];
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return parts[0];
}

/* Mean of the C numbers from x[start] on. */
static inline acc row_mean(__global const real *restrict x, size_t start, int C, __local acc *parts)
{
    acc sum = 0.0f;
    for (int c = (int)get_local_id(0); c < C; c += GROUP) {
        sum += LOAD(x, start + (size_t)c);
    }
    return group_sum(parts, sum) / (acc)C;
}

/* 1 / sqrt(variance + 1e-6) of them. */
static inline acc row_factor(__global const real *restrict x, size_t start, int C, acc mean, __local acc *parts)
{
    acc squares = 0.0f;
    for (int c = (int)get_local_id(0); c < C; c += GROUP) {
        acc difference = LOAD(x, start + (size_t)c) - mean;
        squares += difference * difference;
    }
    return 1.0f / sqrt(group_sum(parts, squares) / (acc)C + 1e-6f);
}

__kernel void layernorm(__global const real *restrict x, __global const real *restrict scale,
                        __global const real *restrict shift, __global real *restrict y, int C, int groups, int use_gelu)
{
    __local acc parts[GROUP];
    uint row = (uint)get_group_id(0); /* 64 bits would make the remainder dear */
    size_t start = (size_t)row * (size_t)C, weight = (size_t)(row % (uint)groups) * (size_t)C;
    acc mean = row_mean(x, start, C, parts), factor = row_factor(x, start, C, mean, parts);
    for (int c = (int)get_local_id(0); c < C; c += GROUP) {
        acc value = (LOAD(x, start + (size_t)c) - mean) * factor;
        value = value * LOAD(scale, weight + (size_t)c) + LOAD(shift, weight + (size_t)c);
        STORE(y, start + (size_t)c, use_gelu ? gelu(value) : value);
    }
}

/* ---- gradients ---- */

/* The gradient with respect to what GELU, if there is one, is applied to. */
static inline acc inner_gradient(acc dy, acc normal, acc scale, acc shift, int use_gelu)
{
    return use_gelu ? dy * gelu_slope(normal * scale + shift) : dy;
}

__kernel void layernorm_dx(__global const real *restrict x, __global const real *restrict scale,
                           __global const real *restrict shift, __global const real *restrict dy,
                           __global real *restrict dx, int C, int groups, int use_gelu)
{
    __local acc parts[GROUP];
    uint row = (uint)get_group_id(0); /* 64 bits would make the remainder dear */
    size_t start = (size_t)row * (size_t)C, weight = (size_t)(row % (uint)groups) * (size_t)C;
    int item = (int)get_local_id(0);
    acc mean = row_mean(x, start, C, parts), factor = row_factor(x, start, C, mean, parts);
    acc sum = 0.0f, products = 0.0f;
    for (int c = item; c < C; c += GROUP) {
        acc normal = (LOAD(x, start + (size_t)c) - mean) * factor, scale_c = LOAD(scale, weight + (size_t)c);
        acc s = scale_c * inner_gradient(LOAD(dy, start + (size_t)c), normal, scale_c,
                                          LOAD(shift, weight + (size_t)c), use_gelu);
        sum += s;
        products += s * normal;
    }
    acc mean_s = group_sum(parts, sum) / (acc)C, mean_sn = group_sum(parts, products) / (acc)C;
    for (int c = item; c < C; c += GROUP) {
        acc normal = (LOAD(x, start + (size_t)c) - mean) * factor, scale_c = LOAD(scale, weight + (size_t)c);
        acc s = scale_c * inner_gradient(LOAD(dy, start + (size_t)c), normal, scale_c,
                                          LOAD(shift, weight + (size_t)c), use_gelu);
        STORE(dx, start + (size_t)c, factor * (s - mean_s - normal * mean_sn));
    }
}

/* stats (rows*groups, 2): mean and factor. */
__kernel void layernorm_stats(__global const real *restrict x, __global float *restrict stats, int C)
{
    __local acc parts[GROUP];
    size_t row = get_group_id(0), start = row * (size_t)C;
    acc mean = row_mean(x, start, C, parts), factor = row_factor(x, start, C, mean, parts);
    if (get_local_id(0) == 0) {
        stats[2 * row] = mean;
        stats[2 * row + 1] = factor;
    }
}

/* partial (blocks, groups*C): sums over `block` rows, times n for dscale. global (groups*C, blocks), any local. */
__kernel void layernorm_partial(__global const real *restrict x, __global const real *restrict scale,
                                __global const real *restrict shift, __global const real *restrict dy,
                                __global const float *restrict stats, __global real *restrict partial, int rows, int C,
                                int groups, int use_gelu, int times_normal, int block)
{
    int column = (int)get_global_id(0), first = (int)get_global_id(1) * block, width = groups * C;
    if (column >= width || first >= rows) {
        return;
    }
    acc sum = 0.0f, scale_c = LOAD(scale, column), shift_c = LOAD(shift, column);
    for (int row = first; row < min(first + block, rows); row++) {
        size_t at = (size_t)row * (size_t)width + (size_t)column;
        size_t stat = 2 * ((size_t)row * (size_t)groups + (size_t)(column / C));
        acc normal = (LOAD(x, at) - stats[stat]) * stats[stat + 1];
        acc g = inner_gradient(LOAD(dy, at), normal, scale_c, shift_c, use_gelu);
        sum += times_normal ? g * normal : g;
    }
    STORE(partial, get_global_id(1) * (size_t)width + (size_t)column, sum);
}
