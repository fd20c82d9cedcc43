/* head: gelu(batchnorm(conv3x3(up4(x)))), with the convolution's products taken on the small grid.
 *
 * Upsampling acts on each channel alone, a convolution's weights on channels alone at each offset, so
 *   conv3x3(up4(x))[q] = b + sum over offsets k with q+k inside of up4(W_k x)[q+k].
 * The nine products W_k x are one linear op; these kernels prepare its weights and combine its results.
 *
 * head_weights   W (O,D,3,3) -> y (9*O,D): y[k*O+o][c] = W[o][c][k]. global (D, 9*O).
 * head_affine    scale = weight / sqrt(variance + 1e-5), shift = (conv bias - mean) scale + bias -> (2,O). global (O).
 * head_combine   products (B,h*w,9*O) -> y (B,16*h*w,O); with has_affine 0 the sums alone, as training wants them.
 *                global (O, w, B*h).
 * head_upsample  x (B,h*w,K) -> y (B,K,H,W), bilinear. global (W, H, B*K).
 */
#include "real.clh"

__kernel void head_weights(__global const real *restrict w, __global real *restrict y, int O, int D)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < D && row < 9 * O) {
        size_t from = ((size_t)(row % O) * (size_t)D + (size_t)c) * 9 + (size_t)(row / O);
        STORE(y, (size_t)row * (size_t)D + (size_t)c, LOAD(w, from));
    }
}

__kernel void head_affine(__global const real *restrict conv_bias, __global const real *restrict weight,
                          __global const real *restrict bias, __global const real *restrict mean,
                          __global const real *restrict variance, __global real *restrict y, int O)
{
    int o = (int)get_global_id(0);
    if (o < O) {
        acc scale = LOAD(weight, o) / sqrt(LOAD(variance, o) + 1e-5f);
        STORE(y, o, scale);
        STORE(y, O + o, (LOAD(conv_bias, o) - LOAD(mean, o)) * scale + LOAD(bias, o));
    }
}

/* Bilinear weights of the three cells around a cell for the fine position s = -1 to 4 from its first (two of them from
 * the neighbours' sides); at the map's edge the neighbour is the cell itself, which is what clamping means. */
__constant acc up4[6][3] = {{0.625f, 0.375f, 0.0f}, {0.375f, 0.625f, 0.0f}, {0.125f, 0.875f, 0.0f},
                            {0.0f, 0.875f, 0.125f}, {0.0f, 0.625f, 0.375f}, {0.0f, 0.375f, 0.625f}};

/* A work-item computes the 16 fine values of one cell in one channel. Separable: for each column offset kx and each
 * neighbouring column, the four lines first (over ky and the neighbouring lines), then their share in the four columns.
 */
__kernel void head_combine(__global const real *restrict products, __global const real *restrict affine,
                           __global real *restrict y, int height, int width, int O, int has_affine)
{
    int o = (int)get_global_id(0), column = (int)get_global_id(1), row = (int)get_global_id(2);
    int line = row % height, picture = row / height;
    if (o >= O || column >= width) {
        return;
    }
    acc sum[4][4] = {{0.0f}};
    for (int nx = 0; nx < 3; nx++) {
        int from_column = clamp(column + nx - 1, 0, width - 1);
        for (int kx = 0; kx < 3; kx++) {
            acc lines[4] = {0.0f};
            for (int ny = 0; ny < 3; ny++) {
                int from_line = clamp(line + ny - 1, 0, height - 1);
                size_t cell = (size_t)((picture * height + from_line) * width + from_column) * (size_t)(9 * O);
                for (int ky = 0; ky < 3; ky++) {
                    acc value = LOAD(products, cell + (size_t)((ky * 3 + kx) * O + o));
                    for (int i = 0; i < 4; i++) {
                        bool outside = (line == 0 && i + ky == 0) || (line == height - 1 && i + ky == 5);
                        acc part = up4[i + ky][ny];
                        lines[i] += part == 0.0f || outside ? 0.0f : part * value;
                    }
                }
            }
            for (int j = 0; j < 4; j++) {
                bool outside = (column == 0 && j + kx == 0) || (column == width - 1 && j + kx == 5);
                acc part = up4[j + kx][nx];
                for (int i = 0; i < 4; i++) {
                    sum[i][j] += part == 0.0f || outside ? 0.0f : part * lines[i];
                }
            }
        }
    }
    acc scale = has_affine ? LOAD(affine, o) : 1.0f, shift = has_affine ? LOAD(affine, O + o) : 0.0f;
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            size_t pixel = ((size_t)row * 4 + (size_t)i) * (size_t)(4 * width) + (size_t)(4 * column + j);
            acc value = sum[i][j] * scale + shift;
            STORE(y, pixel * (size_t)O + (size_t)o, has_affine ? gelu(value) : value);
        }
    }
}

__kernel void head_upsample(__global const real *restrict x, __global real *restrict y, int height, int width, int K,
                       int to_height, int to_width)
{
    int column = (int)get_global_id(0), line = (int)get_global_id(1), plane = (int)get_global_id(2);
    if (column >= to_width || line >= to_height) {
        return;
    }
    acc sy = fmax(((acc)line + 0.5f) * ((acc)height / (acc)to_height) - 0.5f, 0.0f);
    acc sx = fmax(((acc)column + 0.5f) * ((acc)width / (acc)to_width) - 0.5f, 0.0f);
    int y0 = min((int)sy, height - 1), x0 = min((int)sx, width - 1);
    int y1 = min(y0 + 1, height - 1), x1 = min(x0 + 1, width - 1);
    acc ty = sy - (acc)y0, tx = sx - (acc)x0;
    size_t start = (size_t)(plane / K) * (size_t)(height * width), k = (size_t)(plane % K), stride = (size_t)K;
    acc top = (1.0f - tx) * LOAD(x, (start + (size_t)(y0 * width + x0)) * stride + k) +
              tx * LOAD(x, (start + (size_t)(y0 * width + x1)) * stride + k);
    acc bottom = (1.0f - tx) * LOAD(x, (start + (size_t)(y1 * width + x0)) * stride + k) +
                 tx * LOAD(x, (start + (size_t)(y1 * width + x1)) * stride + k);
    STORE(y, ((size_t)plane * (size_t)to_height + (size_t)line) * (size_t)to_width + (size_t)column,
          (1.0f - ty) * top + ty * bottom);
}
