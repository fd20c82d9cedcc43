#include "data/draw.h"

#include "data/scaler.h"

#include <stdlib.h>
#include <string.h>

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static uint8_t *pixel_at(te_picture *picture, int x, int y)
{
    return picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
}

void te_draw_fill(te_picture *picture, int x, int y, int width, int height, te_colour colour)
{
    int left = larger(x, 0), right = smaller(x + width, picture->width);
    int top = larger(y, 0), bottom = smaller(y + height, picture->height);
    for (int row = top; row < bottom; row++) {
        for (int column = left; column < right; column++) {
            memcpy(pixel_at(picture, column, row), &(uint8_t[3]){colour.r, colour.g, colour.b}, 3);
        }
    }
}

void te_draw_frame(te_picture *picture, int x, int y, int width, int height, int line, te_colour colour)
{
    te_draw_fill(picture, x, y, width, line, colour);
    te_draw_fill(picture, x, y + height - line, width, line, colour);
    te_draw_fill(picture, x, y, line, height, colour);
    te_draw_fill(picture, x + width - line, y, line, height, colour);
}

void te_draw_ramp(te_picture *picture, int x, int y, int width, int height, te_ramp ramp, float left, float right)
{
    for (int column = 0; column < width; column++) {
        float share = width > 1 ? (float)column / (float)(width - 1) : 0.0f;
        te_draw_fill(picture, x + column, y, 1, height, te_colour_ramp(ramp, left + share * (right - left)));
    }
}

/* Rows of `from` enlarged to blocks. */
static void draw_blocks(te_picture *picture, int x, int y, int width, int height, const te_picture *from)
{
    for (int row = larger(0, -y); row < smaller(height, picture->height - y); row++) {
        size_t source = (size_t)((int64_t)row * from->height / height);
        for (int column = larger(0, -x); column < smaller(width, picture->width - x); column++) {
            size_t place = source * (size_t)from->width + (size_t)((int64_t)column * from->width / width);
            memcpy(pixel_at(picture, x + column, y + row), from->rgb + place * 3, 3);
        }
    }
}

te_status te_draw_picture(te_picture *picture, int x, int y, int width, int height, te_draw_kind kind,
                          const te_picture *from)
{
    if (width < 1 || height < 1) {
        return TE_OK;
    }
    if (kind == TE_DRAW_BLOCKS && width >= from->width && height >= from->height) {
        draw_blocks(picture, x, y, width, height, from);
        return TE_OK;
    }
    float *line = NULL; /* (width,3) */
    te_scaler scaler = {0};
    te_status status;
    TE_TRY_OUT(te_scaler_create(&scaler, from, width, height, TE_AXIS_AREA));
    line = te_alloc((size_t)width, 3 * sizeof *line, "drawing");
    if (!line) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    for (int row = 0; row < smaller(height, picture->height - y); row++) {
        te_scaler_read(&scaler, row, line);
        for (int column = larger(0, -x); y + row >= 0 && column < smaller(width, picture->width - x); column++) {
            uint8_t *to = pixel_at(picture, x + column, y + row);
            for (int c = 0; c < 3; c++) {
                to[c] = (uint8_t)(line[3 * column + c] + 0.5f);
            }
        }
    }
out:
    te_scaler_free(&scaler);
    free(line);
    return status;
}
