/* Colour: surface, light, highlights, reflections; pixels at outlines are taken as the mean of four rays. */
#include "data/rooms_view.h"

static te_vec highlights(const te_scene *scene, const te_material *m, te_vec point, te_vec normal, te_vec ray)
{
    te_vec sum = {0, 0, 0};
    float sharp = 8 + 300 * m->gloss * m->gloss;
    te_vec mirrored = te_vec_sub(ray, te_vec_scale(normal, 2 * te_vec_dot(ray, normal)));
    for (int i = 0; i < scene->lights_count; i++) {
        const te_light *light = &scene->lights[i];
        te_vec way = light->kind == TE_LIGHT_SUN ? te_vec_scale(light->frame.z, -1)
                                                 : te_vec_unit(te_vec_sub(light->frame.origin, point));
        float along = te_vec_dot(mirrored, way);
        if (along > 0.3f && light->kind != TE_LIGHT_SUN) {
            te_vec direct = te_light_direct(light, point, normal);
            sum = te_vec_add(sum, te_vec_scale(direct, m->gloss * 0.01f * sqrtf(sharp) * powf(along, sharp) * 4));
        }
    }
    return sum;
}

/* What a mirror at this place would show, roughly. */
static te_vec reflection(const te_view *view, te_vec point, te_vec normal, te_vec ray)
{
    const te_scene *scene = view->scene;
    te_vec way = te_vec_sub(ray, te_vec_scale(normal, 2 * te_vec_dot(ray, normal)));
    te_vec origin = te_vec_add(point, te_vec_scale(normal, 0.002f));
    float distance = 50;
    int hit = te_tree_nearest(view->tree, origin, way, 0, &distance);
    if (hit < 0) {
        return scene->ambient;
    }
    const te_solid *solid = &scene->solids[hit];
    const te_material *m = &scene->materials[solid->material];
    te_vec end = te_vec_add(origin, te_vec_scale(way, distance));
    te_vec there = te_solid_normal(solid, te_frame_locate(&solid->frame, end));
    te_surface surface = te_surface_find(solid, m, end, there, 0.02f);
    te_vec light = te_vec_add(te_lights_rough(scene, end, there), te_vec_scale((te_vec){1, 1, 1}, m->glow));
    return te_vec_mul(te_material_colour(m, &surface), light);
}

/* Radiance from a point of a solid towards the camera. */
static te_vec radiance(const te_view *view, int hit, te_vec point, te_vec normal, te_vec ray, float distance,
                       te_vec light)
{
    const te_scene *scene = view->scene;
    const te_solid *solid = &scene->solids[hit];
    const te_material *m = &scene->materials[solid->material];
    float facing = fmaxf(-te_vec_dot(ray, normal), 0.06f);
    te_surface surface = te_surface_find(solid, m, point, normal, distance / (view->focal * sqrtf(facing)));
    te_vec colour = te_material_colour(m, &surface);
    te_vec sum = te_vec_mul(colour, te_vec_add(light, te_vec_scale((te_vec){1, 1, 1}, m->glow)));
    if (m->pane) {
        sum = te_vec_scale(colour, m->glow);
    }
    if (m->gloss > 0.02f) {
        sum = te_vec_add(sum, highlights(scene, m, point, normal, ray));
    }
    if (m->mirror > 0) {
        float grazing = 1 - facing;
        float share =
            m->mirror + (0.7f - m->mirror) * grazing * grazing * grazing * grazing * grazing * m->mirror * 8;
        sum = te_vec_mix(sum, reflection(view, point, normal, ray), fminf(share, 0.8f));
    }
    return sum;
}

static float distance_of(te_vec a, te_vec b)
{
    return fabsf(a.x - b.x) + fabsf(a.y - b.y) + fabsf(a.z - b.z);
}

/* Whether a pixel differs from a neighbour in kind and visibly in colour. */
static int is_outline(const te_view *view, int x, int y)
{
    const int steps[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    size_t w = (size_t)view->width, at = (size_t)y * w + (size_t)x;
    te_vec colour = view->colour[at], none = {0, 0, 0};
    float visible = 0.06f * distance_of(colour, none);
    for (int i = 0; i < 4; i++) {
        int u = x + steps[i][0], v = y + steps[i][1];
        if (u < 0 || v < 0 || u >= view->width || v >= view->height) {
            continue;
        }
        size_t other = (size_t)v * w + (size_t)u;
        int apart = view->solid[at] != view->solid[other];
        apart |= te_vec_dot(view->normal[at], view->normal[other]) < 0.9f;
        if (apart && distance_of(colour, view->colour[other]) > visible) {
            return 1;
        }
    }
    return 0;
}

/* Light at a place beside pixel (x,y): that of the nearest pixel around on the same solid and face. */
static te_vec borrow_light(const te_view *view, int x, int y, int hit, te_vec point, te_vec normal)
{
    size_t w = (size_t)view->width;
    for (int ring = 0; ring < 2; ring++) {
        for (int v = y - ring; v <= y + ring; v++) {
            for (int u = x - ring; u <= x + ring; u++) {
                size_t other = (size_t)v * w + (size_t)u;
                if (u >= 0 && v >= 0 && u < view->width && v < view->height && view->solid[other] == hit
                    && te_vec_dot(view->normal[other], normal) > 0.9f) {
                    return view->light[other];
                }
            }
        }
    }
    return te_lights_rough(view->scene, point, normal);
}

static te_vec look(const te_view *view, int x, int y, float dx, float dy)
{
    const te_scene *scene = view->scene;
    te_vec ray = te_view_ray(view, (float)x + dx, (float)y + dy), origin = scene->camera.origin;
    float distance = 100;
    int hit = te_tree_nearest(view->tree, origin, ray, 0.01f, &distance);
    if (hit < 0) {
        return scene->ambient;
    }
    const te_solid *solid = &scene->solids[hit];
    te_vec point = te_vec_add(origin, te_vec_scale(ray, distance));
    te_vec normal = te_solid_normal(solid, te_frame_locate(&solid->frame, point));
    return radiance(view, hit, point, normal, ray, distance, borrow_light(view, x, y, hit, point, normal));
}

static te_vec bounded(te_vec colour)
{
    const float most = 50; /* a lamp's glare shall not spoil the mean of an outline */
    return (te_vec){fminf(colour.x, most), fminf(colour.y, most), fminf(colour.z, most)};
}

void te_view_shade(te_view *view)
{
    static const float places[3][2] = {{0.125f, 0.375f}, {0.625f, 0.125f}, {0.375f, 0.875f}};
    size_t at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            te_vec ray = te_view_ray(view, (float)x + 0.5f, (float)y + 0.5f), point = te_view_point(view, x, y);
            int hit = view->solid[at];
            view->colour[at] = view->scene->ambient;
            if (hit >= 0) {
                float distance = view->distance[at];
                view->colour[at] =
                    bounded(radiance(view, hit, point, view->normal[at], ray, distance, view->light[at]));
            }
        }
    }
    at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            if (!is_outline(view, x, y)) {
                continue;
            }
            te_vec sum = view->colour[at];
            for (int i = 0; i < 3; i++) {
                sum = te_vec_add(sum, bounded(look(view, x, y, places[i][0], places[i][1])));
            }
            view->colour[at] = te_vec_scale(sum, 0.25f);
        }
    }
}
