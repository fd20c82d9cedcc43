/* Ctrl-C: the first one ends the running call and the command in good order, a second one ends all at once. */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/* From now on SIGINT and SIGTERM call te_interrupt(), unless they are ignored. `answer` (NULL: nothing) is then written to
 * stderr at once, for what may take a while to stop. */
void cli_stop_install(const char *answer);

/* 1 once a signal came. */
int cli_stop_wanted(void);

#endif
