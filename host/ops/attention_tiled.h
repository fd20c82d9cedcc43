/* attention by tiles in local memory (kernels/attention.cl): the generic variants of the op and of its gradient. */
#ifndef TE_OPS_ATTENTION_TILED_H
#define TE_OPS_ATTENTION_TILED_H

#include "ops/ops.h"

te_status te_attention_emit_tiled(te_plan *plan, const te_call *call, int heads);
te_status te_attention_emit_dx_tiled(te_plan *plan, const te_call *call, int heads);

#endif
