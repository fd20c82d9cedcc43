#include "data/guard.h"

static uint32_t read_little(const uint8_t *at, int count)
{
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

static te_status fail(const char *name, const char *format, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "cannot decode '%s': %s (%s)", name, reason, format);
}

/* Every index of a palette picture of 4 or 8 bits a pixel is below `colours`; rows of `stride` bytes. */
static int indices_fit(const uint8_t *rows, size_t stride, int width, int height, int bits, unsigned colours)
{
    for (int y = 0; y < height; y++, rows += stride) {
        for (int x = 0; x < width; x++) {
            unsigned index = bits == 8 ? rows[x] : x % 2 ? rows[x / 2] & 15u : rows[x / 2] >> 4;
            if (index >= colours) {
                return 0;
            }
        }
    }
    return 1;
}

te_status te_guard_bmp(const uint8_t *data, size_t bytes, int limit, const char *name)
{
    if (bytes < 54) {
        return fail(name, "BMP", "the file is cut short");
    }
    uint32_t offset = read_little(data + 10, 4), header = read_little(data + 14, 4);
    if (header != 40 && header != 56 && header != 108 && header != 124) {
        return fail(name, "BMP", "this kind of header is not supported");
    }
    long long width = (int32_t)read_little(data + 18, 4), height = (int32_t)read_little(data + 22, 4);
    height = height < 0 ? -height : height; /* negative: rows from the top */
    TE_TRY(te_picture_check_size(width, height, limit, name));
    uint32_t bits = read_little(data + 28, 2), compression = read_little(data + 30, 4);
    if ((bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) ||
        (compression != 0 && compression != 3)) {
        return fail(name, "BMP", "this depth or compression is not supported");
    }
    size_t stride = ((size_t)width * bits + 31) / 32 * 4;
    if (offset < 14 + header || offset > bytes || stride * (size_t)height > bytes - offset) {
        return fail(name, "BMP", "the file is cut short");
    }
    uint32_t colours = (offset - 14 - header) / 4;
    if (bits < 16 && (colours < 2 || colours > 256)) {
        return fail(name, "BMP", "its palette is damaged");
    }
    if ((bits == 4 || bits == 8) &&
        !indices_fit(data + offset, stride, (int)width, (int)height, (int)bits, colours)) {
        return fail(name, "BMP", "its pixels exceed its palette");
    }
    return TE_OK;
}

/* Behind the sub-blocks from `at` on; 0: they have no end. */
static size_t skip_blocks(const uint8_t *data, size_t bytes, size_t at)
{
    while (at < bytes && data[at]) {
        at += 1 + (size_t)data[at];
    }
    return at < bytes ? at + 1 : 0;
}

static size_t palette_bytes(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Is the first picture there to its end? Extensions may stand before it. */
static int gif_is_whole(const uint8_t *data, size_t bytes)
{
    enum { EXTENSION = 0x21, PICTURE = 0x2c, DESCRIPTION = 10 };
    size_t at = 13 + palette_bytes(data[10]);
    while (at > 0 && at < bytes && data[at] == EXTENSION) {
        at = skip_blocks(data, bytes, at + 2);
    }
    if (at == 0 || at + DESCRIPTION > bytes || data[at] != PICTURE) {
        return 0;
    }
    at += DESCRIPTION + palette_bytes(data[at + DESCRIPTION - 1]) + 1; /* a byte tells how wide the codes are */
    return at < bytes && data[at] && skip_blocks(data, bytes, at) > 0;
}

te_status te_guard_gif(const uint8_t *data, size_t bytes, int limit, const char *name)
{
    if (bytes < 13) {
        return fail(name, "GIF", "the file is cut short");
    }
    TE_TRY(te_picture_check_size(read_little(data + 6, 2), read_little(data + 8, 2), limit, name));
    return gif_is_whole(data, bytes) ? TE_OK : fail(name, "GIF", "the file is cut short");
}

/* Do the packets of a run-length coded TGA, of `size` bytes a pixel, make that many pixels? */
static int packets_fit(const uint8_t *packets, size_t bytes, size_t size, size_t pixels)
{
    size_t at = 0;
    while (pixels > 0 && at < bytes) {
        size_t count = (packets[at] & 127u) + 1;
        at += 1 + (packets[at] & 128u ? 1 : count) * size;
        pixels -= count < pixels ? count : pixels;
    }
    return pixels == 0 && at <= bytes;
}

te_status te_guard_tga(const uint8_t *data, size_t bytes, int limit, const char *name, int *opaque)
{
    if (bytes == 0) { /* what a full disk or a broken download leaves */
        return te_fail(TE_ERR_FORMAT, "'%s' is empty: it must hold a picture", name);
    }
    /* id length 1, palette 1, kind 1, palette description 5, origin 4, width 2, height 2, bits 1, attributes 1. The
     * check of the second byte also keeps files that stb_image would take for another format from getting there. */
    if (bytes < 18 || data[1] > 1 || (data[2] & ~8) == 0 || (data[2] & ~8) > 3) {
        return te_fail(TE_ERR_FORMAT,
                       "cannot decode '%s': none of the known formats (JPEG, PNG, BMP, TGA, GIF, PNM)", name);
    }
    size_t width = read_little(data + 12, 2), height = read_little(data + 14, 2);
    TE_TRY(te_picture_check_size((long long)width, (long long)height, limit, name));
    int palette = data[1], kind = data[2], bits = data[16];
    size_t before = 18 + (size_t)data[0] + (palette ? read_little(data + 5, 2) * ((data[7] + 7u) / 8) : 0);
    size_t pixels = width * height, size = ((size_t)bits + 7) / 8;
    int whole = before <= bytes && (kind < 8 ? pixels * size <= bytes - before
                                             : packets_fit(data + before, bytes - before, size, pixels));
    if (!whole) {
        return fail(name, "TGA", "the file is cut short");
    }
    *opaque = !palette && bits == 32 && (data[17] & 15) == 0;
    return TE_OK;
}
