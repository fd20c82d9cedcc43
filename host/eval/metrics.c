#include "eval/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct te_metric {
    te_task_id task;
    te_metric_options options;
    const te_metric_kind *kind;
    void *state;
    uint64_t pictures; /* that counted */
};

struct te_metric_sample {
    const te_metric_kind *kind;
    void *state;
    int counted;
};

static const te_metric_kind *const kinds[TE_TASK_COUNT] = {
    [TE_SEMSEG] = &te_metric_semseg,   [TE_HUMAN_PARTS] = &te_metric_human_parts, [TE_SAL] = &te_metric_saliency,
    [TE_NORMALS] = &te_metric_normals, [TE_EDGE] = &te_metric_edge,               [TE_DEPTH] = &te_metric_depth,
};

te_status te_metric_create(te_metric **metric, te_task_id task, const te_metric_options *options)
{
    te_metric *created = te_alloc(1, sizeof *created, "a metric");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->task = task;
    created->options = *options;
    created->kind = kinds[task];
    te_status status = created->kind->create(&created->state, options);
    if (status != TE_OK) {
        free(created);
        return status;
    }
    *metric = created;
    return TE_OK;
}

void te_metric_free(te_metric *metric)
{
    if (metric) {
        metric->kind->free(metric->state);
        free(metric);
    }
}

te_status te_metric_judge(const te_metric *metric, uint64_t index, const te_map *map, const float *label,
                          te_metric_sample **sample)
{
    te_status status;
    te_metric_sample *created = te_alloc(1, sizeof *created, "a picture's scores");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->kind = metric->kind;
    created->counted = 1;
    TE_TRY_OUT(metric->kind->create(&created->state, &metric->options));
    TE_TRY_OUT(metric->kind->judge(created->state, index, map, label, &created->counted));
    *sample = created;
    created = NULL;
out:
    te_metric_sample_free(created);
    return status;
}

void te_metric_sample_free(te_metric_sample *sample)
{
    if (sample) {
        sample->kind->free(sample->state);
        free(sample);
    }
}

double te_metric_sample_get(const te_metric_sample *sample)
{
    return sample->counted ? sample->kind->get_own(sample->state) : NAN;
}

te_status te_metric_add(te_metric *metric, const te_metric_sample *sample)
{
    if (sample->kind != metric->kind) {
        return te_fail(TE_ERR_ARGUMENT, "a sample of another task than '%s'", te_tasks[metric->task].name);
    }
    if (sample->counted) {
        metric->kind->add(metric->state, sample->state);
        metric->pictures++;
    }
    return TE_OK;
}

uint64_t te_metric_count(const te_metric *metric)
{
    return metric->pictures;
}

int te_metric_count_absent(const te_metric *metric)
{
    int classes = metric->task == TE_SEMSEG || metric->task == TE_HUMAN_PARTS;
    return classes ? te_metric_classes_absent(metric->state) : 0;
}

te_status te_metric_get(const te_metric *metric, te_metric_value **values, size_t *count)
{
    te_metric_list list = {0};
    if (metric->pictures > 0) {
        list.values = te_alloc(metric->kind->count(metric->state), sizeof *list.values, "scores");
        if (!list.values) {
            return TE_ERR_MEMORY;
        }
        te_status status = metric->kind->get(metric->state, &list);
        if (status != TE_OK) {
            free(list.values);
            return status;
        }
        list.values[0].primary = 1;
    }
    *values = list.values;
    *count = list.count;
    return TE_OK;
}

te_metric_value *te_metric_list_add(te_metric_list *list, const char *name, const char *unit, double model, double trivial)
{
    te_metric_value *value = &list->values[list->count++];
    *value = (te_metric_value){.unit = unit, .model = model, .trivial = trivial, .higher_is_better = 1, .class = -1};
    snprintf(value->name, sizeof value->name, "%s", name);
    return value;
}

/* ---- figures ---- */

te_status te_figure_create(te_figure *figure, const te_figure *facts)
{
    *figure = *facts;
    figure->values = te_alloc(figure->rows * figure->columns, sizeof *figure->values, "a figure");
    return figure->values ? TE_OK : TE_ERR_MEMORY;
}

te_status te_figure_create_histogram(te_figure *figure, const char *title, const char *x, const uint64_t *counts, size_t bins,
                                     double step)
{
    te_figure facts = {.kind = TE_FIGURE_HISTOGRAM, .y = "pixels, %", .rows = 2, .columns = bins};
    double sum = 0.0;
    snprintf(facts.title, sizeof facts.title, "%s", title);
    snprintf(facts.x, sizeof facts.x, "%s", x);
    TE_TRY(te_figure_create(figure, &facts));
    for (size_t i = 0; i < bins; i++) {
        sum += (double)counts[i];
    }
    for (size_t i = 0; i < bins; i++) {
        figure->values[i] = (double)i * step;
        figure->values[bins + i] = sum > 0.0 ? 100.0 * (double)counts[i] / sum : 0.0;
    }
    return TE_OK;
}

te_status te_metric_get_figures(const te_metric *metric, te_figure **figures, size_t *count)
{
    te_figure *list = NULL;
    *count = 0;
    if (metric->pictures > 0) {
        list = te_alloc(TE_MOST_FIGURES, sizeof *list, "figures");
        if (!list) {
            return TE_ERR_MEMORY;
        }
        te_status status = metric->kind->get_figures(metric->state, list);
        if (status != TE_OK) {
            te_figures_free(list, TE_MOST_FIGURES);
            return status;
        }
        while (*count < TE_MOST_FIGURES && list[*count].values) {
            (*count)++;
        }
    }
    *figures = list;
    return TE_OK;
}

void te_figures_free(te_figure *figures, size_t count)
{
    for (size_t i = 0; figures && i < count; i++) {
        free(figures[i].values);
    }
    free(figures);
}
