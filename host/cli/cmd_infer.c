/* taskexpert infer: dense maps of pictures. */
#include "duration.h"
#include "folder.h"
#include "forward_timer.h"
#include "inputs.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS, OUT, CONFIG, DEVICE, NPY, GATES, RAW, NO_MAPS, TIME };

static const cli_option options[] = {
    [WEIGHTS] = {'w', "weights", "FILE", "the model: a safetensors file that 'init' or 'train' wrote", CLI_MUST},
    [OUT] = {'o', "out", "DIR", "folder for the results; it is made if it does not exist", CLI_SHOULD},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [NPY] = {0, "npy", NULL, "also write the maps' values, <stem>_<task>.npy", CLI_MAY},
    [GATES] = {0, "gates", NULL, "also draw which experts each task uses where, <stem>_gates_<task>.png", CLI_MAY},
    [RAW] = {0, "raw", NULL, "also write the network's input and output, <stem>.raw.safetensors", CLI_MAY},
    [NO_MAPS] = {0, "no-maps", NULL, "write the overview without a file for each map", CLI_MAY},
    [TIME] = {0, "time", "N", "write nothing: time N forward passes on noise, after one to warm up", CLI_MAY},
    {0},
};

typedef struct job {
    const cli_arguments *arguments;
    cli_sources sources;
    cli_inputs inputs;
    const char *out;
    uint64_t passes; /* of --time; 0: predict */
    double start;    /* of the command */
    te_model *model;
    te_settings *settings;
    te_device *device;
    te_evaluator *evaluator;
    size_t done, failed; /* pictures */
    const cli_input *present; /* the picture that is being run */
} job;

/* ---- before anything expensive ---- */

static int check_sources(const job *at)
{
    te_settings *settings;
    CLI_TRY(cli_resolve(&settings, &at->sources));
    te_settings_free(settings);
    return CLI_OK;
}

static int collect_inputs(job *at)
{
    const char *lacks = !at->out || !*at->out               ? "the option '--out DIR'"
                        : at->arguments->operand_count == 0 ? "PICTURE|FOLDER..."
                                                            : NULL;
    if (lacks) {
        return cli_fail(CLI_USAGE, "'infer' needs %s; see 'taskexpert help infer'", lacks);
    }
    CLI_TRY(cli_folder_check(at->out));
    for (size_t i = 0; i < at->arguments->operand_count; i++) {
        CLI_TRY(cli_inputs_add(&at->inputs, at->arguments->operands[i]));
    }
    CLI_TRY(cli_inputs_check_results(&at->inputs, at->out));
    at->failed = at->inputs.failed;
    return at->inputs.count ? CLI_OK : CLI_INPUT_FAILED;
}

/* ---- the model on the device ---- */

static int open_model(job *at)
{
    static const char *const fixed[] = {"model.", NULL}; /* the input size may differ */
    const char *weights = at->arguments->option[WEIGHTS];
    CLI_TRY(cli_report(te_model_load(&at->model, weights)));
    CLI_TRY(cli_resolve_over(&at->settings, at->model, weights, &at->sources, fixed));
    return cli_report(cli_device_open(&at->device, at->settings));
}

/* ---- pictures ---- */

static unsigned what_to_save(const cli_arguments *arguments)
{
    static const struct {
        int row;
        unsigned bit;
    } bits[] = {{NPY, TE_SAVE_NPY}, {GATES, TE_SAVE_GATES}, {RAW, TE_SAVE_RAW}};
    unsigned what = TE_SAVE_OVERVIEW | (arguments->option[NO_MAPS] ? 0 : TE_SAVE_MAPS);
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        what |= arguments->option[bits[i].row] ? bits[i].bit : 0;
    }
    return what;
}

static int print_result(const job *at, const cli_input *input)
{
    const char *slash = at->out[strlen(at->out) - 1] == '/' ? "" : "/";
    cli_progress_clear(); /* both streams may be one terminal */
    printf("%s -> %s%s%s_overview.png\n", input->path, at->out, slash, input->stem);
    return cli_flush_results();
}

/* The library's word that one of a picture's tiles is done. */
static te_status after_tile(size_t done, size_t count, void *context)
{
    const job *at = context;
    char text[512];
    snprintf(text, sizeof text, "tile %zu of %zu, %s", done, count, at->present->path);
    cli_progress_show((size_t)(at->present - at->inputs.list), text);
    return TE_OK;
}

static te_status predict(job *at, const cli_input *input, const te_picture *picture)
{
    te_prediction *prediction;
    at->present = input;
    te_status status = te_evaluator_run(at->evaluator, picture, &prediction);
    if (status == TE_OK) {
        status = te_prediction_save(prediction, at->out, input->stem, what_to_save(at->arguments));
        te_prediction_free(prediction);
    }
    return status;
}

/* A picture that cannot be read, or is too large for this machine, is told and counted; whatever else fails would
 * fail for the next one too. */
static int run_picture(const cli_input *input, void *context)
{
    job *at = context;
    te_picture *picture;
    te_status status = te_picture_load(&picture, input->path);
    int own_fault = status != TE_OK;
    if (status == TE_OK) {
        status = predict(at, input, picture);
        own_fault = status == TE_ERR_MEMORY;
        te_picture_free(picture);
    }
    if (status == TE_OK) {
        at->done++;
        return print_result(at, input);
    }
    at->failed += (size_t)own_fault;
    int result = cli_report(status);
    return own_fault ? CLI_OK : result;
}

/* ---- all of it ---- */

static int prepare(job *at)
{
    if (at->arguments->option[TIME]) {
        CLI_TRY(cli_number("time", at->arguments->option[TIME], 1, 1000000, &at->passes));
    }
    CLI_TRY(check_sources(at));
    return at->passes ? CLI_OK : collect_inputs(at);
}

static int infer(job *at)
{
    CLI_TRY(prepare(at));
    cli_stop_install(CLI_STOP_SOON);
    CLI_TRY(open_model(at));
    if (at->passes) {
        CLI_TRY(cli_time_forward(at->model, at->device, at->settings, at->passes));
    } else {
        CLI_TRY(cli_report(te_evaluator_create(&at->evaluator, at->model, at->device, at->settings)));
        te_evaluator_set_report(at->evaluator, after_tile, at);
        if (cli_message_get_level() > 0) {
            cli_note("ready for pictures after %.2f s", cli_now() - at->start);
        }
        CLI_TRY(cli_inputs_run(&at->inputs, run_picture, at));
    }
    /* also where no call was left to be interrupted: whoever started the command wants it to stop */
    return cli_stop_wanted() ? cli_fail(CLI_INTERRUPTED, "interrupted") : CLI_OK;
}

/* What became of the pictures, where not all of them are done; of one, or before the first, the line above says it. */
static int conclude(const job *at, int status)
{
    size_t total = at->inputs.count + at->inputs.failed;
    if (at->evaluator && total > 1 && at->done + at->failed > 0 && (status != CLI_OK || at->failed)) {
        cli_note("%zu of %zu pictures done, %zu failed", at->done, total, at->failed);
    }
    return status == CLI_OK && at->failed ? CLI_INPUT_FAILED : status;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments,
              .sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                          .words = arguments->settings, .word_count = arguments->setting_count},
              .out = arguments->option[OUT], .start = cli_now()};
    int status = conclude(&at, infer(&at));
    te_evaluator_free(at.evaluator);
    status = cli_device_close(at.device, status);
    te_settings_free(at.settings);
    te_model_free(at.model);
    cli_inputs_free(&at.inputs);
    return status;
}

const cli_command cli_infer = {
    .name = "infer",
    .summary = "dense maps of pictures",
    .operands = "PICTURE|FOLDER...",
    .most = SIZE_MAX,
    .takes_settings = 1,
    .description =
        "Runs each picture through the model and writes what the model sees in it: one map for each task "
        "(<stem>_<task>.png, depth also in millimetres as <stem>_depth_mm.png) and all of them with their legends "
        "on one page (<stem>_overview.png), where <stem> is the picture's name without its extension. A picture "
        "has 1 x 1 to 16000 x 16000 pixels; the maps come at its size, those of classes and depth with their legend "
        "below it (--npy: the values alone). Results that are there already are replaced, but never a picture that is "
        "named.\n"
        "Of a folder all pictures are taken, in the order of their names, without the folders inside it. A "
        "picture that cannot be read is reported, and the others are done.\n"
        "On standard output comes one line for each picture, '<picture> -> <overview>', and with --time one line "
        "for each pass, 'forward_seconds <seconds>'; nothing else. --time reads no pictures and needs no -o.\n"
        "The weight file says how its model is made. Settings may choose the device and the kernels, and the "
        "input size that pictures are fitted to; one that contradicts the model is an error. infer.flip and infer.scales "
        "average what the model sees in a mirrored and resized picture, infer.tiles runs a large picture in parts at its "
        "own size; docs/INFERENCE.md says how, and what it costs.",
    .options = options,
    .run = run,
};
