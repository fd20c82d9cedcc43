#include "eval/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct te_metric {
    te_task_id task;
    const te_metric_kind *kind;
    void *state;
    uint64_t pictures; /* that counted */
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

te_status te_metric_add(te_metric *metric, const te_map *map, const float *label)
{
    int counted = 1;
    TE_TRY(metric->kind->add(metric->state, map, label, &counted));
    metric->pictures += counted ? 1 : 0;
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
