/* At scale s a picture that fills (w,h) of the input (W,H) is resized, from its own pixels, to (s w, s h) of an input of s W x
 * s H rounded up to multiples of 16; its logits are brought back to (w,h) bilinearly. */
#include "eval/passes.h"

#include "data/axis.h"
#include "eval/blend.h"
#include "eval/prediction.h"
#include "scheduler/scheduler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pass_size {
    double scale;
    int height, width;       /* of the network's input */
    te_scheduler *scheduler;
} pass_size;

/* Where an axis looks: two neighbours and the second one's weight. */
typedef struct place {
    int first, second;
    float weight;
} place;

struct te_passes {
    const te_config *config;
    pass_size sizes[TE_MOST_SCALES];
    int count, base; /* sizes; which of them has scale 1 */
    bool flip;
    int values;      /* V */
    float *input;    /* (3,H,W) of the largest size */
    float *row;      /* (W) of the largest size: a channel's logits between two rows */
    place *across;   /* (W) of the base: where its pixels lie in such a row */
    float *logits;   /* (W,V) of the base: a row of logits, channels last */
};

/* ---- plans ---- */

static int round_up(double length)
{
    return ((int)lround(length) + TE_PATCH - 1) / TE_PATCH * TE_PATCH;
}

static te_status create_sizes(te_passes *passes, te_model *model, te_device *device, const te_settings *settings, int height,
                              int width)
{
    double scales[TE_MOST_SCALES];
    int count = te_scales_read(settings->infer.scales, scales);
    for (int i = 0; i < count; i++) {
        pass_size *size = &passes->sizes[i];
        *size = (pass_size){.scale = scales[i], .height = round_up(scales[i] * height), .width = round_up(scales[i] * width)};
        te_scheduler_options options = {.height = size->height, .width = size->width, .keep = scales[i] == 1.0};
        TE_TRY(te_scheduler_create_in(&size->scheduler, model, device, &options, settings->infer.precision));
        passes->base = scales[i] == 1.0 ? i : passes->base;
        passes->count++;
    }
    return TE_OK;
}

static te_status allocate(te_passes *passes)
{
    size_t area = 0, width = 0, base = (size_t)passes->sizes[passes->base].width;
    for (int i = 0; i < passes->count; i++) {
        size_t w = (size_t)passes->sizes[i].width, pixels = w * (size_t)passes->sizes[i].height;
        area = pixels > area ? pixels : area;
        width = w > width ? w : width;
    }
    passes->values = te_blend_count(passes->config);
    passes->input = te_alloc(area, 3 * sizeof *passes->input, "the input");
    passes->row = te_alloc(width, sizeof *passes->row, "a row of logits");
    passes->across = te_alloc(base, sizeof *passes->across, "a row of logits");
    passes->logits = te_alloc(base, (size_t)passes->values * sizeof *passes->logits, "a row of logits");
    return passes->input && passes->row && passes->across && passes->logits ? TE_OK : TE_ERR_MEMORY;
}

te_status te_passes_create(te_passes **passes, te_model *model, te_device *device, int height, int width,
                           const te_settings *settings)
{
    te_passes *created = te_alloc(1, sizeof *created, "an evaluator");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    created->config = &model->config;
    created->flip = settings->infer.flip;
    TE_TRY_OUT(create_sizes(created, model, device, settings, height, width));
    TE_TRY_OUT(allocate(created));
    *passes = created;
    return TE_OK;
out:
    te_passes_free(created);
    return status;
}

void te_passes_free(te_passes *passes)
{
    if (passes) {
        for (int i = 0; i < passes->count; i++) {
            te_scheduler_free(passes->sizes[i].scheduler);
        }
        free(passes->input);
        free(passes->row);
        free(passes->across);
        free(passes->logits);
        free(passes);
    }
}

int te_passes_count(const te_passes *passes)
{
    return passes->count * (passes->flip ? 2 : 1);
}

te_scheduler *te_passes_get_base(const te_passes *passes)
{
    return passes->sizes[passes->base].scheduler;
}

te_status te_passes_get_memory(const te_passes *passes, te_memory_info *info)
{
    *info = (te_memory_info){0};
    for (int i = 0; i < passes->count; i++) {
        te_memory_info one;
        TE_TRY(te_scheduler_get_memory(passes->sizes[i].scheduler, &one));
        info->parameters += one.parameters;
        info->activations += one.activations;
        info->live += one.live;
    }
    return TE_OK;
}

/* ---- there ---- */

static int scale_length(int length, double scale)
{
    int scaled = (int)lround(length * scale);
    return scaled > 0 ? scaled : 1;
}

/* `fit` in the input of a size; itself at scale 1. */
static te_fit scale_fit(const te_fit *fit, const pass_size *size)
{
    te_fit scaled = *fit;
    if (size->scale != 1.0) {
        scaled.input_width = size->width;
        scaled.input_height = size->height;
        scaled.width = scale_length(fit->width, size->scale);
        scaled.height = scale_length(fit->height, size->scale);
        scaled.left = (size->width - scaled.width) / 2;
        scaled.top = (size->height - scaled.height) / 2;
    }
    return scaled;
}

/* Turn the picture in the input around; the padding stays where it is. */
static void mirror(const te_fit *fit, float *input)
{
    size_t plane = (size_t)fit->input_height * (size_t)fit->input_width;
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < fit->height; y++) {
            float *left = input + (size_t)c * plane + (size_t)(fit->top + y) * (size_t)fit->input_width + (size_t)fit->left;
            for (float *right = left + fit->width - 1; left < right; left++, right--) {
                float kept = *left;
                *left = *right;
                *right = kept;
            }
        }
    }
}

/* ---- and back ---- */

/* The logits of one pass on their way back to the base's region. */
typedef struct way_back {
    const te_passes *passes;
    te_view view;
    const te_fit *from, *to;
    const float *logits[TE_TASK_COUNT]; /* (K,H,W) */
    te_axis x, y;                       /* region -> region */
} way_back;

static place find_place(const te_axis *axis, int at)
{
    place found;
    found.weight = te_axis_find(axis, at, &found.first, &found.second);
    return found;
}

static float interpolate(float first, float second, float weight)
{
    return weight == 0.0f ? first : first + weight * (second - first);
}

/* Row y of the base's region of one channel: plane (H,W) -> passes->logits[x * V + value]. */
static void fetch_row(const way_back *way, const float *plane, int y, int value)
{
    const te_fit *from = way->from;
    const te_passes *passes = way->passes;
    place at = find_place(&way->y, y);
    const float *upper = plane + (size_t)(from->top + at.first) * (size_t)from->input_width + (size_t)from->left;
    const float *lower = plane + (size_t)(from->top + at.second) * (size_t)from->input_width + (size_t)from->left;
    for (int x = 0; x < from->width; x++) {
        passes->row[x] = interpolate(upper[x], lower[x], at.weight);
    }
    for (int x = 0; x < way->to->width; x++) {
        const place *along = &passes->across[x];
        passes->logits[(size_t)x * (size_t)passes->values + (size_t)value] =
            interpolate(passes->row[along->first], passes->row[along->second], along->weight);
    }
}

/* values (h,w,V) += weight times what the logits say */
static void add_logits(const way_back *way, float weight, float *values)
{
    const te_config *config = way->passes->config;
    int width = way->to->width;
    size_t V = (size_t)way->passes->values, plane = (size_t)way->from->input_height * (size_t)way->from->input_width;
    for (int x = 0; x < width; x++) {
        way->passes->across[x] = find_place(&way->x, way->view.mirrored ? width - 1 - x : x);
    }
    for (int y = 0; y < way->to->height; y++) {
        int value = 0;
        for (int t = 0; t < config->task_count; t++) {
            for (int k = 0; k < config->channels[t]; k++) {
                fetch_row(way, way->logits[t] + (size_t)k * plane, y, value++);
            }
        }
        for (int x = 0; x < width; x++, values += V) {
            te_blend_add(config, &way->view, way->passes->logits + (size_t)x * V, weight, values);
        }
    }
}

static te_status bring_back(const te_passes *passes, const pass_size *size, const te_fit *from, const te_fit *to,
                            bool mirrored, float *values)
{
    const te_config *config = passes->config;
    way_back way = {.passes = passes, .view = {size->scale, mirrored}, .from = from, .to = to};
    te_status status;
    for (int t = 0; t < config->task_count; t++) {
        char name[64];
        te_array array;
        snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
        TE_TRY(te_scheduler_get(size->scheduler, name, &array));
        way.logits[t] = array.data;
        size_t count = (size_t)config->channels[t] * (size_t)size->height * (size_t)size->width;
        TE_TRY(te_prediction_check(config, t, array.data, count));
    }
    TE_TRY_OUT(te_axis_create(&way.x, from->width, to->width, TE_AXIS_LINEAR));
    TE_TRY_OUT(te_axis_create(&way.y, from->height, to->height, TE_AXIS_LINEAR));
    add_logits(&way, 1.0f / (float)te_passes_count(passes), values);
out:
    te_axis_free(&way.x);
    te_axis_free(&way.y);
    return status;
}

/* ---- all of it ---- */

/* The mirrored picture first, so that the scheduler ends with results for the picture as it is. */
static te_status run_size(te_passes *passes, const pass_size *size, const te_picture *picture, const te_fit *fit,
                          float *values)
{
    te_fit scaled = scale_fit(fit, size);
    TE_TRY(te_fit_input(&scaled, picture, passes->input));
    for (int mirrored = passes->flip; mirrored >= 0; mirrored--) {
        if (passes->flip) {
            mirror(&scaled, passes->input);
        }
        TE_TRY(te_scheduler_run(size->scheduler, passes->input));
        TE_TRY(bring_back(passes, size, &scaled, fit, mirrored, values));
    }
    return TE_OK;
}

te_status te_passes_run(te_passes *passes, const te_picture *picture, const te_fit *fit, float *values)
{
    memset(values, 0, (size_t)fit->height * (size_t)fit->width * (size_t)passes->values * sizeof *values);
    for (int i = 0; i < passes->count; i++) {
        TE_TRY(run_size(passes, &passes->sizes[i], picture, fit, values));
    }
    return TE_OK;
}
