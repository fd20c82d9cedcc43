#include "data/draw.h"
#include "data/render.h"
#include "data/sheet.h"
#include "data/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELL_MOST = 480,  /* pixels of a cell's picture each way */
    CELL_LEAST = 240, /* width of a cell, so that legends can be read */
    MARGIN = 20,
    TITLE = 18, /* text sizes */
    LEGEND = 14,
    FOOTER = 14,
    GAP = 6, /* between a title, its picture and its legend */
    LEGEND_ROWS = 6
};

static const te_colour paper = {255, 255, 255}, shade = {240, 240, 240}, ink = {24, 24, 24}, pale = {110, 110, 110};

/* Where things are. All cells are alike, except for the legends' height. */
typedef struct te_sheet_layout {
    int columns, rows;
    int cell_width;
    int width, height;  /* of the pictures in the cells */
    int *legend_height; /* (rows) */
    const te_legend *legends; /* (cells) that of the picture itself is empty */
} te_sheet_layout;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Shrunk to fit CELL_MOST, or enlarged by a whole factor to about CELL_LEAST. */
static void fit_cell(te_sheet_layout *layout, const te_picture *picture)
{
    int longest = larger(picture->width, picture->height);
    if (longest > CELL_MOST) {
        layout->width = larger(1, (int)((int64_t)picture->width * CELL_MOST / longest));
        layout->height = larger(1, (int)((int64_t)picture->height * CELL_MOST / longest));
    } else {
        int factor = larger(1, CELL_LEAST / longest);
        layout->width = picture->width * factor;
        layout->height = picture->height * factor;
    }
    layout->cell_width = larger(CELL_LEAST, layout->width);
}

/* The number of columns that makes a page nearest to 3:2 without many empty cells. */
static int choose_columns(const te_sheet_layout *layout, int cells)
{
    int best = 1;
    double best_cost = INFINITY;
    for (int columns = 1; columns <= cells; columns++) {
        int rows = (cells + columns - 1) / columns;
        double width = (double)columns * (layout->cell_width + MARGIN);
        double height = (double)rows * (layout->height + TITLE + 3 * LEGEND + MARGIN);
        double cost = fabs(log(width / height / 1.5)) + 0.2 * (columns * rows - cells);
        if (cost < best_cost) {
            best_cost = cost;
            best = columns;
        }
    }
    return best;
}

static int cell_top(const te_sheet_layout *layout, int row)
{
    int top = MARGIN;
    for (int above = 0; above < row; above++) {
        top += TITLE + GAP + layout->height + layout->legend_height[above] + MARGIN;
    }
    return top;
}

/* Title, picture and legend of a cell. */
static te_status draw_cell(te_picture *sheet, const te_sheet_layout *layout, int cell, const te_picture *picture,
                           te_draw_kind kind, const char *title)
{
    int x = MARGIN + cell % layout->columns * (layout->cell_width + MARGIN);
    int y = cell_top(layout, cell / layout->columns);
    TE_TRY(te_text_draw(sheet, x, y, layout->cell_width, TITLE, ink, title));
    y += TITLE + GAP;
    te_draw_fill(sheet, x, y, layout->cell_width, layout->height, shade);
    TE_TRY(te_draw_picture(sheet, x + (layout->cell_width - layout->width) / 2, y, layout->width, layout->height,
                           kind, picture));
    const te_legend *legend = layout->legends + cell;
    if (!te_legend_width(legend, LEGEND)) {
        return TE_OK;
    }
    return te_legend_draw(legend, sheet, x, y + layout->height + GAP, layout->cell_width, LEGEND, LEGEND_ROWS);
}

static te_status draw_cells(te_picture *sheet, const te_sheet_layout *layout, const te_picture *picture,
                            const te_sheet_map *maps, int count)
{
    char title[64];
    snprintf(title, sizeof title, "picture, %d x %d", picture->width, picture->height);
    TE_TRY(draw_cell(sheet, layout, 0, picture, TE_DRAW_SMOOTH, title));
    for (int i = 0; i < count; i++) {
        te_picture *colours; /* one at a time: it has the picture's size */
        TE_TRY(te_render_colours(&colours, maps[i].map, layout->legends + i + 1));
        te_status status = draw_cell(sheet, layout, i + 1, colours, TE_DRAW_BLOCKS,
                                     maps[i].title ? maps[i].title : te_tasks[maps[i].classes.task].title);
        te_picture_free(colours);
        TE_TRY(status);
    }
    return TE_OK;
}

/* The legends (cells; the first is the picture's, empty), and from them the rows' heights. */
static void read_legends(te_sheet_layout *layout, te_legend *legends, const te_sheet_map *maps, int count)
{
    legends[0].classes.task = TE_SAL; /* a task without a legend */
    for (int i = 0; i < count; i++) {
        te_legend_read(legends + i + 1, maps[i].map, &maps[i].classes);
    }
    layout->legends = legends;
    for (int cell = 0; cell <= count; cell++) {
        int *height = layout->legend_height + cell / layout->columns;
        int wanted = te_legend_height(legends + cell, layout->cell_width, LEGEND, LEGEND_ROWS);
        *height = larger(*height, wanted ? wanted + GAP : 0);
    }
}

te_status te_sheet_draw_maps(te_picture **sheet, const te_picture *picture, const te_sheet_map *maps, size_t count,
                             const char *footer)
{
    if (count > 64) {
        return te_fail(TE_ERR_ARGUMENT, "an overview of '%zu' maps: 64 are the most", count);
    }
    int cells = (int)count + 1;
    te_sheet_layout layout = {0};
    te_picture *made = NULL;
    te_status status = TE_ERR_MEMORY;
    fit_cell(&layout, picture);
    layout.columns = choose_columns(&layout, cells);
    layout.rows = (cells + layout.columns - 1) / layout.columns;
    layout.legend_height = te_alloc((size_t)layout.rows, sizeof *layout.legend_height, "an overview");
    te_legend *legends = te_alloc((size_t)cells, sizeof *legends, "an overview");
    if (!layout.legend_height || !legends) {
        goto out;
    }
    read_legends(&layout, legends, maps, (int)count);
    int width = MARGIN + layout.columns * (layout.cell_width + MARGIN), foot = cell_top(&layout, layout.rows);
    TE_TRY_OUT(te_picture_allocate(&made, width, foot + (footer ? FOOTER + MARGIN / 2 : 0)));
    te_draw_fill(made, 0, 0, made->width, made->height, paper);
    TE_TRY_OUT(draw_cells(made, &layout, picture, maps, (int)count));
    if (footer) {
        TE_TRY_OUT(te_text_draw(made, MARGIN, foot, width - 2 * MARGIN, FOOTER, pale, footer));
    }
    *sheet = made;
    made = NULL;
out:
    free(layout.legend_height);
    free(legends);
    te_picture_free(made);
    return status;
}
