#include "data/folder.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "data/list.h"
#include "data/picture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ABSENT = 255 };

struct te_folder {
    const te_layout *layout;
    char *path;
    te_list list;      /* of the pictures that are used */
    uint8_t *labels;   /* (count) bit t: there is a label of tasks[t] */
    uint8_t *pictures; /* (count) which of the layout's places, or ABSENT */
    uint8_t *places;   /* (count,tasks) the same of the labels */
    te_task_id tasks[TE_TASK_COUNT];
    int task_count, classes, shared_normals, check;
};

/* "path/place/name.extension" in fresh memory, or NULL. */
static char *join(const te_folder *folder, const te_layout_place *place, const char *name)
{
    size_t bytes = strlen(folder->path) + strlen(place->folder) + strlen(name) + strlen(place->extension) + 3;
    char *made = te_alloc(bytes, 1, "a path");
    if (made) {
        snprintf(made, bytes, "%s/%s/%s%s", folder->path, place->folder, name, place->extension);
    }
    return made;
}

/* ---- what there is ---- */

/* Is anything there? A failure where it is and cannot be looked at, as a link to nowhere. */
static te_status examine(const char *path, bool *there)
{
    struct stat facts;
    int error = stat(path, &facts) == 0 ? 0 : errno;
    *there = error != ENOTDIR && (error != ENOENT || lstat(path, &facts) == 0);
    return *there && error ? te_fail(TE_ERR_FILE, "cannot examine '%s': %s", path, te_file_reason(path, error)) : TE_OK;
}

/* The first place that has a file, or ABSENT. That a file cannot be looked at is no absence: an error, and for a check a file
 * that it will find broken. */
static te_status find_file(const te_folder *folder, const te_layout_place *places, const char *name, uint8_t *found)
{
    *found = ABSENT;
    for (uint8_t i = 0; places[i].folder && *found == ABSENT; i++) {
        char *path = join(folder, &places[i], name);
        if (!path) {
            return TE_ERR_MEMORY;
        }
        bool there;
        te_status status = examine(path, &there);
        free(path);
        *found = there ? i : *found;
        TE_TRY(folder->check ? TE_OK : status);
    }
    return TE_OK;
}

static int needs_regions(const te_folder *folder, te_task_id task)
{
    return task == TE_NORMALS && folder->shared_normals && folder->layout->regions.folder;
}

/* Where the label of a task lies. */
static te_status find_label(const te_folder *folder, te_task_id task, const char *name, uint8_t *found)
{
    TE_TRY(find_file(folder, folder->layout->labels[task], name, found));
    if (*found != ABSENT && needs_regions(folder, task)) {
        const te_layout_place regions[] = {folder->layout->regions, {0}};
        uint8_t other;
        TE_TRY(find_file(folder, regions, name, &other));
        *found = other == ABSENT ? ABSENT : *found;
    }
    return TE_OK;
}

static te_status fail_missing(const te_folder *folder, const te_list_line *line)
{
    return te_fail(TE_ERR_FILE, "'%s' line %zu: there is no picture '%s/%s/%s' with %s behind it; lists name pictures without "
                   "that", folder->list.path, line->number, folder->path, folder->layout->pictures[0].folder, line->name,
                   folder->layout->endings);
}

/* The files of line `from` of the list; a picture with a label of the tasks becomes picture `*count`. */
static te_status look_up(te_folder *folder, size_t from, size_t *count)
{
    const te_list_line line = folder->list.lines[from];
    uint8_t picture, *places = folder->places + *count * (size_t)folder->task_count, labels = 0;
    TE_TRY(find_file(folder, folder->layout->pictures, line.name, &picture));
    if (picture == ABSENT && !folder->check) {
        return fail_missing(folder, &line);
    }
    for (int t = 0; t < folder->task_count; t++) {
        TE_TRY(find_label(folder, folder->tasks[t], line.name, &places[t]));
        labels = (uint8_t)(labels | (places[t] != ABSENT) << t);
    }
    if (labels || folder->check) {
        folder->list.lines[*count] = line;
        folder->labels[*count] = labels;
        folder->pictures[*count] = picture;
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

/* Where the labels of the first task that the layout knows belong. */
static const char *label_folder(const te_folder *folder)
{
    for (int t = 0; t < folder->task_count; t++) {
        if (folder->layout->labels[folder->tasks[t]][0].folder) {
            return folder->layout->labels[folder->tasks[t]][0].folder;
        }
    }
    return "...";
}

static te_status index_files(te_folder *folder)
{
    size_t lines = folder->list.count, count = 0;
    folder->labels = te_alloc(lines, 1, "a list of pictures");
    folder->pictures = te_alloc(lines, 1, "a list of pictures");
    folder->places = te_alloc(lines, (size_t)folder->task_count, "a list of pictures");
    if (!folder->labels || !folder->pictures || !folder->places) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; i < lines; i++) {
        TE_TRY(te_interrupt_check()); /* on a disk far away they may take minutes */
        TE_TRY(look_up(folder, i, &count));
    }
    folder->list.count = count;
    if (!count) {
        return te_fail(TE_ERR_FILE, "no picture of '%s' has a label of the model's tasks; they belong into '%s/%s' and "
                       "so on", folder->list.path, folder->path, label_folder(folder));
    }
    if (!folder->check) {
        report(folder, lines);
    }
    return TE_OK;
}

static te_status load_list(const te_folder *folder, const char *name, te_list *list)
{
    const te_layout_place place = {folder->layout->lists, ".txt", 0};
    char *path = strchr(name, '/') ? strdup(name) : join(folder, &place, name);
    te_status status = path ? te_list_load(list, path) : TE_ERR_MEMORY;
    if (status == TE_ERR_FILE && access(path, F_OK) != 0) {
        char remedy[160];
        snprintf(remedy, sizeof remedy, "; set 'data.folder' to the folder that holds %s/, or 'data.train_list' and "
                 "'data.val_list' to the lists", folder->layout->lists);
        te_fail_suffix(status, remedy);
    }
    free(path);
    return status;
}

/* A folder of labels may be absent; a link to one on a disk that is not there is a mistake. */
static te_status check_places(const te_folder *folder, const te_layout_place *places)
{
    for (int i = 0; places[i].folder; i++) {
        bool there;
        char *path = te_path_join(folder->path, places[i].folder);
        te_status status = path ? examine(path, &there) : TE_ERR_MEMORY;
        free(path);
        TE_TRY(status);
    }
    return TE_OK;
}

te_status te_folder_open(te_folder **folder, const te_folder_options *options)
{
    if (!*options->path) {
        return te_fail(TE_ERR_SETTING, "'data.folder' is empty: name the folder that holds %s/ and %s/",
                       options->layout->pictures[0].folder, options->layout->lists);
    }
    te_folder *opened = te_alloc(1, sizeof *opened, "a dataset");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->layout = options->layout;
    opened->path = strdup(options->path);
    opened->task_count = options->task_count;
    opened->classes = options->classes;
    opened->shared_normals = options->shared_normals;
    opened->check = options->check;
    memcpy(opened->tasks, options->tasks, (size_t)options->task_count * sizeof *options->tasks);
    te_status status = opened->path ? TE_OK : TE_ERR_MEMORY;
    TE_TRY_OUT(status);
    TE_TRY_OUT(load_list(opened, options->list, &opened->list));
    for (int t = 0; t < opened->task_count; t++) {
        TE_TRY_OUT(check_places(opened, opened->layout->labels[opened->tasks[t]]));
    }
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
        free(folder->pictures);
        free(folder->places);
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
    const char *name = folder->list.lines[index].name;
    uint8_t which = folder->places[index * (size_t)folder->task_count + (size_t)t];
    const te_layout_place *place = &folder->layout->labels[task][which];
    char *path = join(folder, place, name);
    char *regions = path && needs_regions(folder, task) ? join(folder, &folder->layout->regions, name) : NULL;
    te_label_file file = {.path = path, .kind = place->kind, .task = task, .width = example->width, .height = example->height,
                          .classes = task == TE_SEMSEG ? folder->classes : te_tasks[task].channels, .picture = picture,
                          .regions = regions};
    te_status status = path && (regions || !needs_regions(folder, task)) ? te_label_file_load(&file, &example->labels[t])
                                                                         : TE_ERR_MEMORY;
    free(path);
    free(regions);
    return status;
}

/* The picture's own file; `path`: of it, in fresh memory. */
static te_status load_picture(const te_folder *folder, uint64_t index, char **path, te_example *example)
{
    const te_list_line *line = &folder->list.lines[index];
    te_picture *picture;
    if (folder->pictures[index] == ABSENT) {
        return fail_missing(folder, line);
    }
    *path = join(folder, &folder->layout->pictures[folder->pictures[index]], line->name);
    TE_TRY(*path ? te_picture_load_stored(&picture, *path) : TE_ERR_MEMORY);
    *example = (te_example){.width = picture->width, .height = picture->height, .rgb = picture->rgb};
    memcpy(example->name, line->name, strlen(line->name) + 1); /* te_list_load() holds it to TE_LIST_NAME bytes */
    picture->rgb = NULL;
    te_picture_free(picture);
    return TE_OK;
}

te_status te_folder_load(const te_folder *folder, uint64_t index, te_example *example)
{
    te_example made = {.width = 0};
    char *path = NULL;
    te_status status;
    TE_TRY_OUT(load_picture(folder, index, &path, &made));
    for (int t = 0; t < folder->task_count; t++) {
        if (folder->labels[index] >> t & 1) {
            TE_TRY_OUT(load_label(folder, index, t, path, &made));
        }
    }
    *example = made;
    made = (te_example){.width = 0};
out:
    te_example_clear(&made);
    free(path);
    return status;
}

te_status te_folder_count_strays(const te_folder *folder, const char *other, te_strays strays[TE_TASK_COUNT])
{
    te_list second = {.count = 0};
    te_status status = load_list(folder, other, &second);
    if (status == TE_OK) {
        status = te_strays_count(strays, folder->path, folder->layout, folder->tasks, folder->task_count,
                                 (const te_list *[]){&folder->list, &second});
    } else if (status != TE_ERR_MEMORY) {
        status = TE_OK; /* whose the files are cannot be told */
    }
    te_list_free(&second);
    return status;
}

/* Keep the message of what failed: a broken file is a finding, want of memory a failure. */
static te_status note(te_status status, char **problem)
{
    if (status != TE_OK && status != TE_ERR_MEMORY) {
        *problem = strdup(te_last_error());
        return *problem ? TE_OK : TE_ERR_MEMORY;
    }
    return status;
}

te_status te_folder_inspect(const te_folder *folder, uint64_t index, te_inspection *inspection)
{
    te_inspection made = {.absent = (uint8_t)(~folder->labels[index] & ((1 << folder->task_count) - 1))};
    const char *name = folder->list.lines[index].name;
    char *path = NULL;
    te_status status;
    TE_TRY_OUT(note(load_picture(folder, index, &path, &made.example), &made.picture_problem));
    memcpy(made.example.name, name, strlen(name) + 1);
    for (int t = 0; t < folder->task_count && made.example.rgb; t++) {
        if (folder->labels[index] >> t & 1) {
            TE_TRY_OUT(note(load_label(folder, index, t, path, &made.example), &made.problems[t]));
        }
    }
    *inspection = made;
    made = (te_inspection){.absent = 0};
out:
    te_inspection_clear(&made);
    free(path);
    return status;
}
