/* Scores as JSON, and each picture's own numbers as CSV. */
#include "eval/scores.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "base/json_file.h"
#include "data/markup.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool te_scores_use_setting(size_t row)
{
    const char *key = te_settings_get_info(row)->key;
    return strncmp(key, "train.", strlen("train.")) != 0 || strcmp(key, "train.seed") == 0;
}

/* ---- JSON ---- */

/* Names of files need not be UTF-8, which JSON demands. */
static json_t *text(const char *value)
{
    char *clean;
    if (!value) {
        return json_null();
    }
    if (te_markup_clean(value, &clean) != TE_OK) {
        return NULL;
    }
    json_t *made = json_string(clean);
    free(clean);
    return made;
}

static json_t *describe_score(const te_score *score)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:b, s:I}", "task", score->task, "metric", score->metric,
                               "unit", score->unit, "model", te_json_number(score->model), "trivial",
                               te_json_number(score->trivial),
                               "single", te_json_number(score->single), "better", score->higher_is_better ? "higher" : "lower",
                               "primary", score->primary, "pictures", (json_int_t)score->pictures);
    if (object && score->class_index >= 0) {
        json_object_set_new(object, "class", json_integer(score->class_index));
        if (score->class_name) {
            json_object_set_new(object, "class_name", text(score->class_name));
        }
    }
    return object;
}

/* The rows of a matrix, or x and y of a curve. */
static json_t *describe_values(const te_figure *figure)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < figure->rows; r++) {
        json_t *row = json_array();
        for (size_t c = 0; c < figure->columns; c++) {
            json_array_append_new(row, te_json_number(figure->values[r * figure->columns + c]));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *describe_figures(const te_scores *scores)
{
    static const char *const kinds[] = {[TE_FIGURE_CURVE] = "curve", [TE_FIGURE_HISTOGRAM] = "histogram",
                                        [TE_FIGURE_MATRIX] = "matrix"};
    json_t *list = json_array();
    for (int t = 0; t < scores->config.task_count; t++) {
        for (size_t i = 0; i < scores->figure_counts[t]; i++) {
            const te_figure *figure = &scores->figures[t][i];
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "task", scores->config.task_names[t],
                                                  "kind", kinds[figure->kind], "title", figure->title, "x", figure->x, "y",
                                                  figure->y, "values", describe_values(figure)));
        }
    }
    return list;
}

/* Taps are counted from 1, as in experts.json. */
static json_t *describe_gate(const te_scores *scores, int tap, int t)
{
    json_t *means = json_array();
    for (int s = 0; s < scores->config.scores; s++) {
        json_array_append_new(means, te_json_number(te_gate_usage_get_mean(scores->gates, tap, t, s)));
    }
    return json_pack("{s:i, s:s, s:o, s:o}", "tap", tap + 1, "task", scores->config.task_names[t], "mean", means, "entropy",
                     te_json_number(te_gate_usage_get_entropy(scores->gates, tap, t)));
}

static json_t *describe_gates(const te_scores *scores)
{
    json_t *list = json_array();
    for (int tap = 0; tap < scores->config.tap_count; tap++) {
        for (int t = 0; t < scores->config.task_count; t++) {
            json_array_append_new(list, describe_gate(scores, tap, t));
        }
    }
    return list;
}

static json_t *describe_settings(const te_settings *settings)
{
    json_t *object = json_object();
    for (size_t row = 0; row < te_settings_count(); row++) {
        char value[2 * TE_TEXT_SETTING];
        const char *key = te_settings_get_info(row)->key;
        if (te_scores_use_setting(row) && te_settings_get(settings, key, value, sizeof value) == TE_OK) {
            json_object_set_new(object, key, text(value));
        }
    }
    return object;
}

static json_t *describe_list(const te_scores *scores)
{
    json_t *list = json_array();
    for (size_t i = 0; i < scores->count; i++) {
        json_array_append_new(list, describe_score(&scores->list[i]));
    }
    return list;
}

static json_t *describe_problems(const te_scores *scores)
{
    json_t *list = json_array();
    for (uint64_t i = 0; i < scores->problem_count; i++) {
        json_array_append_new(list, text(scores->problems[i]));
    }
    return list;
}

static json_t *describe_data(const te_scores *scores)
{
    const char *split = scores->split == TE_SPLIT_TRAIN ? "train" : "val";
    char source[TE_TEXT_SETTING];
    if (te_settings_get(scores->settings, "data.source", source, sizeof source) != TE_OK) {
        return NULL;
    }
    return scores->path ? json_pack("{s:s, s:s, s:o}", "source", source, "split", split, "list", text(scores->path))
                        : json_pack("{s:s, s:s}", "source", source, "split", split);
}

/* What the maps came from: a model on a device, or files. */
static void describe_origin(const te_scores *scores, json_t *all)
{
    if (scores->predictions) {
        json_object_set_new(all, "predictions", text(scores->predictions));
        return;
    }
    const te_device_info *device = &scores->device;
    json_object_set_new(all, "model", json_pack("{s:o, s:I}", "file", text(scores->model), "parameters",
                                                (json_int_t)scores->parameters));
    json_object_set_new(all, "device", json_pack("{s:o, s:o, s:o, s:s}", "name", text(device->name), "platform",
                                                 text(device->platform), "driver", text(device->driver), "type", device->type));
    json_object_set_new(all, "gates", describe_gates(scores));
}

static json_t *describe(const te_scores *scores)
{
    char time[32];
    json_t *all = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:o, s:{s:i, s:i}, s:o, s:o, s:o}", "version", te_version(), "date",
                            te_scores_get_time(scores, time), "data", describe_data(scores), "pictures",
                            (json_int_t)scores->picture_count, "shrunk", (json_int_t)scores->shrunk, "left_out",
                            (json_int_t)scores->problem_count, "problems", describe_problems(scores), "input", "height",
                            scores->height, "width", scores->width, "scores", describe_list(scores), "figures",
                            describe_figures(scores), "settings", describe_settings(scores->settings));
    if (all) {
        describe_origin(scores, all);
    }
    if (all && scores->gain_tasks) {
        json_object_set_new(all, "gain", json_pack("{s:o, s:I}", "percent", te_json_number(scores->gain), "tasks",
                                                   (json_int_t)scores->gain_tasks));
    }
    return all;
}

te_status te_scores_save(const te_scores *scores, const char *path)
{
    TE_NEED(scores, path);
    TE_TRY(te_folder_make_above(path));
    return te_json_save(describe(scores), path);
}

/* ---- CSV ---- */

/* RFC 4180: quoted, quotes doubled. */
static void write_quoted(FILE *file, const char *value)
{
    putc('"', file);
    for (; *value; value++) {
        if (*value == '"') {
            putc('"', file);
        }
        putc(*value, file);
    }
    putc('"', file);
}

/* The primary metric of each task heads its column. */
static void write_head(FILE *file, const te_scores *scores)
{
    fputs("picture,width,height", file);
    for (int t = 0; t < scores->config.task_count; t++) {
        const char *metric = "";
        for (size_t i = 0; i < scores->count; i++) {
            const te_score *score = &scores->list[i];
            metric = score->primary && strcmp(score->task, scores->config.task_names[t]) == 0 ? score->metric : metric;
        }
        fprintf(file, ",%s%s%s", scores->config.task_names[t], *metric ? " " : "", metric);
    }
    fputs("\r\n", file);
}

static void write_rows(FILE *file, const te_scores *scores)
{
    for (uint64_t i = 0; i < scores->picture_count; i++) {
        const te_scored *row = &scores->pictures[i];
        write_quoted(file, row->name);
        fprintf(file, ",%d,%d", row->width, row->height);
        for (int t = 0; t < scores->config.task_count; t++) {
            if (isnan(row->own[t])) {
                putc(',', file);
            } else {
                fprintf(file, ",%.9g", row->own[t]);
            }
        }
        fputs("\r\n", file);
    }
}

te_status te_scores_save_pictures(const te_scores *scores, const char *path)
{
    TE_NEED(scores, path);
    te_file_writer writer;
    TE_TRY(te_folder_make_above(path));
    TE_TRY(te_file_writer_open(&writer, path));
    locale_t before = te_c_locale_enter();
    write_head(writer.stream, scores);
    write_rows(writer.stream, scores);
    te_c_locale_leave(before);
    return te_file_writer_commit(&writer);
}
