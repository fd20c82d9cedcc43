/* One label file of a data set (docs/DATA.md) as numbers that training reads. */
#ifndef TE_DATA_LABEL_FILE_H
#define TE_DATA_LABEL_FILE_H

#include "base/task.h"

typedef enum te_label_kind {
    TE_LABEL_CLASSES,          /* PNG, grey or palette: the class, 255 ignored */
    TE_LABEL_CLASSES_FROM_1,   /* PNG, grey or palette: the class plus 1, 0 ignored */
    TE_LABEL_MARKS,            /* PNG, grey: 0 and 1 with 255 ignored, or 0 and 255 */
    TE_LABEL_SHARES,           /* PNG, grey: v / 255 */
    TE_LABEL_HALVES,           /* PNG, grey: whether v / 255 is above 1/2 */
    TE_LABEL_NORMALS,          /* PNG, RGB: 2 v / 255 - 1, ignored where shorter than 1/2 */
    TE_LABEL_NORMALS_OR_BLACK, /* the same, and (0,0,0) is ignored */
    TE_LABEL_METRES,           /* NumPy: metres, or millimetres as uint16 */
    TE_LABEL_MILLIMETRES,      /* PNG, grey of 16 bits */
    TE_LABEL_PARTS,            /* MATLAB: `anno` of PASCAL-Parts, folded to seven classes */
    TE_LABEL_REGIONS           /* MATLAB: `LabelMap` of PASCAL-Context, to boundaries */
} te_label_kind;

typedef struct te_label_file {
    const char *path;
    te_label_kind kind;
    te_task_id task;
    int classes;         /* of semseg and human_parts */
    int width, height;   /* of the picture */
    const char *picture; /* its path, for messages */
    const char *regions; /* normals: file of a LabelMap; they count on its regions of certain classes only. NULL: everywhere */
} te_label_file;

/* label (1,h,w), normals (3,h,w), in fresh memory: free() it. Ignored pixels are marked as te_example says. */
te_status te_label_file_load(const te_label_file *file, float **label);

/* The same on the content of a PNG or NumPy file; `regions` is not looked at. */
te_status te_label_file_decode(const te_label_file *file, const uint8_t *data, size_t bytes, float **label);

/* TE_ERR_FORMAT unless a label has its picture's size. */
te_status te_label_file_check_size(const te_label_file *file, long long width, long long height);

#endif
