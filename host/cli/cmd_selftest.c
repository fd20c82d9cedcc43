/* taskexpert selftest: does a device compute what it should? */
#include "json.h"
#include "message.h"
#include "options.h"
#include "recording.h"
#include "resolve.h"
#include "stop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OP, VARIANT, JSON, CONFIG, DEVICE };

static const cli_option options[] = {
    [OP] = {0, "op", "NAME", "this op alone", CLI_MAY},
    [VARIANT] = {0, "variant", "NAME", "this variant of each op alone, for example generic", CLI_MAY},
    [JSON] = {0, "json", NULL, "for programs: all of it as one object, with every case", CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    {0},
};

/* ---- for people: a line for each variant of each op, whose cases follow each other ---- */

typedef struct tally {
    char op[32], variant[32];
    size_t cases, bad;
    double worst;
} tally;

static void print_tally(const tally *at)
{
    if (at->cases) {
        printf("%-20s %-10s %3zu %s error up to %.1e  %s\n", at->op, at->variant, at->cases,
               at->cases == 1 ? "case, " : "cases,", at->worst, at->bad ? "BAD" : "ok");
    }
}

static void print_result(tally *at, const te_selftest_result *result, size_t done, size_t count)
{
    if (strcmp(at->op, result->op) != 0 || strcmp(at->variant, result->variant) != 0) {
        print_tally(at);
        *at = (tally){.cases = 0};
        snprintf(at->op, sizeof at->op, "%s", result->op);
        snprintf(at->variant, sizeof at->variant, "%s", result->variant);
    }
    at->cases++;
    at->worst = fmax(at->worst, result->error);
    if (result->fate != TE_SELFTEST_RIGHT) {
        at->bad++;
        printf("  %s %s %s %s: %s\n", result->op, result->variant, result->shape,
               result->fate == TE_SELFTEST_WRONG ? "is WRONG" : "FAILED", result->why);
    }
    if (done == count) {
        print_tally(at);
    }
}

static void print_summary(const te_device_info *info, const te_selftest_summary *summary)
{
    printf("%zu cases: %zu right, %zu wrong, %zu failed, on device %d, %s (%s, driver %s)\n", summary->cases,
           summary->cases - summary->wrong - summary->failed, summary->wrong, summary->failed, info->index, info->name,
           info->platform, info->driver);
}

/* ---- for programs: one object, a case a line ---- */

/* Print `"key": "text", ` of each row. */
static void print_json_texts(const char *const rows[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cli_json_text(rows[i][0], rows[i][1]);
        fputs(", ", stdout);
    }
}

static void print_json_head(const te_device_info *info)
{
    const char *const rows[][2] = {{"library", te_version()}, {"device", info->name}, {"platform", info->platform},
                                   {"driver", info->driver}, {"language", info->language}, {"type", info->type}};
    putchar('{');
    print_json_texts(rows, sizeof rows / sizeof rows[0]);
    fputs("\"cases\": [", stdout);
}

static void print_json_result(const te_device_info *info, const te_selftest_result *result, size_t done)
{
    static const char *const fates[] = {[TE_SELFTEST_RIGHT] = "right", [TE_SELFTEST_WRONG] = "wrong",
                                        [TE_SELFTEST_FAILED] = "failed"};
    const char *const rows[][2] = {{"op", result->op}, {"variant", result->variant}, {"shape", result->shape},
                                   {"result", fates[result->fate]}, {"why", result->why}};
    if (done == 1) {
        print_json_head(info);
    }
    fputs(done > 1 ? ",\n {" : "\n {", stdout);
    print_json_texts(rows, sizeof rows / sizeof rows[0]);
    cli_json_number("error", result->fate == TE_SELFTEST_FAILED ? NAN : result->error);
    putchar('}');
}

static void print_json_summary(const te_device_info *info, const te_selftest_summary *summary)
{
    if (summary->cases == 0) {
        print_json_head(info);
    }
    printf("],\n\"right\": %zu, \"wrong\": %zu, \"failed\": %zu, \"left_out\": %zu}\n",
           summary->cases - summary->wrong - summary->failed, summary->wrong, summary->failed, summary->left_out);
}

/* ---- the test ---- */

typedef struct report {
    int json, status;
    te_device_info info;
    tally tally;
} report;

static te_status add(const te_selftest_result *result, size_t done, size_t count, void *context)
{
    report *at = context;
    if (at->json) {
        print_json_result(&at->info, result, done);
    } else {
        print_result(&at->tally, result, done, count);
    }
    at->status = cli_flush_results();
    return at->status == CLI_OK ? TE_OK : TE_ERR_FILE;
}

static int test_device(const cli_arguments *arguments, te_device *device)
{
    te_selftest_summary summary;
    report at = {.json = arguments->option[JSON] != NULL, .status = CLI_OK};
    te_selftest_options what = {.op = arguments->option[OP], .variant = arguments->option[VARIANT], .report = add,
                                .context = &at};
    CLI_TRY(cli_report(te_device_get_info(device, &at.info)));
    te_status status = te_selftest_run(device, &what, &summary);
    CLI_TRY(at.status); /* told where standard output failed */
    CLI_TRY(cli_report(status));
    if (at.json) {
        print_json_summary(&at.info, &summary);
    } else {
        print_summary(&at.info, &summary);
    }
    if (summary.left_out) {
        cli_note("%zu cases that take a simulator minutes were left out", summary.left_out);
    }
    return summary.wrong + summary.failed == 0
               ? CLI_OK
               : cli_fail(CLI_DEVICE, "this device is not right with all kernels: another variant of these ops may be "
                          "(kernels.variant=OP=VARIANT), or another driver");
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count};
    te_settings *settings;
    te_device *device = NULL;
    CLI_TRY(cli_resolve(&settings, &sources));
    te_settings_set(settings, "kernels.cache", "off"); /* what a driver makes of the kernels now is asked */
    cli_stop_install(CLI_STOP_SOON);
    int status = cli_report(cli_device_open(&device, settings));
    status = status == CLI_OK ? test_device(arguments, device) : status;
    status = cli_device_close(device, cli_stop_conclude(status));
    te_settings_free(settings);
    return status;
}

const cli_command cli_selftest = {
    .name = "selftest",
    .summary = "check what a device computes against references",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Runs the library's test cases - odd sizes, batches, values near overflow, infinities and NaN - by every variant of "
        "every op that the device can run, and compares the results with references in double precision, which this processor "
        "computes. A line for each op and variant says how many cases there were and the largest relative error; a case that "
        "is wrong or fails has a line of its own, and makes the exit status 4.\n"
        "The kernels are compiled anew (kernels.cache=off), which takes most of the time: a minute or so, on some drivers "
        "several.",
    .options = options,
    .run = run,
};
