#include "data/legend.h"

#include "base/c_locale.h"

#include "data/draw.h"
#include "data/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const te_colour ink = {32, 32, 32}, line = {120, 120, 120};

static void count_classes(te_legend *legend, const te_map *map)
{
    size_t pixels[256] = {0}, total = (size_t)map->width * (size_t)map->height;
    for (size_t i = 0; i < total; i++) {
        pixels[map->classes[i]]++;
    }
    for (int class = 0; class < 256; class++) {
        if (!pixels[class]) {
            continue;
        }
        float share = (float)((double)pixels[class] / (double)total);
        int at = legend->count++;
        for (; at > 0 && legend->share[at - 1] < share; at--) { /* equal shares stay in the order of classes */
            legend->share[at] = legend->share[at - 1];
            legend->index[at] = legend->index[at - 1];
        }
        legend->share[at] = share;
        legend->index[at] = (uint8_t)class;
    }
}

static void find_range(te_legend *legend, const te_map *map)
{
    size_t total = (size_t)map->width * (size_t)map->height;
    legend->low = INFINITY;
    legend->high = -INFINITY;
    for (size_t i = 0; i < total; i++) {
        float value = map->values[i];
        if (isfinite(value)) {
            legend->low = value < legend->low ? value : legend->low;
            legend->high = value > legend->high ? value : legend->high;
        }
    }
    if (legend->low > legend->high) {
        legend->low = legend->high = 0.0f;
    }
}

void te_legend_read(te_legend *legend, const te_map *map, const te_classes *classes)
{
    memset(legend, 0, sizeof *legend);
    legend->classes = *classes;
    if (te_tasks[classes->task].reading == TE_READ_CLASS) {
        count_classes(legend, map);
    } else if (te_tasks[classes->task].reading == TE_READ_METRES) {
        find_range(legend, map);
    }
}

static const char *name_of(const te_legend *legend, int entry, char buffer[TE_CLASS_NAME])
{
    te_class_name(&legend->classes, legend->index[entry], buffer);
    return buffer;
}

enum { PERCENT = 16, METRES = 32 };

static void format_share(float share, char text[PERCENT])
{
    if (share < 0.0005f) {
        snprintf(text, PERCENT, "<0.1 %%");
    } else {
        te_print(text, PERCENT, "%.1f %%", (double)share * 100.0);
    }
}

/* Entries stand in columns of one width: box, name, share; all at multiples of the text's size. */
typedef struct te_legend_grid {
    int box, gap, step;         /* the box's side, the gap behind it and behind the name, from line to line */
    int columns, column_width;  /* with the gap to the next column */
    int shown, rest;            /* entries drawn; entries summed up in one more, or 0 */
} te_legend_grid;

static te_legend_grid lay_out(const te_legend *legend, int width, int size, int rows)
{
    te_legend_grid grid = {.box = size * 3 / 4, .gap = (size + 1) / 2, .step = size + (size + 2) / 3};
    int names = te_text_width(size, "99 more");
    for (int i = 0; i < legend->count; i++) {
        char buffer[TE_CLASS_NAME];
        int name = te_text_width(size, name_of(legend, i, buffer));
        names = name > names ? name : names;
    }
    int wanted = grid.box + 2 * grid.gap + names + te_text_width(size, "100.0 %");
    grid.columns = (width + 2 * grid.gap) / (wanted + 2 * grid.gap);
    if (grid.columns < 1) {
        grid.columns = 1;
        grid.column_width = width + 2 * grid.gap;
    } else {
        grid.column_width = wanted + 2 * grid.gap;
    }
    grid.shown = legend->count;
    if (rows > 0 && grid.shown > rows * grid.columns) {
        grid.shown = rows * grid.columns - 1;
        grid.rest = legend->count - grid.shown;
    }
    return grid;
}

int te_legend_width(const te_legend *legend, int size)
{
    if (te_tasks[legend->classes.task].reading == TE_READ_METRES) {
        return 16 * size;
    }
    if (!legend->count) {
        return 0;
    }
    int columns = legend->count <= 10 ? 1 : legend->count <= 20 ? 2 : 3;
    te_legend_grid grid = lay_out(legend, 1 << 20, size, 0);
    return columns * grid.column_width - 2 * grid.gap;
}

int te_legend_height(const te_legend *legend, int width, int size, int rows)
{
    if (te_tasks[legend->classes.task].reading == TE_READ_METRES) {
        return size;
    }
    if (!legend->count) {
        return 0;
    }
    te_legend_grid grid = lay_out(legend, width, size, rows);
    int lines = (grid.shown + (grid.rest > 0) + grid.columns - 1) / grid.columns;
    return (lines - 1) * grid.step + size;
}

/* One entry: a box (unless it stands for several classes), its name, its share at the right end of `width`. */
static te_status draw_entry(te_picture *picture, int x, int y, int width, int size, const te_legend_grid *grid,
                            const te_colour *colour, const char *name, float share)
{
    if (colour) {
        int top = y + (size - grid->box + 1) / 2;
        te_draw_fill(picture, x, top, grid->box, grid->box, *colour);
        te_draw_frame(picture, x, top, grid->box, grid->box, 1 + size / 32, line);
    }
    char text[PERCENT];
    format_share(share, text);
    int percent = te_text_width(size, text), at = x + grid->box + grid->gap;
    TE_TRY(te_text_draw(picture, at, y, x + width - percent - grid->gap - at, size, ink, name));
    return te_text_draw(picture, x + width - percent, y, percent, size, ink, text);
}

static te_status draw_classes(const te_legend *legend, te_picture *picture, int x, int y, int width, int size,
                              int rows)
{
    te_legend_grid grid = lay_out(legend, width, size, rows);
    int entry_width = grid.column_width - 2 * grid.gap;
    for (int i = 0; i < grid.shown + (grid.rest > 0); i++) {
        int left = x + i % grid.columns * grid.column_width, top = y + i / grid.columns * grid.step;
        char name[TE_CLASS_NAME];
        if (i < grid.shown) {
            te_colour colour = te_colour_class(legend->classes.count, legend->index[i]);
            TE_TRY(draw_entry(picture, left, top, entry_width, size, &grid, &colour, name_of(legend, i, name),
                              legend->share[i]));
            continue;
        }
        float share = 0.0f;
        for (int rest = i; rest < legend->count; rest++) {
            share += legend->share[rest];
        }
        snprintf(name, sizeof name, "%d more", grid.rest);
        TE_TRY(draw_entry(picture, left, top, entry_width, size, &grid, NULL, name, share));
    }
    return TE_OK;
}

/* "0.71 m", the ramp, "9.43 m": the bright end is the near one. */
static te_status draw_bar(const te_legend *legend, te_picture *picture, int x, int y, int width, int size)
{
    char low[METRES], high[METRES];
    te_print(low, sizeof low, "%.2f m", (double)legend->low);
    te_print(high, sizeof high, "%.2f m", (double)legend->high);
    int low_width = te_text_width(size, low), high_width = te_text_width(size, high), gap = (size + 1) / 2;
    int left = x + low_width + gap, bar = width - low_width - high_width - 2 * gap, inset = size / 8;
    TE_TRY(te_text_draw(picture, x, y, low_width, size, ink, low));
    te_draw_ramp(picture, left, y + inset, bar, size - 2 * inset, TE_RAMP_COOL, 1.0f, 0.0f);
    te_draw_frame(picture, left, y + inset, bar, size - 2 * inset, 1 + size / 32, line);
    return te_text_draw(picture, x + width - high_width, y, high_width, size, ink, high);
}

te_status te_legend_draw(const te_legend *legend, te_picture *picture, int x, int y, int width, int size, int rows)
{
    if (te_tasks[legend->classes.task].reading == TE_READ_METRES) {
        return draw_bar(legend, picture, x, y, width, size);
    }
    return draw_classes(legend, picture, x, y, width, size, rows);
}
