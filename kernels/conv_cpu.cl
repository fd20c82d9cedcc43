/* conv on processors: neighbours go straight into the packed operand of linear_cpu, so that no rows of neighbours lie in
 * memory between.
 *
 * conv_pack_cpu   x (B,h*w,C) -> [group][M/12][K][12] with M = B*h*w, K = C/groups * k*k, channel-major as W's rows: what
 *                 linear_pack_x makes of conv_unfold's rows. Zero outside the grid and beyond M. A work-item packs 16
 *                 channels of 12 tokens. global (M/12 rounded up, groups, C/groups/16 rounded up), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define TILE_M 12

/* Column c of `block` (12 lines of 16): the 12 numbers that multiply one number of W. */
static inline void store_column(__global float *restrict to, const float *block, int c)
{
    for (int i = 0; i < TILE_M; i++) {
        to[i] = block[16 * i + c];
    }
}

WORK_GROUP_OF_ONE __kernel void conv_pack_cpu(__global const float *restrict x, __global float *restrict packed,
                                              int rows, int height, int width, int C, int groups, int size)
{
    int panel = (int)get_global_id(0), group = (int)get_global_id(1), first = (int)get_global_id(2) * 16;
    int panels = (int)get_global_size(0), channels = C / groups, count = min(16, channels - first);
    int area = size * size, row0 = panel * TILE_M, used = min(TILE_M, rows - row0);
    float block[TILE_M * 16] __attribute__((aligned(64)));
    x += (size_t)(group * channels + first);
    packed += (((size_t)group * (size_t)panels + (size_t)panel) * (size_t)(channels * area) + (size_t)(first * area)) * TILE_M;
    for (int k = 0; k < area; k++) {
        int dy = k / size - size / 2, dx = k % size - size / 2;
        for (int i = 0; i < TILE_M; i++) {
            int row = row0 + i, column = row % width + dx, line = row / width % height + dy;
            bool inside = i < used && line >= 0 && line < height && column >= 0 && column < width;
            float16 token = inside ? load_some(x + (size_t)(row + dy * width + dx) * (size_t)C, count) : (float16)(0.0f);
            *(float16 *)(block + 16 * i) = round16(token);
        }
        for (int c = 0; c < count; c++) {
            store_column(packed + (size_t)(c * area + k) * TILE_M, block, c);
        }
    }
}
