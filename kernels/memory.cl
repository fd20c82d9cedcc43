/* memory: one feature memory per task, read and written at every tap (MODEL.md section 3).
 *
 * memory_start   y[n] = vector on every token. global (D, rows).
 * memory_read    z = sum_e g_e f_e (+ g_E+1 M): experts (rows,E*D), gates (rows,T*S), memory (rows,D). global (D, rows).
 * memory_write   y = (1 - s) M + s written, s = sigmoid(alpha) per channel. global (D, rows).
 * memory_sum     y = a + b. global (elements).
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
