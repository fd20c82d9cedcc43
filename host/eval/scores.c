/* Maps judged on a split of a data set: each picture through the evaluator (or its saved maps from files), each map to its
 * metric on a thread, numbers at the end. The device computes the next picture while threads judge those before. */
#include "eval/scores.h"

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "eval/ahead.h"
#include "eval/evaluator.h"
#include "eval/jury.h"
#include "eval/saved_maps.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct judge {
    te_evaluator *evaluator;           /* NULL: saved maps */
    unsigned saved;                    /* bit t: maps of config.tasks[t] were saved */
    te_scores_options options;
    te_dataset *dataset;
    te_ahead *ahead;
    te_jury *jury;
    uint64_t count, sent, done;        /* pictures to judge, on their way or done, done */
    te_metric *metrics[TE_TASK_COUNT]; /* of the config's tasks */
    te_scores *scores;
} judge;

/* ---- before the first picture ---- */

/* What the scores are about: it is not always what one had in mind. */
static te_status tell_pictures(judge *at, uint64_t all)
{
    const char *list = te_dataset_get_list(at->dataset);
    char first[64] = "";
    if (at->count < all && all < UINT64_MAX) {
        snprintf(first, sizeof first, "the first %" PRIu64 " of ", at->count);
    }
    if (!list) {
        te_log(TE_LOG_INFO, "judging on %s%" PRIu64 " generated rooms%s", first, all < UINT64_MAX ? all : at->count,
               at->scores->split == TE_SPLIT_TRAIN ? " of the training split" : "");
        return TE_OK;
    }
    te_log(TE_LOG_INFO, "judging on %sthe %" PRIu64 " pictures of '%s'", first, all, list);
    at->scores->path = te_path_join("", list);
    return at->scores->path ? TE_OK : TE_ERR_MEMORY;
}

static te_status copy_text(const char *text, char **copy)
{
    *copy = text ? te_path_join("", text) : NULL;
    return text && !*copy ? TE_ERR_MEMORY : TE_OK;
}

static te_status read_split(const char *name, te_split *split)
{
    *split = name && strcmp(name, "train") == 0 ? TE_SPLIT_TRAIN : TE_SPLIT_VAL;
    return !name || *split == TE_SPLIT_TRAIN || strcmp(name, "val") == 0
               ? TE_OK
               : te_fail(TE_ERR_ARGUMENT, "there is no split '%s': it must be train or val", name);
}

static void describe_model(te_scores *scores, const te_evaluator *evaluator)
{
    const te_model *model = te_evaluator_get_model(evaluator);
    te_model_part part;
    for (size_t i = 0; i < te_model_count_parts(model); i++) {
        scores->parameters += te_model_get_part(model, i, &part) == TE_OK ? part.parameters : 0;
    }
}

static te_status open_model(judge *at, const te_settings *settings)
{
    te_scores *scores = at->scores;
    const te_model *model = te_evaluator_get_model(at->evaluator);
    const te_settings *own = te_model_get_settings(model);
    if (at->options.predictions) {
        return te_fail(TE_ERR_ARGUMENT, "scores are of an evaluator or of the predictions in '%s', not of both",
                       at->options.predictions);
    }
    TE_TRY(te_settings_copy(&scores->settings, settings ? settings : own));
    scores->settings->model = own->model; /* its classes, above all */
    scores->config = model->config;
    te_evaluator_get_input(at->evaluator, &scores->height, &scores->width);
    describe_model(scores, at->evaluator);
    TE_TRY(te_device_get_info(te_evaluator_get_device(at->evaluator), &scores->device));
    return te_gate_usage_create(&scores->gates, &scores->config);
}

static te_status open_saved(judge *at, const te_settings *settings)
{
    te_scores *scores = at->scores;
    if (!settings || !at->options.predictions) {
        return te_fail(TE_ERR_ARGUMENT, "scores without an evaluator need settings and a folder of predictions");
    }
    TE_TRY(te_settings_copy(&scores->settings, settings));
    TE_TRY(te_config_resolve(&scores->config, settings));
    scores->height = settings->input.height;
    scores->width = settings->input.width;
    TE_TRY(copy_text(at->options.predictions, &scores->predictions));
    return te_saved_maps_find(at->options.predictions, &scores->config, &at->saved);
}

static te_status open_metrics(judge *at)
{
    const te_config *config = &at->scores->config;
    const te_settings *settings = at->scores->settings;
    for (int t = 0; t < config->task_count; t++) {
        te_metric_options options = {.classes = config->channels[t],
                                     .edge_distance = (double)settings->eval.edge_distance,
                                     .published_saliency = settings->eval.saliency == TE_SALIENCY_PUBLISHED};
        TE_TRY(te_metric_create(&at->metrics[t], config->tasks[t], &options));
    }
    int most = at->options.pictures_kept;
    if (most < 0 || most > TE_MOST_EXHIBITS) {
        return te_fail(TE_ERR_ARGUMENT, "'%d' pictures cannot be kept: it must be 0 to %d", most, TE_MOST_EXHIBITS);
    }
    return te_gallery_create(&at->scores->gallery, most);
}

static te_status open_pictures(judge *at)
{
    te_scores *scores = at->scores;
    const te_config *config = &scores->config;
    int threads = scores->settings->data.threads;
    TE_TRY(te_dataset_open(&at->dataset, scores->settings, scores->split, config->tasks, config->task_count));
    uint64_t all = te_dataset_count(at->dataset);
    if (all == UINT64_MAX && !at->options.count) {
        return te_fail(TE_ERR_ARGUMENT, "the generated rooms of split 'train' have no end: say how many pictures to judge");
    }
    at->count = at->options.count && at->options.count < all ? at->options.count : all;
    scores->pictures = te_alloc(at->count, sizeof *scores->pictures, "scores of pictures");
    scores->problems = te_alloc(at->count, sizeof *scores->problems, "scores of pictures");
    if (!scores->pictures || !scores->problems) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(tell_pictures(at, all));
    TE_TRY(te_jury_create(&at->jury, at->metrics, config->task_count, threads));
    te_ahead_options options = {.count = at->count, .height = scores->height, .width = scores->width, .threads = threads};
    return te_ahead_open(&at->ahead, at->dataset, &options);
}

static te_status open_judge(judge *at, const te_settings *settings)
{
    TE_TRY(read_split(at->options.split, &at->scores->split));
    TE_TRY(copy_text(at->options.model, &at->scores->model));
    TE_TRY(at->evaluator ? open_model(at, settings) : open_saved(at, settings));
    TE_TRY(open_metrics(at));
    return open_pictures(at);
}

static void close_judge(judge *at)
{
    te_ahead_close(at->ahead);
    te_jury_free(at->jury);
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_metric_free(at->metrics[t]);
    }
    te_dataset_close(at->dataset);
    te_scores_free(at->scores);
}

/* ---- a picture's way ---- */

static te_status run_model(judge *at, te_trial *item)
{
    te_picture picture = {.width = item->example.width, .height = item->example.height, .rgb = item->example.rgb};
    te_fit fit = te_evaluator_place(at->evaluator, picture.width, picture.height);
    te_prediction *prediction;
    TE_TRY(te_evaluator_run_fit(at->evaluator, &picture, &fit, &prediction));
    te_gate_usage_add(at->scores->gates, prediction);
    memcpy(item->maps, prediction->maps, sizeof item->maps); /* which are the item's from here on */
    memset(prediction->maps, 0, sizeof prediction->maps);
    te_prediction_free(prediction);
    at->scores->shrunk += fit.width < picture.width || fit.height < picture.height;
    return TE_OK;
}

static te_status load_saved(judge *at, te_trial *item)
{
    const te_example *example = &item->example;
    unsigned wanted = 0; /* a map that there is no label for is not missed */
    for (int t = 0; t < at->scores->config.task_count; t++) {
        wanted |= example->labels[t] ? at->saved & 1u << t : 0u;
    }
    return te_saved_maps_load(at->options.predictions, example->name, &at->scores->config, wanted, example->width,
                              example->height, item->maps);
}

/* A file that cannot be read or understood concerns its picture alone; anything else ends the run. */
static bool is_broken(te_status status)
{
    return status == TE_ERR_FILE || status == TE_ERR_FORMAT;
}

/* The next picture, from the list to the judging. */
static te_status send(judge *at)
{
    te_trial item = {.index = at->sent};
    te_status status = te_ahead_next(at->ahead, &item.example);
    bool loaded = status == TE_OK;
    if (loaded) {
        status = at->evaluator ? run_model(at, &item) : load_saved(at, &item);
    }
    bool files_only = !loaded || !at->evaluator; /* else no file is to blame */
    if (status != TE_OK && !(is_broken(status) && files_only)) {
        te_trial_clear(&item);
        return status;
    }
    if (status != TE_OK) {
        item.status = status;
        item.failed = -1;
        snprintf(item.message, sizeof item.message, "%s", te_last_error());
    }
    te_jury_put(at->jury, &item);
    at->sent++;
    return TE_OK;
}

/* Pictures that are left out are told, one line each. */
static te_status leave_out(judge *at, const te_trial *item)
{
    te_scores *scores = at->scores;
    te_fail(item->status, "%s", item->message);
    if (item->failed >= 0) { /* metrics know no names */
        te_fail_prefix(item->status, "picture '%s': ", item->example.name);
    }
    if (!is_broken(item->status)) {
        return item->status;
    }
    te_log(TE_LOG_WARNING, "left out: %s", te_last_error());
    TE_TRY(copy_text(te_last_error(), &scores->problems[scores->problem_count]));
    scores->problem_count++;
    return TE_OK;
}

static te_status pool(judge *at, const te_trial *item)
{
    te_scores *scores = at->scores;
    te_scored *row = &scores->pictures[scores->picture_count];
    TE_TRY(copy_text(item->example.name, &row->name));
    scores->picture_count++;
    row->width = item->example.width;
    row->height = item->example.height;
    for (int t = 0; t < scores->config.task_count; t++) {
        row->own[t] = NAN;
        if (item->samples[t]) {
            row->own[t] = te_metric_sample_get(item->samples[t]);
            TE_TRY(te_metric_add(at->metrics[t], item->samples[t]));
            TE_TRY(te_gallery_offer(scores->gallery, &scores->config, t, item, row->own[t]));
        }
    }
    return TE_OK;
}

/* A picture that has been judged, or that failed on its way. */
static te_status receive(judge *at, const te_trial *item)
{
    TE_TRY(te_interrupt_check());
    TE_TRY(item->status == TE_OK ? pool(at, item) : leave_out(at, item));
    at->done++;
    te_scores_report facts = {.done = at->done, .count = at->count, .picture = item->example.name};
    return at->options.report ? at->options.report(&facts, at->options.context) : TE_OK;
}

static te_status judge_all(judge *at)
{
    while (at->done < at->count) {
        TE_TRY(te_interrupt_check());
        bool wait = at->sent == at->count || te_jury_is_full(at->jury);
        if (!wait) {
            TE_TRY(send(at));
        }
        te_trial item;
        for (; te_jury_take(at->jury, wait, &item); wait = false) {
            te_status status = receive(at, &item);
            te_trial_clear(&item);
            TE_TRY(status);
        }
    }
    return TE_OK;
}

/* ---- all of it ---- */

te_status te_scores_run(te_scores **scores, te_evaluator *evaluator, const te_settings *settings,
                        const te_scores_options *options)
{
    TE_NEED(scores);
    if (!evaluator) {
        TE_NEED(settings, options);
        TE_NEED(options->predictions);
    }
    judge at = {.evaluator = evaluator, .options = options ? *options : (te_scores_options){0}};
    te_status status;
    te_interrupt_forget(); /* its threads are to hear of a later one alone */
    at.scores = te_alloc(1, sizeof *at.scores, "scores");
    TE_TRY_OUT(at.scores ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(open_judge(&at, settings));
    TE_TRY_OUT(judge_all(&at));
    TE_TRY_OUT(te_scores_collect(at.scores, at.metrics, at.dataset));
    at.scores->time = time(NULL);
    *scores = at.scores;
    at.scores = NULL;
out:
    close_judge(&at);
    return te_interrupt_take(status);
}

void te_scores_free(te_scores *scores)
{
    if (!scores) {
        return;
    }
    for (uint64_t i = 0; i < scores->picture_count; i++) {
        free(scores->pictures[i].name);
    }
    for (uint64_t i = 0; i < scores->problem_count; i++) {
        free(scores->problems[i]);
    }
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_figures_free(scores->figures[t], scores->figure_counts[t]);
        free(scores->class_names[t]);
    }
    te_gate_usage_free(scores->gates);
    te_gallery_free(scores->gallery);
    te_settings_free(scores->settings);
    free(scores->pictures);
    free(scores->problems);
    free(scores->list);
    free(scores->texts);
    free(scores->path);
    free(scores->model);
    free(scores->predictions);
    free(scores);
}

size_t te_scores_count(const te_scores *scores)
{
    return scores->count;
}

uint64_t te_scores_count_pictures(const te_scores *scores, uint64_t *left_out)
{
    if (left_out) {
        *left_out = scores->problem_count;
    }
    return scores->picture_count;
}

te_status te_scores_get(const te_scores *scores, size_t index, te_score *score)
{
    TE_NEED(scores, score);
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
