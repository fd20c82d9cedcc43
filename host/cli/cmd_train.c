/* taskexpert train: a run folder with settings, log and checkpoints. */
#include "message.h"
#include "options.h"
#include "resolve.h"
#include "stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OUT, CONFIG, DEVICE, WEIGHTS, RESUME };
enum { PATH_BYTES = 4096 };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FOLDER", "the run folder; made if absent", CLI_MUST},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [WEIGHTS] = {'w', "weights", "FILE", "start from these weights instead of random ones", CLI_MAY},
    [RESUME] = {0, "resume", "FILE", "go on where this checkpoint of a run ended", CLI_MAY},
    {0},
};

typedef struct job {
    const cli_arguments *arguments;
    te_settings *settings;
    te_model *model;
    te_device *device;
    te_trainer *trainer;
    FILE *log;
    int64_t save_every;
    double seconds, waited; /* since the last line shown */
    int64_t shown;
} job;

static const char *path_in_run(const job *at, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", at->arguments->option[OUT], name);
    return path;
}

/* ---- while it runs ---- */

/* A row of log.csv; the first one is preceded by the names of the columns. */
static void log_step(const job *at, const te_train_report *report)
{
    if (ftell(at->log) == 0) {
        fprintf(at->log, "step,rate,total,norm,seconds,waited");
        for (int t = 0; t < report->task_count; t++) {
            fprintf(at->log, ",%s", report->tasks[t]);
        }
        fprintf(at->log, "\n");
    }
    fprintf(at->log, "%lld,%.8g,%.8g,%.8g,%.4f,%.4f", (long long)report->step, (double)report->rate,
            (double)report->total, (double)report->norm, report->seconds, report->waited);
    for (int t = 0; t < report->task_count; t++) {
        fprintf(at->log, ",%.8g", (double)report->losses[t]);
    }
    fprintf(at->log, "\n");
    fflush(at->log);
}

static void show_step(job *at, const te_train_report *report)
{
    at->seconds += report->seconds;
    at->waited += report->waited;
    at->shown++;
    if (at->seconds < 2 && report->step < report->steps && report->step > 1) {
        return;
    }
    char losses[256] = "";
    size_t used = 0;
    for (int t = 0; t < report->task_count && used < sizeof losses; t++) {
        used += (size_t)snprintf(losses + used, sizeof losses - used, " %s %.4f", report->tasks[t],
                                 (double)report->losses[t]);
    }
    double left = (double)(report->steps - report->step) * at->seconds / (double)at->shown;
    cli_note("step %lld/%lld total %.4f norm %.2f rate %.2e%s, %.2f s a step, %.0f %% waiting, %.0f min left",
             (long long)report->step, (long long)report->steps, (double)report->total, (double)report->norm,
             (double)report->rate, losses, at->seconds / (double)at->shown, 100 * at->waited / at->seconds, left / 60);
    at->seconds = at->waited = 0;
    at->shown = 0;
}

static te_status after_step(const te_train_report *report, void *context)
{
    job *at = context;
    char path[PATH_BYTES];
    log_step(at, report);
    show_step(at, report);
    return report->step % at->save_every == 0 ? te_trainer_save(at->trainer, path_in_run(at, "last.safetensors", path))
                                              : TE_OK;
}

/* ---- before and after ---- */

static int open_run(job *at)
{
    char path[PATH_BYTES], value[CLI_TEXT];
    const char *folder = at->arguments->option[OUT];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return cli_fail(CLI_FILE, "cannot make folder '%s': %s", folder, strerror(errno));
    }
    CLI_TRY(cli_report(te_settings_save(at->settings, path_in_run(at, "settings.ini", path))));
    CLI_TRY(cli_report(te_settings_get(at->settings, "train.save_every", value, sizeof value)));
    at->save_every = strtoll(value, NULL, 10);
    at->log = fopen(path_in_run(at, "log.csv", path), "a");
    return at->log ? CLI_OK : cli_fail(CLI_FILE, "cannot open '%s': %s", path, strerror(errno));
}

/* The model of a checkpoint or of weights brings its own settings; key=value and the ini file set the rest. */
static int open_model(job *at)
{
    static const char *const fixed[] = {"model.", NULL};
    const char *resume = at->arguments->option[RESUME], *from = resume ? resume : at->arguments->option[WEIGHTS];
    cli_sources sources = {.config = at->arguments->option[CONFIG], .device = at->arguments->option[DEVICE],
                           .words = at->arguments->settings, .word_count = at->arguments->setting_count};
    if (from) {
        CLI_TRY(cli_report(te_model_load(&at->model, from)));
        return cli_resolve_over(&at->settings, at->model, from, &sources, fixed);
    }
    CLI_TRY(cli_resolve(&at->settings, &sources));
    char seed[CLI_TEXT];
    CLI_TRY(cli_report(te_settings_get(at->settings, "train.seed", seed, sizeof seed)));
    return cli_report(te_model_create(&at->model, at->settings, strtoull(seed, NULL, 10)));
}

static int train(job *at)
{
    char path[PATH_BYTES];
    const char *resume = at->arguments->option[RESUME];
    CLI_TRY(open_model(at));
    CLI_TRY(open_run(at));
    CLI_TRY(cli_report(te_device_open(&at->device, at->settings)));
    CLI_TRY(cli_report(te_trainer_create(&at->trainer, at->model, at->device, at->settings)));
    if (resume) {
        CLI_TRY(cli_report(te_trainer_load(at->trainer, resume)));
    }
    cli_stop_install();
    te_status status = te_trainer_run(at->trainer, after_step, at);
    if (status != TE_OK && status != TE_ERR_INTERRUPTED) {
        return cli_report(status);
    }
    CLI_TRY(cli_report(te_trainer_save(at->trainer, path_in_run(at, "last.safetensors", path))));
    printf("%s\n", path);
    return status == TE_OK ? CLI_OK : cli_fail(CLI_INTERRUPTED, "interrupted; go on with --resume '%s'", path);
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments};
    int status = train(&at);
    if (at.log) {
        fclose(at.log);
    }
    te_trainer_free(at.trainer);
    te_device_close(at.device);
    te_model_free(at.model);
    te_settings_free(at.settings);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a model on generated rooms (being built)",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Trains the model that the settings describe, or the one in --weights, as [train] and [data] say. The run folder "
        "gets the resolved settings, log.csv with a row a step, and last.safetensors, a checkpoint that infer reads as "
        "weights. Ctrl-C ends the step, saves, and says how to resume.\n"
        "Augmentation, stochastic depth, other data sets, curves and validation are not there yet.",
    .options = options,
    .run = run,
};
