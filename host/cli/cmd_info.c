/* taskexpert info: a model in numbers. */
#include "message.h"
#include "recording.h"
#include "resolve.h"
#include "table.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CONFIG, DEVICE };

static const cli_option options[] = {
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    {0},
};

/* What describes the model. */
static int add_settings(cli_table *table, const te_settings *settings)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        char value[CLI_TEXT];
        if (strncmp(info->key, "model.", 6) == 0 || strncmp(info->key, "input.", 6) == 0) {
            CLI_TRY(cli_report(te_settings_get(settings, info->key, value, sizeof value)));
            cli_table_add(table, "%s", info->key);
            cli_table_add(table, "%s%s", *value ? value : "-",
                          strcmp(value, info->default_value) ? "" : " (default)");
        }
    }
    return CLI_OK;
}

static void add_part(cli_table *table, const te_model_part *part)
{
    cli_table_add(table, "%s", part->name);
    cli_table_add(table, "%.2f M", 1e-6 * (double)part->parameters);
    cli_table_add(table, "%.2f G", 1e-9 * (double)part->macs);
}

static int add_parts(cli_table *table, const te_model *model)
{
    te_model_part total = {.name = "total"};
    cli_table_add(table, "part");
    cli_table_add(table, "parameters");
    cli_table_add(table, "multiply-adds");
    for (size_t i = 0; i < te_model_count_parts(model); i++) {
        te_model_part part;
        CLI_TRY(cli_report(te_model_get_part(model, i, &part)));
        add_part(table, &part);
        total.parameters += part.parameters;
        total.macs += part.macs;
    }
    add_part(table, &total);
    return CLI_OK;
}

static int print_model(const te_model *model)
{
    cli_table settings = {.alignment = "ll"}, parts = {.alignment = "lrr"};
    int status = add_settings(&settings, te_model_get_settings(model));
    if (status == CLI_OK) {
        status = add_parts(&parts, model);
    }
    if (status == CLI_OK) {
        status = cli_table_print(&settings, 0);
    }
    if (status == CLI_OK) {
        putchar('\n');
        status = cli_table_print(&parts, 0);
    }
    cli_table_free(&settings);
    cli_table_free(&parts);
    return status;
}

static int print_memory(const te_device *device, const te_memory_info *memory)
{
    char weights[32], results[32], least[32];
    cli_table table = {.alignment = "ll"};
    te_device_info info;
    CLI_TRY(cli_report(te_device_get_info(device, &info)));
    printf("\nmemory for one picture on device %d, %s\n", info.index, info.name);
    cli_table_add(&table, "weights");
    cli_table_add(&table, "%s", cli_bytes(weights, memory->parameters));
    cli_table_add(&table, "intermediate results");
    cli_table_add(&table, "%s (no plan needs less than %s)", cli_bytes(results, memory->activations),
                  cli_bytes(least, memory->live));
    return cli_table_print(&table, 0);
}

static int measure_memory(te_model *model, te_device *device)
{
    te_scheduler *scheduler;
    te_memory_info memory;
    CLI_TRY(cli_report(te_scheduler_create(&scheduler, model, device, NULL)));
    int status = cli_report(te_scheduler_get_memory(scheduler, &memory));
    te_scheduler_free(scheduler);
    return status == CLI_OK ? print_memory(device, &memory) : status;
}

static int describe(te_model *model, te_settings *settings)
{
    te_device *device;
    CLI_TRY(print_model(model));
    CLI_TRY(cli_flush_results());
    te_status status = cli_device_open(&device, settings);
    if (status == TE_ERR_NO_DEVICE) { /* the rest is worth having */
        printf("\nmemory: not known without a device: %s\n", te_last_error());
        return CLI_OK;
    }
    CLI_TRY(cli_report(status));
    return cli_device_close(device, measure_memory(model, device));
}

static int is_ini(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcasecmp(path + length - 4, ".ini") == 0;
}

/* The ini file itself comes first, a --config of the device's over it. */
static int make_model(te_model **model, te_settings **settings, const char *path, const cli_sources *sources)
{
    static const char *const fixed[] = {"model.", "input.", NULL};
    if (!is_ini(path)) {
        CLI_TRY(cli_report(te_model_load(model, path)));
        return cli_resolve_over(settings, *model, path, sources, fixed);
    }
    cli_sources with_file = *sources;
    with_file.base = path;
    CLI_TRY(cli_resolve(settings, &with_file));
    return cli_report(te_model_create(model, *settings, 1));
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count};
    te_model *model = NULL;
    te_settings *settings = NULL;
    int status = make_model(&model, &settings, arguments->operands[0], &sources);
    if (status == CLI_OK) {
        status = describe(model, settings);
    }
    te_model_free(model);
    te_settings_free(settings);
    return status;
}

const cli_command cli_info = {
    .name = "info",
    .summary = "a model in numbers: settings, parameters, work, memory",
    .operands = "FILE",
    .least = 1,
    .most = 1,
    .takes_settings = 1,
    .description =
        "Describes the model of a weight file, or of an ini file (a name that ends in .ini): its settings, the "
        "parameters and the multiply-add operations of its parts for one picture of the input size, and the memory "
        "that it takes on the device.",
    .options = options,
    .run = run,
};
