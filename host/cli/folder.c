#include "folder.h"

#include "message.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "a/b" -> "a" -> "."; 0 at the end. `path` is not empty. */
static int go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash && strcmp(path, ".") == 0) {
        return 0;
    }
    if (slash) {
        slash[slash == path ? 1 : 0] = '\0';
    } else {
        strcpy(path, ".");
    }
    return 1;
}

int cli_folder_check_file(const char *file)
{
    struct stat facts;
    if (stat(file, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        return cli_fail(CLI_FILE, "cannot write '%s': it is no regular file", file);
    }
    char *path = strdup(file);
    int error = path ? 0 : ENOMEM;
    if (path) {
        go_up(path);
        error = access(path, W_OK | X_OK) ? errno : 0;
    }
    free(path);
    return error ? cli_fail(CLI_FILE, "cannot write '%s': %s", file, strerror(error)) : CLI_OK;
}

int cli_folder_check(const char *out)
{
    struct stat facts;
    char *path = strdup(out);
    int error = ENOMEM;
    while (path && (error = stat(path, &facts) ? errno : 0) == ENOENT && go_up(path)) {
    }
    if (!error) {
        error = !S_ISDIR(facts.st_mode) ? ENOTDIR : access(path, W_OK | X_OK) ? errno : 0;
    }
    free(path);
    return error ? cli_fail(CLI_FILE, "cannot write into the folder '%s': %s", out, strerror(error)) : CLI_OK;
}

int cli_folder_holds(const char *folder, const char *file)
{
    struct stat wanted, parent;
    char *path = strdup(file);
    int same = path && go_up(path) && stat(folder, &wanted) == 0 && stat(path, &parent) == 0 &&
               parent.st_dev == wanted.st_dev && parent.st_ino == wanted.st_ino;
    free(path);
    return same;
}

/* ---- what would be replaced ---- */

enum { HEAD = 1 << 16 /* bytes that tell a kind; in files of ours the metadata come first */ };

static int is_file(const char *path, const struct stat *facts)
{
    struct stat other;
    return stat(path, &other) == 0 && other.st_dev == facts->st_dev && other.st_ino == facts->st_ino;
}

/* Does another word of the command line name it? */
static int is_named_twice(const char *file, const struct stat *facts, const cli_option *options,
                          const cli_arguments *arguments)
{
    for (size_t i = 0; options[i].name; i++) {
        const char *value = arguments->option[i], *kind = options[i].value;
        int names_file = kind && (strcmp(kind, "FILE") == 0 || strcmp(kind, "CKPT") == 0);
        if (names_file && value && value != file && is_file(value, facts)) {
            return 1;
        }
    }
    for (size_t i = 0; i < arguments->operand_count; i++) {
        if (is_file(arguments->operands[i], facts)) {
            return 1;
        }
    }
    return 0;
}

static int is_json(const char *head, size_t bytes)
{
    size_t blanks = 0;
    while (blanks < bytes && isspace((unsigned char)head[blanks])) {
        blanks++;
    }
    return blanks < bytes && head[blanks] == '{';
}

static int is_png(const char *head, size_t bytes)
{
    return bytes >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
}

/* Safetensors: a length of eight bytes, far from filling them, and JSON. */
static int is_weights(const char *head, size_t bytes)
{
    return bytes > 8 && memcmp(head + 4, "\0\0\0\0{", 5) == 0;
}

static int check_kind(const char *file, cli_kind kind, const char *head, size_t bytes)
{
    static const struct {
        const char *name;
        int (*holds)(const char *head, size_t bytes);
    } kinds[] = {
        [CLI_JSON] = {"JSON", is_json}, [CLI_PNG] = {"PNG picture", is_png}, [CLI_WEIGHTS] = {"safetensors file", is_weights}};
    static const char step[] = "\"train.step\"";
    if (!kinds[kind].holds(head, bytes)) {
        return cli_fail(CLI_USAGE, "'%s' is there already and no %s: remove it first, or name another file", file,
                        kinds[kind].name);
    }
    if (kind == CLI_WEIGHTS && memmem(head, bytes, step, sizeof step - 1)) {
        return cli_fail(CLI_USAGE, "'%s' is a checkpoint, which a training can go on from: remove it first, or name another "
                        "file", file);
    }
    return CLI_OK;
}

int cli_folder_check_replaced(const char *file, cli_kind kind, const cli_option *options, const cli_arguments *arguments)
{
    struct stat facts;
    if (stat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return CLI_OK;
    }
    if (is_named_twice(file, &facts, options, arguments)) {
        return cli_fail(CLI_USAGE, "'%s' is named twice, and would be replaced: name another file to write", file);
    }
    char *head = malloc(HEAD);
    int from = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = head && from >= 0 ? read(from, head, HEAD) : -1;
    int status = !head      ? cli_fail(CLI_MEMORY, "out of memory")
                 : bytes < 0 ? cli_fail(CLI_FILE, "cannot see what '%s' holds now: %s", file, strerror(errno))
                 : bytes > 0 ? check_kind(file, kind, head, (size_t)bytes)
                             : CLI_OK; /* nothing is lost */
    if (from >= 0) {
        close(from);
    }
    free(head);
    return status;
}
