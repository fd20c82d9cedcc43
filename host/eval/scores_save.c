/* Scores as JSON. */
#include "eval/scores.h"

#include "base/files.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_score(const te_score *score)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:I}", "task", score->task, "metric", score->metric,
                               "unit", score->unit, "model", number(score->model), "trivial", number(score->trivial),
                               "better", score->higher_is_better ? "higher" : "lower", "primary", score->primary,
                               "pictures", (json_int_t)score->pictures);
    if (object && score->class_index >= 0) {
        json_object_set_new(object, "class", json_integer(score->class_index));
        if (score->class_name) {
            json_object_set_new(object, "class_name", json_string(score->class_name));
        }
    }
    return object;
}

static json_t *describe(const te_scores *scores)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < scores->count; i++) {
        if (json_array_append_new(list, describe_score(&scores->list[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    json_t *all = json_pack("{s:s, s:I, s:I, s:{s:i, s:i}, s:o}", "version", te_version(), "pictures",
                            (json_int_t)scores->pictures, "shrunk", (json_int_t)scores->shrunk, "input", "height",
                            scores->height, "width", scores->width, "scores", list);
    json_object_set_new(all, "data", scores->path ? json_pack("{s:s, s:s}", "source", "folder", "list", scores->path)
                                                  : json_pack("{s:s}", "source", "rooms"));
    if (all && scores->gain_tasks) {
        json_object_set_new(all, "gain", json_pack("{s:o, s:I}", "percent", number(scores->gain), "tasks",
                                                   (json_int_t)scores->gain_tasks));
    }
    return all;
}

te_status te_scores_save(const te_scores *scores, const char *path)
{
    json_t *all = describe(scores);
    char *text = all ? json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(all);
    if (!text) {
        return te_fail(TE_ERR_MEMORY, "out of memory for the scores in '%s'", path);
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the zero byte, which is not written */
    te_status status = te_file_write(path, text, length + 1);
    free(text);
    return status;
}
