/* The evaluator: pictures of any size through a model. */
#include "eval/evaluator.h"

#include "base/log.h"
#include "data/axis.h"
#include "eval/blend.h"
#include "eval/passes.h"
#include "eval/tiles.h"

#include <stdlib.h>
#include <string.h>

struct te_evaluator {
    te_model *model;
    te_device *device;
    te_passes *passes;
    int height, width; /* input size */
    te_fit_kind fit;
    bool tiles;        /* a larger picture is run at its own size */
    float overlap;     /* of tiles, over the input's size */
    float share;       /* that all of a picture has in what its tiles show */
    te_evaluator_function report;
    void *context;
};

te_status te_evaluator_create(te_evaluator **evaluator, te_model *model, te_device *device,
                              const te_settings *settings)
{
    TE_NEED(evaluator, model, device);
    te_settings chosen = settings ? *settings : *te_model_get_settings(model);
    chosen.infer.precision = (settings ? settings : te_device_settings(device))->infer.precision;
    te_evaluator *created = te_alloc(1, sizeof *created, "an evaluator");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    *created = (te_evaluator){.model = model, .device = device, .height = chosen.input.height, .width = chosen.input.width,
                              .fit = chosen.input.fit, .tiles = chosen.infer.tiles,
                              .overlap = chosen.infer.tile_overlap, .share = chosen.infer.tile_context};
    te_model_warn(model, &chosen);
    te_status status = te_passes_create(&created->passes, model, device, created->height, created->width, &chosen);
    if (status != TE_OK) {
        te_evaluator_free(created);
        return status;
    }
    *evaluator = created;
    return TE_OK;
}

void te_evaluator_free(te_evaluator *evaluator)
{
    if (evaluator) {
        te_passes_free(evaluator->passes);
        free(evaluator);
    }
}

te_status te_evaluator_get_memory(const te_evaluator *evaluator, te_memory_info *info)
{
    TE_NEED(evaluator, info);
    return te_passes_get_memory(evaluator->passes, info);
}

void te_evaluator_set_report(te_evaluator *evaluator, te_evaluator_function report, void *context)
{
    evaluator->report = report;
    evaluator->context = context;
}

void te_evaluator_get_input(const te_evaluator *evaluator, int *height, int *width)
{
    *height = evaluator->height;
    *width = evaluator->width;
}

const te_model *te_evaluator_get_model(const te_evaluator *evaluator)
{
    return evaluator->model;
}

te_device *te_evaluator_get_device(const te_evaluator *evaluator)
{
    return evaluator->device;
}

/* ---- where a picture lies ---- */

static bool is_larger(const te_evaluator *evaluator, int width, int height)
{
    return width > evaluator->width || height > evaluator->height;
}

/* In the middle, as large as it is; what is larger than the input begins at 0. */
static te_fit place_unchanged(const te_evaluator *evaluator, int width, int height)
{
    return (te_fit){.picture_width = width, .picture_height = height, .input_width = evaluator->width,
                    .input_height = evaluator->height, .width = width, .height = height,
                    .left = width < evaluator->width ? (evaluator->width - width) / 2 : 0,
                    .top = height < evaluator->height ? (evaluator->height - height) / 2 : 0};
}

te_fit te_evaluator_place(const te_evaluator *evaluator, int width, int height)
{
    return evaluator->tiles ? place_unchanged(evaluator, width, height)
                            : te_fit_place(width, height, evaluator->width, evaluator->height);
}

/* ---- in one piece ---- */

/* The mean of all passes (h,w,V) in fresh memory, and the prediction filled from it; the logits of a single pass stay what they
 * are. */
static te_status run_mean(te_evaluator *evaluator, te_prediction *run, float **mean)
{
    size_t V = (size_t)te_blend_count(&run->config), pixels = (size_t)run->fit.height * (size_t)run->fit.width;
    float *made = te_alloc(pixels, V * sizeof *made, "a mean");
    te_status status = made ? te_passes_run(evaluator->passes, run->picture, &run->fit, made) : TE_ERR_MEMORY;
    if (status == TE_OK) {
        status = te_prediction_fill(run, te_passes_get_base(evaluator->passes), run->passes > 1 ? made : NULL);
    }
    if (status != TE_OK) {
        free(made);
        return status;
    }
    *mean = made;
    return TE_OK;
}

static te_status run_whole(te_evaluator *evaluator, te_prediction *run)
{
    te_scheduler *base = te_passes_get_base(evaluator->passes);
    if (run->passes == 1) {
        TE_TRY(te_scheduler_run(base, run->input));
        TE_TRY(te_prediction_fill(run, base, NULL));
    } else {
        float *mean;
        TE_TRY(run_mean(evaluator, run, &mean));
        free(mean);
    }
    return te_prediction_read_maps(run);
}

/* ---- in tiles ---- */

/* A picture in tiles, whose values are mixed with those of all of it, shrunk to fit the input. */
typedef struct mixer {
    te_evaluator *evaluator;
    const te_prediction *run;
    const float *whole; /* (h,w,V) */
    te_axis x, y;       /* of it -> picture */
    int V;
    size_t done, count; /* tiles */
} mixer;

/* Mix what all of the picture says about pixel (x,y), interpolated, into a tile's values (V). Boundaries are seen better from
 * near, without what is around them. */
static void mix_pixel(const mixer *at, int x, int y, float *values)
{
    const te_config *config = &at->run->config;
    int left, right, upper, lower, width = at->run->fit.width, V = at->V;
    float share = at->evaluator->share, across = te_axis_find(&at->x, x, &left, &right);
    float down = te_axis_find(&at->y, y, &upper, &lower);
    const float *a = at->whole + (size_t)(upper * width + left) * (size_t)V, *b = a + (right - left) * V;
    const float *c = a + (size_t)((lower - upper) * width) * (size_t)V, *d = c + (right - left) * V;
    for (int t = 0, v = 0; t < config->task_count; v += config->channels[t], t++) {
        for (int k = v; config->tasks[t] != TE_EDGE && k < v + config->channels[t]; k++) {
            float above = a[k] + across * (b[k] - a[k]), below = c[k] + across * (d[k] - c[k]);
            values[k] += share * (above + down * (below - above) - values[k]);
        }
    }
}

static te_status run_tile(void *context, int left, int top, const te_picture *tile, float *values)
{
    mixer *at = context;
    te_evaluator *evaluator = at->evaluator;
    te_fit fit = place_unchanged(evaluator, tile->width, tile->height);
    TE_TRY(te_passes_run(evaluator->passes, tile, &fit, values));
    for (int y = 0; evaluator->share > 0.0f && y < tile->height; y++) {
        for (int x = 0; x < tile->width; x++) {
            mix_pixel(at, left + x, top + y, values + (size_t)(y * tile->width + x) * (size_t)at->V);
        }
    }
    at->done++;
    return evaluator->report ? evaluator->report(at->done, at->count, evaluator->context) : TE_OK;
}

static te_tiling make_tiling(const te_evaluator *evaluator, int length, int part)
{
    return te_tiling_make(length, part, (int)(evaluator->overlap * (float)part));
}

static te_tiles_options choose_tiles(const te_evaluator *evaluator, const te_picture *picture)
{
    return (te_tiles_options){.x = make_tiling(evaluator, picture->width, evaluator->width),
                              .y = make_tiling(evaluator, picture->height, evaluator->height), .run = run_tile};
}

static te_status run_tiles(te_evaluator *evaluator, te_prediction *run)
{
    te_tiles_options options = choose_tiles(evaluator, run->picture);
    mixer at = {.evaluator = evaluator, .run = run, .V = te_blend_count(&run->config)};
    float *whole = NULL;
    te_status status;
    run->tiles = options.x.count * options.y.count;
    at.count = (size_t)run->tiles;
    options.context = &at;
    TE_TRY_OUT(te_axis_create(&at.x, run->fit.width, run->picture->width, TE_AXIS_LINEAR));
    TE_TRY_OUT(te_axis_create(&at.y, run->fit.height, run->picture->height, TE_AXIS_LINEAR));
    TE_TRY_OUT(run_mean(evaluator, run, &whole));
    at.whole = whole;
    TE_TRY_OUT(te_tiles_run(&run->config, run->picture, &options, run->maps));
out:
    te_axis_free(&at.x);
    te_axis_free(&at.y);
    free(whole);
    return status;
}

/* ---- either ---- */

te_status te_evaluator_run_fit(te_evaluator *evaluator, const te_picture *picture, const te_fit *fit,
                               te_prediction **prediction)
{
    te_prediction *run = te_alloc(1, sizeof *run, "a prediction");
    if (!run) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    run->config = evaluator->model->config;
    bool tiles = is_larger(evaluator, fit->width, fit->height);
    run->fit = tiles ? te_fit_picture(picture->width, picture->height, evaluator->width, evaluator->height, TE_FIT_PAD) : *fit;
    run->passes = te_passes_count(evaluator->passes);
    TE_TRY_OUT(te_picture_allocate(&run->picture, picture->width, picture->height));
    memcpy(run->picture->rgb, picture->rgb, 3 * (size_t)picture->width * (size_t)picture->height);
    run->input = te_alloc(3 * (size_t)evaluator->height, (size_t)evaluator->width * sizeof *run->input, "the input");
    TE_TRY_OUT(run->input ? te_fit_input(&run->fit, run->picture, run->input) : TE_ERR_MEMORY);
    TE_TRY_OUT(tiles ? run_tiles(evaluator, run) : run_whole(evaluator, run));
    *prediction = run;
    return TE_OK;
out:
    te_prediction_free(run);
    return status;
}

te_status te_evaluator_run(te_evaluator *evaluator, const te_picture *picture, te_prediction **prediction)
{
    TE_NEED(evaluator, picture, prediction);
    if (!evaluator->tiles || !is_larger(evaluator, picture->width, picture->height)) {
        te_fit fit = te_fit_picture(picture->width, picture->height, evaluator->width, evaluator->height, evaluator->fit);
        return te_evaluator_run_fit(evaluator, picture, &fit, prediction);
    }
    te_tiles_options tiles = choose_tiles(evaluator, picture);
    te_log(TE_LOG_INFO, "%d x %d pixels are run in %d x %d tiles of %d x %d", picture->width, picture->height, tiles.x.count,
           tiles.y.count, evaluator->width, evaluator->height);
    te_fit fit = place_unchanged(evaluator, picture->width, picture->height);
    return te_evaluator_run_fit(evaluator, picture, &fit, prediction);
}
