/* From metrics to scores: the numbers of a run, what they come from, and what is worth knowing about them. */
#include "eval/scores.h"

#include "base/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A single-task model's score for the primary metric of a task; NaN: not known. */
static double single_of(const te_settings *settings, te_task_id task)
{
    const float singles[TE_TASK_COUNT] = {
        [TE_SEMSEG] = settings->eval.single_semseg,   [TE_HUMAN_PARTS] = settings->eval.single_human_parts,
        [TE_SAL] = settings->eval.single_sal,         [TE_NORMALS] = settings->eval.single_normals,
        [TE_EDGE] = settings->eval.single_edge,       [TE_DEPTH] = settings->eval.single_depth,
    };
    return singles[task] > 0.0f ? (double)singles[task] : (double)NAN;
}

static te_status name_classes(te_scores *scores, int t, const te_dataset *dataset)
{
    te_task_id task = scores->config.tasks[t];
    int classes = scores->config.channels[t];
    if (te_tasks[task].reading != TE_READ_CLASS) {
        return TE_OK;
    }
    char(*names)[64] = te_alloc((size_t)classes, sizeof *names, "names of classes");
    if (!names) {
        return TE_ERR_MEMORY;
    }
    for (int c = 0; c < classes; c++) {
        const char *name = te_dataset_class_name(dataset, task, c);
        snprintf(names[c], sizeof names[c], "%s", name ? name : "");
    }
    scores->class_names[t] = names;
    return TE_OK;
}

static void add_score(te_scores *scores, int t, const te_metric_value *value, uint64_t pictures)
{
    te_task_id task = scores->config.tasks[t];
    const char *name = value->class >= 0 && scores->class_names[t] ? scores->class_names[t][value->class] : "";
    snprintf(scores->texts[2 * scores->count], sizeof scores->texts[0], "%s", value->name);
    snprintf(scores->texts[2 * scores->count + 1], sizeof scores->texts[0], "%s", name);
    scores->list[scores->count++] = (te_score){
        .task = te_tasks[task].name, .class_index = value->class, .unit = value->unit, .model = value->model,
        .trivial = value->trivial, .single = value->primary ? single_of(scores->settings, task) : (double)NAN,
        .higher_is_better = value->higher_is_better, .primary = value->primary, .pictures = pictures};
}

/* Room for `more` further scores. The texts move, so the list's pointers are set when all are there. */
static te_status make_room(te_scores *scores, size_t more)
{
    size_t count = scores->count + more;
    te_score *list = te_realloc(scores->list, count, sizeof *list, "scores");
    if (!list) {
        return TE_ERR_MEMORY;
    }
    scores->list = list;
    char(*texts)[64] = te_realloc(scores->texts, 2 * count, sizeof *texts, "scores");
    if (!texts) {
        return TE_ERR_MEMORY;
    }
    scores->texts = texts;
    return TE_OK;
}

static void tell_facts(const te_scores *scores, int t, const te_metric *metric)
{
    const char *task = scores->config.task_names[t];
    int absent = te_metric_count_absent(metric);
    if (te_metric_count(metric) == 0) {
        te_log(TE_LOG_WARNING, "no picture had a label for '%s': it has no scores", task);
    } else if (absent > 0) {
        te_log(TE_LOG_WARNING, "%d of the %d classes of '%s' are in no label and no prediction; in mIoU they count as 0",
               absent, scores->config.channels[t], task);
    }
}

static void add_gain(te_scores *scores, const te_score *primary)
{
    if (isfinite(primary->single)) {
        double better = (primary->model - primary->single) / primary->single * 100.0;
        scores->gain += primary->higher_is_better ? better : -better;
        scores->gain_tasks++;
    }
}

static te_status collect_task(te_scores *scores, int t, const te_metric *metric, const te_dataset *dataset)
{
    te_metric_value *values;
    size_t count, first = scores->count;
    TE_TRY(name_classes(scores, t, dataset));
    TE_TRY(te_metric_get_figures(metric, &scores->figures[t], &scores->figure_counts[t]));
    TE_TRY(te_metric_get(metric, &values, &count));
    tell_facts(scores, t, metric);
    te_status status = count ? make_room(scores, count) : TE_OK;
    for (size_t i = 0; status == TE_OK && i < count; i++) {
        add_score(scores, t, &values[i], te_metric_count(metric));
    }
    if (status == TE_OK && count) {
        add_gain(scores, &scores->list[first]);
    }
    free(values);
    return status;
}

te_status te_scores_collect(te_scores *scores, te_metric *const *metrics, const te_dataset *dataset)
{
    if (!scores->picture_count) {
        return te_fail(TE_ERR_FORMAT, "none of the %" PRIu64 " pictures could be judged: %s", scores->problem_count,
                       scores->problem_count ? scores->problems[0] : "there is none");
    }
    for (int t = 0; t < scores->config.task_count; t++) {
        TE_TRY(collect_task(scores, t, metrics[t], dataset));
    }
    if (scores->count == 0) {
        return te_fail(TE_ERR_FORMAT, "none of the %" PRIu64 " pictures has a label for a task of the model",
                       scores->picture_count);
    }
    for (size_t i = 0; i < scores->count; i++) {
        scores->list[i].metric = scores->texts[2 * i];
        scores->list[i].class_name = *scores->texts[2 * i + 1] ? scores->texts[2 * i + 1] : NULL;
    }
    if (scores->gain_tasks) {
        scores->gain /= (double)scores->gain_tasks;
    }
    if (scores->shrunk) {
        te_log(TE_LOG_WARNING, "%" PRIu64 " of %" PRIu64 " pictures are larger than the input of %d x %d pixels; they were "
               "shrunk to fit and their maps enlarged", scores->shrunk, scores->picture_count, scores->width, scores->height);
    }
    return TE_OK;
}

const char *te_scores_get_time(const te_scores *scores, char text[32])
{
    struct tm parts;
    strftime(text, 32, "%Y-%m-%d %H:%M UTC", gmtime_r(&scores->time, &parts));
    return text;
}
