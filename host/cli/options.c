#include "options.h"

#include "message.h"
#include "nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_global_options[] = {
    [CLI_GLOBAL_QUIET] = {'q', "quiet", NULL, "only warnings and errors on standard error", CLI_MAY},
    [CLI_GLOBAL_VERBOSE] = {'v', "verbose", NULL, "also details of what the library does", CLI_MAY},
    [CLI_GLOBAL_PROFILE] = {0, "profile", NULL, "print what the device spent its time on", CLI_MAY},
    [CLI_GLOBAL_TRACE] = {0, "trace", "FILE", "write when every kernel ran, for chrome://tracing", CLI_MAY},
    [CLI_GLOBAL_HELP] = {'h', "help", NULL, "print help, on a command if one is named, and stop", CLI_MAY},
    [CLI_GLOBAL_VERSION] = {0, "version", NULL, "print the version and stop", CLI_MAY},
    {0},
};

size_t cli_options_count(const cli_option *options)
{
    size_t count = 0;
    while (options[count].name) {
        count++;
    }
    return count;
}

const cli_command *cli_command_find(const char *name)
{
    cli_nearest nearest = {.word = name};
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0) {
            return cli_commands[i];
        }
        cli_nearest_try(&nearest, cli_commands[i]->name);
    }
    if (nearest.best) {
        cli_fail(CLI_USAGE, "unknown command '%s'; did you mean '%s'?", name, nearest.best);
    } else {
        cli_fail(CLI_USAGE, "unknown command '%s'; 'taskexpert help' lists them", name);
    }
    return NULL;
}

int cli_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || value < least || value > most) {
        return cli_fail(CLI_USAGE, "option '--%s' is '%s'; it must be a whole number from %llu to %llu", option,
                        text, (unsigned long long)least, (unsigned long long)most);
    }
    *number = value;
    return CLI_OK;
}

/* ---- parsing ---- */

typedef struct parser {
    cli_line *line;
    char **argv;
    int argc, next; /* argv[next] is read next */
} parser;

/* Rows that may come now and where their values go: those of the command first, then the global ones. */
typedef struct found {
    const cli_option *row;
    const char **value;
} found;

static found find_row(cli_line *line, int (*matches)(const cli_option *row, const void *key), const void *key)
{
    const cli_option *tables[] = {line->command ? line->command->options : cli_global_options, cli_global_options};
    const char **values[] = {line->command ? line->arguments.option : line->global, line->global};
    for (int table = 0; table < 2; table++) {
        for (size_t i = 0; tables[table][i].name; i++) {
            if (matches(&tables[table][i], key)) {
                return (found){&tables[table][i], &values[table][i]};
            }
        }
    }
    return (found){0};
}

typedef struct word { /* of argv, not closed by a zero */
    const char *start;
    size_t length;
} word;

static int has_name(const cli_option *row, const void *key)
{
    const word *name = key;
    return strlen(row->name) == name->length && memcmp(row->name, name->start, name->length) == 0;
}

static int has_letter(const cli_option *row, const void *key)
{
    return row->letter == *(const char *)key;
}

static int fail_unknown_name(const cli_line *line, const word *name)
{
    char *text = strndup(name->start, name->length);
    if (!text) {
        return cli_fail(CLI_MEMORY, "out of memory");
    }
    cli_nearest nearest = {.word = text};
    for (const cli_option *row = line->command ? line->command->options : NULL; row && row->name; row++) {
        cli_nearest_try(&nearest, row->name);
    }
    for (const cli_option *row = cli_global_options; row->name; row++) {
        cli_nearest_try(&nearest, row->name);
    }
    const char *command = line->command ? line->command->name : "";
    if (nearest.best) {
        cli_fail(CLI_USAGE, "unknown option '--%s' of '%s'; did you mean '--%s'?", text, *command ? command : "taskexpert",
                 nearest.best);
    } else {
        cli_fail(CLI_USAGE, "unknown option '--%s' of '%s'; see 'taskexpert help%s%s'", text,
                 *command ? command : "taskexpert", *command ? " " : "", command);
    }
    free(text);
    return CLI_USAGE;
}

/* `value` belongs to the option, or NULL: the next word of the command line does. */
static int take_value(parser *at, found option, const char *value)
{
    if (!value && at->next == at->argc) {
        return cli_fail(CLI_USAGE, "option '--%s' needs a value: %s", option.row->name, option.row->value);
    }
    if (*option.value) {
        return cli_fail(CLI_USAGE, "option '--%s' is given twice", option.row->name);
    }
    *option.value = value ? value : at->argv[at->next++];
    return CLI_OK;
}

/* "--name" or "--name=value" */
static int parse_name(parser *at, const char *text)
{
    word name = {text + 2, strcspn(text + 2, "=")};
    const char *value = name.start[name.length] ? name.start + name.length + 1 : NULL;
    found option = find_row(at->line, has_name, &name);
    if (!option.row) {
        return fail_unknown_name(at->line, &name);
    }
    if (option.row->value) {
        return take_value(at, option, value);
    }
    if (value) {
        return cli_fail(CLI_USAGE, "option '--%s' takes no value", option.row->name);
    }
    *option.value = option.row->name;
    return CLI_OK;
}

/* "-qv" or "-nvalue" or "-n" with the value in the next word */
static int parse_letters(parser *at, const char *text)
{
    for (const char *letter = text + 1; *letter; letter++) {
        found option = find_row(at->line, has_letter, letter);
        if (!option.row) {
            const char *command = at->line->command ? at->line->command->name : "";
            return cli_fail(CLI_USAGE, "unknown option '-%c' of '%s'; see 'taskexpert help%s%s'", *letter,
                            *command ? command : "taskexpert", *command ? " " : "", command);
        }
        if (option.row->value) {
            return take_value(at, option, letter[1] ? letter + 1 : NULL);
        }
        *option.value = option.row->name;
    }
    return CLI_OK;
}

/* Does it look like "section.name=value"? Sections and names are letters, digits and '_': "./a=b" is a file. */
static int is_setting(const char *text)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t section = strspn(text, name);
    size_t key = text[section] == '.' ? strspn(text + section + 1, name) : 0;
    return section > 0 && key > 0 && text[section + 1 + key] == '=';
}

static int take_operand(cli_line *line, char *text, int may_be_setting)
{
    if (!line->command) {
        line->command = cli_command_find(text);
        return line->command ? CLI_OK : CLI_USAGE;
    }
    cli_arguments *arguments = &line->arguments;
    if (may_be_setting && line->command->takes_settings && is_setting(text)) {
        arguments->settings[arguments->setting_count++] = text;
    } else {
        arguments->operands[arguments->operand_count++] = text;
    }
    return CLI_OK;
}

int cli_line_parse(cli_line *line, int argc, char **argv)
{
    parser at = {.line = line, .argv = argv, .argc = argc, .next = 1};
    *line = (cli_line){.arguments.operands = calloc((size_t)argc + 1, sizeof(char *)),
                       .arguments.settings = calloc((size_t)argc + 1, sizeof(char *))};
    if (!line->arguments.operands || !line->arguments.settings) {
        return cli_fail(CLI_MEMORY, "out of memory");
    }
    int only_operands = 0;
    while (at.next < argc) {
        char *text = argv[at.next++];
        if (only_operands || text[0] != '-' || text[1] == '\0') {
            CLI_TRY(take_operand(line, text, !only_operands));
        } else if (strcmp(text, "--") == 0) {
            only_operands = 1;
        } else {
            CLI_TRY(text[1] == '-' ? parse_name(&at, text) : parse_letters(&at, text));
        }
    }
    return CLI_OK;
}

void cli_line_free(cli_line *line)
{
    free(line->arguments.operands);
    free(line->arguments.settings);
}

/* ---- checking ---- */

int cli_line_check(const cli_line *line)
{
    const cli_command *command = line->command;
    const cli_arguments *arguments = &line->arguments;
    for (size_t i = 0; command->options[i].name; i++) {
        const cli_option *row = &command->options[i];
        if (row->need == CLI_MUST && !arguments->option[i]) {
            return cli_fail(CLI_USAGE, "'%s' needs the option '--%s %s'; see 'taskexpert help %s'", command->name,
                            row->name, row->value, command->name);
        }
    }
    if (arguments->operand_count < command->least) {
        return cli_fail(CLI_USAGE, "'%s' needs %s; see 'taskexpert help %s'", command->name, command->operands,
                        command->name);
    }
    if (arguments->operand_count > command->most) {
        return cli_fail(CLI_USAGE, "'%s' does not take '%s'%s; see 'taskexpert help %s'", command->name,
                        arguments->operands[command->most],
                        command->takes_settings ? ": a setting is section.name=value" : "", command->name);
    }
    return CLI_OK;
}
