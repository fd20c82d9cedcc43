/* Lists of pictures: a name a line. */
#ifndef TE_DATA_LIST_H
#define TE_DATA_LIST_H

#include "base/status.h"

enum { TE_LIST_NAME = 255 }; /* longest name in bytes */

typedef struct te_list_line {
    const char *name; /* without blanks around it; a path below the folder, never out of it */
    size_t number;    /* of the line, from 1 */
} te_list_line;

typedef struct te_list {
    char *path;
    char *text;       /* the names lie in it */
    size_t count;
    te_list_line *lines;
} te_list;

/* Blank lines, blanks at both ends of a line, and CR are fine. An empty list, a name that comes twice, is too long, is
 * absolute or holds ".." is an error that says where. */
te_status te_list_load(te_list *list, const char *path);
void te_list_free(te_list *list); /* zeroed lists are fine */

#endif
