#include "train/curves.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "data/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 240, WIDTH = 380, HEIGHT = 230, MARGIN = 16, HEAD = 40 };

static const char *const trained = "#3b6ea8", *const validated = "#d1495b";

/* A column of the log in at most POINTS points: mean of the rows near each, least and most of those it stands for. */
typedef struct reduced {
    double x[POINTS], mean[POINTS], low[POINTS], high[POINTS];
    size_t count;
} reduced;

/* Rows that the mean of a point takes in on either side. */
static size_t reach(size_t rows)
{
    return rows / 100;
}

static double mean_of(const te_history *log, int column, size_t from, size_t to)
{
    double sum = 0, count = 0;
    for (size_t row = from; row < to; row++) {
        double value = te_history_get(log, row, column);
        if (isfinite(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / count : NAN;
}

static void reduce(reduced *out, const te_history *log, int column)
{
    size_t rows = te_history_count(log), near = reach(rows);
    out->count = rows < POINTS ? rows : POINTS;
    for (size_t i = 0; i < out->count; i++) {
        size_t from = rows * i / out->count, to = rows * (i + 1) / out->count, middle = (from + to - 1) / 2;
        out->x[i] = (double)te_history_step(log, middle);
        out->mean[i] = mean_of(log, column, middle > near ? middle - near : 0,
                               middle + near < rows ? middle + near + 1 : rows);
        out->low[i] = INFINITY;
        out->high[i] = -INFINITY;
        for (size_t row = from; row < to; row++) {
            double value = te_history_get(log, row, column);
            out->low[i] = value < out->low[i] ? value : out->low[i];
            out->high[i] = value > out->high[i] ? value : out->high[i];
        }
    }
}

/* All points of a column; both arrays have room for the table's rows. */
static void copy_points(const te_history *table, int column, double *x, double *y)
{
    for (size_t row = 0; row < te_history_count(table); row++) {
        x[row] = (double)te_history_step(table, row);
        y[row] = te_history_get(table, row, column);
    }
}

/* What a page is drawn with. */
typedef struct page {
    FILE *svg;
    const te_history *log, *validations;
    double last;
    int columns;
    reduced *reduced;
    double *x, *y; /* (validations) */
} page;

static void draw_column(const page *on, int place, const char *title, const char *name)
{
    int column = te_history_find(on->log, name), check = te_history_find(on->validations, name);
    const reduced *points = on->reduced;
    te_plot_series series[3] = {{.colour = trained, .x = points->x, .low = points->low, .high = points->high},
                                {.colour = trained, .x = points->x, .y = points->mean},
                                {.colour = validated, .x = on->x, .y = on->y, .dots = true}};
    if (column >= 0) {
        reduce(on->reduced, on->log, column);
        series[0].count = series[1].count = points->count;
    }
    if (check >= 0) {
        copy_points(on->validations, check, on->x, on->y);
        series[2].count = te_history_count(on->validations);
    }
    te_plot plot = {.title = title, .left = MARGIN + place % on->columns * (WIDTH + MARGIN),
                    .top = HEAD + place / on->columns * (HEIGHT + MARGIN), .width = WIDTH, .height = HEIGHT,
                    .linear = strcmp(name, "rate") == 0, .last = on->last, .series = series, .series_count = 3};
    te_plot_draw(on->svg, &plot);
}

static void draw_head(const page *on, int width, int height)
{
    fprintf(on->svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
            "<style>text{font:11px sans-serif;fill:#333}.title{font-weight:bold;font-size:13px}"
            ".pale{font-weight:normal;font-size:11px;fill:#777}"
            ".grid{stroke:#e4e4e4;fill:none}.axes{stroke:#888;fill:none}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", width, height, width, height);
    fprintf(on->svg, "<text class=\"title\" x=\"%d\" y=\"24\">step %.0f</text>\n", MARGIN + 4, on->last);
    fprintf(on->svg, "<path stroke=\"%s\" stroke-width=\"2\" d=\"M160 20h24\"/><text x=\"190\" y=\"24\">training, mean of "
            "%zu steps; shaded: least and most</text>\n", trained, 2 * reach(te_history_count(on->log)) + 1);
    fprintf(on->svg, "<path stroke=\"%s\" stroke-width=\"2\" d=\"M490 20h24\"/><circle cx=\"502\" cy=\"20\" r=\"2.6\" "
            "fill=\"%s\"/><text x=\"520\" y=\"24\">validation</text>\n", validated, validated);
}

static void draw_page(page *on)
{
    int waited = te_history_find(on->log, "waited"), tasks = te_history_columns(on->log) - waited - 1;
    int plots = tasks + 3, rows;
    on->columns = plots > 4 ? 3 : 2;
    rows = (plots + on->columns - 1) / on->columns;
    draw_head(on, MARGIN + on->columns * (WIDTH + MARGIN), HEAD + rows * (HEIGHT + MARGIN));
    draw_column(on, 0, "weighted sum of the losses", "total");
    for (int t = 0; t < tasks; t++) {
        const char *name = te_history_name(on->log, waited + 1 + t);
        char title[TE_HISTORY_NAME + 8];
        snprintf(title, sizeof title, "loss: %s", name);
        draw_column(on, 1 + t, title, name);
    }
    draw_column(on, 1 + tasks, "norm of the gradient", "norm");
    draw_column(on, 2 + tasks, "learning rate", "rate");
    fprintf(on->svg, "</svg>\n");
}

static double last_step(const te_history *table)
{
    size_t rows = te_history_count(table);
    return rows ? (double)te_history_step(table, rows - 1) : 0;
}

te_status te_curves_save(const char *path, const te_history *log, const te_history *validations)
{
    te_file_writer writer = {0};
    size_t points = te_history_count(validations);
    page on = {.log = log, .validations = validations, .last = fmax(last_step(log), last_step(validations)),
               .reduced = te_alloc(1, sizeof *on.reduced, "curves"), .x = te_alloc(points, sizeof *on.x, "curves"),
               .y = te_alloc(points, sizeof *on.y, "curves")};
    te_status status;
    TE_TRY_OUT(on.reduced && on.x && on.y ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_file_writer_open(&writer, path));
    on.svg = writer.stream;
    locale_t before = te_c_locale_enter();
    draw_page(&on);
    te_c_locale_leave(before);
    status = te_file_writer_commit(&writer);
out:
    te_file_writer_abandon(&writer);
    free(on.reduced);
    free(on.x);
    free(on.y);
    return status;
}
