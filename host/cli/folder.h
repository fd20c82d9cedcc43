/* Where a command writes results to. What could not be written after an hour of work should be known before. */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include "cli.h"

/* Can results be written there? The folder, or the nearest one above it that exists, must be writable. It is told if not. */
int cli_folder_check(const char *out);

/* The same of a file in a folder that must exist. */
int cli_folder_check_file(const char *file);

/* What a command writes, and therefore may replace. */
typedef enum cli_kind { CLI_JSON, CLI_PNG, CLI_WEIGHTS } cli_kind;

/* May `file` be written over? CLI_USAGE, told, where the command line names that file for something else, too, and where it
 * holds something of another kind or a checkpoint, which is no weight file alone. What is no regular file may. */
int cli_folder_check_replaced(const char *file, cli_kind kind, const cli_option *options, const cli_arguments *arguments);

/* Does the file lie in this folder, however either is written? Not where there is no such folder. */
int cli_folder_holds(const char *folder, const char *file);

#endif
