#include "data/folder.h"

#include "base/files.h"
#include "base/log.h"
#include "data/label_file.h"
#include "data/list.h"
#include "data/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The extensions that are looked for; of several files the first counts. */
static const char *const picture_extensions[] = {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", NULL};
static const char *const label_extensions[] = {".png", NULL};
static const char *const depth_extensions[] = {".npy", ".png", NULL};

struct te_folder {
    char *path;
    te_list list;        /* of the pictures that are used */
    uint8_t *labels;     /* (count) */
    uint8_t *extensions; /* (count) of the picture, of its depth times 16 */
    te_task_id tasks[TE_TASK_COUNT];
    int task_count, classes;
};

static const char *const *extensions_of(te_task_id task)
{
    return task == TE_DEPTH ? depth_extensions : label_extensions;
}

/* "path/below/name.extension" in fresh memory, or NULL. */
static char *join(const te_folder *folder, const char *below, const char *name, const char *extension)
{
    size_t bytes = strlen(folder->path) + strlen(below) + strlen(name) + strlen(extension) + 3;
    char *made = te_alloc(bytes, 1, "a path");
    if (made) {
        snprintf(made, bytes, "%s/%s/%s%s", folder->path, below, name, extension);
    }
    return made;
}

/* ---- what there is ---- */

/* The first of the extensions that a file has, -1: none. That a file cannot be looked at is no absence. */
static te_status find_file(const te_folder *folder, const char *below, const char *name, const char *const *extensions,
                           int *found)
{
    *found = -1;
    for (int i = 0; extensions[i] && *found < 0; i++) {
        char *path = join(folder, below, name, extensions[i]);
        if (!path) {
            return TE_ERR_MEMORY;
        }
        struct stat facts;
        te_status status = TE_OK;
        if (stat(path, &facts) == 0) {
            *found = i;
        } else if (errno != ENOENT && errno != ENOTDIR) {
            status = te_fail(TE_ERR_FILE, "cannot examine '%s': %s", path, strerror(errno));
        }
        free(path);
        TE_TRY(status);
    }
    return TE_OK;
}

/* The files of line `from` of the list; a picture with a label of the tasks becomes picture `*count`. */
static te_status look_up(te_folder *folder, size_t from, size_t *count)
{
    const struct te_list_line line = folder->list.lines[from];
    int picture, label;
    uint8_t labels = 0, extensions = 0;
    TE_TRY(find_file(folder, "images", line.name, picture_extensions, &picture));
    if (picture < 0) {
        return te_fail(TE_ERR_FILE, "'%s' line %zu: there is no picture '%s/images/%s' with .jpg, .jpeg or .png behind "
                       "it; lists name pictures without that", folder->list.path, line.number, folder->path, line.name);
    }
    for (int t = 0; t < folder->task_count; t++) {
        te_task_id task = folder->tasks[t];
        TE_TRY(find_file(folder, te_tasks[task].name, line.name, extensions_of(task), &label));
        labels = (uint8_t)(labels | (label >= 0) << t);
        extensions = task == TE_DEPTH && label >= 0 ? (uint8_t)(label << 4) : extensions;
    }
    if (labels) {
        folder->list.lines[*count] = line;
        folder->labels[*count] = labels;
        folder->extensions[*count] = (uint8_t)(extensions | picture);
        (*count)++;
    }
    return TE_OK;
}

/* What is missing, for people. */
static void report(const te_folder *folder, size_t lines)
{
    uint8_t any = 0;
    for (size_t i = 0; i < folder->list.count; i++) {
        any |= folder->labels[i];
    }
    for (int t = 0; t < folder->task_count; t++) {
        if (!(any >> t & 1)) {
            te_log(TE_LOG_WARNING, "no picture of '%s' has a label of '%s'", folder->list.path,
                   te_tasks[folder->tasks[t]].name);
        }
    }
    if (folder->list.count < lines) {
        te_log(TE_LOG_WARNING, "%zu of the %zu pictures of '%s' have no label of the model's tasks and are left out",
               lines - folder->list.count, lines, folder->list.path);
    }
}

static te_status index_files(te_folder *folder)
{
    size_t lines = folder->list.count, count = 0;
    folder->labels = te_alloc(lines, 1, "a list of pictures");
    folder->extensions = te_alloc(lines, 1, "a list of pictures");
    if (!folder->labels || !folder->extensions) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; i < lines; i++) {
        TE_TRY(look_up(folder, i, &count));
    }
    folder->list.count = count;
    if (!count) {
        return te_fail(TE_ERR_FILE, "no picture of '%s' has a label of the model's tasks; they belong into '%s/%s' and "
                       "so on", folder->list.path, folder->path, te_tasks[folder->tasks[0]].name);
    }
    report(folder, lines);
    return TE_OK;
}

static te_status load_list(te_folder *folder, const char *list)
{
    char *path = strchr(list, '/') ? strdup(list) : join(folder, "gt_sets", list, ".txt");
    te_status status = path ? te_list_load(&folder->list, path) : TE_ERR_MEMORY;
    free(path);
    return status;
}

te_status te_folder_open(te_folder **folder, const te_folder_options *options)
{
    if (!*options->path) {
        return te_fail(TE_ERR_SETTING, "'data.folder' is empty: name the folder that holds images/ and gt_sets/");
    }
    te_folder *opened = te_alloc(1, sizeof *opened, "a dataset");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->path = strdup(options->path);
    opened->task_count = options->task_count;
    opened->classes = options->classes;
    memcpy(opened->tasks, options->tasks, (size_t)options->task_count * sizeof *options->tasks);
    te_status status = opened->path ? TE_OK : TE_ERR_MEMORY;
    TE_TRY_OUT(status);
    TE_TRY_OUT(load_list(opened, options->list));
    TE_TRY_OUT(index_files(opened));
    *folder = opened;
    return TE_OK;
out:
    te_folder_close(opened);
    return status;
}

void te_folder_close(te_folder *folder)
{
    if (folder) {
        te_list_free(&folder->list);
        free(folder->path);
        free(folder->labels);
        free(folder->extensions);
        free(folder);
    }
}

uint64_t te_folder_count(const te_folder *folder)
{
    return folder->list.count;
}

const char *te_folder_get_list(const te_folder *folder)
{
    return folder->list.path;
}

const uint8_t *te_folder_get_labels(const te_folder *folder)
{
    return folder->labels;
}

/* ---- one picture ---- */

static te_status load_label(const te_folder *folder, uint64_t index, int t, const char *picture, te_example *example)
{
    te_task_id task = folder->tasks[t];
    const char *extension = extensions_of(task)[task == TE_DEPTH ? folder->extensions[index] >> 4 : 0];
    char *path = join(folder, te_tasks[task].name, folder->list.lines[index].name, extension);
    if (!path) {
        return TE_ERR_MEMORY;
    }
    te_label_file file = {.path = path, .task = task, .width = example->width, .height = example->height,
                          .classes = task == TE_SEMSEG ? folder->classes : te_tasks[task].channels,
                          .picture = picture};
    te_status status = te_label_file_load(&file, &example->labels[t]);
    free(path);
    return status;
}

te_status te_folder_load(const te_folder *folder, uint64_t index, te_example *example)
{
    const char *name = folder->list.lines[index].name;
    te_example made = {.width = 0};
    te_picture *picture = NULL;
    char *path = join(folder, "images", name, picture_extensions[folder->extensions[index] & 15]);
    te_status status = path ? te_picture_load_stored(&picture, path) : TE_ERR_MEMORY;
    TE_TRY_OUT(status);
    made.width = picture->width;
    made.height = picture->height;
    made.rgb = picture->rgb;
    picture->rgb = NULL;
    memcpy(made.name, name, strlen(name) + 1); /* te_list_load() holds it to TE_LIST_NAME bytes */
    for (int t = 0; t < folder->task_count; t++) {
        if (folder->labels[index] >> t & 1) {
            TE_TRY_OUT(load_label(folder, index, t, path, &made));
        }
    }
    *example = made;
    made = (te_example){.width = 0};
out:
    te_example_clear(&made);
    te_picture_free(picture);
    free(path);
    return status;
}
