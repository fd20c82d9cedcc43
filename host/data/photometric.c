/* The order and the rounding are those of the siblings' code [S]: every step works on 8 bits and ends in 8 bits; sums
 * and products are cut to 0 to 255 and truncated. Hue is in units of two degrees. To HSV is OpenCV's result to the bit;
 * back from it rounds, as OpenCV's plain code does (its vector code truncates: 1 of 255 less in three of four colours). */
#include "data/photometric.h"

#include "data/decide.h"

#include <math.h>
#include <stdlib.h>

enum { HUES = 180, SIXTH = HUES / 6 };

te_photometric te_photometric_draw(uint64_t seed, uint64_t sample)
{
    return (te_photometric){
        .has_brightness = te_decide_chance(seed, sample, TE_DECIDE_BRIGHTNESS),
        .brightness = te_decide_real(seed, sample, TE_DECIDE_BRIGHTNESS_BY, -32, 32),
        .has_contrast = te_decide_chance(seed, sample, TE_DECIDE_CONTRAST),
        .contrast = te_decide_real(seed, sample, TE_DECIDE_CONTRAST_BY, 0.5, 1.5),
        .contrast_last = te_decide_chance(seed, sample, TE_DECIDE_CONTRAST_LAST),
        .has_saturation = te_decide_chance(seed, sample, TE_DECIDE_SATURATION),
        .saturation = te_decide_real(seed, sample, TE_DECIDE_SATURATION_BY, 0.5, 1.5),
        .has_hue = te_decide_chance(seed, sample, TE_DECIDE_HUE),
        .hue = te_decide_int(seed, sample, TE_DECIDE_HUE_BY, 35) - 18,
    };
}

/* What becomes of each of 256 values. */
static void fill_table(uint8_t table[256], double factor, double offset)
{
    for (int i = 0; i < 256; i++) {
        double value = i * factor + offset;
        table[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static void apply_table(const uint8_t table[256], uint8_t *rgb, size_t values)
{
    for (size_t i = 0; i < values; i++) {
        rgb[i] = table[rgb[i]];
    }
}

static void change(uint8_t *rgb, size_t pixels, double factor, double offset)
{
    uint8_t table[256];
    fill_table(table, factor, offset);
    apply_table(table, rgb, 3 * pixels);
}

/* Between RGB and HSV: hue 0 to 179, saturation and value 0 to 255. Quotients are taken once, in 4096ths. */
typedef struct te_hsv {
    int hue_step[256];        /* a sixth of the circle over the range of the channels */
    int saturation_step[256]; /* 255 over the largest channel */
    int missing[HUES][3];     /* how much of a hue's strength each channel lacks, of SIXTH */
} te_hsv;

static void fill_hsv(te_hsv *hsv)
{
    hsv->hue_step[0] = hsv->saturation_step[0] = 0;
    for (int i = 1; i < 256; i++) {
        hsv->hue_step[i] = (int)lrint(SIXTH * 4096.0 / i);
        hsv->saturation_step[i] = (int)lrint(255 * 4096.0 / i);
    }
    for (int hue = 0; hue < HUES; hue++) {
        for (int c = 0; c < 3; c++) {
            int away = abs(hue - c * HUES / 3); /* red, green and blue peak at 0, 60 and 120 */
            away = away > HUES / 2 ? HUES - away : away;
            away -= SIXTH; /* full up to a sixth, nothing from two on */
            hsv->missing[hue][c] = away < 0 ? 0 : away > SIXTH ? SIXTH : away;
        }
    }
}

/* Of 4096ths to the nearest whole number. */
static int whole(int parts)
{
    parts += 2048;
    return parts >= 0 ? parts / 4096 : -((4095 - parts) / 4096);
}

static void to_hsv(const te_hsv *hsv, const uint8_t *rgb, uint8_t to[3])
{
    int r = rgb[0], g = rgb[1], b = rgb[2];
    int most = r > g ? (r > b ? r : b) : g > b ? g : b, least = r < g ? (r < b ? r : b) : g < b ? g : b;
    int range = most - least, sixths = most == r ? g - b : most == g ? b - r + 2 * range : r - g + 4 * range;
    int hue = whole(sixths * hsv->hue_step[range]);
    to[0] = (uint8_t)(hue < 0 ? hue + HUES : hue);
    to[1] = (uint8_t)whole(range * hsv->saturation_step[most]);
    to[2] = (uint8_t)most;
}

/* value (1 - saturation missing), in whole numbers: halves go up on every machine */
static void from_hsv(const te_hsv *hsv, const uint8_t from[3], uint8_t *rgb)
{
    const int full = 255 * SIXTH;
    for (int c = 0; c < 3; c++) {
        int share = full - from[1] * hsv->missing[from[0]][c];
        rgb[c] = (uint8_t)((2 * from[2] * share + full) / (2 * full));
    }
}

static void saturate(uint8_t *rgb, size_t pixels, double factor)
{
    te_hsv hsv;
    uint8_t table[256], pixel[3];
    fill_hsv(&hsv);
    fill_table(table, factor, 0);
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        to_hsv(&hsv, rgb, pixel);
        pixel[1] = table[pixel[1]];
        from_hsv(&hsv, pixel, rgb);
    }
}

static void turn_hue(uint8_t *rgb, size_t pixels, int by)
{
    te_hsv hsv;
    uint8_t pixel[3];
    fill_hsv(&hsv);
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        to_hsv(&hsv, rgb, pixel);
        pixel[0] = (uint8_t)((pixel[0] + by + HUES) % HUES);
        from_hsv(&hsv, pixel, rgb);
    }
}

void te_photometric_apply(const te_photometric *drawn, uint8_t *rgb, size_t pixels)
{
    if (drawn->has_brightness) {
        change(rgb, pixels, 1, drawn->brightness);
    }
    if (drawn->has_contrast && !drawn->contrast_last) {
        change(rgb, pixels, drawn->contrast, 0);
    }
    if (drawn->has_saturation) {
        saturate(rgb, pixels, drawn->saturation);
    }
    if (drawn->has_hue) {
        turn_hue(rgb, pixels, drawn->hue);
    }
    if (drawn->has_contrast && drawn->contrast_last) {
        change(rgb, pixels, drawn->contrast, 0);
    }
}
