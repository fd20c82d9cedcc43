/* Messages for people, handed to the callback that the application set; the library itself never prints. */
#ifndef TE_BASE_LOG_H
#define TE_BASE_LOG_H

#include "base/status.h"

void te_log(te_log_level level, const char *format, ...) TE_PRINTF(2, 3);

#endif
