/* The op table: one line an op. */
#include "ops/ops.h"

#include <string.h>

const te_op *const te_ops[] = {
    &te_op_linear,      &te_op_linear_dx,    &te_op_linear_dw,   &te_op_gelu,         &te_op_gelu_dx,
    &te_op_sum,         &te_op_conv,         &te_op_conv_unfold, &te_op_conv_flip,    &te_op_layernorm,
    &te_op_layernorm_dx, &te_op_layernorm_dscale, &te_op_layernorm_dshift, &te_op_attention_dx,
    &te_op_attention,   &te_op_patches,      &te_op_position,    &te_op_drop_token,   &te_op_gate,
    &te_op_gate_dx,
    &te_op_memory_start, &te_op_memory_read, &te_op_memory_write, &te_op_memory_sum,  &te_op_head_weights,
    &te_op_head_affine, &te_op_head_combine, &te_op_head_predict, &te_op_head_upsample,
    &te_op_batchnorm_stats, &te_op_batchnorm, &te_op_batchnorm_sums, &te_op_batchnorm_dx,
    &te_op_batchnorm_line, &te_op_memory_read_dexperts, &te_op_memory_read_dmemory, &te_op_memory_read_dgates,
    &te_op_memory_write_dmemory, &te_op_memory_write_dalpha, &te_op_drop_token_dx, &te_op_position_dtable,
    &te_op_head_weights_dx, &te_op_head_combine_dx, &te_op_head_upsample_dx,
    &te_op_residual,    &te_op_residual_dx,  &te_op_loss,        &te_op_loss_dx,      &te_op_square_sum,
    &te_op_accumulate,  &te_op_adam,         &te_op_running_update,
    &te_op_head_epilogue_dx, &te_op_head_affine_dx, NULL,
};

static bool is_word(const char *word, const char *text, size_t length)
{
    return strlen(word) == length && strncmp(word, text, length) == 0;
}

/* Is `item`, "op=variant" or a variant alone, in the table? */
static bool is_variant(const char *item, size_t length)
{
    const char *equals = memchr(item, '=', length), *name = equals ? equals + 1 : item;
    for (int i = 0; te_ops[i]; i++) {
        bool named = !equals || is_word(te_ops[i]->name, item, (size_t)(equals - item));
        for (const te_variant *variant = te_ops[i]->variants; named && variant->name; variant++) {
            if (is_word(variant->name, name, length - (size_t)(name - item))) {
                return true;
            }
        }
    }
    return false;
}

te_status te_ops_check_variants(const char *setting)
{
    for (const char *item = setting; *item;) {
        item += strspn(item, " ");
        size_t length = strcspn(item, ", ");
        if (!is_variant(item, length)) {
            return te_fail(TE_ERR_SETTING, "'kernels.variant' holds '%.*s', which is no variant of this library "
                           "(for example generic, or linear=generic,attention=cpu)", (int)length, item);
        }
        item += length;
        item += strspn(item, ", ");
    }
    return TE_OK;
}
