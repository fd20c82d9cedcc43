/* A census as JSON, and its mean pictures as a sheet. */
#include "data/census.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "base/json_file.h"
#include "data/map.h"
#include "data/sheet.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---- */

static json_t *describe_classes(const te_census *census, size_t t, int count)
{
    json_t *list = json_array();
    for (int c = 0; list && c < count; c++) {
        te_census_class entry;
        te_census_get_class(census, t, c, &entry);
        json_array_append_new(list, json_pack("{s:i, s:s?, s:I, s:I}", "class", c, "name", entry.name, "pixels",
                                              (json_int_t)entry.pixels, "pictures", (json_int_t)entry.pictures));
    }
    return list;
}

static json_t *describe_task(const te_census *census, size_t t)
{
    te_census_task task;
    te_census_get_task(census, t, &task);
    json_t *made = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "task", task.task, "labels", (json_int_t)task.labels,
                             "absent", (json_int_t)task.absent, "broken", (json_int_t)task.broken, "strays",
                             (json_int_t)task.strays, "pixels", (json_int_t)task.pixels, "valid", (json_int_t)task.valid);
    if (task.classes) {
        json_object_set_new(made, "classes", describe_classes(census, t, task.classes));
    } else if (census->tasks[t] == TE_SAL || census->tasks[t] == TE_EDGE) {
        json_object_set_new(made, "positive", json_integer((json_int_t)task.positive));
    } else if (task.valid) {
        json_object_set_new(made, census->tasks[t] == TE_DEPTH ? "metres" : "length",
                            json_pack("{s:f, s:f, s:f}", "min", task.min, "max", task.max, "mean", task.mean));
    }
    return made;
}

static json_t *describe(const te_census *census)
{
    const te_census_info *info = &census->info;
    json_t *tasks = json_array(), *problems = json_array();
    for (size_t t = 0; tasks && t < (size_t)census->task_count; t++) {
        json_array_append_new(tasks, describe_task(census, t));
    }
    for (size_t i = 0; problems && te_census_get_problem(census, i); i++) {
        json_t *text = json_string(te_census_get_problem(census, i)); /* NULL: a name is no UTF-8 */
        json_array_append_new(problems, text ? text : json_null());
    }
    json_t *list = info->list ? json_string(info->list) : json_null();
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:{s:i, s:i, s:i, s:i}, s:o, s:o}", "version", te_version(), "split",
                     census->split == TE_SPLIT_VAL ? "val" : "train", "list", list ? list : json_null(), "pictures",
                     (json_int_t)info->pictures, "broken_pictures", (json_int_t)info->broken, "unlabelled",
                     (json_int_t)info->unlabelled, "problem_count", (json_int_t)info->problems, "size", "min_width",
                     info->min_width, "max_width", info->max_width, "min_height", info->min_height, "max_height",
                     info->max_height, "tasks", tasks, "problems", problems);
}

/* ---- the sheet ---- */

enum { TITLE = 64 };

typedef struct page {
    te_picture *picture;
    te_map maps[TE_TASK_COUNT];
    te_sheet_map cells[TE_TASK_COUNT];
    char titles[TE_TASK_COUNT][TITLE];
    size_t count;
} page;

static void name_cell(char title[TITLE], te_task_id task, uint64_t labels, float scale)
{
    const char *name = te_tasks[task].name; /* short: a title has the width of a cell */
    switch (te_tasks[task].reading) {
    case TE_READ_CLASS: snprintf(title, TITLE, "%s, mode (%" PRIu64 ")", name, labels); break;
    case TE_READ_FOREGROUND:
    case TE_READ_SIGMOID:
        te_print(title, TITLE, "%s, white: %.3g %% (%" PRIu64 ")", name, 100.0 * (double)scale, labels);
        break;
    default: snprintf(title, TITLE, "%s, mean (%" PRIu64 ")", name, labels);
    }
}

static te_status fill_page(page *at, const te_census *census)
{
    TE_TRY(te_mean_get_picture(census->mean, &at->picture));
    for (int t = 0; t < census->task_count; t++) {
        te_task_id task = census->tasks[t];
        te_map *map = &at->maps[at->count];
        float scale;
        if (te_mean_has(census->mean, t)) {
            TE_TRY(te_mean_get_map(census->mean, t, map, &scale));
            name_cell(at->titles[at->count], task, census->tallies[t].labels, scale);
            at->cells[at->count] = (te_sheet_map){.map = map, .classes = te_dataset_get_classes(census->dataset, task),
                                                  .title = at->titles[at->count]};
            at->count++;
        }
    }
    return TE_OK;
}

static te_status save_sheet(const te_census *census, const char *path)
{
    page at = {0};
    te_picture *sheet = NULL;
    char footer[400];
    const te_census_info *info = &census->info;
    snprintf(footer, sizeof footer, "means and modes of %" PRIu64 " pictures, (n): of n labels; '%.255s'",
             info->pictures - info->broken, info->list ? info->list : "rooms");
    te_status status;
    TE_TRY_OUT(fill_page(&at, census));
    TE_TRY_OUT(te_sheet_draw_maps(&sheet, at.picture, at.cells, at.count, footer));
    status = te_picture_save(sheet, path);
out:
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_map_free(&at.maps[t]);
    }
    te_picture_free(at.picture);
    te_picture_free(sheet);
    return status;
}

/* ---- both ---- */

te_status te_census_save(const te_census *census, const char *folder)
{
    TE_NEED(census, folder);
    bool val = census->split == TE_SPLIT_VAL;
    TE_TRY(te_folder_make(folder));
    char *json = te_path_join(folder, val ? "check_val.json" : "check_train.json");
    char *sheet = te_path_join(folder, val ? "check_val.png" : "check_train.png");
    te_status status = json && sheet ? te_json_save(describe(census), json) : TE_ERR_MEMORY;
    if (status == TE_OK && census->info.pictures > census->info.broken) {
        status = save_sheet(census, sheet);
    }
    free(json);
    free(sheet);
    return status;
}
