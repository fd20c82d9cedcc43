#include "table.h"

#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_table_add(cli_table *table, const char *format, ...)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        char(*cells)[CLI_TABLE_CELL] = reallocarray(table->cells, capacity, sizeof *cells);
        if (!cells) {
            table->failed = 1;
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(table->cells[table->count++], CLI_TABLE_CELL, format, arguments);
    va_end(arguments);
}

/* Columns of a terminal that UTF-8 text takes, counted as one for each character. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

static void print_row(char (*cells)[CLI_TABLE_CELL], const char *alignment, const size_t *widths)
{
    size_t columns = strlen(alignment), pending = 0; /* spaces that only a further cell needs */
    for (size_t column = 0; column < columns; column++) {
        size_t blank = widths[column] - width_of(cells[column]), before = alignment[column] == 'r' ? blank : 0;
        if (*cells[column]) {
            printf("%*s%s", (int)(pending + before), "", cells[column]);
            pending = blank - before + 2;
        } else {
            pending += widths[column] + 2;
        }
    }
    putchar('\n');
}

int cli_table_print(cli_table *table, int indent)
{
    if (table->failed) {
        cli_table_free(table);
        return cli_fail(CLI_MEMORY, "out of memory for a table of text");
    }
    size_t columns = strlen(table->alignment), widths[CLI_TABLE_COLUMNS] = {0};
    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(table->cells[i]);
        widths[i % columns] = width > widths[i % columns] ? width : widths[i % columns];
    }
    for (size_t i = 0; i + columns <= table->count; i += columns) {
        printf("%*s", indent, "");
        print_row(table->cells + i, table->alignment, widths);
    }
    cli_table_free(table);
    return CLI_OK;
}

void cli_table_free(cli_table *table)
{
    free(table->cells);
    *table = (cli_table){.alignment = table->alignment};
}

const char *cli_bytes(char text[32], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double value = (double)bytes;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    int whole = value == (double)(uint64_t)value;
    snprintf(text, 32, "%.*f %s", whole ? 0 : value < 10 ? 2 : 1, value, units[unit]);
    return text;
}
