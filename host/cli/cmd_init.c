/* taskexpert init: a weight file to start from. */
#include "message.h"
#include "options.h"
#include "resolve.h"
#include "table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OUT, CONFIG, SEED, WEIGHTS, BACKBONE, STORAGE };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FILE", "the weight file to write", CLI_MUST},
    [CONFIG] = CLI_OPTION_CONFIG,
    [SEED] = {0, "seed", "N", "start of the random numbers, default 1; same seed, same weights", CLI_MAY},
    [WEIGHTS] = {'w', "weights", "FILE", "write the model of this weight file or checkpoint again instead", CLI_MAY},
    [BACKBONE] = {0, "backbone", "FILE", "take the backbone from this safetensors file with timm's names", CLI_MAY},
    [STORAGE] = {0, "storage", "TYPE", "how numbers are stored: fp32 (default), fp16 or bf16", CLI_MAY},
    {0},
};

static const struct {
    const char *name;
    te_storage storage;
} storages[] = {{"fp32", TE_STORE_FP32}, {"fp16", TE_STORE_FP16}, {"bf16", TE_STORE_BF16}};

/* The row of storages[]. */
static int read_storage(const char *text, size_t *row)
{
    for (*row = 0; *row < sizeof storages / sizeof storages[0]; ++*row) {
        if (!text || strcmp(storages[*row].name, text) == 0) {
            return CLI_OK;
        }
    }
    return cli_fail(CLI_USAGE, "option '--storage' is '%s'; it must be fp32, fp16 or bf16", text);
}

/* The settings of the model that are not at their defaults. */
static int add_settings(cli_table *table, const te_settings *settings)
{
    const char *label = "settings";
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        char value[CLI_TEXT];
        CLI_TRY(cli_report(te_settings_get(settings, info->key, value, sizeof value)));
        int of_model = strncmp(info->key, "model.", 6) == 0 || strncmp(info->key, "input.", 6) == 0;
        if (of_model && strcmp(value, info->default_value) != 0) {
            cli_table_add(table, "%s", label);
            cli_table_add(table, "%s = %s", info->key, value);
            label = "";
        }
    }
    cli_table_add(table, "%s", label);
    cli_table_add(table, *label ? "all at their defaults" : "the others at their defaults");
    return CLI_OK;
}

static int add_parameters(cli_table *table, const te_model *model)
{
    uint64_t parameters = 0;
    for (size_t i = 0; i < te_model_count_parts(model); i++) {
        te_model_part part;
        CLI_TRY(cli_report(te_model_get_part(model, i, &part)));
        parameters += part.parameters;
    }
    cli_table_add(table, "parameters");
    cli_table_add(table, "%.2f M", 1e-6 * (double)parameters);
    return CLI_OK;
}

static int load_backbone(cli_table *table, te_model *model, const char *path)
{
    size_t used, ignored;
    CLI_TRY(cli_report(te_model_load_backbone(model, path, &used, &ignored)));
    cli_table_add(table, "backbone");
    cli_table_add(table, "%zu tensors of '%s' used, %zu ignored", used, path, ignored);
    return CLI_OK;
}

static int save(cli_table *table, const te_model *model, const char *path, size_t storage)
{
    struct stat facts;
    char size[32];
    CLI_TRY(cli_report(te_model_save(model, path, storages[storage].storage)));
    cli_table_add(table, "written");
    cli_table_add(table, "'%s', %s, %s", path, storages[storage].name,
                  stat(path, &facts) == 0 ? cli_bytes(size, (uint64_t)facts.st_size) : "size unknown");
    return CLI_OK;
}

/* Fill the table with what is done on the way. */
static int make_file(cli_table *table, const cli_arguments *arguments, te_model *model, size_t storage)
{
    CLI_TRY(add_settings(table, te_model_get_settings(model)));
    CLI_TRY(add_parameters(table, model));
    if (arguments->option[BACKBONE]) {
        CLI_TRY(load_backbone(table, model, arguments->option[BACKBONE]));
    }
    CLI_TRY(save(table, model, arguments->option[OUT], storage));
    return cli_table_print(table, 0);
}

/* The model of a file brings its own settings and numbers. */
static int load_model(te_model **model, const cli_arguments *arguments)
{
    if (arguments->option[CONFIG] || arguments->option[SEED] || arguments->setting_count) {
        return cli_fail(CLI_USAGE, "option '--weights' brings the model's settings and numbers: leave out --config, --seed and "
                                   "key=value");
    }
    return cli_report(te_model_load(model, arguments->option[WEIGHTS]));
}

static int create_model(te_model **model, const cli_arguments *arguments)
{
    cli_sources sources = {.config = arguments->option[CONFIG], .words = arguments->settings,
                           .word_count = arguments->setting_count};
    uint64_t seed = 1;
    te_settings *settings;
    if (arguments->option[SEED]) {
        CLI_TRY(cli_number("seed", arguments->option[SEED], 0, UINT64_MAX, &seed));
    }
    CLI_TRY(cli_resolve(&settings, &sources));
    int status = cli_report(te_model_create(model, settings, seed));
    te_settings_free(settings);
    return status;
}

static int run(const cli_arguments *arguments)
{
    size_t storage;
    te_model *model;
    cli_table table = {.alignment = "ll"};
    CLI_TRY(read_storage(arguments->option[STORAGE], &storage));
    CLI_TRY(arguments->option[WEIGHTS] ? load_model(&model, arguments) : create_model(&model, arguments));
    int status = make_file(&table, arguments, model, storage);
    cli_table_free(&table);
    te_model_free(model);
    return status;
}

const cli_command cli_init = {
    .name = "init",
    .summary = "write a weight file: random weights, a given backbone, a checkpoint's model",
    .operands = "",
    .takes_settings = 1,
    .description =
        "Makes the model that the settings describe, fills it with random weights, and writes it as a safetensors "
        "file that holds its settings too. With --backbone the vision transformer comes from a file with the "
        "names of timm's vit_*_patch16 models; a class token, a classifying head and positions of another grid "
        "are allowed, a missing tensor or one of another shape is an error.\n"
        "With --weights the model of that file is written again: the weights of a checkpoint without what resuming "
        "needs, or in another storage.",
    .options = options,
    .run = run,
};
