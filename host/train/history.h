/* A table of numbers that grows while a run goes on, kept as a CSV file: a line with the columns' names, then rows of
 * rising steps. */
#ifndef TE_TRAIN_HISTORY_H
#define TE_TRAIN_HISTORY_H

#include "base/status.h"

#include <stdbool.h>

enum { TE_HISTORY_COLUMNS = 24, TE_HISTORY_NAME = 32 };

typedef struct te_history te_history;

/* Open the file, made if absent, for adding rows; `columns` are the names behind "step". Rows behind step `last` (of an
 * earlier attempt), and what a kill cut off, are dropped. TE_ERR_FORMAT if the file has other columns. */
te_status te_history_open(te_history **history, const char *path, const char *const *columns, int column_count,
                          int64_t last);
void te_history_close(te_history *history);

/* Whether there is such a file with rows in it; one that was cut off is none. */
te_status te_history_has_rows(const char *path, bool *rows);

/* Add a row and see it written; NaN becomes an empty cell. TE_ERR_FILE when the disk is full. */
te_status te_history_add(te_history *history, int64_t step, const double *values);

/* What the table holds: rows 0 to count - 1; an empty cell is NaN. */
size_t te_history_count(const te_history *history);
int64_t te_history_step(const te_history *history, size_t row);
double te_history_get(const te_history *history, size_t row, int column);

/* Columns behind "step": number, name, and the one called `name`, or -1. */
int te_history_columns(const te_history *history);
const char *te_history_name(const te_history *history, int column);
int te_history_find(const te_history *history, const char *name);

#endif
