/* --profile and --trace, on every command that opens a device: what it did is told when it is closed. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "cli.h"

/* What the command line asked for; `trace` is a file or NULL, and none that the command line names for something else. */
int cli_recording_ask(int profile, const char *trace, const cli_option *options, const cli_arguments *arguments);

/* te_device_open(), recording if that was asked for. */
te_status cli_device_open(te_device **device, te_settings *settings);

/* Close the device (NULL: there is none), print its profile, write its trace. Returns `status`, or what went wrong here. */
int cli_device_close(te_device *device, int status);

#endif
