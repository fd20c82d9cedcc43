/* residual on processors: as residual.cl, in vectors of 16; a work-item takes BLOCK elements of a picture. global
 * (size/BLOCK rounded up, B), local 1.
 */
#include "wide.clh"

#define BLOCK 4096

WORK_GROUP_OF_ONE __kernel void residual_cpu(__global const float *restrict x, __global const float *restrict branch,
                                             __global const float *restrict scale, __global float *restrict y, int size,
                                             int B, int line)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, size), picture = (int)get_global_id(1);
    float factor = scale[line * B + picture];
    size_t start = (size_t)picture * (size_t)size;
    for (int i = first; i < last; i += 16) {
        int count = min(16, last - i);
        float16 value = load_some(x + start + i, count);
        value += factor == 0.0f ? (float16)(0.0f) : factor * load_some(branch + start + i, count);
        store_some(y + start + i, value, count);
    }
}

WORK_GROUP_OF_ONE __kernel void residual_dx_cpu(__global const float *restrict dy, __global const float *restrict scale,
                                                __global float *restrict dx, int size, int B, int line)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, size), picture = (int)get_global_id(1);
    float factor = scale[line * B + picture];
    size_t start = (size_t)picture * (size_t)size;
    for (int i = first; i < last; i += 16) {
        int count = min(16, last - i);
        store_some(dx + start + i, factor * load_some(dy + start + i, count), count);
    }
}
