/* Mean intersection over union, for semseg and human_parts, from the confusion matrix.
 *
 * The mean goes over all K classes [S]: a class that occurs nowhere counts as 0, which is said by te_metric_count_absent().
 * Trivial: the class with most pixels in the labels, everywhere. */
#include "eval/metrics.h"

#include <stdlib.h>

enum { IGNORED = 255, MOST_CLASSES = 255 };

typedef struct classes {
    int count;        /* K */
    int needs_parts;  /* pictures of class 0 alone are left out */
    uint64_t *pixels; /* (K,K): of a class in the label (row) that are said to be of a class (column) */
} classes;

static void free_classes(void *state)
{
    classes *at = state;
    if (at) {
        free(at->pixels);
        free(at);
    }
}

static te_status create(void **state, const te_metric_options *options)
{
    if (options->classes < 1 || options->classes > MOST_CLASSES) {
        return te_fail(TE_ERR_ARGUMENT, "a mean over '%d' classes makes no sense", options->classes);
    }
    size_t count = (size_t)options->classes;
    classes *created = te_alloc(1, sizeof *created, "a metric");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->count = options->classes;
    created->pixels = te_alloc(count * count, sizeof *created->pixels, "a metric");
    if (!created->pixels) {
        free(created);
        return TE_ERR_MEMORY;
    }
    *state = created;
    return TE_OK;
}

static te_status create_parts(void **state, const te_metric_options *options)
{
    TE_TRY(create(state, options));
    ((classes *)*state)->needs_parts = 1;
    return TE_OK;
}

/* ---- one picture ---- */

static te_status check_pixel(const classes *at, const te_map *map, float label, int said)
{
    if (!(label >= 0.0f && label < (float)at->count)) {
        return te_fail(TE_ERR_FORMAT, "a label of '%s' holds class %g, the model has %d (0 to %d, or %d for ignored)",
                       map->task, (double)label, at->count, at->count - 1, IGNORED);
    }
    if (said >= at->count) {
        return te_fail(TE_ERR_FORMAT, "a prediction of '%s' holds class %d of %d (0 to %d)", map->task, said, at->count,
                       at->count - 1);
    }
    return TE_OK;
}

static te_status judge(void *state, uint64_t index, const te_map *map, const float *label, int *counted)
{
    classes *at = state;
    size_t area = (size_t)map->width * (size_t)map->height, valid = 0, parts = 0;
    (void)index;
    for (size_t i = 0; i < area; i++) {
        if (label[i] != (float)IGNORED) {
            TE_TRY(check_pixel(at, map, label[i], map->classes[i]));
            at->pixels[(int)label[i] * at->count + map->classes[i]]++;
            valid++;
            parts += label[i] >= 1.0f;
        }
    }
    *counted = at->needs_parts ? parts > 0 : valid > 0;
    return TE_OK;
}

/* ---- over pictures ---- */

static void add(void *state, const void *sample)
{
    classes *at = state;
    const classes *more = sample;
    for (int i = 0; i < at->count * at->count; i++) {
        at->pixels[i] += more->pixels[i];
    }
}

/* Pixels of a class: in the label, in the prediction, in both. */
typedef struct counts {
    uint64_t truth, said, both;
} counts;

static counts count_class(const classes *at, int class)
{
    counts found = {.both = at->pixels[class * at->count + class]};
    for (int other = 0; other < at->count; other++) {
        found.truth += at->pixels[class * at->count + other];
        found.said += at->pixels[other * at->count + class];
    }
    return found;
}

/* In percent; -1 for a class that occurs nowhere. */
static double iou_of(counts found)
{
    uint64_t either = found.truth + found.said - found.both;
    return either ? 100.0 * (double)found.both / (double)either : -1.0;
}

int te_metric_classes_absent(const void *state)
{
    const classes *at = state;
    int absent = 0;
    for (int c = 0; c < at->count; c++) {
        absent += iou_of(count_class(at, c)) < 0.0;
    }
    return absent;
}

/* Of one picture: most classes are in few pictures, so the mean is over those that are there. */
static double get_own(const void *state)
{
    const classes *at = state;
    double sum = 0.0;
    for (int c = 0; c < at->count; c++) {
        double iou = iou_of(count_class(at, c));
        sum += iou > 0.0 ? iou : 0.0;
    }
    return sum / (at->count - te_metric_classes_absent(at));
}

static size_t count(const void *state)
{
    return 2 + (size_t)((const classes *)state)->count;
}

static te_status get(const void *state, te_metric_list *list)
{
    const classes *at = state;
    double sum = 0.0, valid = 0.0, hits = 0.0, most = 0.0;
    int commonest = 0;
    for (int c = 0; c < at->count; c++) {
        counts found = count_class(at, c);
        double iou = iou_of(found), truth = (double)found.truth;
        sum += iou > 0.0 ? iou : 0.0;
        valid += truth;
        hits += (double)found.both;
        commonest = truth > most ? c : commonest;
        most = truth > most ? truth : most;
    }
    double share = 100.0 * most / valid;
    te_metric_list_add(list, "mIoU", "%", sum / at->count, share / at->count);
    te_metric_list_add(list, "accuracy", "%", 100.0 * hits / valid, share);
    for (int c = 0; c < at->count; c++) {
        double iou = iou_of(count_class(at, c));
        if (iou >= 0.0) {
            te_metric_list_add(list, "IoU", "%", iou, c == commonest ? share : 0.0)->class = c;
        }
    }
    return TE_OK;
}

static te_status get_figures(const void *state, te_figure figures[TE_MOST_FIGURES])
{
    const classes *at = state;
    size_t k = (size_t)at->count;
    TE_TRY(te_figure_create(figures, &(te_figure){.kind = TE_FIGURE_MATRIX, .title = "confusion", .x = "prediction",
                                                  .y = "label", .rows = k, .columns = k}));
    for (size_t i = 0; i < k * k; i++) {
        figures->values[i] = (double)at->pixels[i];
    }
    return TE_OK;
}

const te_metric_kind te_metric_semseg = {create, free_classes, judge, get_own, add, count, get, get_figures};
const te_metric_kind te_metric_human_parts = {create_parts, free_classes, judge, get_own, add, count, get, get_figures};
