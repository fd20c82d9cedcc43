#include "data/sheet_scores.h"

#include "base/c_locale.h"
#include "data/draw.h"
#include "data/text.h"

#include <math.h>

enum { GAP = 6 };

static const te_colour ink = {24, 24, 24}, line = {120, 120, 120};

static float score_at(const te_score_map *map, int token)
{
    size_t y = (size_t)(token / map->width), x = (size_t)(token % map->width);
    return map->first[(y * map->row + x) * map->stride];
}

float te_score_map_largest(const te_score_map *map, float most)
{
    for (int token = 0; token < map->height * map->width; token++) {
        float score = score_at(map, token);
        most = isfinite(score) && score > most ? score : most;
    }
    return most;
}

float te_scores_scale(float largest)
{
    float steps = ceilf(largest * 20.0f - 1e-4f);
    return (steps < 1.0f ? 1.0f : steps) / 20.0f;
}

te_status te_score_map_draw(te_picture *sheet, int x, int y, int width, int height, const te_score_map *map, float scale,
                            double *mean)
{
    te_picture *colours;
    TE_TRY(te_picture_allocate(&colours, map->width, map->height));
    double sum = 0.0;
    int tokens = map->height * map->width;
    for (int token = 0; token < tokens; token++) {
        float score = score_at(map, token);
        te_colour colour = te_colour_ramp(TE_RAMP_WARM, score / scale);
        colours->rgb[3 * token] = colour.r;
        colours->rgb[3 * token + 1] = colour.g;
        colours->rgb[3 * token + 2] = colour.b;
        sum += (double)score;
    }
    te_status status = te_draw_picture(sheet, x, y, width, height, TE_DRAW_BLOCKS, colours);
    te_picture_free(colours);
    *mean = sum / tokens;
    return status;
}

te_status te_scores_bar_draw(te_picture *sheet, int x, int y, int size, float scale)
{
    char text[32];
    int number = te_text_width(size, "0.00"), ramp = x + number + GAP, width = TE_SCORES_BAR - 2 * (number + GAP);
    te_print(text, sizeof text, "%.2f", (double)scale);
    TE_TRY(te_text_draw(sheet, x, y, number, size, ink, "0.00"));
    te_draw_ramp(sheet, ramp, y + 1, width, size - 2, TE_RAMP_WARM, 0.0f, 1.0f);
    te_draw_frame(sheet, ramp, y + 1, width, size - 2, 1, line);
    return te_text_draw(sheet, ramp + width + GAP, y, TE_SCORES_BAR, size, ink, text);
}
