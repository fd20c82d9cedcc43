/* What variants for processors have in common. */
#include "ops/ops.h"

bool te_prefers_wide_cpu(const te_caps *caps, const te_call *call)
{
    (void)call;
    return te_caps_wide_cpu(caps);
}

void te_launch_on_cpu(te_launch *launch, const char *family, const char *kernel, int64_t x, int64_t y)
{
    launch->family = family;
    launch->kernel = kernel;
    launch->global[0] = (size_t)x;
    launch->global[1] = (size_t)y;
    launch->global[2] = 1;
    launch->local[0] = launch->local[1] = launch->local[2] = 1;
}
