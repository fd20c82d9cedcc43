/* Opening and closing a device, waiting for it. */
#include "device/opencl.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static te_status open_queues(te_device *device, cl_platform_id platform)
{
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    cl_int code;
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        return te_cl_fail(device, code, "clCreateContext", NULL);
    }
    /* In order: some drivers offer nothing else, and a step is one chain anyway. */
    device->queue = clCreateCommandQueue(device->context, device->id, device->recording ? CL_QUEUE_PROFILING_ENABLE : 0,
                                         &code);
    return code == CL_SUCCESS ? TE_OK : te_cl_fail(device, code, "clCreateCommandQueue", NULL);
}

static te_status open_listed(te_device **device, const te_listed *listed, const te_settings *settings)
{
    te_device *opened = te_alloc(1, sizeof *opened, "a device");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->id = listed->id;
    opened->caps = listed->caps;
    opened->info = listed->info;
    te_status status;
    TE_TRY_OUT(te_settings_copy(&opened->settings, settings));
    TE_TRY_OUT(settings->device.record ? te_recording_create(&opened->recording) : TE_OK);
    TE_TRY_OUT(open_queues(opened, listed->platform));
    te_log(TE_LOG_INFO, "device %d: %s (%s, %s), %s", opened->info.index, opened->info.name, opened->info.platform,
           opened->info.type, opened->info.why);
    te_tunings_load(opened);
    *device = opened;
    return TE_OK;
out:
    te_device_close(opened);
    return status;
}

/* What would fail at the first program, when there is a model already. */
static te_status check_folders(const te_settings *settings)
{
    const char *const folders[][2] = {{"kernels.folder", settings->kernels.folder},
                                      {"device.binary", settings->device.binary}};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *path = folders[i][1];
        struct stat facts;
        int error = stat(path, &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
        if (*path && error) {
            return te_fail(TE_ERR_FILE, "cannot open '%s', the folder of '%s': %s", path, folders[i][0],
                           te_file_reason(path, error));
        }
    }
    return *settings->kernels.export ? te_folder_make(settings->kernels.export) : TE_OK;
}

static te_status open_default(te_device **device)
{
    te_settings *settings;
    TE_TRY(te_settings_create(&settings));
    te_status status = te_device_open(device, settings);
    te_settings_free(settings);
    return status;
}

te_status te_device_open(te_device **device, const te_settings *settings)
{
    TE_NEED(device);
    if (!settings) {
        return open_default(device);
    }
    te_listed *list;
    size_t count, chosen;
    TE_TRY(check_folders(settings));
    te_interrupt_forget(); /* what stopped earlier work is no reason to leave this device's binaries out of the cache */
    TE_TRY(te_list_devices(&list, &count));
    te_status status = te_select(list, count, settings, &chosen);
    if (status == TE_OK) {
        status = open_listed(device, &list[chosen], settings);
    }
    free(list);
    return status;
}

void te_device_close(te_device *device)
{
    if (!device) {
        return;
    }
    te_programs_free(device);
    if (device->queue) {
        clFinish(device->queue);
        te_library_release(device);
        clReleaseCommandQueue(device->queue);
    }
    if (device->dealer) {
        clReleaseMemObject(device->dealer);
    }
    if (device->context) {
        clReleaseContext(device->context);
    }
    te_device_clear_tunings(device);
    free(device->rejected);
    te_recording_free(device->recording);
    te_settings_free(device->settings);
    free(device);
}

te_status te_device_get_info(const te_device *device, te_device_info *info)
{
    TE_NEED(device, info);
    *info = device->info;
    return TE_OK;
}

te_status te_device_finish(te_device *device)
{
    device->pending = 0;
    cl_int code = clFinish(device->queue);
    if (device->recording && code == CL_SUCCESS) {
        te_recording_collect(device->recording);
    }
    return code == CL_SUCCESS ? TE_OK : te_cl_fail(device, code, "clFinish", NULL);
}

bool te_caps_wide_cpu(const te_caps *caps)
{
    return (caps->types & TE_TYPE_CPU) && !caps->simulator && caps->float_width >= 4;
}

bool te_caps_dot_bf16(const te_caps *caps)
{
    return caps->units.dot_bf16 && caps->float_width >= 16;
}

const te_caps *te_device_caps(const te_device *device)
{
    return &device->caps;
}

const char *te_device_name(const te_device *device)
{
    return device->info.name;
}

const struct te_settings *te_device_settings(const te_device *device)
{
    return device->settings;
}
