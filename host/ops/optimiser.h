/* Ops of a training step's end. accumulate, adam and running_update change their inputs in place; what they return
 * holds nothing. */
#ifndef TE_OPS_OPTIMISER_H
#define TE_OPS_OPTIMISER_H

#include "ops/ops.h"

/* Entries of the tensor `rates` (TE_RATE_COUNT), written by the host before every step. */
enum { TE_RATE, TE_BETA1, TE_BETA2, TE_EPSILON, TE_DECAY, TE_CORRECTION1, TE_CORRECTION2, TE_LARGEST_NORM,
       TE_GRADIENT_SCALE, TE_RATE_COUNT };

/* x of any shape, before (1) or absent -> (1): before plus the sum of x's squares. */
te_tensor te_square_sum(te_graph *graph, te_tensor x, te_tensor before);

typedef struct te_adam_options {
    float factor;  /* of the learning rate, for this param */
    float decays;  /* 1, or 0 where weight decay is left out */
    int decoupled; /* AdamW */
} te_adam_options;

/* In place: sum <- sum + x, or x where keep (1) holds 0. sum and x of one size. */
void te_accumulate(te_graph *graph, te_tensor sum, te_tensor x, te_tensor keep);

/* in: param, gradient, m, v (all of one size), rates (TE_RATE_COUNT), squared norm of the whole gradient (1). The gradient
 * is TE_GRADIENT_SCALE times the true one. Where its norm is not finite nothing changes. */
void te_adam(te_graph *graph, const te_tensor in[6], te_adam_options options);

/* in: running mean and variance, conv bias (C), stats (2,C) of `rows` rows. */
void te_running_update(te_graph *graph, te_tensor mean, te_tensor variance, te_tensor stats, te_tensor conv_bias,
                       int64_t rows);

#endif
