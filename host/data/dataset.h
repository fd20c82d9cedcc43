/* A dataset: pictures with the labels that there are, in lists for training and validation (docs/DATA.md).
 *
 * Everything is a function of (settings, split, index): any thread may make any sample. */
#ifndef TE_DATA_DATASET_H
#define TE_DATA_DATASET_H

#include "base/classes.h"
#include "base/settings.h"
#include "base/task.h"
#include "data/strays.h"

typedef struct te_dataset te_dataset;

typedef enum te_split { TE_SPLIT_TRAIN, TE_SPLIT_VAL } te_split;

/* Open one split of the settings' [data] source for `tasks`. Lists are read and checked here. */
te_status te_dataset_open(te_dataset **dataset, const te_settings *settings, te_split split, const te_task_id *tasks,
                          int task_count);
void te_dataset_close(te_dataset *dataset);

/* Pictures of the split: lines of its list that have a label of the tasks; for rooms data.val_scenes (TE_SPLIT_VAL),
 * UINT64_MAX (TE_SPLIT_TRAIN). */
uint64_t te_dataset_count(const te_dataset *dataset);

/* The path of the split's list, or NULL: rooms. */
const char *te_dataset_get_list(const te_dataset *dataset);

/* The tasks it was opened for. */
int te_dataset_count_tasks(const te_dataset *dataset);
te_task_id te_dataset_get_task(const te_dataset *dataset, int t);

/* A picture with its labels at its own size; rooms are made at the size asked for. labels[t] belongs to tasks[t]: planar
 * floats (1,h,w), normals (3,h,w); NULL: the picture has no label of that task. Ignored pixels as kernels/loss.cl has
 * them: 255 (semseg, human_parts, sal, edge), 0 (depth), a vector of zeros (normals). */
typedef struct te_example {
    char name[256]; /* the line of the list; rooms: the index */
    int width, height;
    uint8_t *rgb;   /* (h,w,3) */
    float *labels[TE_TASK_COUNT];
} te_example;

/* Picture `index` of the list, as it lies there: not augmented. `height`, `width` are used by rooms only. */
te_status te_dataset_load(const te_dataset *dataset, uint64_t index, int height, int width, te_example *example);
void te_example_clear(te_example *example);

/* ---- checking, file by file ---- */

/* te_dataset_open() for a look at every file: pictures that are missing and pictures without labels stay in the list, and
 * nothing fails because of them. Not for te_dataset_make(). */
te_status te_dataset_open_check(te_dataset **dataset, const te_settings *settings, te_split split, const te_task_id *tasks,
                                int task_count);

/* What is wrong with a picture's files: messages in fresh memory, or NULL. */
typedef struct te_inspection {
    te_example example;            /* what could be read of it */
    char *picture_problem;         /* of a missing or broken one; its labels are then not tried */
    uint8_t absent;                /* bit t: there is no label file of tasks[t] */
    char *problems[TE_TASK_COUNT]; /* of the label of tasks[t] */
} te_inspection;

/* Try each file of picture `index` by itself. Fails for want of memory only. */
te_status te_dataset_inspect(const te_dataset *dataset, uint64_t index, int height, int width, te_inspection *inspection);
void te_inspection_clear(te_inspection *inspection);

/* What lies in the folders of the labels of tasks[t] and belongs to no picture of either split's list; nothing, where the other
 * list cannot be read. te_strays_clear() each. */
te_status te_dataset_count_strays(const te_dataset *dataset, te_strays strays[TE_TASK_COUNT]);

/* ---- what the network sees ---- */

/* image (3,H,W) normalised, labels of every task of the dataset at (H,W).
 * te_dataset_make: sample `index` of the endless seeded order of training, augmented if data.augment is on.
 * te_dataset_make_val: picture `index` of the list, not augmented: padded centred, or shrunk to fit where it is larger. */
te_status te_dataset_make(const te_dataset *dataset, uint64_t index, int height, int width, float *image,
                          float *const *labels);
te_status te_dataset_make_val(const te_dataset *dataset, uint64_t index, int height, int width, float *image,
                              float *const *labels);

/* The classes of a task that a model of the settings tells apart. Refers to the data set. */
te_classes te_dataset_get_classes(const te_dataset *dataset, te_task_id task);

/* Name of class `c` of semseg or human_parts, as model.semseg_names or else the data set calls it, or NULL. It lives as long as
 * the data set. */
const char *te_dataset_class_name(const te_dataset *dataset, te_task_id task, int c);

/* Channels of a task's label. */
int te_label_channels(te_task_id task);

/* What marks a pixel without a label of this task. */
float te_label_ignored(te_task_id task);

#endif
