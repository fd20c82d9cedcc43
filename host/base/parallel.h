/* Independent pieces of work on the host's threads. */
#ifndef TE_BASE_PARALLEL_H
#define TE_BASE_PARALLEL_H

#include "base/status.h"

/* Call run(0, context) to run(count - 1, context), each once, on at most `threads` threads (0: as many as there are
 * processors), the calling one among them. After a failure no more are begun; of several the first in order is returned. */
te_status te_parallel_run(int count, int threads, te_status (*run)(int index, void *context), void *context);

#endif
