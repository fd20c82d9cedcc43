/* optimiser on processors: as optimiser.cl, in vectors of 16. A work-item takes BLOCK elements. global (elements/BLOCK
 * rounded up), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define BLOCK 4096

WORK_GROUP_OF_ONE __kernel void square_partial_cpu(__global const float *restrict x, __global float *restrict partial,
                                                   int elements)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, elements), i = first;
    float16 even = 0.0f, odd = 0.0f;
    for (; i + 32 <= last; i += 32) {
        float16 a = vload16(0, x + i), b = vload16(0, x + i + 16);
        even = fma(a, a, even);
        odd = fma(b, b, odd);
    }
    for (; i < last; i += 16) {
        float16 a = load_some(x + i, min(16, last - i));
        even = fma(a, a, even);
    }
    partial[get_global_id(0)] = sum16(even + odd);
}

WORK_GROUP_OF_ONE __kernel void adam_cpu(__global float *restrict param, __global const float *restrict gradient,
                                         __global float *restrict m, __global float *restrict v,
                                         __global const float *restrict rates, __global const float *restrict squares,
                                         int elements, float factor, float decays, int decoupled)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, elements);
    float norm = sqrt(squares[0]) / rates[8], clip = min(rates[7] / (norm + 1e-6f), 1.0f) / rates[8];
    float rate = rates[0] * factor, decay = rates[4] * decays, beta1 = rates[1], beta2 = rates[2], epsilon = rates[3];
    float added = decoupled ? 0.0f : decay, shrink = decoupled ? rate * decay : 0.0f, step = rate / rates[5];
    float inverse = 1.0f / rates[6];
    if (!isfinite(norm)) {
        return;
    }
    for (int i = first; i < last; i += 16) {
        int count = min(16, last - i);
        float16 p = load_some(param + i, count), g = fma((float16)(added), p, load_some(gradient + i, count) * clip);
        float16 mean = fma((float16)(beta1), load_some(m + i, count), (1.0f - beta1) * g);
        float16 square = fma((float16)(beta2), load_some(v + i, count), (1.0f - beta2) * g * g);
        store_some(m + i, mean, count);
        store_some(v + i, square, count);
        p -= shrink * p;
        store_some(param + i, p - step * mean / (sqrt(square * inverse) + epsilon), count);
    }
}
