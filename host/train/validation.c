/* Batches of pictures spread evenly over the list, whose neighbours are often alike and labelled alike. The last batch is
 * filled up with pictures without labels, which count for nothing. A batch's loss is a mean over its labelled pixels (for
 * sal one with the weights of the batch), so batches are weighted by those. */
#include "train/validation.h"

#include "base/interrupt.h"
#include "data/map.h"
#include "data/sheet.h"
#include "train/step.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOSS_RESULT = 4, VALID = 3, MOST_THREADS = 64 };

/* A picture of the sheet: its own copies. */
typedef struct shown {
    float *image, *labels[TE_TASK_COUNT];
    te_map predictions[TE_TASK_COUNT];
} shown;

struct te_validation {
    const te_model *model;
    te_dataset *dataset;
    te_graph graph;
    te_plan *plan;
    te_tensor image, labels[TE_TASK_COUNT], logits[TE_TASK_COUNT], losses[TE_TASK_COUNT];
    int batch, height, width, threads, pictures;
    float *images_data, *labels_data[TE_TASK_COUNT]; /* of a batch */
    float *logits_data;                              /* of the task with the most of them */
    shown *shown;
    int shown_count;
};

/* ---- recording ---- */

static te_status record(te_validation *v)
{
    const te_config *config = &v->model->config;
    te_extent extent = {.batch = v->batch, .height = v->height / TE_PATCH, .width = v->width / TE_PATCH};
    v->graph.shared = true;
    v->image = te_model_record(v->model, &v->graph, extent, 0);
    TE_TRY(v->graph.status);
    for (int t = 0; t < config->task_count; t++) {
        char name[TE_VALUE_NAME];
        snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
        int value = te_graph_find(&v->graph, name);
        v->logits[t] = (te_tensor){value, v->graph.values[value].shape};
        te_shape label = v->logits[t].shape;
        label.size[1] = te_label_channels(config->tasks[t]);
        v->labels[t] = te_graph_input(&v->graph, label);
        v->losses[t] = te_loss(&v->graph, v->logits[t], v->labels[t], TE_ABSENT,
                               (te_loss_options){te_train_loss_kind(config->tasks[t])});
        te_graph_output(&v->graph, v->losses[t], "loss");
    }
    return v->graph.status;
}

/* ---- life ---- */

static te_status allocate_shown(te_validation *v, const te_settings *settings)
{
    size_t area = (size_t)v->height * (size_t)v->width;
    v->shown_count = settings->train.sheet_samples < v->pictures ? settings->train.sheet_samples : v->pictures;
    v->shown = te_alloc((size_t)v->shown_count, sizeof *v->shown, "a sheet");
    for (int i = 0; v->shown && i < v->shown_count; i++) {
        v->shown[i].image = te_alloc(3 * area, sizeof(float), "a sheet");
        if (!v->shown[i].image) {
            return TE_ERR_MEMORY;
        }
        for (int t = 0; t < v->model->config.task_count; t++) {
            size_t channels = (size_t)te_label_channels(v->model->config.tasks[t]);
            v->shown[i].labels[t] = te_alloc(channels * area, sizeof(float), "a sheet");
            if (!v->shown[i].labels[t]) {
                return TE_ERR_MEMORY;
            }
        }
    }
    return v->shown ? TE_OK : TE_ERR_MEMORY;
}

static te_status allocate(te_validation *v)
{
    int64_t most = 0;
    v->images_data = te_alloc((size_t)te_shape_count(&v->image.shape), sizeof(float), "a batch");
    for (int t = 0; t < v->model->config.task_count; t++) {
        int64_t elements = te_shape_count(&v->logits[t].shape);
        most = elements > most ? elements : most;
        v->labels_data[t] = te_alloc((size_t)te_shape_count(&v->labels[t].shape), sizeof(float), "a batch");
        if (!v->labels_data[t]) {
            return TE_ERR_MEMORY;
        }
    }
    v->logits_data = te_alloc((size_t)most, sizeof(float), "predictions");
    return v->images_data && v->logits_data ? TE_OK : TE_ERR_MEMORY;
}

static te_status open_dataset(te_validation *v, const te_settings *settings)
{
    const te_config *config = &v->model->config;
    te_status status = te_dataset_open(&v->dataset, settings, TE_SPLIT_VAL, config->tasks, config->task_count);
    return status == TE_OK ? TE_OK
                           : te_fail_suffix(status, " (for validation, which train.validate_every=0 leaves out)");
}

te_status te_validation_create(te_validation **validation, const te_model *model, te_device *device,
                               const te_settings *settings, const te_plan *owner)
{
    te_validation *v = te_alloc(1, sizeof *v, "a validation");
    if (!v) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    v->model = model;
    v->height = settings->input.height;
    v->width = settings->input.width;
    v->threads = settings->data.threads < MOST_THREADS ? settings->data.threads : MOST_THREADS;
    TE_TRY_OUT(open_dataset(v, settings));
    uint64_t present = te_dataset_count(v->dataset), wanted = (uint64_t)settings->train.validate_count;
    v->pictures = (int)(present < wanted ? present : wanted);
    v->batch = settings->train.batch < v->pictures ? settings->train.batch : v->pictures;
    if (v->pictures < 1) {
        status = te_fail(TE_ERR_SETTING, "there is no picture to validate with: set 'train.validate_every' to 0");
        goto out;
    }
    TE_TRY_OUT(record(v));
    TE_TRY_OUT(allocate(v));
    TE_TRY_OUT(allocate_shown(v, settings));
    TE_TRY_OUT(te_plan_create_beside(&v->plan, device, &v->graph, owner));
    *validation = v;
    return TE_OK;
out:
    te_validation_free(v);
    return status;
}

void te_validation_free(te_validation *v)
{
    if (!v) {
        return;
    }
    for (int i = 0; v->shown && i < v->shown_count; i++) {
        free(v->shown[i].image);
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            free(v->shown[i].labels[t]);
            te_map_free(&v->shown[i].predictions[t]);
        }
    }
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        free(v->labels_data[t]);
    }
    free(v->shown);
    free(v->images_data);
    free(v->logits_data);
    te_plan_free(v->plan);
    te_graph_clear(&v->graph);
    te_dataset_close(v->dataset);
    free(v);
}

/* ---- batches ---- */

typedef struct making {
    te_validation *validation;
    int first;         /* picture of the batch */
    atomic_int next;   /* place in the batch that nobody has taken */
    te_status status;  /* the first failure, with its message */
    char message[512];
    pthread_mutex_t lock;
} making;

static te_status make_picture(te_validation *v, int place, int index)
{
    size_t area = (size_t)v->height * (size_t)v->width;
    float *image = v->images_data + 3 * area * (size_t)place, *labels[TE_TASK_COUNT];
    for (int t = 0; t < v->model->config.task_count; t++) {
        size_t elements = area * (size_t)te_label_channels(v->model->config.tasks[t]);
        labels[t] = v->labels_data[t] + elements * (size_t)place;
        for (size_t i = 0; index >= v->pictures && i < elements; i++) {
            labels[t][i] = te_label_ignored(v->model->config.tasks[t]);
        }
    }
    if (index < v->pictures) {
        uint64_t picture = (uint64_t)index * te_dataset_count(v->dataset) / (uint64_t)v->pictures;
        return te_dataset_make_val(v->dataset, picture, v->height, v->width, image, labels);
    }
    memset(image, 0, 3 * area * sizeof *image);
    return TE_OK;
}

static void *work(void *argument)
{
    making *shared = argument;
    for (int place; (place = atomic_fetch_add(&shared->next, 1)) < shared->validation->batch;) {
        te_status status = make_picture(shared->validation, place, shared->first + place);
        if (status != TE_OK) {
            pthread_mutex_lock(&shared->lock);
            if (shared->status == TE_OK) {
                shared->status = status;
                snprintf(shared->message, sizeof shared->message, "%s", te_last_error());
            }
            pthread_mutex_unlock(&shared->lock);
        }
    }
    return NULL;
}

/* Make a batch on the settings' number of threads, this one among them. */
static te_status make_batch(te_validation *v, int first)
{
    making shared = {.validation = v, .first = first};
    pthread_t threads[MOST_THREADS];
    int others = 0;
    pthread_mutex_init(&shared.lock, NULL);
    while (others < v->threads - 1 && pthread_create(&threads[others], NULL, work, &shared) == 0) {
        others++;
    }
    work(&shared);
    while (others > 0) {
        pthread_join(threads[--others], NULL);
    }
    pthread_mutex_destroy(&shared.lock);
    return shared.status == TE_OK ? TE_OK : te_fail(shared.status, "%s", shared.message);
}

/* The place on the sheet of picture `index` of the validation, or -1: they are spread over it as it is over the list. */
static int find_shown(const te_validation *v, int64_t index)
{
    int64_t place = (index * v->shown_count + v->pictures - 1) / v->pictures;
    return place < v->shown_count && place * v->pictures / v->shown_count == index ? (int)place : -1;
}

/* Keep what the sheet shows of the batch that was run. */
static te_status keep_shown(te_validation *v, int first)
{
    const te_config *config = &v->model->config;
    te_fit fit = te_fit_picture(v->width, v->height, v->width, v->height, TE_FIT_PAD);
    size_t area = (size_t)v->height * (size_t)v->width;
    for (int t = 0; t < config->task_count; t++) {
        size_t label = area * (size_t)te_label_channels(config->tasks[t]), logits = area * (size_t)config->channels[t];
        TE_TRY(te_plan_read(v->plan, v->logits[t].value, v->logits_data));
        for (int place = 0; place < v->batch; place++) {
            int found = find_shown(v, first + place);
            if (found < 0) {
                continue;
            }
            shown *to = &v->shown[found];
            memcpy(to->image, v->images_data + 3 * area * (size_t)place, 3 * area * sizeof(float));
            memcpy(to->labels[t], v->labels_data[t] + label * (size_t)place, label * sizeof(float));
            te_map_free(&to->predictions[t]);
            TE_TRY(te_map_read(&to->predictions[t], config->tasks[t], config->channels[t],
                               v->logits_data + logits * (size_t)place, &fit));
        }
    }
    return TE_OK;
}

static te_status run_batch(te_validation *v, int first, double *sums, double *valid)
{
    int tasks = v->model->config.task_count;
    TE_TRY(te_interrupt_check());
    TE_TRY(make_batch(v, first));
    TE_TRY(te_plan_write(v->plan, v->image.value, v->images_data));
    for (int t = 0; t < tasks; t++) {
        TE_TRY(te_plan_write(v->plan, v->labels[t].value, v->labels_data[t]));
    }
    TE_TRY(te_plan_run(v->plan));
    for (int t = 0; t < tasks; t++) {
        float loss[LOSS_RESULT];
        TE_TRY(te_plan_read(v->plan, v->losses[t].value, loss));
        if (loss[VALID] > 0) {
            sums[t] += (double)loss[0] * (double)loss[VALID];
            valid[t] += (double)loss[VALID];
        }
    }
    bool any = false;
    for (int place = 0; place < v->batch; place++) {
        any = any || find_shown(v, first + place) >= 0;
    }
    return any ? keep_shown(v, first) : TE_OK;
}

te_status te_validation_run(te_validation *v, te_validated *result)
{
    const te_config *config = &v->model->config;
    double sums[TE_TASK_COUNT] = {0}, valid[TE_TASK_COUNT] = {0};
    for (int first = 0; first < v->pictures; first += v->batch) {
        TE_TRY(run_batch(v, first, sums, valid));
    }
    bool any = false;
    *result = (te_validated){0};
    for (int t = 0; t < config->task_count; t++) {
        any = any || valid[t] > 0;
        result->losses[t] = valid[t] > 0 ? sums[t] / valid[t] : NAN;
        result->total += valid[t] > 0 ? (double)te_tasks[config->tasks[t]].loss_weight * result->losses[t] : 0;
    }
    result->total = any ? result->total : NAN; /* no pixel with a label is no low loss */
    return TE_OK;
}

/* ---- the sheet ---- */

te_status te_validation_save_sheet(const te_validation *v, const char *path, const char *footer)
{
    const te_config *config = &v->model->config;
    te_sheet_samples sheet = {.count = v->shown_count, .width = v->width, .height = v->height, .tasks = config->tasks,
                              .task_count = config->task_count, .dataset = v->dataset};
    te_sheet_sample *list = te_alloc((size_t)v->shown_count, sizeof *list, "a sheet");
    if (!list) {
        return TE_ERR_MEMORY;
    }
    for (int i = 0; i < v->shown_count; i++) {
        list[i].image = v->shown[i].image;
        for (int t = 0; t < config->task_count; t++) {
            list[i].labels[t] = v->shown[i].labels[t];
            list[i].predictions[t] = &v->shown[i].predictions[t];
        }
    }
    sheet.list = list;
    te_picture *picture = NULL;
    te_status status = te_sheet_draw_samples(&picture, &sheet, footer);
    status = status == TE_OK ? te_picture_save(picture, path) : status;
    te_picture_free(picture);
    free(list);
    return status;
}
