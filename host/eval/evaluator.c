/* The evaluator: pictures of any size through a model. */
#include "eval/evaluator.h"

#include <stdlib.h>

struct te_evaluator {
    te_model *model;
    te_device *device;
    te_scheduler *scheduler;
    int height, width; /* input size */
    te_fit_kind fit;
};

te_status te_evaluator_create(te_evaluator **evaluator, te_model *model, te_device *device,
                              const te_settings *settings)
{
    const te_settings *chosen = settings ? settings : te_model_get_settings(model);
    te_evaluator *created = te_alloc(1, sizeof *created, "an evaluator");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->model = model;
    created->device = device;
    created->height = chosen->input.height;
    created->width = chosen->input.width;
    created->fit = chosen->input.fit;
    te_scheduler_options options = {.height = created->height, .width = created->width, .keep = 1};
    te_status status = te_scheduler_create(&created->scheduler, model, device, &options);
    if (status != TE_OK) {
        te_evaluator_free(created);
        return status;
    }
    *evaluator = created;
    return TE_OK;
}

void te_evaluator_free(te_evaluator *evaluator)
{
    if (evaluator) {
        te_scheduler_free(evaluator->scheduler);
        free(evaluator);
    }
}

te_status te_evaluator_get_memory(const te_evaluator *evaluator, te_memory_info *info)
{
    return te_scheduler_get_memory(evaluator->scheduler, info);
}

void te_evaluator_get_input(const te_evaluator *evaluator, int *height, int *width)
{
    *height = evaluator->height;
    *width = evaluator->width;
}

const te_model *te_evaluator_get_model(const te_evaluator *evaluator)
{
    return evaluator->model;
}

te_device *te_evaluator_get_device(const te_evaluator *evaluator)
{
    return evaluator->device;
}

te_fit te_evaluator_place(const te_evaluator *evaluator, int width, int height)
{
    te_fit fit = te_fit_picture(width, height, evaluator->width, evaluator->height, TE_FIT_PAD);
    if (width <= evaluator->width && height <= evaluator->height) {
        fit.width = width;
        fit.height = height;
        fit.left = (evaluator->width - width) / 2;
        fit.top = (evaluator->height - height) / 2;
    }
    return fit;
}

te_status te_evaluator_run_fit(te_evaluator *evaluator, const te_picture *picture, const te_fit *fit,
                               te_prediction **prediction)
{
    te_prediction *run = te_alloc(1, sizeof *run, "a prediction");
    if (!run) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    run->config = evaluator->model->config;
    run->fit = *fit;
    run->input = te_alloc(3 * (size_t)evaluator->height * (size_t)evaluator->width, sizeof(float), "the input");
    TE_TRY_OUT(run->input ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_picture_create(&run->picture, picture->width, picture->height, picture->rgb));
    TE_TRY_OUT(te_fit_input(&run->fit, picture, run->input));
    TE_TRY_OUT(te_scheduler_run(evaluator->scheduler, run->input));
    TE_TRY_OUT(te_prediction_fill(run, evaluator->scheduler));
    *prediction = run;
    return TE_OK;
out:
    te_prediction_free(run);
    return status;
}

te_status te_evaluator_run(te_evaluator *evaluator, const te_picture *picture, te_prediction **prediction)
{
    te_fit fit = te_fit_picture(picture->width, picture->height, evaluator->width, evaluator->height, evaluator->fit);
    return te_evaluator_run_fit(evaluator, picture, &fit, prediction);
}
