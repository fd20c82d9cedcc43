/* Settings for tests that compile kernels. */
#ifndef TESTS_SUPPORT_SETTINGS_H
#define TESTS_SUPPORT_SETTINGS_H

#include <stddef.h>

#include "taskexpert.h"

/* The defaults, then `count` pairs of a name and a value; the caller frees them. Compiled kernels are left to the driver's
 * own cache: for ours PoCL would compile every kernel of a program a second time, which doubles what a test takes. */
te_settings *settings_for_test(const char *const pairs[][2], size_t count);

#endif
