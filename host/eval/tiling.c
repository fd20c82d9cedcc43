#include "eval/tiling.h"

#include <stdint.h>

static int find_first(const te_tiling *tiling, int index)
{
    return tiling->count < 2 ? 0 : (int)((int64_t)index * (tiling->length - tiling->part) / (tiling->count - 1));
}

te_tiling te_tiling_make(int length, int part, int overlap)
{
    te_tiling tiling = {.length = length, .part = part < length ? part : length, .count = 1};
    if (length > part) {
        tiling.count = (length - overlap + part - overlap - 1) / (part - overlap);
        int step = (length - part) / (tiling.count - 1); /* the smallest distance of two parts, so that zones are no closer */
        int zone = overlap * 2 / 3; /* the outermost pixels of a part know least of what is around them */
        tiling.zone = zone < step ? zone : step;
    }
    return tiling;
}

/* The first pixel of the zone between a part and the next one. */
static int find_zone(const te_tiling *tiling, int index)
{
    return (find_first(tiling, index) + find_first(tiling, index + 1) + tiling->part - tiling->zone) / 2;
}

te_tiling_span te_tiling_get(const te_tiling *tiling, int index)
{
    te_tiling_span span = {.first = find_first(tiling, index), .tail = tiling->length, .end = tiling->length};
    if (index > 0) {
        span.begin = find_zone(tiling, index - 1);
        span.head = span.begin + tiling->zone;
    }
    if (index < tiling->count - 1) {
        span.tail = find_zone(tiling, index);
        span.end = span.tail + tiling->zone;
    }
    return span;
}

float te_tiling_get_weight(const te_tiling *tiling, int at)
{
    float t = ((float)at + 0.5f) / (float)tiling->zone;
    return t * t * (3.0f - 2.0f * t);
}
