#include "message.h"

#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const cli_exit cli_exits[] = {
    {CLI_OK, "everything was done"},
    {CLI_INPUT_FAILED, "at least one picture or folder failed; the others were done"},
    {CLI_USAGE, "wrong usage, or a wrong setting"},
    {CLI_NO_DEVICE, "no OpenCL device, or none that matches the settings"},
    {CLI_DEVICE, "the device failed, or cannot do what was asked"},
    {CLI_FILE, "a file cannot be read or written, or is not of its format"},
    {CLI_MEMORY, "out of memory, on the host or on the device"},
    {CLI_INTERRUPTED, "interrupted by Ctrl-C or a termination signal"},
    {0, NULL},
};

static int message_level;

void cli_message_set_level(int level)
{
    message_level = level;
}

int cli_message_get_level(void)
{
    return message_level;
}

/* A message is one line, whatever names went into it. */
static void print_line(const char *format, va_list arguments)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    for (char *c = line; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    }
    cli_progress_clear();
    fprintf(stderr, "taskexpert: %s\n", line);
}

int cli_fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
    return status;
}

void cli_note(const char *format, ...)
{
    if (message_level >= 0) {
        va_list arguments;
        va_start(arguments, format);
        print_line(format, arguments);
        va_end(arguments);
    }
}

int cli_exit_status(te_status status)
{
    static const int exits[] = {
        [TE_OK] = CLI_OK,
        [TE_ERR_ARGUMENT] = CLI_USAGE,
        [TE_ERR_SETTING] = CLI_USAGE,
        [TE_ERR_FILE] = CLI_FILE,
        [TE_ERR_FORMAT] = CLI_FILE,
        [TE_ERR_MEMORY] = CLI_MEMORY,
        [TE_ERR_NO_DEVICE] = CLI_NO_DEVICE,
        [TE_ERR_DEVICE] = CLI_DEVICE,
        [TE_ERR_UNSUPPORTED] = CLI_DEVICE,
        [TE_ERR_INTERRUPTED] = CLI_INTERRUPTED,
    };
    return (size_t)status < sizeof exits / sizeof exits[0] ? exits[status] : CLI_DEVICE;
}

int cli_report(te_status status)
{
    return status == TE_OK ? CLI_OK : cli_fail(cli_exit_status(status), "%s", te_last_error());
}

void cli_message_log(te_log_level level, const char *line, void *context)
{
    static const int least[] = {[TE_LOG_DETAIL] = 1, [TE_LOG_INFO] = 0, [TE_LOG_WARNING] = -1};
    (void)context;
    if (level == TE_LOG_PROGRESS) {
        cli_progress_tell(message_level >= 0 ? line : "");
    } else if (message_level >= least[level]) {
        cli_progress_clear();
        fprintf(stderr, "taskexpert: %s%s\n", level == TE_LOG_WARNING ? "warning: " : "", line);
    }
}

int cli_flush_results(void)
{
    static int told;
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return CLI_OK;
    }
    if (!told) { /* an earlier write may have failed, its reason is lost then */
        told = 1;
        const char *reason = errno ? strerror(errno) : "an earlier write failed";
        cli_fail(CLI_FILE, "cannot write to standard output: %s", reason);
    }
    return CLI_FILE;
}
