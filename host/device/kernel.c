/* The one launcher: kernels, their arguments, their work sizes. */
#include "device/opencl.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 96,
    FLUSH_EVERY = 16 /* kernels: the device starts early and submissions stay short on GPUs that also draw a display */
};

struct te_kernel {
    te_device *device;
    cl_kernel kernel;
    char name[NAME_BYTES]; /* "family:kernel" for messages */
};

te_status te_kernel_create(te_kernel **kernel, te_device *device, const char *family, const char *name,
                           const char *options)
{
    cl_program program;
    TE_TRY(te_program_get(device, family, options, &program));
    te_kernel *created = te_alloc(1, sizeof *created, "a kernel");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    snprintf(created->name, sizeof created->name, "%s:%s", family, name);
    cl_int code;
    created->kernel = clCreateKernel(program, name, &code);
    if (code != CL_SUCCESS) {
        te_cl_fail(device, code, "clCreateKernel", created->name);
        free(created);
        return TE_ERR_DEVICE;
    }
    created->device = device;
    *kernel = created;
    return TE_OK;
}

void te_kernel_free(te_kernel *kernel)
{
    if (kernel) {
        clReleaseKernel(kernel->kernel);
        free(kernel);
    }
}

static te_status set(te_kernel *kernel, unsigned index, size_t bytes, const void *value)
{
    cl_int code = clSetKernelArg(kernel->kernel, index, bytes, value);
    if (code == CL_SUCCESS) {
        return TE_OK;
    }
    char call[48];
    snprintf(call, sizeof call, "clSetKernelArg(%u)", index);
    return te_cl_fail(kernel->device, code, call, kernel->name);
}

te_status te_kernel_set_buffer(te_kernel *kernel, unsigned index, const te_buffer *buffer)
{
    return buffer ? set(kernel, index, sizeof buffer->memory, &buffer->memory)
                  : set(kernel, index, sizeof(cl_mem), NULL);
}

te_status te_kernel_set_int(te_kernel *kernel, unsigned index, int32_t value)
{
    return set(kernel, index, sizeof value, &value);
}

te_status te_kernel_set_float(te_kernel *kernel, unsigned index, float value)
{
    return set(kernel, index, sizeof value, &value);
}

te_status te_kernel_set_dealer(te_kernel *kernel, unsigned index)
{
    te_device *device = kernel->device;
    if (!device->dealer) {
        cl_int none[2] = {0, 0}, code;
        device->dealer = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof none, none, &code);
        if (code != CL_SUCCESS) {
            return te_cl_fail(device, code, "clCreateBuffer", kernel->name);
        }
    }
    return set(kernel, index, sizeof device->dealer, &device->dealer);
}

te_status te_kernel_limits(const te_kernel *kernel, size_t *work_items, uint64_t *local_bytes)
{
    cl_device_id device = kernel->device->id;
    cl_ulong local = 0;
    cl_int code = clGetKernelWorkGroupInfo(kernel->kernel, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof *work_items,
                                           work_items, NULL);
    if (code == CL_SUCCESS) {
        code = clGetKernelWorkGroupInfo(kernel->kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    }
    *local_bytes = local;
    return code == CL_SUCCESS ? TE_OK
                              : te_cl_fail(kernel->device, code, "clGetKernelWorkGroupInfo", kernel->name);
}

te_status te_kernel_run(te_kernel *kernel, const size_t global[3], const size_t local[3])
{
    size_t rounded[3];
    for (int i = 0; i < 3; i++) {
        rounded[i] = (global[i] + local[i] - 1) / local[i] * local[i];
    }
    te_device *device = kernel->device;
    cl_event event;
    double now = device->recording ? te_clock_now() : 0.0;
    cl_int code = clEnqueueNDRangeKernel(device->queue, kernel->kernel, 3, NULL, rounded, local, 0, NULL,
                                         device->recording ? &event : NULL);
    if (device->recording && code == CL_SUCCESS) {
        te_recording_event(device->recording, event, kernel->name, now);
    }
    if (code == CL_SUCCESS && ++device->pending >= FLUSH_EVERY) {
        device->pending = 0;
        code = clFlush(device->queue);
    }
    return code == CL_SUCCESS ? TE_OK : te_cl_fail(device, code, "clEnqueueNDRangeKernel", kernel->name);
}
