/* layernorm: y = (x - mean) / sqrt(variance + 1e-6) * scale + shift over rows of C, then GELU where asked.
 *
 *   x, y (rows, groups*C) as (rows*groups, C)   scale, shift (groups*C)
 *
 * A work-group of GROUP work-items (a power of two) takes one row: partial sums in local memory, added in a fixed tree.
 * Mean and variance in two passes: the difference of squares would lose what float cannot spare.
 * global (GROUP, rows*groups), local (GROUP, 1).
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

__kernel void layernorm(__global const real *restrict x, __global const real *restrict scale,
                        __global const real *restrict shift, __global real *restrict y, int C, int groups, int use_gelu)
{
    __local acc parts[GROUP];
    size_t row = get_group_id(1), start = row * (size_t)C, weight = row % (size_t)groups * (size_t)C;
    int item = (int)get_local_id(0);
    acc sum = 0.0f, squares = 0.0f;
    for (int c = item; c < C; c += GROUP) {
        sum += LOAD(x, start + (size_t)c);
    }
    acc mean = group_sum(parts, sum) / (acc)C;
    for (int c = item; c < C; c += GROUP) {
        acc difference = LOAD(x, start + (size_t)c) - mean;
        squares += difference * difference;
    }
    acc factor = 1.0f / sqrt(group_sum(parts, squares) / (acc)C + 1e-6f);
    for (int c = item; c < C; c += GROUP) {
        acc value = (LOAD(x, start + (size_t)c) - mean) * factor;
        value = value * LOAD(scale, weight + (size_t)c) + LOAD(shift, weight + (size_t)c);
        STORE(y, start + (size_t)c, use_gelu ? gelu(value) : value);
    }
}
