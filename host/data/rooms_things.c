/* Lamps, televisions, rugs, boxes, pictures. */
#include "data/rooms_furniture.h"

/* A shade from y = 0 to `height`, its bulb inside; the bulb may be among the scene's lights. */
static void build_shade(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_SHADE);
    float kind = te_dice_real(dice, 0, 1), top = radius * te_dice_real(dice, 0.4f, 1);
    te_solid *shade;
    if (kind < 0.65f) {
        shade = te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height, 0}, radius, top, finish);
    } else if (kind < 0.85f) {
        shade =
            te_scene_ellipsoid(scene, at, (te_vec){0, height / 2, 0}, (te_vec){radius, height / 2, radius}, finish);
    } else {
        shade = te_scene_round_box(scene, at, (te_vec){0, height / 2, 0},
                                   (te_vec){radius * 0.8f, height / 2, radius * 0.8f}, 0.01f, finish);
    }
    shade->ghost = 1;
    if (scene->materials[finish].glow > 0) {
        te_scene_add_bulb(scene, te_frame_point(at, (te_vec){0, height / 2, 0}), radius * 0.6f);
    }
}

void te_lamp_build_floor(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_LAMP);
    int pole = te_finish_make(scene, dice, TE_FINISH_LEGS);
    float radius = fminf(size.x, size.z) / 2, tall = te_dice_real(dice, 0.18f, 0.35f), y = size.y - tall;
    float kind = te_dice_real(dice, 0, 1);
    if (kind < 0.65f) {
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.025f, 0}, radius * 0.75f, radius * 0.7f, pole);
        te_scene_capsule(scene, at, (te_vec){0, 0, 0}, (te_vec){0, y + 0.02f, 0},
                         te_dice_real(dice, 0.008f, 0.018f), pole);
    } else { /* three legs */
        for (int i = 0; i < 3; i++) {
            float angle = 2 * TE_PI * (float)i / 3;
            te_scene_capsule(scene, at,
                             (te_vec){radius * 0.95f * sinf(angle), 0.012f, radius * 0.95f * cosf(angle)},
                             (te_vec){0, y + 0.01f, 0}, 0.012f, pole);
        }
    }
    te_frame shade = te_frame_moved(at, 0, y, 0);
    build_shade(scene, dice, &shade, radius * te_dice_real(dice, 0.7f, 1), tall);
}

void te_lamp_build_table(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_LAMP);
    float radius = fminf(size.x, size.z) / 2, foot = size.y * te_dice_real(dice, 0.4f, 0.6f);
    float kind = te_dice_real(dice, 0, 1);
    int body = te_finish_make(scene, dice, te_dice_chance(dice, 0.6f) ? TE_FINISH_CERAMIC : TE_FINISH_LEGS);
    if (kind < 0.2f) { /* an arm over the desk */
        te_vec elbow = {-radius * 0.4f, size.y * 0.65f, 0}, head = {radius * 0.55f, size.y * 0.9f, 0};
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.025f, 0}, radius * 0.7f, radius * 0.6f, body);
        te_scene_capsule(scene, at, (te_vec){0, 0.02f, 0}, elbow, 0.008f, body);
        te_scene_capsule(scene, at, elbow, head, 0.008f, body);
        te_scene_frustum(scene, at, (te_vec){head.x + 0.03f, head.y - 0.1f, 0},
                         (te_vec){head.x - 0.01f, head.y + 0.02f, 0}, 0.075f, 0.03f, body)
            ->ghost = 1;
        te_scene_add_bulb(scene, te_frame_point(at, (te_vec){head.x + 0.03f, head.y - 0.1f, 0}), 0.03f);
        return;
    }
    if (kind < 0.6f) {
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.02f, 0}, radius * 0.45f, radius * 0.42f, body);
        te_scene_ellipsoid(scene, at, (te_vec){0, foot / 2, 0},
                           (te_vec){radius * te_dice_real(dice, 0.3f, 0.6f), foot / 2, radius * 0.45f}, body);
    } else {
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, foot, 0},
                         radius * te_dice_real(dice, 0.3f, 0.6f), radius * 0.15f, body);
    }
    te_scene_capsule(scene, at, (te_vec){0, foot * 0.9f, 0}, (te_vec){0, foot + 0.03f, 0}, 0.01f, body);
    te_frame shade = te_frame_moved(at, 0, foot + 0.02f, 0);
    build_shade(scene, dice, &shade, radius, size.y - foot - 0.02f);
}

static void build_chandelier(te_scene *scene, te_dice *dice, const te_frame *at, float drop)
{
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL), glass = te_finish_make(scene, dice, TE_FINISH_SHADE);
    int arms = te_dice_int(dice, 3, 7);
    float radius = te_dice_real(dice, 0.2f, 0.36f);
    te_scene_capsule(scene, at, (te_vec){0, 0, 0}, (te_vec){0, -drop, 0}, 0.01f, metal);
    te_scene_ellipsoid(scene, at, (te_vec){0, -drop, 0}, (te_vec){0.05f, 0.07f, 0.05f}, metal);
    for (int i = 0; i < arms; i++) {
        float angle = 2 * TE_PI * (float)i / (float)arms;
        te_vec tip = {radius * sinf(angle), -drop + 0.06f, radius * cosf(angle)};
        te_scene_capsule(scene, at, (te_vec){0, -drop, 0}, tip, 0.009f, metal);
        te_scene_ellipsoid(scene, at, (te_vec){tip.x, tip.y + 0.06f, tip.z}, (te_vec){0.045f, 0.06f, 0.045f}, glass)
            ->ghost = 1;
    }
    te_scene_add_bulb(scene, te_frame_point(at, (te_vec){0, -drop - 0.1f, 0}), 0.2f);
}

void te_lamp_build_ceiling(te_scene *scene, te_dice *dice, const te_frame *at)
{
    te_scene_begin(scene, TE_ROOMS_LAMP);
    float kind = te_dice_real(dice, 0, 1), drop = te_dice_real(dice, 0.2f, 0.55f);
    float size = te_dice_real(dice, 0.12f, 0.28f);
    if (kind < 0.3f) { /* a bowl or disc under the ceiling */
        int glass = te_finish_make(scene, dice, TE_FINISH_SHADE);
        te_vec centre = {0, -0.02f, 0};
        te_scene_ellipsoid(scene, at, centre, (te_vec){size, te_dice_real(dice, 0.06f, 0.12f), size}, glass)
            ->ghost = 1;
        te_scene_add_bulb(scene, te_frame_point(at, (te_vec){0, -0.16f, 0}), size * 0.8f);
        return;
    }
    if (kind < 0.45f) {
        build_chandelier(scene, dice, at, drop);
        return;
    }
    if (kind < 0.55f) { /* spots on a bar */
        int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
        int glass = te_finish_make(scene, dice, TE_FINISH_SHADE);
        te_scene_box(scene, at, (te_vec){0, -0.02f, 0}, (te_vec){0.4f, 0.02f, 0.03f}, metal);
        for (int i = -1; i <= 1; i++) {
            float x = 0.3f * (float)i, z = te_dice_real(dice, -0.08f, 0.08f);
            te_scene_frustum(scene, at, (te_vec){x, -0.04f, 0}, (te_vec){x, -0.16f, z}, 0.03f, 0.05f, metal);
            te_scene_frustum(scene, at, (te_vec){x, -0.16f, z}, (te_vec){x, -0.165f, z * 1.04f}, 0.045f, 0.045f,
                             glass)
                ->ghost = 1;
        }
        te_scene_add_bulb(scene, te_frame_point(at, (te_vec){0, -0.22f, 0}), 0.2f);
        return;
    }
    int cord = te_finish_make(scene, dice, TE_FINISH_DARK);
    te_scene_capsule(scene, at, (te_vec){0, 0, 0}, (te_vec){0, -drop, 0}, 0.005f, cord);
    te_scene_frustum(scene, at, (te_vec){0, -0.03f, 0}, (te_vec){0, 0, 0}, 0.02f, 0.05f, cord);
    float tall = size * te_dice_real(dice, 0.7f, 1.6f);
    te_frame shade = te_frame_moved(at, 0, -drop - tall + 0.02f, 0);
    build_shade(scene, dice, &shade, size, tall);
}

/* A flat screen: `size` of its block, the foot included where `foot` is above 0. */
static void build_screen(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size, float foot)
{
    te_scene_begin(scene, TE_ROOMS_TELEVISION);
    int body = te_finish_make(scene, dice, TE_FINISH_DARK), screen = te_finish_make(scene, dice, TE_FINISH_SCREEN);
    float rim = te_dice_real(dice, 0.005f, 0.03f), half_y = (size.y - foot) / 2, y = foot + half_y;
    float half_x = size.x / 2;
    float thick = fminf(te_dice_real(dice, 0.012f, 0.035f), size.z / 2);
    te_scene_box(scene, at, (te_vec){0, y, 0}, (te_vec){half_x, half_y, thick}, body);
    te_scene_box(scene, at, (te_vec){0, y, thick + 0.001f}, (te_vec){half_x - rim, half_y - rim, 0.001f}, screen);
    if (foot > 0 && te_dice_chance(dice, 0.6f)) {
        te_scene_box(scene, at, (te_vec){0, 0.006f, 0}, (te_vec){half_x * 0.35f, 0.006f, size.z / 2}, body);
        te_scene_box(scene, at, (te_vec){0, foot / 2 + 0.01f, -0.01f}, (te_vec){0.035f, foot / 2 + 0.01f, 0.012f},
                     body);
    } else if (foot > 0) {
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * half_x * 0.7f;
            te_scene_box(scene, at, (te_vec){x, 0.006f, 0}, (te_vec){0.015f, 0.006f, size.z / 2}, body);
            te_scene_box(scene, at, (te_vec){x, foot / 2 + 0.01f, 0}, (te_vec){0.012f, foot / 2 + 0.01f, 0.01f},
                         body);
        }
    }
}

void te_television_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    if (size.x < 0.9f && te_dice_chance(dice, 0.15f)) { /* a tube */
        te_scene_begin(scene, TE_ROOMS_TELEVISION);
        int body = te_finish_make(scene, dice, TE_FINISH_DARK);
        int screen = te_finish_make(scene, dice, TE_FINISH_SCREEN);
        float half_x = size.x * 0.4f, half_y = half_x * 0.8f, half_z = fminf(0.19f, size.z);
        te_scene_round_box(scene, at, (te_vec){0, half_y, 0}, (te_vec){half_x, half_y, half_z}, 0.02f, body);
        te_scene_round_box(scene, at, (te_vec){0, half_y + 0.02f, half_z - 0.008f},
                           (te_vec){half_x * 0.87f, half_y * 0.8f, 0.014f}, 0.013f, screen);
        return;
    }
    build_screen(scene, dice, at, size, te_dice_real(dice, 0.05f, 0.12f));
}

void te_television_build_wall(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    build_screen(scene, dice, at, size, 0);
}

void te_rug_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_RUG);
    int finish = te_finish_make(scene, dice, TE_FINISH_RUG);
    float thick = te_dice_real(dice, 0.003f, 0.012f);
    if (te_dice_chance(dice, 0.2f)) {
        float radius = fminf(size.x, size.z) / 2;
        te_scene_frustum(scene, at, (te_vec){0, -0.01f, 0}, (te_vec){0, thick, 0}, radius, radius, finish);
        return;
    }
    te_scene_box(scene, at, (te_vec){0, 0, 0}, (te_vec){size.x / 2, thick, size.z / 2}, finish);
}

void te_box_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_BOX);
    int body = te_finish_make(scene, dice, TE_FINISH_CARDBOARD);
    float half_x = size.x / 2, half_z = size.z / 2, kind = te_dice_real(dice, 0, 1);
    te_scene_box(scene, at, (te_vec){0, size.y / 2, 0}, (te_vec){half_x, size.y / 2, half_z}, body);
    if (kind < 0.35f) { /* tape */
        int tape = te_finish_make(scene, dice, TE_FINISH_PLASTIC);
        te_scene_box(scene, at, (te_vec){0, size.y * 0.85f, 0},
                     (te_vec){half_x + 0.001f, size.y * 0.151f, half_z * 0.14f}, tape);
    } else if (kind < 0.6f) { /* a lid */
        int lid = te_dice_chance(dice, 0.6f) ? body : te_finish_make(scene, dice, TE_FINISH_PLASTIC);
        te_scene_box(scene, at, (te_vec){0, size.y * 0.88f, 0},
                     (te_vec){half_x + 0.006f, size.y * 0.125f, half_z + 0.006f}, lid);
    } else if (kind < 0.8f && size.y > 0.15f) { /* open flaps */
        for (int side = -1; side <= 1; side += 2) {
            te_frame flap = te_frame_moved(at, 0, size.y, (float)side * half_z);
            flap = te_frame_turned(&flap, 'x', (float)side * te_dice_real(dice, 0.4f, 2.2f));
            te_scene_box(scene, &flap, (te_vec){0, half_z * 0.45f, 0}, (te_vec){half_x, half_z * 0.45f, 0.002f},
                         body);
        }
    }
}

/* Hangs at z = -size.z / 2. */
void te_picture_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_PICTURE);
    int image = te_finish_make(scene, dice, TE_FINISH_PICTURE);
    float half_x = size.x / 2, half_y = size.y / 2, half_z = size.z / 2, rim = te_dice_real(dice, 0.006f, 0.045f);
    if (te_dice_chance(dice, 0.25f)) { /* a canvas or a poster without a frame */
        te_scene_box(scene, at, (te_vec){0, half_y, -half_z * 0.3f}, (te_vec){half_x, half_y, half_z * 0.7f},
                     image);
        return;
    }
    static const te_finish frames[] = {TE_FINISH_WOOD, TE_FINISH_DARK, TE_FINISH_METAL, TE_FINISH_TRIM};
    int frame = te_finish_make(scene, dice, frames[te_dice_int(dice, 0, 3)]);
    te_scene_box(scene, at, (te_vec){0, half_y, -half_z * 0.4f},
                 (te_vec){half_x - rim, half_y - rim, half_z * 0.6f}, image);
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * (half_x - rim / 2), y = half_y + (float)side * (half_y - rim / 2);
        te_scene_box(scene, at, (te_vec){x, half_y, 0}, (te_vec){rim / 2, half_y, half_z}, frame);
        te_scene_box(scene, at, (te_vec){0, y, 0}, (te_vec){half_x - rim, rim / 2, half_z}, frame);
    }
}

/* On a wall; z = -size.z / 2 touches it. */
void te_clock_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_OBJECT);
    int rim = te_finish_make(scene, dice, TE_FINISH_PLASTIC), face = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    int hands = te_finish_make(scene, dice, TE_FINISH_DARK);
    float radius = size.x / 2, y = size.y / 2;
    te_scene_frustum(scene, at, (te_vec){0, y, -size.z / 2}, (te_vec){0, y, size.z / 2}, radius, radius, rim);
    te_scene_frustum(scene, at, (te_vec){0, y, 0}, (te_vec){0, y, size.z / 2 + 0.002f}, radius * 0.9f,
                     radius * 0.9f, face);
    for (int i = 0; i < 2; i++) {
        float angle = te_dice_real(dice, 0, 2 * TE_PI), length = radius * (i ? 0.5f : 0.75f);
        float z = size.z / 2 + 0.004f;
        te_scene_capsule(scene, at, (te_vec){0, y, z}, (te_vec){length * sinf(angle), y + length * cosf(angle), z},
                         0.004f, hands);
    }
}
