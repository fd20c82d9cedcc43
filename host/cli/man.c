/* The manual page. */
#include "help.h"

#include <stdio.h>
#include <string.h>

/* Text that may begin a line: a dot or quote there would be a request; a plain '-' would become a hyphen. */
static void print_text(const char *text)
{
    for (int line_start = 1; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        line_start = *text == '\n';
        if (line_start) {
            fputs("\n.PP\n", stdout);
        } else if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else if (*text == '\'') {
            fputs("\\(aq", stdout);
        } else {
            putchar(*text);
        }
    }
}

static void print_line(const char *text)
{
    print_text(text);
    putchar('\n');
}

static void print_options(const cli_option *options)
{
    for (const cli_option *row = options; row->name; row++) {
        puts(".TP");
        if (row->letter) {
            printf("\\fB\\-%c\\fR, ", row->letter);
        }
        fputs("\\fB\\-\\-", stdout);
        print_text(row->name);
        fputs("\\fR", stdout);
        printf(row->value ? " \\fI%s\\fR\n" : "\n", row->value);
        print_line(row->help);
    }
}

static void print_commands(void)
{
    puts(".SH COMMANDS");
    for (size_t i = 0; cli_commands[i]; i++) {
        char synopsis[256];
        cli_help_synopsis(cli_commands[i], synopsis, sizeof synopsis);
        fputs(".SS taskexpert ", stdout);
        print_line(synopsis);
        print_line(cli_commands[i]->description);
        print_options(cli_commands[i]->options);
    }
    puts(".SH OPTIONS OF EVERY COMMAND");
    print_options(cli_global_options);
}

static void print_settings(void)
{
    puts(".SH SETTINGS\nIn an ini file a setting stands in its section, on the command line as\n"
         "\\fIsection.name\\fR=\\fIvalue\\fR.\n"
         "[P] marks what the paper states, [S] what its authors\\(aq other code does,\n"
         "[C] a choice of this program.");
    const char *section = "";
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        size_t length = strcspn(info->key, ".") + 1;
        if (strncmp(section, info->key, length) != 0) {
            section = info->key;
            printf(".SS [%.*s]\n", (int)length - 1, section);
        }
        puts(".TP");
        fputs("\\fB", stdout);
        print_text(info->key + length);
        fputs("\\fR = ", stdout);
        print_line(info->limits);
        print_text(info->help);
        fputs("; default ", stdout);
        print_line(*info->default_value ? info->default_value : "empty");
    }
}

static void print_exits(void)
{
    puts(".SH EXIT STATUS");
    for (const cli_exit *row = cli_exits; row->meaning; row++) {
        printf(".TP\n\\fB%d\\fR\n", row->status);
        print_line(row->meaning);
    }
}

static const char introduction[] =
    ".SH SYNOPSIS\n"
    ".B taskexpert\n.I COMMAND\n[options] [\\fIoperands\\fR...] [\\fIkey\\fR=\\fIvalue\\fR...]\n"
    ".SH DESCRIPTION\n"
    "Runs TaskExpert, one network that predicts semantic segmentation, human parts, saliency, surface normals,\n"
    "object boundaries and depth of a picture in one pass.\n"
    "Messages go to standard error, results to standard output.\n"
    ".PP\n"
    "Options take their values as \\fB\\-\\-name\\fR=\\fIvalue\\fR or \\fB\\-\\-name\\fR \\fIvalue\\fR.\n"
    "Behind \\fB\\-\\-\\fR every word is an operand, also one that begins with a dash or looks like a setting.\n";

static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBTASKEXPERT_DEVICE\\fR\n"
    "what \\fB\\-\\-device\\fR would be, where neither it nor \\fIdevice.pick\\fR is given\n"
    ".TP\n\\fBXDG_CACHE_HOME\\fR\n"
    "compiled kernels are kept in the folder \\fItaskexpert\\fR in it, or in \\fI~/.cache\\fR\n";

static const char examples[] =
    ".SH EXAMPLES\n"
    ".TP\ntaskexpert devices\nwhich device would run, and why\n"
    ".TP\ntaskexpert init \\-\\-config pascal_base.ini \\-\\-backbone vit_base.safetensors \\-o base.safetensors\n"
    "a base model on a trained backbone\n"
    ".TP\ntaskexpert infer \\-w base.safetensors holiday/ \\-o maps \\-\\-device gpu\n"
    "maps of all pictures in a folder\n"
    ".SH SEE ALSO\n.BR clinfo (1)\n";

void cli_man_print(void)
{
    printf(".TH TASKEXPERT 1 \"\" \"taskexpert %s\" \"User Commands\"\n", te_version());
    fputs(".SH NAME\ntaskexpert \\- ", stdout);
    print_line(CLI_SUMMARY);
    fputs(introduction, stdout);
    print_commands();
    print_settings();
    print_exits();
    fputs(environment, stdout);
    fputs(examples, stdout);
}
