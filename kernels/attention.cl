/* attention: y = softmax(q k^T / sqrt(D)) v for every head, blocks of keys at a time; no N x N matrix is kept.
 *
 *   qkv, dqkv (B,N,3*heads*D), each of q, k, v head-major   y, dy (B,N,heads*D)
 *
 * Mapping: a work-group of LINES x COLUMNS work-items owns 4 LINES queries of one head and goes over the keys, 4 COLUMNS
 * at a time. Both of its products are tiled as in linear.cl: a work-item takes the scores of 4 queries and 4 keys, from
 * slabs of SLAB columns of q and k in local memory; their weights meet in local memory, and it takes SHARE fours of
 * columns of its 4 queries' y, from STEP rows of values. With a new maximum the sums so far are scaled by
 * exp(old - new). D is taken four at a time, filled up with zeros.
 * global (N / (4 LINES) rounded up * LINES * COLUMNS, heads, B), local (LINES * COLUMNS, 1, 1).
 *
 * Gradients, with s_ij = q_i k_j / sqrt(D), p_ij the soft-max, e_i = dy_i y_i and t_ij = p_ij (dy_i v_j - e_i):
 *   attention_dq    dq_i = sum_j t_ij k_j / sqrt(D); also writes stats: each query's largest score, 1 / sum, e
 *   attention_dkv   dk_j = sum_i t_ij q_i / sqrt(D), dv_j = sum_i p_ij dy_i; here a group owns keys and goes over queries
 * The forward leaves nothing but y. Scores are the same sums in the same order in both kernels, so that a weight
 * exp(s_ij - largest) is at most 1 in both however large the scores are.
 */
#include "real.clh"

#ifndef HEAD
#define HEAD 64 /* D */
#endif
#ifndef COLUMNS
#define COLUMNS 16
#endif
#ifndef LINES
#define LINES 8
#endif
#define SLAB 16
#define GROUP (LINES * COLUMNS)
#define OWNERS (4 * LINES)   /* queries (dkv: keys) of a work-group */
#define BLOCK (4 * COLUMNS)  /* keys (dkv: queries) taken at a time */
#define LEFT (LINES + 1)     /* fours in a column of a slab, and one more against bank conflicts */
#define RIGHT (COLUMNS + 1)
#define FOURS ((HEAD + 3) / 4)
#define SHARE ((FOURS + COLUMNS - 1) / COLUMNS)
#define ROW (SHARE * COLUMNS)
#define STEP (ROW > 32 ? 8 : SLAB) /* rows of values in local memory at a time */
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define TILES MAX(MAX(SLAB * (LEFT + RIGHT), STEP * ROW), GROUP) /* fours for two slabs, or rows, or a four a work-item */

/* Before loops around barriers or loads, whose addresses would take the registers of the sums, and before products. */
#define ROLLED _Pragma("unroll 1")
#define EIGHT _Pragma("unroll 8")

/* `count` rows of D numbers, `stride` apart, times `factor`. Within a work-group's rows 32 bits of address suffice. */
#define ROWS __global const real *from, int stride, int count, float factor

/* Numbers d to d + 3 of a row; zero beyond D. */
static inline float4 load_four(__global const real *from, uint row, int d)
{
    uint at = row + (uint)d;
    if (HEAD % 4 == 0) {
        return d < HEAD ? LOAD_FOUR(from, at) : (float4)(0.0f);
    }
    return (float4)(d < HEAD ? LOAD(from, at) : 0.0f, d + 1 < HEAD ? LOAD(from, at + 1) : 0.0f,
                    d + 2 < HEAD ? LOAD(from, at + 2) : 0.0f, d + 3 < HEAD ? LOAD(from, at + 3) : 0.0f);
}

static inline void store_four(__global real *to, uint row, int d, float4 four)
{
    acc parts[4] = {four.x, four.y, four.z, four.w};
    UNROLL for (int i = 0; i < 4; i++) {
        if (d + i < HEAD) {
            STORE(to, row + (uint)(d + i), parts[i]);
        }
    }
}

/* Columns d0 to d0 + SLAB - 1 of rows, transposed: slab (SLAB, fours*4), zero after `count` rows. */
static inline void load_slab(__local float4 *slab, int fours, int rows, int d0, ROWS)
{
    ROLLED for (int i = (int)get_local_id(0); i < rows * (SLAB / 4); i += GROUP) {
        int row = i / (SLAB / 4), d = i % (SLAB / 4) * 4;
        float4 four = row < count ? load_four(from, (uint)(row * stride), d0 + d) * factor : (float4)(0.0f);
        __local acc *to = (__local acc *)slab + d * fours * 4 + row;
        to[0] = four.x;
        to[fours * 4] = four.y;
        to[fours * 8] = four.z;
        to[fours * 12] = four.w;
    }
}

/* This work-item's column and line. */
#define TX ((int)get_local_id(0) % COLUMNS)
#define TY ((int)get_local_id(0) / COLUMNS)

/* What the kernels know of their place: the first owner and how many there are, the head's columns. */
#define FIND_PLACE                                                                                                 \
    int owner0 = (int)get_group_id(0) * OWNERS, owners = N - owner0, width = heads * HEAD, stride = 3 * width;     \
    size_t token0 = get_global_id(2) * (size_t)N, token = token0 + (size_t)owner0;                                 \
    size_t head = get_global_id(1) * HEAD;

/* s += products of the owners' rows and the block's, 4 x 4 a work-item: lane j of s[i] is of owner i and row j. */
static inline void add_products(float4 *s, __local float4 *tiles, __global const real *mine, int mine_stride,
                                int owners, float mine_factor, ROWS)
{
    __local float4 *left = tiles, *right = tiles + SLAB * LEFT;
    ROLLED for (int d0 = 0; d0 < HEAD; d0 += SLAB) {
        barrier(CLK_LOCAL_MEM_FENCE);
        load_slab(left, LEFT, OWNERS, d0, mine, mine_stride, owners, mine_factor);
        load_slab(right, RIGHT, BLOCK, d0, from, stride, count, factor);
        barrier(CLK_LOCAL_MEM_FENCE);
        EIGHT for (int d = 0; d < SLAB; d++) {
            float4 a = left[d * LEFT + TY], b = right[d * RIGHT + TX];
            s[0] += a.x * b;
            s[1] += a.y * b;
            s[2] += a.z * b;
            s[3] += a.w * b;
        }
    }
}

/* What this work-item has of the weights (BLOCK,OWNERS), as in add_products(), into local memory and back. Others read it
 * behind the next barrier. */
static inline void keep_weights(__local float4 *weights, const float4 *s)
{
    __local float4 *to = weights + 4 * TX * LEFT + TY;
    to[0] = (float4)(s[0].x, s[1].x, s[2].x, s[3].x);
    to[LEFT] = (float4)(s[0].y, s[1].y, s[2].y, s[3].y);
    to[2 * LEFT] = (float4)(s[0].z, s[1].z, s[2].z, s[3].z);
    to[3 * LEFT] = (float4)(s[0].w, s[1].w, s[2].w, s[3].w);
}

static inline void recall_weights(float4 *s, __local const float4 *weights)
{
    __local const float4 *from = weights + 4 * TX * LEFT + TY;
    float4 a = from[0], b = from[LEFT], c = from[2 * LEFT], d = from[3 * LEFT];
    s[0] = (float4)(a.x, b.x, c.x, d.x);
    s[1] = (float4)(a.y, b.y, c.y, d.y);
    s[2] = (float4)(a.z, b.z, c.z, d.z);
    s[3] = (float4)(a.w, b.w, c.w, d.w);
}

/* sum (4,SHARE): this work-item's fours of its owners' rows += weights times the block's rows. */
static inline void add_weighted(float4 sum[4][SHARE], __local const float4 *weights, __local float4 *tiles, ROWS)
{
    ROLLED for (int first = 0; first < min(BLOCK, count); first += STEP) {
        barrier(CLK_LOCAL_MEM_FENCE);
        ROLLED for (int i = (int)get_local_id(0); i < STEP * ROW; i += GROUP) {
            int row = first + i / ROW;
            tiles[i] = row < count ? load_four(from, (uint)(row * stride), i % ROW * 4) * factor : (float4)(0.0f);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        EIGHT for (int row = 0; row < (STEP < BLOCK ? STEP : BLOCK); row++) {
            float4 a = weights[(first + row) * LEFT + TY];
            UNROLL for (int j = 0; j < SHARE; j++) {
                float4 b = tiles[row * ROW + j * COLUMNS + TX];
                sum[0][j] += a.x * b;
                sum[1][j] += a.y * b;
                sum[2][j] += a.z * b;
                sum[3][j] += a.w * b;
            }
        }
    }
}

/* Hand round a four of every work-item; then combine those of this line: the largest, or the sum. */
static inline float4 over_line(__local float4 *tiles, float4 own, bool largest)
{
    barrier(CLK_LOCAL_MEM_FENCE);
    tiles[TX * LINES + TY] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    float4 result = tiles[TY];
    UNROLL for (int other = 1; other < COLUMNS; other++) {
        float4 four = tiles[other * LINES + TY];
        result = largest ? fmax(result, four) : result + four;
    }
    return result;
}

static inline acc lanes_sum(float4 four)
{
    return four.x + four.y + (four.z + four.w);
}

static inline acc lanes_max(float4 four)
{
    return fmax(fmax(four.x, four.y), fmax(four.z, four.w));
}

/* a - b, lane by lane: as a vector of four times b, b would take four registers. */
static inline float4 minus(float4 a, acc b)
{
    return (float4)(a.x - b, a.y - b, a.z - b, a.w - b);
}

/* Scores become weights exp(score - largest so far), zero where not `used`; sums so far are scaled. most and total are of
 * the line's 4 owners, total of this column's rows only. */
static inline void soften(float4 *s, float4 sum[4][SHARE], int4 used, float4 *most, float4 *total, __local float4 *tiles)
{
    float4 masked[4], peak;
    UNROLL for (int i = 0; i < 4; i++) {
        masked[i] = select((float4)(-3.0e38f), s[i], used);
    }
    peak = (float4)(lanes_max(masked[0]), lanes_max(masked[1]), lanes_max(masked[2]), lanes_max(masked[3]));
    peak = fmax(*most, over_line(tiles, peak, true));
    float4 scale = exp(*most - peak);
    acc peaks[4] = {peak.x, peak.y, peak.z, peak.w}, scales[4] = {scale.x, scale.y, scale.z, scale.w};
    UNROLL for (int i = 0; i < 4; i++) {
        s[i] = select((float4)(0.0f), exp(minus(s[i], peaks[i])), used);
        UNROLL for (int j = 0; j < SHARE; j++) {
            sum[i][j] *= scales[i];
        }
    }
    *total = *total * scale + (float4)(lanes_sum(s[0]), lanes_sum(s[1]), lanes_sum(s[2]), lanes_sum(s[3]));
    *most = peak;
}

static inline void clear(float4 sum[4][SHARE])
{
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < SHARE; j++) {
            sum[i][j] = 0.0f;
        }
    }
}

/* This work-item's part of its owners' rows, times a factor each. */
static inline void store_rows(__global real *to, int stride, int owners, float4 sum[4][SHARE], float4 factors)
{
    acc factor[4] = {factors.x, factors.y, factors.z, factors.w};
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < SHARE; j++) {
            int row = 4 * TY + i, d = 4 * (j * COLUMNS + TX);
            if (row < owners) {
                store_four(to, (uint)(row * stride), d, sum[i][j] * factor[i]);
            }
        }
    }
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void attention(__global const real *restrict qkv, __global real *restrict y, int N, int heads, float scale)
{
    __local float4 tiles[TILES], weights[BLOCK * LEFT];
    FIND_PLACE
    __global const real *query = qkv + token * (size_t)stride + head;
    float4 sum[4][SHARE], total = 0.0f, most = -3.0e38f;
    clear(sum);
    ROLLED for (int first = 0; first < N; first += BLOCK) {
        float4 s[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        __global const real *key = qkv + (token0 + (size_t)first) * (size_t)stride + head + (size_t)width;
        add_products(s, tiles, query, stride, owners, scale, key, stride, N - first, 1.0f);
        soften(s, sum, (int4)(0, 1, 2, 3) + (first + 4 * TX) < (int4)(N), &most, &total, tiles);
        keep_weights(weights, s);
        add_weighted(sum, weights, tiles, key + width, stride, N - first, 1.0f);
    }
    total = over_line(tiles, total, false);
    store_rows(y + token * (size_t)width + head, width, owners, sum, 1.0f / total);
}

/* ---- gradients ---- */

/* e of the line's 4 owners. */
static inline float4 inner_products(__global const real *y, __global const real *dy, int stride, int owners,
                                    __local float4 *tiles)
{
    acc parts[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    UNROLL for (int i = 0; i < 4; i++) {
        uint row = (uint)(min(4 * TY + i, owners - 1) * stride);
        ROLLED for (int d = 4 * TX; d < HEAD; d += BLOCK) {
            parts[i] += lanes_sum(load_four(y, row, d) * load_four(dy, row, d));
        }
    }
    return over_line(tiles, (float4)(parts[0], parts[1], parts[2], parts[3]), false);
}

/* stats (B,heads,N,3) */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void attention_dq(__global const real *restrict qkv, __global const real *restrict y, __global const real *restrict dy,
                  __global real *restrict dqkv, __global float *restrict stats, int N, int heads, float scale)
{
    __local float4 tiles[TILES], weights[BLOCK * LEFT];
    FIND_PLACE
    size_t row = token * (size_t)width + head, stat = (get_global_id(2) * (size_t)heads + get_global_id(1)) * (size_t)N;
    float4 sum[4][SHARE], total = 0.0f, most = -3.0e38f;
    __global const real *query = qkv + token * (size_t)stride + head, *slope = dy + row;
    float4 mean = inner_products(y + row, slope, width, owners, tiles);
    acc means[4] = {mean.x, mean.y, mean.z, mean.w};
    clear(sum);
    ROLLED for (int first = 0; first < N; first += BLOCK) {
        float4 s[4] = {0.0f, 0.0f, 0.0f, 0.0f}, t[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        __global const real *key = qkv + (token0 + (size_t)first) * (size_t)stride + head + (size_t)width;
        int4 used = (int4)(0, 1, 2, 3) + (first + 4 * TX) < (int4)(N);
        add_products(s, tiles, query, stride, owners, scale, key, stride, N - first, 1.0f);
        soften(s, sum, used, &most, &total, tiles);
        keep_weights(weights, s); /* not in registers meanwhile */
        add_products(t, tiles, slope, width, owners, 1.0f, key + width, stride, N - first, 1.0f);
        recall_weights(s, weights);
        UNROLL for (int i = 0; i < 4; i++) {
            t[i] = select((float4)(0.0f), s[i] * minus(t[i], means[i]), used);
        }
        keep_weights(weights, t);
        add_weighted(sum, weights, tiles, key, stride, N - first, 1.0f);
    }
    total = over_line(tiles, total, false);
    store_rows(dqkv + token * (size_t)stride + head, stride, owners, sum, scale / total);
    acc mosts[4] = {most.x, most.y, most.z, most.w}, totals[4] = {total.x, total.y, total.z, total.w};
    UNROLL for (int i = 0; i < 4; i++) {
        if (TX == 0 && 4 * TY + i < owners) {
            vstore3((float3)(mosts[i], 1.0f / totals[i], means[i]), stat + (size_t)(owner0 + 4 * TY + i), stats);
        }
    }
}

/* Largest scores, 1 / sums and e of queries `first` to `first` + 3, the last one again beyond it. */
static inline void load_stats(float4 *known, __global const float *stats, int first, int N)
{
    float3 a = vload3((size_t)min(first, N - 1), stats), b = vload3((size_t)min(first + 1, N - 1), stats);
    float3 c = vload3((size_t)min(first + 2, N - 1), stats), d = vload3((size_t)min(first + 3, N - 1), stats);
    known[0] = (float4)(a.x, b.x, c.x, d.x);
    known[1] = (float4)(a.y, b.y, c.y, d.y);
    known[2] = (float4)(a.z, b.z, c.z, d.z);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void attention_dkv(__global const real *restrict qkv, __global const real *restrict dy,
                   __global const float *restrict stats, __global real *restrict dqkv, int N, int heads, float scale)
{
    __local float4 tiles[TILES], weights[BLOCK * LEFT];
    FIND_PLACE
    size_t at = token * (size_t)stride + head + (size_t)width;
    size_t stat = (get_global_id(2) * (size_t)heads + get_global_id(1)) * (size_t)N;
    float4 dk[4][SHARE], dv[4][SHARE];
    clear(dk);
    clear(dv);
    ROLLED for (int first = 0; first < N; first += BLOCK) {
        float4 s[4] = {0.0f, 0.0f, 0.0f, 0.0f}, t[4] = {0.0f, 0.0f, 0.0f, 0.0f}, known[3];
        __global const real *query = qkv + (token0 + (size_t)first) * (size_t)stride + head;
        __global const real *slope = dy + (token0 + (size_t)first) * (size_t)width + head;
        int4 used = (int4)(0, 1, 2, 3) + (first + 4 * TX) < (int4)(N);
        add_products(s, tiles, qkv + at, stride, owners, 1.0f, query, stride, N - first, scale);
        load_stats(known, stats + 3 * stat, first + 4 * TX, N);
        UNROLL for (int i = 0; i < 4; i++) {
            s[i] = select((float4)(0.0f), exp(s[i] - known[0]) * known[1], used);
        }
        keep_weights(weights, s);
        add_weighted(dv, weights, tiles, slope, width, N - first, 1.0f);
        add_products(t, tiles, qkv + at + width, stride, owners, 1.0f, slope, width, N - first, 1.0f);
        recall_weights(s, weights);
        UNROLL for (int i = 0; i < 4; i++) {
            t[i] = select((float4)(0.0f), s[i] * (t[i] - known[2]), used);
        }
        keep_weights(weights, t);
        add_weighted(dk, weights, tiles, query, stride, N - first, scale);
    }
    store_rows(dqkv + at, stride, owners, dk, (float4)(1.0f));
    store_rows(dqkv + at + width, stride, owners, dv, (float4)(1.0f));
}
