/* layernorm on processors: as layernorm.cl, but a work-item takes a whole row, 16 channels at a time. C must be a
 * multiple of 16. global (rows*groups), local 1. */
#include "real.clh"
#include "wide.clh"

WORK_GROUP_OF_ONE __kernel void layernorm_cpu(__global const float *restrict x, __global const float *restrict scale,
                                              __global const float *restrict shift, __global float *restrict y, int C,
                                              int groups, int use_gelu)
{
    size_t row = get_global_id(0);
    int vectors = C / 16;
    x += row * (size_t)C;
    y += row * (size_t)C;
    scale += row % (size_t)groups * (size_t)C;
    shift += row % (size_t)groups * (size_t)C;
    float16 sum = 0.0f, squares = 0.0f;
    for (int i = 0; i < vectors; i++) {
        sum += vload16(i, x);
    }
    float mean = sum16(sum) / (float)C;
    for (int i = 0; i < vectors; i++) {
        float16 difference = vload16(i, x) - mean;
        squares = fma(difference, difference, squares);
    }
    float factor = 1.0f / sqrt(sum16(squares) / (float)C + 1e-6f);
    for (int i = 0; i < vectors; i++) {
        float16 value = fma((vload16(i, x) - mean) * factor, vload16(i, scale), vload16(i, shift));
        vstore16(use_gelu ? gelu16(value) : value, i, y);
    }
}
