#include "data/strays.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct search {
    const char **names; /* (count) of all listed pictures, sorted */
    size_t count;
    const char *path;   /* of the data set */
    const te_layout_place *places, *place; /* of the task; the one whose folder is searched */
    te_strays *found;
} search;

/* ---- names ---- */

/* "./a//b", as find(1) may write it, is "a/b". */
static const char *skip_nothing(const char *name)
{
    while (*name == '/' || (name[0] == '.' && name[1] == '/')) {
        name += *name == '/' ? 1 : 2;
    }
    return name;
}

static int compare(const void *a, const void *b)
{
    const char *left = skip_nothing(*(const char *const *)a), *right = skip_nothing(*(const char *const *)b);
    while (*left && *left == *right) {
        bool part = *left == '/';
        left = part ? skip_nothing(left) : left + 1;
        right = part ? skip_nothing(right) : right + 1;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

/* Whether a picture has this name, of `length` bytes. */
static bool is_listed(const search *at, const char *name, size_t length)
{
    char stem[TE_LIST_NAME + 1];
    const char *key = stem;
    if (length > TE_LIST_NAME) {
        return false;
    }
    memcpy(stem, name, length);
    stem[length] = '\0';
    return bsearch(&key, at->names, at->count, sizeof *at->names, compare) != NULL;
}

/* Whether the file is the label of a picture, by any of the places in this folder. */
static bool is_claimed(const search *at, const char *name)
{
    size_t length = strlen(name);
    for (const te_layout_place *place = at->places; place->folder; place++) {
        size_t ending = strlen(place->extension);
        if (strcmp(place->folder, at->place->folder) == 0 && length > ending &&
            strcmp(name + length - ending, place->extension) == 0 && is_listed(at, name, length - ending)) {
            return true;
        }
    }
    return false;
}

/* ---- folders ---- */

/* Links to folders are not followed: they may lead round. */
static bool is_folder(const char *path, bool *linked)
{
    struct stat facts;
    bool there = lstat(path, &facts) == 0;
    *linked = there && S_ISLNK(facts.st_mode);
    return (*linked ? stat(path, &facts) == 0 : there) && S_ISDIR(facts.st_mode);
}

static te_status add_stray(search *at, const char *name)
{
    char *path = te_path_join(at->place->folder, name);
    if (!path) {
        return TE_ERR_MEMORY;
    }
    te_strays *found = at->found;
    found->count++;
    if (found->first && strcmp(found->first, path) <= 0) {
        free(path);
        return TE_OK;
    }
    free(found->first);
    found->first = path;
    return TE_OK;
}

static te_status search_folder(search *at, const char *below);

/* `name`: below the place's folder. */
static te_status look_at(search *at, const char *folder, const char *entry, const char *name)
{
    bool linked;
    char *path = te_path_join(folder, entry);
    if (!path) {
        return TE_ERR_MEMORY;
    }
    bool inner = is_folder(path, &linked);
    free(path);
    if (inner) {
        return linked ? TE_OK : search_folder(at, name);
    }
    return is_claimed(at, name) ? TE_OK : add_stray(at, name);
}

static te_status walk(search *at, DIR *stream, const char *folder, const char *below)
{
    const struct dirent *entry;
    te_status status = TE_OK;
    while (status == TE_OK && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.') {
            char *name = te_path_join(below, entry->d_name);
            status = name ? te_interrupt_check() : TE_ERR_MEMORY;
            status = status == TE_OK ? look_at(at, folder, entry->d_name, name) : status;
            free(name);
        }
    }
    return status;
}

/* The folder `below` the place's own ("" is that). */
static te_status search_folder(search *at, const char *below)
{
    te_status status = TE_ERR_MEMORY;
    char *top = te_path_join(at->path, at->place->folder), *folder = top ? te_path_join(top, below) : NULL;
    DIR *stream = folder ? opendir(folder) : NULL;
    if (stream) {
        status = walk(at, stream, folder, below);
        closedir(stream);
    } else if (folder) {
        status = TE_OK;
        if (errno != ENOENT && errno != ENOTDIR) {
            te_log(TE_LOG_WARNING, "cannot list the folder '%s': %s; labels there that belong to no picture are not told of",
                   folder, strerror(errno));
        }
    }
    free(folder);
    free(top);
    return status;
}

/* ---- all of it ---- */

/* Every folder once, however many kinds of files it may hold. */
static te_status search_places(search *at)
{
    for (at->place = at->places; at->place->folder; at->place++) {
        const te_layout_place *same = at->places;
        while (strcmp(same->folder, at->place->folder) != 0) {
            same++;
        }
        TE_TRY(same == at->place ? search_folder(at, "") : TE_OK);
    }
    return TE_OK;
}

static te_status sort_names(search *at, const te_list *const lists[2])
{
    at->names = te_alloc(lists[0]->count + lists[1]->count, sizeof *at->names, "a list of pictures");
    if (!at->names) {
        return TE_ERR_MEMORY;
    }
    for (int l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            at->names[at->count++] = lists[l]->lines[i].name;
        }
    }
    qsort(at->names, at->count, sizeof *at->names, compare);
    return TE_OK;
}

te_status te_strays_count(te_strays *strays, const char *path, const te_layout *layout, const te_task_id *tasks,
                          int task_count, const te_list *const lists[2])
{
    te_strays found[TE_TASK_COUNT] = {{0}};
    search at = {.path = path};
    te_status status;
    TE_TRY_OUT(sort_names(&at, lists));
    for (int t = 0; t < task_count; t++) {
        at.places = layout->labels[tasks[t]];
        at.found = &found[t];
        TE_TRY_OUT(search_places(&at));
    }
    memcpy(strays, found, (size_t)task_count * sizeof *strays);
    memset(found, 0, sizeof found);
out:
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_strays_clear(&found[t]);
    }
    free(at.names);
    return status;
}

void te_strays_clear(te_strays *strays)
{
    free(strays->first);
    *strays = (te_strays){.count = 0};
}
