#include "data/dataset.h"

#include "data/augment.h"
#include "data/folder.h"
#include "data/rooms.h"
#include "data/sampler.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 255 };

struct te_dataset {
    te_settings *settings;
    te_split split;
    te_folder *folder;   /* NULL: rooms */
    te_sampler *sampler; /* NULL: sample n is picture n */
    te_task_id tasks[TE_TASK_COUNT];
    int task_count;
    char class_names[2][MOST_CLASSES][TE_CLASS_NAME]; /* of semseg, of human_parts; empty: it has none */
};

int te_label_channels(te_task_id task)
{
    return task == TE_NORMALS ? 3 : 1;
}

float te_label_ignored(te_task_id task)
{
    return task == TE_NORMALS || task == TE_DEPTH ? 0.0f : 255.0f;
}

/* ---- life ---- */

static int find_task(const te_dataset *dataset, te_task_id task)
{
    for (int t = 0; t < dataset->task_count; t++) {
        if (dataset->tasks[t] == task) {
            return t;
        }
    }
    return -1;
}

static te_status check_rooms(const te_dataset *dataset)
{
    if (find_task(dataset, TE_SEMSEG) >= 0 && dataset->settings->model.semseg_classes < TE_ROOMS_CLASSES) {
        return te_fail(TE_ERR_SETTING, "'model.semseg_classes' is %d, but rooms have %d classes: set it to %d",
                       dataset->settings->model.semseg_classes, TE_ROOMS_CLASSES, TE_ROOMS_CLASSES);
    }
    return TE_OK;
}

/* A data set whose number of classes is known needs a model that tells these apart. */
static te_status check_classes(const te_dataset *dataset, const te_layout *layout)
{
    int classes = dataset->settings->model.semseg_classes;
    if (layout->classes && classes != layout->classes && find_task(dataset, TE_SEMSEG) >= 0) {
        return te_fail(TE_ERR_SETTING, "'model.semseg_classes' is %d, but the data set of 'data.source' has %d classes: set it "
                       "to %d", classes, layout->classes, layout->classes);
    }
    return TE_OK;
}

static te_status open_folder(te_dataset *dataset, const te_layout *layout, int check)
{
    const te_settings *settings = dataset->settings;
    bool val = dataset->split == TE_SPLIT_VAL;
    te_folder_options options = {.layout = layout, .path = settings->data.folder, .tasks = dataset->tasks,
                                 .list = val ? settings->data.val_list : settings->data.train_list,
                                 .task_count = dataset->task_count, .classes = settings->model.semseg_classes,
                                 .shared_normals = settings->data.pascal_normals == TE_NORMALS_SHARED, .check = check};
    TE_TRY(check_classes(dataset, layout));
    TE_TRY(te_folder_open(&dataset->folder, &options));
    return check ? TE_OK
                 : te_sampler_create(&dataset->sampler, settings->data.sampler, (uint64_t)settings->train.seed,
                                     te_folder_get_labels(dataset->folder), te_folder_count(dataset->folder),
                                     dataset->task_count);
}

/* Factors of scaling far from 1 make nothing to learn from, and pictures that no memory holds. */
static te_status check_scales(const te_settings *settings)
{
    float least = settings->data.scale_min, most = settings->data.scale_max;
    if (!(least >= 0.1f && most >= least)) {
        return te_fail(TE_ERR_SETTING, "'data.scale_min' is %g and 'data.scale_max' %g; they must be at least 0.1 and in "
                       "this order", (double)least, (double)most);
    }
    return TE_OK;
}

static void name_classes(te_dataset *dataset)
{
    for (int parts = 0; parts < 2; parts++) {
        te_classes classes = te_classes_of(dataset->settings, parts ? TE_HUMAN_PARTS : TE_SEMSEG);
        if (!parts && !dataset->folder) {
            classes.count = TE_ROOMS_CLASSES; /* a model may tell more apart */
        }
        for (int c = 0; c < MOST_CLASSES; c++) {
            if (!te_class_name(&classes, c, dataset->class_names[parts][c])) {
                dataset->class_names[parts][c][0] = '\0';
            }
        }
    }
}

static te_status open_dataset(te_dataset **dataset, const te_settings *settings, te_split split, const te_task_id *tasks,
                              int task_count, int check)
{
    const te_layout *layout = te_layout_find(settings->data.source);
    te_dataset *opened = te_alloc(1, sizeof *opened, "a dataset");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->split = split;
    opened->task_count = task_count;
    memcpy(opened->tasks, tasks, (size_t)task_count * sizeof *tasks);
    te_status status;
    TE_TRY_OUT(te_settings_copy(&opened->settings, settings));
    TE_TRY_OUT(check_scales(settings));
    TE_TRY_OUT(te_classes_check(settings));
    TE_TRY_OUT(layout ? open_folder(opened, layout, check) : check_rooms(opened));
    name_classes(opened);
    *dataset = opened;
    return TE_OK;
out:
    te_dataset_close(opened);
    return status;
}

te_status te_dataset_open(te_dataset **dataset, const te_settings *settings, te_split split, const te_task_id *tasks,
                          int task_count)
{
    return open_dataset(dataset, settings, split, tasks, task_count, 0);
}

te_status te_dataset_open_check(te_dataset **dataset, const te_settings *settings, te_split split, const te_task_id *tasks,
                                int task_count)
{
    return open_dataset(dataset, settings, split, tasks, task_count, 1);
}

void te_dataset_close(te_dataset *dataset)
{
    if (dataset) {
        te_sampler_free(dataset->sampler);
        te_folder_close(dataset->folder);
        te_settings_free(dataset->settings);
        free(dataset);
    }
}

uint64_t te_dataset_count(const te_dataset *dataset)
{
    if (dataset->folder) {
        return te_folder_count(dataset->folder);
    }
    return dataset->split == TE_SPLIT_VAL ? (uint64_t)dataset->settings->data.val_scenes : UINT64_MAX;
}

const char *te_dataset_get_list(const te_dataset *dataset)
{
    return dataset->folder ? te_folder_get_list(dataset->folder) : NULL;
}

int te_dataset_count_tasks(const te_dataset *dataset)
{
    return dataset->task_count;
}

te_task_id te_dataset_get_task(const te_dataset *dataset, int t)
{
    return dataset->tasks[t];
}

te_classes te_dataset_get_classes(const te_dataset *dataset, te_task_id task)
{
    return te_classes_of(dataset->settings, task);
}

const char *te_dataset_class_name(const te_dataset *dataset, te_task_id task, int c)
{
    bool has_classes = task == TE_SEMSEG || task == TE_HUMAN_PARTS;
    const char *name = has_classes && c >= 0 && c < MOST_CLASSES ? dataset->class_names[task == TE_HUMAN_PARTS][c] : "";
    return *name ? name : NULL;
}

/* ---- examples ---- */

void te_example_clear(te_example *example)
{
    free(example->rgb);
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        free(example->labels[t]);
    }
    *example = (te_example){.width = 0};
}

static void copy_bytes(const uint8_t *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
    }
}

static void copy_label(const te_rooms_sample *room, te_task_id task, float *to, size_t area)
{
    switch (task) {
    case TE_SEMSEG: copy_bytes(room->semseg, to, area); break;
    case TE_HUMAN_PARTS: copy_bytes(room->human_parts, to, area); break;
    case TE_SAL: copy_bytes(room->sal, to, area); break;
    case TE_EDGE: copy_bytes(room->edge, to, area); break;
    case TE_NORMALS:
        for (size_t i = 0; i < 3 * area; i++) {
            to[i] = room->normals[i % area * 3 + i / area];
        }
        break;
    default: memcpy(to, room->depth, area * sizeof *to);
    }
}

static te_status load_room(const te_dataset *dataset, uint64_t index, int height, int width, te_example *example)
{
    /* Whatever train.seed, runs are judged on the same rooms. */
    uint64_t seed = dataset->split == TE_SPLIT_VAL ? TE_ROOMS_VAL_SEED : (uint64_t)dataset->settings->train.seed;
    size_t area = (size_t)height * (size_t)width;
    te_rooms_sample *room;
    TE_TRY(te_rooms_sample_create(&room, seed, index, width, height));
    *example = (te_example){.width = width, .height = height, .rgb = room->rgb};
    room->rgb = NULL;
    snprintf(example->name, sizeof example->name, "%" PRIu64, index);
    te_status status = TE_OK;
    for (int t = 0; t < dataset->task_count && status == TE_OK; t++) {
        size_t channels = (size_t)te_label_channels(dataset->tasks[t]);
        example->labels[t] = te_alloc(channels * area, sizeof(float), "a label");
        if (example->labels[t]) {
            copy_label(room, dataset->tasks[t], example->labels[t], area);
        } else {
            status = TE_ERR_MEMORY;
        }
    }
    te_rooms_sample_free(room);
    return status;
}

static te_status check_index(const te_dataset *dataset, uint64_t index)
{
    return index < te_dataset_count(dataset) ? TE_OK
                                             : te_fail(TE_ERR_ARGUMENT, "there is no picture '%" PRIu64 "' in a list of %"
                                                       PRIu64, index, te_dataset_count(dataset));
}

te_status te_dataset_load(const te_dataset *dataset, uint64_t index, int height, int width, te_example *example)
{
    TE_TRY(check_index(dataset, index));
    if (dataset->folder) {
        return te_folder_load(dataset->folder, index, example);
    }
    te_example made = {.width = 0};
    te_status status = load_room(dataset, index, height, width, &made);
    if (status != TE_OK) {
        te_example_clear(&made);
        return status;
    }
    *example = made;
    return TE_OK;
}

te_status te_dataset_inspect(const te_dataset *dataset, uint64_t index, int height, int width, te_inspection *inspection)
{
    TE_TRY(check_index(dataset, index));
    if (dataset->folder) {
        return te_folder_inspect(dataset->folder, index, inspection);
    }
    te_inspection made = {.absent = 0}; /* rooms have every label and no files */
    TE_TRY(te_dataset_load(dataset, index, height, width, &made.example));
    *inspection = made;
    return TE_OK;
}

te_status te_dataset_count_strays(const te_dataset *dataset, te_strays strays[TE_TASK_COUNT])
{
    const te_settings *settings = dataset->settings;
    bool val = dataset->split == TE_SPLIT_VAL;
    return dataset->folder ? te_folder_count_strays(dataset->folder, val ? settings->data.train_list : settings->data.val_list,
                                                    strays)
                           : TE_OK;
}

void te_inspection_clear(te_inspection *inspection)
{
    te_example_clear(&inspection->example);
    free(inspection->picture_problem);
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        free(inspection->problems[t]);
    }
    *inspection = (te_inspection){.absent = 0};
}

/* ---- what the network sees ---- */

static te_status place(const te_dataset *dataset, const te_cut *cut, const te_example *example,
                       const te_photometric *colours, float *image, float *const *labels)
{
    for (int t = 0; t < dataset->task_count; t++) {
        te_cut_label(cut, dataset->tasks[t], example->labels[t], labels[t]);
    }
    return te_cut_image(cut, example, colours, image);
}

te_status te_dataset_make(const te_dataset *dataset, uint64_t index, int height, int width, float *image,
                          float *const *labels)
{
    const te_settings *settings = dataset->settings;
    uint64_t picture = dataset->sampler ? te_sampler_pick(dataset->sampler, index) : index;
    if (!settings->data.augment) {
        return te_dataset_make_val(dataset, picture, height, width, image, labels);
    }
    te_example example;
    TE_TRY(te_dataset_load(dataset, picture, height, width, &example));
    uint64_t seed = (uint64_t)settings->train.seed;
    int semseg = find_task(dataset, TE_SEMSEG);
    te_cut_options options = {.scale_min = settings->data.scale_min, .scale_max = settings->data.scale_max,
                              .semseg = semseg >= 0 ? example.labels[semseg] : NULL};
    te_cut cut = te_cut_draw(&example, height, width, &options, seed, index);
    te_photometric colours = te_photometric_draw(seed, index);
    te_status status = place(dataset, &cut, &example, &colours, image, labels);
    te_example_clear(&example);
    return status;
}

te_status te_dataset_make_val(const te_dataset *dataset, uint64_t index, int height, int width, float *image,
                              float *const *labels)
{
    te_example example;
    TE_TRY(te_dataset_load(dataset, index, height, width, &example));
    te_cut cut = te_cut_whole(&example, height, width);
    te_status status = place(dataset, &cut, &example, NULL, image, labels);
    te_example_clear(&example);
    return status;
}
