/* The folder that a command writes results to. */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

/* Can results be written there? The folder, or the nearest one above it that exists, must be writable. It is told if not: what
 * could not be written after an hour of work should be known before. */
int cli_folder_check(const char *out);

#endif
