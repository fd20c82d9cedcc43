/* gelu on processors: as gelu.cl, BLOCK elements a work-item, 16 at a time. global (elements/BLOCK rounded up),
 * local 1. */
#include "real.clh"
#include "wide.clh"

#define BLOCK 4096

WORK_GROUP_OF_ONE __kernel void gelu_forward_cpu(__global const float *restrict x, __global float *restrict y,
                                                 int elements)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, elements);
    for (int i = first; i < last; i += 16) {
        int count = min(16, last - i);
        store_some(y + i, gelu16(load_some(x + i, count)), count);
    }
}

WORK_GROUP_OF_ONE __kernel void gelu_dx_cpu(__global const float *restrict x, __global const float *restrict dy,
                                            __global float *restrict dx, int elements)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, elements);
    for (int i = first; i < last; i += 16) {
        int count = min(16, last - i);
        store_some(dx + i, load_some(dy + i, count) * gelu_slope16(load_some(x + i, count)), count);
    }
}
