/* conv on processors: k x k neighbours go straight into the packed operand of a product (product_cpu.clh), so that no rows
 * of neighbours lie in memory between.
 *
 *   x (B,h*w,C)   W (Cout,C/groups,k,k) packed by linear_pack_w with taps = k*k   b (Cout)   y (B,h*w,Cout)
 *
 * The product's columns are tap by tap, in each the channels of a group: consecutive in memory. Zero outside the grid.
 */
#include "real.clh"
#include "wide.clh"
#include "product_cpu.clh"

/* What is known of the tokens. */
typedef struct grid {
    int height, width, size, channels; /* channels: of the group */
    size_t C;
} grid;

/* Rows of x for 12 tokens, seen from `tap`. Returns the bits of those that are missing: outside the grid, and beyond M, where
 * `line` is below any; their rows are those of `x`. */
INLINE int find_neighbours(__global const float *rows[TILE_M], __global const float *x, const int *line, const int *column,
                           int tap, const grid *g)
{
    int dy = tap / g->size - g->size / 2, dx = tap % g->size - g->size / 2, missing = 0;
    for (int i = 0; i < TILE_M; i++) {
        bool inside = line[i] + dy >= 0 && line[i] + dy < g->height && column[i] + dx >= 0 && column[i] + dx < g->width;
        rows[i] = x + (inside ? ((long)i + (long)dy * g->width + dx) * (long)g->C : 0);
        missing |= inside ? 0 : 1 << i;
    }
    return missing;
}

/* `count` columns of the product from k0 on -> [panels][BLOCK_K][12]. x: at the first token, the group's first channel. */
INLINE void pack_neighbours(__local float *packed, __global const float *x, int panels, const int *line, const int *column,
                            int k0, int count, const grid *g)
{
    for (int k = 0, part; k < count; k += part) {
        int tap = (k0 + k) / g->channels, channel = (k0 + k) % g->channels;
        part = min(g->channels - channel, count - k);
        for (int panel = 0; panel < panels; panel++) {
            __global const float *rows[TILE_M];
            int missing = find_neighbours(rows, x + (size_t)(panel * TILE_M) * g->C + (size_t)channel,
                                          line + panel * TILE_M, column + panel * TILE_M, tap, g);
            pack_rows(packed + (panel * BLOCK_K + k) * TILE_M, rows, missing, part);
        }
    }
}

/* pieces (M/(12 chunk_m) rounded up, N/(32 chunk_n) rounded up, groups); M = B*h*w, N = Cout/groups. */
WORK_GROUP_OF_ONE __kernel void conv_cpu(__global const float *restrict x, __global const float *restrict w,
                                         __global const float *restrict bias, __global float *restrict y, int M, int N,
                                         int flags, int height, int width, int C, int size, int chunk_m, int chunk_n,
                                         DEALT)
{
    __local float packed[CHUNK_M * BLOCK_K * TILE_M] __attribute__((aligned(64)));
    __local float sums[CHUNK_TILES * TILE_M * TILE_N] __attribute__((aligned(64)));
    int line[CHUNK_M * TILE_M], column[CHUNK_M * TILE_M], groups = pieces_z;
    int m_panels = (M + TILE_M - 1) / TILE_M, n_panels = (N + TILE_N - 1) / TILE_N;
    grid g = {height, width, size, C / groups, (size_t)C};
    int K = g.channels * size * size;
    EACH_PIECE(piece) {
        int m0 = (int)piece.x * chunk_m, n0 = (int)piece.y * chunk_n, m1 = min(m0 + chunk_m, m_panels);
        size_t group = piece.z, corner = group * (size_t)N;
        product p = {w + group * (size_t)n_panels * (size_t)K * TILE_N, bias + corner, y, y + corner,
                     (size_t)(groups * N), M, N, K, flags};
        for (int i = 0; i < (m1 - m0) * TILE_M; i++) {
            int token = m0 * TILE_M + i;
            line[i] = token < M ? token / width % height : -size;
            column[i] = token % width;
        }
        __global const float *first = x + (size_t)(m0 * TILE_M) * g.C + group * (size_t)g.channels;
        for (int k0 = 0; k0 < K; k0 += BLOCK_K) {
            int count = min(BLOCK_K, K - k0);
            pack_neighbours(packed, first, m1 - m0, line, column, k0, count, &g);
            multiply_block(packed, sums, &p, m0, m1, n0, min(n0 + chunk_n, n_panels), k0, count);
        }
    }
}
