/* Files and folders: whole-file reading with a limit, reading in parts, atomic writing, making folders. */
#ifndef TE_BASE_FILES_H
#define TE_BASE_FILES_H

#include "base/status.h"

#include <stdio.h>
#include <time.h>

/* What errno `error` of a call on `path` means, in words: strerror()'s, but where the path is a link to nowhere. */
const char *te_file_reason(const char *path, int error);

/* Read a whole regular file of at most `limit` bytes; `*data` is followed by a zero byte; free() it. */
te_status te_file_read(const char *path, size_t limit, uint8_t **data, size_t *bytes);

/* Reading parts of a regular file, also long after it was opened: a file that was written to since is an error. It is not
 * mapped: touching what another program cuts off would end the process, and pages count as this process's memory. */
typedef struct te_file_reader {
    char *path;
    int descriptor;
    size_t bytes;
    struct timespec changed; /* when it was opened */
} te_file_reader;

te_status te_file_reader_open(te_file_reader *reader, const char *path);
te_status te_file_reader_read(const te_file_reader *reader, size_t offset, void *data, size_t bytes);
void te_file_reader_close(te_file_reader *reader); /* no-op on a zeroed reader */

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

/* Make the folders that `path` names, up to its last '/'. */
te_status te_folder_make_above(const char *path);

/* "folder/name" in fresh memory (`name` alone where `folder` is empty); free() it. NULL, with a message recorded,
 * where memory is short. */
char *te_path_join(const char *folder, const char *name);

#endif
