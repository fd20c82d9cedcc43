#include "train/trainer.h"

#include "base/interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

te_status te_trainer_create(te_trainer **trainer, te_model *model, te_device *device, const te_settings *settings)
{
    te_trainer *created = te_alloc(1, sizeof *created, "a trainer");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->model = model;
    te_train_options options = {.batch = settings->train.batch, .height = settings->input.height,
                                .width = settings->input.width,
                                .decoupled = settings->train.optimiser == TE_ADAMW,
                                .backbone_factor = settings->train.backbone_factor};
    te_status status;
    TE_TRY_OUT(te_ops_check_variants(te_device_settings(device)->kernels.variant));
    TE_TRY_OUT(te_settings_copy(settings, &created->settings));
    TE_TRY_OUT(te_dataset_open(&created->dataset, settings, TE_SPLIT_TRAIN, model->config.tasks,
                               model->config.task_count));
    TE_TRY_OUT(te_train_step_create(&created->step, model, device, &options));
    *trainer = created;
    return TE_OK;
out:
    te_trainer_free(created);
    return status;
}

void te_trainer_free(te_trainer *trainer)
{
    if (trainer) {
        te_train_step_free(trainer->step);
        te_dataset_close(trainer->dataset);
        te_settings_free(trainer->settings);
        free(trainer);
    }
}

/* Learning rate of step `done` + 1 (MODEL.md section 6: the first step has the full rate). */
static float rate_at(const te_settings *settings, int64_t done)
{
    double progress = (double)done / settings->train.iterations;
    bool poly = settings->train.schedule == TE_POLY;
    double shape = poly ? pow(1 - progress, 0.9) : 0.5 * (1 + cos(3.14159265358979 * progress));
    double rising = done < settings->train.warmup ? (double)(done + 1) / settings->train.warmup : 1;
    return (float)(settings->train.rate * shape * rising);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A loss or gradient that is no number ends the training, told with the step and where it was seen first. */
static te_status check_numbers(const te_trainer *trainer, const te_step_result *result)
{
    const te_config *config = &trainer->model->config;
    for (int t = 0; t < config->task_count; t++) {
        if (!isfinite(result->losses[t])) {
            return te_fail(TE_ERR_DEVICE, "step %lld: the loss of '%s' is %g: try a lower train.rate, or another "
                           "device to tell a driver's fault", (long long)trainer->taken + 1, config->task_names[t],
                           (double)result->losses[t]);
        }
    }
    return isfinite(result->norm) ? TE_OK
                                  : te_fail(TE_ERR_DEVICE, "step %lld: the losses are finite, the gradient's norm is "
                                            "%g: try a lower train.rate, or another device to tell a driver's fault",
                                            (long long)trainer->taken + 1, (double)result->norm);
}

static te_status take_step(te_trainer *trainer, te_loader *loader, te_train_report *report)
{
    const te_settings *settings = trainer->settings;
    const te_config *config = &trainer->model->config;
    double start = now();
    te_loaded loaded;
    te_step_result result;
    TE_TRY(te_loader_next(loader, &loaded, &report->waited));
    te_batch batch = {.images = loaded.images};
    for (int t = 0; t < config->task_count; t++) {
        batch.labels[t] = loaded.labels[t];
    }
    te_rates rates = {.rate = rate_at(settings, trainer->taken), .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f,
                      .decay = settings->train.decay, .largest_norm = settings->train.clip};
    TE_TRY(te_train_step_run(trainer->step, &batch, &rates, trainer->taken + 1, &result));
    TE_TRY(check_numbers(trainer, &result));
    trainer->taken++;
    report->step = trainer->taken;
    report->steps = settings->train.iterations;
    report->task_count = config->task_count;
    for (int t = 0; t < config->task_count; t++) {
        report->tasks[t] = config->task_names[t];
        report->losses[t] = result.losses[t];
    }
    report->total = result.total;
    report->norm = result.norm;
    report->rate = rates.rate;
    report->seconds = now() - start;
    return TE_OK;
}

te_status te_trainer_run(te_trainer *trainer, te_train_function report, void *context)
{
    te_loader_options options = {.batch = trainer->settings->train.batch, .height = trainer->settings->input.height,
                                 .width = trainer->settings->input.width, .threads = trainer->settings->data.threads,
                                 .first = (uint64_t)trainer->taken};
    te_loader *loader;
    TE_TRY(te_loader_create(&loader, trainer->dataset, &options));
    te_status status = TE_OK;
    while (status == TE_OK && trainer->taken < trainer->settings->train.iterations) {
        te_train_report last = {0};
        status = te_interrupt_check();
        status = status == TE_OK ? take_step(trainer, loader, &last) : status;
        status = status == TE_OK && report ? report(&last, context) : status;
    }
    te_loader_free(loader);
    return status;
}
