/* batchnorm on processors: as batchnorm.cl, but a work-item takes BLOCK rows, 16 channels at a time, so that GELU is a
 * polynomial in vectors. Channels are taken CHANNELS at once where there are as many, so that memory is read in pieces
 * longer than a cache line. C must be a multiple of 16. global (rows/BLOCK rounded up), local 1.
 *
 * Statistics in one pass over x: batchnorm_partial_cpu writes each block's mean and sum of squares around it, from sums of
 * distances to the block's first row -> (blocks,2,C); batchnorm_total_cpu puts the blocks together, global (C/16).
 */
#include "real.clh"
#include "wide.clh"

#define BLOCK 64
#define VECTORS 4
#define CHANNELS (16 * VECTORS)
#define INLINED static inline __attribute__((always_inline))

/* do(c, vectors) for all channels, `vectors` a constant each time. */
#define EACH_CHANNELS(do)                                                                                              \
    int whole = C - C % CHANNELS;                                                                                      \
    for (int c = 0; c < whole; c += CHANNELS) {                                                                        \
        do(c, VECTORS);                                                                                                \
    }                                                                                                                  \
    for (int c = whole; c < C; c += 16) {                                                                              \
        do(c, 1);                                                                                                      \
    }

INLINED void block_statistics(__global const float *restrict x, __global float *restrict partial, int first, int last,
                              int C, int c, int vectors)
{
    float16 start[VECTORS], sum[VECTORS], squares[VECTORS];
    __global const float *row = x + (size_t)first * (size_t)C + (size_t)c;
    for (int i = 0; i < vectors; i++) {
        start[i] = vload16(i, row);
        sum[i] = squares[i] = 0.0f;
    }
    for (int n = first; n < last; n++, row += C) {
        for (int i = 0; i < vectors; i++) {
            float16 distance = vload16(i, row) - start[i];
            sum[i] += distance;
            squares[i] = fma(distance, distance, squares[i]);
        }
    }
    float rows = (float)(last - first);
    for (int i = 0; i < vectors; i++) {
        vstore16(start[i] + sum[i] / rows, i, partial + c);
        vstore16(squares[i] - sum[i] * sum[i] / rows, i, partial + C + c);
    }
}

WORK_GROUP_OF_ONE __kernel void batchnorm_partial_cpu(__global const float *restrict x, __global float *restrict partial,
                                                      int rows, int C)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    partial += get_global_id(0) * (size_t)(2 * C);
#define DO(c, vectors) block_statistics(x, partial, first, last, C, c, vectors)
    EACH_CHANNELS(DO)
#undef DO
}

WORK_GROUP_OF_ONE __kernel void batchnorm_total_cpu(__global const float *restrict partial, __global float *restrict stats,
                                                    int rows, int C)
{
    float16 sum = 0.0f, squares = 0.0f;
    partial += 16 * get_global_id(0);
    stats += 16 * get_global_id(0);
    for (int first = 0, block = 0; first < rows; first += BLOCK, block++) {
        sum += (float)min(BLOCK, rows - first) * vload16(0, partial + (size_t)block * (size_t)(2 * C));
    }
    float16 mean = sum / (float)rows;
    for (int first = 0, block = 0; first < rows; first += BLOCK, block++) {
        __global const float *of = partial + (size_t)block * (size_t)(2 * C);
        float16 distance = vload16(0, of) - mean;
        squares += fma((float)min(BLOCK, rows - first) * distance, distance, vload16(0, of + C));
    }
    vstore16(mean, 0, stats);
    vstore16(squares / (float)rows, 0, stats + C);
}

/* 1 / sqrt(variance + 1e-5) of 16 channels */
static inline float16 factor16(__global const float *restrict stats, int c, int C)
{
    return 1.0f / sqrt(vload16(0, stats + C + c) + 1e-5f);
}

INLINED void block_forward(__global const float *restrict x, __global const float *restrict stats,
                           __global const float *restrict weight, __global const float *restrict bias,
                           __global float *restrict y, int rows, int C, int use_gelu, int c, int vectors)
{
    float16 mean[VECTORS], scale[VECTORS], shift[VECTORS];
    for (int i = 0; i < vectors; i++) {
        mean[i] = vload16(i, stats + c);
        scale[i] = factor16(stats, c + 16 * i, C) * vload16(i, weight + c);
        shift[i] = vload16(i, bias + c);
    }
    for (size_t at = (size_t)c, end = (size_t)rows * (size_t)C; at < end; at += (size_t)C) {
        for (int i = 0; i < vectors; i++) {
            float16 value = fma(vload16(i, x + at) - mean[i], scale[i], shift[i]);
            vstore16(use_gelu ? gelu16(value) : value, i, y + at);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void batchnorm_forward_cpu(__global const float *restrict x,
                                                      __global const float *restrict stats,
                                                      __global const float *restrict weight,
                                                      __global const float *restrict bias, __global float *restrict y,
                                                      int rows, int C, int use_gelu)
{
    int first = (int)get_global_id(0) * BLOCK, count = min(BLOCK, rows - first);
    x += (size_t)first * (size_t)C;
    y += (size_t)first * (size_t)C;
#define DO(c, vectors) block_forward(x, stats, weight, bias, y, count, C, use_gelu, c, vectors)
    EACH_CHANNELS(DO)
#undef DO
}

/* A channel's constants in the gradients. */
typedef struct channel {
    float16 mean, factor, weight, bias;
} channel;

INLINED channel channel_of(__global const float *restrict stats, __global const float *restrict weight,
                           __global const float *restrict bias, int c, int C)
{
    return (channel){vload16(0, stats + c), factor16(stats, c, C), vload16(0, weight + c), vload16(0, bias + c)};
}

/* dz of 16 channels, and v. */
INLINED float16 dz_of(float16 x, float16 dy, channel of, int use_gelu, float16 *v)
{
    *v = (x - of.mean) * of.factor;
    return use_gelu ? dy * gelu_slope16(fma(*v, of.weight, of.bias)) : dy;
}

WORK_GROUP_OF_ONE __kernel void batchnorm_sums_cpu(__global const float *restrict x, __global const float *restrict stats,
                                                   __global const float *restrict weight,
                                                   __global const float *restrict bias, __global const float *restrict dy,
                                                   __global float *restrict partial, int rows, int C, int use_gelu)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    partial += get_global_id(0) * (size_t)(2 * C);
    for (int c = 0; c < C; c += 16) {
        channel of = channel_of(stats, weight, bias, c, C);
        float16 dbias = 0.0f, dweight = 0.0f, v;
        for (int row = first; row < last; row++) {
            size_t at = (size_t)row * (size_t)C + (size_t)c;
            float16 dz = dz_of(vload16(0, x + at), vload16(0, dy + at), of, use_gelu, &v);
            dbias += dz;
            dweight = fma(dz, v, dweight);
        }
        vstore16(dbias, 0, partial + c);
        vstore16(dweight, 0, partial + C + c);
    }
}

WORK_GROUP_OF_ONE __kernel void batchnorm_dx_cpu(__global const float *restrict x, __global const float *restrict stats,
                                                 __global const float *restrict weight,
                                                 __global const float *restrict bias, __global const float *restrict dy,
                                                 __global const float *restrict sums, __global float *restrict dx,
                                                 int rows, int C, int use_gelu)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, rows);
    for (int c = 0; c < C; c += 16) {
        channel of = channel_of(stats, weight, bias, c, C);
        float16 dbias = vload16(0, sums + c) / (float)rows, dweight = vload16(0, sums + C + c) / (float)rows, v;
        for (int row = first; row < last; row++) {
            size_t at = (size_t)row * (size_t)C + (size_t)c;
            float16 dz = dz_of(vload16(0, x + at), vload16(0, dy + at), of, use_gelu, &v);
            vstore16(of.weight * of.factor * (dz - fma(v, dweight, dbias)), 0, dx + at);
        }
    }
}
