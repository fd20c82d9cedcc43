/* gate: soft-max over the S scores of each token and task; with `keep` only the largest `keep` of them are kept, the
 * others zero, not renormalised (ties: the lower index first).
 *
 *   x, y, dx, dy (rows*T, S)
 *
 * gate_dx, with p the soft-max and k = 1 where a score is kept, else 0:   dx_s = p_s (k_s dy_s - sum_j k_j p_j dy_j)
 *
 * A work-item takes one row of S; S is a handful. global (rows*T).
 */
#include "real.clh"

/* Are fewer than `keep` of the row's scores larger than score s? 0 keeps all. */
static inline bool is_kept(__global const real *restrict x, size_t start, int S, int s, int keep)
{
    acc score = LOAD(x, start + (size_t)s);
    int larger = 0;
    for (int other = 0; other < S && keep; other++) {
        acc rival = LOAD(x, start + (size_t)other);
        larger += rival > score || (rival == score && other < s);
    }
    return !keep || larger < keep;
}

/* The largest score, and the sum of exp(score - largest). */
static inline acc row_total(__global const real *restrict x, size_t start, int S, acc *largest)
{
    acc most = LOAD(x, start), total = 0.0f;
    for (int s = 1; s < S; s++) {
        most = fmax(most, LOAD(x, start + (size_t)s));
    }
    for (int s = 0; s < S; s++) {
        total += exp(LOAD(x, start + (size_t)s) - most);
    }
    *largest = most;
    return total;
}

__kernel void gate(__global const real *restrict x, __global real *restrict y, int rows, int S, int keep)
{
    size_t row = get_global_id(0), start = row * (size_t)S;
    if (row >= (size_t)rows) {
        return;
    }
    acc most, total = row_total(x, start, S, &most);
    for (int s = 0; s < S; s++) {
        acc weight = exp(LOAD(x, start + (size_t)s) - most) / total;
        STORE(y, start + (size_t)s, is_kept(x, start, S, s, keep) ? weight : 0.0f);
    }
}

__kernel void gate_dx(__global const real *restrict x, __global const real *restrict dy, __global real *restrict dx,
                      int rows, int S, int keep)
{
    size_t row = get_global_id(0), start = row * (size_t)S;
    if (row >= (size_t)rows) {
        return;
    }
    acc most, total = row_total(x, start, S, &most), mean = 0.0f;
    for (int s = 0; s < S; s++) {
        acc weight = exp(LOAD(x, start + (size_t)s) - most) / total;
        mean += is_kept(x, start, S, s, keep) ? weight * LOAD(dy, start + (size_t)s) : 0.0f;
    }
    for (int s = 0; s < S; s++) {
        acc weight = exp(LOAD(x, start + (size_t)s) - most) / total;
        acc slope = is_kept(x, start, S, s, keep) ? LOAD(dy, start + (size_t)s) : 0.0f;
        STORE(dx, start + (size_t)s, weight * (slope - mean));
    }
}
