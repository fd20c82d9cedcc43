/* What the gradients of convolutions are made of, on processors: as conv.cl, with both sides read and written in whole
 * cache lines.
 *
 * conv_unfold_cpu   x (B,h*w,C) -> (B,h*w,C*k*k), k*k at most LARGEST. A work-item takes one token, 16 channels at a time.
 *                   global (B*h*w), local 1.
 * conv_flip_cpu     W (G*O,C,k,k) -> (G*C,O,k,k). A work-item takes CHANNELS channels of a group, so that it reads long
 *                   pieces of W. global (C/CHANNELS rounded up, G), local 1.
 */
#include "wide.clh"

#define LARGEST 49
#define CHANNELS 16

/* y[16 channels][area] from `area` vectors of 16 channels; unrolled where `area` is a constant. */
static inline __attribute__((always_inline)) void interleave(__global float *restrict y, const float *restrict lines,
                                                             int channels, int area)
{
    for (int c = 0; c < channels; c++) {
        for (int k = 0; k < area; k++) {
            y[c * area + k] = lines[16 * k + c];
        }
    }
}

WORK_GROUP_OF_ONE __kernel void conv_unfold_cpu(__global const float *restrict x, __global float *restrict y, int rows,
                                                int height, int width, int C, int size)
{
    int row = (int)get_global_id(0), column = row % width, line = row / width % height, area = size * size;
    float lines[LARGEST * 16] __attribute__((aligned(64)));
    if (row >= rows) {
        return;
    }
    y += (size_t)row * (size_t)C * (size_t)area;
    for (int c = 0; c < C; c += 16) {
        int count = min(16, C - c);
        for (int k = 0; k < area; k++) {
            int dy = k / size - size / 2, dx = k % size - size / 2;
            bool inside = line + dy >= 0 && line + dy < height && column + dx >= 0 && column + dx < width;
            size_t from = (size_t)(row + dy * width + dx) * (size_t)C + (size_t)c;
            *(float16 *)(lines + 16 * k) = inside ? load_some(x + from, count) : (float16)(0.0f);
        }
        if (area == 9 && count == 16) {
            interleave(y + c * 9, lines, 16, 9);
        } else {
            interleave(y + c * area, lines, count, area);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void conv_flip_cpu(__global const float *restrict w, __global float *restrict y, int O, int C,
                                              int area, int groups)
{
    int first = (int)get_global_id(0) * CHANNELS, last = min(first + CHANNELS, C), group = (int)get_global_id(1);
    for (int o = 0; o < O && group < groups; o++) {
        for (int c = first; c < last; c++) {
            __global const float *from = w + (size_t)((group * O + o) * C + c) * (size_t)area;
            __global float *to = y + (size_t)((group * C + c) * O + o) * (size_t)area;
            for (int k = 0; k < area; k++) {
                to[k] = from[area - 1 - k];
            }
        }
    }
}
