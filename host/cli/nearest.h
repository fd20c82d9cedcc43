/* The known name that someone probably meant. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

typedef struct cli_nearest {
    const char *word;  /* what was written */
    const char *best;  /* the nearest name tried so far, or NULL */
    size_t distance;   /* letters to insert, remove or replace */
} cli_nearest;

/* Start with {.word = word}, try all names, read `best`. */
void cli_nearest_try(cli_nearest *nearest, const char *name);

#endif
