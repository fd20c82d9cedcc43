/* Text in aligned columns. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { CLI_TABLE_COLUMNS = 80, CLI_TABLE_CELL = 320 };

typedef struct cli_table {
    const char *alignment; /* a letter for each column: 'l' or 'r' */
    char (*cells)[CLI_TABLE_CELL];
    size_t count, capacity; /* cells */
    int failed;             /* memory ran out: cli_table_print() tells */
} cli_table;

/* Add the next cell, row by row. Text that does not fit is cut. */
void cli_table_add(cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print it on stdout, each line behind `indent` spaces, and free it. */
int cli_table_print(cli_table *table, int indent);
void cli_table_free(cli_table *table);

/* "904.5 MiB", "48 KiB", "7 bytes" */
const char *cli_bytes(char text[32], uint64_t bytes);

#endif
