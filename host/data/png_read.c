#include "data/png.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that must survive a longjmp() lives here, not in locals. */
typedef struct te_png_reader {
    const uint8_t *data;
    size_t bytes, at;
    int limit;
    const char *name;
    te_status status;
    te_pixels pixels;
    png_bytep *rows;
} te_png_reader;

static void on_error(png_structp png, png_const_charp reason)
{
    te_png_reader *reader = png_get_error_ptr(png);
    if (reader->status == TE_OK) {
        reader->status = te_fail(TE_ERR_FORMAT, "cannot decode '%s': %s (PNG)", reader->name, reason);
    }
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void on_read(png_structp png, png_bytep to, size_t bytes)
{
    te_png_reader *reader = png_get_io_ptr(png);
    if (bytes > reader->bytes - reader->at) {
        png_error(png, "the file is cut short");
    }
    memcpy(to, reader->data + reader->at, bytes);
    reader->at += bytes;
}

/* Memory for the pixels, and the addresses of the rows. */
static te_status allocate(te_png_reader *reader, size_t width, size_t height, size_t channels)
{
    reader->pixels.data = te_alloc(height, width * channels, "a picture");
    reader->rows = te_alloc(height, sizeof *reader->rows, "a picture");
    if (!reader->pixels.data || !reader->rows) {
        return TE_ERR_MEMORY;
    }
    for (size_t y = 0; y < height; y++) {
        reader->rows[y] = reader->pixels.data + y * width * channels;
    }
    return TE_OK;
}

/* libpng leaves through longjmp() on errors: no local of this function is read after it. */
static void read_picture(te_png_reader *reader, png_structp png, png_infop info)
{
    if (setjmp(png_jmpbuf(png))) {
        return;
    }
    png_set_read_fn(png, reader, on_read);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff); /* checked below, with a message that says more */
    png_read_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    reader->status = te_picture_check_size(width, height, reader->limit, reader->name);
    if (reader->status != TE_OK) {
        return;
    }
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    reader->pixels.width = (int)width;
    reader->pixels.height = (int)height;
    reader->pixels.channels = png_get_channels(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * png_get_channels(png, info)) {
        png_error(png, "its rows have an unexpected size");
    }
    reader->status = allocate(reader, width, height, png_get_channels(png, info));
    if (reader->status == TE_OK) {
        png_read_image(png, reader->rows);
        png_read_end(png, NULL); /* checks the last checksum, and that the file is whole */
    }
}

te_status te_png_decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name)
{
    te_png_reader reader = {.data = data, .bytes = bytes, .limit = limit, .name = name};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (info) {
        read_picture(&reader, png, info);
    } else {
        reader.status = te_fail(TE_ERR_MEMORY, "out of memory for decoding '%s'", name);
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(reader.rows);
    if (reader.status == TE_OK) {
        *pixels = reader.pixels;
    } else {
        free(reader.pixels.data);
    }
    return reader.status;
}
