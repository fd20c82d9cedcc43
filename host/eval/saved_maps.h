/* Predictions saved as files, by `taskexpert infer` or any other program, read back to be scored (docs/METRICS.md). */
#ifndef TE_EVAL_SAVED_MAPS_H
#define TE_EVAL_SAVED_MAPS_H

#include "data/map.h"
#include "model/config.h"

/* Look through a folder and those below it for which of the config's tasks somebody saved maps: bit t of *tasks for
 * config->tasks[t]. The others are told as a warning each; a folder without any is an error. */
te_status te_saved_maps_find(const char *folder, const te_config *config, unsigned *tasks);

/* The maps of one picture at its size, as te_prediction_get() has them: maps[t] of config->tasks[t] where bit t of `tasks`
 * is set, to be freed by te_map_free(); the others are zeroed. `name` is the picture's in its list: "a/b" has its maps in
 * "<folder>/a/b_<task>.npy" or, where there is none, .png. A map that is absent, broken or of another size is an error that
 * names the file. */
te_status te_saved_maps_load(const char *folder, const char *name, const te_config *config, unsigned tasks, int width,
                             int height, te_map maps[TE_TASK_COUNT]);

#endif
