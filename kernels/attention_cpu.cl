/* attention on processors: as attention.cl, with packed keys and values and register tiles.
 *
 * A piece takes QUERIES queries of one head, shares nothing, and goes through the keys KEYS at a time:
 *   scores (QUERIES,KEYS)  in tiles of 12 x 32, sums in registers;
 *   soft-max               row by row, 16 keys at a time, with running maximum and sum;
 *   y += scores v          in tiles of 6 x HEAD, or of parts of HEAD.
 */
#include "attention_tile.clh"

#ifndef KEYS
#define KEYS 256
#endif

/* 32 of a head's rows, `stride` apart in memory from `offset` on, times `factor`: as a tile, as rows, or
 * as both; an absent one is a null pointer. Beyond N the last row again, which changes no maximum.
 * global (N/32 rounded up, heads, B), local 1. */
WORK_GROUP_OF_ONE __kernel void attention_pack(__global const float *restrict from, __global float *restrict tiles,
                                               __global float *restrict rows, int N, int heads, int stride, int offset,
                                               float factor)
{
    int token0 = (int)get_global_id(0) * TILE_KEYS;
    size_t place = (get_global_id(2) * (size_t)heads + get_global_id(1)) * get_global_size(0) + get_global_id(0);
    size_t to = place * TILE_KEYS * HEAD;
    from += get_global_id(2) * (size_t)N * (size_t)stride + (size_t)offset + get_global_id(1) * HEAD;
    for (int j = 0; j < TILE_KEYS; j += 16) {
        for (int d = 0; d < HEAD; d += 16) {
            float16 v[16];
            UNROLL for (int i = 0; i < 16; i++) {
                v[i] = vload16(0, from + (size_t)min(token0 + j + i, N - 1) * (size_t)stride + d) * factor;
            }
            UNROLL for (int i = 0; i < 16 && rows; i++) {
                STORE16_TO(__global, rows + to + (j + i) * HEAD + d, v[i]);
            }
            if (tiles) {
                transpose16(v);
                UNROLL for (int i = 0; i < 16; i++) {
                    STORE16_TO(__global, tiles + to + (d + i) * TILE_KEYS + j, v[i]);
                }
            }
        }
    }
}

/* y (QUERIES,HEAD) to rows `width` apart: what the sums are divided by is in `totals` (QUERIES,16). */
INLINE void store_result(__local const float *sums, __local const float *totals, __local const float *most,
                         __global float *restrict y, int count, size_t width)
{
    float inverse[QUERIES16];
    for (int i = 0; i < QUERIES; i += 16) {
        vstore16(invert_rows(totals + 16 * i, most + i), 0, inverse + i);
    }
    for (int i = 0; i < min(QUERIES, count); i++) {
        for (int d = 0; d < HEAD; d += 16) {
            STORE16_TO(__global, y + (size_t)i * width + d, LOAD16(sums + i * HEAD + d, 0) * inverse[i]);
        }
    }
}

/* pieces (N/QUERIES rounded up, heads, B). */
WORK_GROUP_OF_ONE __kernel void attention_cpu(__global const float *restrict qkv, __global const float *restrict keys,
                                              __global const float *restrict values, __global float *restrict y, int N,
                                              int heads, float scale, DEALT)
{
    __local float scores[QUERIES * KEYS] __attribute__((aligned(64)));
    __local float sums[QUERIES * HEAD] __attribute__((aligned(64))), q[QUERIES * HEAD] __attribute__((aligned(64)));
    __local float peaks[QUERIES16 * 16] __attribute__((aligned(64)));
    __local float totals[QUERIES16 * 16] __attribute__((aligned(64)));
    __local float most[QUERIES16] __attribute__((aligned(64))), keep[QUERIES16] __attribute__((aligned(64)));
    size_t width = (size_t)heads * HEAD, padded = (size_t)(N + TILE_KEYS - 1) / TILE_KEYS * TILE_KEYS;
    EACH_PIECE(piece) {
        int query0 = (int)piece.x * QUERIES;
        size_t token0 = piece.z * (size_t)N, column = piece.y * HEAD;
        size_t packed = (piece.z * (size_t)heads + piece.y) * padded * HEAD;

        fill(keep, QUERIES16, scale);
        load_block(sums, qkv + token0 * 3 * width + column, query0, N, 3 * width, keep); /* free until the first sum */
        transpose_block(q, sums);
        fill(sums, QUERIES * HEAD, 0.0f);
        fill(totals, QUERIES16 * 16, 0.0f);
        fill(peaks, QUERIES16 * 16, BEYOND);
        fill(most, QUERIES16, BEYOND);
        for (int first = 0; first < N; first += KEYS) {
            int count = min(KEYS, N - first);
            multiply_block(q, keys + packed + (size_t)first * HEAD, scores, KEYS, peaks, count);
            for (int i = 0; i < QUERIES; i += 16) {
                float16 peak = largest_of_rows(peaks + 16 * i);
                STORE16(keep + i, 0, exp16(LOAD16(most + i, 0) - peak));
                STORE16(most + i, 0, peak);
            }
            for (int i = 0; i < QUERIES; i++) {
                soften(scores + i * KEYS, count, most[i], keep[i], totals + 16 * i);
            }
            for (int i = 0; i < QUERIES; i += 6) {
                sum_tile(scores + i * KEYS, KEYS, 1, values + packed + (size_t)first * HEAD, keep + i, sums + i * HEAD,
                         count);
            }
        }
        store_result(sums, totals, most, y + (token0 + (size_t)query0) * width + column, N - query0, width);
    }
}
