/* sum on processors: as sum.cl, 16 columns at a time. C must be a multiple of 16. global (C/16, blocks), local 1. */
#include "wide.clh"

WORK_GROUP_OF_ONE __kernel void sum_rows_cpu(__global const float *restrict x, __global float *restrict y, int rows,
                                             int C, int block)
{
    size_t c = get_global_id(0) * 16;
    int first = (int)get_global_id(1) * block, last = min(first + block, rows);
    float16 sum = 0.0f;
    for (int row = first; row < last; row++) {
        sum += vload16(0, x + (size_t)row * (size_t)C + c);
    }
    vstore16(sum, 0, y + get_global_id(1) * (size_t)C + c);
}
