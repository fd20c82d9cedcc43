/* The geometry of training samples [S]: scale, crop, flip, pad; labels follow by nearest pixel. Nothing of the scaled
 * picture is made but the rows under the crop, and of labels only the crop. */
#include "data/augment.h"

#include "data/decide.h"
#include "data/fit.h"
#include "data/scaler.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 10, CLASSES = 256, IGNORED = 255 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The pixel of the picture that is nearest to place `at` of `length`, of `from`, in whole numbers: that under the place's
 * corner, floor(at from / length), as OpenCV has it; or under its centre, where the picture's own scaling has it. */
static int nearest(int at, int from, int length, int centred)
{
    return centred ? (int)((2 * (int64_t)at + 1) * from / (2 * (int64_t)length)) : (int)((int64_t)at * from / length);
}

/* A crop of at most the input's size, at the top left, centred in the input. */
static void lay_crop(te_cut *cut)
{
    cut->rows = smaller(cut->height, cut->to_height);
    cut->columns = smaller(cut->width, cut->to_width);
    cut->pad_top = (cut->to_height - cut->rows) / 2;
    cut->pad_left = (cut->to_width - cut->columns) / 2;
}

te_cut te_cut_whole(const te_example *example, int height, int width)
{
    te_cut cut = {.from_height = example->height, .from_width = example->width, .to_height = height,
                  .to_width = width, .height = example->height, .width = example->width, .centred = 1,
                  .nearer = 1};
    if (example->height > height || example->width > width) {
        te_fit fit = te_fit_picture(example->width, example->height, width, height, TE_FIT_PAD);
        cut.height = fit.height;
        cut.width = fit.width;
    }
    lay_crop(&cut);
    return cut;
}

/* ---- what is drawn ---- */

/* Valid pixels under the crop, and no class with more than 3/4 of them. */
static int is_varied(const te_cut *cut, const float *semseg)
{
    int64_t pixels[CLASSES] = {0}, valid = 0, most = 0;
    for (int y = 0; y < cut->rows; y++) {
        const float *row = semseg + (size_t)nearest(cut->top + y, cut->from_height, cut->height, 0) * cut->from_width;
        for (int x = 0; x < cut->columns; x++) {
            pixels[(uint8_t)row[nearest(cut->left + x, cut->from_width, cut->width, 0)]]++;
        }
    }
    for (int class = 0; class < IGNORED; class++) {
        valid += pixels[class];
        most = pixels[class] > most ? pixels[class] : most;
    }
    return valid > 0 && 4 * most <= 3 * valid;
}

static void draw_place(te_cut *cut, uint64_t seed, uint64_t sample, int number)
{
    cut->top = te_decide_int(seed, sample, TE_DECIDE_CROP + 2 * number, cut->height - cut->rows);
    cut->left = te_decide_int(seed, sample, TE_DECIDE_CROP + 2 * number + 1, cut->width - cut->columns);
}

te_cut te_cut_draw(const te_example *example, int height, int width, const te_cut_options *options, uint64_t seed,
                   uint64_t sample)
{
    double scale = te_decide_real(seed, sample, TE_DECIDE_SCALE, (double)options->scale_min,
                                  (double)options->scale_max);
    te_cut cut = {.from_height = example->height, .from_width = example->width, .to_height = height,
                  .to_width = width, .height = (int)(example->height * scale), .width = (int)(example->width * scale),
                  .nearer = (float)scale};
    cut.height = cut.height < 1 ? 1 : cut.height;
    cut.width = cut.width < 1 ? 1 : cut.width;
    lay_crop(&cut);
    cut.flip = te_decide_chance(seed, sample, TE_DECIDE_FLIP);
    for (int number = 0; number <= TRIES; number++) { /* the last one is not looked at */
        draw_place(&cut, seed, sample, number);
        if (!options->semseg || is_varied(&cut, options->semseg)) {
            break;
        }
    }
    return cut;
}

/* ---- labels ---- */

static void fill(float *values, size_t count, float value)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = value;
    }
}

/* One plane (h,w) under the cut, each value times `factor`. */
static void place_plane(const te_cut *cut, const float *from, float *to, float factor)
{
    for (int y = 0; y < cut->rows; y++) {
        int from_y = nearest(cut->top + y, cut->from_height, cut->height, cut->centred);
        const float *row = from + (size_t)from_y * cut->from_width;
        float *place = to + (size_t)(cut->pad_top + y) * cut->to_width + cut->pad_left;
        for (int x = 0; x < cut->columns; x++) {
            int column = cut->flip ? cut->columns - 1 - x : x;
            place[x] = row[nearest(cut->left + column, cut->from_width, cut->width, cut->centred)] * factor;
        }
    }
}

static void ignore_short_normals(float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        float *x = label + i, *y = x + area, *z = y + area;
        if (!(*x * *x + *y * *y + *z * *z >= 0.25f)) {
            *x = *y = *z = 0.0f;
        }
    }
}

static void ignore_without_parts(float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        if (label[i] > 0.0f && label[i] < IGNORED) {
            return;
        }
    }
    fill(label, area, IGNORED);
}

void te_cut_label(const te_cut *cut, te_task_id task, const float *from, float *label)
{
    size_t area = (size_t)cut->to_height * (size_t)cut->to_width;
    size_t plane = (size_t)cut->from_height * (size_t)cut->from_width;
    int channels = te_label_channels(task);
    fill(label, area * (size_t)channels, te_label_ignored(task));
    for (int c = 0; from && c < channels; c++) {
        float factor = task == TE_NORMALS && c == 0 && cut->flip ? -1.0f : 1.0f;
        place_plane(cut, from + (size_t)c * plane, label + (size_t)c * area, factor);
    }
    if (task == TE_NORMALS) {
        ignore_short_normals(label, area);
    } else if (task == TE_HUMAN_PARTS) {
        ignore_without_parts(label, area);
    } else if (task == TE_DEPTH) {
        for (size_t i = 0; i < area; i++) {
            label[i] = label[i] > 0.0f ? label[i] / cut->nearer : 0.0f;
        }
    }
}

/* ---- the picture ---- */

/* The crop in 8 bits: rgb (rows,columns,3). */
static te_status crop_picture(const te_cut *cut, const te_picture *picture, uint8_t *rgb)
{
    float *row = NULL; /* (width,3) */
    te_scaler scaler;
    te_status status;
    TE_TRY(te_scaler_create(&scaler, picture, cut->width, cut->height, TE_AXIS_LINEAR));
    row = te_alloc((size_t)cut->width, 3 * sizeof *row, "a sample");
    status = row ? TE_OK : TE_ERR_MEMORY;
    for (int y = 0; status == TE_OK && y < cut->rows; y++) {
        te_scaler_read(&scaler, cut->top + y, row);
        for (int x = 0; x < cut->columns; x++, rgb += 3) {
            const float *from = row + 3 * (size_t)(cut->left + (cut->flip ? cut->columns - 1 - x : x));
            for (int c = 0; c < 3; c++) {
                rgb[c] = (uint8_t)(from[c] + 0.5f);
            }
        }
    }
    free(row);
    te_scaler_free(&scaler);
    return status;
}

static void place_crop(const te_cut *cut, const uint8_t *rgb, float *image)
{
    size_t area = (size_t)cut->to_height * (size_t)cut->to_width;
    float table[3][256]; /* a crop has more pixels than a byte has values */
    for (int i = 0; i < 3 * 256; i++) {
        table[i / 256][i % 256] = te_fit_normalise((float)(i % 256), i / 256);
    }
    memset(image, 0, 3 * area * sizeof *image);
    for (int y = 0; y < cut->rows; y++) {
        float *place = image + (size_t)(cut->pad_top + y) * cut->to_width + cut->pad_left;
        for (int x = 0; x < cut->columns; x++, rgb += 3) {
            place[x] = table[0][rgb[0]];
            place[area + x] = table[1][rgb[1]];
            place[2 * area + x] = table[2][rgb[2]];
        }
    }
}

te_status te_cut_image(const te_cut *cut, const te_example *example, const te_photometric *colours, float *image)
{
    const te_picture picture = {example->width, example->height, example->rgb};
    if (!colours) {
        te_fit fit = {.picture_width = cut->from_width, .picture_height = cut->from_height,
                      .input_width = cut->to_width, .input_height = cut->to_height, .left = cut->pad_left,
                      .top = cut->pad_top, .width = cut->width, .height = cut->height};
        return te_fit_input(&fit, &picture, image);
    }
    uint8_t *rgb = te_alloc((size_t)cut->rows, (size_t)cut->columns * 3, "a sample");
    if (!rgb) {
        return TE_ERR_MEMORY;
    }
    te_status status = crop_picture(cut, &picture, rgb);
    if (status == TE_OK) {
        te_photometric_apply(colours, rgb, (size_t)cut->rows * (size_t)cut->columns);
        place_crop(cut, rgb, image);
    }
    free(rgb);
    return status;
}
