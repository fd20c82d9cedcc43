#include "data/list.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 256 << 20 };

static const char blanks[] = " \t\r\v\f";

static te_status fail(const te_list *list, size_t number, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "'%s' line %zu: %s", list->path, number, reason);
}

/* A path below the folder: nothing else may come out of a list that came with somebody's data. */
static te_status check_name(const te_list *list, const te_list_line *line)
{
    const char *at = line->name;
    if (strlen(at) > TE_LIST_NAME) {
        return fail(list, line->number, "a name is longer than 255 bytes");
    }
    if (*at == '/') {
        return fail(list, line->number, "a name begins with '/': names are relative to images/");
    }
    for (const char *c = at; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            return fail(list, line->number, "a name holds a control character");
        }
    }
    while (*at) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.') {
            return fail(list, line->number, "a name holds '..': pictures must lie below images/");
        }
        at += length + (at[length] == '/');
    }
    return TE_OK;
}

static size_t count_lines(const char *text, size_t bytes)
{
    size_t lines = 1;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + bytes - at))) != NULL; at++) {
        lines++;
    }
    return lines;
}

/* Cut the text into names; `bytes` bytes, then a zero. */
static te_status split(te_list *list, size_t bytes)
{
    char *at = list->text, *end = list->text + bytes;
    if (strlen(at) != bytes) {
        return te_fail(TE_ERR_FORMAT, "'%s' is no list: it holds a zero byte", list->path);
    }
    at += strncmp(at, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a byte order mark */
    for (size_t number = 1; at < end; number++) {
        char *next = at + strcspn(at, "\n");
        char *last = next;
        *next = '\0';
        at += strspn(at, blanks);
        while (last > at && strchr(blanks, last[-1])) {
            *--last = '\0';
        }
        if (*at) {
            te_list_line line = {at, number};
            TE_TRY(check_name(list, &line));
            list->lines[list->count++] = line;
        }
        at = next + 1;
    }
    return list->count ? TE_OK : te_fail(TE_ERR_FORMAT, "'%s' is empty: it must name pictures, one a line", list->path);
}

static int compare(const void *a, const void *b)
{
    const te_list_line *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

static te_status check_twice(const te_list *list)
{
    te_list_line *sorted = te_alloc(list->count, sizeof *sorted, list->path);
    if (!sorted) {
        return TE_ERR_MEMORY;
    }
    te_status status = TE_OK;
    memcpy(sorted, list->lines, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, compare);
    for (size_t i = 1; i < list->count && status == TE_OK; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0) {
            status = te_fail(TE_ERR_FORMAT, "'%s' names '%s' twice, in lines %zu and %zu", list->path, sorted[i].name,
                             sorted[i - 1].number, sorted[i].number);
        }
    }
    free(sorted);
    return status;
}

te_status te_list_load(te_list *list, const char *path)
{
    te_list made = {.count = 0};
    uint8_t *data;
    size_t bytes;
    TE_TRY(te_file_read(path, FILE_LIMIT, &data, &bytes));
    made.text = (char *)data;
    te_status status = TE_ERR_MEMORY;
    made.path = strdup(path);
    made.lines = te_alloc(count_lines(made.text, bytes), sizeof *made.lines, path);
    if (!made.path || !made.lines) {
        goto out;
    }
    TE_TRY_OUT(split(&made, bytes));
    TE_TRY_OUT(check_twice(&made));
    *list = made;
    return TE_OK;
out:
    te_list_free(&made);
    return status;
}

void te_list_free(te_list *list)
{
    free(list->path);
    free(list->text);
    free(list->lines);
    *list = (te_list){.count = 0};
}
