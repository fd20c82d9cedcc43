/* The known name that someone probably meant. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

typedef struct cli_nearest {
    const char *word;  /* what was written */
    const char *best;  /* the nearest name tried so far, or NULL */
    size_t distance;   /* letters to insert, remove or replace */
} cli_nearest;

/* Start with {.word = word}, try all names, read `best`. A name that a third of the word's letters are not enough to become is
 * none that was meant. */
void cli_nearest_try(cli_nearest *nearest, const char *name);

#endif
