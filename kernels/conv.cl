/* conv: k x k convolution on a channels-last grid, stride 1, zero padding k/2, in G groups.
 *
 *   x (B,h*w,C)   W (O,C/G,k,k)   b (O)   y (B,h*w,O)
 *
 * conv          a work-item computes one y, reading W as it lies in weight files; for few outputs. global (O, B*h*w).
 * conv_unfold   rows of C*k*k neighbours, channel-major as in W's rows, so that a product in G groups with W as it is
 * gives y. Outside the grid: zero. global (C, B*h*w).
 * conv_flip     the weights of x's gradient, which is a convolution of dy: W with outputs for inputs and its offsets
 * reversed, in each group: (G*O,C,k,k) -> (G*C,O,k,k). global (O, G*C).
 */
#include "real.clh"

__kernel void conv(__global const real *restrict x, __global const real *restrict w, __global const real *restrict bias,
                   __global real *restrict y, int rows, int height, int width, int C, int O, int groups, int size,
                   int has_bias, int use_gelu)
{
    int o = (int)get_global_id(0), row = (int)get_global_id(1);
    if (o >= O || row >= rows) {
        return;
    }
    int column = row % width, line = row / width % height, in_group = C / groups;
    size_t channel0 = (size_t)(o / (O / groups)) * (size_t)in_group;
    __global const real *weights = w + (size_t)o * (size_t)in_group * (size_t)(size * size);
    acc sum = has_bias ? LOAD(bias, o) : 0.0f;
    for (int ky = 0; ky < size; ky++) {
        for (int kx = 0; kx < size; kx++) {
            int dy = ky - size / 2, dx = kx - size / 2;
            if (line + dy < 0 || line + dy >= height || column + dx < 0 || column + dx >= width) {
                continue;
            }
            size_t from = (size_t)(row + dy * width + dx) * (size_t)C + channel0;
            for (int c = 0; c < in_group; c++) {
                size_t at = (size_t)(c * size + ky) * (size_t)size + (size_t)kx;
                sum += ROUND(LOAD(x, from + (size_t)c)) * ROUND(LOAD(weights, at));
            }
        }
    }
    STORE(y, (size_t)row * (size_t)O + (size_t)o, use_gelu ? gelu(sum) : sum);
}

__kernel void conv_unfold(__global const real *restrict x, __global real *restrict y, int rows, int height, int width,
                          int C, int size)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c >= C || row >= rows) {
        return;
    }
    int column = row % width, line = row / width % height, area = size * size;
    size_t to = ((size_t)row * (size_t)C + (size_t)c) * (size_t)area;
    for (int i = 0; i < area; i++) {
        int dy = i / size - size / 2, dx = i % size - size / 2;
        bool inside = line + dy >= 0 && line + dy < height && column + dx >= 0 && column + dx < width;
        size_t from = (size_t)(inside ? row + dy * width + dx : row) * (size_t)C + (size_t)c;
        STORE(y, to + (size_t)i, inside ? LOAD(x, from) : 0.0f);
    }
}

__kernel void conv_flip(__global const real *restrict w, __global real *restrict y, int O, int C, int area, int groups)
{
    int o = (int)get_global_id(0), row = (int)get_global_id(1), group = row / C, c = row % C;
    if (o >= O || group >= groups) {
        return;
    }
    size_t from = (size_t)((group * O + o) * C + c) * (size_t)area, to = (size_t)(row * O + o) * (size_t)area;
    for (int k = 0; k < area; k++) {
        STORE(y, to + (size_t)k, LOAD(w, from + (size_t)(area - 1 - k)));
    }
}
