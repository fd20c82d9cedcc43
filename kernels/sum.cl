/* sum: sums over rows, in two passes over a fixed tree, so that runs are bit-equal.
 *
 *   x (rows, C) -> partial (blocks, C) -> y (C)      a block is BLOCK rows
 *
 * A work-item adds one column of one block. global (C, blocks). The second pass is the first with one block.
 */
#include "real.clh"

__kernel void sum_rows(__global const real *restrict x, __global real *restrict y, int rows, int C, int block)
{
    int c = (int)get_global_id(0), first = (int)get_global_id(1) * block;
    if (c >= C || first >= rows) {
        return;
    }
    acc sum = 0.0f;
    for (int row = first; row < min(first + block, rows); row++) {
        sum += LOAD(x, (size_t)row * (size_t)C + (size_t)c);
    }
    STORE(y, get_global_id(1) * (size_t)C + (size_t)c, sum);
}
