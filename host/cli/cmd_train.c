/* taskexpert train: settings, a model and a run folder for the trainer; progress; how to go on. */
#include "duration.h"
#include "message.h"
#include "options.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUT, CONFIG, DEVICE, WEIGHTS, RESUME };
enum { PATH_BYTES = 4096, SECONDS_BETWEEN_LINES = 5 };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FOLDER", "the run folder, made if absent; with --resume by default the checkpoint's", CLI_SHOULD},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [WEIGHTS] = {'w', "weights", "FILE", "start from these weights instead of random ones", CLI_MAY},
    [RESUME] = {0, "resume", "CKPT", "go on where this checkpoint of a run ended, with its settings", CLI_MAY},
    {0},
};

typedef struct job {
    const cli_arguments *arguments;
    char folder[PATH_BYTES];
    te_settings *settings;
    te_model *model;
    te_device *device;
    te_trainer *trainer;
    double start, shown;             /* when the first step began, when a line was shown last */
    int64_t first;                   /* steps taken before that; -1: not begun */
    double seconds, waited, pictures; /* since the last line shown */
} job;

/* ---- while it runs ---- */

/* "semseg 1.2345 depth 0.4567"; a task without a label in this step has "-". */
static void print_losses(char *text, size_t bytes, const te_train_report *report)
{
    size_t used = 0;
    for (int t = 0; t < report->task_count && used < bytes; t++) {
        const char *format = isnan(report->losses[t]) ? " %s -" : " %s %.4f";
        used += (size_t)snprintf(text + used, bytes - used, format, report->tasks[t], (double)report->losses[t]);
    }
}

/* A line at the first and last step, and every few seconds between. */
static te_status after_step(const te_train_report *report, void *context)
{
    job *at = context;
    double time = cli_now();
    if (at->first < 0) { /* the first step's own time is not to be had from here */
        at->first = report->step - 1;
        at->start = at->shown = time - report->seconds;
    }
    at->seconds += report->seconds;
    at->waited += report->waited;
    at->pictures += report->pictures;
    if (time - at->shown < SECONDS_BETWEEN_LINES && report->step < report->steps && report->step > at->first + 1) {
        return TE_OK;
    }
    char losses[256] = "", left[32];
    print_losses(losses, sizeof losses, report);
    double each = (time - at->start) / (double)(report->step - at->first); /* with validations and checkpoints */
    cli_print_duration(left, sizeof left, each * (double)(report->steps - report->step));
    cli_note("step %lld/%lld: total %.4f,%s | norm %.2f | rate %.2e | %.3g images/s, %.0f %% waiting | %s left",
             (long long)report->step, (long long)report->steps, (double)report->total, losses, (double)report->norm,
             (double)report->rate, at->pictures / at->seconds, 100 * at->waited / at->seconds, left);
    at->seconds = at->waited = at->pictures = 0;
    at->shown = time;
    return TE_OK;
}

/* ---- how to go on ---- */

/* A word for the shell, in single quotes: a quote inside becomes '\''. */
static void add_word(char *line, size_t bytes, const char *word)
{
    size_t used = strlen(line);
    if (used + 3 >= bytes) {
        return;
    }
    line[used++] = ' ';
    line[used++] = '\'';
    for (; *word && used + 6 < bytes; word++) {
        if (*word == '\'') {
            memcpy(line + used, "'\\'", 3);
            used += 3;
        }
        line[used++] = *word;
    }
    snprintf(line + used, bytes - used, "'");
}

/* The command that goes on with this run. A checkpoint holds all settings but the device's and the kernels'. */
static void print_resume(const job *at, const char *checkpoint, char *line, size_t bytes)
{
    snprintf(line, bytes, "taskexpert train --resume");
    add_word(line, bytes, checkpoint);
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        char value[CLI_TEXT], word[2 * CLI_TEXT];
        int local = strncmp(info->key, "device.", 7) == 0 || strncmp(info->key, "kernels.", 8) == 0;
        local = local && strcmp(info->key, "device.record") != 0; /* that is --profile's and --trace's */
        if (local && te_settings_get(at->settings, info->key, value, sizeof value) == TE_OK &&
            strcmp(value, info->default_value) != 0) {
            snprintf(word, sizeof word, "%s=%s", info->key, value);
            add_word(line, bytes, word);
        }
    }
}

/* ---- before ---- */

static int choose_folder(job *at)
{
    const char *out = at->arguments->option[OUT], *resume = at->arguments->option[RESUME];
    if (resume && at->arguments->option[WEIGHTS]) {
        return cli_fail(CLI_USAGE, "options '--resume' and '--weights' exclude each other: a checkpoint has its weights");
    }
    if (!out && !resume) {
        return cli_fail(CLI_USAGE, "'train' needs the option '--out FOLDER', or '--resume CKPT'");
    }
    const char *slash = resume ? strrchr(resume, '/') : NULL;
    int length = out ? (int)strlen(out) : slash ? (int)(slash - resume) : 0;
    const char *from = out ? out : resume;
    snprintf(at->folder, sizeof at->folder, "%.*s", length, from);
    if (!out && length == 0) {
        snprintf(at->folder, sizeof at->folder, slash ? "/" : ".");
    }
    return CLI_OK;
}

/* Settings that change nothing of what training computes. */
static int is_free(const char *key)
{
    static const char *const keys[] = {"train.save_every", "train.validate_every", "train.sheet_samples", "data.threads"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return 1;
        }
    }
    return strncmp(key, "device.", 7) == 0 || strncmp(key, "kernels.", 8) == 0 || strncmp(key, "infer.", 6) == 0 ||
           strncmp(key, "eval.", 5) == 0;
}

/* A run that goes on with other settings is allowed, but not the run that it was. */
static int warn_of_changes(const job *at)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const char *key = te_settings_get_info(row)->key;
        char is[CLI_TEXT], was[CLI_TEXT], line[3 * CLI_TEXT];
        if (is_free(key)) {
            continue;
        }
        CLI_TRY(cli_report(te_settings_get(at->settings, key, is, sizeof is)));
        CLI_TRY(cli_report(te_settings_get(te_model_get_settings(at->model), key, was, sizeof was)));
        if (strcmp(is, was) != 0) {
            snprintf(line, sizeof line, "the run goes on with '%s' = '%s' instead of '%s': it will not be, bit for bit, what "
                     "it would have been", key, is, was);
            cli_message_log(TE_LOG_WARNING, line, NULL);
        }
    }
    return CLI_OK;
}

/* The model of a checkpoint or of weights brings its own settings, a checkpoint all those of its run; the ini file and
 * key=value go over them. */
static int open_model(job *at)
{
    static const char *const run_sections[] = {"train.", "data.", NULL};
    static const char *const size[] = {"input.height", "input.width", "model.", NULL}, *const *fixed = size + 2;
    const char *resume = at->arguments->option[RESUME], *from = resume ? resume : at->arguments->option[WEIGHTS];
    cli_sources sources = {.config = at->arguments->option[CONFIG], .device = at->arguments->option[DEVICE],
                           .words = at->arguments->settings, .word_count = at->arguments->setting_count,
                           .run = resume ? run_sections : NULL};
    if (from) {
        CLI_TRY(cli_report(te_model_load(&at->model, from)));
        CLI_TRY(cli_resolve_over(&at->settings, at->model, from, &sources, resume ? size : fixed));
        return resume ? warn_of_changes(at) : CLI_OK;
    }
    CLI_TRY(cli_resolve(&at->settings, &sources));
    char seed[CLI_TEXT];
    CLI_TRY(cli_report(te_settings_get(at->settings, "train.seed", seed, sizeof seed)));
    return cli_report(te_model_create(&at->model, at->settings, strtoull(seed, NULL, 10)));
}

static int open_trainer(job *at)
{
    const char *resume = at->arguments->option[RESUME];
    CLI_TRY(cli_report(cli_device_open(&at->device, at->settings)));
    CLI_TRY(cli_report(te_trainer_create(&at->trainer, at->model, at->device, at->settings)));
    if (resume) {
        CLI_TRY(cli_report(te_trainer_load(at->trainer, resume)));
    }
    return cli_report(te_trainer_set_folder(at->trainer, at->folder));
}

static int train(job *at)
{
    char path[PATH_BYTES + 32], line[2 * PATH_BYTES];
    CLI_TRY(choose_folder(at));
    CLI_TRY(open_model(at));
    CLI_TRY(open_trainer(at));
    cli_stop_install("after this step, with a checkpoint");
    te_status status = te_trainer_run(at->trainer, after_step, at);
    snprintf(path, sizeof path, "%s/last.safetensors", at->folder);
    if (status == TE_ERR_INTERRUPTED) {
        print_resume(at, path, line, sizeof line);
        return cli_fail(CLI_INTERRUPTED, "interrupted; to go on: %s", line);
    }
    int result = cli_report(status);
    if (result != CLI_OK && at->first >= 0) {
        print_resume(at, path, line, sizeof line);
        cli_note("to go on from the last checkpoint: %s", line);
    }
    CLI_TRY(result);
    if (at->first < 0) {
        cli_note("no step was left to take: a larger train.iterations goes on");
    }
    printf("%s\n", path);
    return CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments, .first = -1};
    int status = train(&at);
    te_trainer_free(at.trainer);
    status = cli_device_close(at.device, status);
    te_model_free(at.model);
    te_settings_free(at.settings);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a model; resume a training",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Trains the model that the settings describe, or the one in --weights, as [train] and [data] say. The run folder "
        "gets settings.ini, log.csv (a row a step), validation.csv, curves.svg, sheets of validation pictures, and the "
        "checkpoints last.safetensors and best.safetensors, which infer reads as weights.\n"
        "Ctrl-C ends the step, saves, and says how to go on; a second one stops at once. With --resume the settings of the "
        "run come from the checkpoint, and the same steps follow, bit for bit; other settings may be given over them.",
    .options = options,
    .run = run,
};
