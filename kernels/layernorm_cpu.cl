/* layernorm on processors: as layernorm.cl, but a work-item takes whole rows, 16 channels at a time. C must be a
 * multiple of 16. Forward and dx: global (rows*groups), local 1. */
#include "real.clh"
#include "wide.clh"

static inline float row_mean(__global const float *restrict x, int C)
{
    float16 sum = 0.0f;
    for (int i = 0; i < C / 16; i++) {
        sum += vload16(i, x);
    }
    return sum16(sum) / (float)C;
}

/* 1 / sqrt(variance + 1e-6) */
static inline float row_factor(__global const float *restrict x, int C, float mean)
{
    float16 squares = 0.0f;
    for (int i = 0; i < C / 16; i++) {
        float16 difference = vload16(i, x) - mean;
        squares = fma(difference, difference, squares);
    }
    return 1.0f / sqrt(sum16(squares) / (float)C + 1e-6f);
}

WORK_GROUP_OF_ONE __kernel void layernorm_cpu(__global const float *restrict x, __global const float *restrict scale,
                                              __global const float *restrict shift, __global float *restrict y, int C,
                                              int groups, int use_gelu)
{
    size_t row = get_global_id(0);
    x += row * (size_t)C;
    y += row * (size_t)C;
    scale += row % (size_t)groups * (size_t)C;
    shift += row % (size_t)groups * (size_t)C;
    float mean = row_mean(x, C), factor = row_factor(x, C, mean);
    for (int i = 0; i < C / 16; i++) {
        float16 value = fma((vload16(i, x) - mean) * factor, vload16(i, scale), vload16(i, shift));
        vstore16(use_gelu ? gelu16(value) : value, i, y);
    }
}

/* ---- gradients ---- */

/* dx holds s = g scale between the passes, so that GELU's slope is taken once. */
WORK_GROUP_OF_ONE __kernel void layernorm_dx_cpu(__global const float *restrict x, __global const float *restrict scale,
                                                 __global const float *restrict shift,
                                                 __global const float *restrict dy, __global float *restrict dx, int C,
                                                 int groups, int use_gelu)
{
    size_t row = get_global_id(0);
    x += row * (size_t)C;
    dx += row * (size_t)C;
    dy += row * (size_t)C;
    scale += row % (size_t)groups * (size_t)C;
    shift += row % (size_t)groups * (size_t)C;
    float mean = row_mean(x, C), factor = row_factor(x, C, mean);
    float16 sum = 0.0f, products = 0.0f;
    for (int i = 0; i < C / 16; i++) {
        float16 normal = (vload16(i, x) - mean) * factor, s = vload16(i, dy) * vload16(i, scale);
        if (use_gelu) {
            s *= gelu_slope16(fma(normal, vload16(i, scale), vload16(i, shift)));
        }
        sum += s;
        products = fma(s, normal, products);
        vstore16(s, i, dx);
    }
    float mean_s = sum16(sum) / (float)C, mean_sn = sum16(products) / (float)C;
    for (int i = 0; i < C / 16; i++) {
        float16 normal = (vload16(i, x) - mean) * factor;
        vstore16(factor * (vload16(i, dx) - mean_s - normal * mean_sn), i, dx);
    }
}

/* partial (blocks, groups*C): sums of g over `block` rows, times n for dscale. A work-item takes a block of one group
 * and adds up in `partial`, which stays in the first-level cache. global (blocks, groups), local 1. */
WORK_GROUP_OF_ONE __kernel void layernorm_partial_cpu(__global const float *restrict x,
                                                      __global const float *restrict scale,
                                                      __global const float *restrict shift,
                                                      __global const float *restrict dy,
                                                      __global float *restrict partial, int rows, int C, int groups,
                                                      int use_gelu, int times_normal, int block)
{
    int first = (int)get_global_id(0) * block;
    size_t group = get_global_id(1) * (size_t)C, width = (size_t)groups * (size_t)C;
    partial += get_global_id(0) * width + group;
    scale += group;
    shift += group;
    for (int i = 0; i < C / 16; i++) {
        vstore16((float16)(0.0f), i, partial);
    }
    for (int row = first; row < min(first + block, rows); row++) {
        __global const float *from = x + (size_t)row * width + group, *g_from = dy + (size_t)row * width + group;
        float mean = row_mean(from, C), factor = row_factor(from, C, mean);
        for (int i = 0; i < C / 16; i++) {
            float16 normal = (vload16(i, from) - mean) * factor, g = vload16(i, g_from);
            if (use_gelu) {
                g *= gelu_slope16(fma(normal, vload16(i, scale), vload16(i, shift)));
            }
            vstore16(vload16(i, partial) + (times_normal ? g * normal : g), i, partial);
        }
    }
}

/* y (width) = sum of partial (blocks, width) over the blocks. global (width/16), local 1. */
WORK_GROUP_OF_ONE __kernel void layernorm_total_cpu(__global const float *restrict partial, __global float *restrict y,
                                                    int blocks, int width)
{
    float16 sum = 0.0f;
    for (int block = 0; block < blocks; block++) {
        sum += vload16(get_global_id(0), partial + (size_t)block * (size_t)width);
    }
    vstore16(sum, get_global_id(0), y);
}
