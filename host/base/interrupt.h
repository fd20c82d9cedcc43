/* Stopping a running call from a signal handler or another thread. */
#ifndef TE_BASE_INTERRUPT_H
#define TE_BASE_INTERRUPT_H

#include "base/status.h"

#include <stdbool.h>

/* TE_ERR_INTERRUPTED, once, after te_interrupt() was called; TE_OK otherwise. */
te_status te_interrupt_check(void);

/* Was te_interrupt() called since the last te_interrupt_forget()? What is not needed is then left undone, and threads that work
 * for another one stop, which asks te_interrupt_check() itself. */
bool te_interrupt_seen(void);
void te_interrupt_forget(void);

/* The status of such work: where it stopped, the request is done with. */
te_status te_interrupt_take(te_status status);

#endif
