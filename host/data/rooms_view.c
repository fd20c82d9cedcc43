#include "data/rooms_view.h"

#include <stdlib.h>

te_status te_view_create(te_view *view, const te_scene *scene, const te_tree *tree, int width, int height)
{
    size_t w = (size_t)width, h = (size_t)height;
    *view = (te_view){.scene = scene, .tree = tree, .width = width, .height = height};
    view->focal = scene->focal * (float)(width > height ? width : height);
    view->solid = te_alloc(h, w * sizeof *view->solid, "a generated room");
    view->distance = te_alloc(h, w * sizeof *view->distance, "a generated room");
    view->normal = te_alloc(h, w * sizeof *view->normal, "a generated room");
    view->light = te_alloc(h, w * sizeof *view->light, "a generated room");
    view->colour = te_alloc(h, w * sizeof *view->colour, "a generated room");
    if (!view->solid || !view->distance || !view->normal || !view->light || !view->colour) {
        te_view_free(view);
        return TE_ERR_MEMORY;
    }
    return TE_OK;
}

void te_view_free(te_view *view)
{
    free(view->solid);
    free(view->distance);
    free(view->normal);
    free(view->light);
    free(view->colour);
    *view = (te_view){0};
}

te_vec te_view_ray(const te_view *view, float x, float y)
{
    te_vec d = {x - 0.5f * (float)view->width, 0.5f * (float)view->height - y, -view->focal};
    return te_vec_unit(te_frame_along(&view->scene->camera, d));
}

te_vec te_view_point(const te_view *view, int x, int y)
{
    te_vec ray = te_view_ray(view, (float)x + 0.5f, (float)y + 0.5f);
    float distance = view->distance[(size_t)y * (size_t)view->width + (size_t)x];
    return te_vec_add(view->scene->camera.origin, te_vec_scale(ray, distance));
}

void te_view_trace(te_view *view)
{
    const float beyond = 100;
    size_t at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            te_vec origin = view->scene->camera.origin, ray = te_view_ray(view, (float)x + 0.5f, (float)y + 0.5f);
            float distance = beyond;
            int hit = te_tree_nearest(view->tree, origin, ray, 0.01f, &distance);
            view->solid[at] = hit;
            view->distance[at] = distance;
            view->normal[at] = te_vec_scale(ray, -1);
            if (hit >= 0) {
                const te_solid *solid = &view->scene->solids[hit];
                te_vec point = te_vec_add(origin, te_vec_scale(ray, distance));
                te_vec normal = te_solid_normal(solid, te_frame_locate(&solid->frame, point));
                view->normal[at] = normal;
            }
        }
    }
}
