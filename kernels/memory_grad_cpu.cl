/* Gradients of memory_read on processors: as memory.cl, in vectors of 16; a work-item takes BLOCK rows. global (rows/BLOCK
 * rounded up), local 1.
 *
 *   dz (rows,D)   experts (rows,E*D)   memory (rows,D)   gates (rows,gate_width), the task's from gate_start on
 *
 * memory_read_dfeature_cpu   g_e dz of E features -> (rows,E*D): of the experts, or of the memory, which is one feature.
 * memory_read_dgates_cpu     dz's products with features and memory in the task's scores, zero in the others'.
 */
#include "wide.clh"

#define BLOCK 8

WORK_GROUP_OF_ONE __kernel void memory_read_dfeature_cpu(__global const float *restrict dz,
                                                         __global const float *restrict gates,
                                                         __global const float *restrict before,
                                                         __global float *restrict dx, int rows, int D, int E,
                                                         int gate_width, int gate_start, int has_before)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int row = first; row < last; row++) {
        for (int e = 0; e < E; e++) {
            float gate = gates[(size_t)row * (size_t)gate_width + (size_t)(gate_start + e)];
            size_t at = ((size_t)row * (size_t)E + (size_t)e) * (size_t)D;
            for (int d = 0; d < D; d += 16) {
                int count = min(16, D - d);
                float16 share = gate * load_some(dz + (size_t)row * (size_t)D + (size_t)d, count);
                store_some(dx + at + d, has_before ? load_some(before + at + d, count) + share : share, count);
            }
        }
    }
}

static inline float product(__global const float *restrict a, __global const float *restrict b, int D)
{
    float16 even = 0.0f, odd = 0.0f;
    int d = 0;
    for (; d + 32 <= D; d += 32) {
        even = fma(vload16(0, a + d), vload16(0, b + d), even);
        odd = fma(vload16(1, a + d), vload16(1, b + d), odd);
    }
    for (; d < D; d += 16) {
        even = fma(load_some(a + d, min(16, D - d)), load_some(b + d, min(16, D - d)), even);
    }
    return sum16(even + odd);
}

WORK_GROUP_OF_ONE __kernel void memory_read_dgates_cpu(__global const float *restrict dz,
                                                       __global const float *restrict experts,
                                                       __global const float *restrict memory,
                                                       __global const float *restrict before, __global float *restrict dx,
                                                       int rows, int D, int E, int gate_width, int gate_start,
                                                       int has_memory, int has_before)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int row = first; row < last; row++) {
        size_t z = (size_t)row * (size_t)D, to = (size_t)row * (size_t)gate_width;
        for (int i = 0; i < gate_width; i++) {
            dx[to + i] = has_before ? before[to + i] : 0.0f;
        }
        for (int e = 0; e < E + has_memory; e++) {
            __global const float *feature = e < E ? experts + z * (size_t)E + (size_t)(e * D) : memory + z;
            dx[to + gate_start + e] += product(dz + z, feature, D);
        }
    }
}
