/* Pictures in memory: 8-bit RGB, rows from the top. */
#ifndef TE_DATA_PICTURE_H
#define TE_DATA_PICTURE_H

#include "base/status.h"

enum {
    TE_PICTURE_LIMIT = 16000, /* largest width and height of a picture from outside */
    TE_CANVAS_LIMIT = 65535   /* the same for pictures that are drawn here: maps with legends, sheets */
};

struct te_picture {
    int width, height;
    uint8_t *rgb; /* (height,width,3) */
};

/* A black picture of 1 x 1 to TE_CANVAS_LIMIT x TE_CANVAS_LIMIT pixels. */
te_status te_picture_allocate(te_picture **picture, int width, int height);

/* te_picture_load() on a file's content; `name` stands for the path in messages. Files that are wider or higher
 * than `limit` (at most TE_PICTURE_LIMIT) pixels are refused before anything of that size is allocated. */
te_status te_picture_decode(te_picture **picture, const uint8_t *data, size_t bytes, int limit, const char *name);

/* te_picture_load() without turning it as EXIF says: labels lie on the pixels as they are stored. */
te_status te_picture_load_stored(te_picture **picture, const char *path);

/* What a decoder hands over: (height,width,channels), 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; free() the data. */
typedef struct te_pixels {
    int width, height, channels;
    uint8_t *data;
} te_pixels;

/* TE_ERR_FORMAT unless both sizes are 1 to `limit`. */
te_status te_picture_check_size(long long width, long long height, int limit, const char *name);

#endif
