/* A data set on disk, in one of the layouts: pictures with label files, any of which may be absent (docs/DATA.md). */
#ifndef TE_DATA_FOLDER_H
#define TE_DATA_FOLDER_H

#include "data/dataset.h"
#include "data/layout.h"
#include "data/strays.h"

typedef struct te_folder te_folder;

typedef struct te_folder_options {
    const te_layout *layout;
    const char *path;
    const char *list;   /* a name in the layout's folder of lists, or with a '/' a path */
    const te_task_id *tasks;
    int task_count;
    int classes;        /* of semseg */
    int shared_normals; /* bool: data.pascal_normals = shared */
    int check;          /* bool: missing pictures and pictures without labels stay in the list, for te_folder_inspect() */
} te_folder_options;

/* Reads the list and looks which files there are. Pictures without a label of the tasks are left out; a picture that is
 * missing, or a list without any label, is an error. */
te_status te_folder_open(te_folder **folder, const te_folder_options *options);
void te_folder_close(te_folder *folder);

uint64_t te_folder_count(const te_folder *folder);

/* The path of the list. */
const char *te_folder_get_list(const te_folder *folder);

/* (count) bit t is set where the picture has a label of tasks[t]. */
const uint8_t *te_folder_get_labels(const te_folder *folder);

te_status te_folder_load(const te_folder *folder, uint64_t index, te_example *example);

/* te_dataset_count_strays(), opened for a check; `other`: the list of the other split. */
te_status te_folder_count_strays(const te_folder *folder, const char *other, te_strays strays[TE_TASK_COUNT]);

/* te_dataset_inspect() */
te_status te_folder_inspect(const te_folder *folder, uint64_t index, te_inspection *inspection);

#endif
