/* position_dtable on processors: as tokens.cl, but a work-item gathers one whole row of the table, so that a token's weight
 * is taken once and not for every channel. The row stays in the first-level cache while tokens are added to it.
 *
 *   dy (B,cls+h*w,C) -> dx (rows,C). global (rows), local 1.
 */
#include "cubic.clh"
#include "wide.clh"

/* row += weight * the pictures' token `token` */
static inline void add_token(__global float *row, __global const float *restrict dy, int token, int tokens, int batch,
                             int C, float weight)
{
    for (int picture = 0; picture < batch; picture++) {
        __global const float *from = dy + (size_t)(picture * tokens + token) * (size_t)C;
        for (int c = 0; c < C; c += 16) {
            int count = min(16, C - c);
            store_some(row + c, fma((float16)(weight), load_some(from + c, count), load_some(row + c, count)), count);
        }
    }
}

WORK_GROUP_OF_ONE __kernel void position_dtable_cpu(__global const float *restrict dy, __global float *restrict dx,
                                                    int rows, int C, int batch, int lines, int columns, int from_lines,
                                                    int from_columns, int has_class)
{
    int cell = (int)get_global_id(0) - has_class, tokens = lines * columns + has_class;
    __global float *row = dx + get_global_id(0) * (size_t)C;
    if (get_global_id(0) >= (size_t)rows) {
        return;
    }
    for (int c = 0; c < C; c += 16) {
        store_some(row + c, (float16)(0.0f), min(16, C - c));
    }
    if (cell < 0) {
        add_token(row, dy, 0, tokens, batch, C, 1.0f);
        return;
    }
    for (int line = 0; line < lines; line++) {
        float share = cubic_share(cell / from_columns, from_lines, line, lines);
        for (int column = 0; column < columns && share != 0.0f; column++) {
            float weight = share * cubic_share(cell % from_columns, from_columns, column, columns);
            if (weight != 0.0f) {
                add_token(row, dy, has_class + line * columns + column, tokens, batch, C, weight);
            }
        }
    }
}
