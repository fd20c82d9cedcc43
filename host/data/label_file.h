/* One label file of the folder layout (docs/DATA.md) as numbers that training reads. */
#ifndef TE_DATA_LABEL_FILE_H
#define TE_DATA_LABEL_FILE_H

#include "base/task.h"

typedef struct te_label_file {
    const char *path;    /* ".npy" at its end: a NumPy file (depth only); else a PNG file */
    te_task_id task;
    int classes;         /* of semseg and human_parts */
    int width, height;   /* of the picture */
    const char *picture; /* its path, for messages */
} te_label_file;

/* label (1,h,w), normals (3,h,w), in fresh memory: free() it. Ignored pixels are marked as te_example says. */
te_status te_label_file_load(const te_label_file *file, float **label);

/* The same on the file's content. */
te_status te_label_file_decode(const te_label_file *file, const uint8_t *data, size_t bytes, float **label);

#endif
