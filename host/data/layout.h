/* Where a data set on disk keeps its lists, its pictures and each task's labels: one row of a table for each (docs/DATA.md). */
#ifndef TE_DATA_LAYOUT_H
#define TE_DATA_LAYOUT_H

#include "base/settings.h"
#include "data/label_file.h"

enum { TE_LAYOUT_PLACES = 7 };

/* A file is <folder>/<name><extension>. */
typedef struct te_layout_place {
    const char *folder, *extension; /* folder NULL: the end of the places */
    te_label_kind kind;             /* how a label is read */
} te_layout_place;

typedef struct te_layout {
    const char *lists;                           /* folder of <list>.txt */
    const char *endings;                         /* of pictures, for people */
    int classes;                                 /* of semseg; 0: the model's own matter */
    te_layout_place pictures[TE_LAYOUT_PLACES];  /* of several files the first counts */
    te_layout_place labels[TE_TASK_COUNT][5];
    te_layout_place regions;                     /* LabelMap of PASCAL-Context, for data.pascal_normals = shared */
} te_layout;

/* The layout of a source, or NULL: rooms. */
const te_layout *te_layout_find(te_data_source source);

#endif
