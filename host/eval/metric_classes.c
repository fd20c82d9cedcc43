/* Mean intersection over union, for semseg and human_parts.
 *
 * The mean goes over all K classes [S]: a class that occurs nowhere counts as 0, which is said by te_metric_count_absent().
 * Trivial: the class with most pixels in the labels, everywhere. */
#include "eval/metrics.h"

#include <stdlib.h>

enum { IGNORED = 255, MOST_CLASSES = 255 };

typedef struct classes {
    int count;                   /* K */
    int needs_parts;             /* pictures of class 0 alone are left out */
    uint64_t labels[MOST_CLASSES], predictions[MOST_CLASSES], hits[MOST_CLASSES]; /* pixels of a class; of both */
} classes;

static te_status create(void **state, const te_metric_options *options)
{
    if (options->classes < 1 || options->classes > MOST_CLASSES) {
        return te_fail(TE_ERR_ARGUMENT, "a mean over '%d' classes makes no sense", options->classes);
    }
    classes *created = te_alloc(1, sizeof *created, "a metric");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->count = options->classes;
    *state = created;
    return TE_OK;
}

static te_status create_parts(void **state, const te_metric_options *options)
{
    TE_TRY(create(state, options));
    ((classes *)*state)->needs_parts = 1;
    return TE_OK;
}

/* Valid pixels and those of a class above 0. */
static te_status check_label(const classes *at, const te_map *map, const float *label, size_t *valid, size_t *parts)
{
    size_t area = (size_t)map->width * (size_t)map->height;
    *valid = *parts = 0;
    for (size_t i = 0; i < area; i++) {
        if (label[i] == (float)IGNORED) {
            continue;
        }
        if (!(label[i] >= 0.0f && label[i] < (float)at->count)) {
            return te_fail(TE_ERR_FORMAT, "a label of '%s' holds class %g, the model has %d (0 to %d, or %d for ignored)",
                           map->task, (double)label[i], at->count, at->count - 1, IGNORED);
        }
        (*valid)++;
        *parts += label[i] > 0.0f;
    }
    return TE_OK;
}

static te_status add(void *state, const te_map *map, const float *label, int *counted)
{
    classes *at = state;
    size_t area = (size_t)map->width * (size_t)map->height, valid, parts;
    TE_TRY(check_label(at, map, label, &valid, &parts));
    *counted = at->needs_parts ? parts > 0 : valid > 0;
    for (size_t i = 0; *counted && i < area; i++) {
        if (label[i] != (float)IGNORED) {
            int truth = (int)label[i], said = map->classes[i];
            at->labels[truth]++;
            at->predictions[said]++;
            at->hits[truth] += truth == said;
        }
    }
    return TE_OK;
}

static uint64_t union_of(const classes *at, int class)
{
    return at->labels[class] + at->predictions[class] - at->hits[class];
}

int te_metric_classes_absent(const void *state)
{
    const classes *at = state;
    int absent = 0;
    for (int c = 0; c < at->count; c++) {
        absent += union_of(at, c) == 0;
    }
    return absent;
}

static size_t count(const void *state)
{
    return 2 + (size_t)((const classes *)state)->count;
}

static te_status get(const void *state, te_metric_list *list)
{
    const classes *at = state;
    double sum = 0.0, valid = 0.0, hits = 0.0;
    int commonest = 0;
    for (int c = 0; c < at->count; c++) {
        uint64_t either = union_of(at, c);
        sum += either ? 100.0 * (double)at->hits[c] / (double)either : 0.0;
        valid += (double)at->labels[c];
        hits += (double)at->hits[c];
        commonest = at->labels[c] > at->labels[commonest] ? c : commonest;
    }
    double share = 100.0 * (double)at->labels[commonest] / valid;
    te_metric_list_add(list, "mIoU", "%", sum / at->count, share / at->count);
    te_metric_list_add(list, "accuracy", "%", 100.0 * hits / valid, share);
    for (int c = 0; c < at->count; c++) {
        uint64_t either = union_of(at, c);
        if (either) {
            te_metric_list_add(list, "IoU", "%", 100.0 * (double)at->hits[c] / (double)either,
                               c == commonest ? share : 0.0)->class = c;
        }
    }
    return TE_OK;
}

const te_metric_kind te_metric_semseg = {create, free, add, count, get};
const te_metric_kind te_metric_human_parts = {create_parts, free, add, count, get};
