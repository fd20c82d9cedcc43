/* Gradients of the memory ops, as memory.c's rules record them. */
#ifndef TE_OPS_MEMORY_GRAD_H
#define TE_OPS_MEMORY_GRAD_H

#include "ops/ops.h"

/* dz (B,N,D), gates (B,N,T*S): of the experts (B,N,E*D) or of the memory (B,N,D), as `op` says. `memory` is the
 * forward's, absent without one: it tells S. */
te_tensor te_memory_read_gradient(te_graph *graph, const te_op *op, te_tensor dz, te_tensor gates, te_tensor memory,
                                  te_memory_read_options options);

/* Of the gates (B,N,T*S): zero in the scores of other tasks. */
te_tensor te_memory_read_dgates(te_graph *graph, te_tensor dz, te_tensor gates, te_tensor experts, te_tensor memory,
                                te_memory_read_options options);

/* Of memory_write: (1-s) dy of the memory, s dy of what is written. */
te_tensor te_memory_write_gradient(te_graph *graph, te_tensor dy, te_tensor alpha, int of_written);
/* (D): of alpha. */
te_tensor te_memory_write_dalpha(te_graph *graph, te_tensor dy, te_tensor memory, te_tensor written, te_tensor alpha);

#endif
