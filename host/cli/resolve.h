/* Settings from an ini file and from the command line. */
#ifndef CLI_RESOLVE_H
#define CLI_RESOLVE_H

#include "cli.h"

/* Where settings come from, later ones over earlier: ini files, "key=value" words, a pick of a device. */
typedef struct cli_sources {
    const char *base, *config; /* ini files, or NULL */
    const char *device;        /* or NULL */
    char *const *words;
    size_t word_count;
    const char *const *run;    /* sections of a checkpoint's run that are taken over, too: "data."; NULL ends them, or: none */
} cli_sources;

/* Over the defaults. */
int cli_resolve(te_settings **settings, const cli_sources *sources);

/* Over the settings of a model from the weight file `path`. What is of `sections`, for example "model.", must not
 * contradict them; NULL ends the list. */
int cli_resolve_over(te_settings **settings, const te_model *model, const char *path, const cli_sources *sources,
                     const char *const *sections);

#endif
