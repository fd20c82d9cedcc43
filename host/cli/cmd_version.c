/* taskexpert version */
#include "cli.h"

#include <stdio.h>

static const cli_option options[] = {{0}};

static int run(const cli_arguments *arguments)
{
    (void)arguments;
    printf("taskexpert %s\n", te_version());
    return CLI_OK;
}

const cli_command cli_version = {
    .name = "version",
    .summary = "print the version",
    .operands = "",
    .description = "Prints the version of the library that the command runs with.",
    .options = options,
    .run = run,
};
