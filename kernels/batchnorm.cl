/* batchnorm, as training has it: statistics of the batch, then GELU where asked.
 *
 *   x, y (rows,C)   stats (2,C): mean and variance (over rows, not corrected)   weight, bias (C)
 *   v = (x - mean) / sqrt(variance + 1e-5), y = act(v weight + bias)
 *
 * Statistics in two passes over a fixed tree: bit-equal runs. batchnorm_partial adds BLOCK rows of one column, either x
 * or (x - mean)^2; batchnorm_total adds the blocks. Gradients, with dz = dy act'(v weight + bias): dbias = sum dz and
 * dweight = sum dz v, side by side as sums (2,C), of which batchnorm_sums adds blocks of rows -> (blocks,2,C);
 * dx = weight / sqrt(variance + 1e-5) (dz - dbias / rows - v dweight / rows). dz is taken in both rather than kept.
 *
 * global (C, blocks) for partial and sums, (C) for total and line, (C, rows) for the others.
 */
#include "real.clh"

#define BLOCK 64

__kernel void batchnorm_partial(__global const real *restrict x, __global const real *restrict mean,
                                __global real *restrict partial, int rows, int C, int squares)
{
    int c = (int)get_global_id(0), first = (int)get_global_id(1) * BLOCK;
    if (c >= C || first >= rows) {
        return;
    }
    acc centre = squares ? LOAD(mean, c) : 0.0f, sum = 0.0f;
    for (int row = first; row < min(first + BLOCK, rows); row++) {
        acc value = LOAD(x, (size_t)row * (size_t)C + (size_t)c) - centre;
        sum += squares ? value * value : value;
    }
    STORE(partial, get_global_id(1) * (size_t)C + (size_t)c, sum);
}

/* Mean of the blocks' sums into line `line` of stats (2,C). */
__kernel void batchnorm_total(__global const real *restrict partial, __global real *restrict stats, int rows, int C,
                              int blocks, int line)
{
    int c = (int)get_global_id(0);
    if (c < C) {
        acc sum = 0.0f;
        for (int block = 0; block < blocks; block++) {
            sum += LOAD(partial, (size_t)block * (size_t)C + (size_t)c);
        }
        STORE(stats, line * C + c, sum / (acc)rows);
    }
}

static inline acc normalised(acc x, __global const real *restrict stats, int c, int C)
{
    return (x - LOAD(stats, c)) / sqrt(LOAD(stats, C + c) + 1e-5f);
}

__kernel void batchnorm(__global const real *restrict x, __global const real *restrict stats,
                        __global const real *restrict weight, __global const real *restrict bias,
                        __global real *restrict y, int rows, int C, int use_gelu)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < C && row < rows) {
        size_t at = (size_t)row * (size_t)C + (size_t)c;
        acc value = normalised(LOAD(x, at), stats, c, C) * LOAD(weight, c) + LOAD(bias, c);
        STORE(y, at, use_gelu ? gelu(value) : value);
    }
}

static inline acc slope_of(acc v, __global const real *restrict weight, __global const real *restrict bias, int c,
                           int use_gelu)
{
    return use_gelu ? gelu_slope(v * LOAD(weight, c) + LOAD(bias, c)) : 1.0f;
}

__kernel void batchnorm_sums(__global const real *restrict x, __global const real *restrict stats,
                             __global const real *restrict weight, __global const real *restrict bias,
                             __global const real *restrict dy, __global real *restrict partial, int rows, int C,
                             int use_gelu)
{
    int c = (int)get_global_id(0), first = (int)get_global_id(1) * BLOCK;
    if (c >= C || first >= rows) {
        return;
    }
    acc dbias = 0.0f, dweight = 0.0f;
    for (int row = first; row < min(first + BLOCK, rows); row++) {
        size_t at = (size_t)row * (size_t)C + (size_t)c;
        acc v = normalised(LOAD(x, at), stats, c, C), dz = LOAD(dy, at) * slope_of(v, weight, bias, c, use_gelu);
        dbias += dz;
        dweight += dz * v;
    }
    size_t to = get_global_id(1) * (size_t)(2 * C) + (size_t)c;
    STORE(partial, to, dbias);
    STORE(partial, to + (size_t)C, dweight);
}

__kernel void batchnorm_dx(__global const real *restrict x, __global const real *restrict stats,
                           __global const real *restrict weight, __global const real *restrict bias,
                           __global const real *restrict dy, __global const real *restrict sums,
                           __global real *restrict dx, int rows, int C, int use_gelu)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < C && row < rows) {
        size_t at = (size_t)row * (size_t)C + (size_t)c;
        acc v = normalised(LOAD(x, at), stats, c, C), factor = LOAD(weight, c) / sqrt(LOAD(stats, C + c) + 1e-5f);
        acc dz = LOAD(dy, at) * slope_of(v, weight, bias, c, use_gelu);
        STORE(dx, at, factor * (dz - (LOAD(sums, c) + v * LOAD(sums, C + c)) / (acc)rows));
    }
}

__kernel void batchnorm_line(__global const real *restrict sums, __global real *restrict y, int C, int line)
{
    int c = (int)get_global_id(0);
    if (c < C) {
        STORE(y, c, LOAD(sums, line * C + c));
    }
}
