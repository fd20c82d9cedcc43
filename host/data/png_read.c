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
    int numbers; /* as they are stored, not colours */
    int bits;    /* of what is handed over: 8 or 16 */
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

/* Memory for the pixels, and the addresses of the rows of `stride` bytes. */
static te_status allocate(te_png_reader *reader, size_t height, size_t stride)
{
    reader->pixels.data = te_alloc(height, stride, "a picture");
    reader->rows = te_alloc(height, sizeof *reader->rows, "a picture");
    if (!reader->pixels.data || !reader->rows) {
        return TE_ERR_MEMORY;
    }
    for (size_t y = 0; y < height; y++) {
        reader->rows[y] = reader->pixels.data + y * stride;
    }
    return TE_OK;
}

/* What libpng is to make of the file. */
static void choose_transforms(te_png_reader *reader, png_structp png, png_infop info)
{
    const uint16_t one = 1;
    if (!reader->numbers) {
        png_set_expand(png);
        png_set_scale_16(png);
    } else if (png_get_bit_depth(png, info) < 8) {
        png_set_packing(png);
    } else if (png_get_bit_depth(png, info) == 16 && *(const uint8_t *)&one == 1) {
        png_set_swap(png); /* the file's order is big endian */
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    reader->bits = png_get_bit_depth(png, info);
}

/* libpng leaves through longjmp() on errors: no local of this function is read after it. */
static void read_picture(te_png_reader *reader, png_structp png, png_infop info)
{
    if (setjmp(png_jmpbuf(png))) {
        return;
    }
    png_set_read_fn(png, reader, on_read);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff); /* checked below, with a message that says more */
    /* Past texts, profiles and suggested palettes: libpng would allocate what their lengths claim before it reads them. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    reader->status = te_picture_check_size(width, height, reader->limit, reader->name);
    if (reader->status != TE_OK) {
        return;
    }
    choose_transforms(reader, png, info);
    reader->pixels.width = (int)width;
    reader->pixels.height = (int)height;
    reader->pixels.channels = png_get_channels(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * png_get_channels(png, info) * (size_t)(reader->bits / 8)) {
        png_error(png, "its rows have an unexpected size");
    }
    reader->status = allocate(reader, height, png_get_rowbytes(png, info));
    if (reader->status == TE_OK) {
        png_read_image(png, reader->rows);
        png_read_end(png, NULL); /* checks the last checksum, and that the file is whole */
    }
}

/* Run a reader that knows its file; its pixels are freed on failure. */
static te_status read_file(te_png_reader *reader)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (info) {
        read_picture(reader, png, info);
    } else {
        reader->status = te_fail(TE_ERR_MEMORY, "out of memory for decoding '%s'", reader->name);
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(reader->rows);
    if (reader->status != TE_OK) {
        free(reader->pixels.data);
    }
    return reader->status;
}

te_status te_png_decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name)
{
    te_png_reader reader = {.data = data, .bytes = bytes, .limit = limit, .name = name};
    TE_TRY(read_file(&reader));
    *pixels = reader.pixels;
    return TE_OK;
}

te_status te_png_decode_numbers(te_pixels *pixels, int *bits, const uint8_t *data, size_t bytes, int limit,
                                const char *name)
{
    te_png_reader reader = {.data = data, .bytes = bytes, .limit = limit, .name = name, .numbers = 1};
    TE_TRY(read_file(&reader));
    *pixels = reader.pixels;
    *bits = reader.bits;
    return TE_OK;
}

static uint32_t read_number(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int te_png_get_size(const uint8_t *data, size_t bytes, uint32_t *width, uint32_t *height)
{
    if (bytes < 24 || memcmp(data, "\x89PNG\r\n\x1a\n", 8) != 0 || memcmp(data + 12, "IHDR", 4) != 0) {
        return 0;
    }
    *width = read_number(data + 16);
    *height = read_number(data + 20);
    return 1;
}
