#include "data/rooms_style.h"

/* Families of colours as people buy them: display hue, saturation and value from .. to. */
typedef struct te_tone {
    float hue[2], saturation[2], value[2];
} te_tone;

enum { WHITE, CREAM, PALE, GREY, BLACK, BEIGE, BROWN, BLUE, TEAL, GREEN, RED, PINK, YELLOW, ORANGE, VIOLET, TONES };

static const te_tone tones[TONES] = {
    [WHITE] = {{0.05f, 0.65f}, {0, 0.05f}, {0.86f, 0.97f}},
    [CREAM] = {{0.09f, 0.15f}, {0.06f, 0.24f}, {0.80f, 0.96f}},
    [PALE] = {{0.5f, 0.65f}, {0, 0.10f}, {0.58f, 0.84f}},
    [GREY] = {{0, 1}, {0, 0.10f}, {0.20f, 0.55f}},
    [BLACK] = {{0, 1}, {0, 0.15f}, {0.06f, 0.17f}},
    [BEIGE] = {{0.07f, 0.12f}, {0.15f, 0.38f}, {0.58f, 0.86f}},
    [BROWN] = {{0.04f, 0.09f}, {0.40f, 0.70f}, {0.22f, 0.52f}},
    [BLUE] = {{0.54f, 0.66f}, {0.25f, 0.80f}, {0.28f, 0.80f}},
    [TEAL] = {{0.46f, 0.53f}, {0.25f, 0.70f}, {0.30f, 0.72f}},
    [GREEN] = {{0.22f, 0.42f}, {0.18f, 0.65f}, {0.28f, 0.75f}},
    [RED] = {{0.96f, 1.03f}, {0.55f, 0.88f}, {0.38f, 0.80f}},
    [PINK] = {{0.90f, 1.02f}, {0.12f, 0.42f}, {0.72f, 0.95f}},
    [YELLOW] = {{0.11f, 0.16f}, {0.35f, 0.85f}, {0.72f, 0.95f}},
    [ORANGE] = {{0.05f, 0.09f}, {0.55f, 0.90f}, {0.65f, 0.95f}},
    [VIOLET] = {{0.72f, 0.85f}, {0.18f, 0.60f}, {0.30f, 0.75f}},
};

/* How often each family is met; pastel walls and bright small things are made from the same families. */
static const float weights[TE_USE_COUNT][TONES] = {
    /*                     white cream pale grey black beige brown blue teal green red pink yell. oran. viol. */
    [TE_USE_WALL] =       {  9,   9,    7,   1,   0.2f, 5,    0.5f, 2,   1,   2,   0.7f, 1,  1.5f, 0.7f, 0.7f},
    [TE_USE_UPHOLSTERY] = {  1,   2,    3,   5,   2.5f, 5,    5,    4,   2,   2.5f, 2.5f, 0.8f, 1.2f, 1,  1},
    [TE_USE_LINEN] =      {  7,   3,    4,   2,   0.5f, 2,    0.5f, 4,   1,   1.5f, 1.5f, 2, 1,    0.7f, 1.5f},
    [TE_USE_PAINT] =      {  9,   3,    2,   2,   3,    1,    1,    1,   0.6f, 1,  0.6f, 0.3f, 0.4f, 0.3f, 0.2f},
    [TE_USE_CERAMIC] =    {  4,   2,    2,   1,   1.5f, 1.5f, 2,    3,   2,   2,   2.5f, 1.5f, 2,  2,   1},
    [TE_USE_CLOTHES] =    {  4,   1,    2,   3,   4,    1.2f, 1.2f, 5,   1.5f, 2.5f, 4, 1.5f, 1.2f, 1,  1.2f},
    [TE_USE_TROUSERS] =   {  0.7f, 0.5f, 0.7f, 3, 4,    2,    1.5f, 7,   0.3f, 1,  0.5f, 0.3f, 0.1f, 0.1f, 0.3f},
    [TE_USE_BOOK] =       {  3,   2,    1.5f, 2,  3,    2,    3,    4,   2,   3,   4,   1,   2,    2,   1},
};

static te_vec draw_tone(te_dice *dice, int tone)
{
    const te_tone *t = &tones[tone];
    float hue = te_dice_real(dice, t->hue[0], t->hue[1]);
    float saturation = te_dice_real(dice, t->saturation[0], t->saturation[1]);
    return te_texture_hsv(hue, saturation, te_dice_real(dice, t->value[0], t->value[1]));
}

te_vec te_style_colour(const te_style *style, te_dice *dice, te_use use)
{
    if (te_dice_chance(dice, style->wild)) {
        float hue = te_dice_real(dice, 0, 1), saturation = te_dice_real(dice, 0, 0.9f);
        return te_texture_hsv(hue, saturation, te_dice_real(dice, 0.12f, 1) * (1 - 0.3f * saturation));
    }
    if (use != TE_USE_WALL && te_dice_chance(dice, 0.15f)) {
        float hue = style->accent + te_dice_real(dice, -0.03f, 0.03f), saturation = te_dice_real(dice, 0.3f, 0.85f);
        return te_texture_hsv(hue, saturation, te_dice_real(dice, 0.35f, 0.9f));
    }
    int tone = te_dice_pick(dice, weights[use], TONES);
    te_vec colour = draw_tone(dice, tone);
    if (use == TE_USE_WALL && tone >= BLUE && te_dice_chance(dice, 0.75f)) { /* pastel */
        colour = te_vec_mix(colour, (te_vec){0.85f, 0.85f, 0.85f}, te_dice_real(dice, 0.4f, 0.85f));
    }
    return colour;
}

/* Woods by hue, saturation and value: pine, oak, teak, walnut, mahogany, ebony, cherry, weathered, whitened. */
static const float woods[][3] = {
    {0.100f, 0.42f, 0.85f}, {0.090f, 0.45f, 0.68f}, {0.075f, 0.55f, 0.58f}, {0.065f, 0.55f, 0.36f},
    {0.030f, 0.62f, 0.38f}, {0.060f, 0.35f, 0.17f}, {0.055f, 0.58f, 0.58f}, {0.090f, 0.12f, 0.58f},
    {0.100f, 0.10f, 0.86f},
};

static te_vec draw_wood(te_dice *dice)
{
    const float *wood = woods[te_dice_int(dice, 0, (int)(sizeof woods / sizeof *woods) - 1)];
    float hue = wood[0] + te_dice_real(dice, -0.012f, 0.012f);
    float saturation = wood[1] * te_dice_real(dice, 0.8f, 1.15f);
    return te_texture_hsv(hue, te_clamp(saturation, 0, 1),
                          te_clamp(wood[2] * te_dice_real(dice, 0.85f, 1.12f), 0, 1));
}

void te_style_choose(te_style *style, te_dice *dice)
{
    *style = (te_style){.wild = te_dice_chance(dice, 0.15f)   ? te_dice_real(dice, 0.3f, 1)
                                : te_dice_chance(dice, 0.4f) ? 0.1f
                                                             : 0};
    style->clutter = te_dice_real(dice, 0, 1);
    style->wood[0] = draw_wood(dice);
    style->wood[1] = draw_wood(dice);
    style->accent = te_dice_real(dice, 0, 1);
    style->paint = te_style_colour(style, dice, TE_USE_PAINT);
    float shine = te_dice_real(dice, 0.15f, 0.75f);
    style->metal = te_dice_chance(dice, 0.2f) ? te_texture_hsv(0.11f, 0.5f, te_dice_real(dice, 0.6f, 0.9f))
                                              : (te_vec){shine * 0.95f, shine * 0.97f, shine};
    if (te_dice_chance(dice, 0.3f)) {
        style->metal = (te_vec){0.02f, 0.02f, 0.02f};
    }
    style->trim = te_dice_chance(dice, 0.7f) ? draw_tone(dice, te_dice_chance(dice, 0.8f) ? WHITE : CREAM)
                  : te_dice_chance(dice, 0.7f) ? style->wood[0] : draw_tone(dice, te_dice_int(dice, PALE, BLUE));
}

te_material te_finish_wood(te_dice *dice, te_vec colour)
{
    float dark = te_dice_real(dice, 0.5f, 0.85f);
    te_material m = {.texture = TE_TEXTURE_WOOD,
                     .a = te_vec_scale(colour, 1.08f),
                     .b = te_vec_mul(colour, (te_vec){dark, dark * 0.94f, dark * 0.87f})};
    m.scale = te_dice_scale(dice, 0.12f, 0.5f);
    m.amount = te_dice_real(dice, 0.3f, 1.1f);
    m.gloss = te_dice_real(dice, 0, 0.5f);
    m.mirror = te_dice_chance(dice, 0.2f) ? 0.03f : 0;
    m.seed = te_dice_word(dice);
    return m;
}

/* Patterns of cloth and how often each is met. */
static const struct {
    te_texture texture;
    float weight, scale[2], ratio[2], amount[2];
} cloths[] = {
    {TE_TEXTURE_MOTTLE, 0, {0.05f, 0.4f}, {1, 1}, {0.05f, 0.25f}},
    {TE_TEXTURE_WEAVE, 0, {0.004f, 0.012f}, {1, 1}, {0.2f, 0.9f}},
    {TE_TEXTURE_STRIPES, 3, {0.02f, 0.20f}, {0.2f, 0.6f}, {0, 1}},
    {TE_TEXTURE_PLAID, 2, {0.03f, 0.18f}, {0.3f, 0.6f}, {1, 1}},
    {TE_TEXTURE_DOTS, 1.2f, {0.02f, 0.10f}, {0.3f, 0.65f}, {1, 1}},
    {TE_TEXTURE_MOTIF, 2, {0.05f, 0.30f}, {0.7f, 1.6f}, {0.4f, 1}},
    {TE_TEXTURE_PATCHES, 1.2f, {0.04f, 0.35f}, {1, 1}, {1, 1}},
    {TE_TEXTURE_CHECKER, 0.5f, {0.01f, 0.08f}, {1, 1}, {1, 1}},
};

te_material te_finish_cloth(const te_style *style, te_dice *dice, te_vec colour, te_use use, float bold)
{
    enum { PATTERNS = sizeof cloths / sizeof *cloths };
    float chances[PATTERNS] = {7, 5};
    for (int i = 2; i < PATTERNS; i++) {
        chances[i] = cloths[i].weight * bold;
    }
    int row = te_dice_pick(dice, chances, PATTERNS);
    te_vec other = te_style_colour(style, dice, use), third = te_style_colour(style, dice, use);
    if (row < 2) { /* threads of one colour */
        other = te_vec_scale(colour, te_dice_real(dice, 0.45f, 0.85f));
    }
    te_material m = {.texture = cloths[row].texture, .a = colour, .b = other, .c = third};
    m.scale = te_dice_scale(dice, cloths[row].scale[0], cloths[row].scale[1]);
    m.ratio = te_dice_real(dice, cloths[row].ratio[0], cloths[row].ratio[1]);
    m.amount = te_dice_real(dice, cloths[row].amount[0], cloths[row].amount[1]);
    m.turn = te_dice_chance(dice, 0.3f) ? TE_PI / 2 : te_dice_chance(dice, 0.1f) ? TE_PI / 4 : 0;
    m.seed = te_dice_word(dice);
    return m;
}
