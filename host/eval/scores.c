/* A model judged on the validation split: each picture through the evaluator, each map to its metric, numbers at the end. */
#include "eval/scores.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "eval/ahead.h"
#include "eval/evaluator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct judge {
    te_evaluator *evaluator;
    te_settings *settings;             /* what was asked for, with the model's [model] */
    const te_config *config;
    te_dataset *dataset;
    te_ahead *ahead;
    uint64_t count;                    /* pictures to judge */
    te_metric *metrics[TE_TASK_COUNT]; /* of the config's tasks */
    te_scores *scores;
} judge;

/* ---- pictures ---- */

/* What the scores are about: it is not always what one had in mind. */
static te_status tell_pictures(judge *at, uint64_t all)
{
    const char *list = te_dataset_get_list(at->dataset);
    char first[64] = "";
    if (at->count < all) {
        snprintf(first, sizeof first, "the first %" PRIu64 " of ", at->count);
    }
    if (!list) {
        te_log(TE_LOG_INFO, "judging on %s%" PRIu64 " generated rooms", first, all);
        return TE_OK;
    }
    te_log(TE_LOG_INFO, "judging on %sthe %" PRIu64 " pictures of '%s'", first, all, list);
    at->scores->path = te_path_join("", list);
    return at->scores->path ? TE_OK : TE_ERR_MEMORY;
}

static te_status open_settings(judge *at, const te_settings *settings)
{
    const te_settings *own = te_model_get_settings(te_evaluator_get_model(at->evaluator));
    TE_TRY(te_settings_copy(settings ? settings : own, &at->settings));
    at->settings->model = own->model; /* its classes, above all */
    return TE_OK;
}

static te_status open_judge(judge *at, uint64_t count)
{
    const te_config *config = at->config;
    TE_TRY(te_dataset_open(&at->dataset, at->settings, TE_SPLIT_VAL, config->tasks, config->task_count));
    for (int t = 0; t < config->task_count; t++) {
        te_metric_options options = {.classes = config->channels[t],
                                     .edge_distance = (double)at->settings->eval.edge_distance,
                                     .published_saliency = at->settings->eval.saliency == TE_SALIENCY_PUBLISHED};
        TE_TRY(te_metric_create(&at->metrics[t], config->tasks[t], &options));
    }
    uint64_t all = te_dataset_count(at->dataset);
    at->count = count && count < all ? count : all;
    TE_TRY(tell_pictures(at, all));
    te_ahead_options options = {.count = at->count, .height = at->scores->height, .width = at->scores->width,
                                .threads = at->settings->data.threads};
    return te_ahead_open(&at->ahead, at->dataset, &options);
}

static void close_judge(judge *at)
{
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_metric_free(at->metrics[t]);
    }
    te_ahead_close(at->ahead);
    te_dataset_close(at->dataset);
    te_settings_free(at->settings);
    te_scores_free(at->scores);
}

static te_status judge_example(judge *at, const te_example *example)
{
    te_picture picture = {.width = example->width, .height = example->height, .rgb = example->rgb};
    te_fit fit = te_evaluator_place(at->evaluator, picture.width, picture.height);
    te_prediction *prediction;
    TE_TRY(te_evaluator_run_fit(at->evaluator, &picture, &fit, &prediction));
    te_status status = TE_OK;
    for (int t = 0; t < at->config->task_count && status == TE_OK; t++) {
        if (example->labels[t]) {
            te_metric_sample *sample = NULL;
            status = te_metric_judge(at->metrics[t], at->scores->pictures, &prediction->maps[t], example->labels[t], &sample);
            status = status == TE_OK ? te_metric_add(at->metrics[t], sample) : status;
            te_metric_sample_free(sample);
        }
    }
    te_prediction_free(prediction);
    at->scores->pictures++;
    at->scores->shrunk += fit.width < picture.width || fit.height < picture.height;
    return status == TE_ERR_FORMAT ? te_fail_prefix(status, "picture '%s': ", example->name) : status;
}

static te_status judge_next(judge *at, te_scores_function report, void *context)
{
    te_example example;
    TE_TRY(te_interrupt_check());
    TE_TRY(te_ahead_next(at->ahead, &example));
    te_status status = judge_example(at, &example);
    if (status == TE_OK && report) {
        te_scores_report facts = {.done = at->scores->pictures, .count = at->count, .picture = example.name};
        status = report(&facts, context);
    }
    te_example_clear(&example);
    return status;
}

/* ---- numbers ---- */

/* A single-task model's score for the primary metric of a task; 0: not known. */
static double single_of(const te_settings *settings, te_task_id task)
{
    const float singles[TE_TASK_COUNT] = {
        [TE_SEMSEG] = settings->eval.single_semseg,   [TE_HUMAN_PARTS] = settings->eval.single_human_parts,
        [TE_SAL] = settings->eval.single_sal,         [TE_NORMALS] = settings->eval.single_normals,
        [TE_EDGE] = settings->eval.single_edge,       [TE_DEPTH] = settings->eval.single_depth,
    };
    return (double)singles[task];
}

static void add_score(const judge *at, int t, const te_metric_value *value)
{
    static const char *const parts[] = {"background", "head", "torso", "upper arms", "lower arms", "upper legs",
                                        "lower legs"};
    te_scores *scores = at->scores;
    te_task_id task = at->config->tasks[t];
    const char *name = value->class < 0         ? NULL
                       : task == TE_HUMAN_PARTS ? (value->class < 7 ? parts[value->class] : NULL)
                                                : te_dataset_class_name(at->dataset, value->class);
    snprintf(scores->texts[2 * scores->count], sizeof scores->texts[0], "%s", value->name);
    snprintf(scores->texts[2 * scores->count + 1], sizeof scores->texts[0], "%s", name ? name : "");
    scores->list[scores->count++] = (te_score){
        .task = te_tasks[task].name, .class_index = value->class, .unit = value->unit, .model = value->model,
        .trivial = value->trivial, .higher_is_better = value->higher_is_better, .primary = value->primary,
        .pictures = te_metric_count(at->metrics[t])};
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

static void tell_facts(const judge *at, int t)
{
    const char *task = at->config->task_names[t];
    int absent = te_metric_count_absent(at->metrics[t]);
    if (te_metric_count(at->metrics[t]) == 0) {
        te_log(TE_LOG_WARNING, "no picture had a label for '%s': it has no scores", task);
    } else if (absent > 0) {
        te_log(TE_LOG_WARNING, "%d of the %d classes of '%s' are in no label and no prediction; in mIoU they count as 0",
               absent, at->config->channels[t], task);
    }
}

static void add_gain(judge *at, te_task_id task, const te_metric_value *primary)
{
    double single = single_of(at->settings, task);
    if (single > 0.0) {
        double better = (primary->model - single) / single * 100.0;
        at->scores->gain += primary->higher_is_better ? better : -better;
        at->scores->gain_tasks++;
    }
}

static te_status collect_task(judge *at, int t)
{
    te_metric_value *values;
    size_t count;
    TE_TRY(te_metric_get(at->metrics[t], &values, &count));
    tell_facts(at, t);
    te_status status = count ? make_room(at->scores, count) : TE_OK;
    for (size_t i = 0; status == TE_OK && i < count; i++) {
        add_score(at, t, &values[i]);
    }
    if (status == TE_OK && count) {
        add_gain(at, at->config->tasks[t], &values[0]);
    }
    free(values);
    return status;
}

static te_status collect(judge *at)
{
    te_scores *scores = at->scores;
    for (int t = 0; t < at->config->task_count; t++) {
        TE_TRY(collect_task(at, t));
    }
    if (scores->count == 0) {
        return te_fail(TE_ERR_FORMAT, "none of the %" PRIu64 " pictures has a label for a task of the model",
                       scores->pictures);
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
               "shrunk to fit and their maps enlarged", scores->shrunk, scores->pictures, scores->width, scores->height);
    }
    return TE_OK;
}

/* ---- all of it ---- */

te_status te_scores_run(te_scores **scores, te_evaluator *evaluator, const te_settings *settings, uint64_t count,
                        te_scores_function report, void *context)
{
    judge at = {.evaluator = evaluator, .config = &te_evaluator_get_model(evaluator)->config};
    te_status status;
    at.scores = te_alloc(1, sizeof *at.scores, "scores");
    TE_TRY_OUT(at.scores ? TE_OK : TE_ERR_MEMORY);
    te_evaluator_get_input(evaluator, &at.scores->height, &at.scores->width);
    TE_TRY_OUT(open_settings(&at, settings));
    TE_TRY_OUT(open_judge(&at, count));
    while (at.scores->pictures < at.count) {
        TE_TRY_OUT(judge_next(&at, report, context));
    }
    TE_TRY_OUT(collect(&at));
    *scores = at.scores;
    at.scores = NULL;
out:
    close_judge(&at);
    return status;
}

void te_scores_free(te_scores *scores)
{
    if (scores) {
        free(scores->list);
        free(scores->texts);
        free(scores->path);
        free(scores);
    }
}

size_t te_scores_count(const te_scores *scores)
{
    return scores->count;
}

te_status te_scores_get(const te_scores *scores, size_t index, te_score *score)
{
    if (index >= scores->count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no score '%zu' of %zu", index, scores->count);
    }
    *score = scores->list[index];
    return TE_OK;
}

size_t te_scores_get_gain(const te_scores *scores, double *percent)
{
    if (scores->gain_tasks) {
        *percent = scores->gain;
    }
    return scores->gain_tasks;
}
