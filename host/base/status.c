#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[TE_MESSAGE_BYTES];

static const char *const names[] = {
    [TE_OK] = "ok",
    [TE_ERR_ARGUMENT] = "bad argument",
    [TE_ERR_SETTING] = "bad setting",
    [TE_ERR_FILE] = "file error",
    [TE_ERR_FORMAT] = "bad file format",
    [TE_ERR_MEMORY] = "out of memory",
    [TE_ERR_NO_DEVICE] = "no device",
    [TE_ERR_DEVICE] = "device error",
    [TE_ERR_UNSUPPORTED] = "not supported",
    [TE_ERR_INTERRUPTED] = "interrupted",
};

const char *te_status_name(te_status status)
{
    size_t count = sizeof names / sizeof names[0];
    return (unsigned)status < count ? names[status] : "unknown status";
}

const char *te_last_error(void)
{
    return message;
}

/* A message is one line, whatever names and texts went into it. */
static void make_printable(void)
{
    for (char *c = message; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
    }
}

te_status te_fail(te_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    make_printable();
    return status;
}

te_status te_fail_prefix(te_status status, const char *format, ...)
{
    char kept[TE_MESSAGE_BYTES];
    memcpy(kept, message, sizeof kept);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (written >= 0 && (size_t)written < sizeof message) {
        snprintf(message + written, sizeof message - (size_t)written, "%s", kept);
    }
    make_printable();
    return status;
}

te_status te_fail_suffix(te_status status, const char *more)
{
    size_t length = strlen(message);
    snprintf(message + length, sizeof message - length, "%s", more);
    make_printable();
    return status;
}

void *te_alloc(size_t count, size_t size, const char *what)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) {
        te_fail(TE_ERR_MEMORY, "out of memory: %zu x %zu bytes for %s", count, size, what);
    }
    return memory;
}

void *te_realloc(void *pointer, size_t count, size_t size, const char *what)
{
    void *memory = size && count > SIZE_MAX / size ? NULL : realloc(pointer, count && size ? count * size : 1);
    if (!memory) {
        te_fail(TE_ERR_MEMORY, "out of memory: %zu x %zu bytes for %s", count, size, what);
    }
    return memory;
}

te_status te_need(const char *function, const char *names_of_all, const void *const *pointers, size_t count)
{
    const char *name = names_of_all;
    for (size_t i = 0; i < count; i++, name += strcspn(name, ",") + strlen(", ")) {
        if (!pointers[i]) {
            return te_fail(TE_ERR_ARGUMENT, "%s() was given NULL for '%.*s'", function, (int)strcspn(name, ","), name);
        }
    }
    return TE_OK;
}
