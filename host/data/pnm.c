#include "data/pnm.h"

static int is_space(int byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next number of the header: white space and comments, then digits. -1 where there is none. */
static int next_number(const uint8_t *data, size_t bytes, size_t *at)
{
    while (*at < bytes && (data[*at] == '#' || is_space(data[*at]))) {
        if (data[*at] == '#') {
            while (*at < bytes && data[*at] != '\n' && data[*at] != '\r') {
                ++*at;
            }
        } else {
            ++*at;
        }
    }
    int value = -1;
    for (; *at < bytes && data[*at] >= '0' && data[*at] <= '9'; ++*at) {
        value = (value < 0 ? 0 : value) * 10 + (data[*at] - '0');
        if (value > 99999) { /* above every number that is allowed */
            return value;
        }
    }
    return value;
}

te_status te_pnm_decode(te_pixels *pixels, const uint8_t *data, size_t bytes, int limit, const char *name)
{
    size_t at = 2; /* behind "P5" or "P6" */
    int width = next_number(data, bytes, &at);
    int height = next_number(data, bytes, &at);
    int top = next_number(data, bytes, &at); /* the value of white */
    if (width < 0 || height < 0 || top < 1 || top > 65535 || at >= bytes) {
        return te_fail(TE_ERR_FORMAT, "cannot decode '%s': its header is damaged (PNM)", name);
    }
    TE_TRY(te_picture_check_size(width, height, limit, name));
    at++; /* one white space ends the header */
    int channels = data[1] == '6' ? 3 : 1;
    size_t count = (size_t)width * (size_t)height * (size_t)channels, wide = top > 255;
    if (count << wide > bytes - at) {
        return te_fail(TE_ERR_FORMAT, "cannot decode '%s': the file is cut short (PNM)", name);
    }
    uint8_t *values = te_alloc(count, 1, "a picture");
    if (!values) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = data + at + (i << wide);
        int value = wide ? from[0] << 8 | from[1] : from[0];
        value = value < top ? value : top;
        values[i] = (uint8_t)((value * 255 + top / 2) / top);
    }
    *pixels = (te_pixels){.width = width, .height = height, .channels = channels, .data = values};
    return TE_OK;
}
