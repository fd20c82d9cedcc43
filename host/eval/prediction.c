#include "eval/prediction.h"

#include "base/log.h"
#include "eval/blend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of the scheduler's result `name` in fresh memory. */
static te_status copy_result(te_scheduler *scheduler, const char *name, float **copy)
{
    te_array array;
    TE_TRY(te_scheduler_get(scheduler, name, &array));
    size_t count = 1;
    for (int i = 0; i < array.rank; i++) {
        count *= (size_t)array.shape[i];
    }
    *copy = te_alloc(count, sizeof **copy, name);
    if (!*copy) {
        return TE_ERR_MEMORY;
    }
    memcpy(*copy, array.data, count * sizeof **copy);
    return TE_OK;
}

te_status te_prediction_check(const te_config *config, int t, const float *logits, size_t count)
{
    size_t broken = 0;
    for (size_t i = 0; i < count; i++) {
        broken += !isfinite(logits[i]);
    }
    if (broken == count) {
        return te_fail(TE_ERR_DEVICE, "no logit of '%s' is a finite number: the weights are broken, or the driver is "
                       "(try another device)", config->task_names[t]);
    }
    if (broken) {
        te_log(TE_LOG_WARNING, "%zu of %zu logits of '%s' are not finite and read as 0", broken, count,
               config->task_names[t]);
    }
    return TE_OK;
}

static te_status copy_logits(te_prediction *prediction, te_scheduler *scheduler)
{
    const te_config *config = &prediction->config;
    size_t plane = (size_t)prediction->fit.input_height * (size_t)prediction->fit.input_width;
    for (int t = 0; t < config->task_count; t++) {
        char name[64];
        snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
        TE_TRY(copy_result(scheduler, name, &prediction->logits[t]));
        TE_TRY(te_prediction_check(config, t, prediction->logits[t], (size_t)config->channels[t] * plane));
    }
    return TE_OK;
}

/* Row y of the region: mean (w,V) -> logits */
static void spread_row(te_prediction *prediction, const float *mean, int y, float *pixel)
{
    const te_config *config = &prediction->config;
    const te_fit *fit = &prediction->fit;
    size_t plane = (size_t)fit->input_height * (size_t)fit->input_width;
    size_t at = (size_t)(fit->top + y) * (size_t)fit->input_width + (size_t)fit->left, V = (size_t)te_blend_count(config);
    for (int x = 0; x < fit->width; x++, at++, mean += V) {
        const float *from = pixel;
        te_blend_to_logits(config, mean, pixel);
        for (int t = 0; t < config->task_count; t++) {
            for (int k = 0; k < config->channels[t]; k++) {
                prediction->logits[t][(size_t)k * plane + at] = *from++;
            }
        }
    }
}

static te_status spread_mean(te_prediction *prediction, const float *mean)
{
    const te_config *config = &prediction->config;
    size_t plane = (size_t)prediction->fit.input_height * (size_t)prediction->fit.input_width;
    size_t V = (size_t)te_blend_count(config), width = (size_t)prediction->fit.width;
    for (int t = 0; t < config->task_count; t++) {
        prediction->logits[t] = te_alloc((size_t)config->channels[t], plane * sizeof(float), "logits");
        if (!prediction->logits[t]) {
            return TE_ERR_MEMORY;
        }
    }
    float *pixel = te_alloc(V, sizeof *pixel, "a pixel");
    if (!pixel) {
        return TE_ERR_MEMORY;
    }
    for (int y = 0; y < prediction->fit.height; y++) {
        spread_row(prediction, mean + (size_t)y * width * V, y, pixel);
    }
    free(pixel);
    return TE_OK;
}

te_status te_prediction_fill(te_prediction *prediction, te_scheduler *scheduler, const float *mean)
{
    const te_config *config = &prediction->config;
    for (int tap = 0; tap < config->tap_count; tap++) {
        char name[64];
        snprintf(name, sizeof name, "gates.%d", tap);
        TE_TRY(copy_result(scheduler, name, &prediction->gates[tap]));
    }
    return mean ? spread_mean(prediction, mean) : copy_logits(prediction, scheduler);
}

te_status te_prediction_read_maps(te_prediction *prediction)
{
    const te_config *config = &prediction->config;
    for (int t = 0; t < config->task_count; t++) {
        TE_TRY(te_map_read(&prediction->maps[t], config->tasks[t], config->channels[t], prediction->logits[t],
                           &prediction->fit));
    }
    return TE_OK;
}

void te_prediction_free(te_prediction *prediction)
{
    if (!prediction) {
        return;
    }
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_map_free(&prediction->maps[t]);
        free(prediction->logits[t]);
    }
    for (int tap = 0; tap < TE_MAX_TAPS; tap++) {
        free(prediction->gates[tap]);
    }
    free(prediction->input);
    te_picture_free(prediction->picture);
    free(prediction);
}

te_status te_prediction_get(const te_prediction *prediction, const char *task, te_map *map)
{
    TE_NEED(prediction, task, map);
    for (int t = 0; t < prediction->config.task_count; t++) {
        if (strcmp(prediction->config.task_names[t], task) == 0) {
            *map = prediction->maps[t];
            return TE_OK;
        }
    }
    return te_fail(TE_ERR_ARGUMENT, "the prediction has no task '%s'", task);
}
