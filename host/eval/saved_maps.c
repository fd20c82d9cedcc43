#include "eval/saved_maps.h"

#include "base/files.h"
#include "base/log.h"
#include "eval/saved_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 8, ENDINGS = 2 };

/* What comes behind a picture's name and '_': of two files the first counts. */
static const char *const endings[TE_TASK_COUNT][ENDINGS] = {
    [TE_SEMSEG] = {"semseg.npy", "semseg.png"},    [TE_HUMAN_PARTS] = {"human_parts.npy", "human_parts.png"},
    [TE_SAL] = {"sal.npy", "sal.png"},             [TE_NORMALS] = {"normals.npy", "normals.png"},
    [TE_EDGE] = {"edge.npy", "edge.png"},          [TE_DEPTH] = {"depth.npy", "depth_mm.png"},
};

/* ---- which tasks there are ---- */

static bool ends_with(const char *name, const char *before, const char *ending)
{
    size_t length = strlen(name), first = strlen(before), second = strlen(ending);
    return length > first + second && memcmp(name + length - first - second, before, first) == 0 &&
           memcmp(name + length - second, ending, second) == 0;
}

/* Bits of the config's tasks that the file is a map of. Gates are drawn as "<picture>_gates_<task>.png". */
static unsigned tasks_of(const char *name, const te_config *config)
{
    unsigned found = 0;
    for (int t = 0; t < config->task_count; t++) {
        for (int i = 0; i < ENDINGS; i++) {
            const char *ending = endings[config->tasks[t]][i];
            found |= (unsigned)(ends_with(name, "_", ending) && !ends_with(name, "_gates_", ending)) << t;
        }
    }
    return found;
}

static te_status look_through(const char *folder, const te_config *config, int depth, unsigned *tasks)
{
    unsigned all = (1u << config->task_count) - 1;
    DIR *files = opendir(folder);
    if (!files) {
        return te_fail(TE_ERR_FILE, "cannot open the folder '%s': %s", folder, strerror(errno));
    }
    te_status status = TE_OK;
    for (struct dirent *entry; status == TE_OK && *tasks != all && (entry = readdir(files)) != NULL;) {
        struct stat facts;
        char *path = te_path_join(folder, entry->d_name);
        if (!path) {
            status = TE_ERR_MEMORY;
        } else if (entry->d_name[0] != '.' && stat(path, &facts) == 0) {
            *tasks |= S_ISREG(facts.st_mode) ? tasks_of(entry->d_name, config) : 0;
            if (S_ISDIR(facts.st_mode) && depth < DEEPEST) {
                status = look_through(path, config, depth + 1, tasks);
            }
        }
        free(path);
    }
    closedir(files);
    return status;
}

te_status te_saved_maps_find(const char *folder, const te_config *config, unsigned *tasks)
{
    unsigned found = 0;
    TE_TRY(look_through(folder, config, 0, &found));
    if (!found) {
        return te_fail(TE_ERR_FILE, "the folder '%s' holds no maps: they are called <picture>_%s and so on, as 'taskexpert "
                       "infer --npy' writes them", folder, endings[config->tasks[0]][0]);
    }
    for (int t = 0; t < config->task_count; t++) {
        if (!(found >> t & 1)) {
            te_log(TE_LOG_WARNING, "the folder '%s' holds no maps of '%s': it gets no scores", folder, config->task_names[t]);
        }
    }
    *tasks = found;
    return TE_OK;
}

/* ---- one picture ---- */

/* "<folder>/<name>_<ending>" in fresh memory, or NULL. */
static char *path_of(const char *folder, const char *name, const char *ending)
{
    size_t bytes = strlen(folder) + strlen(name) + strlen(ending) + 3;
    char *path = te_alloc(bytes, 1, "a path");
    if (path) {
        snprintf(path, bytes, "%s/%s_%s", folder, name, ending);
    }
    return path;
}

static te_status load_map(const char *folder, const char *name, te_saved_file *file, te_map *map)
{
    const char *const *ending = endings[file->task];
    for (int i = 0; i < ENDINGS; i++) {
        struct stat facts;
        char *path = path_of(folder, name, ending[i]);
        if (!path) {
            return TE_ERR_MEMORY;
        }
        file->path = path;
        bool absent = stat(path, &facts) != 0 && (errno == ENOENT || errno == ENOTDIR);
        te_status status = absent ? TE_OK : te_saved_file_load(file, map);
        free(path);
        if (!absent) {
            return status;
        }
    }
    return te_fail(TE_ERR_FILE, "there is no '%s/%s_%s' and no '..._%s'", folder, name, ending[0], ending[1]);
}

te_status te_saved_maps_load(const char *folder, const char *name, const te_config *config, unsigned tasks, int width,
                             int height, te_map maps[TE_TASK_COUNT])
{
    te_map loaded[TE_TASK_COUNT] = {{0}};
    te_status status = TE_OK;
    for (int t = 0; t < config->task_count && status == TE_OK; t++) {
        te_saved_file file = {.task = config->tasks[t], .classes = config->channels[t], .width = width, .height = height};
        status = tasks >> t & 1 ? load_map(folder, name, &file, &loaded[t]) : TE_OK;
    }
    for (int t = 0; t < TE_TASK_COUNT && status != TE_OK; t++) {
        te_map_free(&loaded[t]);
    }
    if (status == TE_OK) {
        memcpy(maps, loaded, sizeof loaded);
    }
    return status;
}
