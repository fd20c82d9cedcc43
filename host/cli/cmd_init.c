/* taskexpert init: a weight file to start from. */
#include "folder.h"
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
    [WEIGHTS] = {'w', "weights", "FILE", "start from the model of this weight file or checkpoint", CLI_MAY},
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
    int replaces = stat(path, &facts) == 0 && facts.st_size > 0;
    CLI_TRY(cli_report(te_model_save(model, path, storages[storage].storage)));
    if (replaces) {
        cli_note("replaced '%s', which held other weights", path);
    }
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

static int create_model(te_model **model, const cli_arguments *arguments, const te_settings *settings)
{
    uint64_t seed = 1;
    if (arguments->option[SEED]) {
        CLI_TRY(cli_number("seed", arguments->option[SEED], 0, UINT64_MAX, &seed));
    }
    return cli_report(te_model_create(model, settings, seed));
}

static int make_model(te_model **model, const cli_arguments *arguments, const cli_sources *sources)
{
    te_settings *settings;
    CLI_TRY(cli_resolve(&settings, sources));
    int status = create_model(model, arguments, settings);
    te_settings_free(settings);
    return status;
}

/* The model of settings over those of `from`, with its weights where they fit. */
static int change_model(cli_table *table, te_model **model, const cli_arguments *arguments, const cli_sources *sources,
                        te_model *from)
{
    static const char *const none[] = {NULL};
    const char *path = arguments->option[WEIGHTS];
    te_settings *settings;
    te_transfer transfer;
    CLI_TRY(cli_resolve_over(&settings, from, path, sources, none));
    int status = create_model(model, arguments, settings);
    te_settings_free(settings);
    if (status == CLI_OK) {
        status = cli_report(te_model_set_weights(*model, from, &transfer));
    }
    if (status == CLI_OK) {
        cli_table_add(table, "weights");
        cli_table_add(table, "%zu tensors of '%s' used, %zu left out; %zu made new", transfer.used, path,
                      transfer.unused, transfer.kept);
    }
    return status;
}

/* The model of a file as it is, or with what was asked for beside it. */
static int take_model(cli_table *table, te_model **model, const cli_arguments *arguments, const cli_sources *sources)
{
    te_model *from;
    CLI_TRY(cli_report(te_model_load(&from, arguments->option[WEIGHTS])));
    if (!sources->config && !sources->word_count && !arguments->option[SEED]) {
        *model = from;
        return CLI_OK;
    }
    int status = change_model(table, model, arguments, sources, from);
    te_model_free(from);
    return status;
}

static int run(const cli_arguments *arguments)
{
    size_t storage;
    te_model *model = NULL;
    cli_table table = {.alignment = "ll"};
    cli_sources sources = {.config = arguments->option[CONFIG], .words = arguments->settings,
                           .word_count = arguments->setting_count};
    CLI_TRY(read_storage(arguments->option[STORAGE], &storage));
    CLI_TRY(cli_folder_check_replaced(arguments->option[OUT], CLI_WEIGHTS, options, arguments));
    int status = arguments->option[WEIGHTS] ? take_model(&table, &model, arguments, &sources)
                                            : make_model(&model, arguments, &sources);
    if (status == CLI_OK) {
        status = make_file(&table, arguments, model, storage);
    }
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
        "file that holds its settings too. A weight file of that name is replaced, a checkpoint or anything else is not. "
        "With --backbone the vision transformer comes from a file with the names of timm's vit_*_patch16 models; a class "
        "token, a classifying head and positions of another grid are allowed, a missing tensor or one of another shape is an "
        "error.\n"
        "With --weights the model of that file is written again: the weights of a checkpoint without what resuming "
        "needs, or in another storage; with settings beside it, a model that differs in them: tensors whose name and "
        "shape are the same are taken over, the others are random and named. That is how fine-tuning to other "
        "classes starts: init -w FILE model.semseg_classes=11 -o NEW, then train -w NEW.",
    .options = options,
    .run = run,
};
