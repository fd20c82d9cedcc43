/* What the variants of attention share. */
#ifndef TE_OPS_ATTENTION_H
#define TE_OPS_ATTENTION_H

#include "ops/ops.h"

typedef struct te_attention_options {
    int heads;
    te_precision precision; /* of q, k, v, the weights of the soft-max and all products' operands; the graph's */
} te_attention_options;

/* attention_bf16.c: on processors, heads of 64, operands in bf16; in plain OpenCL C, by AVX512-BF16's dot products, by AMX
 * tiles. */
bool te_attention_supports_bf16(const te_caps *caps, const te_call *call);
bool te_attention_supports_dot(const te_caps *caps, const te_call *call);
bool te_attention_supports_amx(const te_caps *caps, const te_call *call);
te_status te_attention_emit_bf16(te_plan *plan, const te_call *call);
te_status te_attention_emit_dot(te_plan *plan, const te_call *call);
te_status te_attention_emit_amx(te_plan *plan, const te_call *call);
te_status te_attention_emit_dx_bf16(te_plan *plan, const te_call *call);
te_status te_attention_emit_dx_dot(te_plan *plan, const te_call *call);
te_status te_attention_emit_dx_amx(te_plan *plan, const te_call *call);

/* attention.c: how many shares of a head's queries have sums of their own in the gradients of keys and values; kernels take
 * `queries` at once. */
int64_t te_attention_parts(const te_call *call, int queries);

#endif
