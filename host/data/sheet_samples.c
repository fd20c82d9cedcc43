/* Sheets of samples: pictures beside their labels and predictions. */
#include "base/c_locale.h"
#include "data/dataset.h"
#include "data/draw.h"
#include "data/render.h"
#include "data/sheet.h"
#include "data/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    CELL = 160, /* pixels of a cell's longer side, at most */
    MARGIN = 16,
    GAP = 4,    /* between a label and its prediction */
    TITLE = 15, /* text sizes */
    NOTE = 12,
    HEAD = MARGIN + TITLE + NOTE + 6,
    MOST_SAMPLES = 64
};

static const te_colour paper = {255, 255, 255}, ink = {24, 24, 24}, pale = {110, 110, 110}, line = {120, 120, 120};

typedef struct layout {
    int cell_width, cell_height;
    int row_height; /* with the gap to the next row */
} layout;

static layout lay_out(const te_sheet_samples *s)
{
    int longest = s->width > s->height ? s->width : s->height;
    layout at;
    if (longest > CELL) {
        at.cell_width = s->width * CELL / longest > 0 ? s->width * CELL / longest : 1;
        at.cell_height = s->height * CELL / longest > 0 ? s->height * CELL / longest : 1;
    } else {
        at.cell_width = s->width * (CELL / longest);
        at.cell_height = s->height * (CELL / longest);
    }
    at.row_height = at.cell_height + NOTE + MARGIN - 4;
    return at;
}

/* Left edge of task t's label; its prediction is a cell and a GAP to the right. */
static int task_left(const layout *at, int t)
{
    return MARGIN + at->cell_width + MARGIN + t * (2 * at->cell_width + GAP + MARGIN);
}

/* ---- cells ---- */

/* A picture, which is freed, in a cell. */
static te_status draw_cell(te_picture *sheet, const layout *at, int x, int y, te_picture *picture)
{
    te_status status = te_draw_picture(sheet, x, y, at->cell_width, at->cell_height, TE_DRAW_BLOCKS, picture);
    te_picture_free(picture);
    return status;
}

/* (3,h,w), normalised -> RGB */
static te_status draw_image(te_picture *sheet, const te_sheet_samples *s, const layout *at, int y, const float *image)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    te_picture *picture;
    TE_TRY(te_picture_allocate(&picture, s->width, s->height));
    size_t area = (size_t)s->width * (size_t)s->height;
    for (size_t i = 0; i < 3 * area; i++) {
        float value = 255.0f * (image[i % 3 * area + i / 3] * deviation[i % 3] + mean[i % 3]);
        picture->rgb[i] = (uint8_t)(value > 0 ? (value < 255 ? value + 0.5f : 255) : 0);
    }
    return draw_cell(sheet, at, MARGIN, y, picture);
}

static te_status draw_task(te_picture *sheet, const te_sheet_samples *s, const layout *at, int row, int t)
{
    const te_sheet_sample *sample = &s->list[row];
    te_task_id task = s->tasks[t];
    int x = task_left(at, t), y = HEAD + row * at->row_height, second = x + at->cell_width + GAP;
    te_legend legend;
    te_classes classes = te_dataset_get_classes(s->dataset, task);
    te_legend_pair(&legend, &classes, sample->labels[t], sample->predictions[t]);
    if (te_tasks[task].reading == TE_READ_METRES) {
        char scale[64];
        te_print(scale, sizeof scale, "bright %.2f m, dark %.2f m", (double)legend.low, (double)legend.high);
        TE_TRY(te_text_draw(sheet, x, y + at->cell_height + 2, 2 * at->cell_width, NOTE, pale, scale));
    }
    te_picture *picture;
    TE_TRY(te_render_label(&picture, sample->labels[t], s->width, s->height, &legend));
    TE_TRY(draw_cell(sheet, at, x, y, picture));
    TE_TRY(te_render_colours(&picture, sample->predictions[t], &legend));
    return draw_cell(sheet, at, second, y, picture);
}

static te_status draw_titles(te_picture *sheet, const te_sheet_samples *s, const layout *at)
{
    TE_TRY(te_text_draw(sheet, MARGIN, MARGIN, at->cell_width, TITLE, ink, "picture"));
    for (int t = 0; t < s->task_count; t++) {
        int x = task_left(at, t), y = MARGIN + TITLE + 2;
        TE_TRY(te_text_draw(sheet, x, MARGIN, 2 * at->cell_width, TITLE, ink, te_tasks[s->tasks[t]].title));
        TE_TRY(te_text_draw(sheet, x, y, at->cell_width, NOTE, pale, "label"));
        TE_TRY(te_text_draw(sheet, x + at->cell_width + GAP, y, at->cell_width, NOTE, pale, "prediction"));
    }
    return TE_OK;
}

/* ---- the key ---- */

/* seen[c] becomes true for classes that occur in a task's labels or predictions. */
static void find_classes(const te_sheet_samples *s, int t, bool seen[256])
{
    size_t area = (size_t)s->width * (size_t)s->height;
    for (int row = 0; row < s->count; row++) {
        for (size_t i = 0; i < area; i++) {
            float label = s->list[row].labels[t][i];
            seen[label >= 0 && label < 255 ? (int)label : 255] = true;
            seen[s->list[row].predictions[t]->classes[i]] = true;
        }
    }
    seen[255] = false;
}

/* The classes of task t from line *y on, which moves below them; without a sheet the place alone is found. */
static te_status draw_key(te_picture *sheet, const te_sheet_samples *s, int t, int width, int *y)
{
    enum { BOX = 11, STEP = 20 };
    te_task_id task = s->tasks[t];
    int classes = te_dataset_get_classes(s->dataset, task).count;
    bool seen[256] = {false};
    find_classes(s, t, seen);
    char title[80];
    snprintf(title, sizeof title, "%s:", te_tasks[task].title);
    int first = MARGIN + te_text_width(NOTE + 1, title) + 12, x = first;
    if (sheet) {
        TE_TRY(te_text_draw(sheet, MARGIN, *y, first, NOTE + 1, ink, title));
    }
    for (int c = 0; c < classes; c++) {
        char buffer[TE_CLASS_NAME];
        const char *given = te_dataset_class_name(s->dataset, task, c), *name = given ? given : buffer;
        snprintf(buffer, sizeof buffer, "class %d", c);
        int wide = BOX + 5 + te_text_width(NOTE + 1, name);
        if (!seen[c]) {
            continue;
        }
        if (x + wide > width - MARGIN && x > first) {
            x = first;
            *y += STEP;
        }
        if (sheet) {
            te_draw_fill(sheet, x, *y + 1, BOX, BOX, te_colour_class(classes, c));
            te_draw_frame(sheet, x, *y + 1, BOX, BOX, 1, line);
            TE_TRY(te_text_draw(sheet, x + BOX + 5, *y, width, NOTE + 1, ink, name));
        }
        x += wide + 14;
    }
    *y += STEP;
    return TE_OK;
}

static te_status draw_keys(te_picture *sheet, const te_sheet_samples *s, int width, int *y)
{
    for (int t = 0; t < s->task_count; t++) {
        if (te_tasks[s->tasks[t]].reading == TE_READ_CLASS) {
            TE_TRY(draw_key(sheet, s, t, width, y));
        }
    }
    return TE_OK;
}

/* ---- the page ---- */

static te_status draw_rows(te_picture *sheet, const te_sheet_samples *s, const layout *at)
{
    TE_TRY(draw_titles(sheet, s, at));
    for (int row = 0; row < s->count; row++) {
        TE_TRY(draw_image(sheet, s, at, HEAD + row * at->row_height, s->list[row].image));
        for (int t = 0; t < s->task_count; t++) {
            TE_TRY(draw_task(sheet, s, at, row, t));
        }
    }
    return TE_OK;
}

te_status te_sheet_draw_samples(te_picture **sheet, const te_sheet_samples *s, const char *footer)
{
    if (s->count < 1 || s->count > MOST_SAMPLES) {
        return te_fail(TE_ERR_ARGUMENT, "a sheet of '%d' samples: it must be 1 to %d", s->count, (int)MOST_SAMPLES);
    }
    layout at = lay_out(s);
    int width = task_left(&at, s->task_count), keys = HEAD + s->count * at.row_height + MARGIN / 2, foot = keys;
    TE_TRY(draw_keys(NULL, s, width, &foot));
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, width, foot + NOTE + MARGIN));
    te_draw_fill(made, 0, 0, width, made->height, paper);
    te_status status;
    TE_TRY_OUT(draw_rows(made, s, &at));
    TE_TRY_OUT(draw_keys(made, s, width, &keys));
    TE_TRY_OUT(te_text_draw(made, MARGIN, foot, width - 2 * MARGIN, NOTE, pale, footer));
    *sheet = made;
    made = NULL;
out:
    te_picture_free(made);
    return status;
}
