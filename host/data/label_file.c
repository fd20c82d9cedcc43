#include "data/label_file.h"

#include "base/files.h"
#include "data/npy.h"
#include "data/pascal.h"
#include "data/png.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 512 << 20, IGNORED = 255, CHANNELS_GREY = 1, CHANNELS_RGB = 3, CHANNELS_RGBA = 4 };

static const float farthest = 1e4f; /* metres */

te_status te_label_file_check_size(const te_label_file *file, long long width, long long height)
{
    if (width != file->width || height != file->height) {
        return te_fail(TE_ERR_FORMAT, "'%s' has %lld x %lld pixels, its picture '%s' %d x %d: a label must have its "
                       "picture's size", file->path, width, height, file->picture, file->width, file->height);
    }
    return TE_OK;
}

/* ---- bytes ---- */

/* `first`: what stands for class 0; 1 leaves 0 for ignored. */
static te_status read_classes(const te_label_file *file, int first, const uint8_t *from, float *to, size_t area)
{
    const int ignored = first ? 0 : IGNORED;
    for (size_t i = 0; i < area; i++) {
        if (from[i] - first >= file->classes && from[i] != ignored) {
            return te_fail(TE_ERR_FORMAT, "'%s' holds class %d at (%zu,%zu), but '%s' has %d classes, %d to %d, and %d "
                           "for ignored%s", file->path, from[i], i % (size_t)file->width, i / (size_t)file->width,
                           te_tasks[file->task].name, file->classes, first, first + file->classes - 1, ignored,
                           file->task == TE_SEMSEG ? ": see 'model.semseg_classes'" : "");
        }
        to[i] = (float)(from[i] == ignored ? IGNORED : from[i] - first);
    }
    return TE_OK;
}

/* 0 and 1, then 255 is ignored; or 0 and 255, where no pixel is 1. */
static te_status read_marks(const te_label_file *file, const uint8_t *from, float *to, size_t area)
{
    int mark = memchr(from, 1, area) ? 1 : 255;
    for (size_t i = 0; i < area; i++) {
        if (from[i] != 0 && from[i] != 1 && from[i] != 255) {
            return te_fail(TE_ERR_FORMAT, "'%s' holds %d at (%zu,%zu); '%s' is 0 and 1 (255 ignored), or 0 and 255",
                           file->path, from[i], i % (size_t)file->width, i / (size_t)file->width,
                           te_tasks[file->task].name);
        }
        to[i] = from[i] == mark ? 1.0f : (float)from[i];
    }
    return TE_OK;
}

/* v / 255, or whether that is above a half. */
static void read_shares(int halves, const uint8_t *from, float *to, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        float share = (float)from[i] / 255.0f;
        to[i] = halves ? (float)(share > 0.5f) : share;
    }
}

/* (h,w,channels) -> (3,h,w). Bytes hold no exact zero: what is shorter than a half is no normal, nor is black where a data set
 * means that by it. */
static void read_normals(const te_pixels *pixels, int black, float *to, size_t area)
{
    const uint8_t *from = pixels->data;
    for (size_t i = 0; i < area; i++, from += pixels->channels) {
        float normal[3], square = 0.0f;
        for (int c = 0; c < 3; c++) {
            normal[c] = 2.0f * (float)from[c] / 255.0f - 1.0f;
            square += normal[c] * normal[c];
        }
        int known = square >= 0.25f && !(black && !from[0] && !from[1] && !from[2]);
        for (size_t c = 0; c < 3; c++) {
            to[c * area + i] = known ? normal[c] : 0.0f;
        }
    }
}

static void read_millimetres(const uint16_t *from, float *to, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        to[i] = (float)from[i] / 1000.0f;
    }
}

/* Whether the file stores what its task needs, and if not, what that is. */
static te_status check_kind(const te_label_file *file, const te_pixels *pixels, int bits)
{
    int colours = pixels->channels == CHANNELS_RGB || pixels->channels == CHANNELS_RGBA;
    int fits = file->task == TE_NORMALS ? colours && bits == 8
                                        : pixels->channels == CHANNELS_GREY && bits == (file->task == TE_DEPTH ? 16 : 8);
    return fits ? TE_OK
                : te_fail(TE_ERR_FORMAT, "'%s' has %d channels of %d bits; '%s' must be %s", file->path,
                          pixels->channels, bits, te_tasks[file->task].name,
                          file->task == TE_NORMALS ? "RGB of 8 bits"
                          : file->task == TE_DEPTH ? "grey of 16 bits, in millimetres"
                                                   : "grey of 8 bits, or have a palette");
}

static te_status read_pixels(const te_label_file *file, const te_pixels *pixels, float *label, size_t area)
{
    switch (file->kind) {
    case TE_LABEL_CLASSES: return read_classes(file, 0, pixels->data, label, area);
    case TE_LABEL_CLASSES_FROM_1: return read_classes(file, 1, pixels->data, label, area);
    case TE_LABEL_MARKS: return read_marks(file, pixels->data, label, area);
    case TE_LABEL_SHARES: read_shares(0, pixels->data, label, area); break;
    case TE_LABEL_HALVES: read_shares(1, pixels->data, label, area); break;
    case TE_LABEL_NORMALS: read_normals(pixels, 0, label, area); break;
    case TE_LABEL_NORMALS_OR_BLACK: read_normals(pixels, 1, label, area); break;
    default: read_millimetres((const uint16_t *)(const void *)pixels->data, label, area);
    }
    return TE_OK;
}

static te_status read_png(const te_label_file *file, const uint8_t *data, size_t bytes, float *label)
{
    te_pixels pixels = {0};
    int bits = 0;
    uint32_t width, height;
    te_status status;
    if (te_png_get_size(data, bytes, &width, &height)) { /* before memory for another size is taken */
        TE_TRY(te_label_file_check_size(file, width, height));
    }
    TE_TRY(te_png_decode_numbers(&pixels, &bits, data, bytes, TE_PICTURE_LIMIT, file->path));
    TE_TRY_OUT(check_kind(file, &pixels, bits));
    status = read_pixels(file, &pixels, label, (size_t)file->height * (size_t)file->width);
out:
    free(pixels.data);
    return status;
}

/* ---- NumPy ---- */

/* Metres as float32 or float64, millimetres as uint16; (h,w) or (h,w,1). What is no positive number is ignored, and what is
 * farther than any room or street: some files mark unknown depth so. */
static te_status read_npy(const te_label_file *file, const uint8_t *data, size_t bytes, float *label)
{
    te_npy array;
    TE_TRY(te_npy_read(&array, data, bytes, file->path));
    if (array.rank != 2 && !(array.rank == 3 && array.shape[2] == 1)) {
        return te_fail(TE_ERR_FORMAT, "'%s' is an array of rank %d; depth must be (height,width)", file->path,
                       array.rank);
    }
    TE_TRY(te_label_file_check_size(file, array.shape[1], array.shape[0]));
    float unit = array.type == TE_NPY_UINT16 ? 1000.0f : 1.0f;
    for (size_t i = 0; i < array.count; i++) {
        float value = (float)te_npy_get(&array, i) / unit;
        label[i] = value > 0.0f && value <= farthest ? value : 0.0f;
    }
    return TE_OK;
}

/* ---- any file ---- */

static te_status allocate(const te_label_file *file, float **label)
{
    size_t area = (size_t)file->height * (size_t)file->width;
    *label = te_alloc(area, (file->task == TE_NORMALS ? 3 : 1) * sizeof **label, "a label");
    return *label ? TE_OK : TE_ERR_MEMORY;
}

te_status te_label_file_decode(const te_label_file *file, const uint8_t *data, size_t bytes, float **label)
{
    float *made;
    TE_TRY(allocate(file, &made));
    te_status status = file->kind == TE_LABEL_METRES ? read_npy(file, data, bytes, made) : read_png(file, data, bytes, made);
    if (status != TE_OK) {
        free(made);
        return status;
    }
    *label = made;
    return TE_OK;
}

/* matio reads paths only. */
static te_status load_mat(const te_label_file *file, float **label)
{
    float *made;
    TE_TRY(allocate(file, &made));
    te_status status = file->kind == TE_LABEL_PARTS ? te_pascal_load_parts(file, made) : te_pascal_load_boundaries(file, made);
    if (status != TE_OK) {
        free(made);
        return status;
    }
    *label = made;
    return TE_OK;
}

static te_status load_bytes(const te_label_file *file, float **label)
{
    size_t bytes;
    uint8_t *data;
    TE_TRY(te_file_read(file->path, FILE_LIMIT, &data, &bytes));
    te_status status = te_label_file_decode(file, data, bytes, label);
    free(data);
    return status;
}

te_status te_label_file_load(const te_label_file *file, float **label)
{
    float *made;
    TE_TRY(file->kind == TE_LABEL_PARTS || file->kind == TE_LABEL_REGIONS ? load_mat(file, &made) : load_bytes(file, &made));
    te_status status = file->regions ? te_pascal_mask_normals(file, made) : TE_OK;
    if (status != TE_OK) {
        free(made);
        return status;
    }
    *label = made;
    return TE_OK;
}
