#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <taskexpert.h>
#include <unistd.h>

static volatile sig_atomic_t wanted;
static const char *said;
static size_t said_bytes;

static void stop(int signal_number)
{
    (void)signal_number;
    wanted = 1;
    te_interrupt();
    if (said) { /* write() may be called here, stdio may not */
        int error = errno;
        ssize_t written = write(STDERR_FILENO, said, said_bytes);
        (void)written;
        errno = error;
    }
}

void cli_stop_install(const char *answer)
{
    said_bytes = answer ? strlen(answer) : 0;
    said = answer;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before, action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
        sigemptyset(&action.sa_mask);
        /* a shell starts its background jobs with SIGINT ignored, nohup likewise: that is a wish */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

int cli_stop_wanted(void)
{
    return wanted;
}
