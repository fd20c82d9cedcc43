/* The order and the rounding are those of the siblings' code [S]: every step works on 8 bits and ends in 8 bits; sums
 * and products are cut to 0 to 255 and truncated, what comes back from HSV is rounded. Hue is in halves of a degree. */
#include "data/photometric.h"

#include "data/decide.h"

#include <math.h>
#include <stdlib.h>

enum { HUES = 180 };

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

/* Quotient of integers, halves upwards. */
static int divide(int number, int by)
{
    int doubled = 2 * number + by, quotient = doubled / (2 * by);
    return doubled < 0 && quotient * 2 * by != doubled ? quotient - 1 : quotient;
}

/* hsv: hue 0 to 179, saturation and value 0 to 255. */
static void to_hsv(const uint8_t *rgb, uint8_t hsv[3])
{
    int r = rgb[0], g = rgb[1], b = rgb[2];
    int most = r > g ? (r > b ? r : b) : g > b ? g : b, least = r < g ? (r < b ? r : b) : g < b ? g : b;
    int range = most - least, hue = 0;
    if (range > 0) {
        int sixths = most == r ? g - b : most == g ? b - r + 2 * range : r - g + 4 * range;
        hue = divide(HUES / 6 * sixths, range);
    }
    hsv[0] = (uint8_t)(hue < 0 ? hue + HUES : hue);
    hsv[1] = (uint8_t)(most ? divide(255 * range, most) : 0);
    hsv[2] = (uint8_t)most;
}

/* How much of a colour's strength each channel of a hue lacks: 0 within a sixth of the channel's peak, 1 beyond two. */
typedef float te_hue_table[HUES][3];

static void fill_hues(te_hue_table missing)
{
    for (int hue = 0; hue < HUES; hue++) {
        for (int c = 0; c < 3; c++) {
            int away = abs(hue - c * HUES / 3); /* red, green and blue peak at 0, 60 and 120 */
            away = away > HUES / 2 ? HUES - away : away;
            float sixths = (float)away / (HUES / 6) - 1.0f;
            missing[hue][c] = sixths < 0.0f ? 0.0f : sixths > 1.0f ? 1.0f : sixths;
        }
    }
}

static void from_hsv(const te_hue_table missing, const uint8_t hsv[3], uint8_t *rgb)
{
    float value = (float)hsv[2], saturation = (float)hsv[1] / 255.0f;
    for (int c = 0; c < 3; c++) {
        rgb[c] = (uint8_t)lrintf(value * (1.0f - saturation * missing[hsv[0]][c]));
    }
}

static void saturate(uint8_t *rgb, size_t pixels, double factor)
{
    te_hue_table missing;
    uint8_t table[256], hsv[3];
    fill_hues(missing);
    fill_table(table, factor, 0);
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        to_hsv(rgb, hsv);
        hsv[1] = table[hsv[1]];
        from_hsv(missing, hsv, rgb);
    }
}

static void turn_hue(uint8_t *rgb, size_t pixels, int by)
{
    te_hue_table missing;
    uint8_t hsv[3];
    fill_hues(missing);
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        to_hsv(rgb, hsv);
        hsv[0] = (uint8_t)((hsv[0] + by + HUES) % HUES);
        from_hsv(missing, hsv, rgb);
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
