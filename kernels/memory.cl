/* memory: one feature memory per task, read and written at every tap (MODEL.md section 3).
 *
 *   memory_start   y[n] = vector on every token. global (D, rows)
 *   memory_read    z = sum_e g_e f_e (+ g_E+1 M): experts (rows,E*D), gates (rows,T*S), memory (rows,D). global (D, rows)
 *   memory_write   y = (1 - s) M + s written, s = sigmoid(alpha) per channel. global (D, rows)
 *   memory_sum     y = a + b. global (elements)
 */
#include "real.clh"

__kernel void memory_start(__global const real *restrict vector, __global real *restrict y, int rows, int D)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d < D && row < rows) {
        STORE(y, (size_t)row * (size_t)D + (size_t)d, LOAD(vector, d));
    }
}

__kernel void memory_read(__global const real *restrict experts, __global const real *restrict gates,
                          __global const real *restrict memory, __global real *restrict z, int rows, int D, int E,
                          int gate_width, int gate_start, int has_memory)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d >= D || row >= rows) {
        return;
    }
    size_t gate = (size_t)row * (size_t)gate_width + (size_t)gate_start;
    size_t at = (size_t)row * (size_t)D + (size_t)d;
    acc sum = has_memory ? LOAD(gates, gate + (size_t)E) * LOAD(memory, at) : 0.0f;
    for (int e = 0; e < E; e++) {
        size_t expert = ((size_t)row * (size_t)E + (size_t)e) * (size_t)D + (size_t)d;
        sum += LOAD(gates, gate + (size_t)e) * LOAD(experts, expert);
    }
    STORE(z, at, sum);
}

__kernel void memory_write(__global const real *restrict memory, __global const real *restrict written,
                           __global const real *restrict alpha, __global real *restrict y, int rows, int D)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d < D && row < rows) {
        size_t at = (size_t)row * (size_t)D + (size_t)d;
        acc s = 1.0f / (1.0f + exp(-LOAD(alpha, d)));
        STORE(y, at, (1.0f - s) * LOAD(memory, at) + s * LOAD(written, at));
    }
}

__kernel void memory_sum(__global const real *restrict a, __global const real *restrict b, __global real *restrict y,
                         int elements)
{
    int i = (int)get_global_id(0);
    if (i < elements) {
        STORE(y, i, LOAD(a, i) + LOAD(b, i));
    }
}

/* Gradients of memory_read from dz (rows,D), each added to `before` where has_before: of the experts g_e dz, global (E*D,
 * rows); of the memory g_E+1 dz, global (D, rows); of the gates the products of dz with features and memory in the task's
 * scores, zero in the others', a work-item a score, global (T*S, rows). */
__kernel void memory_read_dexperts(__global const real *restrict dz, __global const real *restrict gates,
                                   __global const real *restrict before, __global real *restrict dx, int rows, int D,
                                   int E, int gate_width, int gate_start, int has_before)
{
    int column = (int)get_global_id(0), row = (int)get_global_id(1);
    if (column < E * D && row < rows) {
        size_t at = (size_t)row * (size_t)(E * D) + (size_t)column;
        acc g = LOAD(gates, (size_t)row * (size_t)gate_width + (size_t)(gate_start + column / D));
        acc share = g * LOAD(dz, (size_t)row * (size_t)D + (size_t)(column % D));
        STORE(dx, at, has_before ? LOAD(before, at) + share : share);
    }
}

__kernel void memory_read_dmemory(__global const real *restrict dz, __global const real *restrict gates,
                                  __global const real *restrict before, __global real *restrict dx, int rows, int D,
                                  int E, int gate_width, int gate_start, int has_before)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d < D && row < rows) {
        size_t at = (size_t)row * (size_t)D + (size_t)d;
        acc share = LOAD(gates, (size_t)row * (size_t)gate_width + (size_t)(gate_start + E)) * LOAD(dz, at);
        STORE(dx, at, has_before ? LOAD(before, at) + share : share);
    }
}

__kernel void memory_read_dgates(__global const real *restrict dz, __global const real *restrict experts,
                                 __global const real *restrict memory, __global const real *restrict before,
                                 __global real *restrict dx, int rows, int D, int E, int gate_width, int gate_start,
                                 int has_memory, int has_before)
{
    int column = (int)get_global_id(0), row = (int)get_global_id(1);
    if (column >= gate_width || row >= rows) {
        return;
    }
    int score = column - gate_start;
    bool own = score >= 0 && score < E + has_memory, of_memory = score == E;
    size_t z = (size_t)row * (size_t)D, at = (size_t)row * (size_t)gate_width + (size_t)column,
           from = of_memory ? z : ((size_t)row * (size_t)E + (size_t)(own ? score : 0)) * (size_t)D;
    acc sum = 0.0f;
    for (int d = 0; d < D && own; d++) {
        acc feature = of_memory ? LOAD(memory, from + (size_t)d) : LOAD(experts, from + (size_t)d);
        sum += LOAD(dz, z + (size_t)d) * feature;
    }
    STORE(dx, at, has_before ? LOAD(before, at) + sum : sum);
}

/* Gradients of memory_write from dy: of the memory (1-s) dy, of what is written s dy, and before its sum over rows of
 * alpha s (1-s) (written - M) dy. global (D, rows). */
__kernel void memory_write_dmemory(__global const real *restrict dy, __global const real *restrict alpha,
                                   __global real *restrict dx, int rows, int D, int of_written)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d < D && row < rows) {
        size_t at = (size_t)row * (size_t)D + (size_t)d;
        acc s = 1.0f / (1.0f + exp(-LOAD(alpha, d)));
        STORE(dx, at, (of_written ? s : 1.0f - s) * LOAD(dy, at));
    }
}

__kernel void memory_write_dalpha(__global const real *restrict dy, __global const real *restrict memory,
                                  __global const real *restrict written, __global const real *restrict alpha,
                                  __global real *restrict dx, int rows, int D)
{
    int d = (int)get_global_id(0), row = (int)get_global_id(1);
    if (d < D && row < rows) {
        size_t at = (size_t)row * (size_t)D + (size_t)d;
        acc s = 1.0f / (1.0f + exp(-LOAD(alpha, d)));
        STORE(dx, at, s * (1.0f - s) * (LOAD(written, at) - LOAD(memory, at)) * LOAD(dy, at));
    }
}
