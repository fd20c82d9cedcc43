/* linear with few outputs (N of at most 32) on processors: y = act(x W^T + b) + residual, for G groups side by side.
 *
 *   x (M, G*K)   W (G*N, K)   b (G*N)   residual, y (M, G*N)
 *
 * Packing x for a tile of 32 outputs would cost more than the product. A piece takes ROWS rows of one group, four
 * at a time, and sums 16 columns at a time; nothing is packed. pieces (M/ROWS rounded up, G).
 */
#include "epilogue.clh"
#include "real.clh"
#include "wide.clh"

#define ROWS 32

WORK_GROUP_OF_ONE __kernel void linear_narrow(__global const float *restrict x, __global const float *restrict w,
                                              __global const float *restrict bias,
                                              __global const float *restrict residual, __global float *restrict y,
                                              int M, int N, int K, int groups, int flags, DEALT)
{
    EACH_PIECE(piece) {
        int first = (int)piece.x * ROWS, group = (int)piece.y;
        size_t stride = (size_t)groups * (size_t)K, columns = (size_t)groups * (size_t)N;
        for (int row = first; row < min(first + ROWS, M); row += 4) {
            __global const float *from[4];
            for (int i = 0; i < 4; i++) {
                from[i] = x + (size_t)min(row + i, M - 1) * stride + (size_t)group * (size_t)K;
            }
            for (int n = 0; n < N; n++) {
                size_t column = (size_t)group * (size_t)N + (size_t)n;
                __global const float *weights = w + column * (size_t)K;
                float16 s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
                int k = 0;
                for (; k + 16 <= K; k += 16) {
                    float16 value = vload16(0, weights + k);
                    s0 = fma(vload16(0, from[0] + k), value, s0);
                    s1 = fma(vload16(0, from[1] + k), value, s1);
                    s2 = fma(vload16(0, from[2] + k), value, s2);
                    s3 = fma(vload16(0, from[3] + k), value, s3);
                }
                float sum[4] = {sum16(s0), sum16(s1), sum16(s2), sum16(s3)};
                for (int i = 0; i < min(4, M - row); i++) {
                    for (int rest = k; rest < K; rest++) {
                        sum[i] = fma(from[i][rest], weights[rest], sum[i]);
                    }
                    size_t at = (size_t)(row + i) * columns + column;
                    float value = sum[i] + (flags & HAS_BIAS ? bias[column] : 0.0f);
                    value = flags & HAS_GELU ? gelu(value) : value;
                    y[at] = value + (flags & HAS_RESIDUAL ? residual[at] : 0.0f);
                }
            }
        }
    }
}
