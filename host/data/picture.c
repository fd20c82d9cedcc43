#include "data/picture.h"

#include "base/files.h"
#include "data/exif.h"
#include "data/guard.h"
#include "data/png.h"
#include "data/pnm.h"
#include "data/stb.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 512 << 20 };

te_status te_picture_allocate(te_picture **picture, int width, int height)
{
    if (width < 1 || height < 1 || width > TE_CANVAS_LIMIT || height > TE_CANVAS_LIMIT) {
        return te_fail(TE_ERR_ARGUMENT, "cannot make a picture of %d x %d pixels: 1 to %d each way are supported",
                       width, height, TE_CANVAS_LIMIT);
    }
    te_picture *made = te_alloc(1, sizeof *made, "a picture");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->rgb = te_alloc((size_t)height, (size_t)width * 3, "a picture");
    if (!made->rgb) {
        free(made);
        return TE_ERR_MEMORY;
    }
    made->width = width;
    made->height = height;
    *picture = made;
    return TE_OK;
}

te_status te_picture_check_size(long long width, long long height, int limit, const char *name)
{
    if (width < 1 || height < 1 || width > limit || height > limit) {
        return te_fail(TE_ERR_FORMAT, "cannot decode '%s': %lld x %lld pixels; 1 to %d each way are supported",
                       name, width, height, limit);
    }
    return TE_OK;
}

/* Through stb_image, once the format's guard has let the file pass. */
static te_status decode_stb(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name)
{
    int width, height;
    if (!te_stb_info(data, bytes, &width, &height)) {
        return te_fail(TE_ERR_FORMAT, "cannot decode '%s': %s", name, te_stb_reason());
    }
    TE_TRY(te_picture_check_size(width, height < 0 ? -height : height, limit, name));
    pixels->data = te_stb_load(data, bytes, &pixels->width, &pixels->height, &pixels->channels);
    return pixels->data ? TE_OK : te_fail(TE_ERR_FORMAT, "cannot decode '%s': %s", name, te_stb_reason());
}

/* The formats, told apart by their first bytes; TGA, which has no such mark, comes last. */
static te_status decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name,
                        int *orientation)
{
    static const struct {
        enum { JPEG, PNG, BMP, GIF, PNM, TGA } format;
        size_t length;
        const char *magic;
    } table[] = {
        {JPEG, 2, "\xff\xd8"}, {PNG, 8, "\x89PNG\r\n\x1a\n"}, {BMP, 2, "BM"}, {GIF, 4, "GIF8"},
        {PNM, 2, "P5"},        {PNM, 2, "P6"},                 {TGA, 0, ""},
    };
    size_t row = 0;
    while (bytes < table[row].length || memcmp(data, table[row].magic, table[row].length) != 0) {
        row++;
    }
    int opaque = 0;
    switch (table[row].format) {
    case PNG:
        return te_png_decode(pixels, data, bytes, limit, name);
    case PNM:
        return te_pnm_decode(pixels, data, bytes, limit, name);
    case JPEG:
        TE_TRY(te_guard_jpeg(data, bytes, limit, name, orientation));
        break;
    case BMP:
        TE_TRY(te_guard_bmp(data, bytes, limit, name));
        break;
    case GIF:
        TE_TRY(te_guard_gif(data, bytes, limit, name));
        break;
    case TGA:
        TE_TRY(te_guard_tga(data, bytes, limit, name, &opaque));
        break;
    }
    TE_TRY(decode_stb(pixels, data, bytes, limit, name));
    if (opaque && pixels->channels == 4) {
        for (size_t i = 3; i < (size_t)pixels->width * (size_t)pixels->height * 4; i += 4) {
            pixels->data[i] = 255;
        }
    }
    return TE_OK;
}

/* Grey becomes RGB, alpha is blended over white. */
static void copy_as_rgb(const te_pixels *pixels, uint8_t *rgb)
{
    size_t count = (size_t)pixels->width * (size_t)pixels->height;
    int channels = pixels->channels, colours = channels >= 3 ? 3 : 1;
    const uint8_t *from = pixels->data;
    for (size_t i = 0; i < count; i++, from += channels, rgb += 3) {
        int alpha = channels == colours ? 255 : from[colours];
        for (int c = 0; c < 3; c++) {
            int value = from[colours == 3 ? c : 0];
            rgb[c] = (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
        }
    }
}

/* As it is stored; `*orientation` says how EXIF wants it turned. */
static te_status decode_stored(te_picture **picture, const uint8_t *data, size_t bytes, int limit, const char *name,
                               int *orientation)
{
    te_pixels pixels = {0};
    te_picture *made = NULL;
    te_status status;
    *orientation = 1;
    TE_TRY_OUT(decode(&pixels, data, bytes, limit, name, orientation));
    TE_TRY_OUT(te_picture_allocate(&made, pixels.width, pixels.height));
    if (pixels.channels == 3) {
        memcpy(made->rgb, pixels.data, (size_t)made->height * (size_t)made->width * 3);
    } else {
        copy_as_rgb(&pixels, made->rgb);
    }
    *picture = made;
out:
    free(pixels.data);
    return status;
}

te_status te_picture_decode(te_picture **picture, const uint8_t *data, size_t bytes, int limit, const char *name)
{
    te_picture *made;
    int orientation;
    TE_TRY(decode_stored(&made, data, bytes, limit, name, &orientation));
    te_status status = te_exif_apply(made, orientation);
    if (status != TE_OK) {
        te_picture_free(made);
        return status;
    }
    *picture = made;
    return TE_OK;
}

te_status te_picture_load(te_picture **picture, const char *path)
{
    TE_NEED(picture, path);
    uint8_t *data;
    size_t bytes;
    TE_TRY(te_file_read(path, FILE_LIMIT, &data, &bytes));
    te_status status = te_picture_decode(picture, data, bytes, TE_PICTURE_LIMIT, path);
    free(data);
    return status;
}

te_status te_picture_load_stored(te_picture **picture, const char *path)
{
    uint8_t *data;
    size_t bytes;
    int orientation;
    TE_TRY(te_file_read(path, FILE_LIMIT, &data, &bytes));
    te_status status = decode_stored(picture, data, bytes, TE_PICTURE_LIMIT, path, &orientation);
    free(data);
    return status;
}

te_status te_picture_create(te_picture **picture, int width, int height, const uint8_t *rgb)
{
    TE_NEED(picture, rgb);
    if (width < 1 || height < 1 || width > TE_PICTURE_LIMIT || height > TE_PICTURE_LIMIT) {
        return te_fail(TE_ERR_ARGUMENT, "cannot make a picture of %d x %d pixels: 1 to %d each way are supported", width,
                       height, TE_PICTURE_LIMIT);
    }
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, width, height));
    memcpy(made->rgb, rgb, (size_t)height * (size_t)width * 3);
    *picture = made;
    return TE_OK;
}

te_status te_picture_save(const te_picture *picture, const char *path)
{
    TE_NEED(picture, path);
    return te_png_save_rgb(path, picture->width, picture->height, picture->rgb);
}

void te_picture_get(const te_picture *picture, int *width, int *height, const uint8_t **rgb)
{
    if (width) {
        *width = picture->width;
    }
    if (height) {
        *height = picture->height;
    }
    if (rgb) {
        *rgb = picture->rgb;
    }
}

void te_picture_free(te_picture *picture)
{
    if (picture) {
        free(picture->rgb);
        free(picture);
    }
}
