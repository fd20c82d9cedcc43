#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static te_log_function log_function;
static void *log_context;

void te_set_log(te_log_function function, void *context)
{
    log_function = function;
    log_context = context;
}

void te_log(te_log_level level, const char *format, ...)
{
    if (!log_function) {
        return;
    }
    char line[TE_MESSAGE_BYTES + 64]; /* one that holds a failure's */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_function(level, line, log_context);
}
