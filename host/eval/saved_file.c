#include "eval/saved_file.h"

#include "base/files.h"
#include "data/colours.h"
#include "data/map.h"
#include "data/npy.h"
#include "data/png.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 30, GREY = 1, RGB = 3 };

/* A map that is being filled: one of the two is NULL. */
typedef struct filling {
    const te_saved_file *file;
    uint8_t *classes; /* (h,w) */
    float *values;    /* (h,w,channels) */
    int channels;
} filling;

static te_reading reading_of(const te_saved_file *file)
{
    return te_tasks[file->task].reading;
}

static te_status fail_size(const te_saved_file *file, long long width, long long height)
{
    return te_fail(TE_ERR_FORMAT, "'%s' has %lld x %lld pixels, its picture %d x %d: a map must have its picture's size",
                   file->path, width, height, file->width, file->height);
}

/* ---- one value ---- */

static te_status fail_value(const filling *to, size_t index, double value, const char *must)
{
    size_t pixel = index / (size_t)to->channels, width = (size_t)to->file->width;
    return te_fail(TE_ERR_FORMAT, "'%s' holds %g at (%zu,%zu); '%s' must be %s", to->file->path, value, pixel % width,
                   pixel / width, te_tasks[to->file->task].name, must);
}

static te_status fail_class(const filling *to, size_t index, double value)
{
    char must[64];
    snprintf(must, sizeof must, "a class from 0 to %d", to->file->classes - 1);
    return fail_value(to, index, value, must);
}

static te_status store(filling *to, size_t index, double value)
{
    switch (reading_of(to->file)) {
    case TE_READ_CLASS:
        if (!(value >= 0 && value < to->file->classes && value == floor(value))) {
            return fail_class(to, index, value);
        }
        to->classes[index] = (uint8_t)value;
        return TE_OK;
    case TE_READ_FOREGROUND:
    case TE_READ_SIGMOID:
        if (!(value >= 0 && value <= 1)) {
            return fail_value(to, index, value, "a probability from 0 to 1");
        }
        break;
    default:
        if (!isfinite((float)value)) {
            return fail_value(to, index, value, "a finite number");
        }
    }
    bool cut = reading_of(to->file) == TE_READ_METRES && !(value > 0); /* as readings of logits are */
    to->values[index] = cut ? 0.0f : (float)value;
    return TE_OK;
}

/* Vectors that are not of length 1 are brought to it; those shorter than `least` become zeros. What infer wrote has rounding
 * of floats only and stays, bit for bit. */
static void normalise(filling *to, double least)
{
    size_t area = (size_t)to->file->height * (size_t)to->file->width;
    for (size_t i = 0; i < area; i++) {
        float *v = to->values + 3 * i;
        double length = sqrt((double)v[0] * (double)v[0] + (double)v[1] * (double)v[1] + (double)v[2] * (double)v[2]);
        if (!(fabs(length - 1) <= 1e-6)) {
            for (int c = 0; c < 3; c++) {
                v[c] = length >= least ? (float)((double)v[c] / length) : 0.0f;
            }
        }
    }
}

/* ---- NumPy ---- */

static te_status read_npy(filling *to, const uint8_t *data, size_t bytes)
{
    const te_saved_file *file = to->file;
    te_npy array;
    TE_TRY(reading_of(file) == TE_READ_CLASS ? te_npy_read_any(&array, data, bytes, file->path)
                                             : te_npy_read(&array, data, bytes, file->path));
    bool fits = array.rank == 3 ? array.shape[2] == to->channels : array.rank == 2 && to->channels == 1;
    if (!fits) {
        return te_fail(TE_ERR_FORMAT, "'%s' is an array of another shape; '%s' must be (height,width%s)", file->path,
                       te_tasks[file->task].name, to->channels == 3 ? ",3" : "");
    }
    if (array.shape[0] != file->height || array.shape[1] != file->width) {
        return fail_size(file, array.shape[1], array.shape[0]);
    }
    double unit = reading_of(file) == TE_READ_METRES && array.type == TE_NPY_UINT16 ? 1000.0 : 1.0;
    for (size_t i = 0; i < array.count; i++) {
        TE_TRY(store(to, i, te_npy_get(&array, i) / unit));
    }
    if (to->channels == 3) {
        normalise(to, 1e-12);
    }
    return TE_OK;
}

/* ---- PNG ---- */

/* Files that show classes in colours may be larger, for their legend. This holds any. */
static bool may_be_legend(const te_saved_file *file, long long width, long long height)
{
    long long text = 16 + (file->width + file->height) / 120; /* at least the size of te_render_map()'s letters */
    return reading_of(file) == TE_READ_CLASS && width >= file->width && height > file->height &&
           width <= file->width + 100 * text && height <= file->height + 200 * text;
}

static te_status check_kind(const te_saved_file *file, const te_pixels *pixels, int bits)
{
    static const char *const wanted[] = {
        [TE_READ_CLASS] = "grey of 8 bits, a palette, or in colours as 'taskexpert infer' draws it",
        [TE_READ_FOREGROUND] = "grey",
        [TE_READ_SIGMOID] = "grey",
        [TE_READ_UNIT_VECTOR] = "RGB",
        [TE_READ_METRES] = "grey of 16 bits, in millimetres",
    };
    bool grey = pixels->channels == GREY, rgb = pixels->channels == RGB, fits = false;
    switch (reading_of(file)) {
    case TE_READ_CLASS: fits = (grey || rgb) && bits == 8; break;
    case TE_READ_FOREGROUND:
    case TE_READ_SIGMOID: fits = grey || (rgb && bits == 8); break;
    case TE_READ_UNIT_VECTOR: fits = rgb; break;
    case TE_READ_METRES: fits = grey && bits == 16; break;
    }
    return fits ? TE_OK
                : te_fail(TE_ERR_FORMAT, "'%s' has %d channels of %d bits; '%s' must be %s", file->path, pixels->channels,
                          bits, te_tasks[file->task].name, wanted[reading_of(file)]);
}

static bool is_paper(const te_pixels *pixels, int x, int y)
{
    const uint8_t *rgb = pixels->data + 3 * ((size_t)y * (size_t)pixels->width + (size_t)x);
    return rgb[0] == 255 && rgb[1] == 255 && rgb[2] == 255;
}

/* What is larger than its picture must have white, which no class is, below the map and right of it: then the rest is a legend.
 * Its size is not known, as that goes by the names that the classes had when it was drawn. */
static bool ends_in_paper(const te_saved_file *file, const te_pixels *pixels)
{
    bool paper = true;
    for (int x = 0; x < pixels->width && pixels->height > file->height; x++) {
        paper = paper && is_paper(pixels, x, file->height);
    }
    for (int y = 0; y < file->height && pixels->width > file->width; y++) {
        paper = paper && is_paper(pixels, file->width, y);
    }
    return paper;
}

/* The class of each colour; neighbours mostly have the same. */
static te_status read_colours(filling *to, const te_pixels *pixels)
{
    const te_saved_file *file = to->file;
    int class = 0;
    for (size_t i = 0; i < (size_t)file->width * (size_t)file->height; i++) {
        size_t x = i % (size_t)file->width, y = i / (size_t)file->width;
        const uint8_t *rgb = pixels->data + 3 * (y * (size_t)pixels->width + x);
        for (int tries = 0;; tries++, class = (class + 1) % file->classes) {
            te_colour colour = te_colour_class(file->classes, class);
            if (colour.r == rgb[0] && colour.g == rgb[1] && colour.b == rgb[2]) {
                break;
            }
            if (tries == file->classes - 1) {
                return te_fail(TE_ERR_FORMAT, "'%s' has the colour (%d,%d,%d) at (%zu,%zu), which no class of '%s' has: "
                               "write the classes' numbers as grey", file->path, rgb[0], rgb[1], rgb[2], x, y,
                               te_tasks[file->task].name);
            }
        }
        to->classes[i] = (uint8_t)class;
    }
    return ends_in_paper(file, pixels) ? TE_OK : fail_size(file, pixels->width, pixels->height);
}

static te_status read_numbers(filling *to, const te_pixels *pixels, int bits)
{
    const te_saved_file *file = to->file;
    if (pixels->width != file->width || pixels->height != file->height) {
        return fail_size(file, pixels->width, pixels->height);
    }
    te_reading reading = reading_of(file);
    size_t count = (size_t)file->width * (size_t)file->height * (size_t)to->channels;
    size_t step = (size_t)(pixels->channels / to->channels); /* 3: a grey that is stored as RGB */
    double most = bits == 16 ? 65535.0 : 255.0;
    for (size_t i = 0; i < count; i++) {
        size_t at = i * step;
        double value = bits == 16 ? ((const uint16_t *)(const void *)pixels->data)[at] : pixels->data[at];
        if (step == RGB && (pixels->data[at] != pixels->data[at + 1] || pixels->data[at] != pixels->data[at + 2])) {
            return te_fail(TE_ERR_FORMAT, "'%s' shows colours; '%s' must be grey", file->path, te_tasks[file->task].name);
        }
        value = reading == TE_READ_CLASS    ? value
                : reading == TE_READ_METRES ? value / 1000.0
                                            : value / most;
        TE_TRY(store(to, i, reading == TE_READ_UNIT_VECTOR ? 2.0 * value - 1.0 : value));
    }
    if (reading == TE_READ_UNIT_VECTOR) {
        normalise(to, 0.5); /* bytes hold no exact zero */
    }
    return TE_OK;
}

static te_status read_png(filling *to, const uint8_t *data, size_t bytes)
{
    const te_saved_file *file = to->file;
    te_pixels pixels = {0};
    int bits = 0;
    uint32_t width, height;
    if (te_png_get_size(data, bytes, &width, &height)) { /* before memory for another size is taken */
        bool equal = width == (uint32_t)file->width && height == (uint32_t)file->height;
        TE_TRY(equal || may_be_legend(file, width, height) ? TE_OK : fail_size(file, width, height));
    }
    TE_TRY(te_png_decode_numbers(&pixels, &bits, data, bytes, TE_CANVAS_LIMIT, file->path));
    te_status status = check_kind(file, &pixels, bits);
    if (status == TE_OK) {
        bool colours = reading_of(file) == TE_READ_CLASS && pixels.channels == RGB;
        status = colours ? read_colours(to, &pixels) : read_numbers(to, &pixels, bits);
    }
    free(pixels.data);
    return status;
}

te_status te_saved_file_decode(const te_saved_file *file, const uint8_t *data, size_t bytes, te_map *map)
{
    filling to = {.file = file, .channels = reading_of(file) == TE_READ_UNIT_VECTOR ? 3 : 1};
    size_t area = (size_t)file->height * (size_t)file->width, length = strlen(file->path);
    if (reading_of(file) == TE_READ_CLASS) {
        to.classes = te_alloc(area, sizeof *to.classes, "a map");
    } else {
        to.values = te_alloc(area, (size_t)to.channels * sizeof *to.values, "a map");
    }
    te_status status = to.classes || to.values ? TE_OK : TE_ERR_MEMORY;
    TE_TRY_OUT(status);
    bool npy = length >= 4 && strcmp(file->path + length - 4, ".npy") == 0;
    TE_TRY_OUT(npy ? read_npy(&to, data, bytes) : read_png(&to, data, bytes));
    *map = (te_map){.task = te_tasks[file->task].name, .width = file->width, .height = file->height,
                    .channels = to.channels, .classes = to.classes, .values = to.values};
    return TE_OK;
out:
    free(to.classes);
    free(to.values);
    return status;
}

te_status te_saved_file_load(const te_saved_file *file, te_map *map)
{
    size_t bytes;
    uint8_t *data;
    TE_TRY(te_file_read(file->path, FILE_LIMIT, &data, &bytes));
    te_status status = te_saved_file_decode(file, data, bytes, map);
    free(data);
    return status;
}
