/* tokens: what surrounds the transformer blocks.
 *
 *   patches          image (B,3,H,W) -> y (B,N,768): y[n][c,i,j] = image[c][16 line + i][16 column + j]. global (768, B*N)
 *   position_resize  y (N,C) = the position's grid (C channels, from row `first` of its table on) resized bicubically,
 *                    a = -0.75, align_corners = false. global (C, N)
 *   position         y = [class token; x] + position. global (C, B*(N+cls))
 *   drop_token       y = x without the first token of each picture. global (C, B*N)
 */
#include "cubic.clh"
#include "real.clh"

__kernel void patches(__global const real *restrict image, __global real *restrict y, int rows, int height, int width)
{
    int k = (int)get_global_id(0), row = (int)get_global_id(1);
    if (k >= 768 || row >= rows) {
        return;
    }
    int columns = width / 16, lines = height / 16;
    int column = row % columns, line = row / columns % lines, picture = row / columns / lines;
    size_t plane = (size_t)picture * 3 + (size_t)(k / 256);
    size_t from =
        (plane * (size_t)height + (size_t)(line * 16 + k % 256 / 16)) * (size_t)width + (size_t)(column * 16 + k % 16);
    STORE(y, (size_t)row * 768 + (size_t)k, LOAD(image, from));
}

__kernel void position_resize(__global const real *restrict table, __global real *restrict y, int C, int lines,
                              int columns, int from_lines, int from_columns, int first)
{
    int c = (int)get_global_id(0), token = (int)get_global_id(1);
    if (c >= C || token >= lines * columns) {
        return;
    }
    acc sy = ((acc)(token / columns) + 0.5f) * ((acc)from_lines / (acc)lines) - 0.5f;
    acc sx = ((acc)(token % columns) + 0.5f) * ((acc)from_columns / (acc)columns) - 0.5f;
    int y0 = (int)floor(sy), x0 = (int)floor(sx);
    acc sum = 0.0f;
    for (int ty = -1; ty <= 2; ty++) {
        for (int tx = -1; tx <= 2; tx++) {
            int line = clamp(y0 + ty, 0, from_lines - 1), column = clamp(x0 + tx, 0, from_columns - 1);
            size_t from = (size_t)(line * from_columns + column + first) * (size_t)C + (size_t)c;
            sum += cubic(ty, sy - (acc)y0) * cubic(tx, sx - (acc)x0) * LOAD(table, from);
        }
    }
    STORE(y, (size_t)token * (size_t)C + (size_t)c, sum);
}

/* Row `first` of `table` belongs to the first token of x; the class token's is row 0 of `class_table`. */
__kernel void position(__global const real *restrict x, __global const real *restrict table,
                       __global const real *restrict class_token, __global const real *restrict class_table,
                       __global real *restrict y, int C, int tokens, int has_class, int first, int rows)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c >= C || row >= rows) {
        return;
    }
    int picture = row / (tokens + has_class), token = row % (tokens + has_class) - has_class;
    size_t source = (size_t)(picture * tokens + token) * (size_t)C + (size_t)c;
    acc value = token < 0 ? LOAD(class_token, c) + LOAD(class_table, c)
                          : LOAD(x, source) + LOAD(table, (size_t)(token + first) * (size_t)C + (size_t)c);
    STORE(y, (size_t)row * (size_t)C + (size_t)c, value);
}

__kernel void drop_token(__global const real *restrict x, __global real *restrict y, int rows, int C, int tokens)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < C && row < rows) {
        size_t from = (size_t)(row + row / tokens + 1) * (size_t)C + (size_t)c;
        STORE(y, (size_t)row * (size_t)C + (size_t)c, LOAD(x, from));
    }
}

/* Gradients. drop_token_dx: a zero row before each picture's tokens, global (C, B*(N+1)). position_dtable: row `cell`
 * of the position's table gathers the tokens that it was resized to, with the same weights; the class row is the sum of
 * the pictures' first tokens; global (C, rows of the table). */
__kernel void drop_token_dx(__global const real *restrict dy, __global real *restrict dx, int rows, int C, int tokens)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1);
    if (c < C && row < rows) {
        int picture = row / (tokens + 1), token = row % (tokens + 1) - 1;
        size_t from = (size_t)(picture * tokens + max(token, 0)) * (size_t)C + (size_t)c;
        STORE(dx, (size_t)row * (size_t)C + (size_t)c, token < 0 ? 0.0f : LOAD(dy, from));
    }
}

__kernel void position_dtable(__global const real *restrict dy, __global real *restrict dx, int rows, int C, int batch,
                              int lines, int columns, int from_lines, int from_columns, int has_class)
{
    int c = (int)get_global_id(0), row = (int)get_global_id(1), tokens = lines * columns + has_class;
    if (c >= C || row >= rows) {
        return;
    }
    int cell = row - has_class;
    acc sum = 0.0f;
    for (int picture = 0; picture < batch && cell < 0; picture++) {
        sum += LOAD(dy, (size_t)(picture * tokens) * (size_t)C + (size_t)c);
    }
    for (int line = 0; line < lines && cell >= 0; line++) {
        acc share = cubic_share(cell / from_columns, from_lines, line, lines);
        for (int column = 0; column < columns && share != 0.0f; column++) {
            acc weight = share * cubic_share(cell % from_columns, from_columns, column, columns);
            for (int picture = 0; picture < batch && weight != 0.0f; picture++) {
                size_t from = (size_t)(picture * tokens + has_class + line * columns + column) * (size_t)C + (size_t)c;
                sum += weight * LOAD(dy, from);
            }
        }
    }
    STORE(dx, (size_t)row * (size_t)C + (size_t)c, sum);
}
