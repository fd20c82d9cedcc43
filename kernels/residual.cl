/* residual: a branch of a block, scaled for each picture, added to what goes around it (stochastic depth, MODEL.md
 * section 2).
 *
 * residual      x, branch (B,N,C), scale (S,B) -> y = x + scale[line][picture] branch. global (N*C, B).
 * residual_dx   gradient of the branch: scale[line][picture] dy. global (N*C, B).
 *
 * The host draws the scales: 0 leaves the branch out, 1 / (1 - rate) keeps it; so that the result's mean is the same.
 */
#include "real.clh"

__kernel void residual(__global const real *restrict x, __global const real *restrict branch,
                       __global const real *restrict scale, __global real *restrict y, int size, int B, int line)
{
    int i = (int)get_global_id(0), picture = (int)get_global_id(1);
    if (i < size && picture < B) {
        size_t at = (size_t)picture * (size_t)size + (size_t)i;
        acc factor = LOAD(scale, line * B + picture);
        STORE(y, at, LOAD(x, at) + (factor == 0.0f ? 0.0f : factor * LOAD(branch, at)));
    }
}

__kernel void residual_dx(__global const real *restrict dy, __global const real *restrict scale,
                          __global real *restrict dx, int size, int B, int line)
{
    int i = (int)get_global_id(0), picture = (int)get_global_id(1);
    if (i < size && picture < B) {
        size_t at = (size_t)picture * (size_t)size + (size_t)i;
        STORE(dx, at, LOAD(scale, line * B + picture) * LOAD(dy, at));
    }
}
