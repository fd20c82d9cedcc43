/* Gradients of the head's ops, as head.c's rules record them. */
#ifndef TE_OPS_HEAD_GRAD_H
#define TE_OPS_HEAD_GRAD_H

#include "ops/ops.h"

/* dy (9*O,D) -> dW (O,D,3,3). */
te_tensor te_head_weights_dx(te_graph *graph, te_tensor dy);

/* dy (B,16*h*w,O), of the sums before scale, shift and GELU -> (B,h*w,9*O). */
te_tensor te_head_combine_dx(te_graph *graph, te_tensor dy, te_head_options options);

/* dy (B,K,H,W) -> (B,h*w,K). */
te_tensor te_head_upsample_dx(te_graph *graph, te_tensor dy, te_head_upsample_options options);

#endif
