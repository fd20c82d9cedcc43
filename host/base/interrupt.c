#include "base/interrupt.h"

#include <stdatomic.h>

/* Lock-free atomics: a signal handler may store to them. */
static atomic_int wanted, seen;

void te_interrupt(void)
{
    atomic_store(&wanted, 1);
    atomic_store(&seen, 1);
}

void te_interrupt_clear(void)
{
    atomic_store(&wanted, 0);
    te_interrupt_forget();
}

te_status te_interrupt_check(void)
{
    return atomic_exchange(&wanted, 0) ? te_fail(TE_ERR_INTERRUPTED, "interrupted") : TE_OK;
}

bool te_interrupt_seen(void)
{
    return atomic_load(&seen);
}

void te_interrupt_forget(void)
{
    atomic_store(&seen, 0);
}

te_status te_interrupt_take(te_status status)
{
    if (status == TE_ERR_INTERRUPTED) {
        atomic_store(&wanted, 0);
    }
    return status;
}
