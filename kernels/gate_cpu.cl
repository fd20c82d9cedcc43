/* gate on processors: as in gate.cl, 16 rows at a time, a lane each. A score that is out of reach, as that of an expert that is
 * left out, has no weight at all. global (rows*T / 16 rounded up), local 1.
 */
#include "real.clh"
#include "wide.clh"

/* Score `s` of 16 rows, the last one again beyond `last`. */
INLINE float16 scores_of(__global const float *restrict x, int first, int last, int S, int s)
{
    float scores[16];
    for (int i = 0; i < 16; i++) {
        scores[i] = x[(size_t)min(first + i, last) * (size_t)S + (size_t)s];
    }
    return vload16(0, scores);
}

/* `weights`, zero where `keep` scores of the row come before `score`, which is its number `s`. */
INLINE float16 kept(float16 weights, __global const float *restrict x, int first, int last, int S, int s, float16 score,
                    int keep)
{
    int16 before = 0;
    for (int other = 0; other < S; other++) {
        float16 rival = scores_of(x, first, last, S, other);
        before -= rival > score || (rival == score && (int16)(other < s ? -1 : 0));
    }
    return before < keep ? weights : (float16)(0.0f);
}

WORK_GROUP_OF_ONE __kernel void gate_cpu(__global const float *restrict x, __global float *restrict y, int rows, int S,
                                         int keep)
{
    int first = (int)get_global_id(0) * 16, last = rows - 1;
    float16 most = scores_of(x, first, last, S, 0), total = 0.0f;
    for (int s = 1; s < S; s++) {
        most = larger16(most, scores_of(x, first, last, S, s));
    }
    for (int s = 0; s < S; s++) {
        total += exp_or_zero16(scores_of(x, first, last, S, s) - most);
    }
    for (int s = 0; s < S; s++) {
        float16 score = scores_of(x, first, last, S, s), weights = exp_or_zero16(score - most) / total;
        float part[16];
        vstore16(keep ? kept(weights, x, first, last, S, s, score, keep) : weights, 0, part);
        for (int i = 0; i < min(16, rows - first); i++) {
            y[(size_t)(first + i) * (size_t)S + (size_t)s] = part[i];
        }
    }
}
