/* What convolutions share with the ops of their gradients. */
#ifndef TE_OPS_CONV_H
#define TE_OPS_CONV_H

#include "ops/ops.h"

/* The call that makes rows of neighbours of a convolution's x, into value `rows`. */
te_call te_conv_describe_unfold(const te_call *conv, int rows);

#endif
