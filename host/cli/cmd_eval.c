/* taskexpert eval: scores of a model, or of saved maps, on a split of a data set, beside those of trivial predictors. */
#include "folder.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS, PREDICTIONS, SPLIT, OUT, CONFIG, DEVICE, COUNT };

static const cli_option options[] = {
    [WEIGHTS] = {'w', "weights", "FILE", "the model: a safetensors file that 'init' or 'train' wrote", CLI_SHOULD},
    [PREDICTIONS] = {0, "predictions", "FOLDER", "instead of a model: judge maps as 'infer' writes them", CLI_MAY},
    [SPLIT] = {0, "split", "SPLIT", "the pictures: train or val (default)", CLI_MAY},
    [OUT] = {'o', "out", "FOLDER", "also write eval.json, pictures.csv and report.html there", CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [COUNT] = {0, "count", "N", "judge only the first N pictures", CLI_MAY},
    {0},
};

typedef struct job {
    const cli_arguments *arguments;
    te_model *model;
    te_settings *settings;
    te_device *device;
    te_evaluator *evaluator;
    te_scores *scores;
    uint64_t count;       /* of --count; 0: all */
    uint64_t done, total; /* pictures */
} job;

/* ---- before anything expensive ---- */

/* What the command line lacks, or has too much of, before a file is opened. */
static int check_arguments(job *at)
{
    const char *const *option = at->arguments->option;
    if (!option[WEIGHTS] == !option[PREDICTIONS]) {
        return cli_fail(CLI_USAGE, "'eval' needs either '--weights FILE' or '--predictions FOLDER'; see 'taskexpert help "
                        "eval'");
    }
    if (option[COUNT]) {
        CLI_TRY(cli_number("count", option[COUNT], 1, INT64_MAX, &at->count));
    }
    if (option[SPLIT] && strcmp(option[SPLIT], "train") != 0 && strcmp(option[SPLIT], "val") != 0) {
        return cli_fail(CLI_USAGE, "'--split' is '%s'; it must be train or val", option[SPLIT]);
    }
    if (option[OUT] && !*option[OUT]) {
        return cli_fail(CLI_USAGE, "'eval' needs a name behind '--out': FOLDER");
    }
    return option[OUT] ? cli_folder_check(option[OUT]) : CLI_OK;
}

static int open_model(job *at, const cli_sources *sources)
{
    static const char *const fixed[] = {"model.", NULL}; /* the input size may differ */
    const char *weights = at->arguments->option[WEIGHTS];
    CLI_TRY(cli_report(te_model_load(&at->model, weights)));
    CLI_TRY(cli_resolve_over(&at->settings, at->model, weights, sources, fixed));
    CLI_TRY(cli_report(cli_device_open(&at->device, at->settings)));
    return cli_report(te_evaluator_create(&at->evaluator, at->model, at->device, at->settings));
}

static int open_job(job *at)
{
    static const char *const data[] = {"data.", NULL}; /* a checkpoint is judged on its run's pictures */
    const cli_arguments *arguments = at->arguments;
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count, .run = data};
    CLI_TRY(check_arguments(at));
    cli_stop_install(CLI_STOP_SOON);
    return arguments->option[WEIGHTS] ? open_model(at, &sources) : cli_resolve(&at->settings, &sources);
}

/* ---- while it runs ---- */

static te_status after_picture(const te_scores_report *report, void *context)
{
    job *at = context;
    at->done = report->done;
    at->total = report->count;
    cli_progress_set_total(report->count);
    cli_progress_end(report->done - 1, *report->picture ? report->picture : "left out");
    if (report->done < report->count) {
        cli_progress_begin(report->done, "");
    }
    return TE_OK;
}

/* ---- results ---- */

static int print_scores(const te_scores *scores)
{
    static const char *const heads[] = {"task", "metric", "unit", "model", "trivial", "better", "pictures"};
    cli_table table = {.alignment = "lllrrlr"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        cli_table_add(&table, "%s", heads[i]);
    }
    for (size_t i = 0; i < te_scores_count(scores); i++) {
        te_score score;
        CLI_TRY(cli_report(te_scores_get(scores, i, &score)));
        if (score.class_index < 0) {
            cli_table_add(&table, "%s", score.task);
            cli_table_add(&table, "%s", score.metric);
            cli_table_add(&table, "%s", score.unit);
            cli_table_add(&table, "%.4g", score.model);
            cli_table_add(&table, "%.4g", score.trivial);
            cli_table_add(&table, "%s", score.higher_is_better ? "higher" : "lower");
            cli_table_add(&table, "%" PRIu64, score.pictures);
        }
    }
    CLI_TRY(cli_table_print(&table, 0));
    double gain;
    size_t tasks = te_scores_get_gain(scores, &gain);
    if (tasks) {
        printf("multi-task gain %+.2f %% over %zu task%s\n", gain, tasks, tasks == 1 ? "" : "s");
    }
    return CLI_OK;
}

/* The three files of --out. */
static int save_all(const te_scores *scores, const char *folder)
{
    static const struct {
        const char *name;
        te_status (*save)(const te_scores *scores, const char *path);
    } files[] = {{"eval.json", te_scores_save}, {"pictures.csv", te_scores_save_pictures},
                 {"report.html", te_scores_save_report}};
    int status = CLI_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == CLI_OK; i++) {
        size_t bytes = strlen(folder) + strlen(files[i].name) + 2;
        char *path = malloc(bytes);
        if (!path) {
            return cli_fail(CLI_MEMORY, "out of memory");
        }
        snprintf(path, bytes, "%s/%s", folder, files[i].name);
        status = cli_report(files[i].save(scores, path));
        free(path);
    }
    return status;
}

static int evaluate(job *at)
{
    enum { SHOWN = 3 };
    const char *const *option = at->arguments->option;
    CLI_TRY(open_job(at));
    te_scores_options choices = {.count = at->count, .split = option[SPLIT], .predictions = option[PREDICTIONS],
                                 .model = option[WEIGHTS], .pictures_kept = option[OUT] ? SHOWN : 0,
                                 .report = after_picture, .context = at};
    cli_progress_start(1, cli_message_get_level() < 0);
    te_status status = te_scores_run(&at->scores, at->evaluator, at->settings, &choices);
    cli_progress_clear();
    if (status == TE_ERR_INTERRUPTED) {
        return cli_fail(CLI_INTERRUPTED, "interrupted");
    }
    CLI_TRY(cli_report(status));
    CLI_TRY(print_scores(at->scores));
    CLI_TRY(option[OUT] ? save_all(at->scores, option[OUT]) : CLI_OK);
    uint64_t left_out, judged = te_scores_count_pictures(at->scores, &left_out);
    return left_out ? cli_fail(CLI_INPUT_FAILED, "%" PRIu64 " of %" PRIu64 " pictures are left out of these scores", left_out,
                               judged + left_out)
                    : CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments};
    int status = evaluate(&at);
    if (status != CLI_OK && at.total && !at.scores) {
        cli_note("%" PRIu64 " of %" PRIu64 " pictures done", at.done, at.total);
    }
    te_scores_free(at.scores);
    te_evaluator_free(at.evaluator);
    status = cli_device_close(at.device, status);
    te_settings_free(at.settings);
    te_model_free(at.model);
    return status;
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "scores of a model, or of saved maps, on labelled pictures",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Runs the model on the validation split of [data], which a checkpoint brings along, and prints the metrics of "
        "every task beside what a trivial predictor scores there, which knows all labels but never looks at a picture: "
        "the commonest class, the mean depth, the mean normal, everything salient, noise for edges. docs/METRICS.md has "
        "the formulas. With --predictions it judges the maps in a folder instead, those of any program: no model is loaded "
        "and no device used; the tasks are those of model.tasks.\n"
        "A picture is laid into the middle of the input as it is; one that is larger is shrunk to fit, and that is "
        "said. A picture without a label of a task does not count for it. One with a file that cannot be read is told and "
        "left out, and the exit status is 1.\n"
        "On standard output comes the table of scores, and with eval.single_<task> settings the multi-task gain over "
        "models for single tasks. The folder of --out gets report.html, a page to look at with any browser: curves, the "
        "best and the worst pictures, who uses which expert; eval.json with all numbers; pictures.csv with each picture's own.",
    .options = options,
    .run = run,
};
