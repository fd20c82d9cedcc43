/* Files and folders: whole-file reading with a limit, mapping, atomic writing, making folders. */
#ifndef TE_BASE_FILES_H
#define TE_BASE_FILES_H

#include "base/status.h"

#include <stdio.h>

/* Read a whole regular file of at most `limit` bytes; `*data` is followed by a zero byte; free() it. */
te_status te_file_read(const char *path, size_t limit, uint8_t **data, size_t *bytes);

/* Map a whole regular file read only. Unmap with te_file_unmap(). An empty file maps to data = NULL, bytes = 0. */
te_status te_file_map(const char *path, const uint8_t **data, size_t *bytes);
void te_file_unmap(const uint8_t *data, size_t bytes);

/* Atomic writing: open a temporary file beside `path`, write to `stream`, then commit (flush, fsync, rename) or
 * abandon (remove). A full disk is an error of commit at the latest, and leaves what was at `path` untouched. A
 * failed commit has removed the temporary file; either way the writer is zeroed. What is at `path` and no regular
 * file (a device, a folder) is never replaced. */
typedef struct te_file_writer {
    FILE *stream;
    char *path, *temporary;
} te_file_writer;

te_status te_file_writer_open(te_file_writer *writer, const char *path);
te_status te_file_writer_commit(te_file_writer *writer);
void te_file_writer_abandon(te_file_writer *writer); /* no-op after commit or on a zeroed writer */

/* All of it at once. */
te_status te_file_write(const char *path, const void *data, size_t bytes);

/* Make a folder and those above it; fine if it exists. */
te_status te_folder_make(const char *path);

/* "folder/name" in fresh memory (`name` alone where `folder` is empty); free() it. NULL, with a message recorded,
 * where memory is short. */
char *te_path_join(const char *folder, const char *name);

#endif
