/* Tiles are run row by row, from left to right. What a tile says about a place that a later tile has a say in, too, is kept,
 * weighted, until then: in `left` for the next tile, in `above` for the next row of tiles. Every other place is final and goes
 * into the maps at once.
 *
 *            begin head     tail  end
 *              |.....|        |.....|
 *      begin   +----------------------
 *        :     | from|        |  to     <- here `above` is added in
 *      head    | left| final  | left
 *        :     |     |        |
 *      tail    |.....|........|.....
 *        :     |    to above  |       */
#include "eval/tiles.h"

#include "data/map.h"
#include "eval/blend.h"

#include <stdlib.h>
#include <string.h>

typedef struct mosaic {
    const te_config *config;
    const te_picture *picture;
    const te_tiles_options *options;
    te_map *maps;
    size_t V;
    te_picture *tile; /* cut out of the picture */
    float *values;    /* (h,w,V) of it */
    float *left;      /* (h, x.zone, V) */
    float *above;     /* (y.zone, width, V) */
    float *pixel;     /* (V) */
} mosaic;

static void cut_tile(const mosaic *at, int left, int top)
{
    size_t row = (size_t)at->tile->width * 3;
    for (int y = 0; y < at->tile->height; y++) {
        size_t from = (size_t)(top + y) * (size_t)at->picture->width + (size_t)left;
        memcpy(at->tile->rgb + (size_t)y * row, at->picture->rgb + 3 * from, row);
    }
}

/* to = weight * from, or with `more` (may be `to`) added to it */
static void weigh(size_t count, float weight, const float *from, const float *more, float *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = weight * from[i] + (more ? more[i] : 0.0f);
    }
}

/* One pixel that no tile further right has a say in: mixed with what is above, kept for below, or final. */
static void settle(mosaic *at, const te_tiling_span *span, int x, int y, const float *values)
{
    const te_tiling *tiling = &at->options->y;
    size_t width = (size_t)at->picture->width, column = (size_t)x;
    if (y >= span->tail) {
        int line = y - span->tail;
        weigh(at->V, 1.0f - te_tiling_get_weight(tiling, line), values, NULL,
              at->above + ((size_t)line * width + column) * at->V);
        return;
    }
    if (y < span->head) {
        int line = y - span->begin;
        weigh(at->V, te_tiling_get_weight(tiling, line), values, at->above + ((size_t)line * width + column) * at->V,
              at->pixel);
        values = at->pixel;
    }
    te_blend_write(at->config, values, at->maps, (size_t)y * width + column);
}

/* Row y of the picture, as the present tile sees it. */
static void blend_row(mosaic *at, const te_tiling_span *across, const te_tiling_span *down, int y)
{
    const te_tiling *tiling = &at->options->x;
    size_t line = (size_t)(y - down->first);
    float *values = at->values + (line * (size_t)at->tile->width + (size_t)(across->begin - across->first)) * at->V;
    float *left = at->left + line * (size_t)tiling->zone * at->V;
    for (int x = across->begin; x < across->end; x++, values += at->V) {
        if (x >= across->tail) {
            int place = x - across->tail;
            weigh(at->V, 1.0f - te_tiling_get_weight(tiling, place), values, NULL, left + (size_t)place * at->V);
            continue;
        }
        if (x < across->head) {
            int place = x - across->begin;
            weigh(at->V, te_tiling_get_weight(tiling, place), values, left + (size_t)place * at->V, values);
        }
        settle(at, down, x, y, values);
    }
}

static te_status run_tiles(mosaic *at)
{
    const te_tiles_options *options = at->options;
    for (int row = 0; row < options->y.count; row++) {
        te_tiling_span down = te_tiling_get(&options->y, row);
        for (int column = 0; column < options->x.count; column++) {
            te_tiling_span across = te_tiling_get(&options->x, column);
            cut_tile(at, across.first, down.first);
            TE_TRY(options->run(options->context, across.first, down.first, at->tile, at->values));
            for (int y = down.begin; y < down.end; y++) {
                blend_row(at, &across, &down, y);
            }
        }
    }
    return TE_OK;
}

static te_status allocate(mosaic *at)
{
    const te_tiling *x = &at->options->x, *y = &at->options->y;
    size_t pixel = at->V * sizeof(float);
    TE_TRY(te_picture_allocate(&at->tile, x->part, y->part));
    at->values = te_alloc((size_t)y->part, (size_t)x->part * pixel, "a tile");
    at->left = te_alloc((size_t)y->part, (size_t)x->zone * pixel + 1, "a tile"); /* + 1: of nothing there is no memory */
    at->above = te_alloc((size_t)y->zone + 1, (size_t)x->length * pixel, "tiles");
    at->pixel = te_alloc(1, pixel, "a pixel");
    if (!at->values || !at->left || !at->above || !at->pixel) {
        return TE_ERR_MEMORY;
    }
    for (int t = 0; t < at->config->task_count; t++) {
        TE_TRY(te_blend_create_map(&at->maps[t], at->config, t, x->length, y->length));
    }
    return TE_OK;
}

te_status te_tiles_run(const te_config *config, const te_picture *picture, const te_tiles_options *options, te_map *maps)
{
    te_map made[TE_TASK_COUNT] = {{0}};
    mosaic at = {.config = config, .picture = picture, .options = options, .maps = made,
                 .V = (size_t)te_blend_count(config)};
    te_status status;
    TE_TRY_OUT(allocate(&at));
    TE_TRY_OUT(run_tiles(&at));
    memcpy(maps, made, (size_t)config->task_count * sizeof *maps);
    memset(made, 0, sizeof made);
out:
    for (int t = 0; t < config->task_count; t++) {
        te_map_free(&made[t]);
    }
    te_picture_free(at.tile);
    free(at.values);
    free(at.left);
    free(at.above);
    free(at.pixel);
    return status;
}
