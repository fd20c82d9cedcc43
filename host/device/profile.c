/* A device's recording as a table of what took how long, and as a trace in Chrome's format. */
#include "device/device.h"

#include "base/files.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct te_profile {
    te_span *spans;
    size_t span_count, dropped;
    te_work *works;
    size_t work_count;
    double opened;
    te_profile_row *rows;
    size_t row_count, row_capacity;
};

#define ONCE ", once" /* behind an op's name */

/* ---- the table ---- */

static void name_row(te_profile_row *row, const te_profile *profile, const te_span *span)
{
    *row = (te_profile_row){.runs = 0};
    if (span->work < 0) {
        snprintf(row->op, sizeof row->op, "%.*s", (int)sizeof row->op - 1, span->name);
        return;
    }
    const te_work *work = &profile->works[span->work];
    snprintf(row->part, sizeof row->part, "%s", work->part);
    snprintf(row->op, sizeof row->op, "%s%s", work->op, work->once ? ONCE : "");
    snprintf(row->variant, sizeof row->variant, "%s", work->variant);
}

static bool same_row(const te_profile_row *a, const te_profile_row *b)
{
    return strcmp(a->op, b->op) == 0 && strcmp(a->part, b->part) == 0 && strcmp(a->variant, b->variant) == 0;
}

/* Index of the row for such work, added if there is none; rows are few: ops times parts times variants, and transfers. */
static te_status find_row(te_profile *profile, const te_profile_row *like, size_t *found)
{
    for (*found = 0; *found < profile->row_count; ++*found) {
        if (same_row(&profile->rows[*found], like)) {
            return TE_OK;
        }
    }
    if (profile->row_count == profile->row_capacity) {
        size_t capacity = 2 * profile->row_capacity + 32;
        te_profile_row *rows = te_realloc(profile->rows, capacity, sizeof *rows, "a profile");
        if (!rows) {
            return TE_ERR_MEMORY;
        }
        profile->rows = rows;
        profile->row_capacity = capacity;
    }
    profile->rows[profile->row_count++] = *like;
    return TE_OK;
}

static int compare_rows(const void *left, const void *right)
{
    const te_profile_row *a = left, *b = right;
    return a->seconds != b->seconds ? (a->seconds > b->seconds ? -1 : 1) : strcmp(a->op, b->op);
}

static te_status add_works(te_profile *profile, size_t *row_of)
{
    for (size_t i = 0; i < profile->work_count; i++) {
        const te_work *work = &profile->works[i];
        te_profile_row like;
        name_row(&like, profile, &(te_span){.work = (int)i});
        TE_TRY(find_row(profile, &like, &row_of[i]));
        profile->rows[row_of[i]].runs += work->runs;
        profile->rows[row_of[i]].operations += work->operations * (double)work->runs;
    }
    return TE_OK;
}

static te_status add_spans(te_profile *profile, const size_t *row_of)
{
    for (size_t i = 0; i < profile->span_count; i++) {
        const te_span *span = &profile->spans[i];
        size_t row;
        if (span->work >= 0) {
            row = row_of[span->work];
        } else {
            te_profile_row like;
            name_row(&like, profile, span);
            TE_TRY(find_row(profile, &like, &row));
            profile->rows[row].runs++;
        }
        profile->rows[row].launches++;
        profile->rows[row].seconds += span->end - span->start;
    }
    return TE_OK;
}

static te_status fill_rows(te_profile *profile)
{
    size_t *row_of = te_alloc(profile->work_count, sizeof *row_of, "a profile");
    te_status status = row_of ? add_works(profile, row_of) : TE_ERR_MEMORY;
    if (status == TE_OK) {
        status = add_spans(profile, row_of);
    }
    free(row_of);
    if (status == TE_OK && profile->row_count) {
        qsort(profile->rows, profile->row_count, sizeof *profile->rows, compare_rows);
    }
    while (profile->row_count > 0 && profile->rows[profile->row_count - 1].launches == 0) {
        profile->row_count--; /* planned, and never run */
    }
    return status;
}

/* ---- life ---- */

static te_status copy_spans(te_profile *profile, te_device *device)
{
    te_spans spans;
    te_device_get_spans(device, &spans);
    profile->spans = te_alloc(spans.count, sizeof *profile->spans, "a profile");
    profile->works = te_alloc(spans.work_count, sizeof *profile->works, "a profile");
    if (!profile->spans || !profile->works) {
        return TE_ERR_MEMORY;
    }
    if (spans.count) {
        memcpy(profile->spans, spans.list, spans.count * sizeof *spans.list);
    }
    if (spans.work_count) {
        memcpy(profile->works, spans.works, spans.work_count * sizeof *spans.works);
    }
    profile->span_count = spans.count;
    profile->work_count = spans.work_count;
    profile->dropped = spans.dropped;
    profile->opened = spans.opened;
    return TE_OK;
}

te_status te_profile_create(te_profile **profile, te_device *device)
{
    TE_NEED(profile, device);
    if (!te_device_records(device)) {
        return te_fail(TE_ERR_ARGUMENT, "device '%s' records nothing: set 'device.record' to on before it is opened",
                       te_device_name(device));
    }
    te_profile *created = te_alloc(1, sizeof *created, "a profile");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    TE_TRY_OUT(copy_spans(created, device));
    TE_TRY_OUT(fill_rows(created));
    *profile = created;
    return TE_OK;
out:
    te_profile_free(created);
    return status;
}

void te_profile_free(te_profile *profile)
{
    if (profile) {
        free(profile->spans);
        free(profile->works);
        free(profile->rows);
        free(profile);
    }
}

size_t te_profile_count(const te_profile *profile)
{
    return profile->row_count;
}

te_status te_profile_get(const te_profile *profile, size_t index, te_profile_row *row)
{
    TE_NEED(profile, row);
    if (index >= profile->row_count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no row '%zu' in a profile of %zu", index, profile->row_count);
    }
    *row = profile->rows[index];
    return TE_OK;
}

/* ---- the trace ---- */

enum { HOST_TRACK = 1, DEVICE_TRACK = 2 };

/* One event a line, so that a trace of any length needs no more memory. */
static int write_event(FILE *stream, json_t *event, const char *behind)
{
    int failed = !event || json_dumpf(event, stream, JSON_COMPACT | JSON_REAL_PRECISION(12)) != 0;
    json_decref(event);
    return failed || fputs(behind, stream) < 0;
}

static json_t *describe_span(const te_profile *profile, const te_span *span)
{
    const te_work *work = span->work >= 0 ? &profile->works[span->work] : NULL;
    char name[80];
    snprintf(name, sizeof name, "%s%s%s%s", work ? work->part : "", work ? " " : "", work ? work->op : span->name,
             work && work->once ? ONCE : "");
    json_t *event = json_pack("{s:s, s:s, s:f, s:f, s:i, s:i}", "ph", "X", "name", name, "ts",
                              1e6 * (span->start - profile->opened), "dur", 1e6 * (span->end - span->start), "pid", 1, "tid",
                              span->device ? DEVICE_TRACK : HOST_TRACK);
    if (event && work) {
        json_object_set_new(event, "args", json_pack("{s:s, s:s, s:f}", "kernel", span->name, "variant", work->variant,
                                                     "queued_us", 1e6 * (span->start - span->enqueued)));
    }
    return event;
}

static json_t *name_track(int track, const char *name)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "ph", "M", "name", "thread_name", "pid", 1, "tid", track, "args",
                     "name", name);
}

static int write_trace(const te_profile *profile, FILE *stream)
{
    int failed = fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", stream) < 0 ||
                 write_event(stream, name_track(HOST_TRACK, "host"), ",\n") ||
                 write_event(stream, name_track(DEVICE_TRACK, "device"), profile->span_count ? ",\n" : "\n");
    for (size_t i = 0; !failed && i < profile->span_count; i++) {
        failed = write_event(stream, describe_span(profile, &profile->spans[i]), i + 1 < profile->span_count ? ",\n" : "\n");
    }
    return failed || fprintf(stream, "],\"dropped\":%zu}\n", profile->dropped) < 0;
}

te_status te_profile_save_trace(const te_profile *profile, const char *path)
{
    TE_NEED(profile, path);
    te_file_writer writer;
    TE_TRY(te_file_writer_open(&writer, path));
    /* What the stream could not take, commit() finds and names. */
    if (write_trace(profile, writer.stream) && !ferror(writer.stream)) {
        te_file_writer_abandon(&writer);
        return te_fail(TE_ERR_MEMORY, "out of memory for the trace '%s'", path);
    }
    return te_file_writer_commit(&writer);
}
