/* taskexpert settings: all settings with their present values, as an ini file. */
#include "message.h"
#include "resolve.h"

#include <stdio.h>

enum { CONFIG };

static const cli_option options[] = {
    [CONFIG] = CLI_OPTION_CONFIG,
    {0},
};

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .words = arguments->settings,
                           .word_count = arguments->setting_count};
    te_settings *settings;
    CLI_TRY(cli_resolve(&settings, &sources));
    int status = cli_report(te_settings_save_to(settings, stdout));
    te_settings_free(settings);
    return status;
}

const cli_command cli_settings = {
    .name = "settings",
    .summary = "print all settings with their values, as an ini file",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Prints every setting with what it means, what it may be, its default, and its value after the ini file and "
        "the words given. The output is an ini file that --config takes.",
    .options = options,
    .run = run,
};
