/* Light: direct with soft shadows, and once reflected. Every pixel sends one ray to one of the lights and every
 * fourth one ray into the half space; what they find is then averaged over neighbours on the same surface. */
#include "data/rooms_view.h"

#include <stdlib.h>

static const float shift = 0.0015f; /* by which rays start off the surface */

/* A sample of the unit square: number `i` of `n` that fill it evenly. Neighbouring pixels take turns, so that every
 * window of one tile holds each sample once and its mean shows no pattern. */
typedef struct te_sample_point {
    float a, b;
} te_sample_point;

static te_sample_point sample_point(int i, int n)
{
    int shuffled = (i * 7 + 3) % n; /* 7 divides none of the tiles' sizes */
    float b = 0.618034f * (float)shuffled;
    return (te_sample_point){((float)shuffled + 0.5f) / (float)n, b - floorf(b)};
}

/* 1 where the light's chosen point is seen from a surface. */
static float visible(const te_view *view, const te_light *light, te_vec point, te_vec normal,
                     te_sample_point sample)
{
    float a = sample.a, b = sample.b;
    te_vec origin = te_vec_add(point, te_vec_scale(normal, shift));
    if (light->kind == TE_LIGHT_SUN) {
        te_vec way = te_vec_scale(light->frame.z, -1);
        way = te_vec_unit(te_vec_add(way, (te_vec){0.015f * (a - 0.5f), 0, 0.015f * (b - 0.5f)}));
        float distance = 60;
        int hit = te_tree_nearest(view->tree, origin, way, 0, &distance);
        return hit >= 0 && view->scene->materials[view->scene->solids[hit].material].pane ? 1.0f : 0.0f;
    }
    te_vec source =
        te_frame_point(&light->frame, (te_vec){(2 * a - 1) * light->half_x, (2 * b - 1) * light->half_y, 0});
    if (light->kind == TE_LIGHT_BULB) { /* a point of the ball */
        float y = 2 * a - 1, r = sqrtf(fmaxf(1 - y * y, 0)), turn = 2 * TE_PI * b;
        te_vec ball = {r * cosf(turn), y, r * sinf(turn)};
        source = te_vec_add(light->frame.origin, te_vec_scale(ball, light->half_x));
    }
    te_vec way = te_vec_sub(source, origin);
    float length = te_vec_length(way);
    if (length < 0.02f || te_vec_dot(way, normal) <= 0) {
        return length < 0.02f ? 1.0f : 0.0f;
    }
    return te_tree_blocked(view->tree, origin, te_vec_scale(way, 1 / length), 0, length - 0.02f) ? 0.0f : 1.0f;
}

/* Light that comes from one direction of the half space, drawn in proportion to the cosine. */
static te_vec gather(const te_view *view, te_vec point, te_vec normal, te_sample_point sample)
{
    const te_scene *scene = view->scene;
    te_frame frame = te_frame_around(point, normal);
    float r = sqrtf(sample.a), turn = 2 * TE_PI * sample.b, distance = 30;
    te_vec way = te_frame_along(&frame, (te_vec){r * cosf(turn), sqrtf(1 - sample.a), r * sinf(turn)});
    te_vec origin = te_vec_add(point, te_vec_scale(normal, shift));
    int hit = te_tree_nearest(view->tree, origin, way, 0, &distance);
    if (hit < 0) {
        return scene->ambient;
    }
    const te_solid *solid = &scene->solids[hit];
    const te_material *material = &scene->materials[solid->material];
    te_vec end = te_vec_add(origin, te_vec_scale(way, distance));
    te_vec there = te_solid_normal(solid, te_frame_locate(&solid->frame, end));
    if (material->pane) {
        return te_vec_scale(material->b, 0.5f * fminf(material->glow, 3));
    }
    te_vec found = te_vec_mul(material->a, te_lights_rough(scene, end, there));
    float open = distance / (distance + 0.35f); /* far surfaces stand for many reflections */
    found = te_vec_add(found, te_vec_scale(scene->ambient, 0.5f * open));
    found = te_vec_add(found, te_vec_scale(material->a, 0.3f * fminf(material->glow, 2)));
    float most = 5 * scene->ambient.y; /* places close to a lamp would show as spots */
    return (te_vec){fminf(found.x, most), fminf(found.y, most), fminf(found.z, most)};
}

/* What rays to each of the lights found, summed over pixels. */
typedef struct te_tally {
    float seen[TE_SCENE_LIGHTS], rays[TE_SCENE_LIGHTS];
} te_tally;

/* Intermediate results; `bounce` and `spare` (ceil(h/2),ceil(w/2)) belong to the pixels with even coordinates. */
typedef struct te_finds {
    te_vec *point;  /* (h,w) */
    te_tally *row;  /* (h,w) */
    float *seen;    /* (h,w) visibility of light_of() the pixel */
    te_vec *bounce, *spare;
    int half;       /* ceil(w/2) */
} te_finds;

enum {
    SHADOW_TILE = 6, /* pixels; a multiple of every number of lights */
    BOUNCE_TILE = 8  /* pixels with even coordinates */
};

static int light_of(const te_view *view, int x, int y)
{
    return (x + y) % view->scene->lights_count;
}

static te_sample_point shadow_sample(const te_view *view, int x, int y)
{
    int lights = view->scene->lights_count;
    return sample_point((x % SHADOW_TILE + SHADOW_TILE * (y % SHADOW_TILE)) / lights,
                        SHADOW_TILE * SHADOW_TILE / lights);
}

static te_sample_point bounce_sample(int x, int y)
{
    return sample_point(x % BOUNCE_TILE + BOUNCE_TILE * (y % BOUNCE_TILE), BOUNCE_TILE * BOUNCE_TILE);
}

static void send_rays(const te_view *view, te_finds *finds)
{
    const te_scene *scene = view->scene;
    size_t at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            te_vec point = te_view_point(view, x, y), normal = view->normal[at];
            int nothing = view->solid[at] < 0, row = light_of(view, x, y);
            te_sample_point sample = shadow_sample(view, x, y);
            finds->point[at] = point;
            finds->seen[at] = 1;
            if (!nothing) {
                finds->seen[at] = visible(view, &scene->lights[row], point, normal, sample);
            }
            if (x % 2 == 0 && y % 2 == 0) {
                finds->bounce[(size_t)(y / 2) * (size_t)finds->half + (size_t)(x / 2)] =
                    nothing ? scene->ambient : gather(view, point, normal, bounce_sample(x / 2, y / 2));
            }
        }
    }
}

/* Whether two pixels lie on one smooth surface, perhaps of several solids. */
static int same_surface(const te_view *view, const te_finds *finds, size_t a, size_t b)
{
    int one = view->solid[a], two = view->solid[b];
    if (te_vec_dot(view->normal[a], view->normal[b]) < 0.93f) {
        return 0;
    }
    if (one == two) {
        return 1;
    }
    if (one < 0 || two < 0 || view->scene->solids[one].thing != view->scene->solids[two].thing) {
        return 0;
    }
    return fabsf(te_vec_dot(te_vec_sub(finds->point[b], finds->point[a]), view->normal[a])) < 0.03f;
}

/* One pass of the averaging of indirect light: three by three pixels `step` apart, the middle ones counting more.
 * Passes with growing steps together cover a wide window. */
static void smooth_bounce(const te_view *view, const te_finds *finds, int step)
{
    int rows = (view->height + 1) / 2, columns = finds->half;
    size_t w = (size_t)view->width;
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
            te_vec sum = {0, 0, 0};
            float weights = 0;
            size_t at = 2 * (size_t)y * w + 2 * (size_t)x;
            for (int i = 0; i < 9; i++) {
                int u = x + (i % 3 - 1) * step, v = y + (i / 3 - 1) * step;
                if (u < 0 || v < 0 || u >= columns || v >= rows) {
                    continue;
                }
                size_t other = 2 * (size_t)v * w + 2 * (size_t)u;
                if (other == at || same_surface(view, finds, at, other)) {
                    float weight = (i % 3 == 1 ? 2.0f : 1.0f) * (i / 3 == 1 ? 2.0f : 1.0f);
                    te_vec found = finds->bounce[(size_t)v * (size_t)columns + (size_t)u];
                    sum = te_vec_add(sum, te_vec_scale(found, weight));
                    weights += weight;
                }
            }
            finds->spare[(size_t)y * (size_t)columns + (size_t)x] = te_vec_scale(sum, 1 / weights);
        }
    }
}

/* Indirect light of any pixel from the four with even coordinates round it. */
static te_vec indirect(const te_view *view, const te_finds *finds, int x, int y)
{
    size_t w = (size_t)view->width, at = (size_t)y * w + (size_t)x;
    te_vec sum = {0, 0, 0};
    float weights = 0;
    for (int i = 0; i < 4; i++) {
        int u = x / 2 + (i & 1), v = y / 2 + (i >> 1);
        if (2 * u >= view->width || 2 * v >= view->height) {
            continue;
        }
        float near_x = 1 - 0.5f * fabsf((float)(x - 2 * u)), near_y = 1 - 0.5f * fabsf((float)(y - 2 * v));
        float weight = near_x * near_y + 1e-3f;
        size_t other = 2 * (size_t)v * w + 2 * (size_t)u;
        if (same_surface(view, finds, at, other)) {
            sum = te_vec_add(sum, te_vec_scale(finds->bounce[(size_t)v * (size_t)finds->half + (size_t)u], weight));
            weights += weight;
        }
    }
    return weights > 0 ? te_vec_scale(sum, 1 / weights) : te_vec_scale(view->scene->ambient, 0.7f);
}

/* Sums visibilities along a row. */
static void sum_row(const te_view *view, const te_finds *finds, int x, int y)
{
    size_t row = (size_t)y * (size_t)view->width, at = row + (size_t)x;
    te_tally tally = {{0}, {0}};
    for (int u = x - SHADOW_TILE / 2; u < x + SHADOW_TILE / 2; u++) {
        if (u >= 0 && u < view->width && (u == x || same_surface(view, finds, at, row + (size_t)u))) {
            int light = light_of(view, u, y);
            tally.seen[light] += finds->seen[row + (size_t)u];
            tally.rays[light] += 1;
        }
    }
    finds->row[at] = tally;
}

/* Direct light: the rows' sums along a column. */
static te_vec direct(const te_view *view, const te_finds *finds, int x, int y)
{
    size_t w = (size_t)view->width, at = (size_t)y * w + (size_t)x;
    te_tally tally = {{0}, {0}};
    te_vec sum = {0, 0, 0};
    int lights = view->scene->lights_count;
    for (int v = y - SHADOW_TILE / 2; v < y + SHADOW_TILE / 2; v++) {
        size_t other = (size_t)v * w + (size_t)x;
        if (v >= 0 && v < view->height && (v == y || same_surface(view, finds, at, other))) {
            for (int i = 0; i < lights; i++) {
                tally.seen[i] += finds->row[other].seen[i];
                tally.rays[i] += finds->row[other].rays[i];
            }
        }
    }
    for (int i = 0; i < lights; i++) {
        float share = tally.rays[i] > 0 ? tally.seen[i] / tally.rays[i] : 0.5f;
        if (share > 0) {
            te_vec light = te_light_direct(&view->scene->lights[i], finds->point[at], view->normal[at]);
            sum = te_vec_add(sum, te_vec_scale(light, share));
        }
    }
    return sum;
}

static void combine(te_view *view, te_finds *finds)
{
    for (int step = 1; step <= 4; step *= 2) {
        smooth_bounce(view, finds, step);
        te_vec *smoothed = finds->spare;
        finds->spare = finds->bounce;
        finds->bounce = smoothed;
    }
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            sum_row(view, finds, x, y);
        }
    }
    size_t at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            view->light[at] = te_vec_add(direct(view, finds, x, y), indirect(view, finds, x, y));
        }
    }
}

te_status te_view_illuminate(te_view *view)
{
    size_t w = (size_t)view->width, h = (size_t)view->height, half_w = (w + 1) / 2, half_h = (h + 1) / 2;
    te_status status = TE_ERR_MEMORY;
    te_finds finds = {
        .point = te_alloc(h, w * sizeof *finds.point, "a generated room"),
        .row = te_alloc(h, w * sizeof *finds.row, "a generated room"),
        .seen = te_alloc(h, w * sizeof *finds.seen, "a generated room"),
        .bounce = te_alloc(half_h, half_w * sizeof *finds.bounce, "a generated room"),
        .spare = te_alloc(half_h, half_w * sizeof *finds.spare, "a generated room"),
        .half = (int)half_w,
    };
    if (finds.point && finds.row && finds.seen && finds.bounce && finds.spare) {
        send_rays(view, &finds);
        combine(view, &finds);
        status = TE_OK;
    }
    free(finds.point);
    free(finds.row);
    free(finds.seen);
    free(finds.bounce);
    free(finds.spare);
    return status;
}
