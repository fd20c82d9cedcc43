/* What the head's ops share: gradients, as head.c's rules record them, and parts of references. */
#ifndef TE_OPS_HEAD_PRIVATE_H
#define TE_OPS_HEAD_PRIVATE_H

#include "ops/ops.h"

enum {
    TE_HEAD_OFFSETS = 9,  /* of a 3x3 convolution */
    TE_HEAD_UP = 4,       /* times that its input is upsampled, in both directions */
    TE_HEAD_COLUMNS = 16, /* cells of a piece of work, as in kernels/head_cpu.clh */
};

/* dy (9*O,D) -> dW (O,D,3,3). */
te_tensor te_head_weights_dx(te_graph *graph, te_tensor dy);

/* dy (B,16*h*w,O), of the sums before scale, shift and GELU -> (B,h*w,9*O). */
te_tensor te_head_combine_dx(te_graph *graph, te_tensor dy, te_head_options options);

/* sums (...,O) before scale, shift and GELU, affine (2,O), dy: of the sums (...,O); with of_affine (...,2*O), whose sum
 * over rows is the gradient of affine. */
te_tensor te_head_epilogue_dx(te_graph *graph, te_tensor sums, te_tensor affine, te_tensor dy, int of_affine);

/* in: conv bias, norm weight, mean, variance (O), dy (2,O) -> (O): of head_affine's input `which`. */
te_tensor te_head_affine_dx(te_graph *graph, const te_tensor *in, int which);

/* dy (B,K,H,W) -> (B,h*w,K). */
te_tensor te_head_upsample_dx(te_graph *graph, te_tensor dy, te_head_upsample_options options);

/* For references: what a call of head_combine has in channel c of a pixel, counted through its pictures; in[1] may be NULL. */
double te_head_value(const te_call *call, const double *const in[TE_INPUTS], int64_t pixel, int64_t c);

/* For references: the cells that bilinear sampling reads at position (y, x) of the result, and their weights. At the map's
 * ends the same cell comes more than once. */
void te_head_cells(const te_head_upsample_options *o, int64_t y, int64_t x, int64_t cell[4], double weight[4]);

#endif
