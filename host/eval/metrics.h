/* Metrics of one task, pooled over a set of pictures, beside those of a trivial predictor (docs/METRICS.md).
 *
 * A metric is fed maps with their labels and asked once at the end. The trivial predictor knows the labels of the whole
 * set and nothing of the pictures: the commonest class, the mean depth, the mean normal, everything salient, noise. */
#ifndef TE_EVAL_METRICS_H
#define TE_EVAL_METRICS_H

#include "base/task.h"

typedef struct te_metric te_metric;

typedef struct te_metric_options {
    int classes;            /* K of semseg and human_parts */
    double edge_distance;   /* largest distance of matching edge pixels over the picture's diagonal */
    int published_saliency; /* 1: the primary metric of sal is maxF_published */
} te_metric_options;

/* One number. Shares are in percent. */
typedef struct te_metric_value {
    char name[32];
    const char *unit;      /* "%", "m", "degrees" or "" */
    double model, trivial;
    int higher_is_better;
    int primary;           /* the one that stands for the task, for example in the multi-task gain */
    int class;             /* number of the class that it is about, or -1 */
} te_metric_value;

te_status te_metric_create(te_metric **metric, te_task_id task, const te_metric_options *options);
void te_metric_free(te_metric *metric);

/* Add a picture. `label` is planar at the map's size: (1,h,w), normals (3,h,w); ignored are 255 (semseg, human_parts, sal,
 * edge), 0 (depth), vectors shorter than 0.5 (normals). */
te_status te_metric_add(te_metric *metric, const te_map *map, const float *label);

/* Pictures that counted: of human_parts those without any part are left out, of all tasks those without a valid pixel. */
uint64_t te_metric_count(const te_metric *metric);

/* Classes found neither in labels nor in predictions; they count as 0 in mIoU. */
int te_metric_count_absent(const te_metric *metric);

/* The numbers in fresh memory, the primary one first; free() them. None (NULL, 0) where no picture counted. */
te_status te_metric_get(const te_metric *metric, te_metric_value **values, size_t *count);

/* ---- for the files of the families ---- */

typedef struct te_metric_list {
    te_metric_value *values;
    size_t count;
} te_metric_list;

/* What a family of metrics does; `state` is its own. `counted` becomes 0 for a picture that does not count. */
typedef struct te_metric_kind {
    te_status (*create)(void **state, const te_metric_options *options);
    void (*free)(void *state);
    te_status (*add)(void *state, const te_map *map, const float *label, int *counted);
    size_t (*count)(const void *state); /* values that get() appends */
    te_status (*get)(const void *state, te_metric_list *list);
} te_metric_kind;

extern const te_metric_kind te_metric_semseg, te_metric_human_parts, te_metric_depth, te_metric_normals,
    te_metric_saliency, te_metric_edge;

/* Append a value; the list has room for what count() promised. */
te_metric_value *te_metric_list_add(te_metric_list *list, const char *name, const char *unit, double model, double trivial);

/* See te_metric_count_absent(). */
int te_metric_classes_absent(const void *state);

#endif
