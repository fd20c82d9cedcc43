/* Device memory and transfers. */
#include "device/opencl.h"

#include "base/clock.h"

#include <stdlib.h>

te_status te_buffer_create_filled(te_buffer **buffer, te_device *device, size_t bytes, const void *data, const char *what)
{
    double mib = (double)bytes / (1 << 20);
    if (bytes > device->caps.max_allocation) {
        return te_fail(TE_ERR_MEMORY, "%.1f MiB for %s exceed the %.1f MiB that device '%s' allows in one buffer: "
                       "use a smaller input size, batch or model", mib, what,
                       (double)device->caps.max_allocation / (1 << 20), device->info.name);
    }
    te_buffer *created = te_alloc(1, sizeof *created, "a buffer");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    cl_int code;
    double start = te_clock_now();
    bool filled = data && bytes > 0;
    cl_mem_flags flags = CL_MEM_READ_WRITE | (filled ? CL_MEM_COPY_HOST_PTR : 0);
    created->memory = clCreateBuffer(device->context, flags, bytes ? bytes : 1, filled ? (void *)(uintptr_t)data : NULL, &code);
    if (code != CL_SUCCESS) {
        free(created);
        te_cl_fail(device, code, "clCreateBuffer", NULL);
        return te_fail_prefix(TE_ERR_MEMORY, "%.1f MiB for %s beside %.1f MiB in use (use a smaller input size, batch "
                              "or model): ", mib, what, (double)device->allocated / (1 << 20));
    }
    created->device = device;
    created->bytes = bytes;
    device->allocated += bytes;
    device->peak = device->allocated > device->peak ? device->allocated : device->peak;
    *buffer = created;
    if (filled && device->recording) {
        te_device_record(device, "write to device", start, te_clock_now());
    }
    return TE_OK;
}

te_status te_buffer_create(te_buffer **buffer, te_device *device, size_t bytes, const char *what)
{
    return te_buffer_create_filled(buffer, device, bytes, NULL, what);
}

void te_buffer_free(te_buffer *buffer)
{
    if (buffer) {
        buffer->device->allocated -= buffer->bytes;
        clReleaseMemObject(buffer->memory);
        free(buffer);
    }
}

size_t te_buffer_bytes(const te_buffer *buffer)
{
    return buffer->bytes;
}

size_t te_device_memory(const te_device *device, size_t *peak)
{
    if (peak) {
        *peak = device->peak;
    }
    return device->allocated;
}

/* Overflow-safe: is [offset, offset + bytes) inside the buffer? */
static te_status check_range(const te_buffer *buffer, size_t offset, size_t bytes)
{
    if (offset > buffer->bytes || bytes > buffer->bytes - offset) {
        return te_fail(TE_ERR_ARGUMENT, "a transfer of %zu bytes at %zu does not fit a buffer of %zu bytes", bytes,
                       offset, buffer->bytes);
    }
    return TE_OK;
}

/* A transfer that is over; where things are recorded, how long it took. */
static te_status end_transfer(te_device *device, cl_int code, const char *call, const char *name, double start)
{
    if (code != CL_SUCCESS) {
        return te_cl_fail(device, code, call, NULL);
    }
    if (device->recording) {
        te_device_record(device, name, start, te_clock_now());
    }
    return TE_OK;
}

te_status te_buffer_write(te_buffer *buffer, size_t offset, const void *data, size_t bytes)
{
    te_device *device = buffer->device;
    TE_TRY(check_range(buffer, offset, bytes));
    if (bytes == 0) {
        return TE_OK;
    }
    double start = te_clock_now();
    cl_int code = clEnqueueWriteBuffer(device->queue, buffer->memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return end_transfer(device, code, "clEnqueueWriteBuffer", "write to device", start);
}

te_status te_buffer_read(te_buffer *buffer, size_t offset, void *data, size_t bytes)
{
    te_device *device = buffer->device;
    TE_TRY(check_range(buffer, offset, bytes));
    if (bytes == 0) {
        return TE_OK;
    }
    double start = te_clock_now();
    cl_int code = clEnqueueReadBuffer(device->queue, buffer->memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return end_transfer(device, code, "clEnqueueReadBuffer", "read from device", start);
}
