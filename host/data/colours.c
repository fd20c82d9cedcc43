#include "data/colours.h"

/* PASCAL VOC's rule: bits 0, 1, 2 of the index are the top bits of red, green, blue, bits 3, 4, 5 the next, ... */
te_colour te_colour_class(int classes, int index)
{
    if (index == 255) {
        return (te_colour){200, 200, 200};
    }
    unsigned bits = (unsigned)index + (classes == 40 ? 1 : 0), channel[3] = {0, 0, 0};
    for (int place = 7; place >= 0; place--, bits >>= 3) {
        for (int c = 0; c < 3; c++) {
            channel[c] |= (bits >> c & 1u) << place;
        }
    }
    return (te_colour){(uint8_t)channel[0], (uint8_t)channel[1], (uint8_t)channel[2]};
}

enum { ANCHORS = 9 };

/* Colours at 0, 1/8, ..., 1; between them each channel is a line. Grey is one line, so that it can be read back. */
static const te_colour anchors[TE_RAMP_COUNT][ANCHORS] = {
    [TE_RAMP_COOL] = {{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141}, {39, 173, 129},
                      {92, 200, 99}, {170, 220, 50}, {253, 231, 37}},
    [TE_RAMP_WARM] = {{0, 0, 4}, {28, 16, 68}, {79, 18, 123}, {129, 37, 129}, {181, 54, 122}, {229, 80, 100},
                      {251, 135, 97}, {254, 194, 135}, {252, 253, 191}},
};

static uint8_t blend(uint8_t from, uint8_t to, float share)
{
    return (uint8_t)((float)from + share * ((float)to - (float)from) + 0.5f);
}

te_colour te_colour_ramp(te_ramp ramp, float value)
{
    float cut = value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f, at = cut * (ANCHORS - 1); /* NaN is not above 0 */
    if (ramp == TE_RAMP_GREY) {
        uint8_t grey = blend(0, 255, cut);
        return (te_colour){grey, grey, grey};
    }
    int index = (int)at < ANCHORS - 2 ? (int)at : ANCHORS - 2;
    te_colour from = anchors[ramp][index], to = anchors[ramp][index + 1];
    float share = at - (float)index;
    return (te_colour){blend(from.r, to.r, share), blend(from.g, to.g, share), blend(from.b, to.b, share)};
}

te_colour te_colour_normal(const float normal[3])
{
    uint8_t channel[3];
    for (int c = 0; c < 3; c++) {
        float value = (normal[c] + 1.0f) * 0.5f;
        channel[c] = (uint8_t)((value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f) * 255.0f + 0.5f);
    }
    return (te_colour){channel[0], channel[1], channel[2]};
}
