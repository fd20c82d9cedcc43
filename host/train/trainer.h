/* The trainer: steps on batches from a loader, with a schedule; its checkpoints, validations and run folder. */
#ifndef TE_TRAIN_TRAINER_H
#define TE_TRAIN_TRAINER_H

#include "data/loader.h"
#include "train/run.h"
#include "train/step.h"

/* What a checkpoint holds beside the tensors, so that a resumed run goes on as if nothing had happened. */
typedef struct te_progress {
    int64_t taken;     /* steps so far */
    int64_t validated; /* the step of the last validation; 0: none yet */
    int64_t best_step; /* the one of the lowest total; 0: none yet */
    double best;       /* that total */
    te_loss_scale scale;
} te_progress;

struct te_trainer {
    te_model *model;
    te_device *device;
    te_settings *settings;
    te_dataset *dataset;
    te_train_step *step;
    te_progress progress;
    te_run *run;    /* NULL: no files are written */
    te_validation *validation; /* NULL: none wanted, or not begun */
    char *from;     /* the checkpoint that it goes on from, or NULL */
    int64_t saved;  /* the step that last.safetensors is of; -1: none of this process */
    bool in_step;   /* one has begun and not come to its end: weights may be anything */
};

/* checkpoint.c: the step that a checkpoint is of. */
te_status te_checkpoint_read_step(const char *path, int64_t *step);

/* diagnose.c: fail unless the losses and the norm of the step behind progress.taken are numbers, naming where the first
 * that is not came from. */
te_status te_trainer_check_numbers(te_trainer *trainer, const te_step_result *result);

#endif
