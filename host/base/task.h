/* The tasks: every fact about one dense output, in one table. */
#ifndef TE_BASE_TASK_H
#define TE_BASE_TASK_H

#include "base/status.h"

typedef enum te_task_id {
    TE_SEMSEG,
    TE_HUMAN_PARTS,
    TE_SAL,
    TE_NORMALS,
    TE_EDGE,
    TE_DEPTH,
    TE_TASK_COUNT
} te_task_id;

/* How logits are read (MODEL.md's "readings"). */
typedef enum te_reading {
    TE_READ_CLASS,       /* argmax over K channels */
    TE_READ_FOREGROUND,  /* softmax probability of class 1 of 2 */
    TE_READ_SIGMOID,     /* sigmoid of the one channel */
    TE_READ_UNIT_VECTOR, /* three channels divided by their L2 norm */
    TE_READ_METRES       /* clamped at 0 */
} te_reading;

typedef struct te_task {
    const char *name;   /* as in weight files, settings and label folders */
    const char *title;  /* for people */
    int channels;       /* K_t; semseg's is the data set's number of classes */
    te_reading reading;
    float loss_weight;  /* of the paper */
} te_task;

extern const te_task te_tasks[TE_TASK_COUNT];

/* The task called `name` (`length` bytes), or -1. */
int te_task_find(const char *name, size_t length);

/* The tasks of a list of names, separated by spaces, as the setting model.tasks is: their number, 0 where one is unknown or
 * comes twice. */
int te_task_read_list(const char *names, te_task_id tasks[TE_TASK_COUNT]);

#endif
