/* memory_read on processors: as in memory.cl, 16 channels at a time. A work-item takes one row. global (rows), local 1. */
#include "wide.clh"

WORK_GROUP_OF_ONE __kernel void memory_read_cpu(__global const float *restrict experts,
                                                __global const float *restrict gates,
                                                __global const float *restrict memory, __global float *restrict z, int D,
                                                int E, int gate_width, int gate_start, int has_memory)
{
    size_t row = get_global_id(0), width = (size_t)D;
    experts += row * (size_t)E * width;
    gates += row * (size_t)gate_width + (size_t)gate_start;
    for (int d = 0; d < D; d += 16) {
        int count = min(16, D - d);
        size_t at = row * width + (size_t)d;
        float16 sum = has_memory ? gates[E] * load_some(memory + at, count) : (float16)(0.0f);
        for (int e = 0; e < E; e++) {
            sum = fma((float16)(gates[e]), load_some(experts + (size_t)e * width + (size_t)d, count), sum);
        }
        store_some(z + at, sum, count);
    }
}
