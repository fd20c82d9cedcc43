/* The command `taskexpert`. It sees the public header only: whatever it can do, any program can.
 *
 * A table of commands, each with a table of options, is the source of parsing (options.c), of help (help.c) and of
 * the manual page (man.c); a command is one file with one row, listed in main.c.
 *
 * Conventions
 *  - Functions that can fail return an exit status; the message was written once, where the failure happened.
 *  - Results go to stdout; everything else goes to stderr through message.h.
 */
#ifndef CLI_H
#define CLI_H

#include <taskexpert.h>

/* What the process returns; docs in cli_exits[]. */
enum {
    CLI_OK = 0,
    CLI_INPUT_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NO_DEVICE = 3,
    CLI_DEVICE = 4,
    CLI_FILE = 5,
    CLI_MEMORY = 6,
    CLI_INTERRUPTED = 130
};

enum { CLI_MAX_OPTIONS = 16, CLI_TEXT = 1024 /* bytes that hold any setting's value */ };

typedef enum cli_need {
    CLI_MAY,
    CLI_SHOULD, /* in the synopsis; the command itself knows when it can do without */
    CLI_MUST
} cli_need;

typedef struct cli_option {
    char letter;       /* 0: none */
    const char *name;  /* NULL ends a table */
    const char *value; /* what help calls its value; NULL: a flag */
    const char *help;  /* one line */
    cli_need need;
} cli_option;

/* A command line, taken apart. All texts belong to argv. */
typedef struct cli_arguments {
    const char *option[CLI_MAX_OPTIONS]; /* for each row of the table its value (a flag: its name), or NULL */
    char **operands;                     /* pictures, folders, files */
    size_t operand_count;
    char **settings;                     /* "section.name=value" */
    size_t setting_count;
} cli_arguments;

typedef struct cli_command {
    const char *name;
    const char *summary;       /* half a line, for the list of commands */
    const char *operands;      /* as in the synopsis, for example "PICTURE|FOLDER..."; "": none */
    size_t least, most;        /* number of operands */
    int takes_settings;        /* key=value operands are settings */
    const char *description;   /* paragraphs, separated by newlines */
    const cli_option *options;
    int (*run)(const cli_arguments *arguments);
} cli_command;

/* All commands; NULL ends them. */
extern const cli_command *const cli_commands[];

extern const cli_command cli_bench, cli_dataset, cli_devices, cli_init, cli_info, cli_infer, cli_eval, cli_experts,
    cli_selftest, cli_settings, cli_synth, cli_train, cli_tune, cli_version, cli_help;

/* What every command takes, before its name or behind it; a row without name ends them. */
extern const cli_option cli_global_options[];
enum { CLI_GLOBAL_QUIET, CLI_GLOBAL_VERBOSE, CLI_GLOBAL_PROFILE, CLI_GLOBAL_TRACE, CLI_GLOBAL_HELP, CLI_GLOBAL_VERSION };

/* Rows that several commands share. */
#define CLI_OPTION_CONFIG {0, "config", "FILE", "read settings from this ini file", CLI_MAY}
#define CLI_OPTION_DEVICE \
    {0, "device", "PICK", "the device: its number, a type (gpu, cpu, accelerator) or part of its name", CLI_MAY}

/* The exit statuses for help and man page; a row with meaning NULL ends them. */
typedef struct cli_exit {
    int status;
    const char *meaning;
} cli_exit;
extern const cli_exit cli_exits[];

#endif
