/* Validation: the losses on pictures that training never sees, by the weights of a training step as they are. */
#ifndef TE_TRAIN_VALIDATION_H
#define TE_TRAIN_VALIDATION_H

#include "data/dataset.h"
#include "model/model.h"

typedef struct te_validation te_validation;

/* Each task's loss (NaN where no picture has a label) and the weighted sum. */
typedef struct te_validated {
    double losses[TE_TASK_COUNT], total;
} te_validated;

/* Plan the forward pass and the losses on the validation split of the settings. Params are read where `owner`, the plan of
 * a training step, has them; it must live longer. */
te_status te_validation_create(te_validation **validation, const te_model *model, te_device *device,
                               const te_settings *settings, const te_plan *owner);
void te_validation_free(te_validation *validation);

te_status te_validation_run(te_validation *validation, te_validated *result);

/* The first pictures of the last run as a sheet in a PNG file. */
te_status te_validation_save_sheet(const te_validation *validation, const char *path, const char *footer);

#endif
