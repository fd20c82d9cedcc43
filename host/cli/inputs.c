#include "inputs.h"

#include "folder.h"
#include "message.h"
#include "progress.h"
#include "stop.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const char cli_picture_extensions[] = "jpg jpeg png bmp tga gif ppm pgm pnm";

/* Pictures too, that a folder may hold, but not for this program. */
static const char foreign_extensions[] = "webp tif tiff heic heif avif jp2 jxl psd dng cr2 cr3 nef arw";

static int has_extension(const char *name, const char *extensions)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name) {
        return 0;
    }
    size_t length = strlen(dot + 1);
    for (const char *known = extensions; *known; known += strspn(known, " ")) {
        size_t known_length = strcspn(known, " ");
        if (length == known_length && strncasecmp(dot + 1, known, length) == 0) {
            return 1;
        }
        known += known_length;
    }
    return 0;
}

/* ---- stems ---- */

static int compare_stems(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The first of "stem", "stem-2", "stem-3", ... that no other picture has, in fresh memory; NULL without memory. */
static char *unique_stem(cli_inputs *inputs, const char *stem)
{
    size_t bytes = strlen(stem) + 24;
    char *unique = malloc(bytes);
    for (unsigned long number = 1; unique; number++) {
        snprintf(unique, bytes, number == 1 ? "%s" : "%s-%lu", stem, number);
        char **kept = tsearch(unique, &inputs->stems, compare_stems);
        if (kept && *kept == unique) {
            return unique;
        }
        if (!kept) {
            free(unique);
            unique = NULL;
        }
    }
    return NULL;
}

/* "folder/photo.jpg" -> "photo" */
static char *plain_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *stem = strdup(slash ? slash + 1 : path);
    char *dot = stem ? strrchr(stem, '.') : NULL;
    if (dot && dot != stem) {
        *dot = '\0';
    }
    return stem;
}

/* ---- the list ---- */

/* Takes `path`, which is in fresh memory or NULL. */
static int add_picture(cli_inputs *inputs, char *path)
{
    if (inputs->count == inputs->capacity) {
        size_t capacity = inputs->capacity ? 2 * inputs->capacity : 64;
        cli_input *list = reallocarray(inputs->list, capacity, sizeof *list);
        if (!list) {
            free(path);
            return cli_fail(CLI_MEMORY, "out of memory for the list of pictures");
        }
        inputs->list = list;
        inputs->capacity = capacity;
    }
    char *wanted = path ? plain_stem(path) : NULL;
    char *stem = wanted ? unique_stem(inputs, wanted) : NULL;
    if (!stem) {
        free(wanted);
        free(path);
        return cli_fail(CLI_MEMORY, "out of memory for the list of pictures");
    }
    if (strcmp(stem, wanted) != 0) {
        cli_note("another picture is called '%s': the results of '%s' are called '%s'", wanted, path, stem);
    }
    free(wanted);
    inputs->list[inputs->count++] = (cli_input){path, stem};
    return CLI_OK;
}

static char *join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') {
        length--;
    }
    const char *slash = folder[length - 1] == '/' ? "" : "/"; /* the root */
    char *path;
    return asprintf(&path, "%.*s%s%s", (int)length, folder, slash, name) < 0 ? NULL : path;
}

static int select_picture(const struct dirent *entry)
{
    return has_extension(entry->d_name, cli_picture_extensions) || has_extension(entry->d_name, foreign_extensions);
}

/* By bytes: the same order on every machine, whatever its language. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_regular(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

/* Add a file of a folder, or count it as foreign. Takes `path`. */
static int add_file(cli_inputs *inputs, char *path, size_t *foreign)
{
    bool regular = !path || is_regular(path);
    if (regular && !(path && has_extension(path, foreign_extensions))) {
        return add_picture(inputs, path);
    }
    *foreign += regular ? 1 : 0;
    free(path);
    return CLI_OK;
}

static int add_folder(cli_inputs *inputs, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, select_picture, compare_names);
    if (count < 0) {
        inputs->failed++;
        cli_fail(CLI_FILE, "cannot read the folder '%s': %s", folder, strerror(errno));
        return CLI_OK;
    }
    size_t before = inputs->count, foreign = 0;
    int status = CLI_OK;
    for (int i = 0; i < count; i++) {
        status = status == CLI_OK ? add_file(inputs, join(folder, entries[i]->d_name), &foreign) : status;
        free(entries[i]);
    }
    free(entries);
    if (foreign > 0) {
        cli_note("pictures of '%s' that are left out: %zu, since only %s can be read", folder, foreign, cli_picture_extensions);
    }
    if (status == CLI_OK && inputs->count == before) {
        inputs->failed++;
        cli_fail(CLI_FILE, "the folder '%s' holds no pictures (%s)", folder, cli_picture_extensions);
    }
    return status;
}

int cli_inputs_add(cli_inputs *inputs, const char *operand)
{
    struct stat facts;
    if (stat(operand, &facts) != 0) {
        inputs->failed++;
        cli_fail(CLI_FILE, "cannot open '%s': %s", operand, strerror(errno));
        return CLI_OK;
    }
    return S_ISDIR(facts.st_mode) ? add_folder(inputs, operand) : add_picture(inputs, strdup(operand));
}

/* ---- results beside pictures ---- */

/* What follows "<stem>_" in the name of a result. */
static int ends_a_result(const char *end)
{
    static const char *const ends[] = {"overview.png", "semseg.png", "human_parts.png", "sal.png", "normals.png", "edge.png",
                                       "depth.png", "depth_mm.png"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(end, ends[i]) == 0) {
            return 1;
        }
    }
    return strncmp(end, "gates_", strlen("gates_")) == 0;
}

/* The stem of the picture whose result has this name, or NULL. */
static const char *owner_of(cli_inputs *inputs, const char *name)
{
    char *stem = strdup(name), **owner = NULL;
    for (const char *bar = strchr(name, '_'); stem && bar && !owner; bar = strchr(bar + 1, '_')) {
        if (ends_a_result(bar + 1)) {
            stem[bar - name] = '\0';
            owner = tfind(stem, &inputs->stems, compare_stems);
            stem[bar - name] = '_';
        }
    }
    free(stem);
    return owner ? *owner : NULL;
}

int cli_inputs_check_results(cli_inputs *inputs, const char *folder)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const char *path = inputs->list[i].path, *slash = strrchr(path, '/');
        const char *owner = cli_folder_holds(folder, path) ? owner_of(inputs, slash ? slash + 1 : path) : NULL;
        if (owner) {
            return cli_fail(CLI_USAGE, "a result of the picture '%s' would replace the picture '%s': name another folder "
                            "with -o", owner, path);
        }
    }
    return CLI_OK;
}

static void keep(void *stem)
{
    (void)stem; /* it belongs to an input */
}

int cli_inputs_run(const cli_inputs *inputs, int (*run)(const cli_input *input, void *context), void *context)
{
    int status = CLI_OK;
    cli_progress_start(inputs->count, cli_message_get_level() < 0);
    for (size_t i = 0; i < inputs->count && status == CLI_OK && !cli_stop_wanted(); i++) {
        const cli_input *input = &inputs->list[i];
        cli_progress_begin(i, input->path);
        status = run(input, context);
        if (status == CLI_OK) {
            cli_progress_end(i, input->path);
        }
    }
    cli_progress_clear();
    return status;
}

void cli_inputs_free(cli_inputs *inputs)
{
    tdestroy(inputs->stems, keep);
    for (size_t i = 0; i < inputs->count; i++) {
        free(inputs->list[i].path);
        free(inputs->list[i].stem);
    }
    free(inputs->list);
}
