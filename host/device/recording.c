/* What ran when: the events of every kernel and transfer of a device opened with device.record.
 *
 * Events are read where the host waits for the device anyway, so that recording adds no waiting of its own. Their times are
 * the device's; they are brought to the host's clock by the first event's moment of enqueueing, known to both. */
#include "device/opencl.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SPANS = 4 << 20 /* some hundred megabytes; behind them nothing is recorded */ };

typedef struct pending {
    cl_event event;
    size_t span;
} pending;

struct te_recording {
    te_span *spans;
    size_t count, capacity, dropped;
    pending *waiting;
    size_t waiting_count, waiting_capacity;
    te_work *works;
    size_t work_count, work_capacity;
    int current;      /* the work whose launches are being enqueued, -1: none */
    double opened;    /* host clock */
    double offset;    /* host clock minus device clock, once aligned */
    bool aligned, told;
};

te_status te_recording_create(te_recording **recording)
{
    te_recording *created = te_alloc(1, sizeof *created, "a recording");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->current = -1;
    created->opened = te_clock_now();
    *recording = created;
    return TE_OK;
}

void te_recording_free(te_recording *recording)
{
    if (recording) {
        for (size_t i = 0; i < recording->waiting_count; i++) {
            clReleaseEvent(recording->waiting[i].event);
        }
        free(recording->waiting);
        free(recording->spans);
        free(recording->works);
        free(recording);
    }
}

/* Room for one more element of `bytes` bytes in a list that doubles. NULL where memory is short: the list stays. */
static void *grow(void *list, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity) {
        return list;
    }
    size_t wanted = *capacity ? 2 * *capacity : 256;
    void *grown = te_realloc(list, wanted, bytes, "a recording");
    if (grown) {
        *capacity = wanted;
    }
    return grown;
}

/* A new span, or NULL. Diagnostics must not end what they watch: without room, spans are counted and left out. */
static te_span *add_span(te_recording *at)
{
    te_span *spans = at->count < MOST_SPANS ? grow(at->spans, at->count, &at->capacity, sizeof *spans) : NULL;
    if (!spans) {
        at->dropped++;
        return NULL;
    }
    at->spans = spans;
    return &spans[at->count++];
}

void te_recording_event(te_recording *at, cl_event event, const char *name, double enqueued)
{
    pending *waiting = grow(at->waiting, at->waiting_count, &at->waiting_capacity, sizeof *waiting);
    te_span *span = waiting ? add_span(at) : NULL;
    at->waiting = waiting ? waiting : at->waiting;
    if (!span) {
        clReleaseEvent(event);
        return;
    }
    *span = (te_span){.work = at->current, .start = enqueued, .end = enqueued, .enqueued = enqueued, .device = true};
    snprintf(span->name, sizeof span->name, "%s", name);
    at->waiting[at->waiting_count++] = (pending){event, at->count - 1};
}

static bool read_times(cl_event event, double *queued, double *start, double *end)
{
    cl_ulong times[3];
    static const cl_profiling_info facts[3] = {CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_START,
                                               CL_PROFILING_COMMAND_END};
    for (int i = 0; i < 3; i++) {
        if (clGetEventProfilingInfo(event, facts[i], sizeof times[i], &times[i], NULL) != CL_SUCCESS) {
            return false;
        }
    }
    *queued = 1e-9 * (double)times[0];
    *start = 1e-9 * (double)times[1];
    *end = 1e-9 * (double)times[2];
    return true;
}

void te_recording_collect(te_recording *at)
{
    for (size_t i = 0; i < at->waiting_count; i++) {
        te_span *span = &at->spans[at->waiting[i].span];
        double queued, start, end;
        bool known = clWaitForEvents(1, &at->waiting[i].event) == CL_SUCCESS &&
                     read_times(at->waiting[i].event, &queued, &start, &end);
        clReleaseEvent(at->waiting[i].event);
        if (!known) {
            if (!at->told) {
                te_log(TE_LOG_WARNING, "the device says nothing of when '%s' ran: the recording has gaps", span->name);
            }
            at->told = true;
            continue;
        }
        at->offset = at->aligned ? at->offset : span->enqueued - queued;
        at->aligned = true;
        span->start = start + at->offset;
        span->end = end + at->offset;
    }
    at->waiting_count = 0;
}

/* ---- for the layers above ---- */

bool te_device_records(const te_device *device)
{
    return device->recording != NULL;
}

int te_device_add_work(te_device *device, const te_work *work)
{
    te_recording *at = device->recording;
    te_work *works = at ? grow(at->works, at->work_count, &at->work_capacity, sizeof *works) : NULL;
    if (!works) {
        return -1;
    }
    at->works = works;
    at->works[at->work_count] = *work;
    return (int)at->work_count++;
}

void te_device_begin_work(te_device *device, int work)
{
    if (device->recording) {
        device->recording->current = work;
        if (work >= 0) {
            device->recording->works[work].runs++;
        }
    }
}

void te_device_record(te_device *device, const char *name, double start, double end)
{
    te_span *span = device->recording ? add_span(device->recording) : NULL;
    if (span) {
        *span = (te_span){.work = -1, .start = start, .end = end, .enqueued = start};
        snprintf(span->name, sizeof span->name, "%s", name);
    }
}

void te_device_get_spans(te_device *device, te_spans *spans)
{
    te_recording *at = device->recording;
    *spans = (te_spans){.list = NULL};
    if (at) {
        te_recording_collect(at);
        *spans = (te_spans){.list = at->spans, .count = at->count, .dropped = at->dropped, .works = at->works,
                            .work_count = at->work_count, .opened = at->opened};
    }
}
