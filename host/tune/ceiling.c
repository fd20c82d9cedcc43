/* Kernels of kernels/ceiling.cl, and of ceiling_cpu.cl where processors' kernels suit: the better one counts. */
#include "tune/ceiling.h"

#include "base/clock.h"
#include "base/interrupt.h"

#include <math.h>

enum {
    SAMPLES = 7,
    WIDTH = 16,       /* numbers of a vector in ceiling_cpu.cl */
    CHAINS = 8,       /* of ceiling.cl */
    CHAINS_CPU = 16,  /* vectors, of ceiling_cpu.cl */
    SMALL = 256 << 10 /* bytes that a core's second-level cache holds twice */
};

/* A kernel ready to run. */
typedef struct timed {
    te_device *device;
    te_kernel *kernel;
    size_t global[3], local[3];
} timed;

/* Processors' kernels take work-groups of one, the others as many as 64. */
static te_status open(timed *at, te_device *device, bool cpu, const char *kernel, size_t global)
{
    const te_caps *caps = te_device_caps(device);
    *at = (timed){.device = device, .global = {global, 1, 1}, .local = {1, 1, 1}};
    TE_TRY(te_kernel_create(&at->kernel, device, cpu ? "ceiling_cpu" : "ceiling", kernel, ""));
    size_t limit;
    uint64_t bytes;
    TE_TRY(te_kernel_limits(at->kernel, &limit, &bytes));
    limit = limit < caps->max_work_item[0] ? limit : caps->max_work_item[0];
    while (!cpu && at->local[0] < 64 && 2 * at->local[0] <= limit) {
        at->local[0] *= 2;
    }
    return TE_OK;
}

/* Seconds of a run at best, over samples that take some milliseconds each; of a slow device a few will do. */
static te_status measure(timed *at, double *seconds)
{
    static const double sample_seconds = 0.01, enough_seconds = 0.5;
    double first = te_clock_now(), best = INFINITY;
    int repeats = 1;
    for (int sample = -2; sample < SAMPLES; sample++) { /* two to warm up */
        TE_TRY(te_interrupt_check());
        double start = te_clock_now();
        if (sample > 0 && start - first > enough_seconds) {
            break;
        }
        for (int run = 0; run < repeats; run++) {
            TE_TRY(te_kernel_run(at->kernel, at->global, at->local));
        }
        TE_TRY(te_device_finish(at->device));
        double each = (te_clock_now() - start) / repeats;
        if (sample >= 0) {
            best = fmin(best, each);
        } else {
            repeats = (int)fmin(1000.0, ceil(sample_seconds / fmax(each, 1e-9)));
        }
    }
    *seconds = best;
    return TE_OK;
}

/* ---- multiply-adds ---- */

/* Operations a second of one of both kernels. */
static te_status measure_fma(te_device *device, bool cpu, double *rate)
{
    bool simulator = te_device_caps(device)->simulator;
    size_t global = cpu ? 32 * (size_t)te_device_caps(device)->compute_units : simulator ? 64 : 65536;
    int rounds = simulator ? 16 : cpu ? 16384 : 2048;
    double operations = 2.0 * rounds * (double)global * (cpu ? CHAINS_CPU * WIDTH : CHAINS), seconds;
    te_buffer *out = NULL;
    timed at = {.kernel = NULL};
    te_status status;
    TE_TRY_OUT(te_buffer_create(&out, device, global * (cpu ? WIDTH : 1) * sizeof(float), "a measurement"));
    TE_TRY_OUT(open(&at, device, cpu, cpu ? "ceiling_fma_cpu" : "ceiling_fma", global));
    TE_TRY_OUT(te_kernel_set_buffer(at.kernel, 0, out));
    TE_TRY_OUT(te_kernel_set_int(at.kernel, 1, rounds));
    TE_TRY_OUT(measure(&at, &seconds));
    *rate = fmax(*rate, operations / seconds);
out:
    te_kernel_free(at.kernel);
    te_buffer_free(out);
    return status;
}

/* ---- copies ---- */

/* Bytes a second, read and written, of copies between two buffers of `bytes` bytes; a small one is repeated in the kernel. */
static te_status copy_between(te_device *device, bool cpu, te_buffer *from, te_buffer *to, bool small, double *rate)
{
    size_t bytes = te_buffer_bytes(from), count = bytes / sizeof(float);
    size_t parts = (small ? 1 : 32) * (size_t)te_device_caps(device)->compute_units;
    size_t global = cpu ? parts : count / 4 < 65536 ? count / 4 : 65536;
    int rounds = small && !te_device_caps(device)->simulator ? 16 : 1;
    timed at = {.kernel = NULL};
    double seconds;
    te_status status;
    TE_TRY_OUT(open(&at, device, cpu, cpu ? "ceiling_copy_cpu" : "ceiling_copy", global));
    TE_TRY_OUT(te_kernel_set_buffer(at.kernel, 0, from));
    TE_TRY_OUT(te_kernel_set_buffer(at.kernel, 1, to));
    TE_TRY_OUT(te_kernel_set_int(at.kernel, 2, (int32_t)count));
    TE_TRY_OUT(te_kernel_set_int(at.kernel, 3, rounds));
    TE_TRY_OUT(measure(&at, &seconds));
    *rate = fmax(*rate, 2.0 * (double)bytes * rounds / seconds);
out:
    te_kernel_free(at.kernel);
    return status;
}

static te_status measure_copy(te_device *device, size_t bytes, bool small, double *rate)
{
    te_buffer *from = NULL, *to = NULL;
    te_status status;
    const float zero = 0.0f;
    TE_TRY_OUT(te_buffer_create(&from, device, bytes, "a measurement"));
    TE_TRY_OUT(te_buffer_create(&to, device, bytes, "a measurement"));
    TE_TRY_OUT(te_buffer_write(from, 0, &zero, sizeof zero));
    TE_TRY_OUT(copy_between(device, false, from, to, small, rate));
    if (te_caps_wide_cpu(te_device_caps(device))) {
        TE_TRY_OUT(copy_between(device, true, from, to, small, rate));
    }
out:
    te_buffer_free(to);
    te_buffer_free(from);
    return status;
}

/* Bytes of the copy beyond the caches, in parts that every compute unit has as many of. */
static size_t large_bytes(const te_caps *caps)
{
    uint64_t most = caps->global_memory / 16 < caps->max_allocation ? caps->global_memory / 16 : caps->max_allocation;
    uint64_t wanted = caps->simulator ? 1 << 20 : 128 << 20, unit = (uint64_t)SMALL * caps->compute_units;
    most = wanted < most ? wanted : most;
    return (size_t)(most > unit ? most / unit * unit : unit);
}

te_status te_ceilings_measure(te_device *device, te_bench_ceilings *ceilings)
{
    const te_caps *caps = te_device_caps(device);
    bool cpu = te_caps_wide_cpu(caps);
    size_t large = large_bytes(caps), small = cpu ? (size_t)SMALL * caps->compute_units : 1 << 20;
    *ceilings = (te_bench_ceilings){.memory_bytes = 2 * large, .cache_bytes = 2 * small};
    TE_TRY(measure_fma(device, false, &ceilings->operations));
    if (cpu) {
        TE_TRY(measure_fma(device, true, &ceilings->operations));
    }
    TE_TRY(measure_copy(device, large, false, &ceilings->memory));
    return measure_copy(device, small, true, &ceilings->cache);
}

double te_ceilings_allow(const te_bench_ceilings *ceilings, double operations, double bytes)
{
    double bandwidth = bytes <= (double)ceilings->cache_bytes ? ceilings->cache : ceilings->memory;
    return fmax(operations / ceilings->operations, bytes / bandwidth);
}
