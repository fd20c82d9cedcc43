/* Help, made from the tables of commands, options, settings and exit statuses. All of it goes to stdout. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli.h"

#define CLI_SUMMARY "dense maps of pictures by a multi-task vision transformer, on any OpenCL device"

void cli_help_print_overview(void);
void cli_help_print_command(const cli_command *command);

/* The manual page, in roff. */
void cli_man_print(void);

/* "taskexpert infer -w FILE [options] ..." without the program's name, in `bytes` bytes. */
void cli_help_synopsis(const cli_command *command, char *text, size_t bytes);

#endif
