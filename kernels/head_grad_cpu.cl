/* Gradients of the head on processors: as head_grad.cl, in vectors of 16.
 *
 * head_combine_dx_cpu    16 channels at a time; O must be a multiple of 16. A work-item takes CHANNELS channels of one
 *                        line of cells, and adds up the lines of each fine column once for all cells that it is around.
 *                        An infinity or NaN of dy spoils all nine numbers of the cells around, for the sake of speed.
 *                        global (O/CHANNELS rounded up, B*h), local 1.
 * head_upsample_dx_cpu   lines first, columns afterwards, as the forward is separable: dy (B,K,H,W) -> (B*K,h,W), where
 *                        W must be a multiple of 16, by head_upsample_dx_lines_cpu, global (h, B*K), local 1; then
 *                        -> (B,h*w,K) by head_upsample_dx_columns_cpu, global (w, B*h), local 1.
 */
#include "head_shares.clh"
#include "real.clh"
#include "wide.clh"

#define CHANNELS 64

#define VECTORS (CHANNELS / 16)
#define AROUND 10 /* fine positions, -3 to 6 from a cell's first, whose neighbours read the cell */
#define RING 16   /* fine columns that are kept: a power of two above AROUND */

/* What the three offsets give a cell in each of these positions. */
static inline void fill_shares(float shares[AROUND][3], bool first, bool last)
{
    for (int i = 0; i < 3 * AROUND; i++) {
        shares[i / 3][i % 3] = share_of(i / 3 - 3 + i % 3 - 1, first, last);
    }
}

/* sums[ky] of one fine column over `count` fine lines from `dy` on, with the shares of those. */
static inline void add_lines(float16 sums[3], __global const float *restrict dy, const float (*shares)[3], int count,
                             size_t stride)
{
    float16 top = 0.0f, middle = 0.0f, bottom = 0.0f;
    for (int q = 0; q < count; q++) {
        float16 value = vload16(0, dy + (size_t)q * stride);
        top = fma((float16)(shares[q][0]), value, top);
        middle = fma((float16)(shares[q][1]), value, middle);
        bottom = fma((float16)(shares[q][2]), value, bottom);
    }
    sums[0] = top;
    sums[1] = middle;
    sums[2] = bottom;
}

/* A cell's nine numbers from the fine columns around it, of which the first is number `fine`; `ring` of one vector. */
static inline void add_columns(__global float *restrict to, const float16 ring[RING][VECTORS][3], int v,
                               const float shares[AROUND][3], int fine, int O)
{
    float16 sum[3][3];
    for (int k = 0; k < 9; k++) {
        sum[k / 3][k % 3] = 0.0f;
    }
    for (int i = 0; i < AROUND; i++) {
        __private const float16 *lines = ring[(fine + i) & (RING - 1)][v];
        __attribute__((opencl_unroll_hint)) for (int kx = 0; kx < 3; kx++) {
            float16 share = (float16)(shares[i][kx]);
            sum[0][kx] = fma(share, lines[0], sum[0][kx]);
            sum[1][kx] = fma(share, lines[1], sum[1][kx]);
            sum[2][kx] = fma(share, lines[2], sum[2][kx]);
        }
    }
    for (int k = 0; k < 9; k++) {
        vstore16(sum[k / 3][k % 3], 0, to + k * O);
    }
}

WORK_GROUP_OF_ONE __kernel void head_combine_dx_cpu(__global const float *restrict dy, __global float *restrict dx,
                                                    int height, int width, int O)
{
    int o0 = (int)get_global_id(0) * CHANNELS, row = (int)get_global_id(1), vectors = min(CHANNELS, O - o0) / 16;
    int line = row % height, q0 = max(-3, -4 * line), q1 = min(6, 4 * (height - line) - 1);
    size_t stride = (size_t)(4 * width) * (size_t)O;
    float of_lines[AROUND][3], of_columns[AROUND][3];
    float16 ring[RING][VECTORS][3];
    fill_shares(of_lines, line == 0, line == height - 1);
    dy += (size_t)(row / height * 4 * height + 4 * line + q0) * stride + (size_t)o0;
    for (int column = 0; column < width; column++) {
        for (int fine = column ? 4 * column + 3 : -3; fine <= 4 * column + 6; fine++) {
            for (int v = 0; v < vectors; v++) {
                __private float16 *sums = ring[fine & (RING - 1)][v];
                if (fine < 0 || fine >= 4 * width) {
                    sums[0] = sums[1] = sums[2] = 0.0f;
                } else {
                    add_lines(sums, dy + (size_t)fine * (size_t)O + 16 * v, of_lines + q0 + 3, q1 - q0 + 1, stride);
                }
            }
        }
        if (column < 2 || column == width - 1) {
            fill_shares(of_columns, column == 0, column == width - 1);
        }
        for (int v = 0; v < vectors; v++) {
            size_t to = (size_t)(row * width + column) * (size_t)(9 * O) + (size_t)(o0 + 16 * v);
            add_columns(dx + to, ring, v, of_columns, 4 * column - 3, O);
        }
    }
}

/* ---- upsample ---- */

WORK_GROUP_OF_ONE __kernel void head_upsample_dx_lines_cpu(__global const float *restrict dy,
                                                           __global float *restrict sums, int height, int to_height,
                                                           int to_width)
{
    int line = (int)get_global_id(0);
    size_t plane = get_global_id(1);
    float ratio = (float)height / (float)to_height;
    int y0 = first_fine(line, ratio), y1 = last_fine(line, height, to_height, ratio);
    dy += plane * (size_t)to_height * (size_t)to_width;
    sums += (plane * (size_t)height + (size_t)line) * (size_t)to_width;
    for (int x = 0; x < to_width; x += 16) {
        vstore16((float16)(0.0f), 0, sums + x);
    }
    for (int y = y0; y <= y1; y++) {
        float share = bilinear_share(line, height, y, ratio);
        for (int x = 0; x < to_width && share != 0.0f; x += 16) {
            float16 value = vload16(0, dy + (size_t)y * (size_t)to_width + x);
            vstore16(fma((float16)(share), value, vload16(0, sums + x)), 0, sums + x);
        }
    }
}

#define STEPS ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))

/* Weights of cell `cell` of `size` in the 16 fine positions from `fine` on, as bilinear_share(). */
static inline float16 bilinear_shares(int cell, int size, int fine, float ratio)
{
    float16 s = fmax((convert_float16(fine + STEPS) + 0.5f) * ratio - 0.5f, 0.0f);
    int16 first = min(convert_int16(s), size - 1), second = min(first + 1, size - 1);
    float16 t = s - convert_float16(first), none = 0.0f;
    return select(none, 1.0f - t, first == cell) + select(none, t, second == cell);
}

/* A cell's window of fine positions is taken 16 at a time, from where all of them are inside the line. */
WORK_GROUP_OF_ONE __kernel void head_upsample_dx_columns_cpu(__global const float *restrict sums,
                                                             __global float *restrict dx, int height, int width, int K,
                                                             int to_width)
{
    int column = (int)get_global_id(0), row = (int)get_global_id(1), line = row % height, picture = row / height;
    float ratio = (float)width / (float)to_width;
    int x0 = first_fine(column, ratio), x1 = last_fine(column, width, to_width, ratio);
    dx += (size_t)(row * width + column) * (size_t)K;
    for (int k = 0; k < K; k++) {
        dx[k] = 0.0f;
    }
    for (int x = x0; x <= x1; x += 16) {
        int start = min(x, to_width - 16);
        float16 shares = bilinear_shares(column, width, start, ratio);
        int16 counts = shares != 0.0f && start + STEPS >= x; /* those before x have had their turn */
        for (int k = 0; k < K; k++) {
            __global const float *from = sums + (size_t)((picture * K + k) * height + line) * (size_t)to_width;
            dx[k] += sum16(select((float16)(0.0f), shares * vload16(0, from + start), counts));
        }
    }
}
