/* Time for measuring how long something took. */
#ifndef TE_BASE_CLOCK_H
#define TE_BASE_CLOCK_H

/* Seconds since some moment in the past; never set back. */
double te_clock_now(void);

#endif
