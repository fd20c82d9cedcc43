/* Which implementation a call gets: the one that is forced, else the one that is tuned, else what the device suits. */
#include "graph/plan_private.h"

#include "base/log.h"

#include <string.h>

static const te_variant *find_variant(const te_op *op, const char *name, size_t length)
{
    for (const te_variant *variant = op->variants; variant->name; variant++) {
        if (strlen(variant->name) == length && strncmp(variant->name, name, length) == 0) {
            return variant;
        }
    }
    return NULL;
}

/* The variant that the setting kernels.variant ("generic,linear=cpu") names for an op, or NULL. A name alone is for all ops
 * that have it; an item with the op's name goes before. */
static const te_variant *forced_variant(const char *setting, const te_op *op)
{
    const te_variant *for_all = NULL;
    size_t op_length = strlen(op->name);
    for (const char *item = setting; item && *item; item = strchr(item, ','), item = item ? item + 1 : NULL) {
        item += strspn(item, " ");
        size_t length = strcspn(item, ", "), before = strcspn(item, "=, ");
        if (before == length) {
            for_all = for_all ? for_all : find_variant(op, item, length);
        } else if (before == op_length && strncmp(item, op->name, op_length) == 0) {
            return find_variant(op, item + before + 1, length - before - 1);
        }
    }
    return for_all;
}

const te_variant *te_call_forced(const te_call *call, const te_device *device)
{
    const te_variant *forced = forced_variant(te_device_settings(device)->kernels.variant, call->op);
    return forced && te_variant_runs(forced, te_device_caps(device), call) ? forced : NULL;
}

bool te_variant_runs(const te_variant *variant, const te_caps *caps, const te_call *call)
{
    bool device = !variant->for_processors || te_caps_wide_cpu(caps);
    return device && (!variant->supports || variant->supports(caps, call));
}

const te_variant *te_plan_choose(const te_plan *plan, const te_call *call)
{
    const te_caps *caps = te_device_caps(plan->device);
    const te_variant *forced = te_call_forced(call, plan->device);
    if (forced) {
        return forced;
    }
    const te_variant *tuned = te_plan_tuned(plan, call);
    if (tuned) {
        return tuned;
    }
    const te_variant *chosen = &call->op->variants[0];
    for (const te_variant *variant = chosen + 1; variant->name; variant++) {
        if (variant->preferred && te_variant_runs(variant, caps, call) && variant->preferred(caps, call) &&
            !te_device_rejects(plan->device, call->op->name, variant->name)) {
            chosen = variant;
        }
    }
    return chosen;
}

bool te_plan_pass_over(te_plan *plan, const te_call *call, const te_variant *variant, te_status status)
{
    te_device *device = plan->device;
    bool failed = status == TE_ERR_DEVICE || status == TE_ERR_UNSUPPORTED, last = variant == &call->op->variants[0];
    bool asked = variant == te_call_forced(call, device) || variant == te_plan_tuned(plan, call);
    if (!failed || last || asked || te_device_settings(device)->device.binary[0] ||
        te_device_reject(device, call->op->name, variant->name) != TE_OK) {
        return false;
    }
    te_log(TE_LOG_WARNING, "op '%s' does without its variant '%s' on device '%s', and may be slower: %s", call->op->name,
           variant->name, te_device_name(device), te_last_error());
    return true;
}
