/* The run folder: what a training leaves behind, and what a later start finds.
 *
 *     settings.ini              all settings of the run
 *     log.csv                   a row a step: rate, losses, gradient norm, times
 *     validation.csv            a row a validation: losses
 *     curves.svg                both as curves
 *     sheets/step_000500.png    validation pictures with labels and predictions
 *     last.safetensors          the newest checkpoint
 *     best.safetensors          the one with the lowest validation loss
 */
#ifndef TE_TRAIN_RUN_H
#define TE_TRAIN_RUN_H

#include "train/history.h"
#include "train/validation.h"

#include <stdbool.h>

typedef struct te_run te_run;

/* Make the folder; with `home`, it holds this run, which goes on after step `taken`, else one that holds a run is
 * refused. What a start left that took no step is no run: it is begun anew. A folder is used by one run at a time. */
te_status te_run_open(te_run **run, const char *folder, const te_settings *settings, const te_config *config,
                      bool home, int64_t taken);
void te_run_close(te_run *run);

te_status te_run_add_step(te_run *run, const te_train_report *report);
te_status te_run_add_validation(te_run *run, int64_t step, const te_validated *result);

/* Draw curves.svg, and the sheet of a step. */
te_status te_run_draw_curves(const te_run *run);
te_status te_run_draw_sheet(const te_run *run, int64_t step, const te_validation *validation, const char *footer);

/* "folder/name" in fresh memory; NULL, with a message recorded, where memory is short. */
char *te_run_path(const te_run *run, const char *name);

#endif
