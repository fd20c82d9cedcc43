/* optimiser: the norm of the gradient, Adam, and the running statistics of batch norm.
 *
 * square_partial, square_total   sum of squares of one tensor, in two passes over a fixed tree, added to the sum
 *           before. A work-item takes every (elements/BLOCK)-th element: neighbours read neighbours.
 *           global (elements/BLOCK rounded up); (1).
 * accumulate  in place: sum <- sum + x, or x where keep[0] is 0. global (elements).
 * adam      in place: param, m, v (elements). `rates` (9): learning rate, beta1, beta2, epsilon, weight decay,
 *           1 - beta1^t, 1 - beta2^t, largest norm, the scale that the gradient has; `squares` (1): the squared norm of
 *           the whole gradient, scaled as it is.
 *           Nothing changes where the norm is no number: the caller stops, or takes the step again.
 *           With c = min(1, largest norm / (norm + 1e-6)):  g <- c g + decay param (Adam) or c g (AdamW, which shrinks
 *           param by rate * decay instead); m <- beta1 m + (1-beta1) g; v <- beta2 v + (1-beta2) g^2;
 *           param <- param - rate / (1-beta1^t) m / (sqrt(v / (1-beta2^t)) + epsilon). global (elements).
 * running_update  in place: mean <- 0.9 mean + 0.1 (batch mean + conv bias), variance <- 0.9 variance + 0.1 batch
 * variance rows / (rows - 1). global (C).
 */
#include "real.clh"

#define BLOCK 4096

__kernel void square_partial(__global const real *restrict x, __global real *restrict partial, int elements)
{
    uint block = (uint)get_global_id(0), count = (uint)elements, blocks = (count - 1) / BLOCK + 1;
    if (block < blocks) {
        acc sum = 0.0f;
        for (uint i = block; i < count; i += blocks) {
            sum += LOAD(x, i) * LOAD(x, i);
        }
        STORE(partial, block, sum);
    }
}

__kernel void square_total(__global const real *restrict partial, __global const real *restrict before,
                           __global real *restrict total, int blocks, int has_before)
{
    if (get_global_id(0) == 0) {
        acc sum = has_before ? LOAD(before, 0) : 0.0f;
        for (int block = 0; block < blocks; block++) {
            sum += LOAD(partial, block);
        }
        STORE(total, 0, sum);
    }
}

__kernel void accumulate(__global real *restrict sum, __global const real *restrict x,
                         __global const real *restrict keep, int elements)
{
    int i = (int)get_global_id(0);
    if (i < elements) {
        STORE(sum, i, LOAD(keep, 0) == 0.0f ? LOAD(x, i) : LOAD(sum, i) + LOAD(x, i));
    }
}

__kernel void adam(__global real *restrict param, __global const real *restrict gradient, __global real *restrict m,
                   __global real *restrict v, __global const real *restrict rates,
                   __global const real *restrict squares, int elements, float factor, float decays, int decoupled)
{
    int i = (int)get_global_id(0);
    acc norm = sqrt(LOAD(squares, 0)) / LOAD(rates, 8);
    if (i >= elements || !isfinite(norm)) {
        return;
    }
    acc clip = LOAD(rates, 7) / (norm + 1e-6f);
    acc rate = LOAD(rates, 0) * factor, decay = LOAD(rates, 4) * decays, p = LOAD(param, i);
    acc beta1 = LOAD(rates, 1), beta2 = LOAD(rates, 2);
    acc g = LOAD(gradient, i) * ((clip < 1.0f ? clip : 1.0f) / LOAD(rates, 8)) + (decoupled ? 0.0f : decay * p);
    acc first = beta1 * LOAD(m, i) + (1.0f - beta1) * g, second = beta2 * LOAD(v, i) + (1.0f - beta2) * g * g;
    p -= decoupled ? rate * decay * p : 0.0f;
    STORE(m, i, first);
    STORE(v, i, second);
    STORE(param, i, p - rate / LOAD(rates, 5) * first / (sqrt(second / LOAD(rates, 6)) + LOAD(rates, 3)));
}

__kernel void running_update(__global real *restrict mean, __global real *restrict variance,
                             __global const real *restrict stats, __global const real *restrict conv_bias, int C,
                             int rows)
{
    int c = (int)get_global_id(0);
    if (c < C && isfinite(LOAD(stats, c)) && isfinite(LOAD(stats, C + c))) { /* else the step fails */
        acc correction = rows > 1 ? (acc)rows / (acc)(rows - 1) : 1.0f;
        STORE(mean, c, 0.9f * LOAD(mean, c) + 0.1f * (LOAD(stats, c) + LOAD(conv_bias, c)));
        STORE(variance, c, 0.9f * LOAD(variance, c) + 0.1f * correction * LOAD(stats, C + c));
    }
}
