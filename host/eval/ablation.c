#include "eval/ablation.h"

#include <math.h>
#include <stdlib.h>

typedef struct ablation_row {
    int score, tap; /* what is off */
    te_metric *metrics[TE_TASK_COUNT];
} ablation_row;

struct te_ablation {
    te_expert_probe *probe;
    const te_config *config;
    ablation_row *rows;
    size_t count;
};

static te_status open_row(te_ablation *ablation, const te_settings *settings, int score, int tap)
{
    ablation_row *row = &ablation->rows[ablation->count++];
    const te_config *config = ablation->config;
    row->score = score;
    row->tap = tap;
    for (int t = 0; t < config->task_count; t++) {
        te_metric_options options = {.classes = config->channels[t],
                                     .edge_distance = (double)settings->eval.edge_distance,
                                     .published_saliency = settings->eval.saliency == TE_SALIENCY_PUBLISHED};
        TE_TRY(te_metric_create(&row->metrics[t], config->tasks[t], &options));
    }
    return TE_OK;
}

/* `taps` of them get rows of their own. A single score cannot be off. */
static te_status open_rows(te_ablation *ablation, const te_settings *settings, int taps)
{
    int scores = ablation->config->scores > 1 ? ablation->config->scores : 0;
    ablation->rows = te_alloc(1 + (size_t)(1 + taps) * (size_t)scores, sizeof *ablation->rows, "an ablation");
    if (!ablation->rows) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(open_row(ablation, settings, TE_NOTHING, TE_ALL_TAPS));
    for (int row = 0; row < (1 + taps) * scores; row++) {
        TE_TRY(open_row(ablation, settings, row % scores, row < scores ? TE_ALL_TAPS : row / scores - 1));
    }
    return TE_OK;
}

te_status te_ablation_create(te_ablation **ablation, te_expert_probe *probe, const te_settings *settings, bool per_tap)
{
    te_ablation *created = te_alloc(1, sizeof *created, "an ablation");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->probe = probe;
    created->config = &te_expert_probe_get_model(probe)->config;
    te_status status = open_rows(created, settings, per_tap ? created->config->tap_count : 0);
    if (status != TE_OK) {
        te_ablation_free(created);
        return status;
    }
    *ablation = created;
    return TE_OK;
}

void te_ablation_free(te_ablation *ablation)
{
    if (!ablation) {
        return;
    }
    for (size_t i = 0; i < ablation->count; i++) {
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            te_metric_free(ablation->rows[i].metrics[t]);
        }
    }
    free(ablation->rows);
    free(ablation);
}

static te_status judge(te_metric *metric, uint64_t index, const te_map *map, const float *label)
{
    te_metric_sample *sample;
    TE_TRY(te_metric_judge(metric, index, map, label, &sample));
    te_status status = te_metric_add(metric, sample);
    te_metric_sample_free(sample);
    return status;
}

static te_status judge_row(const ablation_row *row, uint64_t index, const te_example *example,
                           const te_prediction *prediction)
{
    for (int t = 0; t < prediction->config.task_count; t++) {
        TE_TRY(example->labels[t] ? judge(row->metrics[t], index, &prediction->maps[t], example->labels[t]) : TE_OK);
    }
    return TE_OK;
}

te_status te_ablation_add(te_ablation *ablation, uint64_t index, const te_example *example,
                          void (*whole)(const te_prediction *prediction, void *context), void *context)
{
    int height, width;
    te_expert_probe_get_input(ablation->probe, &height, &width);
    te_picture picture = {.width = example->width, .height = example->height, .rgb = example->rgb};
    te_fit fit = te_fit_place(picture.width, picture.height, width, height);
    for (size_t i = 0; i < ablation->count; i++) {
        const ablation_row *row = &ablation->rows[i];
        te_prediction *prediction;
        TE_TRY(te_expert_probe_set_off(ablation->probe, row->score, row->tap));
        TE_TRY(te_expert_probe_run(ablation->probe, &picture, &fit, &prediction));
        if (i == 0 && whole) {
            whole(prediction, context);
        }
        te_status status = judge_row(row, index, example, prediction);
        te_prediction_free(prediction);
        TE_TRY(status == TE_ERR_FORMAT ? te_fail_prefix(status, "picture '%s': ", example->name) : status);
    }
    return te_expert_probe_set_off(ablation->probe, TE_NOTHING, TE_ALL_TAPS);
}

size_t te_ablation_count(const te_ablation *ablation)
{
    return ablation->count;
}

void te_ablation_get_row(const te_ablation *ablation, size_t row, int *score, int *tap)
{
    *score = ablation->rows[row].score;
    *tap = ablation->rows[row].tap;
}

te_status te_ablation_get_value(const te_ablation *ablation, size_t row, int task, te_metric_value *value)
{
    te_metric_value *values;
    size_t count;
    TE_TRY(te_metric_get(ablation->rows[row].metrics[task], &values, &count));
    *value = count ? values[0] : (te_metric_value){.unit = "", .model = NAN};
    free(values);
    return TE_OK;
}
