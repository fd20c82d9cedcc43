/* Metrics of one task, pooled over a set of pictures, beside those of a trivial predictor (docs/METRICS.md).
 *
 * A map is judged against its label on any thread, which gives a sample; samples are added in the order of the pictures by
 * one thread, so that the numbers do not depend on how many threads there are. The trivial predictor knows the labels of the
 * whole set and nothing of the pictures: the commonest class, the mean depth, the mean normal, everything salient, noise. */
#ifndef TE_EVAL_METRICS_H
#define TE_EVAL_METRICS_H

#include "base/task.h"

typedef struct te_metric te_metric;
typedef struct te_metric_sample te_metric_sample; /* what one picture brings */

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

/* Judge a map, on any thread. `label` is planar at the map's size: (1,h,w), normals (3,h,w); ignored are 255 (semseg,
 * human_parts, sal, edge), 0 (depth), vectors shorter than 0.5 (normals). `index`: the picture's number in the set, which
 * seeds the noise of the trivial predictor of edges. */
te_status te_metric_judge(const te_metric *metric, uint64_t index, const te_map *map, const float *label,
                          te_metric_sample **sample);
void te_metric_sample_free(te_metric_sample *sample);

/* The primary metric of this picture alone, in its unit: mIoU over the classes in its label or prediction, F at its best
 * threshold ... NaN: it does not count, or there is nothing to find in it (sal, edge). */
double te_metric_sample_get(const te_metric_sample *sample);

/* Pool a sample that this metric judged, in the order of the pictures. */
te_status te_metric_add(te_metric *metric, const te_metric_sample *sample);

/* Pictures that counted: of human_parts those without any part are left out, of all tasks those without a valid pixel. */
uint64_t te_metric_count(const te_metric *metric);

/* Classes found neither in labels nor in predictions; they count as 0 in mIoU. */
int te_metric_count_absent(const te_metric *metric);

/* The numbers in fresh memory, the primary one first; free() them. None (NULL, 0) where no picture counted. */
te_status te_metric_get(const te_metric *metric, te_metric_value **values, size_t *count);

/* ---- figures ---- */

typedef enum te_figure_kind {
    TE_FIGURE_CURVE,     /* values (2,columns): x, then y */
    TE_FIGURE_HISTOGRAM, /* values (2,columns): left edges of the bins, then shares in %; the last bin is open to the right */
    TE_FIGURE_MATRIX     /* values (K,K): pixels, row = label, column = prediction */
} te_figure_kind;

typedef struct te_figure {
    te_figure_kind kind;
    char title[64], x[32], y[32]; /* x, y: of the axes, with their units */
    size_t rows, columns;
    double *values;
} te_figure;

/* What the model's numbers come from, in fresh memory; none (NULL, 0) where no picture counted. */
te_status te_metric_get_figures(const te_metric *metric, te_figure **figures, size_t *count);
void te_figures_free(te_figure *figures, size_t count);

/* ---- for the files of the families ---- */

enum { TE_MOST_FIGURES = 2 }; /* of one task */

typedef struct te_metric_list {
    te_metric_value *values;
    size_t count;
} te_metric_list;

/* What a family of metrics does. `state` is its own: that of a sample holds one picture, that of a metric all of them. */
typedef struct te_metric_kind {
    te_status (*create)(void **state, const te_metric_options *options);
    void (*free)(void *state);
    /* into an empty state; `counted` is 1 and becomes 0 for a picture that does not count */
    te_status (*judge)(void *state, uint64_t index, const te_map *map, const float *label, int *counted);
    double (*get_own)(const void *state); /* see te_metric_sample_get() */
    void (*add)(void *state, const void *sample);
    size_t (*count)(const void *state);   /* values that get() appends, at most */
    te_status (*get)(const void *state, te_metric_list *list);
    te_status (*get_figures)(const void *state, te_figure figures[TE_MOST_FIGURES]);
} te_metric_kind;

extern const te_metric_kind te_metric_semseg, te_metric_human_parts, te_metric_depth, te_metric_normals,
    te_metric_saliency, te_metric_edge;

/* Append a value; the list has room for what count() promised. */
te_metric_value *te_metric_list_add(te_metric_list *list, const char *name, const char *unit, double model, double trivial);

/* Give a figure with its kind, title, axes and size room for its values; one that is left out has none. */
te_status te_figure_create(te_figure *figure, const te_figure *facts);

/* A histogram of counts: bin i begins at i times `step`. */
te_status te_figure_create_histogram(te_figure *figure, const char *title, const char *x, const uint64_t *counts, size_t bins,
                                     double step);

/* See te_metric_count_absent(). */
int te_metric_classes_absent(const void *state);

#endif
