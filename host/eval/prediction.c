#include "eval/prediction.h"

#include "base/log.h"

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

/* Maps cannot show what is not a number, so it is said; if nothing else is there, it is an error. */
static te_status check_finite(const te_prediction *prediction, int t)
{
    size_t count = (size_t)prediction->config.channels[t] * (size_t)prediction->fit.input_height *
                   (size_t)prediction->fit.input_width, broken = 0;
    for (size_t i = 0; i < count; i++) {
        broken += !isfinite(prediction->logits[t][i]);
    }
    if (broken == count) {
        return te_fail(TE_ERR_DEVICE, "no logit of '%s' is a finite number: the weights are broken, or the driver is "
                       "(try another device)", prediction->config.task_names[t]);
    }
    if (broken) {
        te_log(TE_LOG_WARNING, "%zu of %zu logits of '%s' are not finite and read as 0", broken, count,
               prediction->config.task_names[t]);
    }
    return TE_OK;
}

te_status te_prediction_fill(te_prediction *prediction, te_scheduler *scheduler)
{
    const te_config *config = &prediction->config;
    char name[64];
    for (int tap = 0; tap < config->tap_count; tap++) {
        snprintf(name, sizeof name, "gates.%d", tap);
        TE_TRY(copy_result(scheduler, name, &prediction->gates[tap]));
    }
    for (int t = 0; t < config->task_count; t++) {
        snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
        TE_TRY(copy_result(scheduler, name, &prediction->logits[t]));
        TE_TRY(check_finite(prediction, t));
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
    for (int t = 0; t < prediction->config.task_count; t++) {
        if (strcmp(prediction->config.task_names[t], task) == 0) {
            *map = prediction->maps[t];
            return TE_OK;
        }
    }
    return te_fail(TE_ERR_ARGUMENT, "the prediction has no task '%s'", task);
}
