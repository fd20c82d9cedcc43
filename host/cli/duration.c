#include "duration.h"

#include <stdio.h>
#include <time.h>

double cli_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void cli_print_duration(char *text, size_t bytes, double seconds)
{
    long s = seconds < 0 ? 0 : seconds > 3.6e8 ? 360000000 : (long)(seconds + 0.5);
    if (s >= 3600) {
        snprintf(text, bytes, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    } else if (s >= 60) {
        snprintf(text, bytes, "%ld:%02ld", s / 60, s % 60);
    } else {
        snprintf(text, bytes, "%ld s", s);
    }
}
