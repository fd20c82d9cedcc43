/* The analysis of experts: pictures through a model that is looked into, and what is found asked for. */
#include "eval/experts.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "eval/ahead.h"
#include "eval/expert_sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

te_status te_experts_create(te_experts **experts, te_model *model, te_device *device, const te_settings *settings)
{
    TE_NEED(experts, model, device);
    te_experts *created = te_alloc(1, sizeof *created, "an analysis of experts");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    created->config = &model->config;
    TE_TRY_OUT(te_settings_copy(&created->settings, settings ? settings : te_model_get_settings(model)));
    created->settings->model = te_model_get_settings(model)->model; /* its classes, above all */
    created->settings->infer.precision = (settings ? settings : te_device_settings(device))->infer.precision;
    TE_TRY_OUT(te_gate_usage_create(&created->usage, created->config));
    TE_TRY_OUT(te_expert_probe_create(&created->probe, model, device, created->settings));
    *experts = created;
    return TE_OK;
out:
    te_experts_free(created);
    return status;
}

void te_experts_free(te_experts *experts)
{
    if (experts) {
        te_prediction_free(experts->last);
        te_ablation_free(experts->ablation);
        te_gate_usage_free(experts->usage);
        te_expert_probe_free(experts->probe);
        te_settings_free(experts->settings);
        free(experts);
    }
}

/* ---- pictures ---- */

static void forget_last(te_experts *experts)
{
    te_prediction_free(experts->last);
    experts->last = NULL;
}

te_status te_experts_run(te_experts *experts, const te_picture *picture)
{
    TE_NEED(experts, picture);
    int height, width;
    forget_last(experts);
    te_expert_probe_get_input(experts->probe, &height, &width);
    te_fit fit = te_fit_picture(picture->width, picture->height, width, height, experts->settings->input.fit);
    TE_TRY(te_expert_probe_set_off(experts->probe, TE_NOTHING, TE_ALL_TAPS));
    TE_TRY(te_expert_probe_run(experts->probe, picture, &fit, &experts->last));
    te_gate_usage_add(experts->usage, experts->last);
    return TE_OK;
}

te_status te_experts_save_picture(const te_experts *experts, const char *folder, const char *stem)
{
    TE_NEED(experts, folder, stem);
    if (!experts->last) {
        return te_fail(TE_ERR_ARGUMENT, "there is no picture to draw for '%s': te_experts_run() comes first", stem);
    }
    if (!*stem || strchr(stem, '/')) {
        return te_fail(TE_ERR_ARGUMENT, "'%s' is no stem of a file name", stem);
    }
    char footer[256], name[256];
    if (snprintf(name, sizeof name, "%s_experts.png", stem) >= (int)sizeof name) {
        return te_fail(TE_ERR_ARGUMENT, "'%s' is too long for a file name", stem);
    }
    snprintf(footer, sizeof footer, "TaskExpert %s - %s. Above: how an expert's feature differs from its mean, a tap's three "
             "principal components in red, green, blue. Below: gate scores and their means", te_version(), stem);
    te_picture *sheet;
    TE_TRY(te_folder_make(folder));
    TE_TRY(te_expert_sheet_draw(&sheet, experts->probe, experts->last, footer));
    char *path = te_path_join(folder, name);
    te_status status = path ? te_picture_save(sheet, path) : TE_ERR_MEMORY;
    free(path);
    te_picture_free(sheet);
    return status;
}

/* ---- the validation split ---- */

static void add_usage(const te_prediction *prediction, void *context)
{
    te_gate_usage_add(context, prediction);
}

static te_status run_example(te_experts *experts, uint64_t index, const te_example *example)
{
    if (experts->ablation) {
        return te_ablation_add(experts->ablation, index, example, add_usage, experts->usage);
    }
    te_picture picture = {.width = example->width, .height = example->height, .rgb = example->rgb};
    te_prediction *prediction;
    int height, width;
    te_expert_probe_get_input(experts->probe, &height, &width);
    te_fit fit = te_fit_place(picture.width, picture.height, width, height);
    TE_TRY(te_expert_probe_run(experts->probe, &picture, &fit, &prediction));
    te_gate_usage_add(experts->usage, prediction);
    te_prediction_free(prediction);
    return TE_OK;
}

static te_status run_pictures(te_experts *experts, te_ahead *ahead, uint64_t count, const te_experts_options *options)
{
    for (uint64_t i = 0; i < count; i++) {
        te_example example;
        TE_TRY(te_interrupt_check());
        TE_TRY(te_ahead_next(ahead, &example));
        te_status status = run_example(experts, i, &example);
        if (status == TE_OK && options->report) {
            te_scores_report facts = {.done = i + 1, .count = count, .picture = example.name};
            status = options->report(&facts, options->context);
        }
        te_example_clear(&example);
        TE_TRY(status);
    }
    return TE_OK;
}

static void forget_ablation(te_experts *experts)
{
    te_ablation_free(experts->ablation);
    experts->ablation = NULL;
}

static te_status run_dataset(te_experts *experts, const te_dataset *dataset, const te_experts_options *options)
{
    uint64_t all = te_dataset_count(dataset), count = options->count && options->count < all ? options->count : all;
    const char *list = te_dataset_get_list(dataset);
    te_ahead_options ahead_options = {.count = count, .threads = experts->settings->data.threads};
    te_ahead *ahead;
    te_expert_probe_get_input(experts->probe, &ahead_options.height, &ahead_options.width);
    te_log(TE_LOG_INFO, "looking at %" PRIu64 " of %" PRIu64 " %s%s%s", count, all,
           list ? "pictures of '" : "generated rooms", list ? list : "", list ? "'" : "");
    TE_TRY(te_ahead_open(&ahead, dataset, &ahead_options));
    te_status status = run_pictures(experts, ahead, count, options);
    te_ahead_close(ahead);
    return status;
}

te_status te_experts_run_split(te_experts *experts, const te_experts_options *options)
{
    TE_NEED(experts);
    const te_experts_options none = {0};
    const te_config *config = experts->config;
    te_dataset *dataset;
    options = options ? options : &none;
    te_interrupt_forget(); /* metrics are to hear of a later one alone */
    forget_last(experts);
    forget_ablation(experts);
    TE_TRY(te_expert_probe_set_off(experts->probe, TE_NOTHING, TE_ALL_TAPS));
    TE_TRY(te_dataset_open(&dataset, experts->settings, TE_SPLIT_VAL, config->tasks, config->task_count));
    te_status status = options->ablation ? te_ablation_create(&experts->ablation, experts->probe, experts->settings,
                                                              options->ablation > 1)
                                         : TE_OK;
    status = status == TE_OK ? run_dataset(experts, dataset, options) : status;
    te_dataset_close(dataset);
    if (status != TE_OK) {
        forget_ablation(experts); /* half of it would pass for all of it */
    }
    return te_interrupt_take(status);
}

/* ---- what was found ---- */

void te_experts_get_info(const te_experts *experts, te_experts_info *info)
{
    const te_config *config = experts->config;
    *info = (te_experts_info){.taps = config->tap_count, .experts = config->experts, .memory = config->memory,
                              .scores = config->scores, .pictures = te_gate_usage_count(experts->usage)};
}

static te_status check_task(const te_experts *experts, size_t task)
{
    int tasks = experts->config->task_count;
    return task < (size_t)tasks ? TE_OK : te_fail(TE_ERR_ARGUMENT, "there is no task '%zu': the model's are 0 to %d", task,
                                                  tasks - 1);
}

static te_status check_place(const te_experts *experts, int tap, size_t task, int score)
{
    const te_config *config = experts->config;
    if (tap < TE_ALL_TAPS || tap >= config->tap_count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no tap '%d': the model's are 0 to %d, and -1 is the mean over them", tap,
                       config->tap_count - 1);
    }
    TE_TRY(check_task(experts, task));
    return score >= 0 && score < config->scores ? TE_OK
                                                : te_fail(TE_ERR_ARGUMENT, "there is no score '%d': a gate's are 0 to %d",
                                                          score, config->scores - 1);
}

te_status te_experts_get_mean(const te_experts *experts, int tap, size_t task, int score, double *mean)
{
    TE_NEED(experts, mean);
    TE_TRY(check_place(experts, tap, task, score));
    int first = tap < 0 ? 0 : tap, count = tap < 0 ? experts->config->tap_count : 1;
    double sum = 0.0;
    for (int l = first; l < first + count; l++) {
        sum += te_gate_usage_get_mean(experts->usage, l, (int)task, score);
    }
    *mean = sum / count;
    return TE_OK;
}

te_status te_experts_get_entropy(const te_experts *experts, int tap, size_t task, double *entropy)
{
    TE_NEED(experts, entropy);
    TE_TRY(check_place(experts, tap, task, 0));
    int first = tap < 0 ? 0 : tap, count = tap < 0 ? experts->config->tap_count : 1;
    double sum = 0.0;
    for (int l = first; l < first + count; l++) {
        sum += te_gate_usage_get_entropy(experts->usage, l, (int)task);
    }
    *entropy = sum / count;
    return TE_OK;
}

size_t te_experts_count_losses(const te_experts *experts)
{
    return experts->ablation ? te_ablation_count(experts->ablation) : 0;
}

te_status te_experts_get_loss(const te_experts *experts, size_t row, size_t task, te_experts_loss *loss)
{
    TE_NEED(experts, loss);
    size_t rows = te_experts_count_losses(experts);
    TE_TRY(check_task(experts, task));
    if (row >= rows) {
        return te_fail(TE_ERR_ARGUMENT, "there is no row '%zu' among the losses: there are %zu", row, rows);
    }
    te_metric_value whole, value;
    TE_TRY(te_ablation_get_value(experts->ablation, 0, (int)task, &whole));
    TE_TRY(te_ablation_get_value(experts->ablation, row, (int)task, &value));
    *loss = (te_experts_loss){.task = experts->config->task_names[task], .unit = value.unit, .value = value.model,
                              .higher_is_better = value.higher_is_better,
                              .loss = value.higher_is_better ? whole.model - value.model : value.model - whole.model};
    snprintf(loss->metric, sizeof loss->metric, "%s", value.name);
    te_ablation_get_row(experts->ablation, row, &loss->score, &loss->tap);
    return TE_OK;
}
