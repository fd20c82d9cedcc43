/* head_combine, head_predict and head_upsample on processors: as in head.cl, in vectors of 16.
 *
 * head_combine_cpu: O must be a multiple of 16. A piece is COLUMNS cells of a line and all channels, so that memory is
 * read and written in long stretches. pieces (w/COLUMNS rounded up, B*h).
 * head_predict_cpu: the same, O at most MOST_CHANNELS, and behind it y (B,16*h*w,K) = features w (K,O)^T + bias (K), with the
 * features of one cell at a time in local memory.
 * head_upsample_cpu: four times in both directions; w a multiple of 4, at most LONGEST. global (4*h, B*K), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define COLUMNS 16

/* The four fine lines from the products of one neighbouring line: v0, v1, v2 of ky = 0, 1, 2. Weights as up4 in
 * head.cl. `first` and `last`: the line is at the map's edge, and the convolution's zero padding replaces what lies
 * beyond. */
static inline void from_line_above(float16 *lines, float16 v0, float16 v1, float16 v2, bool first)
{
    lines[0] += 0.625f * (first ? (float16)(0.0f) : v0) + 0.375f * v1 + 0.125f * v2;
    lines[1] += 0.375f * v0 + 0.125f * v1;
    lines[2] += 0.125f * v0;
}

static inline void from_same_line(float16 *lines, float16 v0, float16 v1, float16 v2, bool first, bool last)
{
    lines[0] += 0.375f * (first ? (float16)(0.0f) : v0) + 0.625f * v1 + 0.875f * v2;
    lines[1] += 0.625f * v0 + 0.875f * v1 + 0.875f * v2;
    lines[2] += 0.875f * v0 + 0.875f * v1 + 0.625f * v2;
    lines[3] += 0.875f * v0 + 0.625f * v1 + 0.375f * (last ? (float16)(0.0f) : v2);
}

static inline void from_line_below(float16 *lines, float16 v0, float16 v1, float16 v2, bool last)
{
    lines[1] += 0.125f * v2;
    lines[2] += 0.125f * v1 + 0.375f * v2;
    lines[3] += 0.125f * v0 + 0.375f * v1 + 0.625f * (last ? (float16)(0.0f) : v2);
}

/* Add the share of `lines` with weight `part` to fine column j. */
static inline void add_column(float16 (*sum)[4], int j, float part, const float16 *lines)
{
    for (int i = 0; i < 4; i++) {
        sum[i][j] += part * lines[i];
    }
}

/* One neighbouring column nx and one column offset kx, both constants at every call: the four lines, then their share
 * in the four columns. */
static inline void add_offset(float16 (*sum)[4], __global const float *const *cells, int nx, int kx, int O, bool first,
                              bool last, bool first_column, bool last_column)
{
    float16 lines[4] = {(float16)(0.0f), (float16)(0.0f), (float16)(0.0f), (float16)(0.0f)};
    from_line_above(lines, vload16(0, cells[0] + kx * O), vload16(0, cells[0] + (3 + kx) * O),
                    vload16(0, cells[0] + (6 + kx) * O), first);
    from_same_line(lines, vload16(0, cells[1] + kx * O), vload16(0, cells[1] + (3 + kx) * O),
                   vload16(0, cells[1] + (6 + kx) * O), first, last);
    from_line_below(lines, vload16(0, cells[2] + kx * O), vload16(0, cells[2] + (3 + kx) * O),
                    vload16(0, cells[2] + (6 + kx) * O), last);
    const float near[6] = {0.375f, 0.625f, 0.875f, 0.875f, 0.625f, 0.375f}, far[3] = {0.625f, 0.375f, 0.125f};
    for (int j = 0; j < 4; j++) {
        bool outside = (first_column && j + kx == 0) || (last_column && j + kx == 5);
        if (nx == 1 && !outside) {
            add_column(sum, j, near[j + kx], lines);
        } else if (nx == 0 && j + kx < 3 && !outside) {
            add_column(sum, j, far[j + kx], lines);
        } else if (nx == 2 && j + kx > 2 && !outside) {
            add_column(sum, j, far[5 - j - kx], lines);
        }
    }
}

/* Where the cells of three neighbouring lines begin, and whether the middle one is at the map's edge. */
typedef struct lines_of_cells {
    __global const float *line[3];
    bool first, last;
} lines_of_cells;

INLINE lines_of_cells lines_around(__global const float *products, int row, int height, int width, int O)
{
    int line = row % height, picture0 = row - line;
    size_t length = (size_t)width * 9 * (size_t)O;
    lines_of_cells lines = {{products + (size_t)(picture0 + max(line - 1, 0)) * length, products + (size_t)row * length,
                             products + (size_t)(picture0 + min(line + 1, height - 1)) * length},
                            line == 0, line == height - 1};
    return lines;
}

/* The sixteen fine values of a cell in channels o to o + 15. */
INLINE void combine_cell(float16 (*sum)[4], const lines_of_cells *lines, int column, int o, int width, int O)
{
    for (int i = 0; i < 16; i++) {
        sum[i / 4][i % 4] = 0.0f;
    }
    UNROLL for (int nx = 0; nx < 3; nx++) {
        size_t at = (size_t)clamp(column + nx - 1, 0, width - 1) * 9 * (size_t)O + (size_t)o;
        __global const float *cells[3] = {lines->line[0] + at, lines->line[1] + at, lines->line[2] + at};
        UNROLL for (int kx = 0; kx < 3; kx++) {
            add_offset(sum, cells, nx, kx, O, lines->first, lines->last, column == 0, column == width - 1);
        }
    }
}

/* Where fine value i of a cell is, in pixels. */
INLINE size_t pixel_of(int row, int column, int width, int i)
{
    return ((size_t)row * 4 + (size_t)(i / 4)) * (size_t)(4 * width) + (size_t)(4 * column + i % 4);
}

WORK_GROUP_OF_ONE __kernel void head_combine_cpu(__global const float *restrict products,
                                                 __global const float *restrict affine, __global float *restrict y,
                                                 int height, int width, int O, int has_affine, DEALT)
{
    EACH_PIECE(piece) {
        int column0 = (int)piece.x * COLUMNS, row = (int)piece.y;
        lines_of_cells lines = lines_around(products, row, height, width, O);
        for (int column = column0; column < min(column0 + COLUMNS, width); column++) {
            for (int o = 0; o < O; o += 16) {
                float16 sum[4][4];
                combine_cell(sum, &lines, column, o, width, O);
                float16 scale = has_affine ? vload16(0, affine + o) : (float16)(1.0f);
                float16 shift = has_affine ? vload16(0, affine + O + o) : (float16)(0.0f);
                for (int i = 0; i < 16; i++) {
                    float16 value = fma(sum[i / 4][i % 4], scale, shift);
                    STREAM16(y + pixel_of(row, column, width, i) * (size_t)O + (size_t)o, has_affine ? gelu16(value) : value);
                }
            }
        }
    }
}

#define MOST_CHANNELS 1024 /* 16 of them are 64 KiB */

/* One output of 16 pixels, features [O/16][16 pixels][16], without bias. */
INLINE float16 predict(__local const float *features, __global const float *restrict w, int O)
{
    float16 sums[16];
    UNROLL for (int i = 0; i < 16; i++) {
        sums[i] = 0.0f;
    }
    for (int o = 0; o < O; o += 16) {
        float16 weights = vload16(0, w + o);
        UNROLL for (int i = 0; i < 16; i++) {
            sums[i] = fma(LOAD16(features, o + i), weights, sums[i]);
        }
    }
    return sum_each16(sums);
}

WORK_GROUP_OF_ONE __kernel void head_predict_cpu(__global const float *restrict products,
                                                 __global const float *restrict affine, __global const float *restrict w,
                                                 __global const float *restrict bias, __global float *restrict y, int height,
                                                 int width, int O, int K, DEALT)
{
    __local float features[16 * MOST_CHANNELS] __attribute__((aligned(64)));
    EACH_PIECE(piece) {
        int column0 = (int)piece.x * COLUMNS, row = (int)piece.y;
        lines_of_cells lines = lines_around(products, row, height, width, O);
        for (int column = column0; column < min(column0 + COLUMNS, width); column++) {
            for (int o = 0; o < O; o += 16) {
                float16 sum[4][4], scale = vload16(0, affine + o), shift = vload16(0, affine + O + o);
                combine_cell(sum, &lines, column, o, width, O);
                for (int i = 0; i < 16; i++) {
                    STORE16(features, o + i, gelu16(fma(sum[i / 4][i % 4], scale, shift)));
                }
            }
            for (int k = 0; k < K; k++) {
                float values[16];
                vstore16(predict(features, w + (size_t)k * (size_t)O, O) + bias[k], 0, values);
                for (int i = 0; i < 16; i++) {
                    y[pixel_of(row, column, width, i) * (size_t)K + (size_t)k] = values[i];
                }
            }
        }
    }
}

#define LONGEST 1024

/* Cells before, at and behind four neighbouring ones -> their sixteen fine values. Weights as up4 in head.cl. */
static inline float16 up4_of(float4 before, float4 at, float4 behind)
{
    const float4 own = (float4)(0.625f, 0.875f, 0.875f, 0.625f);
    float16 other = (float16)(before.s00, behind.s00, before.s11, behind.s11, before.s22, behind.s22, before.s33,
                              behind.s33);
    return own.s0123012301230123 * at.s0000111122223333 + (1.0f - own).s0123012301230123 * other;
}

WORK_GROUP_OF_ONE __kernel void head_upsample_cpu(__global const float *restrict x, __global float *restrict y,
                                                  int height, int width, int K)
{
    const float nearer[4] = {0.625f, 0.875f, 0.875f, 0.625f};
    int fine = (int)get_global_id(0), plane = (int)get_global_id(1), line = fine / 4, part = fine % 4;
    int other = clamp(part < 2 ? line - 1 : line + 1, 0, height - 1);
    size_t start = (size_t)(plane / K) * (size_t)(height * width), k = (size_t)(plane % K), stride = (size_t)K;
    __global const float *near = x + (start + (size_t)(line * width)) * stride + k;
    __global const float *far = x + (start + (size_t)(other * width)) * stride + k;
    float cells[LONGEST + 2]; /* the line of cells, its ends repeated beyond it */
    for (int column = 0; column < width; column++) {
        size_t at = (size_t)column * stride;
        cells[column + 1] = nearer[part] * near[at] + (1.0f - nearer[part]) * far[at];
    }
    cells[0] = cells[1];
    cells[width + 1] = cells[width];
    y += ((size_t)plane * (size_t)(4 * height) + (size_t)fine) * (size_t)(4 * width);
    for (int column = 0; column < width; column += 4) {
        float16 value = up4_of(vload4(0, cells + column), vload4(0, cells + column + 1), vload4(0, cells + column + 2));
        STREAM16(y + 4 * column, value);
    }
}
