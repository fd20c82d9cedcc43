/* gate: soft-max over the S scores of each token and task; with `keep` only the largest `keep` of them are kept, the
 * others zero, not renormalised (ties: the lower index first).
 *
 *   x, y (rows*T, S)
 *
 * A work-item takes one row of S; S is a handful. global (rows*T).
 */
#include "real.clh"

__kernel void gate(__global const real *restrict x, __global real *restrict y, int rows, int S, int keep)
{
    size_t row = get_global_id(0), start = row * (size_t)S;
    if (row >= (size_t)rows) {
        return;
    }
    acc most = LOAD(x, start), total = 0.0f;
    for (int s = 1; s < S; s++) {
        most = fmax(most, LOAD(x, start + (size_t)s));
    }
    for (int s = 0; s < S; s++) {
        total += exp(LOAD(x, start + (size_t)s) - most);
    }
    for (int s = 0; s < S; s++) {
        acc score = LOAD(x, start + (size_t)s);
        int larger = 0;
        for (int other = 0; other < S && keep; other++) {
            acc rival = LOAD(x, start + (size_t)other);
            larger += rival > score || (rival == score && other < s);
        }
        STORE(y, start + (size_t)s, keep && larger >= keep ? 0.0f : exp(score - most) / total);
    }
}
