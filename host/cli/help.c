#include "help.h"

#include "options.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80 };

/* ---- layout ---- */

/* Print words of `text` from column `column` on; further lines, and those behind a newline, begin at `indent`. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (column > indent && column + 1 + length > WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        int space = column > indent && length > 0;
        printf("%s%.*s", space ? " " : "", (int)length, text);
        column += (size_t)space + length;
        text += length;
        if (*text == '\n') {
            printf("\n\n%*s", (int)indent, "");
            column = indent;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

/* A term and what it means, from column `indent` on. */
static void print_item(const char *term, const char *meaning, size_t indent)
{
    size_t used = (size_t)printf("  %s", term);
    if (used + 2 > indent) {
        putchar('\n');
        used = 0;
    }
    printf("%*s", (int)(indent - used), "");
    print_wrapped(meaning, indent, indent);
}

/* ---- parts ---- */

void cli_help_synopsis(const cli_command *command, char *text, size_t bytes)
{
    size_t used = (size_t)snprintf(text, bytes, "%s", command->name);
    int others = 0;
    for (const cli_option *row = command->options; row->name && used < bytes; row++) {
        if (row->need != CLI_MAY) {
            used += (size_t)snprintf(text + used, bytes - used, " -%c %s", row->letter, row->value);
        }
        others |= row->need == CLI_MAY;
    }
    if (used < bytes) {
        snprintf(text + used, bytes - used, "%s%s%s%s", others ? " [options]" : "", *command->operands ? " " : "",
                 command->operands, command->takes_settings ? " [key=value...]" : "");
    }
}

static void print_options(const cli_option *options)
{
    for (const cli_option *row = options; row->name; row++) {
        const char *value = row->value ? row->value : "";
        char term[64], letter[8] = "    ";
        if (row->letter) {
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        }
        snprintf(term, sizeof term, "%s--%s%s%s", letter, row->name, *value ? " " : "", value);
        print_item(term, row->help, 24);
    }
}

static void print_exits(void)
{
    puts("\nExit status:");
    for (const cli_exit *row = cli_exits; row->meaning; row++) {
        char term[16];
        snprintf(term, sizeof term, "%3d", row->status);
        print_item(term, row->meaning, 8);
    }
}

static void print_settings(void)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        char meaning[1024];
        snprintf(meaning, sizeof meaning, "%s (%s; default %s)", info->help, info->limits,
                 *info->default_value ? info->default_value : "empty");
        print_item(info->key, meaning, 24);
    }
}

/* ---- pages ---- */

void cli_help_print_overview(void)
{
    print_wrapped("taskexpert: " CLI_SUMMARY "\nCommands:", 0, 0);
    for (size_t i = 0; cli_commands[i]; i++) {
        print_item(cli_commands[i]->name, cli_commands[i]->summary, 14);
    }
    puts("\nOptions of every command:");
    print_options(cli_global_options);
    print_exits();
    puts("\n'taskexpert help COMMAND' tells more, 'taskexpert help settings' lists the\n"
         "settings, 'taskexpert help --man | man -l -' shows all of it as a manual page.");
}

void cli_help_print_command(const cli_command *command)
{
    char synopsis[256];
    cli_help_synopsis(command, synopsis, sizeof synopsis);
    fputs("Usage: taskexpert ", stdout);
    print_wrapped(synopsis, 18, 18);
    putchar('\n');
    print_wrapped(command->description, 0, 0);
    if (command->options->name) {
        puts("\nOptions:");
        print_options(command->options);
    }
    puts("\nOptions of every command:");
    print_options(cli_global_options);
    if (command == &cli_settings) {
        puts("\nSettings:");
        print_settings();
    } else if (command->takes_settings) {
        puts("\nA word key=value sets one setting, over those of --config;\n"
             "'taskexpert help settings' lists them.");
    }
    print_exits();
}
