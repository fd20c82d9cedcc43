/* Stopping a running call from a signal handler or another thread. */
#ifndef TE_BASE_INTERRUPT_H
#define TE_BASE_INTERRUPT_H

#include "base/status.h"

/* TE_ERR_INTERRUPTED, once, after te_interrupt() was called; TE_OK otherwise. */
te_status te_interrupt_check(void);

#endif
