#include "base/files.h"
#include "data/png.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that must survive a longjmp() lives here, not in locals. */
typedef struct te_png_writer {
    FILE *stream;
    const char *path; /* for messages */
    te_status status;
    int width, height, colour, bits;
    const uint8_t *rows;
    size_t stride; /* bytes from row to row */
} te_png_writer;

static void on_error(png_structp png, png_const_charp reason)
{
    te_png_writer *writer = png_get_error_ptr(png);
    writer->status = te_fail(TE_ERR_FILE, "cannot write '%s': %s", writer->path, reason);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void on_write(png_structp png, png_bytep from, size_t bytes)
{
    te_png_writer *writer = png_get_io_ptr(png);
    if (fwrite(from, 1, bytes, writer->stream) != bytes) {
        png_error(png, strerror(errno));
    }
}

static void on_flush(png_structp png)
{
    (void)png; /* the commit flushes */
}

/* libpng leaves through longjmp() on errors: no local of this function is read after it. */
static void write_picture(te_png_writer *writer, png_structp png, png_infop info)
{
    if (setjmp(png_jmpbuf(png))) {
        return;
    }
    png_set_write_fn(png, writer, on_write, on_flush);
    png_set_compression_level(png, 3); /* a third of the time of the default for files 3 to 10 % larger */
    png_set_IHDR(png, info, (png_uint_32)writer->width, (png_uint_32)writer->height, writer->bits, writer->colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    const uint16_t one = 1;
    if (writer->bits == 16 && *(const uint8_t *)&one == 1) {
        png_set_swap(png); /* the file's order is big endian */
    }
    for (int y = 0; y < writer->height; y++) {
        png_write_row(png, writer->rows + (size_t)y * writer->stride);
    }
    png_write_end(png, info);
}

/* To the writer's stream. */
static te_status encode(te_png_writer *writer)
{
    if (writer->width < 1 || writer->height < 1) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write '%s': %d x %d pixels", writer->path, writer->width, writer->height);
    }
    size_t channels = writer->colour == PNG_COLOR_TYPE_RGB ? 3 : 1;
    writer->stride = (size_t)writer->width * channels * (size_t)(writer->bits / 8);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (info) {
        write_picture(writer, png, info);
    } else {
        writer->status = te_fail(TE_ERR_MEMORY, "out of memory for writing '%s'", writer->path);
    }
    png_destroy_write_struct(&png, &info);
    return writer->status;
}

static te_status save(const char *path, int width, int height, int colour, int bits, const void *rows)
{
    te_file_writer file;
    TE_TRY(te_file_writer_open(&file, path));
    te_png_writer writer = {.stream = file.stream, .path = path, .width = width, .height = height, .colour = colour,
                            .bits = bits, .rows = rows};
    te_status status = encode(&writer);
    if (status != TE_OK) {
        te_file_writer_abandon(&file);
        return status;
    }
    return te_file_writer_commit(&file);
}

te_status te_png_encode_rgb(uint8_t **data, size_t *bytes, int width, int height, const uint8_t *rgb)
{
    char *made = NULL;
    FILE *stream = open_memstream(&made, bytes);
    if (!stream) {
        return te_fail(TE_ERR_MEMORY, "out of memory for a PNG file of %d x %d pixels", width, height);
    }
    te_png_writer writer = {.stream = stream, .path = "a PNG file in memory", .width = width, .height = height,
                            .colour = PNG_COLOR_TYPE_RGB, .bits = 8, .rows = rgb};
    te_status status = encode(&writer);
    if (fclose(stream) != 0 && status == TE_OK) {
        status = te_fail(TE_ERR_MEMORY, "out of memory for a PNG file of %d x %d pixels", width, height);
    }
    if (status != TE_OK) {
        free(made);
        return status;
    }
    *data = (uint8_t *)made;
    return TE_OK;
}

te_status te_png_save_rgb(const char *path, int width, int height, const uint8_t *rgb)
{
    return save(path, width, height, PNG_COLOR_TYPE_RGB, 8, rgb);
}

te_status te_png_save_grey(const char *path, int width, int height, const uint8_t *grey)
{
    return save(path, width, height, PNG_COLOR_TYPE_GRAY, 8, grey);
}

te_status te_png_save_grey16(const char *path, int width, int height, const uint16_t *grey)
{
    return save(path, width, height, PNG_COLOR_TYPE_GRAY, 16, grey);
}
