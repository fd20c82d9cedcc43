/* What a device can do at most: multiply-adds in registers, and a copy. host/tune/ceiling.c measures with them what the
 * other kernels' speed is compared to. For devices with many work-items; ceiling_cpu.cl is for processors.
 *
 *   ceiling_fma    out (global size) = sums of `rounds` * 8 multiply-adds of each work-item, which depend on nothing in memory
 *   ceiling_copy   to (count) = from (count) + number of the pass, `rounds` times: neighbours in memory by neighbouring
 *                  work-items
 */
#include "real.clh"

#define CHAINS 8 /* multiply-adds that do not wait for each other */

__kernel void ceiling_fma(__global float *out, int rounds)
{
    float sums[CHAINS], slope = 0.99f, shift = 0.001f * (float)(get_global_id(0) & 15);
    UNROLL
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = (float)i;
    }
    for (int round = 0; round < rounds; round++) {
        UNROLL
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = mad(sums[i], slope, shift); /* as products have it; fma() is slow where it is no instruction */
        }
    }
    float sum = 0.0f;
    UNROLL
    for (int i = 0; i < CHAINS; i++) {
        sum += sums[i];
    }
    out[get_global_id(0)] = sum;
}

__kernel void ceiling_copy(__global const float *restrict from, __global float *restrict to, int count, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        for (int i = (int)get_global_id(0); i < count; i += (int)get_global_size(0)) {
            to[i] = from[i] + (float)round;
        }
    }
}
