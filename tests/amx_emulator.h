/* Intel's matrix units in software: so that kernels for them can be checked, not timed, on x86-64 processors without. */
#ifndef TE_TESTS_AMX_EMULATOR_H
#define TE_TESTS_AMX_EMULATOR_H

#include <stdbool.h>

/* From now on the process runs ldtilecfg, tilerelease, tilezero, tileloadd, tilestored and tdpbf16ps even where its processor
 * does not know them; any other unknown instruction ends it as before. False on anything but x86-64 under Linux. */
bool amx_emulator_start(void);

#endif
