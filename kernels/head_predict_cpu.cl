/* head_predict on processors: head_combine of CHANNELS (O, a multiple of 16) features, in vectors of 16, and the 1x1
 * convolution behind it, y (B,16*h*w,K) = features w (K,O)^T + bias (K). The features of one cell at a time are in local
 * memory. pieces as in head_cpu.clh.
 */
#include "head_cpu.clh"

#ifndef CHANNELS
#define CHANNELS 192
#endif

/* One output of 16 pixels, features [CHANNELS/16][16 pixels][16], without bias. */
INLINE float16 predict(__local const float *features, __global const float *restrict w)
{
    float16 sums[16];
    UNROLL for (int i = 0; i < 16; i++) {
        sums[i] = 0.0f;
    }
    for (int o = 0; o < CHANNELS; o += 16) {
        float16 weights = round16(vload16(0, w + o));
        UNROLL for (int i = 0; i < 16; i++) {
            sums[i] = fma(LOAD16(features, o + i), weights, sums[i]);
        }
    }
    return sum_each16(sums);
}

WORK_GROUP_OF_ONE __kernel void head_predict_cpu(__global const float *restrict products,
                                                 __global const float *restrict affine, __global const float *restrict w,
                                                 __global const float *restrict bias, __global float *restrict y, int height,
                                                 int width, int K, DEALT)
{
    __local float features[16 * CHANNELS] __attribute__((aligned(64)));
    EACH_PIECE(piece) {
        int column0 = (int)piece.x * COLUMNS, row = (int)piece.y;
        lines_of_cells lines = lines_around(products, row, height, width, CHANNELS);
        for (int column = column0; column < min(column0 + COLUMNS, width); column++) {
            for (int o = 0; o < CHANNELS; o += 16) {
                float16 sum[4][4], scale = vload16(0, affine + o), shift = vload16(0, affine + CHANNELS + o);
                combine_cell(sum, &lines, column, o, width, CHANNELS);
                for (int i = 0; i < 16; i++) {
                    STORE16(features, o + i, round16(gelu16(fma(sum[i / 4][i % 4], scale, shift))));
                }
            }
            for (int k = 0; k < K; k++) {
                float values[16];
                vstore16(predict(features, w + (size_t)k * CHANNELS) + bias[k], 0, values);
                for (int i = 0; i < 16; i++) {
                    y[pixel_of(row, column, width, i) * (size_t)K + (size_t)k] = values[i];
                }
            }
        }
    }
}
