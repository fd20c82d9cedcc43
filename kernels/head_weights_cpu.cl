/* head_weights and its gradient on processors: as head.cl and head_grad.cl, 16 channels at a time, so that both sides are
 * read and written in whole cache lines. A work-item takes one output channel o.
 *
 * head_weights_cpu      W (O,D,3,3) -> y (9*O,D). global (O), local 1.
 * head_weights_dx_cpu   dy (9*O,D) -> dW (O,D,3,3). global (O), local 1.
 */
#include "wide.clh"

#define OFFSETS 9

WORK_GROUP_OF_ONE __kernel void head_weights_cpu(__global const float *restrict w, __global float *restrict y, int O,
                                                 int D)
{
    size_t o = get_global_id(0), plane = (size_t)O * (size_t)D;
    w += o * (size_t)(D * OFFSETS);
    y += o * (size_t)D;
    for (int c = 0; c < D; c += 16) {
        int count = min(16, D - c);
        for (int k = 0; k < OFFSETS; k++) {
            float line[16] __attribute__((aligned(64)));
            for (int i = 0; i < count; i++) {
                line[i] = w[(c + i) * OFFSETS + k];
            }
            store_some(y + (size_t)k * plane + (size_t)c, vload16(0, line), count);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void head_weights_dx_cpu(__global const float *restrict dy, __global float *restrict dx, int O,
                                                    int D)
{
    size_t o = get_global_id(0), plane = (size_t)O * (size_t)D;
    dy += o * (size_t)D;
    dx += o * (size_t)(D * OFFSETS);
    for (int c = 0; c < D; c += 16) {
        int count = min(16, D - c);
        float lines[OFFSETS * 16] __attribute__((aligned(64)));
        for (int k = 0; k < OFFSETS; k++) {
            vstore16(load_some(dy + (size_t)k * plane + (size_t)c, count), k, lines);
        }
        for (int i = 0; i < count * OFFSETS; i++) {
            dx[c * OFFSETS + i] = lines[i % OFFSETS * 16 + i / OFFSETS];
        }
    }
}
