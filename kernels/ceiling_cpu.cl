/* As ceiling.cl, for processors: vectors of 16, a work-item for each thread's part, so many bytes each that stay together.
 *
 *   ceiling_fma_cpu    out (16 * global size) = sums of `rounds` * 16 multiply-adds of vectors
 *   ceiling_copy_cpu   to (count) = from (count) + number of the pass, `rounds` times: `count` / global size numbers, a
 *                      multiple of 16, by each work-item
 */
#include "wide.clh"

#define CHAINS 16 /* vectors that fit the registers, more than wait for each other */
#define UNROLLED _Pragma("unroll")

__kernel WORK_GROUP_OF_ONE void ceiling_fma_cpu(__global float *out, int rounds)
{
    /* Sums end at 100 * shift: above zero, since many processors are slow on numbers below the smallest normal one. */
    float16 sums[CHAINS], slope = (float16)(0.99f), shift = (float16)(0.001f * (float)(get_global_id(0) + 1));
    UNROLLED
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = (float16)((float)i);
    }
    for (int round = 0; round < rounds; round++) {
        UNROLLED
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = fma(sums[i], slope, shift);
        }
    }
    float16 sum = (float16)(0.0f);
    UNROLLED
    for (int i = 0; i < CHAINS; i++) {
        sum += sums[i];
    }
    vstore16(sum, get_global_id(0), out);
}

__kernel WORK_GROUP_OF_ONE void ceiling_copy_cpu(__global const float *restrict from, __global float *restrict to, int count,
                                                 int rounds)
{
    int part = count / (int)get_global_size(0), first = part * (int)get_global_id(0);
    for (int round = 0; round < rounds; round++) {
        for (int i = first; i < first + part; i += 16) {
            vstore16(vload16(0, from + i) + (float)round, 0, to + i);
        }
    }
}
