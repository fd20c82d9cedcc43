/* Gradients of a whole graph, by the ops' rules. */
#ifndef TE_OPS_GRADIENT_H
#define TE_OPS_GRADIENT_H

#include "ops/ops.h"

/* Append to `graph` the gradients of all its calls, last to first. `gradients` holds an entry for each value that the
 * graph has at the call: those of the results that gradients start from are given, all others are absent; afterwards
 * every trained value that they depend on has its own. Gradients of a value with several readers are added up in the
 * order of the calls, so that runs are bit-equal. */
te_status te_graph_differentiate(te_graph *graph, te_tensor *gradients);

#endif
