/* The curves of a run as an SVG page: losses of training and validation, the gradient's norm, the learning rate. */
#ifndef TE_TRAIN_CURVES_H
#define TE_TRAIN_CURVES_H

#include "train/history.h"

/* `log` has the columns rate, total, norm, seconds, waited and then the tasks; `validations` total and the tasks. */
te_status te_curves_save(const char *path, const te_history *log, const te_history *validations);

#endif
