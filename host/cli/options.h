/* The command line, taken apart by the tables of cli.h. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"

#include <stdint.h>

typedef struct cli_line {
    const cli_command *command;          /* NULL: none was named */
    const char *global[CLI_MAX_OPTIONS]; /* of each row of cli_global_options its name if given, or NULL */
    cli_arguments arguments;
} cli_line;

/* Read argv. Options take their values as "--name=value", "--name value", "-nvalue" or "-n value"; flags of one
 * letter may share a dash; behind "--" every word is an operand. Free the line in any case. */
int cli_line_parse(cli_line *line, int argc, char **argv);
void cli_line_free(cli_line *line);

/* What a parsed line must hold for its command to run: required options and the number of operands. */
int cli_line_check(const cli_line *line);

/* Number of rows of a table of options. */
size_t cli_options_count(const cli_option *options);

/* The command of that name, or NULL. The latter is told, with the name that may be meant. */
const cli_command *cli_command_find(const char *name);

/* The value of an option as a whole number from `least` to `most`. */
int cli_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
