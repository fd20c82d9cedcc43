/* Non-maximum suppression as in the Structured Edge toolbox, which the published numbers come from:
 *   S = E smoothed by a triangle of radius 4 (weights 1 2 3 4 5 4 3 2 1 over 25, both ways, mirrored at the border),
 *   the direction across the edge: atan(Syy sign(-Sxy) / (Sxx + 1e-5)), from central differences (one-sided at the border),
 *   E goes to 0 where 1.01 E is below E interpolated one pixel further on either side,
 *   E fades linearly to 0 over the five pixels next to the border.
 * E are bytes, so sums and differences are whole numbers here and no direction hangs on rounding. Hence one difference: sign(0)
 * is 1. The toolbox has 0, which would turn the direction of a perfectly horizontal edge by 90 degrees, were it not that its
 * rounding errors hardly ever leave a 0. */
#include "eval/edge_thresholds.h"

#include <math.h>
#include <stdlib.h>

enum { RADIUS = 4, WEIGHTS = (RADIUS + 1) * (RADIUS + 1), FADE = 5, WHITE = 255 };

/* Planes (h,w) of whole numbers. */
typedef struct planes {
    int height, width;
    int32_t *smooth, *dx, *dy; /* smooth: times 25^2 and 255; differences of it: twice that, those of differences four times */
    int32_t *xx, *xy, *yy;
} planes;

/* Index i of a row of n pixels that is mirrored at its ends, border pixels repeated. */
static int mirror(int i, int n)
{
    i %= 2 * n;
    i += i < 0 ? 2 * n : 0;
    return i < n ? i : 2 * n - 1 - i;
}

/* One row or column: n values, `step` apart, into `out`. */
static void smooth_line(const int32_t *in, int n, size_t step, int32_t *out)
{
    for (int i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int d = -RADIUS; d <= RADIUS; d++) {
            int at = i + d >= 0 && i + d < n ? i + d : mirror(i + d, n);
            sum += (RADIUS + 1 - abs(d)) * in[(size_t)at * step];
        }
        out[(size_t)i * step] = sum;
    }
}

/* Twice the derivative along a line. */
static void differ_line(const int32_t *in, int n, size_t step, int32_t *out)
{
    for (int i = 0; i < n; i++) {
        int before = i > 0 ? i - 1 : 0, after = i + 1 < n ? i + 1 : n - 1;
        int32_t difference = in[(size_t)after * step] - in[(size_t)before * step];
        out[(size_t)i * step] = after - before == 1 ? 2 * difference : difference;
    }
}

typedef void (*line_function)(const int32_t *in, int n, size_t step, int32_t *out);

static void along_rows(const planes *at, line_function function, const int32_t *in, int32_t *out)
{
    for (int y = 0; y < at->height; y++) {
        size_t start = (size_t)y * (size_t)at->width;
        function(in + start, at->width, 1, out + start);
    }
}

static void along_columns(const planes *at, line_function function, const int32_t *in, int32_t *out)
{
    for (int x = 0; x < at->width; x++) {
        function(in + x, at->height, (size_t)at->width, out + x);
    }
}

/* E at (x,y) between pixels; positions outside go to the border (the toolbox stops 0.001 short of the last pixel). */
static double interpolate(const uint8_t *levels, const planes *at, double x, double y)
{
    double last_x = at->width - 1.001, last_y = at->height - 1.001;
    x = fmax(fmin(x, last_x), 0.0);
    y = fmax(fmin(y, last_y), 0.0);
    int left = (int)x, top = (int)y;
    int right = left + 1 < at->width ? left + 1 : left, bottom = top + 1 < at->height ? top + 1 : top;
    double fx = x - left, fy = y - top;
    const uint8_t *upper = levels + (size_t)top * (size_t)at->width;
    const uint8_t *lower = levels + (size_t)bottom * (size_t)at->width;
    return (1.0 - fy) * ((1.0 - fx) * upper[left] + fx * upper[right]) + fy * ((1.0 - fx) * lower[left] + fx * lower[right]);
}

static int is_maximum(const uint8_t *levels, const planes *at, int x, int y)
{
    static const double unit = 4.0 * WHITE * WEIGHTS * WEIGHTS; /* of second differences */
    size_t i = (size_t)y * (size_t)at->width + (size_t)x;
    int sign = at->xy[i] > 0 ? -1 : 1;
    double slope = (double)at->yy[i] * sign / ((double)at->xx[i] + 1e-5 * unit), length = sqrt(1.0 + slope * slope);
    double dx = 1.0 / length, dy = slope / length, own = 1.01 * levels[i];
    return own >= interpolate(levels, at, x - dx, y - dy) && own >= interpolate(levels, at, x + dx, y + dy);
}

/* Steps from the border, up to `fade` where nothing fades. */
static int fade_of(int i, int n, int fade)
{
    int nearest = i < n - 1 - i ? i : n - 1 - i;
    return nearest < fade ? nearest : fade;
}

/* `strength` over `one` is the probability: how many thresholds are below? */
static uint8_t rank_of(int64_t strength, int64_t one)
{
    if (strength <= 0) {
        return 0;
    }
    int64_t thousandths = (strength * 1000 - 1) / one; /* the largest that is strictly below */
    int64_t hundredths = thousandths / 10 < 99 ? thousandths / 10 : 99;
    return (uint8_t)((thousandths >= 1) + hundredths + (thousandths >= 999));
}

static void rank_pixels(const uint8_t *levels, const planes *at, uint8_t *ranks)
{
    int half = (at->width < at->height ? at->width : at->height) / 2, fade = half < FADE ? half : FADE;
    fade = fade > 0 ? fade : 1;
    int fades = half > 0; /* a line of pixels is all border */
    for (int y = 0; y < at->height; y++) {
        for (int x = 0; x < at->width; x++) {
            size_t i = (size_t)y * (size_t)at->width + (size_t)x;
            int factor = fades ? fade_of(x, at->width, fade) * fade_of(y, at->height, fade) : 1;
            int64_t strength = (int64_t)levels[i] * factor;
            ranks[i] = strength > 0 && is_maximum(levels, at, x, y) ? rank_of(strength, (int64_t)WHITE * fade * fade) : 0;
        }
    }
}

te_status te_edge_rank(const uint8_t *levels, int height, int width, uint8_t *ranks)
{
    size_t area = (size_t)height * (size_t)width;
    int32_t *block = te_alloc(area, 6 * sizeof *block, "second differences of an edge map");
    if (!block) {
        return TE_ERR_MEMORY;
    }
    planes at = {height, width, block, block + area, block + 2 * area, block + 3 * area, block + 4 * area, block + 5 * area};
    for (size_t i = 0; i < area; i++) {
        at.xx[i] = levels[i];
    }
    along_rows(&at, smooth_line, at.xx, at.xy);
    along_columns(&at, smooth_line, at.xy, at.smooth);
    along_rows(&at, differ_line, at.smooth, at.dx);
    along_columns(&at, differ_line, at.smooth, at.dy);
    along_rows(&at, differ_line, at.dx, at.xx);
    along_rows(&at, differ_line, at.dy, at.xy);
    along_columns(&at, differ_line, at.dy, at.yy);
    rank_pixels(levels, &at, ranks);
    free(block);
    return TE_OK;
}
