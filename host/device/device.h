/* One opened OpenCL device, as the layers above see it: limits, buffers, kernels, one in-order queue.
 *
 * Nothing of OpenCL shows in this header; host/device is the only folder that includes <CL/cl.h>.
 */
#ifndef TE_DEVICE_DEVICE_H
#define TE_DEVICE_DEVICE_H

#include "base/settings.h"
#include "device/cpu_features.h"

#include <stdbool.h>

/* Device types are a bit set in OpenCL; a simulator reports all of them. */
enum { TE_TYPE_CPU = 1, TE_TYPE_GPU = 2, TE_TYPE_ACCELERATOR = 4, TE_TYPE_CUSTOM = 8 };

/* What implementations are chosen by. Queried, never assumed. */
typedef struct te_caps {
    unsigned types;           /* TE_TYPE_* bits */
    uint32_t loop_limit;      /* iterations after which a work-item leaves its loops; 0: none (from the quirk table) */
    bool simulator;           /* executes correctly and very slowly (from the quirk table) */
    bool compiler, little_endian, available, unified_memory;
    uint32_t compute_units, address_bits, base_alignment, float_width;
    uint64_t global_memory, max_allocation, local_memory;
    size_t max_work_group, max_work_item[3];
    bool fp16, fp64;
    te_cpu_features units;    /* of this machine's processor, where kernels reach them; else none */
} te_caps;

/* Whether kernels written for CPU devices suit: a processor whose driver knows its registers as vectors of float. What width a
 * driver prefers says nothing: Intel's asks for single numbers, which it makes vectors of itself, and takes vectors as well. */
bool te_caps_wide_cpu(const te_caps *caps);

/* Whether its kernels may hold vdpbf16ps on vectors of 16. */
bool te_caps_dot_bf16(const te_caps *caps);

const te_caps *te_device_caps(const te_device *device);
const char *te_device_name(const te_device *device);
const struct te_settings *te_device_settings(const te_device *device);

/* Wait for everything that was enqueued. A driver's asynchronous error surfaces here. */
te_status te_device_finish(te_device *device);

/* ---- buffers ---- */

typedef struct te_buffer te_buffer;

/* `bytes` bytes of device memory. TE_ERR_MEMORY names `what`, the size and the device's limit. */
te_status te_buffer_create(te_buffer **buffer, te_device *device, size_t bytes, const char *what);

/* The same with a copy of `data` inside, for which the queue is not waited for. */
te_status te_buffer_create_filled(te_buffer **buffer, te_device *device, size_t bytes, const void *data, const char *what);
void te_buffer_free(te_buffer *buffer);
size_t te_buffer_bytes(const te_buffer *buffer);

/* Blocking transfers of `bytes` bytes at byte `offset`. */
te_status te_buffer_write(te_buffer *buffer, size_t offset, const void *data, size_t bytes);
te_status te_buffer_read(te_buffer *buffer, size_t offset, void *data, size_t bytes);

/* Bytes of all buffers alive on the device, now and at most. */
size_t te_device_memory(const te_device *device, size_t *peak);

/* ---- kernels ---- */

/* One kernel of a program, its arguments bound; enqueue it as often as needed. */
typedef struct te_kernel te_kernel;

/* Announce a program, so that it can be told how many there are to compile. */
te_status te_program_expect(te_device *device, const char *family, const char *options);

/* Kernel `name` of kernels/<family>.cl built with `options` ("-DTILE=8 ..."). The program is built, or taken from the
 * cache, when it is first needed. */
te_status te_kernel_create(te_kernel **kernel, te_device *device, const char *family, const char *name,
                           const char *options);
void te_kernel_free(te_kernel *kernel);

te_status te_kernel_set_buffer(te_kernel *kernel, unsigned index, const te_buffer *buffer); /* NULL: a null pointer */
te_status te_kernel_set_int(te_kernel *kernel, unsigned index, int32_t value);
te_status te_kernel_set_float(te_kernel *kernel, unsigned index, float value);

/* The counters that work-items are dealt pieces of work from (deal() in kernels/wide.clh): one pair for the whole device, since
 * a queue in order runs one kernel at a time, and each leaves them at zero. */
te_status te_kernel_set_dealer(te_kernel *kernel, unsigned index);

/* Enqueue over `global` work-items in work-groups of `local` (global is rounded up to it; kernels guard the rest). */
te_status te_kernel_run(te_kernel *kernel, const size_t global[3], const size_t local[3]);

/* The largest work-group this kernel can run with on its device, and the local memory that it takes. */
te_status te_kernel_limits(const te_kernel *kernel, size_t *work_items, uint64_t *local_bytes);

/* ---- recording: what ran when, on a device opened with device.record ---- */

/* What launches are for: a call of a graph. */
typedef struct te_work {
    const char *part, *op, *variant; /* "backbone", "linear", "cpu"; they must outlive the device */
    bool once;                       /* what is made for such calls once, not in every run: packed weights */
    double operations;               /* of floating-point numbers in one run; 0: not worth counting */
    uint64_t runs;
} te_work;

/* One kernel or transfer, or with `device` false what the host did; seconds on te_clock_now(). */
typedef struct te_span {
    char name[48];
    int work;                        /* in te_spans.works, or -1 */
    bool device;
    double enqueued, start, end;
} te_span;

typedef struct te_spans {
    const te_span *list;
    size_t count, dropped;           /* dropped: for want of room */
    const te_work *works;
    size_t work_count;
    double opened;                   /* when recording began */
} te_spans;

bool te_device_records(const te_device *device);

/* Name a work; what is enqueued behind te_device_begin_work() belongs to it (-1: to none). Without a
 * recording both do nothing. */
int te_device_add_work(te_device *device, const te_work *work);
void te_device_begin_work(te_device *device, int work);

/* Something that the host did, or waited for. */
void te_device_record(te_device *device, const char *name, double start, double end);

/* Everything so far; waits for it. The lists belong to the device, until the next call. */
void te_device_get_spans(te_device *device, te_spans *spans);

/* ---- tuning: which variant was measured to be the fastest for a call on this device (tuning.c) ---- */

/* Variant noted for op `op` with a call that te_call_describe() calls `shape`, or NULL. */
const char *te_device_get_tuning(const te_device *device, const char *op, const char *shape);

/* Note one; NULL: none any longer. */
te_status te_device_set_tuning(te_device *device, const char *op, const char *shape, const char *variant);
size_t te_device_count_tunings(const te_device *device);
void te_device_clear_tunings(te_device *device);

/* Write those that there are as a file that kernels.tuning may name. */
te_status te_device_save_tunings(const te_device *device, const char *path);

/* Where kernels.tuning = auto looks for this device, in fresh memory; NULL without a home folder. */
char *te_device_tuning_path(const te_device *device);

/* The same for writing: its folder is made. */
te_status te_device_make_tuning_path(const te_device *device, char **path);

/* ---- variants that do not work on the device (rejected.c); both names must outlive it ---- */

te_status te_device_reject(te_device *device, const char *op, const char *variant);
bool te_device_rejects(const te_device *device, const char *op, const char *variant);

/* ---- CLBlast ---- */

/* c (M,N) += a (M,K) b (K,N), row-major with the given row strides and offsets, in elements; a transposed side is
 * stored as (K,M) or (N,K). */
typedef struct te_sgemm {
    size_t m, n, k;
    const te_buffer *a, *b;
    te_buffer *c;
    size_t a_offset, a_stride, b_offset, b_stride, c_offset, c_stride;
    bool a_transposed, b_transposed;
} te_sgemm;

te_status te_device_sgemm(te_device *device, const te_sgemm *product);

#endif
