/* sum on processors: as sum.cl, COLUMNS columns a work-item, so that rows are read in pieces longer than a cache line. C
 * must be a multiple of 16. global (C/COLUMNS rounded up, blocks), local 1.
 */
#include "wide.clh"

#define COLUMNS 64

WORK_GROUP_OF_ONE __kernel void sum_rows_cpu(__global const float *restrict x, __global float *restrict y, int rows,
                                             int C, int block)
{
    size_t c = get_global_id(0) * COLUMNS;
    int first = (int)get_global_id(1) * block, last = min(first + block, rows), count = min(COLUMNS, C - (int)c) / 16;
    float16 a = 0.0f, b = 0.0f, d = 0.0f, e = 0.0f;
    __global const float *from = x + (size_t)first * (size_t)C + c;
    y += get_global_id(1) * (size_t)C + c;
    for (int row = first; row < last; row++, from += C) {
        a += vload16(0, from);
        b += count > 1 ? vload16(1, from) : (float16)(0.0f);
        d += count > 2 ? vload16(2, from) : (float16)(0.0f);
        e += count > 3 ? vload16(3, from) : (float16)(0.0f);
    }
    float16 sums[4] = {a, b, d, e};
    for (int i = 0; i < count; i++) {
        vstore16(sums[i], i, y);
    }
}
