#include "stop.h"

#include "message.h"
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <taskexpert.h>
#include <unistd.h>

static volatile sig_atomic_t wanted;
static char said[160];
static size_t said_bytes;

/* A lost terminal may send more than one SIGHUP, the shell's and the system's: they all mean the same. */
static struct {
    int number, flags, ignored;
} signals[] = {{SIGINT, (int)SA_RESETHAND, 0}, {SIGTERM, (int)SA_RESETHAND, 0}, {SIGHUP, 0, 0}};

enum { SIGNALS = sizeof signals / sizeof signals[0] };

void cli_stop_heed(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction before;
        signals[i].ignored = sigaction(signals[i].number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
    }
}

static void stop(int signal_number)
{
    (void)signal_number;
    int error = errno;
    wanted = 1;
    te_interrupt();
    ssize_t written = write(STDERR_FILENO, said, said_bytes); /* write() may be called here, stdio may not */
    (void)written;
    errno = error;
}

void cli_stop_install(const char *when)
{
    snprintf(said, sizeof said, "%staskexpert: stopping %s; once more Ctrl-C stops at once\n", cli_progress_eraser(), when);
    said_bytes = strlen(said);
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_handler = stop, .sa_flags = signals[i].flags | SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (!signals[i].ignored) {
            sigaction(signals[i].number, &action, NULL);
        }
    }
}

int cli_stop_wanted(void)
{
    return wanted;
}

int cli_stop_conclude(int status)
{
    /* a compiler that is interrupted fails in its own way */
    return cli_stop_wanted() && status != CLI_INTERRUPTED ? cli_fail(CLI_INTERRUPTED, "interrupted") : status;
}
