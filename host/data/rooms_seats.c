/* Chairs, stools, armchairs, sofas. */
#include "data/rooms_furniture.h"

void te_legs_build(te_scene *scene, te_dice *dice, const te_frame *at, float half_x, float half_z, float height,
                   int material)
{
    int round = te_dice_chance(dice, 0.5f);
    float thick = te_dice_real(dice, 0.012f, 0.03f), taper = te_dice_real(dice, 0.5f, 1);
    float splay = te_dice_chance(dice, 0.3f) ? te_dice_real(dice, 0.02f, 0.07f) : 0;
    for (int i = 0; i < 4; i++) {
        float sx = i & 1 ? 1.0f : -1.0f, sz = i & 2 ? 1.0f : -1.0f;
        te_vec foot = {sx * (half_x - thick), 0, sz * (half_z - thick)};
        te_vec head = {sx * (half_x - thick - splay), height, sz * (half_z - thick - splay)};
        if (round || splay > 0) {
            te_scene_frustum(scene, at, foot, head, thick * taper, thick, material);
        } else {
            te_scene_box(scene, at, (te_vec){foot.x, height / 2, foot.z}, (te_vec){thick, height / 2, thick},
                         material);
        }
    }
}

/* The back of a chair in a frame that leans: width and height, at z = 0. */
static void build_back(te_scene *scene, te_dice *dice, const te_frame *back, float width, float height, int frame,
                       int seat)
{
    float style = te_dice_real(dice, 0, 1), post = te_dice_real(dice, 0.012f, 0.022f);
    if (style < 0.3f) { /* one panel, perhaps with a gap below */
        float low = te_dice_chance(dice, 0.5f) ? 0.02f : height * te_dice_real(dice, 0.3f, 0.6f);
        te_scene_round_box(scene, back, (te_vec){0, (low + height) / 2, 0},
                           (te_vec){width / 2, (height - low) / 2, te_dice_real(dice, 0.01f, 0.035f)}, 0.02f, seat);
        low += 0.05f;
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * (width / 2 - 0.05f);
            te_scene_capsule(scene, back, (te_vec){x, -0.03f, 0}, (te_vec){x, low, 0}, 0.011f, frame);
        }
        return;
    }
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * (width / 2 - post);
        te_scene_capsule(scene, back, (te_vec){x, -0.03f, 0}, (te_vec){x, height, 0}, post, frame);
    }
    te_scene_box(scene, back, (te_vec){0, height - 0.03f, 0}, (te_vec){width / 2 - post, 0.03f, 0.011f}, frame);
    if (style < 0.6f) { /* upright bars */
        int bars = te_dice_int(dice, 2, 7);
        for (int i = 0; i < bars; i++) {
            float x = (width - 2 * post) * (((float)i + 0.5f) / (float)bars - 0.5f);
            te_scene_capsule(scene, back, (te_vec){x, 0, 0}, (te_vec){x, height - 0.03f, 0}, 0.008f, frame);
        }
    } else if (style < 0.8f) { /* ladder */
        int bars = te_dice_int(dice, 1, 4);
        for (int i = 0; i < bars; i++) {
            float y = height * (0.25f + 0.6f * (float)i / (float)bars);
            te_scene_box(scene, back, (te_vec){0, y, 0}, (te_vec){width / 2 - post, 0.022f, 0.008f}, frame);
        }
    } else { /* padded */
        te_scene_round_box(scene, back, (te_vec){0, height * 0.58f, 0.004f},
                           (te_vec){width / 2 - post - 0.01f, height * 0.36f, 0.025f}, 0.02f, seat);
    }
}

void te_chair_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    static const te_finish seats[] = {TE_FINISH_UPHOLSTERY, TE_FINISH_UPHOLSTERY, TE_FINISH_PLASTIC,
                                      TE_FINISH_WOOD};
    te_scene_begin(scene, TE_ROOMS_CHAIR);
    int kind = te_dice_int(dice, 0, 3), frame = te_finish_make(scene, dice, TE_FINISH_LEGS);
    int seat = kind == 3 && te_dice_chance(dice, 0.7f) ? frame : te_finish_make(scene, dice, seats[kind]);
    float height = te_dice_real(dice, 0.42f, 0.48f), thick = kind == 3 ? 0.018f : te_dice_real(dice, 0.02f, 0.045f);
    te_legs_build(scene, dice, at, size.x / 2 - 0.01f, size.z / 2 - 0.01f, height - 2 * thick, frame);
    te_scene_round_box(scene, at, (te_vec){0, height - thick, 0}, (te_vec){size.x / 2, thick, size.z / 2},
                       kind == 3 ? 0.006f : thick * 0.8f, seat);
    te_frame back = te_frame_moved(at, 0, height - 0.01f, -size.z / 2 + 0.035f);
    back = te_frame_turned(&back, 'x', te_dice_real(dice, -0.22f, -0.03f));
    build_back(scene, dice, &back, size.x - 0.02f, size.y - height, frame, seat);
    if (te_dice_chance(dice, 0.2f)) {
        float rest = height + te_dice_real(dice, 0.18f, 0.24f);
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * (size.x / 2 - 0.015f);
            te_scene_capsule(scene, at, (te_vec){x, height, size.z / 2 - 0.08f},
                             (te_vec){x, rest, size.z / 2 - 0.09f}, 0.013f, frame);
            te_scene_capsule(scene, at, (te_vec){x, rest, size.z / 2 - 0.06f}, (te_vec){x, rest, -size.z / 2},
                             0.016f, frame);
        }
    }
    te_scene_add_seat(scene, at, (te_vec){0, height, size.z / 2}, size.z - 0.05f, size.x);
}

/* Star-shaped foot with castors. */
static void build_star(te_scene *scene, te_dice *dice, const te_frame *at, float height, int metal)
{
    float turn = te_dice_real(dice, 0, 1), radius = 0.29f;
    int black = te_finish_make(scene, dice, TE_FINISH_DARK);
    for (int i = 0; i < 5; i++) {
        float angle = turn + 2 * TE_PI * (float)i / 5, x = radius * sinf(angle), z = radius * cosf(angle);
        te_scene_capsule(scene, at, (te_vec){0, 0.11f, 0}, (te_vec){x, 0.075f, z}, 0.019f, metal);
        te_scene_ellipsoid(scene, at, (te_vec){x, 0.032f, z}, (te_vec){0.03f, 0.032f, 0.03f}, black);
    }
    te_scene_frustum(scene, at, (te_vec){0, 0.09f, 0}, (te_vec){0, height, 0}, 0.032f, 0.024f, metal);
}

void te_chair_build_office(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CHAIR);
    int metal = te_finish_make(scene, dice, te_dice_chance(dice, 0.5f) ? TE_FINISH_METAL : TE_FINISH_DARK);
    int cloth = te_finish_make(scene, dice, te_dice_chance(dice, 0.5f) ? TE_FINISH_UPHOLSTERY : TE_FINISH_DARK);
    float height = te_dice_real(dice, 0.43f, 0.52f), half = fminf(size.x, size.z) / 2 - 0.06f;
    build_star(scene, dice, at, height - 0.06f, metal);
    te_scene_round_box(scene, at, (te_vec){0, height - 0.04f, 0.02f}, (te_vec){half, 0.04f, half}, 0.035f, cloth);
    te_frame back = te_frame_moved(at, 0, height + 0.02f, -half + 0.02f);
    back = te_frame_turned(&back, 'x', te_dice_real(dice, -0.25f, -0.05f));
    float low = te_dice_real(dice, 0.04f, 0.16f), high = size.y - height - 0.02f;
    te_scene_box(scene, &back, (te_vec){0, low, -0.02f}, (te_vec){0.035f, low + 0.07f, 0.008f}, metal);
    te_scene_round_box(scene, &back, (te_vec){0, (low + high) / 2, 0},
                       (te_vec){half * te_dice_real(dice, 0.8f, 1), (high - low) / 2, 0.032f}, 0.03f, cloth);
    if (te_dice_chance(dice, 0.7f)) {
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * (half + 0.02f), y = height + 0.2f;
            te_scene_box(scene, at, (te_vec){x, height + 0.08f, -0.05f}, (te_vec){0.012f, 0.12f, 0.025f}, metal);
            te_scene_round_box(scene, at, (te_vec){x, y, -0.02f}, (te_vec){0.028f, 0.014f, 0.13f}, 0.012f, metal);
        }
    }
    te_scene_add_seat(scene, at, (te_vec){0, height, half + 0.02f}, 2 * half - 0.05f, 2 * half);
}

void te_chair_build_stool(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CHAIR);
    int frame = te_finish_make(scene, dice, TE_FINISH_LEGS), seat = frame;
    float thick = te_dice_real(dice, 0.015f, 0.04f), radius = fminf(size.x, size.z) / 2;
    if (te_dice_chance(dice, 0.6f)) {
        seat = te_finish_make(scene, dice, TE_FINISH_UPHOLSTERY);
    }
    if (te_dice_chance(dice, 0.25f)) { /* one leg on a plate */
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.02f, 0}, radius, radius, frame);
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, size.y, 0}, 0.03f, 0.025f, frame);
    } else {
        te_legs_build(scene, dice, at, radius * 0.9f, radius * 0.9f, size.y - 2 * thick, frame);
        float y = size.y * te_dice_real(dice, 0.2f, 0.5f), half = radius * 0.8f;
        for (int i = 0; i < 4; i++) {
            float sx = i & 1 ? 1.0f : -1.0f, sz = i & 2 ? 1.0f : -1.0f;
            te_scene_capsule(
                scene, at, (te_vec){sx * half, y, sz * half},
                (te_vec){i == 1 || i == 2 ? -sx * half : sx * half, y, i == 1 || i == 2 ? sz * half : -sz * half},
                0.008f, frame);
        }
    }
    if (te_dice_chance(dice, 0.6f)) {
        te_scene_frustum(scene, at, (te_vec){0, size.y - 2 * thick, 0}, (te_vec){0, size.y, 0}, radius,
                         radius * 0.97f, seat);
    } else {
        te_scene_round_box(scene, at, (te_vec){0, size.y - thick, 0}, (te_vec){radius, thick, radius}, thick * 0.7f,
                           seat);
    }
    if (size.y < 0.6f) {
        te_scene_add_seat(scene, at, (te_vec){0, size.y, radius}, 2 * radius, 2 * radius);
    }
}

/* Measures of an upholstered seat for one or more. */
typedef struct te_couch {
    float seat, arm, arm_height, back, base, round;
    int places, cloth, cushions, legs;
} te_couch;

static te_couch draw_couch(te_scene *scene, te_dice *dice, te_vec size)
{
    te_couch c = {.seat = te_dice_real(dice, 0.38f, 0.46f)};
    c.arm = te_dice_real(dice, 0.07f, fminf(0.24f, 0.18f * size.x));
    c.arm_height = te_dice_real(dice, 0.52f, 0.68f);
    c.back = te_dice_real(dice, 0.14f, 0.24f);
    c.base = te_dice_chance(dice, 0.3f) ? 0.02f : te_dice_real(dice, 0.06f, 0.17f);
    c.round = te_dice_real(dice, 0.02f, 0.09f);
    c.places = (int)((size.x - 2 * c.arm) / te_dice_real(dice, 0.52f, 0.75f));
    c.places = c.places < 1 ? 1 : c.places;
    c.cloth = te_finish_make(scene, dice, TE_FINISH_UPHOLSTERY);
    c.cushions = te_dice_chance(dice, 0.85f) ? c.cloth : te_finish_make(scene, dice, TE_FINISH_UPHOLSTERY);
    c.legs = te_finish_make(scene, dice, TE_FINISH_LEGS);
    return c;
}

static void build_arms(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size, const te_couch *c)
{
    float roll = te_dice_chance(dice, 0.3f) ? c->arm * 0.62f : 0, depth = size.z * te_dice_real(dice, 0.9f, 1);
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * (size.x / 2 - c->arm / 2), high = c->arm_height - roll;
        te_scene_round_box(scene, at, (te_vec){x, (c->base + high) / 2, (depth - size.z) / 2},
                           (te_vec){c->arm / 2, (high - c->base) / 2, depth / 2}, c->round, c->cloth);
        if (roll > 0) {
            te_scene_frustum(scene, at, (te_vec){x, high, depth - size.z / 2 - 0.01f},
                             (te_vec){x, high, -size.z / 2 + 0.02f}, roll, roll, c->cloth);
        }
    }
}

static void build_couch(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_couch c = draw_couch(scene, dice, size);
    float inner = size.x / 2 - c.arm, cushion = te_dice_real(dice, 0.06f, 0.09f), front = size.z / 2 - 0.02f;
    if (c.base > 0.04f) {
        te_legs_build(scene, dice, at, size.x / 2 - 0.05f, size.z / 2 - 0.05f, c.base + 0.03f, c.legs);
    }
    te_scene_round_box(scene, at, (te_vec){0, (c.base + c.seat) / 2 - cushion, 0},
                       (te_vec){size.x / 2 - 0.02f, (c.seat - c.base) / 2 - cushion + 0.03f, size.z / 2 - 0.02f},
                       0.02f, c.cloth);
    te_scene_round_box(scene, at, (te_vec){0, (c.base + size.y) / 2, -size.z / 2 + c.back / 2},
                       (te_vec){size.x / 2 - 0.01f, (size.y - c.base) / 2, c.back / 2}, c.round, c.cloth);
    build_arms(scene, dice, at, size, &c);
    float width = 2 * inner / (float)c.places, pad = te_dice_real(dice, 0.05f, 0.09f);
    float lean = te_dice_real(dice, -0.25f, -0.08f);
    float puff = te_dice_real(dice, 0.02f, 0.06f), from = -size.z / 2 + c.back;
    for (int i = 0; i < c.places; i++) {
        float x = -inner + width * ((float)i + 0.5f);
        te_scene_round_box(scene, at, (te_vec){x, c.seat - cushion, (from + front) / 2},
                           (te_vec){width / 2 - 0.003f, cushion, (front - from) / 2}, puff, c.cushions);
        te_frame rest = te_frame_moved(at, x, c.seat - 0.01f, from + pad + 0.03f);
        rest = te_frame_turned(&rest, 'x', lean);
        float tall = te_dice_real(dice, 0.9f, 1.1f) * (size.y - c.seat) / 2;
        te_scene_round_box(scene, &rest, (te_vec){0, tall, 0}, (te_vec){width / 2 - 0.004f, tall, pad},
                           puff + 0.015f, c.cushions);
        te_scene_add_seat(scene, at, (te_vec){x, c.seat, front}, front - from - 2 * pad - 0.05f, width);
    }
    int pillows = te_dice_int(dice, 0, 1 + c.places);
    for (int i = 0; i < pillows && te_dice_chance(dice, 0.7f); i++) {
        float side = i % 2 ? -1.0f : 1.0f, half = te_dice_real(dice, 0.17f, 0.25f);
        float x = side * (inner - half - 0.03f - 0.3f * (float)(i / 2) - te_dice_real(dice, 0, 0.08f));
        te_frame pillow = te_frame_moved(at, x, c.seat + 0.94f * half, from + 2 * pad + 0.13f);
        pillow = te_frame_turned(&pillow, 'x', te_dice_real(dice, -0.45f, -0.25f));
        te_pillow_build(scene, dice, &pillow, half, half * te_dice_real(dice, 0.7f, 1), TE_FINISH_LINEN);
    }
}

void te_sofa_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_SOFA);
    build_couch(scene, dice, at, size);
}

void te_chair_build_arm(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CHAIR);
    build_couch(scene, dice, at, size);
}
