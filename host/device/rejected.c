/* Variants that turned out not to work on a device: the library's own choices pass over them from then on. */
#include "device/opencl.h"

#include <string.h>

bool te_device_rejects(const te_device *device, const char *op, const char *variant)
{
    for (size_t i = 0; i < device->rejected_count; i++) {
        const te_rejected *rejected = &device->rejected[i];
        if (strcmp(rejected->op, op) == 0 && strcmp(rejected->variant, variant) == 0) {
            return true;
        }
    }
    return false;
}

te_status te_device_reject(te_device *device, const char *op, const char *variant)
{
    te_rejected *list = te_realloc(device->rejected, device->rejected_count + 1, sizeof *list, "rejected variants");
    if (!list) {
        return TE_ERR_MEMORY;
    }
    list[device->rejected_count++] = (te_rejected){op, variant};
    device->rejected = list;
    return TE_OK;
}
