#include "data/plot.h"

#include "data/markup.h"

#include <math.h>

enum { LEFT = 52, RIGHT = 10, TOP = 26, BOTTOM = 24, NAME = 16 }; /* room for numbers, the title, the name of an axis */

/* From values to the page. */
typedef struct frame {
    double x0, x1, y0, y1;   /* the axes' corners on the page; y0 is the lower one */
    double last, low, high;  /* values there */
    bool logarithmic;
} frame;

static double place_x(const frame *at, double step)
{
    return at->x0 + (at->x1 - at->x0) * (at->last > 0 ? step / at->last : 0);
}

static double place_y(const frame *at, double value)
{
    double share = at->logarithmic ? log(value / at->low) / log(at->high / at->low)
                                   : (value - at->low) / (at->high - at->low);
    return at->y0 + (at->y1 - at->y0) * share;
}

/* ---- ranges ---- */

static void include(double value, double *low, double *high)
{
    if (isfinite(value)) {
        *low = value < *low ? value : *low;
        *high = value > *high ? value : *high;
    }
}

/* Of the lines alone, or with the bands. */
static void find_range(const te_plot *plot, bool bands, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int s = 0; s < plot->series_count; s++) {
        const te_plot_series *series = &plot->series[s];
        if (series->bars) {
            include(0, low, high);
        }
        for (size_t i = 0; i < series->count && (bands || series->y); i++) {
            include(series->low ? series->low[i] : series->y[i], low, high);
            include(series->high ? series->high[i] : series->y[i], low, high);
        }
    }
}

/* The vertical axis as far as the values go, and a little farther. */
static void fit_values(const te_plot *plot, frame *at)
{
    enum { WIDE = 4 };
    double low, high, least, most;
    find_range(plot, true, &low, &high);
    find_range(plot, false, &least, &most);
    if (!(low <= high)) { /* no values */
        low = 0;
        high = 1;
    }
    at->logarithmic = !plot->linear && low > 0 && most / least >= WIDE;
    double room = at->logarithmic ? pow(high / low, 0.04) : 0.05 * (high - low);
    if (!at->logarithmic && high - low <= 1e-9 * fabs(high)) {
        room = fabs(high) > 0 ? 0.1 * fabs(high) : 1;
    }
    at->low = at->logarithmic ? low / room : low - room;
    at->high = at->logarithmic ? high * room : high + room;
    if (low >= 0 && at->low < 0) {
        at->low = 0;
    }
}

static frame make_frame(const te_plot *plot)
{
    frame at = {.x0 = plot->left + LEFT, .x1 = plot->left + plot->width - RIGHT,
                .y0 = plot->top + plot->height - BOTTOM - (plot->x_name ? NAME : 0), .y1 = plot->top + TOP,
                .last = plot->last, .low = plot->low, .high = plot->high};
    if (!(plot->low < plot->high)) {
        fit_values(plot, &at);
    }
    return at;
}

/* ---- axes ---- */

/* 1, 2 or 5 times a power of ten, so that `range` holds about `wanted` of it. */
static double round_step(double range, int wanted)
{
    double rough = range / wanted, power = pow(10, floor(log10(rough))), mantissa = rough / power;
    return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

static void draw_text(FILE *svg, double x, double y, const char *anchor, const char *text)
{
    fprintf(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text);
}

static void draw_level(FILE *svg, const frame *at, double value)
{
    char text[32];
    double y = place_y(at, value);
    fprintf(svg, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", at->x0, y, at->x1);
    snprintf(text, sizeof text, "%.6g", fabs(value) < 1e-12 ? 0.0 : value);
    draw_text(svg, at->x0 - 5, y + 4, "end", text);
}

/* Every power of ten, or 1, 2, 5 of each where there are few, or every so manyth where there are many. */
static void draw_logarithmic_levels(FILE *svg, const frame *at)
{
    static const double few[] = {1, 2, 5};
    int first = (int)floor(log10(at->low)), last = (int)ceil(log10(at->high)), every = (last - first) / 6 + 1;
    size_t each = log10(at->high / at->low) < 2.5 ? 3 : 1;
    for (int power = first; power <= last; power += every) {
        for (size_t i = 0; i < each; i++) {
            double value = few[i] * pow(10, power);
            if (value >= at->low && value <= at->high) {
                draw_level(svg, at, value);
            }
        }
    }
}

static void draw_places(FILE *svg, const frame *at, bool fractions)
{
    double step = at->last > 0 ? round_step(at->last, fractions ? 5 : 4) : 1;
    step = fractions ? step : fmax(1, step);
    for (double place = 0; place * step <= at->last * (1 + 1e-9); place++) {
        char text[32];
        double x = place_x(at, place * step);
        fprintf(svg, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, at->y0, at->y1);
        snprintf(text, sizeof text, fractions ? "%.6g" : "%.0f", place * step);
        draw_text(svg, x, at->y0 + 16, "middle", text);
    }
}

static void draw_names(FILE *svg, const frame *at, const te_plot *plot)
{
    fprintf(svg, "<text class=\"title\" x=\"%.1f\" y=\"%.1f\">", at->x0, at->y1 - 8);
    te_markup_write(svg, plot->title);
    if (plot->y_name || at->logarithmic) {
        fprintf(svg, " <tspan class=\"pale\">");
        te_markup_write(svg, plot->y_name ? plot->y_name : "");
        fprintf(svg, "%s</tspan>", at->logarithmic ? "(logarithmic)" : "");
    }
    fprintf(svg, "</text>\n");
    if (plot->x_name) {
        fprintf(svg, "<text class=\"pale\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", (at->x0 + at->x1) / 2,
                at->y0 + BOTTOM + NAME - 8);
        te_markup_write(svg, plot->x_name);
        fprintf(svg, "</text>\n");
    }
}

static void draw_axes(FILE *svg, const frame *at, const te_plot *plot)
{
    if (at->logarithmic) {
        draw_logarithmic_levels(svg, at);
    } else {
        double step = round_step(at->high - at->low, 5);
        for (double level = ceil(at->low / step); level * step <= at->high * (1 + 1e-9); level++) {
            draw_level(svg, at, level * step);
        }
    }
    draw_places(svg, at, plot->fractions);
    fprintf(svg, "<rect class=\"axes\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", at->x0, at->y1,
            at->x1 - at->x0, at->y0 - at->y1);
    draw_names(svg, at, plot);
}

/* ---- lines ---- */

static void draw_band(FILE *svg, const frame *at, const te_plot_series *series)
{
    const char *command = "M";
    fprintf(svg, "<path fill=\"%s\" fill-opacity=\"0.2\" d=\"", series->colour);
    for (size_t i = 0; i < 2 * series->count; i++) { /* there along the top, back along the bottom */
        size_t point = i < series->count ? i : 2 * series->count - 1 - i;
        double value = i < series->count ? series->high[point] : series->low[point];
        if (isfinite(value)) {
            fprintf(svg, "%s%.1f %.1f", command, place_x(at, series->x[point]), place_y(at, value));
            command = "L";
        }
    }
    fprintf(svg, "\"/>\n");
}

static void draw_line(FILE *svg, const frame *at, const te_plot_series *series)
{
    const char *command = "M";
    fprintf(svg, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" stroke-linejoin=\"round\" d=\"",
            series->colour);
    for (size_t i = 0; i < series->count; i++) {
        if (isfinite(series->y[i])) {
            fprintf(svg, "%s%.1f %.1f", command, place_x(at, series->x[i]), place_y(at, series->y[i]));
            command = "L";
        }
    }
    fprintf(svg, "\"/>\n");
    for (size_t i = 0; series->dots && i < series->count; i++) {
        if (isfinite(series->y[i])) {
            fprintf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>\n", place_x(at, series->x[i]),
                    place_y(at, series->y[i]), series->colour);
        }
    }
}

/* One outline around all bars. */
static void draw_bars(FILE *svg, const frame *at, const te_plot_series *series)
{
    double zero = place_y(at, 0);
    fprintf(svg, "<path fill=\"%s\" d=\"M%.1f %.1f", series->colour, place_x(at, series->x[0]), zero);
    for (size_t i = 0; i < series->count; i++) {
        double right = i + 1 < series->count ? series->x[i + 1] : at->last;
        fprintf(svg, "V%.1fH%.1f", place_y(at, series->y[i]), place_x(at, right));
    }
    fprintf(svg, "V%.1fZ\"/>\n", zero);
}

void te_plot_draw(FILE *svg, const te_plot *plot)
{
    frame at = make_frame(plot);
    draw_axes(svg, &at, plot);
    for (int s = 0; s < plot->series_count; s++) {
        const te_plot_series *series = &plot->series[s];
        if (series->count && series->low) {
            draw_band(svg, &at, series);
        } else if (series->count && series->bars) {
            draw_bars(svg, &at, series);
        } else if (series->count) {
            draw_line(svg, &at, series);
        }
    }
}
