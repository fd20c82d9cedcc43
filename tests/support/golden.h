/* Golden files of the PyTorch reference (tests/reference), and the checks that several test programs make with them. All of
 * them fail the running test where something differs. */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "base/safetensors.h"
#include "model/model.h"
#include "scheduler/scheduler.h"

/* Where the golden file called `name` lies. */
void golden_path(char path[512], const char *name);

/* One pass of `model` over the file's input, with everything kept that it could be compared with. */
te_scheduler *golden_run(te_device *device, te_model *model, const te_safetensors *file);

/* Compare everything that the golden file holds under golden.* apart from the input; returns the number of tensors. */
int golden_compare(te_scheduler *scheduler, const te_safetensors *file);

/* The whole of a golden file, which is a model too: logits of every task, and of every tap its features, the experts',
 * gates, and memories of every task. */
void golden_check(te_device *device, const char *name);

/* The steps of training in the golden file `name`: losses and the gradient's norm of each, all weights behind the last. */
void golden_check_training(te_device *device, const char *name);

#endif
