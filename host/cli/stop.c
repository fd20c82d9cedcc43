#include "stop.h"

#include <signal.h>
#include <taskexpert.h>

static volatile sig_atomic_t wanted;

static void stop(int signal_number)
{
    (void)signal_number;
    wanted = 1;
    te_interrupt();
}

void cli_stop_install(void)
{
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
