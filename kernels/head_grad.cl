/* Gradients of head.cl, by gathering: a work-item owns one number of the result and visits what reads it.
 *
 *   head_weights_dx   dy (9*O,D) -> dW (O,D,3,3). global (D, 9*O)
 *   head_combine_dx   the transpose of head_combine without its epilogue: dy (B,16*h*w,O) -> (B,h*w,9*O). A work-item takes
 *                     one cell and channel, all nine offsets: columns first, then lines, as the forward is separable.
 *                     global (O, w, B*h)
 *   head_epilogue_dx  with v = sum scale + shift, dv = dy gelu'(v): dv scale (rows,O), or dv sum and dv side by side
 *                     (rows,2*O), whose column sums are the gradient of scale and shift. global (O, rows)
 *   head_affine_dx    gradient of head_affine's input `which` from that of (scale, shift). global (O)
 *   head_upsample_dx  dy (B,K,H,W) -> (B,h*w,K). global (K, w, B*h)
 *
 * A share of zero adds nothing, whatever it would multiply: an infinity or NaN stays with what was read there.
 */
#include "head_shares.clh"
#include "real.clh"

__kernel void head_weights_dx(__global const real *restrict dy, __global real *restrict dx, int O, int D)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < D && row < 9 * O) {
        size_t to = ((size_t)(row % O) * (size_t)D + (size_t)c) * 9 + (size_t)(row / O);
        STORE(dx, to, LOAD(dy, (size_t)row * (size_t)D + (size_t)c));
    }
}

__kernel void head_combine_dx(__global const real *restrict dy, __global real *restrict dx, int height, int width,
                              int O)
{
    int o = (int)get_global_id(0), column = (int)get_global_id(1), row = (int)get_global_id(2);
    int line = row % height, picture = row / height;
    if (o >= O || column >= width) {
        return;
    }
    acc sum[9] = {0.0f};
    for (int q = -3; q <= 6; q++) { /* fine lines around the cell's first */
        int fine_line = 4 * line + q;
        if (fine_line < 0 || fine_line >= 4 * height) {
            continue;
        }
        size_t start = ((size_t)(picture * 4 * height + fine_line) * (size_t)(4 * width)) * (size_t)O + (size_t)o;
        acc lines[3] = {0.0f};
        for (int r = -3; r <= 6; r++) {
            int fine_column = 4 * column + r;
            bool inside = fine_column >= 0 && fine_column < 4 * width;
            acc value = inside ? LOAD(dy, start + (size_t)fine_column * (size_t)O) : 0.0f;
            UNROLL for (int kx = 0; kx < 3; kx++) { /* column fine_column read the product at s = r + kx - 1 */
                acc share = share_of(r + kx - 1, column == 0, column == width - 1);
                if (share != 0.0f) {
                    lines[kx] += share * value;
                }
            }
        }
        UNROLL for (int ky = 0; ky < 3; ky++) {
            int s = q + ky - 1;
            acc share = share_of(s, line == 0, line == height - 1);
            UNROLL for (int kx = 0; kx < 3; kx++) {
                if (share != 0.0f) {
                    sum[ky * 3 + kx] += share * lines[kx];
                }
            }
        }
    }
    UNROLL for (int k = 0; k < 9; k++) {
        size_t cell = (size_t)(row * width + column);
        STORE(dx, cell * (size_t)(9 * O) + (size_t)(k * O + o), sum[k]);
    }
}

__kernel void head_upsample_dx(__global const real *restrict dy, __global real *restrict dx, int height, int width,
                               int K, int to_height, int to_width)
{
    int k = (int)get_global_id(0), column = (int)get_global_id(1), row = (int)get_global_id(2);
    int line = row % height, picture = row / height;
    if (k >= K || column >= width) {
        return;
    }
    acc y_ratio = (acc)height / (acc)to_height, x_ratio = (acc)width / (acc)to_width;
    int y0 = first_fine(line, y_ratio), y1 = last_fine(line, height, to_height, y_ratio);
    int x0 = first_fine(column, x_ratio), x1 = last_fine(column, width, to_width, x_ratio);
    size_t plane = (size_t)(picture * K + k) * (size_t)to_height * (size_t)to_width;
    acc sum = 0.0f;
    for (int y = y0; y <= y1; y++) {
        acc share = bilinear_share(line, height, y, y_ratio), part = 0.0f;
        for (int x = x0; x <= x1 && share != 0.0f; x++) {
            acc x_share = bilinear_share(column, width, x, x_ratio);
            part += x_share != 0.0f ? x_share * LOAD(dy, plane + (size_t)y * (size_t)to_width + (size_t)x) : 0.0f;
        }
        sum += share * part;
    }
    STORE(dx, (size_t)(row * width + column) * (size_t)K + (size_t)k, sum);
}

__kernel void head_epilogue_dx(__global const real *restrict sums, __global const real *restrict affine,
                               __global const real *restrict dy, __global real *restrict dx, int rows, int O,
                               int of_affine)
{
    int o = (int)get_global_id(0), row = (int)get_global_id(1);
    if (o >= O || row >= rows) {
        return;
    }
    size_t at = (size_t)row * (size_t)O + (size_t)o, to = (size_t)row * (size_t)(2 * O) + (size_t)o;
    acc scale = LOAD(affine, o), sum = LOAD(sums, at);
    acc dv = LOAD(dy, at) * gelu_slope(sum * scale + LOAD(affine, O + o));
    if (of_affine) {
        STORE(dx, to, dv * sum);
        STORE(dx, to + (size_t)O, dv);
    } else {
        STORE(dx, at, dv * scale);
    }
}

__kernel void head_affine_dx(__global const real *restrict conv_bias, __global const real *restrict weight,
                             __global const real *restrict mean, __global const real *restrict variance,
                             __global const real *restrict dy, __global real *restrict dx, int O, int which)
{
    int o = (int)get_global_id(0);
    if (o >= O) {
        return;
    }
    acc inverse = 1.0f / sqrt(LOAD(variance, o) + 1e-5f), scale = LOAD(weight, o) * inverse;
    acc centred = LOAD(conv_bias, o) - LOAD(mean, o), dscale = LOAD(dy, o), dshift = LOAD(dy, O + o);
    acc total = dscale + dshift * centred; /* of scale, through both results */
    STORE(dx, o, which == 0   ? dshift * scale
                 : which == 1 ? total * inverse
                 : which == 2 ? dshift
                 : which == 3 ? -dshift * scale
                              : -0.5f * total * scale * inverse * inverse);
}
