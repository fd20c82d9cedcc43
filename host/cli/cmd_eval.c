/* taskexpert eval: a model's scores on the validation split, beside those of trivial predictors. */
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WEIGHTS, OUT, CONFIG, DEVICE, COUNT };

static const cli_option options[] = {
    [WEIGHTS] = {'w', "weights", "FILE", "the model: a safetensors file that 'init' or 'train' wrote", CLI_MUST},
    [OUT] = {'o', "out", "FILE", "also write all scores, those of single classes too, as JSON", CLI_MAY},
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

/* A file that could not be written after an hour of work should be told of now. */
static int check_out(const char *out)
{
    struct stat facts;
    if (!*out) {
        return cli_fail(CLI_USAGE, "'eval' needs a name behind '--out': FILE");
    }
    if (stat(out, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        return cli_fail(CLI_FILE, "cannot write '%s': it is a %s, not a regular file", out,
                        S_ISDIR(facts.st_mode) ? "folder" : "pipe or device");
    }
    char *folder = strdup(out);
    if (!folder) {
        return cli_fail(CLI_MEMORY, "out of memory");
    }
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    int error = access(slash ? folder : ".", W_OK | X_OK) ? errno : 0;
    free(folder);
    return error ? cli_fail(CLI_FILE, "cannot write '%s': %s", out, strerror(error)) : CLI_OK;
}

static int open_model(job *at)
{
    static const char *const data[] = {"data.", NULL};   /* a checkpoint is judged on its run's pictures */
    static const char *const fixed[] = {"model.", NULL}; /* the input size may differ */
    const cli_arguments *arguments = at->arguments;
    const char *weights = arguments->option[WEIGHTS];
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count, .run = data};
    if (arguments->option[COUNT]) {
        CLI_TRY(cli_number("count", arguments->option[COUNT], 1, INT64_MAX, &at->count));
    }
    if (arguments->option[OUT]) {
        CLI_TRY(check_out(arguments->option[OUT]));
    }
    cli_stop_install(NULL);
    CLI_TRY(cli_report(te_model_load(&at->model, weights)));
    CLI_TRY(cli_resolve_over(&at->settings, at->model, weights, &sources, fixed));
    CLI_TRY(cli_report(cli_device_open(&at->device, at->settings)));
    return cli_report(te_evaluator_create(&at->evaluator, at->model, at->device, at->settings));
}

/* ---- while it runs ---- */

static te_status after_picture(const te_scores_report *report, void *context)
{
    job *at = context;
    at->done = report->done;
    at->total = report->count;
    cli_progress_set_total(report->count);
    cli_progress_end(report->done - 1, report->picture);
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

static int evaluate(job *at)
{
    CLI_TRY(open_model(at));
    cli_progress_start(1, cli_message_get_level() < 0);
    te_status status = te_scores_run(&at->scores, at->evaluator, at->settings, at->count, after_picture, at);
    cli_progress_clear();
    if (status == TE_ERR_INTERRUPTED) {
        return cli_fail(CLI_INTERRUPTED, "interrupted");
    }
    CLI_TRY(cli_report(status));
    CLI_TRY(print_scores(at->scores));
    return at->arguments->option[OUT] ? cli_report(te_scores_save(at->scores, at->arguments->option[OUT])) : CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments};
    int status = evaluate(&at);
    if (status != CLI_OK && at.total) {
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
    .summary = "scores of a model on validation pictures",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Runs the model on the validation split of [data], which a checkpoint brings along, and prints the metrics of "
        "every task beside what a trivial predictor scores there, which knows all labels but never looks at a picture: "
        "the commonest class, the mean depth, the mean normal, everything salient, noise for edges. docs/METRICS.md has "
        "the formulas.\n"
        "A picture is laid into the middle of the input as it is; one that is larger is shrunk to fit, and that is "
        "said. A picture without a label of a task does not count for it.\n"
        "On standard output comes the table of scores, and with eval.single_<task> settings the multi-task gain over "
        "models for single tasks.",
    .options = options,
    .run = run,
};
