/* Labels of the central rays. Normals are given in the camera's frame as x to the right, y up, z towards the
 * camera: a floor is (0,1,0), a wall seen head-on (0,0,1). */
#include "data/rooms_view.h"

#include <stdlib.h>

static int thing_of(const te_view *view, size_t at)
{
    return view->solid[at] >= 0 ? view->scene->solids[view->solid[at]].thing : 0;
}

static void fill_geometry(const te_view *view, te_rooms_sample *sample)
{
    const te_frame *camera = &view->scene->camera;
    size_t at = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, at++) {
            te_vec ray = te_view_ray(view, (float)x + 0.5f, (float)y + 0.5f), normal = view->normal[at];
            float along = -te_vec_dot(ray, camera->z);
            sample->depth[at] = view->distance[at] * along;
            te_vec n = te_vec_unit(te_frame_direction(camera, normal));
            sample->normals[3 * at] = n.x;
            sample->normals[3 * at + 1] = n.y;
            sample->normals[3 * at + 2] = n.z;
        }
    }
}

static void fill_classes(const te_view *view, te_rooms_sample *sample)
{
    size_t count = (size_t)view->width * (size_t)view->height;
    for (size_t at = 0; at < count; at++) {
        int hit = view->solid[at];
        sample->semseg[at] = view->scene->things[thing_of(view, at)];
        sample->human_parts[at] = hit >= 0 ? view->scene->solids[hit].part : 0;
    }
}

/* What a thing looks like in the picture. */
typedef struct te_sight {
    float pixels, depth, middle; /* depth and middle (1 at the centre, 0 at the corners): sums over its pixels */
} te_sight;

/* How much a class draws the eye. Parts of the room do not. */
static const float interest[TE_ROOMS_CLASSES] = {
    [TE_ROOMS_PICTURE] = 0.5f, [TE_ROOMS_TABLE] = 0.8f,  [TE_ROOMS_CHAIR] = 1,   [TE_ROOMS_SOFA] = 1,
    [TE_ROOMS_BED] = 1,        [TE_ROOMS_PILLOW] = 0.5f, [TE_ROOMS_CABINET] = 0.8f, [TE_ROOMS_SHELF] = 0.8f,
    [TE_ROOMS_BOOKS] = 0.6f,   [TE_ROOMS_LAMP] = 0.9f,   [TE_ROOMS_PLANT] = 1.1f, [TE_ROOMS_TELEVISION] = 1,
    [TE_ROOMS_BOX] = 0.9f,     [TE_ROOMS_OBJECT] = 0.9f, [TE_ROOMS_PERSON] = 1,
};

/* People where there are any, of a four-hundredth of the picture at least; else the thing that is large, near and
 * central; nothing where no thing takes a hundredth. */
static void fill_saliency(const te_view *view, te_rooms_sample *sample, te_sight *sights)
{
    size_t w = (size_t)view->width, h = (size_t)view->height, people = 0;
    for (size_t at = 0; at < w * h; at++) {
        te_sight *sight = &sights[thing_of(view, at)];
        float dx = ((float)(at % w) + 0.5f) / (float)w - 0.5f, dy = ((float)(at / w) + 0.5f) / (float)h - 0.5f;
        sight->pixels += 1;
        sight->depth += sample->depth[at];
        sight->middle += 1 - 2 * (dx * dx + dy * dy);
        people += sample->semseg[at] == TE_ROOMS_PERSON;
    }
    int chosen = -1;
    float best = 0;
    for (int i = 0; i < view->scene->things_count; i++) {
        const te_sight *s = &sights[i];
        if (s->pixels * 100 >= (float)(w * h)) {
            float middle = s->middle / s->pixels;
            float score =
                interest[view->scene->things[i]] * sqrtf(s->pixels) * middle * middle * s->pixels / s->depth;
            chosen = score > best ? i : chosen;
            best = fmaxf(score, best);
        }
    }
    int by_person = people * 400 >= w * h;
    for (size_t at = 0; at < w * h; at++) {
        sample->sal[at] = by_person ? sample->semseg[at] == TE_ROOMS_PERSON : thing_of(view, at) == chosen;
    }
}

/* Whether the pixel is the inner corner of a step, which the line can do without: of its neighbours one beside it
 * and one above or below are on the line, but none between these two or on the other sides. */
static int is_step(const uint8_t *edge, int w, int h, int x, int y)
{
    int set[3][3];
    for (int i = 0; i < 9; i++) {
        int u = x + i % 3 - 1, v = y + i / 3 - 1;
        set[i / 3][i % 3] = u >= 0 && v >= 0 && u < w && v < h && edge[(size_t)v * (size_t)w + (size_t)u];
    }
    if (set[1][0] == set[1][2] || set[0][1] == set[2][1]) {
        return 0;
    }
    int side = set[1][2] ? 2 : 0, rise = set[2][1] ? 2 : 0;
    return !set[rise][side] && !set[2 - rise][2 - side];
}

/* A pixel is on the line where its right or lower neighbour belongs to another thing; steps are then cut across. */
static void fill_edges(const te_view *view, te_rooms_sample *sample)
{
    int w = view->width, h = view->height;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            int thing = thing_of(view, at);
            sample->edge[at] = (x + 1 < w && thing_of(view, at + 1) != thing)
                               || (y + 1 < h && thing_of(view, at + (size_t)w) != thing);
        }
    }
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            if (sample->edge[at] && is_step(sample->edge, w, h, x, y)) {
                sample->edge[at] = 0;
            }
        }
    }
}

te_status te_labels_fill(const te_view *view, te_rooms_sample *sample)
{
    te_sight *sights = te_alloc(TE_SCENE_THINGS, sizeof *sights, "a generated room");
    if (!sights) {
        return TE_ERR_MEMORY;
    }
    sample->focal = view->focal;
    fill_geometry(view, sample);
    fill_classes(view, sample);
    fill_saliency(view, sample, sights);
    fill_edges(view, sample);
    free(sights);
    return TE_OK;
}
