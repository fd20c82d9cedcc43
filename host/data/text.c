#include "data/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* looked at when the file ends, so not popped */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
/* Static, because an application may link a copy of its own; no assertions, because the library never aborts. */
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#define STBTT_assert(condition) ((void)0)
#include <stb/stb_truetype.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* The font file, which the build embeds. */
extern const unsigned char te_font_data[];
extern const size_t te_font_size;

typedef struct te_pen {
    stbtt_fontinfo font;
    float scale;  /* font units -> pixels */
    int baseline; /* pixels below the line's top */
} te_pen;

static int open_pen(te_pen *pen, int size)
{
    int ascent, descent, gap;
    if (size < 1 || te_font_size == 0 || !stbtt_InitFont(&pen->font, te_font_data, 0)) {
        return 0;
    }
    stbtt_GetFontVMetrics(&pen->font, &ascent, &descent, &gap);
    pen->scale = stbtt_ScaleForPixelHeight(&pen->font, (float)size);
    pen->baseline = (int)((float)ascent * pen->scale); /* down, so that what hangs below ends within the line */
    return 1;
}

/* The next character to draw, moving `text` past it: ASCII and, of two bytes of UTF-8, what the font has of Latin letters;
 * others become '?'. */
static int next_character(const te_pen *pen, const char **text)
{
    enum { FIRST = 0xa0, LAST = 0x17f };
    unsigned char byte = (unsigned char)*(*text)++, next = (unsigned char)**text;
    int character = byte >= 32 && byte < 127 ? byte : '?';
    if ((byte & 0xe0) == 0xc0 && (next & 0xc0) == 0x80) {
        int letter = (byte & 0x1f) << 6 | (next & 0x3f);
        bool drawn = letter >= FIRST && letter <= LAST && stbtt_FindGlyphIndex(&pen->font, letter) != 0;
        character = drawn ? letter : '?';
    }
    while (byte >= 0x80 && ((unsigned char)**text & 0xc0) == 0x80) {
        ++*text;
    }
    return character;
}

/* Pixels from a character's origin to the next one's. */
static float advance(const te_pen *pen, int character, int next)
{
    int width, bearing;
    stbtt_GetCodepointHMetrics(&pen->font, character, &width, &bearing);
    return pen->scale * (float)(width + (next ? stbtt_GetCodepointKernAdvance(&pen->font, character, next) : 0));
}

static float measure(const te_pen *pen, const char *text)
{
    float width = 0.0f;
    while (*text) {
        int character = next_character(pen, &text);
        const char *after = text;
        width += advance(pen, character, *after ? next_character(pen, &after) : 0);
    }
    return width;
}

int te_text_width(int size, const char *text)
{
    te_pen pen;
    return open_pen(&pen, size) ? (int)ceilf(measure(&pen, text)) : 0;
}

/* Blend `colour` over the picture where the glyph (width,height), coverage 0 to 255, lies. */
static void stamp(te_picture *picture, int left, int top, int width, int height, const uint8_t *glyph,
                  te_colour colour)
{
    const int wanted[3] = {colour.r, colour.g, colour.b};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int px = left + x, py = top + y, cover = glyph[y * width + x];
            if (!cover || px < 0 || py < 0 || px >= picture->width || py >= picture->height) {
                continue;
            }
            uint8_t *pixel = picture->rgb + ((size_t)py * (size_t)picture->width + (size_t)px) * 3;
            for (int c = 0; c < 3; c++) {
                pixel[c] = (uint8_t)((pixel[c] * (255 - cover) + wanted[c] * cover + 127) / 255);
            }
        }
    }
}

/* One character with its origin at (x,baseline), x in fractions of a pixel. */
static te_status draw_character(te_picture *picture, const te_pen *pen, float x, int baseline, te_colour colour,
                                int character)
{
    int left, top, right, bottom, whole = (int)floorf(x);
    float part = x - (float)whole;
    stbtt_GetCodepointBitmapBoxSubpixel(&pen->font, character, pen->scale, pen->scale, part, 0.0f, &left, &top,
                                        &right, &bottom);
    int width = right - left, height = bottom - top;
    if (width <= 0 || height <= 0) {
        return TE_OK; /* a blank */
    }
    uint8_t *glyph = te_alloc((size_t)height, (size_t)width, "a letter");
    if (!glyph) {
        return TE_ERR_MEMORY;
    }
    stbtt_MakeCodepointBitmapSubpixel(&pen->font, glyph, width, height, width, pen->scale, pen->scale, part, 0.0f,
                                      character);
    stamp(picture, whole + left, baseline + top, width, height, glyph, colour);
    free(glyph);
    return TE_OK;
}

te_status te_text_draw(te_picture *picture, int x, int y, int width, int size, te_colour colour, const char *text)
{
    te_pen pen;
    if (!open_pen(&pen, size)) {
        return te_fail(TE_ERR_ARGUMENT, "cannot draw '%s': the text's size %d or the embedded font is no good",
                       text, size);
    }
    float dots = 3.0f * advance(&pen, '.', '.'), at = (float)x, end = (float)(x + width);
    int whole = measure(&pen, text) <= (float)width;
    while (*text) {
        int character = next_character(&pen, &text);
        const char *after = text;
        float step = advance(&pen, character, *after ? next_character(&pen, &after) : 0);
        if (!whole && at + step + dots > end) {
            text = "..."; /* in place of the rest */
            whole = at + dots <= end;
            if (!whole) {
                return TE_OK; /* not even room for them */
            }
            continue;
        }
        TE_TRY(draw_character(picture, &pen, at, y + pen.baseline, colour, character));
        at += step;
    }
    return TE_OK;
}
