/* gelu: y = x F(x), F the normal distribution function; and its gradient dx = dy (F(x) + x f(x)), f the density.
 * A work-item takes one element. global (elements). */
#include "real.clh"

__kernel void gelu_forward(__global const real *restrict x, __global real *restrict y, int elements)
{
    int i = (int)get_global_id(0);
    if (i < elements) {
        STORE(y, i, gelu(LOAD(x, i)));
    }
}

__kernel void gelu_dx(__global const real *restrict x, __global const real *restrict dy, __global real *restrict dx,
                      int elements)
{
    int i = (int)get_global_id(0);
    if (i < elements) {
        STORE(dx, i, LOAD(dy, i) * gelu_slope(LOAD(x, i)));
    }
}
