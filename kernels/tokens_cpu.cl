/* patches and position on processors: as in tokens.cl, 16 numbers at a time. A work-item takes one token. global (B*N) and
 * (B*(N+cls)), local 1. */
#include "wide.clh"

WORK_GROUP_OF_ONE __kernel void patches_cpu(__global const float *restrict image, __global float *restrict y, int height,
                                            int width)
{
    int row = (int)get_global_id(0), columns = width / 16, lines = height / 16;
    int column = row % columns, line = row / columns % lines, picture = row / columns / lines;
    y += (size_t)row * 768;
    for (int k = 0; k < 48; k++) { /* 16 lines of 3 channels */
        size_t from = ((size_t)(picture * 3 + k / 16) * (size_t)height + (size_t)(line * 16 + k % 16)) * (size_t)width;
        vstore16(LOAD16(image + from, column), k, y);
    }
}

WORK_GROUP_OF_ONE __kernel void position_cpu(__global const float *restrict x, __global const float *restrict table,
                                             __global const float *restrict class_token,
                                             __global const float *restrict class_table, __global float *restrict y,
                                             int C, int tokens, int has_class, int first)
{
    int row = (int)get_global_id(0), picture = row / (tokens + has_class), token = row % (tokens + has_class) - has_class;
    __global const float *a = token < 0 ? class_token : x + (size_t)(picture * tokens + token) * (size_t)C;
    __global const float *b = token < 0 ? class_table : table + (size_t)(token + first) * (size_t)C;
    y += (size_t)row * (size_t)C;
    for (int c = 0; c < C; c += 16) {
        int count = min(16, C - c);
        store_some(y + c, load_some(a + c, count) + load_some(b + c, count), count);
    }
}
