/* Gradients of attention on processors: tiles as in attention_cpu.cl, formulas in attention.cl.
 *
 * A piece takes a share of one head's queries, QUERIES at a time, and sees all keys at once, so that no product is
 * taken twice:
 *   weights (QUERIES,N)        unnormalised, exp(q k^T - peak); the factor 1 / sum goes to dy and its product with y
 *   then AT_ONCE keys at a time
 *   slopes (QUERIES,AT_ONCE)   weights (dy v^T - dy y)
 *   dq += slopes k, dk += slopes^T q, dv += weights^T dy
 * dk and dv are sums over the head's queries: each share has its own, and attention_dkv_cpu adds them up.
 */
#define SCRATCH __global
#include "attention_tile.clh"

#define AT_ONCE 192 /* keys; a multiple of 32 and of 6 */
#define ROUND_KEYS 96

/* A share's room in `work`: weights, slopes, and q, dy, dq (QUERIES,HEAD). */
#define ROOM(keys) (QUERIES * ((size_t)(keys) + AT_ONCE + 3 * HEAD))
typedef struct room {
    __global float *weights, *slopes, *q, *dy, *dq;
} room;

INLINE room room_of(__global float *work, int keys)
{
    room r;
    r.weights = work;
    r.slopes = r.weights + QUERIES * keys;
    r.q = r.slopes + QUERIES * AT_ONCE;
    r.dy = r.q + QUERIES * HEAD;
    r.dq = r.dy + QUERIES * HEAD;
    return r;
}

/* Weights of the block q; what is summed over keys stays in lanes: totals (QUERIES,16). */
INLINE void make_weights(__global float *weights, __local const float *q, __global const float *restrict key_tiles,
                         int N, int keys, __local float *peaks, __local float *most, __local float *totals)
{
    fill(peaks, QUERIES16 * 16, BEYOND);
    fill(totals, QUERIES16 * 16, 0.0f);
    multiply_block(q, key_tiles, weights, keys, peaks, N);
    for (int i = 0; i < QUERIES; i += 16) {
        STORE16(most + i, 0, largest_of_rows(peaks + 16 * i));
    }
    for (int i = 0; i < QUERIES; i++) {
        soften(weights + i * keys, N, most[i], 0.0f, totals + 16 * i);
    }
}

/* inverse (QUERIES) = 1 / totals; mean (QUERIES) = dy y, where dy is already divided by them. */
INLINE void invert(__local float *inverse, __local const float *totals, __local const float *most)
{
    for (int i = 0; i < QUERIES; i += 16) {
        STORE16(inverse + i, 0, invert_rows(totals + 16 * i, most + i));
    }
}

INLINE void make_means(__local float *mean, __global const float *dy_rows, __global const float *restrict y, int first,
                       int N, size_t width)
{
    for (int i = 0; i < QUERIES; i++) {
        __global const float *row = y + (size_t)min(first + i, N - 1) * width;
        float16 products = 0.0f;
        for (int d = 0; d < HEAD; d += 16) {
            products = fma(LOAD16(dy_rows + i * HEAD + d, 0), LOAD16(row + d, 0), products);
        }
        mean[i] = sum16(products);
    }
}

/* slopes (QUERIES,AT_ONCE) become weights (slopes - mean). */
INLINE void weigh_slopes(__global float *slopes, __global const float *weights, __local const float *mean, int keys,
                         int count)
{
    for (int i = 0; i < QUERIES; i++) {
        for (int key = 0; key < count; key += 16) {
            __global float *slope = slopes + i * AT_ONCE + key;
            STORE16_TO(__global, slope, LOAD16(weights + i * keys + key, 0) * (LOAD16(slope, 0) - mean[i]));
        }
    }
}

/* sums (count,HEAD) += weights (QUERIES,count)^T times the first `used` of rows (QUERIES,HEAD). */
INLINE void sum_columns(__global const float *weights, int stride, __global const float *rows, __local const float *one,
                        __global float *sums, int used, int count)
{
    for (int key = 0; key < count; key += 6) {
        sum_tile(weights + key, 1, stride, rows, one, sums + key * HEAD, used);
    }
}

/* pieces (parts, heads, B). keys: N rounded up to ROUND_KEYS. work [b][head][part][ROOM]; sums
 * [part][dk, dv][b][head][keys][HEAD]. */
WORK_GROUP_OF_ONE __kernel void
attention_dx_cpu(__global const float *restrict qkv, __global const float *restrict y, __global const float *restrict dy,
                 __global const float *restrict key_tiles, __global const float *restrict value_tiles,
                 __global const float *restrict key_rows, __global float *restrict dqkv, __global float *restrict work,
                 __global float *restrict sums, int N, int heads, int keys, float scale, DEALT)
{
    __local float q[QUERIES * HEAD] __attribute__((aligned(64))), g[QUERIES * HEAD] __attribute__((aligned(64)));
    __local float peaks[QUERIES16 * 16] __attribute__((aligned(64)));
    __local float totals[QUERIES16 * 16] __attribute__((aligned(64)));
    __local float scales[QUERIES16] __attribute__((aligned(64))), one[QUERIES16] __attribute__((aligned(64)));
    __local float most[QUERIES16] __attribute__((aligned(64))), inverse[QUERIES16] __attribute__((aligned(64)));
    __local float mean[QUERIES16] __attribute__((aligned(64)));
    size_t parts = (size_t)pieces_x, blocks = (size_t)((N + QUERIES - 1) / QUERIES);
    size_t all = (size_t)pieces_z * (size_t)heads, width = (size_t)heads * HEAD;

    fill(scales, QUERIES16, scale);
    fill(one, QUERIES16, 1.0f);
    EACH_PIECE(piece) {
        size_t part = piece.x, head = piece.z * (size_t)heads + piece.y;
        size_t token0 = piece.z * (size_t)N, column = piece.y * HEAD;
        size_t packed = head * ((size_t)(N + TILE_KEYS - 1) / TILE_KEYS * TILE_KEYS) * HEAD;
        room r = room_of(work + (head * parts + part) * ROOM(keys), keys);
        __global float *dk = sums + (part * 2 * all + head) * (size_t)keys * HEAD, *dv = dk + all * (size_t)keys * HEAD;

        clear(dk, keys * HEAD);
        clear(dv, keys * HEAD);
        for (size_t block = blocks * part / parts; block < blocks * (part + 1) / parts; block++) {
            int query0 = (int)block * QUERIES, used = min(QUERIES, N - query0);
            load_block(r.q, qkv + token0 * 3 * width + column, query0, N, 3 * width, scales);
            transpose_block(q, r.q);
            make_weights(r.weights, q, key_tiles + packed, N, keys, peaks, most, totals);
            invert(inverse, totals, most);
            load_block(r.dy, dy + token0 * width + column, query0, N, width, inverse);
            transpose_block(g, r.dy);
            make_means(mean, r.dy, y + token0 * width + column, query0, N, width);
            clear(r.dq, QUERIES * HEAD);
            for (int first = 0; first < N; first += AT_ONCE) {
                int count = min(AT_ONCE, N - first);
                size_t from = packed + (size_t)first * HEAD, to = (size_t)first * HEAD;
                multiply_block(g, value_tiles + from, r.slopes, AT_ONCE, 0, count);
                weigh_slopes(r.slopes, r.weights + first, mean, keys, count);
                for (int i = 0; i < QUERIES; i += 6) {
                    sum_tile(r.slopes + i * AT_ONCE, AT_ONCE, 1, key_rows + from, one, r.dq + i * HEAD, count);
                }
                sum_columns(r.slopes, AT_ONCE, r.q, one, dk + to, used, count);
                sum_columns(r.weights + first, keys, r.dy, one, dv + to, used, count);
            }
            __global float *to = dqkv + (token0 + (size_t)query0) * 3 * width + column;
            for (int i = 0; i < used * HEAD; i += 16) {
                STORE16_TO(__global, to + (size_t)(i / HEAD) * 3 * width + i % HEAD, LOAD16(r.dq + i, 0) * scale);
            }
        }
    }
}

/* Adds up the shares of TILE_KEYS keys. global (N/32 rounded up, heads, B), local 1. */
WORK_GROUP_OF_ONE __kernel void attention_dkv_cpu(__global const float *restrict sums, __global float *restrict dqkv,
                                                  int N, int heads, int keys, int parts)
{
    size_t head = get_global_id(2) * (size_t)heads + get_global_id(1), width = (size_t)heads * HEAD;
    size_t plane = get_global_size(2) * (size_t)heads * (size_t)keys * HEAD;
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < TILE_KEYS * HEAD; i += 16) {
            size_t token = get_global_id(0) * TILE_KEYS + (size_t)(i / HEAD);
            __global const float *share = sums + (size_t)side * plane + (head * (size_t)keys + token) * HEAD + i % HEAD;
            float16 sum = 0.0f;
            for (int part = 0; part < parts && token < (size_t)N; part++) {
                sum += LOAD16(share, 0);
                share += 2 * plane;
            }
            if (token < (size_t)N) {
                size_t row = (get_global_id(2) * (size_t)N + token) * 3 + (size_t)side + 1;
                STORE16_TO(__global, dqkv + row * width + get_global_id(1) * HEAD + i % HEAD, sum);
            }
        }
    }
}
