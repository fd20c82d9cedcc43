#include "folder.h"

#include "message.h"

#include <errno.h>
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
