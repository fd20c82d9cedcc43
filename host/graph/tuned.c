/* What a call looks like to a tuning, and the variant that one names for it. */
#include "graph/plan_private.h"

#include <stdio.h>
#include <string.h>

/* Attributes as hexadecimal digits without the zeros at their end, behind a mark. Ops set all of their bytes. */
static void describe_attributes(const te_call *call, char *text, size_t bytes)
{
    size_t length = call->op->attribute_bytes, used = 0;
    while (length > 0 && call->attributes[length - 1] == 0) {
        length--;
    }
    for (size_t i = 0; i < length && used < bytes; i++) {
        used += (size_t)snprintf(text + used, bytes - used, "%s%02x", i ? "" : " #", call->attributes[i]);
    }
}

void te_call_describe(const te_call *call, unsigned constants, char text[TE_CALL_TEXT])
{
    size_t used = 0;
    char shape[64];
    text[0] = '\0';
    for (int i = 0; i < TE_INPUTS && used < TE_CALL_TEXT; i++) {
        if (call->in[i].rank) {
            used += (size_t)snprintf(text + used, TE_CALL_TEXT - used, "%s%s%s", used ? " " : "",
                                     constants & 1u << i ? "=" : "", te_shape_text(&call->in[i], shape));
        } else if (i + 1 < TE_INPUTS && call->in[i + 1].rank) {
            used += (size_t)snprintf(text + used, TE_CALL_TEXT - used, " -");
        }
    }
    if (used < TE_CALL_TEXT) {
        describe_attributes(call, text + used, TE_CALL_TEXT - used);
    }
}

const te_variant *te_plan_tuned(const te_plan *plan, const te_call *call)
{
    if (te_device_count_tunings(plan->device) == 0) {
        return NULL;
    }
    unsigned constants = 0;
    for (int i = 0; i < TE_INPUTS; i++) {
        constants |= call->in[i].rank && plan->values[call->in_value[i]].constant ? 1u << i : 0;
    }
    char text[TE_CALL_TEXT];
    te_call_describe(call, constants, text);
    const char *name = te_device_get_tuning(plan->device, call->op->name, text);
    for (const te_variant *variant = call->op->variants; name && variant->name; variant++) {
        if (strcmp(variant->name, name) == 0) {
            return te_variant_runs(variant, te_device_caps(plan->device), call) ? variant : NULL;
        }
    }
    return NULL;
}
