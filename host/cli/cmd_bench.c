/* taskexpert bench: how fast a device is, the ops of a model on it, and the model. */
#include "message.h"
#include "model_settings.h"
#include "options.h"
#include "recording.h"
#include "stop.h"
#include "table.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPS, MODEL, TRAIN, RUNS, PRECISION, JSON, WEIGHTS, CONFIG, DEVICE };

static const cli_option options[] = {
    [OPS] = {0, "ops", NULL, "only the ops, each by itself", CLI_MAY},
    [MODEL] = {0, "model", NULL, "only the model as a whole", CLI_MAY},
    [TRAIN] = {0, "train", NULL, "also a step of training, as [train] says", CLI_MAY},
    [RUNS] = {0, "runs", "N", "samples of each op, and passes of the model; default 7", CLI_MAY},
    [PRECISION] = {0, "precision", "NAME", "of products: fp32, bf16 or fp16, for inference and training", CLI_MAY},
    [JSON] = {0, "json", NULL, "for programs: all of it as one object", CLI_MAY},
    [WEIGHTS] = {'w', "weights", "FILE", "the model of this weight file instead of the settings'", CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    {0},
};

/* ---- ops ---- */

static void add_number(cli_table *table, double number, int digits)
{
    if (number > 0.0) {
        cli_table_add(table, "%.*f", digits, number);
    } else {
        cli_table_add(table, "%s", "");
    }
}

static void add_op(cli_table *table, const te_bench_op *op)
{
    cli_table_add(table, "%s", op->op);
    cli_table_add(table, "%s", op->variant);
    cli_table_add(table, "%s", op->shape);
    cli_table_add(table, "%" PRIu64, op->runs);
    add_number(table, 1e3 * op->seconds, 3);
    add_number(table, 1e-9 * op->operations / op->seconds, 1);
    add_number(table, 1e-9 * op->bytes / op->seconds, 1);
    add_number(table, 100.0 * op->share, 0);
    add_number(table, 100.0 * op->of_pass, 1);
}

static int print_ops(const te_bench *bench, int training)
{
    static const char *const heads[] = {"op", "variant", "shape", "runs", "ms", "GFLOP/s", "GB/s", "% of ceiling", "% of pass"};
    cli_table table = {.alignment = "lllrrrrrr"};
    double seconds = 0.0;
    size_t rows = 0;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        cli_table_add(&table, "%s", heads[i]);
    }
    for (size_t i = 0; i < te_bench_count(bench); i++) {
        te_bench_op op;
        CLI_TRY(cli_report(te_bench_get(bench, i, &op)));
        if (op.training == training) {
            add_op(&table, &op);
            seconds += op.seconds * (double)op.runs;
            rows++;
        }
    }
    if (rows == 0) {
        cli_table_free(&table);
        return CLI_OK;
    }
    printf("\n%s: %zu kinds of calls, each by itself, together %.2f ms\n", training ? "step of training" : "forward pass", rows,
           1e3 * seconds);
    return cli_table_print(&table, 0);
}

/* ---- the model ---- */

static int print_pass(const te_bench *bench, int training)
{
    te_bench_pass pass;
    char weights[32], results[32], least[32], resident[32];
    if (te_bench_get_pass(bench, training, &pass) != TE_OK) {
        return CLI_OK; /* not asked for */
    }
    cli_table table = {.alignment = "ll"};
    printf("\n%s, %d runs\n", training ? "step of training" : "forward pass", pass.runs);
    cli_table_add(&table, "time");
    cli_table_add(&table, "%.4f s (quartiles %.4f and %.4f), %.3g images/s, %.1f GFLOP/s", pass.median, pass.low, pass.high,
                  pass.pictures / pass.median, 1e-9 * pass.operations / pass.median);
    cli_table_add(&table, "until the first is done");
    cli_table_add(&table, "%.3f s", pass.first);
    cli_table_add(&table, "memory");
    cli_table_add(&table, "weights %s, results %s (no plan needs less than %s); process %s",
                  cli_bytes(weights, pass.memory.parameters), cli_bytes(results, pass.memory.activations),
                  cli_bytes(least, pass.memory.live), cli_bytes(resident, pass.resident));
    return cli_table_print(&table, 0);
}

/* ---- all of it ---- */

static int print_device(const te_bench *bench, const te_device *device)
{
    te_device_info info;
    te_bench_ceilings c;
    char large[32], small[32];
    CLI_TRY(cli_report(te_device_get_info(device, &info)));
    te_bench_get_ceilings(bench, &c);
    printf("device %d, %s (%s, %u compute units)\n", info.index, info.name, info.platform, info.compute_units);
    printf("at most %.1f GFLOP/s in fp32; copies of %s %.1f GB/s, of %s %.1f GB/s\n", 1e-9 * c.operations,
           cli_bytes(large, c.memory_bytes), 1e-9 * c.memory, cli_bytes(small, c.cache_bytes), 1e-9 * c.cache);
    return CLI_OK;
}

static int print(const te_bench *bench, const te_device *device, int json)
{
    if (json) {
        puts(te_bench_get_json(bench));
        return CLI_OK;
    }
    CLI_TRY(print_device(bench, device));
    CLI_TRY(print_ops(bench, 0));
    CLI_TRY(print_ops(bench, 1));
    CLI_TRY(print_pass(bench, 0));
    return print_pass(bench, 1);
}

static int measure(const cli_arguments *arguments, te_device *device, const te_settings *settings, uint64_t runs)
{
    te_bench *bench;
    te_bench_options what = {.ops = arguments->option[OPS] != NULL, .model = arguments->option[MODEL] != NULL,
                             .training = arguments->option[TRAIN] != NULL, .runs = (int)runs};
    CLI_TRY(cli_report(te_bench_run(&bench, device, settings, &what)));
    int status = print(bench, device, arguments->option[JSON] != NULL);
    te_bench_free(bench);
    return status;
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count};
    te_settings *settings;
    te_device *device = NULL;
    uint64_t runs = 0;
    if (arguments->option[RUNS]) {
        CLI_TRY(cli_number("runs", arguments->option[RUNS], 1, 10000, &runs));
    }
    CLI_TRY(cli_model_settings(&settings, arguments->option[WEIGHTS], &sources, arguments->option[PRECISION]));
    cli_stop_install(CLI_STOP_SOON);
    int status = cli_report(cli_device_open(&device, settings));
    if (status == CLI_OK) {
        status = measure(arguments, device, settings, runs);
    }
    status = cli_device_close(device, cli_stop_conclude(status));
    te_settings_free(settings);
    return status;
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "speed of a device, of a model's ops, of the model",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Measures first what the device does at most: multiply-adds in registers, and copies, one beyond its caches and one "
        "inside them. Then, on random weights and numbers, the model that the settings or --weights describe.\n"
        "Ops: every kind of call that the forward pass makes, by itself, the kinds in turn: median time, operations and bytes "
        "(of inputs and result, each once) a second. '% of ceiling' is the share of what the device could do with so many "
        "operations on so many bytes; above 100 where caches hold what was counted as memory, where products of 16 bits are "
        "faster than fp32, or where a convolution takes fewer multiplications than are counted. A '=' marks inputs that are "
        "made once for all runs, such as weights.\n"
        "Model: time of a pass (median and quartiles), until the first one is done, memory. With --train also a step of "
        "training. Nothing else should run beside it.",
    .options = options,
    .run = run,
};
