#include "model_settings.h"

#include "message.h"

#include <string.h>

static int resolve(te_settings **settings, const char *weights, const cli_sources *sources)
{
    static const char *const fixed[] = {"model.", NULL}; /* the input size may differ */
    if (!weights) {
        return cli_resolve(settings, sources);
    }
    te_model *model;
    CLI_TRY(cli_report(te_model_load(&model, weights)));
    int status = cli_resolve_over(settings, model, weights, sources, fixed);
    te_model_free(model);
    return status;
}

/* Every setting of that name, whatever its section. */
static int set_precision(te_settings *settings, const char *precision)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const char *key = te_settings_get_info(row)->key, *name = strchr(key, '.');
        if (strcmp(name, ".precision") == 0) {
            CLI_TRY(cli_report(te_settings_set(settings, key, precision)));
        }
    }
    return CLI_OK;
}

int cli_model_settings(te_settings **settings, const char *weights, const cli_sources *sources, const char *precision)
{
    te_settings *made;
    CLI_TRY(resolve(&made, weights, sources));
    int status = precision ? set_precision(made, precision) : CLI_OK;
    if (status != CLI_OK) {
        te_settings_free(made);
        return status;
    }
    *settings = made;
    return CLI_OK;
}
