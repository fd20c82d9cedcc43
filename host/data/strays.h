/* Strays: files in the folders of labels that belong to no picture of the lists, for example for a misspelt ending. */
#ifndef TE_DATA_STRAYS_H
#define TE_DATA_STRAYS_H

#include "data/layout.h"
#include "data/list.h"

typedef struct te_strays {
    uint64_t count;
    char *first; /* "semseg/a/X.jpg", the first by its bytes; NULL: there are none */
} te_strays;

/* Those of each task, in folders below `path`; hidden files are none. `lists`: both splits'. On failure nothing is to clear. */
te_status te_strays_count(te_strays *strays, const char *path, const te_layout *layout, const te_task_id *tasks,
                          int task_count, const te_list *const lists[2]);
void te_strays_clear(te_strays *strays);

#endif
