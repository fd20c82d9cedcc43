/* Where a command writes results to. What could not be written after an hour of work should be known before. */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

/* Can results be written there? The folder, or the nearest one above it that exists, must be writable. It is told if not. */
int cli_folder_check(const char *out);

/* The same of a file in a folder that must exist. */
int cli_folder_check_file(const char *file);

/* Does the file lie in this folder, however either is written? Not where there is no such folder. */
int cli_folder_holds(const char *folder, const char *file);

#endif
