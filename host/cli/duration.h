/* How long something takes, measured and in words. */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

#include <stddef.h>

/* Seconds since some moment in the past; never set back. */
double cli_now(void);

/* "1:05:09", "2:05" or "9 s" */
void cli_print_duration(char *text, size_t bytes, double seconds);

#endif
