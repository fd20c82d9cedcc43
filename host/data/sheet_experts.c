#include "base/c_locale.h"
#include "data/draw.h"
#include "data/sheet.h"
#include "data/sheet_scores.h"
#include "data/text.h"

#include <stdio.h>

enum {
    CELL = 96, /* pixels that a map's longer side is enlarged to, about */
    MARGIN = 20,
    TITLE = 18, /* text sizes */
    LABEL = 13,
    FOOTER = 14,
    GAP = 5,
    TAP_GAP = 24, /* between the columns of neighbouring taps */
    TEXT_BYTES = 96
};

static const te_colour paper = {255, 255, 255}, ink = {24, 24, 24}, pale = {110, 110, 110};

typedef struct te_experts_layout {
    int scores;                      /* columns of a tap */
    int width, height;               /* of a map */
    int left, column, tap;           /* where columns begin; from one to the next; from a tap to the next */
    int features, tasks, step;       /* where their rows begin; from one task to the next */
    int page_width, page_height, bar;
    float scale;                     /* the score at the ramp's end */
} te_experts_layout;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static te_score_map map_of(const te_sheet_experts *experts, int tap, int task, int score)
{
    int S = experts->expert_count + experts->memory;
    return (te_score_map){.first = experts->gates[tap] + task * S + score, .width = experts->width,
                          .height = experts->height, .row = experts->row, .stride = (size_t)(experts->task_count * S)};
}

static float find_scale(const te_sheet_experts *experts)
{
    float most = 0.0f;
    int S = experts->expert_count + experts->memory;
    for (int i = 0; i < experts->tap_count * experts->task_count * S; i++) {
        te_score_map map = map_of(experts, i / S / experts->task_count, i / S % experts->task_count, i % S);
        most = te_score_map_largest(&map, most);
    }
    return te_scores_scale(most);
}

static te_experts_layout lay_out(const te_sheet_experts *experts)
{
    te_experts_layout layout = {.scores = experts->expert_count + experts->memory, .scale = find_scale(experts)};
    int longest = larger(experts->width, experts->height), factor = larger(1, CELL / longest);
    layout.width = longest > 2 * CELL ? larger(1, experts->width * 2 * CELL / longest) : experts->width * factor;
    layout.height = longest > 2 * CELL ? larger(1, experts->height * 2 * CELL / longest) : experts->height * factor;
    layout.column = larger(layout.width, te_text_width(LABEL, "expert 00")) + GAP;
    layout.left = layout.width;
    for (int t = 0; t < experts->task_count; t++) {
        layout.left = larger(layout.left, te_text_width(LABEL, experts->titles[t]));
    }
    layout.left += MARGIN + TAP_GAP;
    layout.tap = larger(layout.scores * layout.column, te_text_width(TITLE, "tap 00")) + TAP_GAP;
    layout.features = MARGIN + TITLE + GAP + 2 * (LABEL + GAP);
    layout.tasks = layout.features + layout.height + 2 * GAP;
    layout.step = layout.height + LABEL + 2 * GAP;
    layout.bar = layout.tasks + experts->task_count * layout.step + GAP;
    layout.page_width = larger(layout.left + experts->tap_count * layout.tap - TAP_GAP, MARGIN + TE_SCORES_BAR) + MARGIN;
    layout.page_height = layout.bar + LABEL + MARGIN;
    return layout;
}

/* The left edge of a map. */
static int column_of(const te_experts_layout *layout, int tap, int score)
{
    return layout->left + tap * layout->tap + score * layout->column + (layout->column - GAP - layout->width) / 2;
}

/* Text centred below or above a map. */
static te_status draw_centred(te_picture *sheet, const te_experts_layout *layout, int left, int y, te_colour colour,
                              const char *text)
{
    int width = te_text_width(LABEL, text);
    return te_text_draw(sheet, left + (layout->width - width) / 2, y, width + 1, LABEL, colour, text);
}

static te_status draw_heads(te_picture *sheet, const te_sheet_experts *experts, const te_experts_layout *layout, int tap)
{
    char text[TEXT_BYTES];
    const double *shares = experts->shares[tap];
    int left = layout->left + tap * layout->tap, width = layout->tap - TAP_GAP, y = MARGIN;
    snprintf(text, sizeof text, "tap %d", tap + 1);
    TE_TRY(te_text_draw(sheet, left, y, width, TITLE, ink, text));
    y += TITLE + GAP;
    te_print(text, sizeof text, "red %.0f %%, green %.0f %%, blue %.0f %% of variance", 100.0 * shares[0], 100.0 * shares[1],
             100.0 * shares[2]);
    TE_TRY(te_text_draw(sheet, left, y, width, LABEL, pale, text));
    y += LABEL + GAP;
    for (int score = 0; score < layout->scores; score++) {
        snprintf(text, sizeof text, "expert %d", score + 1);
        TE_TRY(draw_centred(sheet, layout, column_of(layout, tap, score), y, ink,
                            score < experts->expert_count ? text : "memory"));
    }
    return TE_OK;
}

static te_status draw_features(te_picture *sheet, const te_sheet_experts *experts, const te_experts_layout *layout, int tap)
{
    for (int expert = 0; expert < experts->expert_count; expert++) {
        TE_TRY(te_draw_picture(sheet, column_of(layout, tap, expert), layout->features, layout->width, layout->height,
                               TE_DRAW_BLOCKS, experts->features[tap * experts->expert_count + expert]));
    }
    return TE_OK;
}

/* A task's scores at one tap, their means below. */
static te_status draw_scores(te_picture *sheet, const te_sheet_experts *experts, const te_experts_layout *layout, int tap,
                             int task)
{
    int y = layout->tasks + task * layout->step;
    for (int score = 0; score < layout->scores; score++) {
        te_score_map map = map_of(experts, tap, task, score);
        char text[TEXT_BYTES];
        double mean;
        int x = column_of(layout, tap, score);
        TE_TRY(te_score_map_draw(sheet, x, y, layout->width, layout->height, &map, layout->scale, &mean));
        te_print(text, sizeof text, "%.3f", mean);
        TE_TRY(draw_centred(sheet, layout, x, y + layout->height + GAP / 2, pale, text));
    }
    return TE_OK;
}

/* The picture and the tasks' names. */
static te_status draw_left(te_picture *sheet, const te_sheet_experts *experts, const te_experts_layout *layout)
{
    TE_TRY(te_draw_picture(sheet, MARGIN, layout->features, layout->width, layout->height, TE_DRAW_SMOOTH,
                           experts->picture));
    for (int t = 0; t < experts->task_count; t++) {
        int y = layout->tasks + t * layout->step + (layout->height - LABEL) / 2;
        TE_TRY(te_text_draw(sheet, MARGIN, y, layout->left - MARGIN, LABEL, ink, experts->titles[t]));
    }
    return TE_OK;
}

static te_status draw_all(te_picture *sheet, const te_sheet_experts *experts, const te_experts_layout *layout)
{
    TE_TRY(draw_left(sheet, experts, layout));
    for (int tap = 0; tap < experts->tap_count; tap++) {
        TE_TRY(draw_heads(sheet, experts, layout, tap));
        TE_TRY(draw_features(sheet, experts, layout, tap));
        for (int task = 0; task < experts->task_count; task++) {
            TE_TRY(draw_scores(sheet, experts, layout, tap, task));
        }
    }
    return te_scores_bar_draw(sheet, MARGIN, layout->bar, LABEL, layout->scale);
}

te_status te_sheet_draw_experts(te_picture **sheet, const te_sheet_experts *experts, const char *footer)
{
    if (experts->tap_count < 1 || experts->tap_count > 99 || experts->expert_count < 1 || experts->expert_count > 99 ||
        experts->width < 1 || experts->height < 1 || experts->width > TE_PICTURE_LIMIT ||
        experts->height > TE_PICTURE_LIMIT) {
        return te_fail(TE_ERR_ARGUMENT, "cannot draw '%d' taps of %d experts of %d x %d tokens", experts->tap_count,
                       experts->expert_count, experts->width, experts->height);
    }
    te_experts_layout layout = lay_out(experts);
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, layout.page_width, layout.page_height + (footer ? FOOTER + MARGIN / 2 : 0)));
    te_draw_fill(made, 0, 0, made->width, made->height, paper);
    te_status status = draw_all(made, experts, &layout);
    if (status == TE_OK && footer) {
        status = te_text_draw(made, MARGIN, layout.page_height, made->width - 2 * MARGIN, FOOTER, pale, footer);
    }
    if (status != TE_OK) {
        te_picture_free(made);
        return status;
    }
    *sheet = made;
    return TE_OK;
}
