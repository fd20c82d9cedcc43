/* taskexpert experts: who serves whom in a model. */
#include "folder.h"
#include "inputs.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"
#include "table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS, OUT, CONFIG, DEVICE, PICTURES, PER_TAP, GATES_ONLY };
enum { DEFAULT_PICTURES = 64 };

static const cli_option options[] = {
    [WEIGHTS] = {'w', "weights", "FILE", "the model: a safetensors file that 'init' or 'train' wrote", CLI_MUST},
    [OUT] = {'o', "out", "DIR", "folder for experts.json and a sheet of each picture; it is made if it does not exist",
             CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [PICTURES] = {0, "count", "N", "look at the first N validation pictures (64)", CLI_MAY},
    [PER_TAP] = {0, "per-tap", NULL, "also switch each expert off at each tap alone", CLI_MAY},
    [GATES_ONLY] = {0, "gates-only", NULL, "only the gates' scores, nothing is switched off", CLI_MAY},
    {0},
};

typedef struct job {
    const cli_arguments *arguments;
    cli_inputs inputs;
    uint64_t count;
    te_model *model;
    te_settings *settings;
    te_device *device;
    te_experts *experts;
    uint64_t done, total, failed; /* pictures */
} job;

/* ---- before anything expensive ---- */

static int read_arguments(job *at)
{
    const cli_arguments *arguments = at->arguments;
    static const int validation[] = {PICTURES, PER_TAP, GATES_ONLY};
    const char *out = arguments->option[OUT];
    at->count = DEFAULT_PICTURES;
    if (arguments->option[PICTURES]) {
        CLI_TRY(cli_number("count", arguments->option[PICTURES], 1, INT64_MAX, &at->count));
    }
    if (arguments->option[PER_TAP] && arguments->option[GATES_ONLY]) {
        return cli_fail(CLI_USAGE, "'--per-tap' and '--gates-only' exclude each other");
    }
    for (size_t i = 0; arguments->operand_count && i < sizeof validation / sizeof validation[0]; i++) {
        if (arguments->option[validation[i]]) {
            return cli_fail(CLI_USAGE, "'--%s' is about validation pictures: leave it out, or the pictures",
                            options[validation[i]].name);
        }
    }
    if (out && !*out) {
        return cli_fail(CLI_USAGE, "'experts' needs a name behind '--out': DIR");
    }
    CLI_TRY(out ? cli_folder_check(out) : CLI_OK);
    for (size_t i = 0; i < arguments->operand_count; i++) {
        CLI_TRY(cli_inputs_add(&at->inputs, arguments->operands[i]));
    }
    at->failed = at->inputs.failed;
    at->total = at->inputs.count + at->inputs.failed;
    return arguments->operand_count && !at->inputs.count ? CLI_INPUT_FAILED : CLI_OK;
}

static int open_model(job *at)
{
    static const char *const data[] = {"data.", NULL};   /* a checkpoint is looked at on its run's pictures */
    static const char *const fixed[] = {"model.", NULL}; /* the input size may differ */
    const cli_arguments *arguments = at->arguments;
    const char *weights = arguments->option[WEIGHTS];
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count, .run = data};
    CLI_TRY(cli_report(te_model_load(&at->model, weights)));
    CLI_TRY(cli_resolve_over(&at->settings, at->model, weights, &sources, fixed));
    CLI_TRY(cli_report(cli_device_open(&at->device, at->settings)));
    return cli_report(te_experts_create(&at->experts, at->model, at->device, at->settings));
}

/* ---- pictures ---- */

/* Of a picture that was run. */
static te_status save_sheet(const job *at, const cli_input *input)
{
    const char *out = at->arguments->option[OUT];
    return out ? te_experts_save_picture(at->experts, out, input->stem) : TE_OK;
}

/* A picture that cannot be read is told and counted; whatever else fails would fail for the next one too. */
static int run_picture(const cli_input *input, void *context)
{
    job *at = context;
    te_picture *picture;
    te_status status = te_picture_load(&picture, input->path);
    if (status != TE_OK) {
        at->failed++;
        cli_report(status);
        return CLI_OK;
    }
    status = te_experts_run(at->experts, picture);
    te_picture_free(picture);
    status = status == TE_OK ? save_sheet(at, input) : status;
    at->done += status == TE_OK;
    return cli_report(status);
}

/* ---- the validation split ---- */

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

static int run_split(job *at)
{
    te_experts_options options_of_run = {.count = at->count, .report = after_picture, .context = at};
    options_of_run.ablation = at->arguments->option[GATES_ONLY] ? 0 : at->arguments->option[PER_TAP] ? 2 : 1;
    cli_progress_start(1, cli_message_get_level() < 0);
    te_status status = te_experts_run_split(at->experts, &options_of_run);
    cli_progress_clear();
    return status == TE_ERR_INTERRUPTED ? cli_fail(CLI_INTERRUPTED, "interrupted") : cli_report(status);
}

/* ---- results ---- */

/* "expert 3", "memory", "nothing" */
static const char *name_of(char text[32], const te_experts_info *info, int score)
{
    snprintf(text, 32, score < 0 ? "nothing" : score < info->experts ? "expert %d" : "memory", score + 1);
    return text;
}

/* "all", "2" */
static const char *tap_of(char text[32], int tap)
{
    snprintf(text, 32, tap < 0 ? "all" : "%d", tap + 1);
    return text;
}

static int add_gate(const job *at, const te_experts_info *info, cli_table *table, size_t task, int tap)
{
    char text[32];
    double value;
    cli_table_add(table, "%s", te_model_get_task(at->model, task));
    cli_table_add(table, "%s", tap_of(text, tap));
    for (int score = 0; score < info->scores; score++) {
        CLI_TRY(cli_report(te_experts_get_mean(at->experts, tap, task, score, &value)));
        cli_table_add(table, "%.3f", value);
    }
    CLI_TRY(cli_report(te_experts_get_entropy(at->experts, tap, task, &value)));
    cli_table_add(table, "%.3f", value);
    return CLI_OK;
}

static int print_gates(const job *at, const te_experts_info *info)
{
    char text[32], alignment[CLI_TABLE_COLUMNS + 1] = "lr";
    memset(alignment + 2, 'r', (size_t)info->scores + 1);
    cli_table table = {.alignment = alignment};
    cli_table_add(&table, "task");
    cli_table_add(&table, "tap");
    for (int score = 0; score < info->scores; score++) {
        cli_table_add(&table, "%s", name_of(text, info, score));
    }
    cli_table_add(&table, "entropy");
    int status = CLI_OK;
    for (size_t task = 0; task < te_model_count_tasks(at->model); task++) {
        for (int tap = -1; tap < info->taps && status == CLI_OK; tap++) {
            status = add_gate(at, info, &table, task, tap);
        }
    }
    if (status != CLI_OK) {
        cli_table_free(&table);
        return status;
    }
    return cli_table_print(&table, 0);
}

static int add_loss(const job *at, const te_experts_info *info, cli_table *table, size_t row, size_t task)
{
    char text[32];
    te_experts_loss loss;
    CLI_TRY(cli_report(te_experts_get_loss(at->experts, row, task, &loss)));
    if (task == 0) {
        cli_table_add(table, "%s", name_of(text, info, loss.score));
        cli_table_add(table, "%s", tap_of(text, loss.tap));
    }
    if (isnan(loss.value)) {
        cli_table_add(table, "-");
    } else if (loss.score < 0) {
        cli_table_add(table, "%.4g", loss.value);
    } else {
        double change = loss.higher_is_better ? -loss.loss : loss.loss;
        cli_table_add(table, "%.4g (%+.3f)", loss.value, fabs(change) < 0.0005 ? 0.0 : change);
    }
    return CLI_OK;
}

/* "mIoU %", above it the task */
static int add_loss_heads(const job *at, cli_table *table)
{
    cli_table_add(table, "off");
    cli_table_add(table, "tap");
    for (size_t task = 0; task < te_model_count_tasks(at->model); task++) {
        cli_table_add(table, "%s", te_model_get_task(at->model, task));
    }
    cli_table_add(table, "%s", "");
    cli_table_add(table, "%s", "");
    for (size_t task = 0; task < te_model_count_tasks(at->model); task++) {
        te_experts_loss loss;
        CLI_TRY(cli_report(te_experts_get_loss(at->experts, 0, task, &loss)));
        cli_table_add(table, "%s%s%s", loss.metric, *loss.unit ? " " : "", loss.unit);
    }
    return CLI_OK;
}

static int print_losses(const job *at, const te_experts_info *info)
{
    size_t tasks = te_model_count_tasks(at->model);
    char alignment[CLI_TABLE_COLUMNS + 1] = "lr";
    memset(alignment + 2, 'r', tasks);
    cli_table table = {.alignment = alignment};
    int status = add_loss_heads(at, &table);
    for (size_t row = 0; row < te_experts_count_losses(at->experts) && status == CLI_OK; row++) {
        for (size_t task = 0; task < tasks && status == CLI_OK; task++) {
            status = add_loss(at, info, &table, row, task);
        }
    }
    if (status != CLI_OK) {
        cli_table_free(&table);
        return status;
    }
    putchar('\n');
    return cli_table_print(&table, 0);
}

/* ---- all of it ---- */

static int analyse(job *at)
{
    te_experts_info info;
    const char *out = at->arguments->option[OUT];
    CLI_TRY(read_arguments(at));
    cli_stop_install(CLI_STOP_SOON);
    CLI_TRY(open_model(at));
    CLI_TRY(at->arguments->operand_count ? cli_inputs_run(&at->inputs, run_picture, at) : run_split(at));
    if (cli_stop_wanted()) {
        return cli_fail(CLI_INTERRUPTED, "interrupted");
    }
    te_experts_get_info(at->experts, &info);
    if (info.pictures) {
        CLI_TRY(print_gates(at, &info));
        CLI_TRY(te_experts_count_losses(at->experts) ? print_losses(at, &info) : CLI_OK);
        CLI_TRY(out ? cli_report(te_experts_save(at->experts, out)) : CLI_OK);
    }
    return at->failed ? CLI_INPUT_FAILED : CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments};
    int status = analyse(&at);
    if (status != CLI_OK && at.total > 1 && at.experts) {
        cli_note("%" PRIu64 " of %" PRIu64 " pictures done", at.done, at.total);
    }
    te_experts_free(at.experts);
    status = cli_device_close(at.device, status);
    te_settings_free(at.settings);
    te_model_free(at.model);
    cli_inputs_free(&at.inputs);
    return status;
}

const cli_command cli_experts = {
    .name = "experts",
    .summary = "which expert serves which task",
    .operands = "[PICTURE|FOLDER...]",
    .most = SIZE_MAX,
    .takes_settings = 1,
    .description =
        "Prints how much each task takes from each expert and from its memory at each tap: the mean of the gate's scores, "
        "and their entropy, 0 where one expert takes all to 1 where all are equal. With pictures it looks at these; with -o "
        "it also draws a sheet of each, <stem>_experts.png: the experts' features in colours, below them the scores.\n"
        "Without pictures it looks at the validation split of [data], which a checkpoint brings along, and also "
        "prints what the first metric of every task becomes when an expert, or the memory, is switched off, and the change. "
        "Off means that gates cannot choose it; the other scores share its place. docs/EXPERTS.md says more.\n"
        "On standard output come the tables; with -o the folder also gets experts.json.",
    .options = options,
    .run = run,
};
