/* taskexpert devices: what OpenCL devices there are, and which one would run. */
#include "json.h"
#include "message.h"
#include "resolve.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG, DEVICE, JSON };

static const cli_option options[] = {
    [CONFIG] = CLI_OPTION_CONFIG,
    [DEVICE] = CLI_OPTION_DEVICE,
    [JSON] = {0, "json", NULL, "for programs: an array of objects; sizes in bytes", CLI_MAY},
    {0},
};

/* ---- for people ---- */

static void add_row(cli_table *table, const char *label, const char *text)
{
    cli_table_add(table, "%s", label);
    cli_table_add(table, "%s", text);
}

static int print_device(const te_device_info *info)
{
    cli_table table = {.alignment = "ll"};
    char global[32], largest[32], local[32], text[256];
    printf("%c %d  %s  %s\n", info->chosen ? '*' : ' ', info->index, info->type, info->name);
    add_row(&table, "platform", info->platform);
    add_row(&table, "driver", info->driver);
    add_row(&table, "language", info->language);
    snprintf(text, sizeof text, "%u", info->compute_units);
    add_row(&table, "compute units", text);
    snprintf(text, sizeof text, "%s%s; largest buffer %s; local %s", cli_bytes(global, info->global_memory),
             info->unified_memory ? ", shared with the host" : "", cli_bytes(largest, info->max_allocation),
             cli_bytes(local, info->local_memory));
    add_row(&table, "memory", text);
    snprintf(text, sizeof text, "up to %llu work-items", (unsigned long long)info->max_work_group);
    add_row(&table, "work-group", text);
    snprintf(text, sizeof text, "fp32 in vectors of %u%s%s", info->float_width, info->fp16 ? ", fp16" : "",
             info->fp64 ? ", fp64" : "");
    add_row(&table, "arithmetic", text);
    add_row(&table, "compiler", info->has_compiler ? "yes" : "no");
    add_row(&table, info->chosen ? "chosen" : "not chosen", info->why);
    return cli_table_print(&table, 5);
}

/* ---- for programs ---- */

static void print_json_numbers(const te_device_info *info)
{
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {{"index", (uint64_t)info->index},          {"compute_units", info->compute_units},
                {"global_memory", info->global_memory},    {"max_allocation", info->max_allocation},
                {"local_memory", info->local_memory},      {"max_work_group", info->max_work_group},
                {"base_alignment", info->base_alignment},  {"float_width", info->float_width}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        printf("\"%s\": %llu, ", rows[i].key, (unsigned long long)rows[i].value);
    }
}

static int print_json(const te_device_info *info)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"type", info->type},     {"name", info->name},         {"platform", info->platform},
                 {"vendor", info->vendor}, {"driver", info->driver},     {"language", info->language},
                 {"why", info->why}};
    const struct {
        const char *key;
        int value;
    } flags[] = {{"fp16", info->fp16},
                 {"fp64", info->fp64},
                 {"unified_memory", info->unified_memory},
                 {"compiler", info->has_compiler},
                 {"available", info->available},
                 {"chosen", info->chosen}};
    fputs("{", stdout);
    print_json_numbers(info);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cli_json_text(texts[i].key, texts[i].text);
        fputs(", ", stdout);
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        printf("%s\"%s\": %s", i ? ", " : "", flags[i].key, flags[i].value ? "true" : "false");
    }
    fputs("}", stdout);
    return CLI_OK;
}

/* ---- the list ---- */

static int list_devices(const te_settings *settings, int json, int *chosen)
{
    size_t count;
    te_status status = te_device_count(settings, &count);
    if (status != TE_OK && json) {
        puts("[]"); /* still an array */
    }
    CLI_TRY(cli_report(status));
    for (size_t i = 0; i < count; i++) {
        te_device_info info;
        CLI_TRY(cli_report(te_device_get_listed(settings, i, &info)));
        fputs(!json ? i ? "\n" : "" : i ? ",\n " : "[", stdout);
        CLI_TRY((json ? print_json : print_device)(&info));
        *chosen |= info.chosen;
    }
    fputs(json ? "]\n" : "", stdout);
    return CLI_OK;
}

/* Where the settings match nothing, the library says so when it is asked to open. */
static int explain_miss(const te_settings *settings)
{
    te_device *device;
    CLI_TRY(cli_flush_results());
    CLI_TRY(cli_report(te_device_open(&device, settings)));
    te_device_close(device);
    return CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .device = arguments->option[DEVICE],
                           .words = arguments->settings, .word_count = arguments->setting_count};
    te_settings *settings;
    int chosen = 0;
    CLI_TRY(cli_resolve(&settings, &sources));
    int status = list_devices(settings, arguments->option[JSON] != NULL, &chosen);
    if (status == CLI_OK && !chosen) {
        status = explain_miss(settings);
    }
    te_settings_free(settings);
    return status;
}

const cli_command cli_devices = {
    .name = "devices",
    .summary = "list the OpenCL devices and say which one would run",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Lists every device of every OpenCL platform. A '*' marks the one that the settings choose; each says why "
        "it is chosen or why not. The number before a name picks that device: --device NUMBER.",
    .options = options,
    .run = run,
};
