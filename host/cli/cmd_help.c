/* taskexpert help */
#include "help.h"
#include "options.h"

enum { MAN };

static const cli_option options[] = {
    [MAN] = {0, "man", NULL, "print the manual page, in roff: taskexpert help --man | man -l -", CLI_MAY},
    {0},
};

static int run(const cli_arguments *arguments)
{
    if (arguments->option[MAN]) {
        cli_man_print();
        return CLI_OK;
    }
    if (arguments->operand_count == 0) {
        cli_help_print_overview();
        return CLI_OK;
    }
    const cli_command *command = cli_command_find(arguments->operands[0]);
    if (command) {
        cli_help_print_command(command);
    }
    return command ? CLI_OK : CLI_USAGE;
}

const cli_command cli_help = {
    .name = "help",
    .summary = "print help on a command, or the manual page",
    .operands = "[COMMAND]",
    .most = 1,
    .description = "Prints the list of commands, or help on one of them, as --help behind the command does.",
    .options = options,
    .run = run,
};
