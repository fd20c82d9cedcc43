#include "data/exif.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_BYTES = 12 };

/* `count` bytes at `at` as a number; the caller has checked that they are there. */
static uint32_t read_number(const uint8_t *at, int count, int big)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 8 | at[big ? i : count - 1 - i];
    }
    return value;
}

int te_exif_orientation(const uint8_t *tiff, size_t bytes)
{
    if (bytes < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0)) {
        return 1;
    }
    int big = tiff[0] == 'M';
    size_t at = read_number(tiff + 4, 4, big); /* of the first directory */
    if (at > bytes - 2) {
        return 1;
    }
    size_t entries = read_number(tiff + at, 2, big);
    at += 2;
    for (size_t i = 0; i < entries && bytes - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        const uint8_t *entry = tiff + at; /* tag 2, type 2, count 4, value 4 */
        uint32_t type = read_number(entry + 2, 2, big);
        if (read_number(entry, 2, big) != TAG_ORIENTATION) {
            continue;
        }
        uint32_t value = 0;
        if (read_number(entry + 4, 4, big) == 1 && (type == TYPE_SHORT || type == TYPE_LONG)) {
            value = read_number(entry + 8, type == TYPE_SHORT ? 2 : 4, big);
        }
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* The upright picture's pixel (x,y) is the stored one's (y,x) if transposed, then counted from the far side. */
static const struct {
    unsigned transposed : 1, flip_x : 1, flip_y : 1; /* flips: of the stored picture's axes */
} turns[9] = {
    [2] = {0, 1, 0}, [3] = {0, 1, 1}, [4] = {0, 0, 1}, [5] = {1, 0, 0},
    [6] = {1, 0, 1}, [7] = {1, 1, 1}, [8] = {1, 1, 0},
};

te_status te_exif_apply(te_picture *picture, int orientation)
{
    if (orientation < 2 || orientation > 8) {
        return TE_OK;
    }
    int transposed = turns[orientation].transposed;
    int from_width = picture->width, from_height = picture->height;
    te_picture *upright;
    TE_TRY(te_picture_allocate(&upright, transposed ? from_height : from_width,
                               transposed ? from_width : from_height));
    uint8_t *to = upright->rgb;
    for (int y = 0; y < upright->height; y++) {
        for (int x = 0; x < upright->width; x++, to += 3) {
            int column = transposed ? y : x, row = transposed ? x : y;
            column = turns[orientation].flip_x ? from_width - 1 - column : column;
            row = turns[orientation].flip_y ? from_height - 1 - row : row;
            memcpy(to, picture->rgb + ((size_t)row * (size_t)from_width + (size_t)column) * 3, 3);
        }
    }
    free(picture->rgb);
    *picture = *upright;
    free(upright);
    return TE_OK;
}
