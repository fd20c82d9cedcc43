#include "data/rooms_texture.h"

float te_texture_hash(uint32_t seed, int x, int y, int z)
{
    uint32_t h = seed ^ (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ (uint32_t)z * 0xcb1ab31fu;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return (float)((h ^ h >> 16) >> 8) * 0x1p-24f;
}

static inline float ease(float x)
{
    return x * x * (3 - 2 * x);
}

static inline float between(float a, float b, float share)
{
    return a + share * (b - a);
}

float te_texture_noise(uint32_t seed, float x, float y, float z)
{
    float fx = floorf(x), fy = floorf(y), fz = floorf(z);
    int ix = (int)fx, iy = (int)fy, iz = (int)fz;
    float sx = ease(x - fx), sy = ease(y - fy), plane[2];
    for (int k = 0; k < 2; k++) {
        float near = between(te_texture_hash(seed, ix, iy, iz + k), te_texture_hash(seed, ix + 1, iy, iz + k), sx);
        float far =
            between(te_texture_hash(seed, ix, iy + 1, iz + k), te_texture_hash(seed, ix + 1, iy + 1, iz + k), sx);
        plane[k] = between(near, far, sy);
    }
    return between(plane[0], plane[1], ease(z - fz));
}

float te_texture_cloud(uint32_t seed, te_vec p, float width, int octaves)
{
    float sum = 0.5f, share = 0.5f;
    for (int i = 0; i < octaves && width < 0.7f; i++) {
        sum += share * (te_texture_noise(seed + (uint32_t)i, p.x, p.y, p.z) - 0.5f);
        p = te_vec_scale(p, 2.03f);
        width *= 2.03f;
        share *= 0.5f;
    }
    return sum;
}

float te_texture_pulse(float x, float duty, float width)
{
    width = width > 1e-3f ? width : 1e-3f;
    float low = x - width / 2, high = x + width / 2, low_whole = floorf(low), high_whole = floorf(high);
    float area = (high_whole - low_whole) * duty + fminf(high - high_whole, duty) - fminf(low - low_whole, duty);
    return te_clamp(area / width, 0, 1);
}

float te_texture_step(float edge, float x, float width)
{
    return te_clamp((x - edge) / fmaxf(width, 1e-4f) + 0.5f, 0, 1);
}

/* How much of a detail of this size is left under a pixel of that width. */
static float visible(float size, float width)
{
    return te_clamp(2.0f - 2.0f * width / size, 0, 1);
}

/* Noise on the surface, stretched along u. */
static float grain(const te_material *m, const te_surface *s, float along, float across, int octaves)
{
    te_vec p = {s->u * along, s->v * across, (s->normal.x + 2 * s->normal.y) * 7.3f};
    return te_texture_cloud(m->seed, p, s->width * across, octaves);
}

static te_vec plain(const te_material *m, const te_surface *s)
{
    (void)s;
    return m->a;
}

static te_vec mottle(const te_material *m, const te_surface *s)
{
    float cloud = te_texture_cloud(m->seed, te_vec_scale(s->point, 1 / m->scale), s->width / m->scale, 3);
    return te_vec_scale(m->a, 1 + 2 * m->amount * (cloud - 0.5f));
}

static float wood_share(const te_material *m, const te_surface *s)
{
    float bend = 2.5f * grain(m, s, 1.3f / m->scale, 4.0f / m->scale, 2);
    float rings =
        0.5f + 0.5f * sinf(6.2832f * (s->v * 6.0f / m->scale + bend)) * visible(0.15f * m->scale, s->width);
    float fibre = grain(m, s, 6.0f / m->scale, 90.0f / m->scale, 2);
    return te_clamp(0.5f + m->amount * (0.6f * (rings - 0.5f) + 1.4f * (fibre - 0.5f)), 0, 1);
}

static te_vec wood(const te_material *m, const te_surface *s)
{
    return te_vec_mix(m->a, m->b, wood_share(m, s));
}

static te_vec planks(const te_material *m, const te_surface *s)
{
    float across = s->v / m->scale, row = floorf(across), length = m->scale * m->ratio;
    float along = s->u / length + te_texture_hash(m->seed, (int)row, 7, 0);
    float tone = te_texture_hash(m->seed, (int)row, (int)floorf(along), 1);
    float joint = fmaxf(te_texture_pulse(across, 0.02f, s->width / m->scale),
                        te_texture_pulse(along, 0.02f / m->ratio, s->width / length));
    float share = 0.5f + visible(m->scale, s->width) * (0.8f * (tone - 0.5f) + 0.7f * (wood_share(m, s) - 0.5f));
    return te_vec_mix(te_vec_mix(m->a, m->b, te_clamp(share, 0, 1)), m->c, joint);
}

static te_vec parquet(const te_material *m, const te_surface *s)
{
    enum { STRIPS = 5 };
    float u = s->u / m->scale, v = s->v / m->scale, width = s->width / m->scale;
    int column = (int)floorf(u), row = (int)floorf(v), turned = (column + row) & 1;
    float across = (turned ? u : v) * STRIPS;
    float tone = te_texture_hash(m->seed, column, row, (int)floorf(across));
    float joint = fmaxf(te_texture_pulse(across, 0.04f, width * STRIPS),
                        te_texture_pulse(turned ? v : u, 0.01f, width));
    float share = 0.5f + visible(m->scale / STRIPS, s->width) * (0.8f * (tone - 0.5f))
                  + 0.4f * (wood_share(m, s) - 0.5f) + (turned ? 0.08f : -0.08f) * visible(m->scale, s->width);
    return te_vec_mix(te_vec_mix(m->a, m->b, te_clamp(share, 0, 1)), m->c, joint);
}

static te_vec tiles(const te_material *m, const te_surface *s)
{
    float v = s->v / (m->scale * m->ratio), row = floorf(v);
    float u = s->u / m->scale + (m->texture == TE_TEXTURE_BRICKS ? 0.5f * (float)((int)row & 1) : 0);
    int column = (int)floorf(u);
    float joint = fmaxf(te_texture_pulse(u, 0.025f, s->width / m->scale),
                        te_texture_pulse(v, 0.025f / m->ratio, s->width / (m->scale * m->ratio)));
    float seen = visible(m->scale * fminf(m->ratio, 1), s->width);
    float other = (column + (int)row) & 1 ? 1.0f : 0.0f;
    te_vec colour = te_vec_mix(m->a, m->b, 0.5f + seen * (other - 0.5f));
    float tone = te_texture_hash(m->seed, column, (int)row, 3) - 0.5f;
    float cloud =
        te_texture_cloud(m->seed, te_vec_scale(s->point, 5 / m->scale), s->width * 5 / m->scale, 2) - 0.5f;
    colour = te_vec_scale(colour, 1 + m->amount * (seen * tone + cloud));
    return te_vec_mix(colour, m->c, joint);
}

static te_vec checker(const te_material *m, const te_surface *s)
{
    float width = s->width / (2 * m->scale);
    float u = te_texture_pulse(s->u / (2 * m->scale), 0.5f, width);
    float v = te_texture_pulse(s->v / (2 * m->scale), 0.5f, width);
    return te_vec_mix(m->a, m->b, u * v + (1 - u) * (1 - v));
}

static te_vec stripes(const te_material *m, const te_surface *s)
{
    float u = s->u / m->scale, width = s->width / m->scale;
    te_vec colour = te_vec_mix(m->a, m->b, te_texture_pulse(u, m->ratio, width));
    return te_vec_mix(colour, m->c, m->amount * te_texture_pulse(u + 0.5f - m->ratio / 2, 0.08f, width));
}

static te_vec plaid(const te_material *m, const te_surface *s)
{
    float u = s->u / m->scale, v = s->v / m->scale, width = s->width / m->scale;
    float wide = 0.5f * te_texture_pulse(u, m->ratio, width) + 0.5f * te_texture_pulse(v, m->ratio, width);
    float thin = 0.5f * te_texture_pulse(u + 0.3f, 0.07f, width) + 0.5f * te_texture_pulse(v + 0.3f, 0.07f, width);
    return te_vec_mix(te_vec_mix(m->a, m->b, wide), m->c, thin);
}

static te_vec dots(const te_material *m, const te_surface *s)
{
    float u = s->u / m->scale, v = s->v / m->scale, row = floorf(v);
    u += 0.5f * (float)((int)row & 1);
    float x = u - floorf(u) - 0.5f, y = v - row - 0.5f, radius = 0.5f * m->ratio;
    float inside = 1 - te_texture_step(radius, sqrtf(x * x + y * y), s->width / m->scale);
    return te_vec_mix(m->a, m->b, between(TE_PI * radius * radius, inside, visible(m->scale, s->width)));
}

static te_vec motif(const te_material *m, const te_surface *s)
{
    float u = s->u / m->scale * 2 * TE_PI, v = s->v / (m->scale * m->ratio) * 2 * TE_PI;
    float shape = sinf(u) * sinf(v) + 0.6f * cosf(2 * u + 1.5f * sinf(v)) * cosf(v)
                  + 0.4f * sinf(3 * v + sinf(2 * u));
    float seen = visible(0.3f * m->scale, s->width);
    float share = te_texture_step(0.2f, shape, 0.15f + 8 * s->width / m->scale);
    return te_vec_mix(m->a, m->b, m->amount * between(0.4f, share, seen));
}

static te_vec carpet(const te_material *m, const te_surface *s)
{
    float fine = te_texture_noise(m->seed, s->u / m->scale, s->v / m->scale, 0);
    float coarse = te_texture_cloud(m->seed + 9, te_vec_scale(s->point, 2), 2 * s->width, 2);
    float share = 0.5f + 1.4f * (fine - 0.5f) * visible(2 * m->scale, s->width) + 0.9f * (coarse - 0.5f);
    return te_vec_mix(m->a, m->b, te_clamp(share, 0, 1));
}

static te_vec weave(const te_material *m, const te_surface *s)
{
    float seen = visible(m->scale, s->width);
    float u = sinf(2 * TE_PI * s->u / m->scale), v = sinf(2 * TE_PI * s->v / m->scale);
    float cloud = te_texture_cloud(m->seed, te_vec_scale(s->point, 6), 6 * s->width, 2) - 0.5f;
    float uneven = te_texture_noise(m->seed + 5, s->u / (8 * m->scale), s->v / (1.5f * m->scale), 0) - 0.5f;
    return te_vec_mix(m->a, m->b,
                      te_clamp(0.5f + 0.35f * seen * u * v + m->amount * (cloud + seen * uneven), 0, 1));
}

static te_vec marble(const te_material *m, const te_surface *s)
{
    te_vec p = te_vec_scale(s->point, 1 / m->scale);
    float cloud = te_texture_cloud(m->seed, p, s->width / m->scale, 5);
    float vein = fabsf(sinf(3.0f * (p.x + 0.7f * p.y + 0.5f * p.z) + 12.0f * cloud));
    float share = powf(1 - vein, 4) * 0.8f + 0.5f * (cloud - 0.5f) + 0.1f;
    return te_vec_mix(m->a, m->b, te_clamp(share * m->amount, 0, 1));
}

static te_vec patches(const te_material *m, const te_surface *s)
{
    te_vec p = te_vec_scale(s->point, 1 / m->scale);
    float width = 0.04f + s->width / m->scale;
    float first = te_texture_cloud(m->seed, p, s->width / m->scale, 3);
    float second = te_texture_cloud(m->seed + 17, p, s->width / m->scale, 3);
    te_vec colour = te_vec_mix(m->a, m->b, te_texture_step(0.52f, first, width));
    return te_vec_mix(colour, m->c, te_texture_step(0.58f, second, width));
}

static te_vec spine(const te_material *m, const te_surface *s)
{
    float bands = te_texture_pulse(s->t + 0.12f, 0.05f, s->width / (2 * s->half_v));
    float title = te_texture_step(0.55f, s->t, 0.02f) - te_texture_step(0.75f, s->t, 0.02f);
    float kind = te_texture_hash(m->seed, 1, 2, 3);
    float letters = te_texture_noise(m->seed, s->v * 260, s->u * 60, 0) > 0.45f ? 1.0f : 0.3f;
    float share = kind < 0.3f    ? 0
                  : kind < 0.65f ? title * letters * visible(0.004f, s->width / 2)
                                 : fmaxf(bands, title * 0.6f);
    return te_vec_mix(m->a, m->b, share);
}

static te_vec leaf(const te_material *m, const te_surface *s)
{
    float middle = expf(-40 * s->point.x * s->point.x / (m->scale * m->scale));
    float cloud = te_texture_cloud(m->seed, te_vec_scale(s->point, 25), 25 * s->width, 2);
    return te_vec_mix(m->a, m->b, te_clamp(m->amount * middle + 0.6f * (cloud - 0.4f), 0, 1));
}

typedef te_vec (*te_pattern)(const te_material *, const te_surface *);

static const te_pattern patterns[TE_TEXTURE_COUNT] = {
    [TE_TEXTURE_PLAIN] = plain,       [TE_TEXTURE_MOTTLE] = mottle,   [TE_TEXTURE_WOOD] = wood,
    [TE_TEXTURE_PLANKS] = planks,     [TE_TEXTURE_PARQUET] = parquet, [TE_TEXTURE_TILES] = tiles,
    [TE_TEXTURE_BRICKS] = tiles,      [TE_TEXTURE_CHECKER] = checker, [TE_TEXTURE_STRIPES] = stripes,
    [TE_TEXTURE_PLAID] = plaid,       [TE_TEXTURE_DOTS] = dots,       [TE_TEXTURE_MOTIF] = motif,
    [TE_TEXTURE_CARPET] = carpet,     [TE_TEXTURE_WEAVE] = weave,     [TE_TEXTURE_MARBLE] = marble,
    [TE_TEXTURE_PATCHES] = patches,   [TE_TEXTURE_SPINE] = spine,     [TE_TEXTURE_LEAF] = leaf,
    [TE_TEXTURE_RUG] = te_texture_rug,         [TE_TEXTURE_PRINT] = te_texture_print,
    [TE_TEXTURE_PICTURE] = te_texture_picture, [TE_TEXTURE_OUTDOOR] = te_texture_outdoor,
};

te_vec te_material_colour(const te_material *material, const te_surface *surface)
{
    return patterns[material->texture](material, surface);
}

/* Faces are numbered by the axis of their normal. */
static void map_box(te_surface *s, te_vec size)
{
    float x = fabsf(s->normal.x), y = fabsf(s->normal.y), z = fabsf(s->normal.z);
    if (z >= x && z >= y) {
        s->u = s->point.x, s->v = s->point.y, s->half_u = size.x, s->half_v = size.y;
    } else if (x >= y) {
        s->u = s->point.z, s->v = s->point.y, s->half_u = size.z, s->half_v = size.y;
    } else {
        s->u = s->point.x, s->v = s->point.z, s->half_u = size.x, s->half_v = size.z;
    }
}

/* Round solids are unrolled about their y axis; the caps of a frustum are flat. */
static void map_round(te_surface *s, const te_solid *solid)
{
    te_vec size = solid->size;
    float radius = (size.x + size.z) / 2;
    if (solid->shape == TE_SHAPE_FRUSTUM && fabsf(s->normal.y) > 0.99f) {
        s->u = s->point.x, s->v = s->point.z;
        s->half_u = s->half_v = fmaxf(size.x, size.z);
        return;
    }
    if (solid->shape == TE_SHAPE_CAPSULE) {
        radius = size.x;
        size.y += size.x;
    }
    s->u = atan2f(s->point.x, s->point.z) * radius;
    s->v = s->point.y;
    s->half_u = TE_PI * radius;
    s->half_v = size.y;
}

te_surface te_surface_find(const te_solid *solid, const te_material *material, te_vec point, te_vec normal,
                           float width)
{
    te_surface s = {.width = width, .point = point, .normal = normal, .half_u = 1, .half_v = 1};
    if (!material->world) {
        s.point = te_frame_locate(&solid->frame, point);
        s.normal = te_frame_direction(&solid->frame, normal);
    }
    if (material->texture == TE_TEXTURE_PLAIN || material->texture == TE_TEXTURE_MOTTLE) {
        return s;
    }
    if (material->world || solid->shape == TE_SHAPE_BOX || solid->shape == TE_SHAPE_ROUND_BOX) {
        map_box(&s, solid->size);
    } else {
        map_round(&s, solid);
    }
    s.s = 0.5f + 0.5f * s.u / s.half_u;
    s.t = 0.5f + 0.5f * s.v / s.half_v;
    if (material->texture == TE_TEXTURE_WOOD && !material->world && s.half_v > s.half_u) {
        float u = s.u;
        s.u = s.v;
        s.v = u;
    }
    if (material->turn != 0) {
        float c = cosf(material->turn), d = sinf(material->turn), u = s.u;
        s.u = c * u + d * s.v;
        s.v = c * s.v - d * u;
    }
    return s;
}
