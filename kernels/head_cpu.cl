/* head_combine and head_upsample on processors: as in head.cl, in vectors of 16.
 *
 * head_combine_cpu: O must be a multiple of 16. pieces as in head_cpu.clh.
 * head_upsample_cpu: four times in both directions; w a multiple of 4, at most LONGEST. global (4*h, B*K), local 1.
 */
#include "head_cpu.clh"

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
