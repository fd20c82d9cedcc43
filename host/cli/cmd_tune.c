/* taskexpert tune: the fastest variant of every op of a model, found by trying them. */
#include "folder.h"
#include "message.h"
#include "model_settings.h"
#include "options.h"
#include "recording.h"
#include "stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OUT, TRAIN, ROUNDS, TIME, PRECISION, WEIGHTS, CONFIG, DEVICE };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FILE", "the file to write, for kernels.tuning; default: this device's own", CLI_MAY},
    [TRAIN] = {0, "train", NULL, "also the ops of a step of training", CLI_MAY},
    [ROUNDS] = {0, "rounds", "N", "samples of each variant, in turn; default 5", CLI_MAY},
    [TIME] = {0, "time", "SECONDS", "begin no op after so long", CLI_MAY},
    [PRECISION] = {0, "precision", "NAME", "of products: fp32, bf16 or fp16, for inference and training", CLI_MAY},
    [WEIGHTS] = {'w', "weights", "FILE", "the model of this weight file instead of the settings'", CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    {0},
};

/* ---- what was found ---- */

/* "cpu 2.033 ms", "generic 150 ms, too slow", "bf16 is wrong: ..." */
static void print_candidate(const te_tune_candidate *candidate)
{
    switch (candidate->fate) {
    case TE_TUNE_TIMED: printf("  %s %.4g ms", candidate->variant, 1e3 * candidate->seconds); break;
    case TE_TUNE_SLOW: printf("  %s %.4g ms (too slow)", candidate->variant, 1e3 * candidate->seconds); break;
    case TE_TUNE_WRONG:
        printf("  %s is WRONG (differs from the %s by %.1e)", candidate->variant, candidate->judge, candidate->error);
        break;
    default: printf("  %s failed (%s)", candidate->variant, candidate->why);
    }
}

/* Two lines: the call, and its candidates with the winner. */
static te_status print_shape(const te_tune *tune, size_t done, size_t count, void *context)
{
    size_t index = te_tune_count(tune) - 1;
    te_tune_shape shape;
    int *failed = context;
    te_status status = te_tune_get(tune, index, &shape);
    if (status != TE_OK) {
        return status;
    }
    printf("[%zu/%zu] %s%s %s, %" PRIu64 " a pass\n  ", done, count, shape.training ? "training: " : "", shape.op, shape.shape,
           shape.runs);
    for (size_t i = 0; i < shape.candidates && status == TE_OK; i++) {
        te_tune_candidate candidate;
        status = te_tune_get_candidate(tune, index, i, &candidate);
        if (status == TE_OK) {
            print_candidate(&candidate);
        }
    }
    printf("  -> %s%s\n", shape.winner, strcmp(shape.winner, shape.usual) == 0 ? "" : " (new)");
    *failed = cli_flush_results();
    return *failed == CLI_OK ? status : TE_ERR_FILE;
}

/* Winners that were noise, or that are in each other's way. Two passes differ by a twentieth anyway. */
static void warn_of_slower_pass(const te_tune_summary *summary)
{
    char line[CLI_TEXT];
    double slower = summary->before > 0.0 ? summary->after / summary->before - 1.0 : 0.0;
    if (slower > 0.05) {
        snprintf(line, sizeof line, "the winners made the forward pass %.0f %% slower: delete '%s' or set kernels.tuning=off, "
                 "and tune again on a quiet machine", 100.0 * slower, summary->path ? summary->path : "");
        cli_message_log(TE_LOG_WARNING, line, NULL);
    }
}

static void print_summary(const te_tune *tune)
{
    te_tune_summary summary;
    te_tune_get_summary(tune, &summary);
    printf("%zu shape%s, %zu winner%s", summary.shapes, summary.shapes == 1 ? "" : "s", summary.winners,
           summary.winners == 1 ? "" : "s");
    if (summary.before > 0.0) {
        printf(", forward %.4f -> %.4f s", summary.before, summary.after);
    }
    printf("; written to '%s'\n", summary.path ? summary.path : "");
    warn_of_slower_pass(&summary);
    if (summary.left) {
        cli_note("%zu kinds of calls were not tried for want of time: they stay as they are", summary.left);
    }
}

/* ---- all of it ---- */

static int tune_device(const cli_arguments *arguments, te_device *device, const te_settings *settings, uint64_t rounds,
                       uint64_t seconds)
{
    te_tune *tune;
    int failed = CLI_OK;
    te_tune_options what = {.training = arguments->option[TRAIN] != NULL, .rounds = (int)rounds, .seconds = (double)seconds,
                            .path = arguments->option[OUT], .report = print_shape, .context = &failed};
    te_status status = te_tune_run(&tune, device, settings, &what);
    CLI_TRY(failed); /* told where standard output failed */
    CLI_TRY(cli_report(status));
    print_summary(tune);
    te_tune_free(tune);
    return CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count};
    const char *out = arguments->option[OUT];
    te_settings *settings;
    te_device *device = NULL;
    uint64_t rounds = 0, seconds = 0;
    if (arguments->option[ROUNDS]) {
        CLI_TRY(cli_number("rounds", arguments->option[ROUNDS], 1, 1000, &rounds));
    }
    if (arguments->option[TIME]) {
        CLI_TRY(cli_number("time", arguments->option[TIME], 1, 1000000, &seconds));
    }
    if (out && !*out) {
        return cli_fail(CLI_USAGE, "'tune' needs a name behind '--out': FILE");
    }
    CLI_TRY(out ? cli_folder_check_replaced(out, CLI_JSON, options, arguments) : CLI_OK);
    CLI_TRY(cli_model_settings(&settings, arguments->option[WEIGHTS], &sources, arguments->option[PRECISION]));
    cli_stop_install(CLI_STOP_SOON);
    int status = cli_report(cli_device_open(&device, settings));
    if (status == CLI_OK) {
        status = tune_device(arguments, device, settings, rounds, seconds);
    }
    status = cli_device_close(device, cli_stop_conclude(status));
    te_settings_free(settings);
    return status;
}

const cli_command cli_tune = {
    .name = "tune",
    .summary = "try the variants of a model's ops and keep the fastest",
    .operands = "",
    .takes_settings = 1,
    .description =
        "For every kind of call that the forward pass of the model makes (with --train also a step of training), each variant "
        "of the op that the device can run is run on the same random numbers. Its result is compared with the op's "
        "double-precision reference, or where that would take long with the default's result, and the reference on a small "
        "case; one that is wrong is named and never wins. The others are timed in turn, and the fastest wins if it takes a "
        "tenth less than the default.\n"
        "Winners are kept in a file for this device, driver and version, which every later command reads "
        "(kernels.tuning=auto), or in the one that --out names (kernels.tuning=FILE). Calls that were not tried keep what an "
        "earlier tuning found; Ctrl-C keeps what was found by then. Nothing else should run beside it; "
        "winners that made the forward pass slower are warned of.",
    .options = options,
    .run = run,
};
