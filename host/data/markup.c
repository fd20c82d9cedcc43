#include "data/markup.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

void te_markup_write(FILE *page, const char *text)
{
    static const struct {
        char character;
        const char *name;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    while (*text) {
        size_t length = te_utf8_length(text), e = 0;
        while (e < sizeof escapes / sizeof escapes[0] && escapes[e].character != *text) {
            e++;
        }
        if (e < sizeof escapes / sizeof escapes[0]) {
            fputs(escapes[e].name, page);
        } else if (length) {
            fwrite(text, 1, length, page);
        } else {
            fputs(replacement, page);
        }
        text += length ? length : 1;
    }
}

te_status te_markup_clean(const char *text, char **clean)
{
    char *made = te_alloc(strlen(text) * (sizeof replacement - 1) + 1, 1, "a text"), *to = made;
    if (!made) {
        return TE_ERR_MEMORY;
    }
    while (*text) {
        size_t length = te_utf8_length(text);
        memcpy(to, length ? text : replacement, length ? length : sizeof replacement - 1);
        to += length ? length : sizeof replacement - 1;
        text += length ? length : 1;
    }
    *to = '\0';
    *clean = made;
    return TE_OK;
}

void te_markup_write_png(FILE *page, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fputs("data:image/png;base64,", page);
    for (size_t i = 0; i < bytes; i += 3) {
        size_t rest = bytes - i < 3 ? bytes - i : 3;
        unsigned group = (unsigned)data[i] << 16 | (rest > 1 ? (unsigned)data[i + 1] << 8 : 0) |
                         (rest > 2 ? (unsigned)data[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) {
            putc(k <= rest ? digits[group >> (18 - 6 * k) & 63] : '=', page);
        }
    }
}
