/* Messages for people, on stderr, each a line that begins with "taskexpert: ". */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "cli.h"

/* -1: warnings and errors only; 0: also what goes on; 1: also details. */
void cli_message_set_level(int level);
int cli_message_get_level(void);

/* Print an error and return `status`, so that `return cli_fail(...)` reads well. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print what goes on, unless -q asks for silence. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status that stands for a library status. */
int cli_exit_status(te_status status);

/* Print the library's message on its failure `status` and return the exit status for it; TE_OK is CLI_OK. */
int cli_report(te_status status);

/* For te_set_log(). */
void cli_message_log(te_log_level level, const char *line, void *context);

/* Write out what stdout still holds: CLI_FILE, with a message the first time, if not all of it could be written. */
int cli_flush_results(void);

/* Leave the calling function with the exit status of `call` unless it is CLI_OK. */
#define CLI_TRY(call)              \
    do {                           \
        int cli_try_ = (call);     \
        if (cli_try_ != CLI_OK) {  \
            return cli_try_;       \
        }                          \
    } while (0)

#endif
