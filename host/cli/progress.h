/* How far a long job is, on stderr: a bar redrawn in place on a terminal, plain lines elsewhere. There is one. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>

/* `total` items are to be done. With `quiet` nothing is ever shown. */
void cli_progress_start(size_t total, int quiet);

/* The number of items, for those who learn it from the first one. */
void cli_progress_set_total(size_t total);

/* Item `index` of 0 to total - 1 begins, or is done (successfully or not). */
void cli_progress_begin(size_t index, const char *name);
void cli_progress_end(size_t index, const char *name);

/* What is being done about item `index` just now: `text` takes its name's place on the bar. */
void cli_progress_show(size_t index, const char *text);

/* What is being done outside of such jobs, on a terminal, in place of the bar or the text before; empty: nothing. */
void cli_progress_tell(const char *text);

/* Take the bar off the terminal, before anything else is printed. The next begin or end draws it again. */
void cli_progress_clear(void);

/* What takes it off, for a signal handler, which may not do more than write; "" where there is no such terminal. */
const char *cli_progress_eraser(void);

#endif
