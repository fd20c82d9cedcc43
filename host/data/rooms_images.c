/* Surfaces with a composition: pictures, posters, screens, views through windows, rugs, printed pages. Each is laid
 * out by numbers hashed from the material's seed. */
#include "data/rooms_texture.h"

#include <stddef.h>

te_vec te_texture_hsv(float hue, float saturation, float value)
{
    hue = 6 * (hue - floorf(hue));
    te_vec rgb = {
        te_clamp(fabsf(hue - 3) - 1, 0, 1),
        te_clamp(2 - fabsf(hue - 2), 0, 1),
        te_clamp(2 - fabsf(hue - 4), 0, 1),
    };
    rgb = te_vec_scale(te_vec_mix((te_vec){1, 1, 1}, rgb, saturation), value);
    return (te_vec){powf(rgb.x, 2.2f), powf(rgb.y, 2.2f), powf(rgb.z, 2.2f)};
}

static float draw(const te_material *m, int row, int column)
{
    return te_texture_hash(m->seed, row, column, 77);
}

static float draw_between(const te_material *m, int row, float low, float high)
{
    return low + (high - low) * draw(m, row, 0);
}

/* One of the picture's own colours. */
static te_vec tint(const te_material *m, int row)
{
    float hue = draw(m, 1000, 0) + 0.35f * (draw(m, row, 1) - 0.5f) + (draw(m, row, 5) < 0.25f ? 0.5f : 0);
    return te_texture_hsv(hue, draw(m, row, 2) * (0.2f + 0.8f * draw(m, 1001, 0)), 0.15f + 0.8f * draw(m, row, 3));
}

/* A composition's point: x to the right, y up, 0 to 1 each; `width` of a pixel in the same unit. */
typedef struct te_canvas {
    float x, y, aspect, width;
} te_canvas;

static te_vec paint_landscape(const te_material *m, const te_canvas *c)
{
    te_vec colour = te_vec_mix(tint(m, 1), tint(m, 2), te_clamp(c->y * 1.3f - 0.3f, 0, 1));
    float dx = (c->x - draw(m, 3, 0)) * c->aspect, dy = c->y - draw_between(m, 4, 0.55f, 0.9f);
    float sun = sqrtf(dx * dx + dy * dy);
    colour =
        te_vec_mix(tint(m, 5), colour, te_texture_step(draw_between(m, 6, 0.02f, 0.09f), sun, 0.01f + c->width));
    for (int ridge = 0; ridge < 3; ridge++) {
        float rough = 1.5f + 2.5f * draw(m, 10 + ridge, 1);
        float top = 0.55f - 0.18f * (float)ridge + 0.35f * (te_texture_cloud(m->seed + (uint32_t)ridge,
                    (te_vec){c->x * rough * c->aspect, (float)ridge, 0}, c->width * rough, 4) - 0.5f);
        colour = te_vec_mix(tint(m, 20 + ridge), colour, te_texture_step(top, c->y, 0.01f + c->width));
    }
    float cloud = te_texture_cloud(m->seed + 5, (te_vec){c->x * 9, c->y * 14, 0}, 14 * c->width, 3);
    return te_vec_scale(colour, 0.75f + 0.5f * cloud);
}

static te_vec paint_blocks(const te_material *m, const te_canvas *c)
{
    float low_x = 0, high_x = 1, low_y = 0, high_y = 1, edge = 1;
    int row = 1;
    for (int level = 0; level < 5; level++) {
        float cut = 0.3f + 0.4f * draw(m, row, 11);
        int upright = (high_x - low_x) * c->aspect > high_y - low_y;
        float *low = upright ? &low_x : &low_y, *high = upright ? &high_x : &high_y, at = upright ? c->x : c->y;
        float place = *low + cut * (*high - *low), distance = fabsf(at - place) * (upright ? c->aspect : 1);
        edge = fminf(edge, distance);
        row = 2 * row + (at > place);
        *(at > place ? low : high) = place;
        if (draw(m, row, 12) < 0.2f) {
            break;
        }
    }
    float line = draw(m, 2000, 0) < 0.5f ? draw_between(m, 2001, 0.006f, 0.025f) : 0;
    return te_vec_mix(m->c, tint(m, row + 100), te_texture_step(line, edge, c->width + 0.004f));
}

static te_vec paint_fields(const te_material *m, const te_canvas *c)
{
    te_vec colour = tint(m, 1);
    for (int i = 0; i < 3; i++) {
        float middle = (0.5f + (float)i) / 3, half = 0.08f + 0.09f * draw(m, 30 + i, 0);
        float soft =
            0.05f + 0.06f * te_texture_cloud(m->seed, (te_vec){c->x * 8, c->y * 8, (float)i}, 8 * c->width, 3);
        float inside = te_texture_step(-half, -fabsf(c->y - middle), soft)
                       * te_texture_step(-0.42f, -fabsf(c->x - 0.5f), soft);
        colour = te_vec_mix(colour, tint(m, 40 + i), 0.9f * inside);
    }
    return colour;
}

/* 1 inside an ellipse */
static float oval(const te_canvas *c, float x, float y, float radius_x, float radius_y)
{
    float dx = (c->x - x) * c->aspect / radius_x, dy = (c->y - y) / radius_y;
    return 1 - te_texture_step(1, sqrtf(dx * dx + dy * dy), 0.06f + c->width / radius_x);
}

static te_vec paint_portrait(const te_material *m, const te_canvas *c)
{
    float x = 0.5f + 0.15f * (draw(m, 1, 0) - 0.5f), size = draw_between(m, 2, 0.7f, 1.2f);
    float cloud = te_texture_cloud(m->seed, (te_vec){c->x * 3, c->y * 3, 0}, 3 * c->width, 4);
    te_vec skin = te_texture_hsv(0.06f, 0.35f + 0.2f * draw(m, 5, 0), 0.35f + 0.55f * draw(m, 6, 0));
    te_vec hair = te_texture_hsv(0.08f, 0.5f, 0.1f + 0.5f * draw(m, 7, 0));
    te_vec colour = te_vec_scale(te_vec_mix(tint(m, 8), tint(m, 9), c->y), 0.6f + 0.8f * cloud);
    colour = te_vec_mix(colour, tint(m, 10), oval(c, x, 0.02f, 0.30f * size, 0.36f * size));
    colour = te_vec_mix(colour, skin, oval(c, x, 0.36f * size, 0.06f * size, 0.12f * size));
    colour = te_vec_mix(colour, hair, oval(c, x, 0.56f * size, 0.145f * size, 0.19f * size));
    colour = te_vec_mix(colour, skin, oval(c, x, 0.52f * size, 0.115f * size, 0.155f * size));
    for (int side = -1; side <= 1; side += 2) {
        colour = te_vec_mix(colour, hair,
                            oval(c, x + 0.045f * size / c->aspect * (float)side, 0.545f * size, 0.016f, 0.01f));
    }
    return te_vec_mix(colour, (te_vec){0.3f, 0.06f, 0.05f}, oval(c, x, 0.43f * size, 0.035f, 0.011f));
}

static te_vec paint_blobs(const te_material *m, const te_canvas *c)
{
    te_vec colour = te_vec_mix(tint(m, 1), tint(m, 2), c->y);
    int count = 6 + (int)(14 * draw(m, 3, 0));
    for (int i = 0; i < count; i++) {
        float radius = 0.03f + 0.16f * draw(m, 50 + i, 0) * draw(m, 50 + i, 4), ring = draw(m, 50 + i, 6);
        float x = draw(m, 50 + i, 7), y = draw(m, 50 + i, 8);
        colour = te_vec_mix(colour, tint(m, 90 + i), oval(c, x, y, radius, radius));
        if (ring < 0.4f) {
            colour = te_vec_mix(colour, tint(m, 130 + i), oval(c, x, y, 0.45f * radius, 0.45f * radius));
        }
    }
    return colour;
}

static te_vec paint_photograph(const te_material *m, const te_canvas *c)
{
    float rough = 2 + 3 * draw(m, 1, 0);
    float cloud =
        te_texture_cloud(m->seed, (te_vec){c->x * rough * c->aspect, c->y * rough, 0.5f}, rough * c->width, 5);
    float light = te_clamp(0.5f + 2.2f * (cloud - 0.5f) + 0.5f * (c->y - 0.5f), 0.02f, 1);
    te_vec tone = draw(m, 2, 0) < 0.5f ? (te_vec){1, 1, 1} : te_texture_hsv(0.1f, 0.3f * draw(m, 3, 0), 1);
    return te_vec_scale(tone, light * light);
}

static te_vec paint_waves(const te_material *m, const te_canvas *c)
{
    float angle = 3 * draw(m, 1, 0), x = cosf(angle) * c->x * c->aspect + sinf(angle) * c->y;
    float bend = te_texture_cloud(m->seed, (te_vec){c->x * 2.5f, c->y * 2.5f, 0}, 2.5f * c->width, 3);
    float bands = 3 + 8 * draw(m, 2, 0), at = x * bands + 5 * draw(m, 3, 0) * bend;
    float share = at - floorf(at);
    return te_vec_mix(tint(m, 10 + (int)floorf(at)), tint(m, 11 + (int)floorf(at)),
                      te_texture_step(0.5f, share, 0.1f + bands * c->width));
}

static te_vec paint_poster(const te_material *m, const te_canvas *c)
{
    te_vec colour = te_vec_mix(tint(m, 1), (te_vec){0.85f, 0.84f, 0.8f}, draw(m, 2, 0));
    float size = draw_between(m, 3, 0.18f, 0.33f), y = draw_between(m, 4, 0.5f, 0.68f);
    float shape = draw(m, 5, 0) < 0.5f ? oval(c, 0.5f, y, size, size)
                  : te_texture_step(-size, -fmaxf(fabsf(c->x - 0.5f) * c->aspect, fabsf(c->y - y)), 0.01f);
    colour = te_vec_mix(colour, tint(m, 6), shape);
    float line = te_texture_pulse(c->y * 22, 0.55f, 22 * c->width);
    float end = 0.3f + 0.15f * draw(m, 60 + (int)(c->y * 22), 0);
    int lettered = c->y < 0.22f && c->y > 0.05f && fabsf(c->x - 0.5f) < end;
    return te_vec_mix(colour, m->b, lettered ? line * 0.8f : 0);
}

te_vec te_texture_picture(const te_material *m, const te_surface *s)
{
    static te_vec (*const styles[])(const te_material *, const te_canvas *) = {
        paint_landscape, paint_blocks, paint_fields, paint_portrait, paint_blobs, paint_photograph, paint_waves,
        paint_poster,    paint_landscape,
    };
    float mount = fminf(m->ratio, 0.6f * fminf(s->half_u, s->half_v)); /* metres */
    te_canvas canvas = {
        .x = (s->u + s->half_u - mount) / (2 * (s->half_u - mount)),
        .y = (s->v + s->half_v - mount) / (2 * (s->half_v - mount)),
        .aspect = (s->half_u - mount) / (s->half_v - mount),
        .width = s->width / (2 * (s->half_v - mount)),
    };
    if (canvas.x < 0 || canvas.x > 1 || canvas.y < 0 || canvas.y > 1) {
        return m->c;
    }
    size_t style = (size_t)(draw(m, 3000, 0) * (sizeof styles / sizeof *styles));
    return styles[style](m, &canvas);
}

/* Houses with rows of windows, or nothing; `far` counts the rows of houses from the front. */
static te_vec add_houses(const te_material *m, const te_surface *s, te_vec colour, int far)
{
    float breadth = 0.35f + 0.5f * draw(m, 200 + far, 0), at = s->u / breadth + draw(m, 201 + far, 0);
    int house = (int)floorf(at);
    float top = s->half_v * (-0.6f + 1.1f * draw(m, 210 + far, house) + 0.25f * (float)far);
    if (draw(m, 220 + far, house) < 0.25f || s->v > top) {
        return colour;
    }
    te_vec wall = te_texture_hsv(0.02f + 0.12f * draw(m, 230 + far, house), 0.4f * draw(m, 240 + far, house),
                                 0.3f + 0.5f * draw(m, 250 + far, house));
    float rows = 14 + 8 * draw(m, 260 + far, house);
    float window = te_texture_pulse(s->v * rows, 0.5f, s->width * rows)
                   * te_texture_pulse(s->u * rows * 1.3f, 0.45f, s->width * rows * 1.3f);
    te_vec glass = m->amount > 0.5f ? (te_vec){0.12f, 0.15f, 0.2f}
                   : draw(m, (int)(s->v * rows), (int)(s->u * rows * 1.3f) + 9) < 0.4f ? (te_vec){9, 6, 3}
                                                                                         : (te_vec){0, 0, 0};
    return te_vec_mix(wall, glass, 0.8f * window);
}

/* a: sky above, b: sky at the horizon, c: the green of the trees; amount: 1 by day, 0 at night. */
te_vec te_texture_outdoor(const te_material *m, const te_surface *s)
{
    float horizon = s->half_v * draw_between(m, 100, -0.5f, 0.1f);
    float up = te_clamp((s->v - horizon) / (1.2f * s->half_v), 0, 1);
    te_vec colour = te_vec_mix(m->b, m->a, up);
    float cloud = te_texture_cloud(m->seed, (te_vec){s->u * 1.2f, s->v * 3, 0}, 3 * s->width, 4);
    colour = te_vec_mix(colour, (te_vec){1, 1, 1}, m->amount * m->ratio * te_clamp(3 * (cloud - 0.45f), 0, 1));
    float style = draw(m, 101, 0);
    if (style < 0.45f) {
        colour = add_houses(m, s, colour, 1);
        colour = add_houses(m, s, colour, 0);
    }
    te_vec place = {s->u * 3.5f, s->v * 3.5f, 4};
    float bush = te_texture_cloud(m->seed + 3, place, 3.5f * s->width, 5);
    float crown = te_texture_cloud(m->seed + 4, (te_vec){s->u * 1.6f, 0, 0}, 0, 2);
    float top =
        horizon + s->half_v * (2.2f * (crown - 0.5f) + 1.2f * (bush - 0.5f) + (style > 0.7f ? 0.5f : -0.1f));
    te_vec green = te_vec_scale(m->c, 0.25f + 1.7f * te_clamp(2.5f * (bush - 0.35f), 0, 1));
    colour = te_vec_mix(green, colour, style > 0.3f ? te_texture_step(top, s->v, 0.03f + s->width) : 1);
    return style > 0.93f ? te_vec_mix(m->b, (te_vec){1, 1, 1}, 0.5f) : colour; /* frosted glass */
}

te_vec te_texture_rug(const te_material *m, const te_surface *s)
{
    int round = s->half_u == s->half_v && fabsf(s->normal.y) > 0.99f;
    float radius = sqrtf(s->u * s->u + s->v * s->v);
    float inset = round ? s->half_u - radius : fminf(s->half_u - fabsf(s->u), s->half_v - fabsf(s->v));
    float soft = s->width + 0.006f, style = draw(m, 1, 0), x = s->u / m->scale, y = s->v / m->scale;
    float ornament = 0;
    if (style < 0.25f) { /* rings or a medallion */
        ornament = te_texture_pulse(sqrtf(x * x + 2 * y * y), 0.5f, s->width / m->scale);
    } else if (style < 0.5f) { /* lozenges */
        ornament = te_texture_pulse(fabsf(x) + fabsf(y), 0.4f, 1.5f * s->width / m->scale);
    } else if (style < 0.65f) { /* stripes */
        ornament = te_texture_pulse(y, 0.5f, s->width / m->scale);
    } else if (style < 0.85f) { /* flowers */
        ornament = te_texture_step(0.5f, sinf(5 * x) * sinf(5 * y) + 0.6f * cosf(9 * x + 3 * sinf(7 * y)),
                                   0.1f + 10 * s->width / m->scale);
    }
    te_vec colour = te_vec_mix(m->a, m->b, m->amount * ornament);
    float wide = m->ratio; /* metres of border; 0: none */
    if (wide > 0) {
        colour = te_vec_mix(m->c, colour, te_texture_step(wide, inset, soft));
        colour = te_vec_mix(m->b, colour, te_texture_step(0.25f * wide, fabsf(inset - 0.55f * wide), soft));
    }
    float pile = te_texture_noise(m->seed, s->u * 160, s->v * 160, 0) - 0.5f;
    float worn = te_texture_cloud(m->seed, (te_vec){s->u * 3, s->v * 3, 0}, 3 * s->width, 3) - 0.5f;
    return te_vec_scale(colour, 1 + 0.5f * pile * te_clamp(2 - 300 * s->width, 0, 1) + 0.35f * worn);
}

te_vec te_texture_print(const te_material *m, const te_surface *s)
{
    float line = s->v / m->scale, seen = te_clamp(2 - 4 * s->width / m->scale, 0, 1);
    float words = te_texture_noise(m->seed, s->u * 3 / m->scale, floorf(line), 0) > 0.35f ? 1.0f : 0.0f;
    float text = te_texture_pulse(line, 0.45f, s->width / m->scale) * (0.6f + seen * (words - 0.6f));
    int margin = s->s < 0.1f || s->s > 0.9f || s->t < 0.08f || s->t > 0.92f;
    return te_vec_mix(m->a, m->b, margin ? 0 : 0.75f * text);
}
