/* One function a finish; each draws a material that suits the room's style. */
#include "data/rooms_style.h"

static te_material wall(const te_style *style, te_dice *dice)
{
    static const struct {
        te_texture texture;
        float weight, scale[2], ratio[2];
    } kinds[] = {
        {TE_TEXTURE_MOTTLE, 14, {0.2f, 1.5f}, {1, 1}},
        {TE_TEXTURE_CARPET, 3, {0.004f, 0.02f}, {1, 1}},
        {TE_TEXTURE_STRIPES, 1.6f, {0.06f, 0.5f}, {0.3f, 0.6f}},
        {TE_TEXTURE_MOTIF, 2, {0.1f, 0.7f}, {0.8f, 1.7f}},
        {TE_TEXTURE_DOTS, 0.5f, {0.06f, 0.25f}, {0.2f, 0.5f}},
        {TE_TEXTURE_BRICKS, 1.2f, {0.2f, 0.3f}, {0.3f, 0.4f}},
        {TE_TEXTURE_TILES, 1.5f, {0.1f, 0.4f}, {0.5f, 2}},
        {TE_TEXTURE_PLANKS, 1.2f, {0.08f, 0.2f}, {10, 20}},
        {TE_TEXTURE_PATCHES, 0.2f, {0.3f, 1}, {1, 1}},
        {TE_TEXTURE_MARBLE, 0.3f, {0.5f, 2}, {1, 1}},
    };
    enum { KINDS = sizeof kinds / sizeof *kinds };
    float chances[KINDS];
    for (int i = 0; i < KINDS; i++) {
        chances[i] = kinds[i].weight + (i > 0 ? 2 * style->wild : 0);
    }
    int row = te_dice_pick(dice, chances, KINDS);
    te_texture texture = kinds[row].texture;
    te_material m = {.texture = texture, .a = te_style_colour(style, dice, TE_USE_WALL), .world = 1};
    float shade = te_dice_real(dice, 0.72f, 0.96f);
    m.b = te_dice_chance(dice, 0.7f) ? te_vec_scale(m.a, shade) : te_style_colour(style, dice, TE_USE_WALL);
    m.c = te_vec_scale(m.a, te_dice_real(dice, 0.4f, 1));
    if (texture == TE_TEXTURE_BRICKS && te_dice_chance(dice, 0.6f)) {
        float hue = te_dice_real(dice, 0.01f, 0.06f);
        m.a = te_texture_hsv(hue, 0.6f, te_dice_real(dice, 0.4f, 0.7f));
        m.b = te_vec_scale(m.a, 0.8f);
        m.c = (te_vec){0.5f, 0.48f, 0.45f};
    }
    if (texture == TE_TEXTURE_PLANKS) {
        m.a = te_vec_scale(style->wood[1], 1.05f);
        m.b = te_vec_scale(m.a, 0.75f);
        m.c = te_vec_scale(m.a, 0.3f);
        m.turn = te_dice_chance(dice, 0.5f) ? TE_PI / 2 : 0;
    }
    m.scale = te_dice_scale(dice, kinds[row].scale[0], kinds[row].scale[1]);
    m.ratio = te_dice_real(dice, kinds[row].ratio[0], kinds[row].ratio[1]);
    m.amount = te_dice_real(dice, 0.02f, 0.12f);
    if (texture == TE_TEXTURE_STRIPES || texture == TE_TEXTURE_MOTIF || texture == TE_TEXTURE_MARBLE) {
        m.amount = te_dice_real(dice, 0.4f, 1);
    }
    m.gloss = texture == TE_TEXTURE_TILES ? 0.6f : te_dice_real(dice, 0, 0.1f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material wooden_floor(const te_style *style, te_dice *dice)
{
    te_material m = te_finish_wood(dice, style->wood[te_dice_int(dice, 0, 1)]);
    m.texture = te_dice_chance(dice, 0.85f) ? TE_TEXTURE_PLANKS : TE_TEXTURE_PARQUET;
    m.scale = m.texture == TE_TEXTURE_PLANKS ? te_dice_scale(dice, 0.06f, 0.2f) : te_dice_scale(dice, 0.15f, 0.45f);
    m.ratio = te_dice_real(dice, 6, 14);
    m.c = te_vec_scale(m.b, 0.45f);
    m.mirror = te_dice_chance(dice, 0.5f) ? te_dice_real(dice, 0, 0.07f) : 0;
    return m;
}

static te_material hard_floor(const te_style *style, te_dice *dice)
{
    static const te_texture kinds[] = {TE_TEXTURE_TILES, TE_TEXTURE_TILES, TE_TEXTURE_MARBLE, TE_TEXTURE_MOTTLE,
                                       TE_TEXTURE_CHECKER, TE_TEXTURE_BRICKS};
    te_vec colour = te_style_colour(style, dice, TE_USE_LINEN);
    te_material m = {.texture = TE_TEXTURE_TILES};
    m.texture = kinds[te_dice_int(dice, 0, 5)];
    m.a = te_vec_scale(colour, te_dice_real(dice, 0.4f, 0.95f));
    m.scale = te_dice_scale(dice, 0.2f, 0.7f);
    m.ratio = te_dice_chance(dice, 0.7f) ? 1 : 0.5f;
    m.amount = te_dice_real(dice, 0.05f, 0.35f);
    m.gloss = te_dice_real(dice, 0.2f, 0.8f);
    m.mirror = te_dice_chance(dice, 0.6f) ? te_dice_real(dice, 0.01f, 0.10f) : 0;
    m.b = m.texture == TE_TEXTURE_CHECKER || te_dice_chance(dice, 0.25f)
              ? te_style_colour(style, dice, TE_USE_UPHOLSTERY) : te_vec_scale(m.a, te_dice_real(dice, 0.8f, 1));
    m.c = te_vec_scale(m.a, te_dice_chance(dice, 0.7f) ? 0.55f : 1.3f);
    if (m.texture == TE_TEXTURE_MARBLE) {
        m.amount = te_dice_real(dice, 0.4f, 1);
        m.b = te_vec_scale(m.a, 0.45f);
    }
    return m;
}

static te_material floor_finish(const te_style *style, te_dice *dice)
{
    static const float chances[] = {6, 3, 3};
    int kind = te_dice_pick(dice, chances, 3);
    te_material m;
    if (kind == 0) {
        m = wooden_floor(style, dice);
    } else if (kind == 1) {
        m = hard_floor(style, dice);
    } else {
        te_vec colour = te_style_colour(style, dice, TE_USE_UPHOLSTERY);
        m = (te_material){.texture = TE_TEXTURE_CARPET, .a = colour};
        m.b = te_vec_scale(colour, te_dice_real(dice, 0.5f, 0.85f));
        m.scale = te_dice_scale(dice, 0.004f, 0.02f);
    }
    m.world = 1;
    m.turn = te_dice_chance(dice, 0.5f) ? TE_PI / 2 : te_dice_chance(dice, 0.1f) ? TE_PI / 4 : 0;
    m.seed = te_dice_word(dice);
    return m;
}

static te_material ceiling(const te_style *style, te_dice *dice)
{
    float v = te_dice_real(dice, 0.7f, 0.9f);
    te_material m = {.texture = TE_TEXTURE_MOTTLE, .a = {v, v * 0.99f, v * 0.97f}, .scale = 0.6f, .amount = 0.04f,
                     .world = 1, .seed = te_dice_word(dice)};
    float kind = te_dice_real(dice, 0, 1);
    if (kind < 0.12f) {
        m.texture = TE_TEXTURE_TILES;
        m.scale = 0.6f;
        m.ratio = te_dice_chance(dice, 0.5f) ? 1 : 2;
        m.b = m.a;
        m.c = te_vec_scale(m.a, 0.6f);
    } else if (kind < 0.2f) {
        m = te_finish_wood(dice, style->wood[0]);
        m.texture = TE_TEXTURE_PLANKS;
        m.scale = 0.12f;
        m.ratio = 20;
        m.c = te_vec_scale(m.b, 0.4f);
        m.world = 1;
    } else if (kind < 0.3f) {
        m.a = te_vec_mix(m.a, te_style_colour(style, dice, TE_USE_WALL), 0.6f);
    }
    return m;
}

static te_material painted(te_dice *dice, te_vec colour)
{
    te_material m = {.texture = TE_TEXTURE_MOTTLE, .a = colour, .scale = 0.3f, .amount = 0.04f};
    m.gloss = te_dice_real(dice, 0, 0.5f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material trim(const te_style *style, te_dice *dice)
{
    return painted(dice, style->trim);
}

static te_material wood(const te_style *style, te_dice *dice)
{
    return te_finish_wood(dice, style->wood[te_dice_chance(dice, 0.3f)]);
}

static te_material furniture(const te_style *style, te_dice *dice)
{
    if (te_dice_chance(dice, 0.55f)) {
        return wood(style, dice);
    }
    return painted(dice, te_dice_chance(dice, 0.6f) ? style->paint : te_style_colour(style, dice, TE_USE_PAINT));
}

static te_material metal(const te_style *style, te_dice *dice)
{
    return (te_material){.texture = TE_TEXTURE_PLAIN, .a = style->metal, .gloss = te_dice_real(dice, 0.4f, 1)};
}

static te_material dark(const te_style *style, te_dice *dice)
{
    (void)style;
    float v = te_dice_real(dice, 0.006f, 0.035f);
    return (te_material){
        .texture = TE_TEXTURE_PLAIN, .a = {v, v, v * 1.05f}, .gloss = te_dice_real(dice, 0.1f, 0.6f)};
}

static te_material legs(const te_style *style, te_dice *dice)
{
    static te_material (*const kinds[])(const te_style *, te_dice *) = {wood, wood, metal, dark};
    return kinds[te_dice_int(dice, 0, 3)](style, dice);
}

static te_material upholstery(const te_style *style, te_dice *dice)
{
    te_vec colour = te_style_colour(style, dice, TE_USE_UPHOLSTERY);
    te_material m = te_finish_cloth(style, dice, colour, TE_USE_UPHOLSTERY, 0.25f);
    m.gloss = te_dice_chance(dice, 0.25f) ? te_dice_real(dice, 0.2f, 0.7f) : 0; /* leather */
    return m;
}

static te_material linen(const te_style *style, te_dice *dice)
{
    return te_finish_cloth(style, dice, te_style_colour(style, dice, TE_USE_LINEN), TE_USE_LINEN, 0.7f);
}

static te_material curtain(const te_style *style, te_dice *dice)
{
    te_vec colour = te_style_colour(style, dice, te_dice_chance(dice, 0.6f) ? TE_USE_LINEN : TE_USE_UPHOLSTERY);
    te_material m = te_finish_cloth(style, dice, colour, TE_USE_UPHOLSTERY, 0.35f);
    m.turn = 0;
    return m;
}

static te_material rug(const te_style *style, te_dice *dice)
{
    te_material m = {.texture = TE_TEXTURE_RUG};
    m.a = te_style_colour(style, dice, TE_USE_UPHOLSTERY);
    m.b = te_style_colour(style, dice, TE_USE_UPHOLSTERY);
    m.c = te_style_colour(style, dice, TE_USE_CERAMIC);
    m.scale = te_dice_scale(dice, 0.1f, 0.8f);
    m.ratio = te_dice_chance(dice, 0.6f) ? te_dice_real(dice, 0.05f, 0.3f) : 0;
    m.amount = te_dice_real(dice, 0.2f, 1);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material worktop(const te_style *style, te_dice *dice)
{
    if (te_dice_chance(dice, 0.4f)) {
        return te_finish_wood(dice, style->wood[1]);
    }
    te_vec colour = te_vec_scale(te_style_colour(style, dice, TE_USE_PAINT), 0.85f);
    te_material m = {.texture = TE_TEXTURE_MARBLE,
                     .a = colour,
                     .b = te_vec_scale(colour, 0.4f),
                     .scale = 0.6f,
                     .gloss = 0.7f,
                     .mirror = 0.03f};
    m.amount = te_dice_real(dice, 0, 0.8f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material ceramic(const te_style *style, te_dice *dice)
{
    te_vec colour = te_style_colour(style, dice, TE_USE_CERAMIC);
    te_material m = te_finish_cloth(style, dice, colour, TE_USE_CERAMIC, 0.15f);
    m.gloss = te_dice_real(dice, 0.1f, 0.9f);
    return m;
}

static te_material plastic(const te_style *style, te_dice *dice)
{
    te_material m = {.texture = TE_TEXTURE_PLAIN};
    m.a = te_style_colour(style, dice, TE_USE_CERAMIC);
    m.gloss = te_dice_real(dice, 0.2f, 0.8f);
    return m;
}

static te_material cardboard(const te_style *style, te_dice *dice)
{
    if (te_dice_chance(dice, 0.4f)) {
        return ceramic(style, dice);
    }
    float hue = te_dice_real(dice, 0.07f, 0.1f), value = te_dice_real(dice, 0.5f, 0.75f);
    te_vec colour = te_texture_hsv(hue, te_dice_real(dice, 0.3f, 0.5f), value);
    return (te_material){.texture = TE_TEXTURE_MOTTLE, .a = colour, .scale = 0.1f, .amount = 0.08f,
                         .seed = te_dice_word(dice)};
}

static te_material paper(const te_style *style, te_dice *dice)
{
    (void)style;
    float v = te_dice_real(dice, 0.7f, 0.9f);
    te_material m = {.texture = TE_TEXTURE_PRINT, .a = {v, v, v * 0.95f}, .b = {0.05f, 0.05f, 0.07f}};
    m.scale = te_dice_scale(dice, 0.006f, 0.015f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material book(const te_style *style, te_dice *dice)
{
    te_material m = {.texture = TE_TEXTURE_SPINE};
    m.a = te_style_colour(style, dice, TE_USE_BOOK);
    m.b = te_dice_chance(dice, 0.5f) ? (te_vec){0.8f, 0.78f, 0.7f} : te_style_colour(style, dice, TE_USE_BOOK);
    m.gloss = te_dice_real(dice, 0, 0.4f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material picture(const te_style *style, te_dice *dice)
{
    float v = te_dice_real(dice, 0.6f, 0.9f);
    te_material m = {.texture = TE_TEXTURE_PICTURE};
    m.b = te_style_colour(style, dice, TE_USE_CERAMIC);
    m.c = te_dice_chance(dice, 0.8f) ? (te_vec){v, v, v * 0.96f} : te_style_colour(style, dice, TE_USE_PAINT);
    m.ratio = te_dice_chance(dice, 0.5f) ? te_dice_real(dice, 0.02f, 0.1f) : 0;
    m.mirror = te_dice_chance(dice, 0.25f) ? 0.05f : 0;
    m.seed = te_dice_word(dice);
    return m;
}

static te_material screen(const te_style *style, te_dice *dice)
{
    if (te_dice_chance(dice, 0.5f)) {
        te_material m = dark(style, dice);
        m.gloss = 0.8f;
        m.mirror = te_dice_real(dice, 0.03f, 0.1f);
        return m;
    }
    te_material m = picture(style, dice);
    m.ratio = 0;
    m.glow = te_dice_real(dice, 0.5f, 2);
    m.mirror = 0.03f;
    return m;
}

static te_material leaf(const te_style *style, te_dice *dice)
{
    float hue = te_dice_real(dice, 0.2f, 0.38f), value = te_dice_real(dice, 0.2f, 0.6f);
    te_vec colour = te_texture_hsv(hue, te_dice_real(dice, 0.4f, 0.85f), value);
    te_vec veins = te_texture_hsv(hue - 0.05f, 0.5f, fminf(value * te_dice_real(dice, 1, 2), 1));
    te_material m = {.texture = TE_TEXTURE_LEAF, .a = colour, .scale = 0.03f};
    m.b = te_dice_chance(dice, style->wild) ? te_style_colour(style, dice, TE_USE_CERAMIC) : veins;
    m.amount = te_dice_real(dice, 0, 0.8f);
    m.gloss = te_dice_real(dice, 0, 0.5f);
    m.seed = te_dice_word(dice);
    return m;
}

static te_material bark(const te_style *style, te_dice *dice)
{
    (void)style;
    float saturation = te_dice_real(dice, 0.2f, 0.5f);
    return te_finish_wood(dice, te_texture_hsv(0.08f, saturation, te_dice_real(dice, 0.2f, 0.5f)));
}

static te_material pot(const te_style *style, te_dice *dice)
{
    if (te_dice_chance(dice, 0.4f)) { /* earthenware */
        float saturation = te_dice_real(dice, 0.45f, 0.7f);
        te_vec colour = te_texture_hsv(0.045f, saturation, te_dice_real(dice, 0.5f, 0.75f));
        return (te_material){.texture = TE_TEXTURE_MOTTLE, .a = colour, .scale = 0.08f, .amount = 0.15f,
                             .seed = te_dice_word(dice)};
    }
    return ceramic(style, dice);
}

static te_material shade(const te_style *style, te_dice *dice)
{
    te_vec colour = te_dice_chance(dice, 0.7f) ? te_texture_hsv(0.1f, te_dice_real(dice, 0, 0.35f), 0.95f)
                                               : te_style_colour(style, dice, TE_USE_UPHOLSTERY);
    te_material m = te_finish_cloth(style, dice, colour, TE_USE_UPHOLSTERY, 0.2f);
    m.glow = te_dice_chance(dice, 0.6f) ? te_dice_real(dice, 0.6f, 3) : 0;
    return m;
}

int te_finish_make(te_scene *scene, te_dice *dice, te_finish finish)
{
    static te_material (*const finishes[TE_FINISH_COUNT])(const te_style *, te_dice *) = {
        [TE_FINISH_WALL] = wall,
        [TE_FINISH_FLOOR] = floor_finish,
        [TE_FINISH_CEILING] = ceiling,
        [TE_FINISH_TRIM] = trim,
        [TE_FINISH_WOOD] = wood,
        [TE_FINISH_FURNITURE] = furniture,
        [TE_FINISH_METAL] = metal,
        [TE_FINISH_LEGS] = legs,
        [TE_FINISH_UPHOLSTERY] = upholstery,
        [TE_FINISH_LINEN] = linen,
        [TE_FINISH_CURTAIN] = curtain,
        [TE_FINISH_RUG] = rug,
        [TE_FINISH_WORKTOP] = worktop,
        [TE_FINISH_CERAMIC] = ceramic,
        [TE_FINISH_PLASTIC] = plastic,
        [TE_FINISH_CARDBOARD] = cardboard,
        [TE_FINISH_PAPER] = paper,
        [TE_FINISH_BOOK] = book,
        [TE_FINISH_PICTURE] = picture,
        [TE_FINISH_SCREEN] = screen,
        [TE_FINISH_DARK] = dark,
        [TE_FINISH_LEAF] = leaf,
        [TE_FINISH_BARK] = bark,
        [TE_FINISH_POT] = pot,
        [TE_FINISH_SHADE] = shade,
    };
    return te_scene_material(scene, finishes[finish](&scene->style, dice));
}
