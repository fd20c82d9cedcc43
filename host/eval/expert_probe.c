#include "eval/expert_probe.h"

#include "scheduler/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* exp() of it less any finite score is 0, and unlike infinity it needs nothing of a driver's arithmetic. */
static const float off_score = -1e30f;

struct te_expert_probe {
    te_model *model;
    te_scheduler *scheduler;
    int height, width;   /* input size */
    bool off[TE_MAX_TAPS]; /* something is off at this tap */
    float *bias;         /* (T,S), of one tap's gates */
};

te_status te_expert_probe_create(te_expert_probe **probe, te_model *model, te_device *device, const te_settings *settings)
{
    enum { KEEP_EXPERTS = 3 };
    te_expert_probe *created = te_alloc(1, sizeof *created, "a look at experts");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    te_scheduler_options options = {.height = settings->input.height, .width = settings->input.width,
                                    .keep = KEEP_EXPERTS};
    created->model = model;
    created->height = options.height;
    created->width = options.width;
    created->bias = te_alloc((size_t)model->config.task_count * (size_t)model->config.scores, sizeof(float), "gates");
    TE_TRY_OUT(created->bias ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_scheduler_create_in(&created->scheduler, model, device, &options, settings->infer.precision));
    *probe = created;
    return TE_OK;
out:
    te_expert_probe_free(created);
    return status;
}

void te_expert_probe_free(te_expert_probe *probe)
{
    if (probe) {
        te_scheduler_free(probe->scheduler);
        free(probe->bias);
        free(probe);
    }
}

const te_model *te_expert_probe_get_model(const te_expert_probe *probe)
{
    return probe->model;
}

void te_expert_probe_get_input(const te_expert_probe *probe, int *height, int *width)
{
    *height = probe->height;
    *width = probe->width;
}

/* The gates of one tap with the score switched off, or as the model has them (TE_NOTHING). */
static te_status write_gates(te_expert_probe *probe, int tap, int score)
{
    const te_config *config = &probe->model->config;
    char name[96];
    snprintf(name, sizeof name, "mmoe.%d.gates.*.%s.bias", tap, config->gate == TE_GATE_MLP ? "fc2" : "conv2");
    int index = te_params_find(&probe->model->params, name), S = config->scores;
    if (index < 0) {
        return te_fail(TE_ERR_ARGUMENT, "the model has no parameter '%s'", name);
    }
    TE_TRY(te_params_read(&probe->model->params, index, probe->bias));
    for (int t = 0; score != TE_NOTHING && t < config->task_count; t++) {
        probe->bias[t * S + score] = off_score;
    }
    return te_scheduler_set_param(probe->scheduler, name, probe->bias);
}

te_status te_expert_probe_set_off(te_expert_probe *probe, int score, int tap)
{
    const te_config *config = &probe->model->config;
    if (score < TE_NOTHING || score >= config->scores || tap < TE_ALL_TAPS || tap >= config->tap_count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no score '%d' at tap %d", score, tap);
    }
    if (score != TE_NOTHING && config->scores == 1) {
        return te_fail(TE_ERR_ARGUMENT, "the model's only expert cannot be switched off");
    }
    for (int l = 0; l < config->tap_count; l++) {
        bool off = score != TE_NOTHING && (tap == TE_ALL_TAPS || tap == l);
        if (off || probe->off[l]) {
            TE_TRY(write_gates(probe, l, off ? score : TE_NOTHING));
            probe->off[l] = off;
        }
    }
    return TE_OK;
}

te_status te_expert_probe_run(te_expert_probe *probe, const te_picture *picture, const te_fit *fit,
                              te_prediction **prediction)
{
    te_prediction *run = te_alloc(1, sizeof *run, "a prediction");
    if (!run) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    run->config = probe->model->config;
    run->fit = *fit;
    run->passes = 1;
    run->input = te_alloc(3 * (size_t)probe->height * (size_t)probe->width, sizeof(float), "the input");
    TE_TRY_OUT(run->input ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_picture_create(&run->picture, picture->width, picture->height, picture->rgb));
    TE_TRY_OUT(te_fit_input(fit, picture, run->input));
    TE_TRY_OUT(te_scheduler_run(probe->scheduler, run->input));
    TE_TRY_OUT(te_prediction_fill(run, probe->scheduler, NULL));
    TE_TRY_OUT(te_prediction_read_maps(run));
    *prediction = run;
    return TE_OK;
out:
    te_prediction_free(run);
    return status;
}

te_status te_expert_probe_get_features(te_expert_probe *probe, int tap, const float **features)
{
    char name[TE_VALUE_NAME];
    te_array array;
    snprintf(name, sizeof name, "experts.%d", tap);
    TE_TRY(te_scheduler_get(probe->scheduler, name, &array));
    *features = array.data;
    return TE_OK;
}
