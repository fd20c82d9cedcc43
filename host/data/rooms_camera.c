#include "data/rooms_view.h"

enum { PROBE_WIDTH = 20, PROBE_HEIGHT = 15, ATTEMPTS = 24 };

static te_frame aim(te_vec eye, te_vec target, float roll)
{
    te_frame camera = {.origin = eye, .z = te_vec_unit(te_vec_sub(eye, target))};
    camera.x = te_vec_unit(te_vec_cross((te_vec){0, 1, 0}, camera.z));
    camera.y = te_vec_cross(camera.z, camera.x);
    return te_frame_turned(&camera, 'z', roll);
}

static float draw_height(te_dice *dice, float ceiling)
{
    float kind = te_dice_real(dice, 0, 1), height = te_dice_real(dice, 1.05f, 1.7f);
    if (kind < 0.1f) {
        height = te_dice_real(dice, 0.45f, 1.0f);
    } else if (kind < 0.2f) {
        height = te_dice_real(dice, 1.7f, 2.2f);
    }
    return fminf(height, ceiling - 0.25f);
}

/* From somewhere near a wall across the room. */
static void view_room(const te_scene *scene, te_dice *dice, te_vec *eye, te_vec *target)
{
    float x = te_dice_real(dice, 0, 1), z = te_dice_real(dice, 0, 1);
    if (te_dice_chance(dice, 0.75f)) { /* near a wall */
        float *across = te_dice_chance(dice, 0.5f) ? &x : &z;
        *across = te_dice_chance(dice, 0.5f) ? te_dice_real(dice, 0, 0.15f) : te_dice_real(dice, 0.85f, 1);
    }
    *eye = (te_vec){0.3f + x * (scene->width - 0.6f), draw_height(dice, scene->height),
                    0.3f + z * (scene->depth - 0.6f)};
    target->x = scene->width * te_dice_real(dice, 0.2f, 0.8f);
    target->y = fmaxf(0.2f, eye->y - te_dice_real(dice, -0.15f, 0.9f));
    target->z = scene->depth * te_dice_real(dice, 0.2f, 0.8f);
}

/* A point at a distance around another. */
static te_vec around(te_dice *dice, te_vec centre, float yaw, float near, float far)
{
    float distance = te_dice_scale(dice, near, far);
    return (te_vec){centre.x + distance * sinf(yaw), 0, centre.z + distance * cosf(yaw)};
}

static void view_person(const te_scene *scene, te_dice *dice, te_vec *eye, te_vec *target)
{
    const te_somebody *who = &scene->people[te_dice_int(dice, 0, scene->people_count - 1)];
    float yaw = atan2f(who->front.x, who->front.z), turn = te_dice_chance(dice, 0.75f) ? 1.2f : TE_PI;
    yaw += te_dice_real(dice, -turn, turn);
    *eye = around(dice, who->chest, yaw, 0.8f, 3.8f);
    eye->y = te_dice_chance(dice, 0.6f) ? who->chest.y + te_dice_real(dice, -0.3f, 0.35f)
                                        : draw_height(dice, scene->height);
    eye->y = te_clamp(eye->y, 0.4f, scene->height - 0.25f);
    *target = who->chest;
    target->x += te_dice_real(dice, -0.45f, 0.45f);
    target->y += te_dice_real(dice, -0.45f, 0.2f);
    target->z += te_dice_real(dice, -0.45f, 0.45f);
}

/* Towards a seat or a table. */
static void view_furniture(const te_scene *scene, te_dice *dice, te_vec *eye, te_vec *target)
{
    int row = te_dice_int(dice, 0, scene->seats_count + scene->tops_count - 1);
    const te_frame *frame =
        row < scene->seats_count ? &scene->seats[row].frame : &scene->tops[row - scene->seats_count].frame;
    float yaw = atan2f(frame->z.x, frame->z.z);
    *target = frame->origin;
    yaw += te_dice_real(dice, -1.3f, 1.3f);
    *eye = around(dice, *target, yaw, 0.9f, 3);
    eye->y = te_clamp(target->y + te_dice_real(dice, 0.1f, 1.0f), 0.45f, scene->height - 0.25f);
    target->y += te_dice_real(dice, -0.2f, 0.2f);
}

/* How much there is to see: many classes and things, not too much of one surface, nothing right before the lens. */
static float judge(const te_scene *scene, const te_tree *tree, float focal)
{
    float pixels[TE_ROOMS_CLASSES] = {0}, largest = 0, near = 0, kinds = 0, things = 0;
    int last = -1;
    for (int i = 0; i < PROBE_WIDTH * PROBE_HEIGHT; i++) {
        te_vec d = {((float)(i % PROBE_WIDTH) + 0.5f) / PROBE_WIDTH - 0.5f,
                    (0.5f - ((float)(i / PROBE_WIDTH) + 0.5f) / PROBE_HEIGHT) * 0.75f, -focal};
        float distance = 100;
        te_vec ray = te_vec_unit(te_frame_along(&scene->camera, d));
        int hit = te_tree_nearest(tree, scene->camera.origin, ray, 0.01f, &distance);
        if (hit < 0) {
            return -1;
        }
        pixels[scene->things[scene->solids[hit].thing]] += 1;
        near += distance < 0.5f;
        things += scene->solids[hit].thing != last;
        last = scene->solids[hit].thing;
    }
    for (int i = 0; i < TE_ROOMS_CLASSES; i++) {
        largest = fmaxf(largest, pixels[i]);
        kinds += pixels[i] >= 3;
    }
    float count = PROBE_WIDTH * PROBE_HEIGHT;
    float room = pixels[TE_ROOMS_WALL] + pixels[TE_ROOMS_FLOOR] + pixels[TE_ROOMS_CEILING] + pixels[TE_ROOMS_DOOR];
    if (near > 0.03f * count) {
        return 0;
    }
    float score = fminf(kinds, 7) / 7 + fminf(things, 100) / 100;
    return score - fmaxf(largest / count - 0.5f, 0) * 4 - fmaxf(room / count - 0.72f, 0) * 4;
}

/* Somewhere to stand, for when no better place is found: the first free one of a grid, from the far corner on. */
static te_vec free_place(const te_layout *layout)
{
    enum { STEPS = 12 };
    te_vec eye = {layout->width / 2, fminf(1.6f, layout->height - 0.25f), layout->depth / 2};
    for (int i = STEPS * STEPS - 1; i >= 0; i--) {
        te_vec place = {layout->width * ((float)(i % STEPS) + 0.5f) / STEPS, eye.y,
                        layout->depth * ((float)(i / STEPS) + 0.5f) / STEPS};
        if (te_layout_is_free(layout, place, 0.2f)) {
            return place;
        }
    }
    return eye;
}

void te_camera_place(te_scene *scene, const te_layout *layout, const te_tree *tree, te_dice *dice)
{
    float wanted = te_dice_real(dice, 0.75f, 1.25f), best = -INFINITY, angle = te_dice_real(dice, 0.85f, 1.4f);
    float kind = te_dice_real(dice, 0, 1), sigma = te_dice_chance(dice, 0.2f) ? 0.09f : 0.025f;
    te_frame chosen = aim(free_place(layout), (te_vec){0, 1, 0}, 0);
    scene->focal = 0.5f / tanf(0.5f * angle);
    for (int attempt = 0; attempt < ATTEMPTS && best < wanted; attempt++) {
        te_vec eye, target;
        if (kind < 0.5f && scene->people_count > 0) {
            view_person(scene, dice, &eye, &target);
        } else if (kind > 0.75f && scene->seats_count + scene->tops_count > 0) {
            view_furniture(scene, dice, &eye, &target);
        } else {
            view_room(scene, dice, &eye, &target);
        }
        float roll = sigma * (te_dice_real(dice, -1, 1) + te_dice_real(dice, -1, 1));
        te_vec way = te_vec_sub(target, eye);
        if (!te_layout_is_free(layout, eye, 0.2f) || way.x * way.x + way.z * way.z < 0.2f) {
            continue;
        }
        float drop = way.y / te_vec_length(way);
        if (drop < -0.75f || drop > 0.35f) {
            continue;
        }
        scene->camera = aim(eye, target, roll);
        float score = judge(scene, tree, scene->focal);
        if (score > best) {
            best = score;
            chosen = scene->camera;
        }
    }
    scene->camera = chosen;
}
