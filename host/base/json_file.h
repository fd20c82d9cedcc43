/* JSON values as files. */
#ifndef TE_BASE_JSON_FILE_H
#define TE_BASE_JSON_FILE_H

#include "base/status.h"

#include <jansson.h>

/* JSON has no NaN and no infinity: null stands for them. */
json_t *te_json_number(double value);

/* Write the value atomically, indented, numbers with nine digits, and drop it; NULL: memory ran out while it was made. */
te_status te_json_save(json_t *json, const char *path);

#endif
