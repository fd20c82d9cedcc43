/* Figures of a report as SVG. */
#include "data/markup.h"
#include "data/plot.h"
#include "eval/report.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { WIDTH = 420, HEIGHT = 260 };

static const char *const accent = "var(--accent)", *const mark = "var(--mark)";

/* ---- curves ---- */

static bool is_precision(const te_figure *figure)
{
    return strncmp(figure->y, "precision", strlen("precision")) == 0;
}

/* The point that the score is about: of precision over recall the one with the best F, of anything else the highest. */
static size_t find_best(const te_figure *figure, te_task_id task, double *best)
{
    const double *x = figure->values, *y = x + figure->columns;
    bool ratios = is_precision(figure);
    double beta2 = task == TE_SAL ? 0.3 : 1; /* as the metrics have it */
    size_t place = 0;
    *best = -1;
    for (size_t i = 0; i < figure->columns; i++) {
        double sum = beta2 * y[i] + x[i], value = !ratios ? y[i] : sum > 0 ? (1 + beta2) * x[i] * y[i] / sum : 0;
        if (value > *best) {
            *best = value;
            place = i;
        }
    }
    return place;
}

static double highest(const double *values, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, values[i]);
    }
    return most;
}

static void open_plot(FILE *page, const te_figure *figure)
{
    fprintf(page, "<figure><svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    te_markup_write(page, figure->title);
    fprintf(page, ": ");
    te_markup_write(page, figure->y);
    fprintf(page, " over ");
    te_markup_write(page, figure->x);
    fprintf(page, "\">\n");
}

/* "recall, %" at 44.6 -> "recall 44.6 %" */
static void write_value(FILE *page, const char *axis, double value)
{
    const char *comma = strchr(axis, ',');
    fprintf(page, "%.*s %.4g%s", (int)(comma ? comma - axis : (ptrdiff_t)strlen(axis)), axis, value, comma ? comma + 1 : "");
}

static void write_curve(FILE *page, const te_figure *figure, te_task_id task)
{
    const double *x = figure->values, *y = x + figure->columns;
    double best, most = highest(x, figure->columns);
    size_t place = find_best(figure, task, &best);
    bool shares = strchr(figure->x, '%') != NULL;
    te_plot_series series[2] = {{.x = x, .y = y, .count = figure->columns, .colour = accent},
                                {.x = x + place, .y = y + place, .count = 1, .colour = mark, .dots = true}};
    te_plot plot = {.title = figure->title, .x_name = figure->x, .y_name = figure->y, .width = WIDTH, .height = HEIGHT,
                    .low = 0, .high = strchr(figure->y, '%') ? 100 : fmax(1, highest(y, figure->columns)),
                    .last = shares ? 100 : most > 1 ? most : 1, .fractions = true, .linear = true, .series = series,
                    .series_count = 2};
    open_plot(page, figure);
    te_plot_draw(page, &plot);
    fprintf(page, "</svg><figcaption>Marked: the best, F %.4g %%, at ", best);
    write_value(page, figure->x, x[place]);
    if (is_precision(figure)) {
        fprintf(page, ", ");
        write_value(page, figure->y, y[place]);
    }
    fprintf(page, ".</figcaption></figure>\n");
}

static void write_histogram(FILE *page, const te_figure *figure)
{
    const double *x = figure->values, *y = x + figure->columns;
    size_t bins = figure->columns;
    double last = bins > 1 ? 2 * x[bins - 1] - x[bins - 2] : 1;
    te_plot_series series = {.x = x, .y = y, .count = bins, .colour = accent, .bars = true};
    te_plot plot = {.title = figure->title, .x_name = figure->x, .y_name = figure->y, .width = WIDTH, .height = HEIGHT,
                    .low = 0, .high = fmax(1e-6, 1.05 * highest(y, bins)), .last = last, .fractions = true, .linear = true,
                    .series = &series, .series_count = 1};
    open_plot(page, figure);
    te_plot_draw(page, &plot);
    fprintf(page, "</svg><figcaption>The last bar holds all from %g on.</figcaption></figure>\n", x[bins - 1]);
}

/* ---- confusion ---- */

enum { MOST_CLASSES = 256 };

/* The classes that occur, and how they are drawn. */
typedef struct grid {
    int classes[MOST_CLASSES], count;
    int cell;   /* pixels of a cell's side */
    int margin; /* for names, left and above */
} grid;

static double row_sum(const te_figure *figure, int row)
{
    double sum = 0;
    for (size_t c = 0; c < figure->columns; c++) {
        sum += figure->values[(size_t)row * figure->columns + c];
    }
    return sum;
}

static bool occurs(const te_figure *figure, int class)
{
    double sum = row_sum(figure, class);
    for (size_t r = 0; r < figure->rows; r++) {
        sum += figure->values[r * figure->columns + (size_t)class];
    }
    return sum > 0;
}

static grid lay_out(const te_scores *scores, int t, const te_figure *figure)
{
    grid at = {.margin = 0};
    for (int c = 0; c < (int)figure->rows && c < MOST_CLASSES; c++) {
        if (occurs(figure, c)) {
            char buffer[64];
            int length = (int)strlen(te_report_class(scores, t, c, buffer));
            at.classes[at.count++] = c;
            at.margin = length * 6 + 12 > at.margin ? length * 6 + 12 : at.margin;
        }
    }
    int cell = at.count ? 480 / at.count : 0;
    at.cell = cell < 12 ? 12 : cell > 46 ? 46 : cell;
    return at;
}

static void write_names(FILE *page, const te_scores *scores, int t, const grid *at)
{
    for (int i = 0; i < at->count; i++) {
        char buffer[64];
        const char *name = te_report_class(scores, t, at->classes[i], buffer);
        int middle = at->margin + i * at->cell + at->cell / 2;
        fprintf(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", at->margin - 6, middle + 4);
        te_markup_write(page, name);
        fprintf(page, "</text><text transform=\"translate(%d %d) rotate(-90)\">", middle + 4, at->margin - 6);
        te_markup_write(page, name);
        fprintf(page, "</text>\n");
    }
}

/* One row: what the label's class was taken for, in shares of its pixels. Those below a thousandth are left blank. */
static void write_row(FILE *page, const te_scores *scores, int t, const te_figure *figure, const grid *at, int i)
{
    char from[64], to[64];
    double sum = row_sum(figure, at->classes[i]);
    for (int k = 0; k < at->count && sum > 0; k++) {
        double share = figure->values[(size_t)at->classes[i] * figure->columns + (size_t)at->classes[k]] / sum;
        int x = at->margin + k * at->cell, y = at->margin + i * at->cell;
        if (share < 0.001) {
            continue;
        }
        fprintf(page, "<rect class=\"cell\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill-opacity=\"%.3f\"><title>", x, y,
                at->cell, at->cell, 0.75 * share);
        te_markup_write(page, te_report_class(scores, t, at->classes[i], from));
        fprintf(page, " taken for ");
        te_markup_write(page, te_report_class(scores, t, at->classes[k], to));
        fprintf(page, ": %.1f %%</title></rect>", 100 * share);
        if (at->cell >= 20 && share >= 0.01) {
            fprintf(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.0f</text>", x + at->cell / 2,
                    y + at->cell / 2 + 4, 100 * share);
        }
        fputc('\n', page);
    }
}

static void write_matrix(FILE *page, const te_scores *scores, int t, const te_figure *figure)
{
    grid at = lay_out(scores, t, figure);
    int inner = at.count * at.cell, side = at.margin + inner + 1;
    fprintf(page, "<figure><div class=\"wide\"><svg class=\"matrix\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-label=\"confusion of the classes of %s; the table of classes says how well each is found\">\n",
            side, side, side, side, scores->config.task_names[t]);
    for (int i = 0; i < at.count; i++) {
        write_row(page, scores, t, figure, &at, i);
    }
    for (int i = 0; i <= at.count; i++) {
        int place = at.margin + i * at.cell;
        fprintf(page, "<path class=\"grid\" d=\"M%d %dh%dM%d %dv%d\"/>\n", at.margin, place, inner, place, at.margin, inner);
    }
    write_names(page, scores, t, &at);
    fprintf(page, "</svg></div><figcaption>Confusion: each row is a class of the label, and what its pixels were taken for, in "
            "%% of them. Classes that never occur are left out.</figcaption></figure>\n");
}

void te_report_write_figures(FILE *page, const te_scores *scores, int t)
{
    for (size_t i = 0; i < scores->figure_counts[t]; i++) {
        const te_figure *figure = &scores->figures[t][i];
        switch (figure->kind) {
        case TE_FIGURE_CURVE: write_curve(page, figure, scores->config.tasks[t]); break;
        case TE_FIGURE_HISTOGRAM: write_histogram(page, figure); break;
        default: write_matrix(page, scores, t, figure);
        }
    }
}
