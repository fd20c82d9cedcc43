/* taskexpert settings: all settings with their present values, as an ini file. */
#include "message.h"
#include "resolve.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG };

static const cli_option options[] = {
    [CONFIG] = CLI_OPTION_CONFIG,
    {0},
};

/* Texts go into quotes, the kind that they do not hold: '#', ';' and spaces are then safe. */
static int print_setting(const te_settings *settings, const te_setting_info *info)
{
    char value[CLI_TEXT];
    CLI_TRY(cli_report(te_settings_get(settings, info->key, value, sizeof value)));
    const char *quote = strcmp(info->type, "text") != 0 ? "" : strchr(value, '"') ? "'" : "\"";
    const char *otherwise = *info->default_value ? info->default_value : "empty";
    printf("\n# %s (%s; default %s)\n", info->help, info->limits, otherwise);
    printf("%s = %s%s%s\n", strchr(info->key, '.') + 1, quote, value, quote);
    return CLI_OK;
}

static int print_all(const te_settings *settings)
{
    const char *section = "";
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        size_t length = strcspn(info->key, ".") + 1;
        if (strncmp(section, info->key, length) != 0) {
            section = info->key;
            printf("%s[%.*s]\n", row ? "\n" : "", (int)length - 1, section);
        }
        CLI_TRY(print_setting(settings, info));
    }
    return CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .words = arguments->settings,
                           .word_count = arguments->setting_count};
    te_settings *settings;
    CLI_TRY(cli_resolve(&settings, &sources));
    int status = print_all(settings);
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
