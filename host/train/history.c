#include "train/history.h"

#include "base/c_locale.h"
#include "base/files.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_FILE = 1 << 30, NAME_BYTES = 1024 };

struct te_history {
    char *path;
    char head[NAME_BYTES]; /* the first line, without its end */
    char names[TE_HISTORY_COLUMNS][TE_HISTORY_NAME];
    FILE *stream;
    int column_count;
    int64_t *steps; /* (count) */
    float *values;  /* (count,columns) */
    size_t count, capacity;
};

/* ---- rows in memory ---- */

static te_status keep_row(te_history *history, int64_t step, const double *values)
{
    size_t columns = (size_t)history->column_count;
    if (history->count == history->capacity) {
        size_t capacity = history->capacity ? 2 * history->capacity : 1024;
        int64_t *steps = te_realloc(history->steps, capacity, sizeof *steps, "a log");
        history->steps = steps ? steps : history->steps;
        float *kept = steps ? te_realloc(history->values, capacity, columns * sizeof *kept, "a log") : NULL;
        if (!kept) {
            return TE_ERR_MEMORY;
        }
        history->values = kept;
        history->capacity = capacity;
    }
    history->steps[history->count] = step;
    for (size_t i = 0; i < columns; i++) {
        history->values[history->count * columns + i] = (float)values[i];
    }
    history->count++;
    return TE_OK;
}

size_t te_history_count(const te_history *history)
{
    return history->count;
}

int64_t te_history_step(const te_history *history, size_t row)
{
    return history->steps[row];
}

double te_history_get(const te_history *history, size_t row, int column)
{
    return (double)history->values[row * (size_t)history->column_count + (size_t)column];
}

int te_history_columns(const te_history *history)
{
    return history->column_count;
}

const char *te_history_name(const te_history *history, int column)
{
    return history->names[column];
}

int te_history_find(const te_history *history, const char *name)
{
    int column = history->column_count - 1;
    while (column >= 0 && strcmp(history->names[column], name) != 0) {
        column--;
    }
    return column;
}

/* ---- reading ---- */

/* The number in a cell that ends at `end`; an empty one is NaN. */
static bool read_cell(const char *text, char end, double *value, const char **rest)
{
    char *stop = NULL;
    if (*text == end) {
        *value = NAN;
        *rest = text;
        return true;
    }
    *value = te_read_double(text, &stop);
    *rest = stop;
    return stop != text && *stop == end;
}

/* "12,0.5,,3" with a zero behind it. */
static bool read_row(const char *line, int columns, int64_t *step, double *values)
{
    char *stop = NULL;
    errno = 0;
    *step = strtoll(line, &stop, 10);
    if (stop == line || errno || *step < 0) {
        return false;
    }
    const char *rest = stop;
    for (int i = 0; i < columns; i++) {
        if (*rest != ',' || !read_cell(rest + 1, i + 1 < columns ? ',' : '\0', &values[i], &rest)) {
            return false;
        }
    }
    return true; /* the last cell ends where the line does */
}

/* Take the rows of `text`, which it cuts into lines; `*whole` says whether the file holds just these rows. */
static te_status read_rows(te_history *history, char *text, size_t bytes, int64_t last, bool *whole)
{
    size_t number = 0;
    char *line = text, *end;
    for (; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) { /* cut off by a kill or a full disk */
            *whole = false;
            break;
        }
        *end = '\0';
        if (number++ == 0) {
            if (strcmp(line, history->head) != 0) {
                return te_fail(TE_ERR_FORMAT, "'%s' has other columns than this run ('%.200s'): use another folder",
                               history->path, history->head);
            }
            continue;
        }
        int64_t step;
        double values[TE_HISTORY_COLUMNS];
        if (!read_row(line, history->column_count, &step, values)) {
            return te_fail(TE_ERR_FORMAT, "'%s' line %zu is no row of numbers: mend or remove the file", history->path,
                           number);
        }
        while (history->count && history->steps[history->count - 1] >= step) { /* a later attempt counts */
            history->count--;
            *whole = false;
        }
        if (step > last) {
            *whole = false;
        } else {
            TE_TRY(keep_row(history, step, values));
        }
    }
    *whole = *whole && number > 0 && (size_t)(line - text) == bytes; /* a power cut may leave zeros */
    return TE_OK;
}

/* ---- writing ---- */

static te_status fail_to_write(const te_history *history)
{
    return te_fail(TE_ERR_FILE, "cannot write '%s': %s", history->path, strerror(errno ? errno : EIO));
}

/* With the fewest digits that read back as the same float; NaN as an empty cell. */
static bool print_cell(FILE *stream, double value)
{
    char text[40] = "";
    for (int digits = 5; digits <= 9 && !isnan(value); digits++) {
        te_print(text, sizeof text, "%.*g", digits, value);
        if (te_read_float(text, NULL) == (float)value) {
            break;
        }
    }
    return fprintf(stream, ",%s", text) > 0;
}

static bool print_row(FILE *stream, const te_history *history, size_t row)
{
    bool good = fprintf(stream, "%lld", (long long)history->steps[row]) > 0;
    for (int i = 0; i < history->column_count; i++) {
        good = good && print_cell(stream, te_history_get(history, row, i));
    }
    return good && fputc('\n', stream) != EOF;
}

/* The file anew with the rows that are left. */
static te_status rewrite(const te_history *history)
{
    te_file_writer writer;
    TE_TRY(te_file_writer_open(&writer, history->path));
    bool good = fprintf(writer.stream, "%s\n", history->head) > 0;
    for (size_t row = 0; good && row < history->count; row++) {
        good = print_row(writer.stream, history, row);
    }
    if (!good) {
        te_status status = fail_to_write(history);
        te_file_writer_abandon(&writer);
        return status;
    }
    return te_file_writer_commit(&writer);
}

te_status te_history_add(te_history *history, int64_t step, const double *values)
{
    TE_TRY(keep_row(history, step, values));
    errno = 0;
    bool good = print_row(history->stream, history, history->count - 1);
    return good && fflush(history->stream) == 0 ? TE_OK : fail_to_write(history);
}

/* ---- life ---- */

te_status te_history_has_rows(const char *path, bool *rows)
{
    uint8_t *text;
    size_t bytes;
    *rows = false;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return TE_OK;
    }
    TE_TRY(te_file_read(path, LARGEST_FILE, &text, &bytes));
    const uint8_t *head = memchr(text, '\n', bytes);
    *rows = head && memchr(head + 1, '\n', (size_t)(text + bytes - head - 1));
    free(text);
    return TE_OK;
}

static te_status load(te_history *history, int64_t last)
{
    if (access(history->path, F_OK) != 0) { /* not opened: it might be a pipe, which would wait */
        return errno == ENOENT ? rewrite(history)
                               : te_fail(TE_ERR_FILE, "cannot open '%s': %s", history->path, strerror(errno));
    }
    uint8_t *text;
    size_t bytes;
    bool whole = true;
    TE_TRY(te_file_read(history->path, LARGEST_FILE, &text, &bytes));
    te_status status = read_rows(history, (char *)text, bytes, last, &whole);
    free(text);
    return status == TE_OK && !whole ? rewrite(history) : status;
}

te_status te_history_open(te_history **history, const char *path, const char *const *columns, int column_count,
                          int64_t last)
{
    te_history *made = te_alloc(1, sizeof *made, "a log");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    te_status status = TE_OK;
    made->column_count = column_count;
    made->path = te_alloc(strlen(path) + 1, 1, "a log");
    if (!made->path) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    strcpy(made->path, path);
    size_t used = (size_t)snprintf(made->head, sizeof made->head, "step");
    for (int i = 0; i < column_count && used < sizeof made->head; i++) {
        used += (size_t)snprintf(made->head + used, sizeof made->head - used, ",%s", columns[i]);
        snprintf(made->names[i], TE_HISTORY_NAME, "%s", columns[i]);
    }
    TE_TRY_OUT(load(made, last));
    made->stream = fopen(path, "ae");
    if (!made->stream) {
        status = te_fail(TE_ERR_FILE, "cannot open '%s': %s", path, strerror(errno));
        goto out;
    }
    *history = made;
    return TE_OK;
out:
    te_history_close(made);
    return status;
}

void te_history_close(te_history *history)
{
    if (history) {
        if (history->stream) {
            fclose(history->stream);
        }
        free(history->path);
        free(history->steps);
        free(history->values);
        free(history);
    }
}
