/* conv with k = 3 by Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", CVPR 2016, section 4.1): 16 multiplications for four outputs instead of 36. A tile of 2 x 2 outputs sees a patch
 * d of 4 x 4 tokens:
 *
 *   y = A^T ((G w G^T) . (B^T d B)) A + b
 *
 *   winograd_weights   W (O,C,3,3)   -> u (16*O,C)     G w G^T
 *   winograd_input     x (B,h*w,C)   -> v (T,16*C)     B^T d B, zero outside the grid; T = B * ceil(h/2) * ceil(w/2)
 *   a product          v u^T         -> m (T,16*O)     in 16 groups, one for each place of a patch
 *   winograd_output    m, b (O)      -> y (B,h*w,O)    A^T m A
 *
 * An infinity or NaN of a token reaches all four outputs of a tile, not only those within 3 x 3 of it.
 * WIDTH: channels that a work-item takes at a time, 1, or 16 on processors; C and O are multiples of it.
 */
#include "real.clh"

#ifndef WIDTH
#define WIDTH 1
#endif
#if WIDTH == 16
#include "wide.clh"
typedef float16 vec;
#define LOAD_VEC(p, i) load_16((p) + (i))
#define STORE_VEC(p, i, value) store_16((p) + (i), (value))
#define GELU(x) gelu16(x)
#else
typedef acc vec;
#define LOAD_VEC(p, i) LOAD(p, i)
#define STORE_VEC(p, i, value) STORE(p, i, value)
#define GELU(x) gelu(x)
#endif

/* A work-item's channels of `count`: as many work-items in the first dimension as there are, or fewer. */
#define EACH_CHANNEL(c, count) \
    for (int c = (int)get_global_id(0) * WIDTH; c < (count); c += (int)get_global_size(0) * WIDTH)

/* Where a tile's first output is: the token of its picture's corner, line and column. */
typedef struct tile_at {
    size_t corner;
    int line, column;
} tile_at;

static inline tile_at find_tile(int tile, int height, int width)
{
    int across = (width + 1) / 2, down = (height + 1) / 2;
    tile_at at = {(size_t)(tile / across / down) * (size_t)(height * width), tile / across % down * 2, tile % across * 2};
    return at;
}

/* out = B^T in, for the four numbers of a line or column of a patch. */
#define PATCH_LINE(out0, out1, out2, out3, in0, in1, in2, in3) \
    out0 = in0 - in2;                                          \
    out1 = in1 + in2;                                          \
    out2 = in2 - in1;                                          \
    out3 = in1 - in3;

/* global (C, O). */
__kernel void winograd_weights(__global const real *restrict w, __global real *restrict u, int O, int C)
{
    int c = (int)get_global_id(0), o = (int)get_global_id(1);
    if (c >= C || o >= O) {
        return;
    }
    size_t at = (size_t)o * (size_t)C + (size_t)c, plane = (size_t)O * (size_t)C;
    acc half_done[4][3];
    UNROLL for (int j = 0; j < 3; j++) {
        size_t from = at * 9 + (size_t)j;
        acc w0 = LOAD(w, from), w1 = LOAD(w, from + 3), w2 = LOAD(w, from + 6);
        half_done[0][j] = w0;
        half_done[1][j] = 0.5f * (w0 + w1 + w2);
        half_done[2][j] = 0.5f * (w0 - w1 + w2);
        half_done[3][j] = w2;
    }
    UNROLL for (int i = 0; i < 4; i++) {
        acc w0 = half_done[i][0], w1 = half_done[i][1], w2 = half_done[i][2];
        size_t to = (size_t)(4 * i) * plane + at;
        STORE(u, to, w0);
        STORE(u, to + plane, 0.5f * (w0 + w1 + w2));
        STORE(u, to + 2 * plane, 0.5f * (w0 - w1 + w2));
        STORE(u, to + 3 * plane, w2);
    }
}

/* global (up to C/WIDTH, T). */
__kernel void winograd_input(__global const real *restrict x, __global real *restrict v, int tiles, int height, int width,
                             int C)
{
    int tile = (int)get_global_id(1);
    if (tile >= tiles) {
        return;
    }
    tile_at at = find_tile(tile, height, width);
    EACH_CHANNEL(c, C) {
        vec d[4][4], t[4][4];
        UNROLL for (int i = 0; i < 4; i++) {
            UNROLL for (int j = 0; j < 4; j++) {
                int line = at.line + i - 1, column = at.column + j - 1;
                bool inside = line >= 0 && line < height && column >= 0 && column < width;
                size_t token = at.corner + (size_t)(inside ? line * width + column : 0);
                d[i][j] = inside ? LOAD_VEC(x, token * (size_t)C + (size_t)c) : (vec)(0.0f);
            }
        }
        UNROLL for (int j = 0; j < 4; j++) {
            PATCH_LINE(t[0][j], t[1][j], t[2][j], t[3][j], d[0][j], d[1][j], d[2][j], d[3][j])
        }
        UNROLL for (int i = 0; i < 4; i++) {
            vec r0, r1, r2, r3;
            PATCH_LINE(r0, r1, r2, r3, t[i][0], t[i][1], t[i][2], t[i][3])
            size_t to = ((size_t)tile * 16 + (size_t)(4 * i)) * (size_t)C + (size_t)c;
            STORE_VEC(v, to, r0);
            STORE_VEC(v, to + (size_t)C, r1);
            STORE_VEC(v, to + (size_t)(2 * C), r2);
            STORE_VEC(v, to + (size_t)(3 * C), r3);
        }
    }
}

/* global (up to O/WIDTH, T). */
__kernel void winograd_output(__global const real *restrict m, __global const real *restrict bias,
                              __global real *restrict y, int tiles, int height, int width, int O, int has_bias, int use_gelu)
{
    int tile = (int)get_global_id(1);
    if (tile >= tiles) {
        return;
    }
    tile_at at = find_tile(tile, height, width);
    EACH_CHANNEL(o, O) {
        vec t[2][4], shift = has_bias ? LOAD_VEC(bias, (size_t)o) : (vec)(0.0f);
        UNROLL for (int j = 0; j < 4; j++) {
            size_t from = ((size_t)tile * 16 + (size_t)j) * (size_t)O + (size_t)o, line = 4 * (size_t)O;
            vec m1 = LOAD_VEC(m, from + line), m2 = LOAD_VEC(m, from + 2 * line);
            t[0][j] = LOAD_VEC(m, from) + m1 + m2;
            t[1][j] = m1 - m2 - LOAD_VEC(m, from + 3 * line);
        }
        UNROLL for (int i = 0; i < 2; i++) {
            vec left = t[i][0] + t[i][1] + t[i][2] + shift, right = t[i][1] - t[i][2] - t[i][3] + shift;
            int line = at.line + i;
            size_t to = (at.corner + (size_t)(line * width + at.column)) * (size_t)O + (size_t)o;
            if (line < height) {
                STORE_VEC(y, to, use_gelu ? GELU(left) : left);
            }
            if (line < height && at.column + 1 < width) {
                STORE_VEC(y, to + (size_t)O, use_gelu ? GELU(right) : right);
            }
        }
    }
}
