/* The op table: one line an op. */
#include "ops/ops.h"

const te_op *const te_ops[] = {
    &te_op_linear,       &te_op_conv,        &te_op_layernorm,    &te_op_attention,   &te_op_patches,
    &te_op_position,     &te_op_drop_token,  &te_op_gate,         &te_op_memory_start, &te_op_memory_read,
    &te_op_memory_write, &te_op_memory_sum,  &te_op_head_weights, &te_op_head_affine,  &te_op_head_combine,
    &te_op_head_upsample, NULL,
};
