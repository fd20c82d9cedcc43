#include "nearest.h"

#include <string.h>

enum { LONGEST = 32 }; /* letters of a word that are looked at */

/* Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST + 1], rows = strnlen(a, LONGEST), columns = strnlen(b, LONGEST);
    for (size_t j = 0; j <= columns; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= rows; i++) {
        size_t diagonal = row[0]; /* of i - 1 letters of a from j - 1 of b */
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < other ? replaced : other;
        }
    }
    return row[columns];
}

void cli_nearest_try(cli_nearest *nearest, const char *name)
{
    size_t far = distance(nearest->word, name), most = (strnlen(nearest->word, LONGEST) + 2) / 3;
    if (far <= most && (!nearest->best || far < nearest->distance)) {
        nearest->best = name;
        nearest->distance = far;
    }
}
