/* A loss or gradient that is no number ends the training; the message says where it came from. */
#include "train/trainer.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>

/* "the loss of 'semseg' is nan", "the norm of the gradient is inf", or nothing. */
static void describe_symptom(const te_config *config, const te_step_result *result, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int t = 0; t < config->task_count && used < bytes; t++) {
        if (!isfinite(result->losses[t])) {
            used += (size_t)snprintf(text + used, bytes - used, "%s'%s'", used ? ", " : "the loss of ",
                                     config->task_names[t]);
        }
    }
    if (used > 0 && used < bytes) {
        snprintf(text + used, bytes - used, " is not finite");
    } else if (!isfinite(result->norm)) {
        snprintf(text, bytes, "the losses are finite, but the norm of the gradient is %g", (double)result->norm);
    }
}

te_status te_trainer_check_numbers(te_trainer *trainer, const te_step_result *result)
{
    long long step = (long long)trainer->progress.taken + 1;
    char symptom[256], origin[768];
    if (result->skipped) { /* as fp16 does now and then; the losses are finite */
        te_log(TE_LOG_DETAIL, "step %lld: a gradient left the range of fp16, the weights stay as they are; loss scale %g",
               step, (double)te_train_step_get_scale(trainer->step).scale);
        return TE_OK;
    }
    describe_symptom(&trainer->model->config, result, symptom, sizeof symptom);
    if (!symptom[0]) {
        return TE_OK;
    }
    te_plan *plan = te_train_step_get_plan(trainer->step);
    te_trace trace;
    TE_TRY(te_plan_trace(plan, &trace));
    if (trace.value < 0) {
        return te_fail(TE_ERR_DEVICE, "step %lld: %s, but the same step run again has only finite numbers: suspect the "
                       "device '%s' or its driver", step, symptom, te_device_name(trainer->device));
    }
    te_trace_describe(plan, &trace, origin, sizeof origin);
    return te_fail(TE_ERR_DEVICE, "step %lld: %s; the first tensor that is not: %s; go on from the last checkpoint with a "
                   "lower train.rate or train.clip, or try another device to tell a driver's fault", step, symptom,
                   origin);
}
