/* Checkpoints: the model, Adam's moments as optim.m.<name> and optim.v.<name>; in the metadata the progress and the
 * settings of the run (MODEL.md section 7). Samples are a function of the settings and their number, so there is no
 * random state beside. */
#include "train/trainer.h"

#include "base/c_locale.h"
#include "base/safetensors.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 200 };

/* One tensor a part for m, then one for v, over all trained params. */
typedef struct moments {
    te_entry_out *entries;
    char (*names)[NAME_BYTES];
    float **data; /* m and v of each trained param */
    size_t count;
} moments;

static void free_moments(moments *kept, int trained)
{
    for (int i = 0; kept->data && i < 2 * trained; i++) {
        free(kept->data[i]);
    }
    free(kept->data);
    free(kept->entries);
    free(kept->names);
}

static size_t count_parts(const te_trainer *trainer)
{
    size_t parts = 0;
    for (int i = 0; i < te_train_step_count(trainer->step); i++) {
        parts += (size_t)trainer->model->params.list[te_train_step_param(trainer->step, i)].part_count;
    }
    return parts;
}

static void add_entries(moments *kept, const te_param *param, const char *kind, const float *data)
{
    int64_t elements = te_shape_count(&param->part_shape);
    for (int part = 0; part < param->part_count; part++) {
        char *name = kept->names[kept->count];
        te_entry_out *entry = &kept->entries[kept->count++];
        snprintf(name, NAME_BYTES, "optim.%s.%s", kind, param->names[part]);
        *entry = (te_entry_out){.name = name, .rank = param->part_shape.rank, .data = data + part * elements};
        memcpy(entry->shape, param->part_shape.size, sizeof param->part_shape.size);
    }
}

static te_status read_moments(te_trainer *trainer, moments *kept)
{
    int trained = te_train_step_count(trainer->step);
    size_t parts = 2 * count_parts(trainer);
    kept->entries = te_alloc(parts, sizeof *kept->entries, "a checkpoint");
    kept->names = te_alloc(parts, sizeof *kept->names, "a checkpoint");
    kept->data = te_alloc(2 * (size_t)trained, sizeof *kept->data, "a checkpoint");
    if (!kept->entries || !kept->names || !kept->data) {
        return TE_ERR_MEMORY;
    }
    for (int i = 0; i < trained; i++) {
        const te_param *param = &trainer->model->params.list[te_train_step_param(trainer->step, i)];
        size_t elements = (size_t)te_shape_count(&param->shape);
        float *m = kept->data[2 * i] = te_alloc(elements, sizeof *m, "a checkpoint");
        float *v = kept->data[2 * i + 1] = te_alloc(elements, sizeof *v, "a checkpoint");
        if (!m || !v) {
            return TE_ERR_MEMORY;
        }
        TE_TRY(te_train_step_read_moments(trainer->step, i, m, v));
        add_entries(kept, param, "m", m);
        add_entries(kept, param, "v", v);
    }
    return TE_OK;
}

/* ---- metadata ---- */

enum { PROGRESS = 6, NUMBER_BYTES = 32 };

static const char *const progress_keys[PROGRESS] = {"train.step", "train.validated", "train.best_step", "train.best",
                                                    "train.loss_scale", "train.loss_scale_steps"};

static void print_progress(const te_progress *progress, char texts[PROGRESS][NUMBER_BYTES])
{
    snprintf(texts[0], NUMBER_BYTES, "%lld", (long long)progress->taken);
    snprintf(texts[1], NUMBER_BYTES, "%lld", (long long)progress->validated);
    snprintf(texts[2], NUMBER_BYTES, "%lld", (long long)progress->best_step);
    te_print(texts[3], NUMBER_BYTES, "%.17g", progress->best);
    te_print(texts[4], NUMBER_BYTES, "%.9g", (double)progress->scale.scale);
    snprintf(texts[5], NUMBER_BYTES, "%d", progress->scale.steps);
}

static bool read_count(const char *text, int64_t *count)
{
    char *end = NULL;
    errno = 0;
    *count = text ? strtoll(text, &end, 10) : -1;
    return *count >= 0 && *count <= INT_MAX && errno == 0 && end && end != text && *end == '\0';
}

/* Files of before there were validations, or loss scales, lack them. */
static bool read_progress(const te_safetensors *file, te_progress *progress)
{
    const char *texts[PROGRESS];
    for (int i = 0; i < PROGRESS; i++) {
        texts[i] = te_safetensors_find_metadata(file, progress_keys[i]);
    }
    te_progress read = {.scale = progress->scale};
    bool good = read_count(texts[0], &read.taken);
    if (texts[1]) {
        good = good && read_count(texts[1], &read.validated) && read_count(texts[2], &read.best_step);
        read.best = texts[3] ? te_read_double(texts[3], NULL) : 0;
    }
    if (texts[4]) {
        int64_t steps = 0;
        good = good && read_count(texts[5], &steps);
        read.scale = (te_loss_scale){te_read_float(texts[4], NULL), (int)steps};
    }
    *progress = read;
    return good && isfinite(read.best) && read.scale.scale > 0 && isfinite(read.scale.scale);
}

typedef struct metadata {
    const char **pairs;
    char (*texts)[TE_TEXT_SETTING];
    char progress[PROGRESS][NUMBER_BYTES];
    size_t count;
} metadata;

/* The progress, and the settings that te_model_save_with() does not write: those of the run. */
static te_status list_metadata(const te_trainer *trainer, metadata *kept)
{
    size_t rows = te_settings_count();
    kept->pairs = te_alloc(2 * (rows + PROGRESS), sizeof *kept->pairs, "a checkpoint");
    kept->texts = te_alloc(rows, sizeof *kept->texts, "a checkpoint");
    if (!kept->pairs || !kept->texts) {
        return TE_ERR_MEMORY;
    }
    te_progress progress = trainer->progress;
    progress.scale = te_train_step_get_scale(trainer->step);
    print_progress(&progress, kept->progress);
    for (; kept->count < PROGRESS; kept->count++) {
        kept->pairs[2 * kept->count] = progress_keys[kept->count];
        kept->pairs[2 * kept->count + 1] = kept->progress[kept->count];
    }
    for (size_t row = 0; row < rows; row++) {
        const char *key = te_settings_get_info(row)->key;
        if (strncmp(key, "train.", 6) == 0 || strncmp(key, "data.", 5) == 0) {
            TE_TRY(te_settings_get(trainer->settings, key, kept->texts[row], TE_TEXT_SETTING));
            kept->pairs[2 * kept->count] = key;
            kept->pairs[2 * kept->count++ + 1] = kept->texts[row];
        }
    }
    return TE_OK;
}

te_status te_trainer_save(te_trainer *trainer, const char *path)
{
    TE_NEED(trainer, path);
    moments kept = {0};
    metadata facts = {0};
    te_status status;
    TE_TRY_OUT(te_train_step_fetch(trainer->step));
    TE_TRY_OUT(read_moments(trainer, &kept));
    TE_TRY_OUT(list_metadata(trainer, &facts));
    status = te_model_save_with(trainer->model, path, TE_STORE_FP32,
                                &(te_model_extra){kept.entries, kept.count, facts.pairs, facts.count});
out:
    free_moments(&kept, te_train_step_count(trainer->step));
    free((void *)facts.pairs);
    free(facts.texts);
    return status;
}

/* ---- loading ---- */

static te_status load_moment(const te_safetensors *file, const char *path, const te_param *param, const char *kind,
                             float *data)
{
    int64_t elements = te_shape_count(&param->part_shape);
    for (int part = 0; part < param->part_count; part++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "optim.%s.%s", kind, param->names[part]);
        const te_entry *entry = te_safetensors_find(file, name);
        if (!entry || entry->count != (size_t)elements) {
            return te_fail(TE_ERR_FORMAT, "'%s' %s '%s': it is no checkpoint of this model", path,
                           entry ? "has another shape for" : "lacks the tensor", name);
        }
        TE_TRY(te_entry_read(entry, data + part * elements));
    }
    return TE_OK;
}

static te_status load_moments(te_trainer *trainer, const te_safetensors *file, const char *path)
{
    for (int i = 0; i < te_train_step_count(trainer->step); i++) {
        const te_param *param = &trainer->model->params.list[te_train_step_param(trainer->step, i)];
        size_t elements = (size_t)te_shape_count(&param->shape);
        float *m = te_alloc(elements, sizeof *m, "a checkpoint"), *v = te_alloc(elements, sizeof *v, "a checkpoint");
        te_status status = m && v ? load_moment(file, path, param, "m", m) : TE_ERR_MEMORY;
        status = status == TE_OK ? load_moment(file, path, param, "v", v) : status;
        status = status == TE_OK ? te_train_step_write_moments(trainer->step, i, m, v) : status;
        free(m);
        free(v);
        TE_TRY(status);
    }
    return TE_OK;
}

static te_status load_tensors(te_trainer *trainer, const te_safetensors *file, const char *path)
{
    TE_TRY(te_model_read(trainer->model, file, path));
    TE_TRY(te_train_step_send(trainer->step));
    return load_moments(trainer, file, path);
}

static te_status refuse_stepless(const char *path)
{
    return te_fail(TE_ERR_FORMAT, "'%s' is no checkpoint: it names no step of training", path);
}

te_status te_checkpoint_read_step(const char *path, int64_t *step)
{
    te_safetensors *file;
    TE_TRY(te_safetensors_open(&file, path));
    bool good = read_count(te_safetensors_find_metadata(file, progress_keys[0]), step);
    te_safetensors_close(file);
    return good ? TE_OK : refuse_stepless(path);
}

te_status te_trainer_load(te_trainer *trainer, const char *path)
{
    TE_NEED(trainer, path);
    if (trainer->run) {
        return te_fail(TE_ERR_ARGUMENT, "'%s' must be loaded before the trainer gets a run folder", path);
    }
    te_safetensors *file;
    te_progress progress = {.scale = te_train_step_get_scale(trainer->step)};
    TE_TRY(te_safetensors_open(&file, path));
    te_status status = TE_OK;
    if (!read_progress(file, &progress)) {
        status = refuse_stepless(path);
    }
    if (status == TE_OK && progress.taken > trainer->settings->train.iterations) {
        status = te_fail(TE_ERR_SETTING, "'train.iterations' = %d lies before step %lld, where '%s' is",
                         trainer->settings->train.iterations, (long long)progress.taken, path);
    }
    status = status == TE_OK ? load_tensors(trainer, file, path) : status;
    const char *precision = te_safetensors_find_metadata(file, "train.precision");
    bool scaled = trainer->settings->train.precision == TE_FP16 && precision && strcmp(precision, "fp16") == 0;
    if (status == TE_OK && scaled) { /* from another precision fp16 starts with its own scale */
        status = te_train_step_set_scale(trainer->step, progress.scale);
    }
    if (status == TE_OK) {
        trainer->progress = progress;
        free(trainer->from);
        trainer->from = strdup(path);
        status = trainer->from ? TE_OK : te_fail(TE_ERR_MEMORY, "out of memory for the name '%s'", path);
    }
    te_safetensors_close(file);
    return status;
}
