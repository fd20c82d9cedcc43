#include "base/interrupt.h"

#include <stdatomic.h>

/* A lock-free atomic: a signal handler may store to it. */
static atomic_int wanted;

void te_interrupt(void)
{
    atomic_store(&wanted, 1);
}

te_status te_interrupt_check(void)
{
    return atomic_exchange(&wanted, 0) ? te_fail(TE_ERR_INTERRUPTED, "interrupted") : TE_OK;
}
