#include "resolve.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int apply_word(te_settings *settings, const char *word)
{
    char key[256];
    size_t length = strcspn(word, "=");
    if (length >= sizeof key) {
        return cli_fail(CLI_USAGE, "unknown setting '%.*s...'", (int)sizeof key - 1, word);
    }
    memcpy(key, word, length);
    key[length] = '\0';
    return cli_report(te_settings_set(settings, key, word + length + 1));
}

static int apply(te_settings *settings, const cli_sources *sources)
{
    const char *const files[] = {sources->base, sources->config};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CLI_TRY(files[i] ? cli_report(te_settings_load(settings, files[i])) : CLI_OK);
    }
    for (size_t i = 0; i < sources->word_count; i++) {
        CLI_TRY(apply_word(settings, sources->words[i]));
    }
    return sources->device ? cli_report(te_settings_set(settings, "device.pick", sources->device)) : CLI_OK;
}

int cli_resolve(te_settings **settings, const cli_sources *sources)
{
    te_settings *made;
    CLI_TRY(cli_report(te_settings_create(&made)));
    int status = apply(made, sources);
    if (status != CLI_OK) {
        te_settings_free(made);
        return status;
    }
    *settings = made;
    return CLI_OK;
}

static int is_of(const char *key, const char *const *sections)
{
    for (; *sections; sections++) {
        if (strncmp(key, *sections, strlen(*sections)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What a weight file holds, over the defaults: the model's own settings and the sections of `run` (NULL: none). */
static int copy_from_model(te_settings *settings, const te_model *model, const char *const *run)
{
    static const char *const own[] = {"model.", "input.", NULL};
    for (size_t row = 0; row < te_settings_count(); row++) {
        const char *key = te_settings_get_info(row)->key;
        char value[CLI_TEXT];
        if (is_of(key, own) || (run && is_of(key, run))) {
            CLI_TRY(cli_report(te_settings_get(te_model_get_settings(model), key, value, sizeof value)));
            CLI_TRY(cli_report(te_settings_set(settings, key, value)));
        }
    }
    return CLI_OK;
}

static int check_same(const te_settings *settings, const te_model *model, const char *path,
                      const char *const *sections)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const char *key = te_settings_get_info(row)->key;
        char wanted[CLI_TEXT], held[CLI_TEXT];
        if (!is_of(key, sections)) {
            continue;
        }
        CLI_TRY(cli_report(te_settings_get(settings, key, wanted, sizeof wanted)));
        CLI_TRY(cli_report(te_settings_get(te_model_get_settings(model), key, held, sizeof held)));
        if (strcmp(wanted, held) != 0) {
            return cli_fail(CLI_USAGE, "setting '%s' is '%s', but '%s' holds a model with '%s'; leave the setting "
                            "out, or make such a model of it first: taskexpert init -w '%s' %s=... -o NEW", key, wanted,
                            path, held, path, key);
        }
    }
    return CLI_OK;
}

int cli_resolve_over(te_settings **settings, const te_model *model, const char *path, const cli_sources *sources,
                     const char *const *sections)
{
    te_settings *made;
    CLI_TRY(cli_report(te_settings_create(&made)));
    int status = copy_from_model(made, model, sources->run);
    if (status == CLI_OK) {
        status = apply(made, sources);
    }
    if (status == CLI_OK) {
        status = check_same(made, model, path, sections);
    }
    if (status != CLI_OK) {
        te_settings_free(made);
        return status;
    }
    *settings = made;
    return CLI_OK;
}
