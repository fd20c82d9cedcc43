#include "base/c_locale.h"
#include "data/draw.h"
#include "data/sheet.h"
#include "data/sheet_scores.h"
#include "data/text.h"

#include <stdio.h>

enum {
    CELL = 180, /* pixels that a map's longer side is enlarged to, about */
    MARGIN = 20,
    TITLE = 20, /* text sizes */
    LABEL = 15,
    FOOTER = 14,
    GAP = 6,
    LABEL_BYTES = 32
};

static const te_colour paper = {255, 255, 255}, ink = {24, 24, 24}, pale = {110, 110, 110};

/* Where things are: rows of `step` pixels from `top` on, columns of `column` from `left` on. */
typedef struct te_gates_layout {
    int width, height; /* of a map */
    int left, top, column, step;
    int page_width, page_height, bar_top;
    float scale; /* the score at the ramp's end */
} te_gates_layout;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static te_score_map map_of(const te_sheet_gates *gates, int tap, int score)
{
    return (te_score_map){.first = gates->taps[tap] + score, .width = gates->width, .height = gates->height,
                          .row = (size_t)gates->width, .stride = gates->stride};
}

static float find_scale(const te_sheet_gates *gates)
{
    float most = 0.0f;
    for (int i = 0; i < gates->tap_count * gates->score_count; i++) {
        te_score_map map = map_of(gates, i / gates->score_count, i % gates->score_count);
        most = te_score_map_largest(&map, most);
    }
    return te_scores_scale(most);
}

static te_gates_layout lay_out(const te_sheet_gates *gates)
{
    te_gates_layout layout = {.scale = find_scale(gates)};
    int longest = larger(gates->width, gates->height), factor = larger(1, CELL / longest);
    layout.width = longest > 2 * CELL ? larger(1, gates->width * 2 * CELL / longest) : gates->width * factor;
    layout.height = longest > 2 * CELL ? larger(1, gates->height * 2 * CELL / longest) : gates->height * factor;
    layout.column = larger(layout.width, te_text_width(LABEL, "mean 0.000")) + MARGIN;
    layout.left = MARGIN + te_text_width(LABEL, "tap 00") + 2 * GAP;
    layout.top = MARGIN + TITLE + 2 * GAP + LABEL + GAP;
    layout.step = layout.height + GAP + LABEL + MARGIN;
    layout.page_width = layout.left + gates->score_count * layout.column;
    int bar = 2 * MARGIN + TE_SCORES_BAR, title = 2 * MARGIN + (gates->title ? te_text_width(TITLE, gates->title) : 0);
    layout.page_width = larger(layout.page_width, larger(bar, title));
    layout.bar_top = layout.top + gates->tap_count * layout.step;
    layout.page_height = layout.bar_top + LABEL + MARGIN;
    return layout;
}

/* Text centred on x. */
static te_status draw_centred(te_picture *sheet, int x, int y, te_colour colour, const char *text)
{
    int width = te_text_width(LABEL, text);
    return te_text_draw(sheet, x - width / 2, y, width + 1, LABEL, colour, text);
}

/* The map of one score of one tap, and its mean below. */
static te_status draw_map(te_picture *sheet, const te_sheet_gates *gates, const te_gates_layout *layout, int tap,
                          int score)
{
    te_score_map map = map_of(gates, tap, score);
    double mean;
    int center = layout->left + score * layout->column + (layout->column - MARGIN) / 2;
    int x = center - layout->width / 2, y = layout->top + tap * layout->step;
    TE_TRY(te_score_map_draw(sheet, x, y, layout->width, layout->height, &map, layout->scale, &mean));
    char text[LABEL_BYTES];
    te_print(text, sizeof text, "mean %.3f", mean);
    return draw_centred(sheet, center, y + layout->height + GAP, pale, text);
}

static te_status draw_labels(te_picture *sheet, const te_sheet_gates *gates, const te_gates_layout *layout)
{
    char text[LABEL_BYTES];
    if (gates->title) {
        TE_TRY(te_text_draw(sheet, MARGIN, MARGIN, layout->page_width - 2 * MARGIN, TITLE, ink, gates->title));
    }
    for (int score = 0; score < gates->score_count; score++) {
        snprintf(text, sizeof text, "expert %d", score + 1);
        int memory = gates->memory && score == gates->score_count - 1;
        TE_TRY(draw_centred(sheet, layout->left + score * layout->column + (layout->column - MARGIN) / 2,
                            layout->top - LABEL - GAP, ink, memory ? "memory" : text));
    }
    for (int tap = 0; tap < gates->tap_count; tap++) {
        snprintf(text, sizeof text, "tap %d", tap + 1);
        TE_TRY(te_text_draw(sheet, MARGIN, layout->top + tap * layout->step + (layout->height - LABEL) / 2,
                            layout->left, LABEL, ink, text));
    }
    return TE_OK;
}

te_status te_sheet_draw_gates(te_picture **sheet, const te_sheet_gates *gates, const char *footer)
{
    if (gates->tap_count < 1 || gates->tap_count > 99 || gates->score_count < 1 || gates->score_count > 99 ||
        gates->width < 1 || gates->height < 1 || gates->width > TE_PICTURE_LIMIT ||
        gates->height > TE_PICTURE_LIMIT) {
        return te_fail(TE_ERR_ARGUMENT, "cannot draw '%d' taps of %d scores of %d x %d tokens", gates->tap_count,
                       gates->score_count, gates->width, gates->height);
    }
    te_gates_layout layout = lay_out(gates);
    te_picture *made = NULL;
    te_status status;
    int height = layout.page_height + (footer ? FOOTER + MARGIN / 2 : 0);
    TE_TRY_OUT(te_picture_allocate(&made, layout.page_width, height));
    te_draw_fill(made, 0, 0, made->width, made->height, paper);
    TE_TRY_OUT(draw_labels(made, gates, &layout));
    for (int tap = 0; tap < gates->tap_count; tap++) {
        for (int score = 0; score < gates->score_count; score++) {
            TE_TRY_OUT(draw_map(made, gates, &layout, tap, score));
        }
    }
    TE_TRY_OUT(te_scores_bar_draw(made, MARGIN, layout.bar_top, LABEL, layout.scale));
    if (footer) {
        TE_TRY_OUT(te_text_draw(made, MARGIN, layout.page_height, made->width - 2 * MARGIN, FOOTER, pale, footer));
    }
    *sheet = made;
    made = NULL;
out:
    te_picture_free(made);
    return status;
}
