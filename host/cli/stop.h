/* Ctrl-C: the first one ends the running call and the command in good order, a second one ends all at once. A lost terminal is
 * a first one. */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/* Remember which signals are ignored: a shell starts its background jobs without SIGINT, nohup without SIGHUP, and that is a
 * wish. Call it first of all: the compiler of a driver takes these signals over. */
void cli_stop_heed(void);

/* When a command stops that works piece by piece. */
#define CLI_STOP_SOON "when what runs now is done"

/* From now on SIGINT, SIGTERM and SIGHUP call te_interrupt(), unless they were ignored, and say on stderr at once that the
 * command stops, and `when`: that may take a while. */
void cli_stop_install(const char *when);

/* 1 once a signal came. */
int cli_stop_wanted(void);

/* The exit status of what ended with `status`: after a signal CLI_INTERRUPTED, which is told if it was not. */
int cli_stop_conclude(int status);

#endif
