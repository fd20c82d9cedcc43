/* Potted plants and cut flowers. */
#include "data/rooms_furniture.h"

/* A flat leaf from `root` along `along`. */
static void build_leaf(te_scene *scene, const te_frame *at, te_vec root, te_vec along, float length, float width,
                       int material)
{
    te_vec direction = te_vec_unit(along), up = {0, 1, 0};
    te_vec middle = te_vec_add(root, te_vec_scale(direction, length * 0.45f));
    te_frame leaf =
        te_frame_facing(te_frame_point(at, middle), te_frame_along(at, direction), te_frame_along(at, up));
    te_scene_ellipsoid(scene, &leaf, (te_vec){0, 0, 0}, (te_vec){width / 2, length / 2, 0.004f + width * 0.04f},
                       material);
}

static te_vec draw_direction(te_dice *dice, float lowest)
{
    float angle = te_dice_real(dice, 0, 2 * TE_PI), y = te_dice_real(dice, lowest, 1);
    float r = sqrtf(fmaxf(1 - y * y, 0));
    return (te_vec){r * sinf(angle), y, r * cosf(angle)};
}

/* Leaves round a crown. */
static void grow_bush(te_scene *scene, te_dice *dice, const te_frame *at, te_vec foot, te_vec crown, te_vec radii,
                      int leaf)
{
    int count = te_dice_int(dice, 25, 60), stem = te_finish_make(scene, dice, TE_FINISH_BARK);
    float size = te_dice_real(dice, 0.25f, 0.5f) * fminf(radii.x, radii.y);
    float narrow = te_dice_real(dice, 0.35f, 0.9f);
    te_scene_capsule(scene, at, foot, crown, 0.008f + 0.05f * radii.x, stem);
    for (int i = 0; i < count; i++) {
        te_vec direction = draw_direction(dice, -0.6f), bend = draw_direction(dice, -1);
        float out = te_dice_real(dice, 0.25f, 0.75f), length = size * te_dice_real(dice, 0.7f, 1.3f);
        te_vec place = te_vec_add(crown, te_vec_scale(te_vec_mul(direction, radii), out));
        build_leaf(scene, at, place, te_vec_add(direction, te_vec_scale(bend, 0.6f)), 2 * length,
                   2 * length * narrow, leaf);
    }
}

/* Long leaves that arch over: chains of flat pieces. */
static void grow_palm(te_scene *scene, te_dice *dice, const te_frame *at, te_vec foot, float height, float radius,
                      int leaf)
{
    enum { PIECES = 6 };
    int fronds = te_dice_int(dice, 7, 18), stem = te_finish_make(scene, dice, TE_FINISH_LEAF);
    float width = te_dice_real(dice, 0.03f, 0.1f);
    float step = te_dice_real(dice, 0.9f, 1.15f) * sqrtf(height * height + radius * radius) / PIECES;
    for (int i = 0; i < fronds; i++) {
        te_vec direction = draw_direction(dice, 0.75f), place = foot;
        float droop = te_dice_real(dice, 0.05f, 0.3f), length = step * te_dice_real(dice, 0.7f, 1);
        te_vec side = te_vec_unit((te_vec){direction.x, 0, direction.z});
        for (int k = 0; k < PIECES; k++) {
            te_vec next = te_vec_add(place, te_vec_scale(direction, length));
            if (k < 2) {
                te_scene_capsule(scene, at, place, next, 0.006f, stem);
            } else {
                build_leaf(scene, at, place, direction, length * 1.35f, width * (k == PIECES - 1 ? 0.7f : 1), leaf);
            }
            place = next;
            direction = te_vec_unit(te_vec_add(
                direction, te_vec_sub(te_vec_scale(side, droop), (te_vec){0, droop * 0.9f * (float)k, 0})));
        }
    }
}

/* Upright blades. */
static void grow_blades(te_scene *scene, te_dice *dice, const te_frame *at, te_vec foot, float height, float radius,
                        int leaf)
{
    int blades = te_dice_int(dice, 6, 16);
    float width = te_dice_real(dice, 0.03f, 0.08f);
    for (int i = 0; i < blades; i++) {
        te_vec direction = draw_direction(dice, 0.92f);
        float angle = te_dice_real(dice, 0, 6.28f), out = radius * te_dice_real(dice, 0, 0.6f);
        te_vec root = te_vec_add(foot, (te_vec){out * sinf(angle), -0.03f, out * cosf(angle)});
        build_leaf(scene, at, root, direction, height * te_dice_real(dice, 0.5f, 1), width, leaf);
    }
}

static void grow_cactus(te_scene *scene, te_dice *dice, const te_frame *at, te_vec foot, float height, float radius,
                        int leaf)
{
    float thick = fminf(radius * 0.5f, height * 0.2f), top = foot.y + height - thick;
    te_scene_capsule(scene, at, foot, (te_vec){0, top, 0}, thick, leaf);
    int arms = te_dice_int(dice, 0, 3);
    for (int i = 0; i < arms; i++) {
        float angle = te_dice_real(dice, 0, 6.28f), y = foot.y + height * te_dice_real(dice, 0.3f, 0.6f);
        float x = 1.6f * thick * sinf(angle), z = 1.6f * thick * cosf(angle);
        te_scene_capsule(scene, at, (te_vec){0, y, 0}, (te_vec){x, y + 0.02f, z}, thick * 0.55f, leaf);
        te_scene_capsule(scene, at, (te_vec){x, y + 0.02f, z}, (te_vec){x, y + height * 0.2f, z}, thick * 0.55f,
                         leaf);
    }
}

static void build_pot(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int pot = te_finish_make(scene, dice, TE_FINISH_POT), soil = te_finish_make(scene, dice, TE_FINISH_BARK);
    float foot = radius * te_dice_real(dice, 0.6f, 1);
    if (te_dice_chance(dice, 0.2f)) {
        te_scene_box(scene, at, (te_vec){0, height / 2, 0}, (te_vec){radius * 0.85f, height / 2, radius * 0.85f},
                     pot);
        te_scene_box(scene, at, (te_vec){0, height, 0}, (te_vec){radius * 0.78f, 0.001f, radius * 0.78f}, soil);
        return;
    }
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height, 0}, foot, radius, pot);
    if (te_dice_chance(dice, 0.5f)) { /* rim */
        te_scene_frustum(scene, at, (te_vec){0, height * 0.85f, 0}, (te_vec){0, height, 0}, radius * 1.06f,
                         radius * 1.08f, pot);
    }
    te_scene_frustum(scene, at, (te_vec){0, height * 0.5f, 0}, (te_vec){0, height + 0.002f, 0}, radius * 0.5f,
                     radius * 0.9f, soil);
}

void te_plant_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_PLANT);
    int leaf = te_finish_make(scene, dice, TE_FINISH_LEAF);
    float radius = fminf(size.x, size.z) / 2, kind = te_dice_real(dice, 0, 1);
    float pot = fminf(radius * te_dice_real(dice, 0.55f, 0.85f), size.y * 0.25f);
    float high = fminf(pot * te_dice_real(dice, 1.2f, 2.2f), size.y * 0.45f);
    build_pot(scene, dice, at, pot, high);
    te_vec foot = {0, high, 0};
    float rest = size.y - high;
    if (kind < 0.3f) {
        grow_bush(scene, dice, at, foot, (te_vec){0, high + rest * 0.5f, 0}, (te_vec){radius, rest * 0.5f, radius},
                  leaf);
    } else if (kind < 0.45f) { /* a little tree */
        grow_bush(scene, dice, at, foot, (te_vec){0, high + rest * 0.68f, 0},
                  (te_vec){radius, rest * 0.32f, radius}, leaf);
    } else if (kind < 0.75f) {
        grow_palm(scene, dice, at, foot, rest, radius, leaf);
    } else if (kind < 0.92f) {
        grow_blades(scene, dice, at, foot, rest, pot, leaf);
    } else {
        grow_cactus(scene, dice, at, foot, rest, pot, leaf);
    }
}

void te_plant_build_flowers(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_PLANT);
    int vase = te_finish_make(scene, dice, TE_FINISH_CERAMIC), green = te_finish_make(scene, dice, TE_FINISH_LEAF);
    int petals = te_finish_make(scene, dice, TE_FINISH_PLASTIC);
    float radius = fminf(size.x, size.z) / 2, high = size.y * te_dice_real(dice, 0.4f, 0.55f);
    float mouth = radius * te_dice_real(dice, 0.3f, 0.5f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, high, 0}, radius * te_dice_real(dice, 0.25f, 0.5f),
                     mouth, vase);
    int count = te_dice_int(dice, 4, 14);
    for (int i = 0; i < count; i++) {
        te_vec direction = draw_direction(dice, 0.5f);
        float length = (size.y - high) * te_dice_real(dice, 0.6f, 1), blossom = te_dice_real(dice, 0.015f, 0.035f);
        te_vec root = {0, high - 0.02f, 0}, tip = te_vec_add(root, te_vec_scale(direction, length));
        te_scene_capsule(scene, at, root, tip, 0.003f, green);
        te_scene_ellipsoid(scene, at, tip, (te_vec){blossom, blossom * 0.7f, blossom}, petals);
        if (te_dice_chance(dice, 0.5f)) {
            te_vec outward = te_vec_add(direction, draw_direction(dice, -1));
            build_leaf(scene, at, te_vec_mix(root, tip, 0.5f), outward, 0.09f, 0.035f, green);
        }
    }
}
