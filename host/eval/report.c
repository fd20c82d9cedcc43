/* A run's scores as one page for any browser: nothing of it lies in another file or on another machine. */
#include "eval/report.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "data/colours.h"
#include "data/markup.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MOST_PROBLEMS = 50 };

/* ---- what the other parts use ---- */

const char *te_report_class(const te_scores *scores, int t, int c, char buffer[64])
{
    const char *name = scores->class_names[t] ? scores->class_names[t][c] : "";
    if (!*name) {
        snprintf(buffer, 64, "class %d", c);
        name = buffer;
    }
    return name;
}

const te_score *te_report_primary(const te_scores *scores, int t)
{
    for (size_t i = 0; i < scores->count; i++) {
        if (scores->list[i].primary && strcmp(scores->list[i].task, scores->config.task_names[t]) == 0) {
            return &scores->list[i];
        }
    }
    return NULL;
}

/* ---- the head ---- */

/* A fact of the head, its value from outside. */
static void write_fact(FILE *page, const char *name, const char *value)
{
    if (value && *value) {
        fprintf(page, "<div><dt>%s</dt><dd>", name);
        te_markup_write(page, value);
        fprintf(page, "</dd></div>\n");
    }
}

static void write_origin(FILE *page, const te_scores *scores)
{
    const te_device_info *device = &scores->device;
    char text[512];
    if (scores->predictions) {
        write_fact(page, "saved predictions", scores->predictions);
        return;
    }
    write_fact(page, "model", scores->model);
    snprintf(text, sizeof text, "%.2f million", (double)scores->parameters / 1e6);
    write_fact(page, "parameters", text);
    snprintf(text, sizeof text, "%d x %d pixels", scores->width, scores->height);
    write_fact(page, "input, width x height", text);
    snprintf(text, sizeof text, "%s (%s, %s)", device->name, device->platform, device->type);
    write_fact(page, "device", text);
    write_fact(page, "driver", device->driver);
}

static void write_facts(FILE *page, const te_scores *scores)
{
    char text[512];
    fprintf(page, "<dl class=\"facts\">\n");
    write_origin(page, scores);
    write_fact(page, "data set", scores->path ? scores->path : "generated rooms");
    snprintf(text, sizeof text, "%" PRIu64 " of the %s split", scores->picture_count,
             scores->split == TE_SPLIT_TRAIN ? "training" : "validation");
    write_fact(page, "pictures", text);
    write_fact(page, "date", te_scores_get_time(scores, text));
    snprintf(text, sizeof text, "TaskExpert %s", te_version());
    write_fact(page, "judged by", text);
    fprintf(page, "</dl>\n");
}

static void write_problems(FILE *page, const te_scores *scores)
{
    if (scores->shrunk) {
        fprintf(page, "<p class=\"note\">%" PRIu64 " of %" PRIu64 " pictures are larger than the input; they were shrunk to "
                "fit and their maps enlarged.</p>\n", scores->shrunk, scores->picture_count);
    }
    if (!scores->problem_count) {
        return;
    }
    fprintf(page, "<div class=\"note\">%" PRIu64 " of %" PRIu64 " pictures are left out, because a file is broken:<ul>\n",
            scores->problem_count, scores->problem_count + scores->picture_count);
    for (uint64_t i = 0; i < scores->problem_count && i < MOST_PROBLEMS; i++) {
        fprintf(page, "<li>");
        te_markup_write(page, scores->problems[i]);
        fprintf(page, "</li>\n");
    }
    if (scores->problem_count > MOST_PROBLEMS) {
        fprintf(page, "<li>and %" PRIu64 " more</li>\n", scores->problem_count - MOST_PROBLEMS);
    }
    fprintf(page, "</ul></div>\n");
}

static void write_links(FILE *page, const te_scores *scores)
{
    fprintf(page, "<nav aria-label=\"parts of this page\"><ul>\n<li><a href=\"#scores\">scores</a></li>\n");
    for (int t = 0; t < scores->config.task_count; t++) {
        if (te_report_primary(scores, t)) {
            fprintf(page, "<li><a href=\"#%s\">%s</a></li>\n", scores->config.task_names[t],
                    te_tasks[scores->config.tasks[t]].title);
        }
    }
    fprintf(page, "%s<li><a href=\"#settings\">settings</a></li>\n</ul></nav>\n",
            scores->gates ? "<li><a href=\"#experts\">experts</a></li>\n" : "");
}

static void write_head(FILE *page, const te_scores *scores)
{
    const char *path = scores->predictions ? scores->predictions : scores->model ? scores->model : "a model";
    const char *slash = strrchr(path, '/'), *subject = slash && slash[1] ? slash + 1 : path;
    fprintf(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>Scores of ");
    te_markup_write(page, subject);
    fprintf(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>Scores of ", te_report_style);
    te_markup_write(page, subject);
    fprintf(page, "</h1>\n");
    write_facts(page, scores);
    write_problems(page, scores);
    write_links(page, scores);
    fprintf(page, "</header>\n<main>\n");
}

/* ---- the table of scores ---- */

static void write_number(FILE *page, double value)
{
    if (isfinite(value)) {
        fprintf(page, "<td class=\"n\">%.4g</td>", value);
    } else {
        fprintf(page, "<td class=\"n\"></td>");
    }
}

static bool beats_trivial(const te_score *score)
{
    return score->higher_is_better ? score->model > score->trivial : score->model < score->trivial;
}

static void write_score(FILE *page, const te_scores *scores, const te_score *score)
{
    fprintf(page, "<tr%s><th scope=\"row\">%s</th><td>%s</td><td>%s</td>", score->primary ? " class=\"primary\"" : "",
            score->task, score->metric, score->unit);
    if (beats_trivial(score)) {
        write_number(page, score->model);
    } else {
        fprintf(page, "<td class=\"n bad\" title=\"no better than trivial\">&#9660; %.4g</td>", score->model);
    }
    write_number(page, score->trivial);
    if (scores->gain_tasks) {
        double change = (score->model - score->single) / score->single * 100;
        write_number(page, score->single);
        fprintf(page, "<td class=\"n\">");
        if (isfinite(change)) {
            fprintf(page, "%+.2f %%", score->higher_is_better ? change : -change);
        }
        fprintf(page, "</td>");
    }
    fprintf(page, "<td>%s</td><td class=\"n\">%" PRIu64 "</td></tr>\n", score->higher_is_better ? "higher" : "lower",
            score->pictures);
}

static void write_scores(FILE *page, const te_scores *scores)
{
    fprintf(page, "<h2 id=\"scores\">Scores</h2>\n<p>Beside each score stands that of a trivial answer, which knows all labels "
            "of these pictures and never looks at one; &#9660; marks what is no better. The first score of each task stands "
            "for it.</p>\n<div class=\"wide\">"
            "<table><thead><tr><th scope=\"col\">task</th><th scope=\"col\">metric</th><th scope=\"col\">unit</th>"
            "<th scope=\"col\" class=\"n\">model</th><th scope=\"col\" class=\"n\">trivial</th>%s"
            "<th scope=\"col\">better</th><th scope=\"col\" class=\"n\">pictures</th></tr></thead><tbody>\n",
            scores->gain_tasks ? "<th scope=\"col\" class=\"n\">single-task model</th><th scope=\"col\" class=\"n\">gain</th>"
                               : "");
    for (size_t i = 0; i < scores->count; i++) {
        if (scores->list[i].class_index < 0) {
            write_score(page, scores, &scores->list[i]);
        }
    }
    fprintf(page, "</tbody></table></div>\n");
    if (scores->gain_tasks) {
        fprintf(page, "<p>Multi-task gain: <b>%+.2f %%</b>, the mean over %zu task%s.</p>\n", scores->gain, scores->gain_tasks,
                scores->gain_tasks == 1 ? "" : "s");
    }
}

/* ---- tasks ---- */

/* Share of a class in the label pixels of task t in %, from its confusion matrix; NaN: there is none. */
static double share_of(const te_scores *scores, int t, int class)
{
    double all = 0, own = 0;
    for (size_t i = 0; i < scores->figure_counts[t]; i++) {
        const te_figure *figure = &scores->figures[t][i];
        for (size_t v = 0; figure->kind == TE_FIGURE_MATRIX && v < figure->rows * figure->columns; v++) {
            all += figure->values[v];
            own += v / figure->columns == (size_t)class ? figure->values[v] : 0;
        }
    }
    return all > 0 ? 100 * own / all : (double)NAN;
}

static void write_class(FILE *page, const te_scores *scores, int t, const te_score *score)
{
    char buffer[64];
    te_colour colour = te_colour_class(scores->config.channels[t], score->class_index);
    fprintf(page, "<tr><th scope=\"row\"><span class=\"chip\" style=\"background:#%02x%02x%02x\"></span>", colour.r, colour.g,
            colour.b);
    te_markup_write(page, te_report_class(scores, t, score->class_index, buffer));
    fprintf(page, "</th>");
    write_number(page, share_of(scores, t, score->class_index));
    write_number(page, score->model);
    write_number(page, score->trivial);
    fprintf(page, "<td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            "<rect width=\"%.1f\" height=\"10\"/></svg></td></tr>\n", isfinite(score->model) ? score->model : 0);
}

static void write_classes(FILE *page, const te_scores *scores, int t)
{
    bool any = false;
    for (size_t i = 0; i < scores->count; i++) {
        const te_score *score = &scores->list[i];
        if (score->class_index < 0 || strcmp(score->task, scores->config.task_names[t]) != 0) {
            continue;
        }
        if (!any) {
            fprintf(page, "<div class=\"wide\"><table><thead><tr><th scope=\"col\">class</th>"
                    "<th scope=\"col\" class=\"n\">%% of labels</th><th scope=\"col\" class=\"n\">%s, %%</th>"
                    "<th scope=\"col\" class=\"n\">trivial</th><td></td></tr></thead><tbody>\n", score->metric);
        }
        any = true;
        write_class(page, scores, t, score);
    }
    fprintf(page, "%s", any ? "</tbody></table></div>\n" : "");
}

static te_status write_task(FILE *page, const te_scores *scores, int t)
{
    const te_score *primary = te_report_primary(scores, t);
    if (!primary) {
        return TE_OK;
    }
    const char *title = te_tasks[scores->config.tasks[t]].title;
    fprintf(page, "<section>\n<h2 id=\"%s\">%c%s</h2>\n<p>%s %.4g %s over %" PRIu64 " pictures with a label; trivial "
            "%.4g.</p>\n", primary->task, toupper(title[0]), title + 1, primary->metric, primary->model, primary->unit,
            primary->pictures, primary->trivial);
    fprintf(page, "<div class=\"figures\">\n");
    te_report_write_figures(page, scores, t);
    write_classes(page, scores, t);
    fprintf(page, "</div>\n");
    TE_TRY(te_report_write_gallery(page, scores, t));
    fprintf(page, "</section>\n");
    return TE_OK;
}

/* ---- settings ---- */

static void write_setting(FILE *page, const te_scores *scores, const te_setting_info *info)
{
    char value[2 * TE_TEXT_SETTING];
    if (te_settings_get(scores->settings, info->key, value, sizeof value) != TE_OK) {
        return;
    }
    fprintf(page, "<tr><th scope=\"row\" title=\"");
    te_markup_write(page, info->help);
    fprintf(page, "\">%s</th><td>", strchr(info->key, '.') + 1);
    te_markup_write(page, value);
    fprintf(page, "</td></tr>\n");
}

static void write_settings(FILE *page, const te_scores *scores)
{
    size_t length = 0; /* of the section that is open */
    const char *section = "";
    fprintf(page, "<h2 id=\"settings\">Settings</h2>\n<div class=\"settings\">\n");
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        if (!te_scores_use_setting(row)) {
            continue;
        }
        if (strncmp(info->key, section, length) != 0 || !length) {
            fprintf(page, "%s", length ? "</tbody></table>\n" : "");
            section = info->key;
            length = strcspn(section, ".") + 1;
            fprintf(page, "<table><caption>[%.*s]</caption><tbody>\n", (int)length - 1, section);
        }
        write_setting(page, scores, info);
    }
    fprintf(page, "</tbody></table>\n</div>\n");
}

/* ---- all of it ---- */

static te_status write_page(FILE *page, const te_scores *scores)
{
    write_head(page, scores);
    write_scores(page, scores);
    for (int t = 0; t < scores->config.task_count; t++) {
        TE_TRY(write_task(page, scores, t));
    }
    if (scores->gates) {
        te_report_write_experts(page, scores);
    }
    write_settings(page, scores);
    fprintf(page, "</main>\n</body>\n</html>\n");
    return TE_OK;
}

te_status te_scores_save_report(const te_scores *scores, const char *path)
{
    TE_NEED(scores, path);
    te_file_writer writer;
    TE_TRY(te_folder_make_above(path));
    TE_TRY(te_file_writer_open(&writer, path));
    locale_t before = te_c_locale_enter();
    te_status status = write_page(writer.stream, scores);
    te_c_locale_leave(before);
    if (status != TE_OK) {
        te_file_writer_abandon(&writer);
        return status;
    }
    return te_file_writer_commit(&writer);
}
