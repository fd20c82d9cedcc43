/* The trainer: steps on batches from a loader, with a schedule; and its checkpoints. */
#ifndef TE_TRAIN_TRAINER_H
#define TE_TRAIN_TRAINER_H

#include "data/loader.h"
#include "train/step.h"

struct te_trainer {
    te_model *model;
    te_settings *settings;
    te_dataset *dataset;
    te_train_step *step;
    int64_t taken; /* steps so far */
};

#endif
