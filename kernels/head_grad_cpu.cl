/* Gradients of the head on processors: as head_grad.cl, in vectors of 16.
 *
 * head_combine_dx_cpu    16 channels at a time; O must be a multiple of 16. A work-item takes CHANNELS channels of one
 *                        line of cells. global (O/CHANNELS rounded up, B*h), local 1.
 * head_upsample_dx_cpu   lines first, columns afterwards, as the forward is separable: dy (B,K,H,W) -> (B*K,h,W), where
 *                        W must be a multiple of 16, by head_upsample_dx_lines_cpu, global (h, B*K), local 1; then
 *                        -> (B,h*w,K) by head_upsample_dx_columns_cpu, global (w, B*h), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define CHANNELS 64

/* Weight of a cell in fine position s = -2 to 5 from its first; at the map's ends the cell stands for its missing
 * neighbour too. */
static inline float share_of(int s, bool first, bool last)
{
    const float share[8] = {0.125f, 0.375f, 0.625f, 0.875f, 0.875f, 0.625f, 0.375f, 0.125f};
    bool alone = (first && s < 2) || (last && s > 1), outside = (first && s < 0) || (last && s > 3);
    return s < -2 || s > 5 || outside ? 0.0f : alone ? 1.0f : share[s + 2];
}

/* The three sums over one fine line of a column of cells: lines[kx] += share(r + kx - 1) dy. */
static inline void add_line(float16 lines[3], __global const float *restrict dy, int column, int width, int O)
{
    bool first = column == 0, last = column == width - 1;
    lines[0] = lines[1] = lines[2] = 0.0f;
    __attribute__((opencl_unroll_hint)) for (int r = -3; r <= 6; r++) {
        int fine = 4 * column + r;
        if (fine >= 0 && fine < 4 * width) {
            float16 value = vload16(0, dy + (size_t)fine * (size_t)O);
            lines[0] = fma((float16)(share_of(r - 1, first, last)), value, lines[0]);
            lines[1] = fma((float16)(share_of(r, first, last)), value, lines[1]);
            lines[2] = fma((float16)(share_of(r + 1, first, last)), value, lines[2]);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void head_combine_dx_cpu(__global const float *restrict dy, __global float *restrict dx,
                                                    int height, int width, int O)
{
    int o0 = (int)get_global_id(0) * CHANNELS, row = (int)get_global_id(1);
    int line = row % height, picture = row / height;
    for (int column = 0; column < width; column++) {
        for (int o = o0; o < min(o0 + CHANNELS, O); o += 16) {
            float16 sum[9];
            for (int k = 0; k < 9; k++) {
                sum[k] = 0.0f;
            }
            for (int q = max(-3, -4 * line); q <= min(6, 4 * (height - line) - 1); q++) {
                size_t fine_line = (size_t)(picture * 4 * height + 4 * line + q);
                float16 lines[3];
                add_line(lines, dy + fine_line * (size_t)(4 * width) * (size_t)O + (size_t)o, column, width, O);
                for (int ky = 0; ky < 3; ky++) {
                    float share = share_of(q + ky - 1, line == 0, line == height - 1);
                    for (int kx = 0; kx < 3; kx++) {
                        sum[3 * ky + kx] = fma((float16)(share), lines[kx], sum[3 * ky + kx]);
                    }
                }
            }
            __global float *to = dx + (size_t)(row * width + column) * (size_t)(9 * O) + (size_t)o;
            for (int k = 0; k < 9; k++) {
                vstore16(sum[k], 0, to + k * O);
            }
        }
    }
}

/* ---- upsample ---- */

/* Weight of cell `cell` of `size` in fine position `fine`, where `ratio` cells are one fine step. */
static inline float bilinear_share(int cell, int size, int fine, float ratio)
{
    float s = fmax(((float)fine + 0.5f) * ratio - 0.5f, 0.0f);
    int first = min((int)s, size - 1), second = min(first + 1, size - 1);
    float t = s - (float)first;
    return (cell == first ? 1.0f - t : 0.0f) + (cell == second ? t : 0.0f);
}

/* The fine positions that may read a cell, with one to spare for rounding; beyond, the share is zero. */
static inline int first_fine(int cell, float ratio)
{
    return cell == 0 ? 0 : max((int)(((float)cell - 0.5f) / ratio - 0.5f) - 1, 0);
}

static inline int last_fine(int cell, int size, int fine_size, float ratio)
{
    return cell == size - 1 ? fine_size - 1 : min((int)(((float)cell + 1.5f) / ratio - 0.5f) + 2, fine_size - 1);
}

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

/* Weights of cell `cell` of `size` in 16 fine positions, as bilinear_share(). */
static inline float16 bilinear_shares(int cell, int size, int fine, float ratio)
{
    const int16 steps = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    float16 s = fmax((convert_float16(fine + steps) + 0.5f) * ratio - 0.5f, 0.0f);
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
        const int16 steps = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        int16 counts = shares != 0.0f && start + steps >= x; /* those before x have had their turn */
        for (int k = 0; k < K; k++) {
            __global const float *from = sums + (size_t)((picture * K + k) * height + line) * (size_t)to_width;
            dx[k] += sum16(select((float16)(0.0f), shares * vload16(0, from + start), counts));
        }
    }
}
