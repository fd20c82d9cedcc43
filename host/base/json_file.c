#include "base/json_file.h"

#include "base/files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *te_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

te_status te_json_save(json_t *json, const char *path)
{
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    if (!text) {
        return te_fail(TE_ERR_MEMORY, "out of memory for writing '%s'", path);
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the zero byte, which is not written */
    te_status status = te_file_write(path, text, length + 1);
    free(text);
    return status;
}
