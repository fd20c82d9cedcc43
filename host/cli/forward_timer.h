/* How long forward passes take. */
#ifndef CLI_FORWARD_TIMER_H
#define CLI_FORWARD_TIMER_H

#include "cli.h"

/* Print a line "forward_seconds <seconds>" on stdout for each of `passes` passes at the settings' input size. */
int cli_time_forward(te_model *model, te_device *device, const te_settings *settings, uint64_t passes);

#endif
