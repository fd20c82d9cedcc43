/* Tables, desks, beds. */
#include "data/rooms_furniture.h"

static int tabletop_finish(te_scene *scene, te_dice *dice, int frame)
{
    return te_dice_chance(dice, 0.5f) ? frame
           : te_finish_make(scene, dice, te_dice_chance(dice, 0.5f) ? TE_FINISH_FURNITURE : TE_FINISH_WORKTOP);
}

/* A cloth that hangs down at the sides. */
static void build_tablecloth(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    int cloth = te_finish_make(scene, dice, TE_FINISH_LINEN);
    float hang = te_dice_real(dice, 0.1f, 0.25f);
    te_scene_round_box(scene, at, (te_vec){0, size.y - hang / 2, 0},
                       (te_vec){size.x / 2 + 0.005f, hang / 2 + 0.004f, size.z / 2 + 0.005f}, 0.008f, cloth);
}

void te_table_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_TABLE);
    int frame = te_finish_make(scene, dice, TE_FINISH_FURNITURE), board = tabletop_finish(scene, dice, frame);
    float thick = te_dice_real(dice, 0.01f, 0.03f), kind = te_dice_real(dice, 0, 1);
    float half_x = size.x / 2, half_z = size.z / 2, under = size.y - 2 * thick;
    te_scene_round_box(scene, at, (te_vec){0, size.y - thick, 0}, (te_vec){half_x, thick, half_z}, 0.006f, board);
    if (kind < 0.7f) {
        te_legs_build(scene, dice, at, half_x - 0.02f, half_z - 0.02f, under, frame);
        if (te_dice_chance(dice, 0.6f)) { /* apron */
            te_scene_box(scene, at, (te_vec){0, under - 0.04f, 0}, (te_vec){half_x - 0.05f, 0.04f, half_z - 0.05f},
                         frame);
        }
    } else if (kind < 0.85f) { /* two side panels */
        for (int side = -1; side <= 1; side += 2) {
            te_scene_box(scene, at, (te_vec){(float)side * (half_x - 0.05f), under / 2, 0},
                         (te_vec){0.02f, under / 2, half_z - 0.02f}, frame);
        }
    } else { /* trestles */
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * (half_x - 0.2f);
            te_scene_capsule(scene, at, (te_vec){x, 0.02f, half_z - 0.05f}, (te_vec){x, under, 0.05f}, 0.02f,
                             frame);
            te_scene_capsule(scene, at, (te_vec){x, 0.02f, -half_z + 0.05f}, (te_vec){x, under, -0.05f}, 0.02f,
                             frame);
        }
    }
    if (te_dice_chance(dice, 0.15f)) {
        build_tablecloth(scene, dice, at, size);
    }
    te_scene_add_top(scene, at, (te_vec){0, size.y + 0.005f, 0}, half_x - 0.03f, half_z - 0.03f, 0.6f,
                     TE_TOP_TABLE);
}

void te_table_build_round(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_TABLE);
    int frame = te_finish_make(scene, dice, TE_FINISH_LEGS), board = tabletop_finish(scene, dice, frame);
    float radius = fminf(size.x, size.z) / 2, thick = te_dice_real(dice, 0.02f, 0.05f);
    te_scene_frustum(scene, at, (te_vec){0, size.y - thick, 0}, (te_vec){0, size.y, 0}, radius - 0.005f, radius,
                     board);
    if (te_dice_chance(dice, 0.5f)) {
        float foot = radius * te_dice_real(dice, 0.4f, 0.7f);
        te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.03f, 0}, foot, foot * 0.9f, frame);
        te_scene_frustum(scene, at, (te_vec){0, 0.03f, 0}, (te_vec){0, size.y - thick, 0}, 0.05f, 0.03f, frame);
    } else {
        te_legs_build(scene, dice, at, radius * 0.68f, radius * 0.68f, size.y - thick, frame);
    }
    te_scene_add_top(scene, at, (te_vec){0, size.y, 0}, radius * 0.65f, radius * 0.65f, 0.6f, TE_TOP_TABLE);
}

void te_table_build_desk(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_TABLE);
    int frame = te_finish_make(scene, dice, TE_FINISH_FURNITURE), board = tabletop_finish(scene, dice, frame);
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    float thick = te_dice_real(dice, 0.01f, 0.02f), half_x = size.x / 2, half_z = size.z / 2;
    float under = size.y - 2 * thick;
    te_scene_round_box(scene, at, (te_vec){0, size.y - thick, 0}, (te_vec){half_x, thick, half_z}, 0.005f, board);
    int blocks = te_dice_int(dice, 0, 2);
    float width = te_dice_real(dice, 0.3f, 0.42f);
    if (blocks < 2) {
        te_legs_build(scene, dice, at, half_x - 0.02f, half_z - 0.02f, under,
                      te_finish_make(scene, dice, TE_FINISH_LEGS));
    }
    for (int i = 0; i < blocks; i++) {
        float x = (i ? -1.0f : 1.0f) * (half_x - width / 2 - 0.03f);
        float low = te_dice_chance(dice, 0.5f) ? 0.02f : 0.25f;
        te_scene_box(scene, at, (te_vec){x, (low + under) / 2, -0.02f},
                     (te_vec){width / 2, (under - low) / 2, half_z - 0.05f}, frame);
        int drawers = te_dice_int(dice, 1, 4);
        for (int k = 0; k < drawers; k++) {
            float high = (under - low) / (float)drawers, y = low + high * ((float)k + 0.5f);
            te_scene_box(scene, at, (te_vec){x, y, half_z - 0.065f},
                         (te_vec){width / 2 - 0.008f, high / 2 - 0.005f, 0.008f}, frame);
            te_scene_capsule(scene, at, (te_vec){x - 0.05f, y, half_z - 0.045f},
                             (te_vec){x + 0.05f, y, half_z - 0.045f}, 0.006f, metal);
        }
    }
    if (te_dice_chance(dice, 0.6f)) { /* modesty panel */
        te_scene_box(scene, at, (te_vec){0, under * 0.65f, -half_z + 0.05f},
                     (te_vec){half_x - 0.03f, under * 0.3f, 0.008f}, frame);
    }
    te_scene_add_top(scene, at, (te_vec){0, size.y, 0}, half_x - 0.03f, half_z - 0.03f, 0.7f, TE_TOP_TABLE);
}

void te_table_build_low(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    if (te_dice_chance(dice, 0.3f)) {
        te_table_build_round(scene, dice, at, size);
        return;
    }
    te_scene_begin(scene, TE_ROOMS_TABLE);
    int frame = te_finish_make(scene, dice, TE_FINISH_FURNITURE), board = tabletop_finish(scene, dice, frame);
    float thick = te_dice_real(dice, 0.01f, 0.035f), half_x = size.x / 2, half_z = size.z / 2;
    te_scene_round_box(scene, at, (te_vec){0, size.y - thick, 0}, (te_vec){half_x, thick, half_z}, 0.006f, board);
    if (te_dice_chance(dice, 0.2f)) { /* a block */
        te_scene_box(scene, at, (te_vec){0, size.y / 2 - thick, 0},
                     (te_vec){half_x - 0.04f, size.y / 2 - thick, half_z - 0.04f}, frame);
    } else {
        te_legs_build(scene, dice, at, half_x - 0.02f, half_z - 0.02f, size.y - 2 * thick, frame);
    }
    if (te_dice_chance(dice, 0.35f)) { /* a shelf below */
        te_scene_box(scene, at, (te_vec){0, size.y * 0.35f, 0}, (te_vec){half_x - 0.04f, 0.01f, half_z - 0.04f},
                     frame);
        te_scene_add_top(scene, at, (te_vec){0, size.y * 0.35f + 0.01f, 0}, half_x - 0.1f, half_z - 0.1f,
                         size.y * 0.5f, TE_TOP_SMALL);
    }
    te_scene_add_top(scene, at, (te_vec){0, size.y, 0}, half_x - 0.03f, half_z - 0.03f, 0.5f, TE_TOP_TABLE);
}

void te_pillow_build(te_scene *scene, te_dice *dice, const te_frame *at, float half_x, float half_y,
                     te_finish finish)
{
    te_scene_begin(scene, TE_ROOMS_PILLOW);
    int cloth = te_finish_make(scene, dice, finish);
    float thick = te_dice_real(dice, 0.055f, 0.085f);
    te_scene_round_box(scene, at, (te_vec){0, 0, 0}, (te_vec){half_x, half_y, thick * 0.55f}, thick * 0.5f, cloth);
    te_scene_ellipsoid(scene, at, (te_vec){0, 0, 0}, (te_vec){half_x * 1.05f, half_y * 1.05f, thick}, cloth);
}

static void build_headboard(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size, float high)
{
    int finish =
        te_finish_make(scene, dice, te_dice_chance(dice, 0.6f) ? TE_FINISH_FURNITURE : TE_FINISH_UPHOLSTERY);
    float z = -size.z / 2 + 0.04f, half = size.x / 2 + te_dice_real(dice, 0, 0.05f);
    float kind = te_dice_real(dice, 0, 1);
    if (kind < 0.65f) {
        float round = te_dice_real(dice, 0.003f, 0.038f);
        te_scene_round_box(scene, at, (te_vec){0, high / 2, z}, (te_vec){half, high / 2, 0.04f}, round, finish);
        return;
    }
    int bars = te_dice_int(dice, 4, 14);
    for (int i = 0; i <= bars; i++) {
        float x = half * (2 * (float)i / (float)bars - 1), radius = i == 0 || i == bars ? 0.025f : 0.012f;
        te_scene_capsule(scene, at, (te_vec){x, 0, z}, (te_vec){x, high, z}, radius, finish);
    }
    te_scene_capsule(scene, at, (te_vec){-half, high, z}, (te_vec){half, high, z}, 0.022f, finish);
}

/* Covers from the foot up to some way below the pillows, hanging over the sides; a folded edge; a throw. */
static void build_covers(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size, float top, float low)
{
    int cover = te_finish_make(scene, dice, TE_FINISH_LINEN);
    float start = -size.z / 2 + te_dice_real(dice, 0.35f, 0.8f), end = size.z / 2 + 0.015f;
    float puff = te_dice_real(dice, 0.01f, 0.05f), hang = te_dice_real(dice, low + 0.02f, top - 0.06f);
    te_scene_round_box(scene, at, (te_vec){0, (hang + top + puff) / 2, (start + end) / 2},
                       (te_vec){size.x / 2 + 0.02f, (top + puff - hang) / 2, (end - start) / 2},
                       0.03f + puff * 0.5f, cover);
    if (te_dice_chance(dice, 0.5f)) {
        int fold = te_finish_make(scene, dice, TE_FINISH_LINEN);
        te_scene_round_box(scene, at, (te_vec){0, (hang + top + puff) / 2 + 0.012f, start + 0.12f},
                           (te_vec){size.x / 2 + 0.028f, (top + puff - hang) / 2 + 0.004f, 0.12f}, 0.03f, fold);
    }
    if (te_dice_chance(dice, 0.35f)) {
        int blanket = te_finish_make(scene, dice, TE_FINISH_UPHOLSTERY);
        float half = te_dice_real(dice, 0.15f, 0.35f);
        te_scene_round_box(
            scene, at,
            (te_vec){0, (hang + top + puff) / 2 + 0.01f, size.z / 2 - half - te_dice_real(dice, 0, 0.2f)},
            (te_vec){size.x / 2 + 0.03f, (top + puff - hang) / 2 + 0.006f, half}, 0.035f, blanket);
    }
}

/* The head is at the back; size.y is the top of the mattress. */
void te_bed_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_BED);
    int frame = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    int sheet = te_finish_make(scene, dice, TE_FINISH_LINEN);
    float thick = te_dice_real(dice, 0.08f, 0.12f), rail = size.y - 2 * thick + 0.03f;
    float low = te_dice_chance(dice, 0.5f) ? 0 : 0.14f;
    te_scene_box(scene, at, (te_vec){0, (low + rail) / 2, 0},
                 (te_vec){size.x / 2, (rail - low) / 2, size.z / 2 - 0.01f}, frame);
    if (low > 0) {
        te_legs_build(scene, dice, at, size.x / 2 - 0.02f, size.z / 2 - 0.04f, low + 0.01f, frame);
    }
    te_scene_round_box(scene, at, (te_vec){0, size.y - thick, 0.02f},
                       (te_vec){size.x / 2 - 0.01f, thick, size.z / 2 - 0.06f}, 0.05f, sheet);
    if (te_dice_chance(dice, 0.85f)) {
        build_headboard(scene, dice, at, size, size.y + te_dice_real(dice, 0.2f, 0.75f));
    }
    if (te_dice_chance(dice, 0.25f)) {
        te_scene_box(scene, at, (te_vec){0, size.y / 2 + 0.03f, size.z / 2 + 0.035f},
                     (te_vec){size.x / 2, size.y / 2 + 0.03f, 0.02f}, frame);
    }
    if (te_dice_chance(dice, 0.9f)) {
        build_covers(scene, dice, at, size, size.y, low);
    }
    for (int side = -1; side <= 1; side += 2) {
        te_frame edge = te_frame_moved(at, (float)side * size.x / 2, 0, 0.3f);
        edge = te_frame_turned(&edge, 'y', (float)side * TE_PI / 2);
        te_scene_add_seat(scene, &edge, (te_vec){0, size.y + 0.02f, 0}, 0.6f, 0.8f);
    }
    int across = size.x > 1.3f ? 2 : 1, layers = te_dice_int(dice, 1, 2);
    for (int i = 0; i < across * layers; i++) {
        float half = size.x / (float)across * te_dice_real(dice, 0.38f, 0.45f), layer = (float)(i / across);
        float x = across == 1 ? 0 : (i % 2 ? 1.0f : -1.0f) * size.x / 4, deep = te_dice_real(dice, 0.18f, 0.24f);
        te_frame pillow =
            te_frame_moved(at, x, size.y + 0.06f + 0.07f * layer, -size.z / 2 + 0.12f + deep + 0.08f * layer);
        pillow = te_frame_turned(&pillow, 'x', -TE_PI / 2 + te_dice_real(dice, 0.05f, 0.4f) + 0.3f * layer);
        te_pillow_build(scene, dice, &pillow, fminf(half, 0.42f), deep, TE_FINISH_LINEN);
    }
}
