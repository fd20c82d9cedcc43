/* Batch norm and its gradients: what they share. */
#ifndef TE_OPS_BATCHNORM_H
#define TE_OPS_BATCHNORM_H

#include "ops/ops.h"

enum { TE_BATCHNORM_BLOCK = 64 }; /* rows; as in kernels/batchnorm.cl and batchnorm_cpu.cl */

int64_t te_batchnorm_blocks(int64_t rows);

/* Variances among the statistics that the op takes become such. */
void te_batchnorm_prepare(const te_call *call, int i, te_fill fill, float *numbers);

/* The kernels for processors take 16 channels at a time. */
bool te_batchnorm_supports_cpu(const te_caps *caps, const te_call *call);

/* Line `line` of sums (2,C): the gradient of the bias (0) or of the weight (1). */
te_tensor te_batchnorm_line(te_graph *graph, te_tensor sums, int line);

#endif
