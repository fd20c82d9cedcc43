/* batchnorm on processors: as batchnorm.cl, but a work-item takes BLOCK rows, 16 channels at a time, so that GELU is a
 * polynomial in vectors. C must be a multiple of 16. global (rows/BLOCK rounded up), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define BLOCK 64

WORK_GROUP_OF_ONE __kernel void batchnorm_partial_cpu(__global const float *restrict x,
                                                      __global const float *restrict mean,
                                                      __global float *restrict partial, int rows, int C, int squares)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int c = 0; c < C; c += 16) {
        float16 centre = squares ? vload16(0, mean + c) : (float16)(0.0f), sum = 0.0f;
        for (int row = first; row < last; row++) {
            float16 value = vload16(0, x + (size_t)row * (size_t)C + c) - centre;
            sum += squares ? value * value : value;
        }
        vstore16(sum, 0, partial + get_global_id(0) * (size_t)C + c);
    }
}

/* 1 / sqrt(variance + 1e-5) of 16 channels */
static inline float16 factor16(__global const float *restrict stats, int c, int C)
{
    return 1.0f / sqrt(vload16(0, stats + C + c) + 1e-5f);
}

WORK_GROUP_OF_ONE __kernel void batchnorm_forward_cpu(__global const float *restrict x,
                                                      __global const float *restrict stats,
                                                      __global const float *restrict weight,
                                                      __global const float *restrict bias, __global float *restrict y,
                                                      int rows, int C, int use_gelu)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int c = 0; c < C; c += 16) {
        float16 mean = vload16(0, stats + c), scale = factor16(stats, c, C) * vload16(0, weight + c);
        float16 shift = vload16(0, bias + c);
        for (int row = first; row < last; row++) {
            size_t at = (size_t)row * (size_t)C + (size_t)c;
            float16 value = fma(vload16(0, x + at) - mean, scale, shift);
            vstore16(use_gelu ? gelu16(value) : value, 0, y + at);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void batchnorm_dz_cpu(__global const float *restrict x, __global const float *restrict stats,
                                                 __global const float *restrict weight,
                                                 __global const float *restrict bias, __global const float *restrict dy,
                                                 __global float *restrict dz, int rows, int C, int use_gelu, int times_v)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int c = 0; c < C; c += 16) {
        float16 mean = vload16(0, stats + c), factor = factor16(stats, c, C);
        float16 scale = vload16(0, weight + c), shift = vload16(0, bias + c);
        for (int row = first; row < last; row++) {
            size_t at = (size_t)row * (size_t)C + (size_t)c;
            float16 v = (vload16(0, x + at) - mean) * factor, value = vload16(0, dy + at);
            value *= use_gelu ? gelu_slope16(fma(v, scale, shift)) : (float16)(1.0f);
            vstore16(times_v ? value * v : value, 0, dz + at);
        }
    }
}
