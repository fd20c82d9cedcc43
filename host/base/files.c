#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *te_file_reason(const char *path, int error)
{
    struct stat facts;
    bool nowhere = error == ENOENT && lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
    return nowhere ? "it is a link to what is not there" : strerror(error);
}

/* Open a regular file for reading. O_NONBLOCK, because opening a pipe that nobody writes to would wait for ever. */
static te_status open_regular(const char *path, int *descriptor, size_t *bytes)
{
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) {
        return te_fail(TE_ERR_FILE, "cannot open '%s': %s", path, te_file_reason(path, errno));
    }
    struct stat facts;
    te_status status = TE_OK;
    if (fstat(opened, &facts) != 0) {
        status = te_fail(TE_ERR_FILE, "cannot examine '%s': %s", path, strerror(errno));
    } else if (!S_ISREG(facts.st_mode)) {
        status = te_fail(TE_ERR_FILE, "cannot read '%s': it is a %s, not a regular file", path,
                         S_ISDIR(facts.st_mode) ? "folder" : "pipe or device");
    } else if ((uintmax_t)facts.st_size > SIZE_MAX) {
        status = te_fail(TE_ERR_FILE, "cannot read '%s': it is larger than the memory of this machine", path);
    }
    if (status != TE_OK) {
        close(opened);
        return status;
    }
    *descriptor = opened;
    *bytes = (size_t)facts.st_size;
    return TE_OK;
}

/* Read until `bytes` bytes or the end of the file; `*got` says how many came. */
static te_status read_fully(int descriptor, const char *path, uint8_t *data, size_t bytes, size_t *got)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t now = read(descriptor, data + done, bytes - done);
        if (now == 0) {
            break;
        }
        if (now > 0) {
            done += (size_t)now;
        } else if (errno != EINTR) {
            return te_fail(TE_ERR_FILE, "cannot read '%s': %s", path, strerror(errno));
        }
    }
    *got = done;
    return TE_OK;
}

te_status te_file_read(const char *path, size_t limit, uint8_t **data, size_t *bytes)
{
    int descriptor = -1;
    size_t size = 0;
    uint8_t *memory = NULL;
    TE_TRY(open_regular(path, &descriptor, &size));
    te_status status = TE_OK;
    if (size > limit || size == SIZE_MAX) {
        status = te_fail(TE_ERR_FILE, "cannot read '%s': it has %zu bytes, at most %zu are read", path, size,
                         limit);
        goto out;
    }
    memory = te_alloc(size + 1, 1, path); /* zeroed: the byte after the content, too, where the file has shrunk */
    if (!memory) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    TE_TRY_OUT(read_fully(descriptor, path, memory, size, bytes));
    *data = memory;
    memory = NULL;
out:
    free(memory);
    close(descriptor);
    return status;
}

te_status te_file_reader_open(te_file_reader *reader, const char *path)
{
    te_file_reader opened = {.path = strdup(path), .descriptor = -1};
    struct stat facts;
    te_status status = opened.path ? TE_OK : te_fail(TE_ERR_MEMORY, "out of memory for the path '%s'", path);
    TE_TRY_OUT(status);
    TE_TRY_OUT(open_regular(path, &opened.descriptor, &opened.bytes));
    if (fstat(opened.descriptor, &facts) != 0) {
        status = te_fail(TE_ERR_FILE, "cannot examine '%s': %s", path, strerror(errno));
        close(opened.descriptor);
        goto out;
    }
    opened.changed = facts.st_mtim;
    *reader = opened;
    return TE_OK;
out:
    free(opened.path);
    return status;
}

te_status te_file_reader_read(const te_file_reader *reader, size_t offset, void *data, size_t bytes)
{
    struct stat facts;
    size_t done = 0;
    ssize_t now = 1;
    bool same = fstat(reader->descriptor, &facts) == 0 && (uintmax_t)facts.st_size == reader->bytes &&
                facts.st_mtim.tv_sec == reader->changed.tv_sec && facts.st_mtim.tv_nsec == reader->changed.tv_nsec;
    while (same && done < bytes && now != 0) {
        now = pread(reader->descriptor, (char *)data + done, bytes - done, (off_t)(offset + done));
        if (now < 0 && errno != EINTR) {
            return te_fail(TE_ERR_FILE, "cannot read '%s': %s", reader->path, strerror(errno));
        }
        done += now > 0 ? (size_t)now : 0;
    }
    return done == bytes && same ? TE_OK : te_fail(TE_ERR_FILE, "cannot read '%s': it was written to since it was opened",
                                                   reader->path);
}

void te_file_reader_close(te_file_reader *reader)
{
    if (reader->path) {
        close(reader->descriptor);
        free(reader->path);
        *reader = (te_file_reader){0};
    }
}

static te_status fail_to_write(const char *path, int error)
{
    return te_fail(TE_ERR_FILE, "cannot write '%s': %s", path, strerror(error));
}

/* A file of a name that nobody uses beside `path`; plain open() instead of mkstemp(), so that the umask decides who
 * may read the result. */
static te_status open_temporary(const char *path, char **temporary, FILE **stream)
{
    static atomic_uint serial;
    size_t bytes = strlen(path) + 64;
    char *name = te_alloc(bytes, 1, path);
    if (!name) {
        return TE_ERR_MEMORY;
    }
    int descriptor = -1, error = EEXIST;
    for (int attempt = 0; attempt < 100 && descriptor < 0 && error == EEXIST; attempt++) {
        snprintf(name, bytes, "%s.%ld-%u.part", path, (long)getpid(), atomic_fetch_add(&serial, 1u));
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        error = errno;
    }
    FILE *opened = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (!opened) {
        if (descriptor >= 0) {
            error = errno;
            close(descriptor);
            unlink(name);
        }
        free(name);
        return fail_to_write(path, error);
    }
    *temporary = name;
    *stream = opened;
    return TE_OK;
}

te_status te_file_writer_open(te_file_writer *writer, const char *path)
{
    struct stat facts;
    memset(writer, 0, sizeof *writer);
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        return te_fail(TE_ERR_FILE, "cannot write '%s': it is a %s, not a regular file", path,
                       S_ISDIR(facts.st_mode) ? "folder" : "pipe or device");
    }
    writer->path = te_alloc(strlen(path) + 1, 1, path);
    if (!writer->path) {
        return TE_ERR_MEMORY;
    }
    strcpy(writer->path, path);
    te_status status = open_temporary(path, &writer->temporary, &writer->stream);
    if (status != TE_OK) {
        te_file_writer_abandon(writer);
    }
    return status;
}

/* Everything of the stream on the disk; 0 or an errno. A file system without fsync answers EINVAL, which is no
 * failure to write. */
static int flush_stream(FILE *stream)
{
    if (ferror(stream)) { /* the failing call's own errno is long gone, but a byte more mostly fails as it did */
        return write(fileno(stream), "", 1) < 0 ? errno : EIO;
    }
    if (fflush(stream) != 0) {
        return errno;
    }
    if (fsync(fileno(stream)) != 0 && errno != EINVAL) {
        return errno;
    }
    return 0;
}

te_status te_file_writer_commit(te_file_writer *writer)
{
    int error = flush_stream(writer->stream);
    if (fclose(writer->stream) != 0 && error == 0) {
        error = errno;
    }
    writer->stream = NULL;
    if (error == 0 && rename(writer->temporary, writer->path) != 0) {
        error = errno;
    }
    te_status status = TE_OK;
    if (error == 0) {
        free(writer->temporary); /* it is gone: nothing for abandon to remove */
        writer->temporary = NULL;
    } else {
        status = fail_to_write(writer->path, error);
    }
    te_file_writer_abandon(writer);
    return status;
}

void te_file_writer_abandon(te_file_writer *writer)
{
    if (writer->stream) {
        fclose(writer->stream);
    }
    if (writer->temporary) {
        unlink(writer->temporary);
    }
    free(writer->temporary);
    free(writer->path);
    memset(writer, 0, sizeof *writer);
}

te_status te_file_write(const char *path, const void *data, size_t bytes)
{
    te_file_writer writer;
    TE_TRY(te_file_writer_open(&writer, path));
    if (bytes > 0 && fwrite(data, 1, bytes, writer.stream) != bytes) {
        int error = errno;
        te_file_writer_abandon(&writer);
        return fail_to_write(path, error);
    }
    return te_file_writer_commit(&writer);
}

/* Make one folder, whose parents are there. */
static te_status make_one(const char *path)
{
    struct stat facts;
    int error = mkdir(path, 0777) == 0 ? 0 : errno;
    if (error != 0 && stat(path, &facts) == 0) {
        error = S_ISDIR(facts.st_mode) ? 0 : ENOTDIR; /* whatever mkdir() said: it is there */
    }
    if (error == 0) {
        return TE_OK;
    }
    return te_fail(TE_ERR_FILE, "cannot make folder '%s': %s", path, strerror(error));
}

te_status te_folder_make(const char *path)
{
    size_t length = strlen(path);
    char *partial = te_alloc(length + 1, 1, path);
    if (!partial) {
        return TE_ERR_MEMORY;
    }
    memcpy(partial, path, length);
    te_status status = TE_OK;
    for (size_t end = 1; end < length && status == TE_OK; end++) {
        if (partial[end] == '/' && partial[end - 1] != '/') {
            partial[end] = '\0';
            status = make_one(partial);
            partial[end] = '/';
        }
    }
    if (status == TE_OK) {
        status = make_one(path);
    }
    free(partial);
    return status;
}

te_status te_folder_make_above(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) {
        return TE_OK;
    }
    char *folder = strndup(path, (size_t)(slash - path));
    te_status status = folder ? te_folder_make(folder) : te_fail(TE_ERR_MEMORY, "out of memory for the path '%s'", path);
    free(folder);
    return status;
}

char *te_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *between = length == 0 || folder[length - 1] == '/' ? "" : "/";
    size_t bytes = length + strlen(name) + 2;
    char *path = te_alloc(bytes, 1, "a path");
    if (path) {
        snprintf(path, bytes, "%s%s%s", folder, between, name);
    }
    return path;
}
