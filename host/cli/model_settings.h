/* The settings of a model that is looked at and not run: for bench and tune. */
#ifndef CLI_MODEL_SETTINGS_H
#define CLI_MODEL_SETTINGS_H

#include "resolve.h"

/* Those of the weight file (NULL: none) and of `sources` over them; `precision` (NULL: as they say) for all products. */
int cli_model_settings(te_settings **settings, const char *weights, const cli_sources *sources, const char *precision);

#endif
