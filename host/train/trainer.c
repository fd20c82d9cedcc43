#include "train/trainer.h"

#include "base/clock.h"
#include "base/c_locale.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- life ---- */

/* Training takes several times the memory of inference; say what makes it less. */
static te_status advise_on_memory(te_status status)
{
    return status == TE_ERR_MEMORY ? te_fail_suffix(status, "; in training the settings are train.batch, input.height, "
                                                            "input.width and train.recompute=blocks")
                                   : status;
}

te_status te_trainer_create(te_trainer **trainer, te_model *model, te_device *device, const te_settings *settings)
{
    TE_NEED(trainer, model, device, settings);
    te_trainer *created = te_alloc(1, sizeof *created, "a trainer");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->model = model;
    created->device = device;
    created->saved = -1;
    te_train_options options = te_train_options_of(settings);
    te_status status;
    TE_TRY_OUT(te_ops_check_variants(te_device_settings(device)->kernels.variant));
    te_model_warn(model, settings);
    TE_TRY_OUT(te_settings_copy(&created->settings, settings));
    created->settings->model = model->settings->model; /* the model is what it is, whatever the settings say */
    TE_TRY_OUT(te_dataset_open(&created->dataset, created->settings, TE_SPLIT_TRAIN, model->config.tasks,
                               model->config.task_count));
    TE_TRY_OUT(te_model_resize(model, settings->input.height, settings->input.width)); /* no way back: as late as can be */
    model->settings->input.fit = settings->input.fit;
    TE_TRY_OUT(advise_on_memory(te_train_step_create(&created->step, model, device, &options)));
    *trainer = created;
    return TE_OK;
out:
    te_trainer_free(created);
    return status;
}

void te_trainer_free(te_trainer *trainer)
{
    if (trainer) {
        te_run_close(trainer->run);
        te_validation_free(trainer->validation);
        te_train_step_free(trainer->step);
        te_dataset_close(trainer->dataset);
        te_settings_free(trainer->settings);
        free(trainer->from);
        free(trainer);
    }
}

static bool lies_in(const char *file, const char *folder)
{
    struct stat parent, wanted;
    char *path = strdup(file), *slash = path ? strrchr(path, '/') : NULL;
    if (slash) {
        slash[slash == path] = '\0';
    }
    bool same = path && stat(slash ? path : ".", &parent) == 0 && stat(folder, &wanted) == 0 &&
                parent.st_dev == wanted.st_dev && parent.st_ino == wanted.st_ino;
    free(path);
    return same;
}

/* What validation needs is asked before the folder is touched: a run that cannot start leaves none behind. */
static te_status create_validation(te_trainer *trainer)
{
    if (!trainer->settings->train.validate_every || trainer->validation) {
        return TE_OK;
    }
    return advise_on_memory(te_validation_create(&trainer->validation, trainer->model, trainer->device,
                                                 trainer->settings, te_train_step_get_plan(trainer->step)));
}

/* Whoever goes on from best.safetensors in its own folder would lose the steps behind it. A last.safetensors that cannot be
 * read holds none. */
static te_status refuse_to_go_back(const te_trainer *trainer, const char *folder)
{
    int64_t step;
    char *last = te_path_join(folder, "last.safetensors");
    bool ahead = last && access(last, F_OK) == 0 && te_checkpoint_read_step(last, &step) == TE_OK &&
                 step > trainer->progress.taken;
    if (ahead) {
        te_fail(TE_ERR_ARGUMENT, "'%s' is at step %lld, and going on from step %lld of '%s' in its folder would replace it: "
                "name another folder (-o)", last, (long long)step, (long long)trainer->progress.taken, trainer->from);
    }
    free(last);
    return ahead ? TE_ERR_ARGUMENT : TE_OK;
}

/* A run goes on in the folder of its checkpoint; anywhere else it is a new one, with a best of its own. */
te_status te_trainer_set_folder(te_trainer *trainer, const char *folder)
{
    TE_NEED(trainer, folder);
    if (trainer->run) {
        return te_fail(TE_ERR_ARGUMENT, "the trainer has a run folder already, '%s' cannot be another", folder);
    }
    bool home = trainer->from && lies_in(trainer->from, folder);
    TE_TRY(home ? refuse_to_go_back(trainer, folder) : TE_OK);
    TE_TRY(create_validation(trainer));
    TE_TRY(te_run_open(&trainer->run, folder, trainer->settings, &trainer->model->config, home,
                       trainer->progress.taken));
    trainer->progress.best_step = home ? trainer->progress.best_step : 0;
    return TE_OK;
}

/* ---- a step ---- */

/* Learning rate of step `done` + 1 (MODEL.md section 6: the first step has the full rate). */
static float rate_at(const te_settings *settings, int64_t done)
{
    double progress = (double)done / settings->train.iterations;
    bool poly = settings->train.schedule == TE_POLY;
    double shape = poly ? pow(1 - progress, 0.9) : 0.5 * (1 + cos(3.14159265358979 * progress));
    double rising = done < settings->train.warmup ? (double)(done + 1) / settings->train.warmup : 1;
    return (float)(settings->train.rate * shape * rising);
}

static void fill_report(const te_trainer *trainer, const te_step_result *result, te_train_report *report)
{
    const te_config *config = &trainer->model->config;
    report->step = trainer->progress.taken;
    report->steps = trainer->settings->train.iterations;
    report->pictures = trainer->settings->train.batch * trainer->settings->train.accumulate;
    report->task_count = config->task_count;
    for (int t = 0; t < config->task_count; t++) {
        report->tasks[t] = config->task_names[t];
        report->losses[t] = result->valid[t] > 0 ? result->losses[t] : NAN;
    }
    report->total = result->total;
    report->norm = result->skipped ? NAN : result->norm;
}

static te_status take_step(te_trainer *trainer, te_loader *loader, te_train_report *report)
{
    const te_settings *settings = trainer->settings;
    te_progress *progress = &trainer->progress;
    double start = te_clock_now();
    te_loaded loaded;
    te_step_result result;
    TE_TRY(te_loader_next(loader, &loaded, &report->waited));
    te_device_record(trainer->device, "wait for samples", start, te_clock_now());
    te_batch batch = {.images = loaded.images};
    for (int t = 0; t < trainer->model->config.task_count; t++) {
        batch.labels[t] = loaded.labels[t];
    }
    te_rates rates = {.rate = rate_at(settings, progress->taken), .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f,
                      .decay = settings->train.decay,
                      .largest_norm = settings->train.clip > 0 ? settings->train.clip : FLT_MAX};
    trainer->in_step = true;
    te_status status = te_train_step_run(trainer->step, &batch, &rates, progress->taken + 1, &result);
    TE_TRY(advise_on_memory(status)); /* some drivers take memory at its first use */
    TE_TRY(te_trainer_check_numbers(trainer, &result));
    trainer->in_step = false;
    progress->taken++;
    fill_report(trainer, &result, report);
    report->rate = rates.rate;
    report->seconds = te_clock_now() - start;
    return TE_OK;
}

/* ---- the run ---- */

/* The checkpoint `name` of the run folder. */
static te_status save_to_run(te_trainer *trainer, const char *name)
{
    double start = te_clock_now();
    char *path = te_run_path(trainer->run, name);
    te_status status = path ? te_trainer_save(trainer, path) : TE_ERR_MEMORY;
    free(path);
    te_device_record(trainer->device, "save checkpoint", start, te_clock_now());
    return status;
}

static te_status save_last(te_trainer *trainer)
{
    if (trainer->saved != trainer->progress.taken) {
        TE_TRY(save_to_run(trainer, "last.safetensors"));
        trainer->saved = trainer->progress.taken;
    }
    return TE_OK;
}

static void tell_validation(const te_trainer *trainer, const te_validated *result, char *text, size_t bytes)
{
    const te_config *config = &trainer->model->config;
    bool best = trainer->progress.best_step == trainer->progress.taken;
    size_t used = (size_t)te_print(text, bytes, "validation at step %lld: total %.4f%s", (long long)trainer->progress.taken,
                                   result->total, best ? ", the lowest so far" : "");
    for (int t = 0; t < config->task_count && used < bytes; t++) {
        const char *format = isnan(result->losses[t]) ? "%s %s -" : "%s %s %.4f";
        used += (size_t)te_print(text + used, bytes - used, format, t ? "" : ":", config->task_names[t],
                                 result->losses[t]);
    }
}

/* Validate, and write down and draw what came of it. The sheet's footer is the line of the log. */
static te_status validate(te_trainer *trainer)
{
    te_progress *progress = &trainer->progress;
    te_validated result;
    char line[512];
    double start = te_clock_now();
    TE_TRY(te_validation_run(trainer->validation, &result));
    te_device_record(trainer->device, "validation", start, te_clock_now());
    progress->validated = progress->taken;
    bool best = isfinite(result.total) && (progress->best_step == 0 || result.total < progress->best);
    if (best) {
        progress->best_step = progress->taken;
        progress->best = result.total;
    }
    tell_validation(trainer, &result, line, sizeof line);
    te_log(isfinite(result.total) ? TE_LOG_INFO : TE_LOG_WARNING, "%s", line);
    TE_TRY(te_run_add_validation(trainer->run, progress->taken, &result));
    TE_TRY(best ? save_to_run(trainer, "best.safetensors") : TE_OK);
    TE_TRY(te_run_draw_curves(trainer->run));
    return trainer->settings->train.sheet_samples
               ? te_run_draw_sheet(trainer->run, progress->taken, trainer->validation, line)
               : TE_OK;
}

/* At every so manyth step and at the last, unless it was done before a stop. */
static bool validation_due(const te_trainer *trainer)
{
    int64_t taken = trainer->progress.taken;
    return trainer->validation && taken > 0 && trainer->progress.validated != taken &&
           (taken % trainer->settings->train.validate_every == 0 || taken == trainer->settings->train.iterations);
}

/* What is due after a step. */
static te_status keep_records(te_trainer *trainer, const te_train_report *report)
{
    if (!trainer->run) {
        return TE_OK;
    }
    TE_TRY(te_run_add_step(trainer->run, report));
    TE_TRY(validation_due(trainer) ? validate(trainer) : TE_OK);
    return report->step % trainer->settings->train.save_every == 0 ? save_last(trainer) : TE_OK;
}

static te_status take_steps(te_trainer *trainer, te_loader *loader, te_train_function report, void *context)
{
    while (trainer->progress.taken < trainer->settings->train.iterations) {
        te_train_report last = {0};
        TE_TRY(te_interrupt_check());
        TE_TRY(take_step(trainer, loader, &last));
        TE_TRY(keep_records(trainer, &last));
        TE_TRY(report ? report(&last, context) : TE_OK);
    }
    return TE_OK;
}

static te_status open_loader(const te_trainer *trainer, te_loader **loader)
{
    const te_settings *settings = trainer->settings;
    te_loader_options options = {.batch = settings->train.batch * settings->train.accumulate, .height = settings->input.height,
                                 .width = settings->input.width, .threads = settings->data.threads,
                                 .first = (uint64_t)trainer->progress.taken};
    return te_loader_create(loader, trainer->dataset, &options);
}

/* A checkpoint before the first step shows that there is room for one, and lets a run that is killed early be resumed. A
 * validation that a stop cut short is made up for. */
static te_status begin(te_trainer *trainer)
{
    if (!trainer->run) {
        return TE_OK;
    }
    TE_TRY(save_last(trainer));
    return validation_due(trainer) ? validate(trainer) : TE_OK;
}

/* Whoever trained a model has it from then on, with a run folder or without. */
static te_status end(te_trainer *trainer)
{
    TE_TRY(te_train_step_fetch(trainer->step));
    if (!trainer->run) {
        return TE_OK;
    }
    TE_TRY(save_last(trainer));
    return te_run_draw_curves(trainer->run);
}

/* A label that cannot be read is no reason to lose the steps before it. Of two failures the first is told. */
static te_status end_with(te_trainer *trainer, te_status status)
{
    char message[TE_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", te_last_error());
    te_status ended = end(trainer);
    bool failed = status != TE_OK && status != TE_ERR_INTERRUPTED;
    return failed && ended != TE_OK ? te_fail(status, "%s", message) : ended != TE_OK ? ended : status;
}

te_status te_trainer_run(te_trainer *trainer, te_train_function report, void *context)
{
    TE_NEED(trainer);
    te_loader *loader;
    te_status status = begin(trainer);
    if (status == TE_OK) {
        TE_TRY(open_loader(trainer, &loader));
        status = take_steps(trainer, loader, report, context);
        te_loader_free(loader);
    }
    return trainer->in_step ? status : end_with(trainer, status);
}
