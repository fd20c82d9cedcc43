/* Doors, windows, curtains and blinds. Frames of walls: x along the wall, z into the room, the wall's face at z =
 * 0. */
#include "data/rooms_shell.h"

/* Four boards round an opening. The lowest is left out for doors. */
static void build_frame(te_scene *scene, const te_frame *wall, const te_opening *o, float board, float back,
                        float front, int sides, int material)
{
    te_shell_block(scene, wall, (te_vec){o->left, o->low, back}, (te_vec){o->left + board, o->high, front},
                   material);
    te_shell_block(scene, wall, (te_vec){o->right - board, o->low, back}, (te_vec){o->right, o->high, front},
                   material);
    te_shell_block(scene, wall, (te_vec){o->left + board, o->high - board, back},
                   (te_vec){o->right - board, o->high, front}, material);
    if (sides == 4) {
        te_shell_block(scene, wall, (te_vec){o->left + board, o->low, back},
                       (te_vec){o->right - board, o->low + board, front}, material);
    }
}

/* Raised or sunken panels on a leaf of `width` by `height` whose face is at z = 0. */
static void build_panels(te_scene *scene, te_dice *dice, const te_frame *leaf, float width, float height,
                         int material)
{
    int columns = te_dice_int(dice, 1, 2), rows = te_dice_int(dice, 1, 4);
    float gap = te_dice_real(dice, 0.08f, 0.13f), depth = te_dice_real(dice, 0.004f, 0.012f);
    float breadth = (width - gap) / (float)columns - gap, tallness = (height - gap) / (float)rows - gap;
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            float x = gap + (float)column * (breadth + gap), y = gap + (float)row * (tallness + gap);
            te_shell_block(scene, leaf, (te_vec){x, y, 0}, (te_vec){x + breadth, y + tallness, depth}, material);
            te_shell_block(scene, leaf, (te_vec){x + 0.03f, y + 0.03f, 0},
                           (te_vec){x + breadth - 0.03f, y + tallness - 0.03f, depth + 0.006f}, material);
        }
    }
}

static void build_handle(te_scene *scene, te_dice *dice, const te_frame *leaf, float x, float inward)
{
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    const float y = 1.03f;
    if (te_dice_chance(dice, 0.3f)) {
        te_scene_capsule(scene, leaf, (te_vec){x, y, 0}, (te_vec){x, y, 0.05f}, 0.01f, metal);
        te_scene_ellipsoid(scene, leaf, (te_vec){x, y, 0.06f}, (te_vec){0.028f, 0.028f, 0.022f}, metal);
        return;
    }
    te_shell_block(scene, leaf, (te_vec){x - 0.02f, y - 0.09f, 0}, (te_vec){x + 0.02f, y + 0.07f, 0.006f}, metal);
    te_scene_capsule(scene, leaf, (te_vec){x, y, 0}, (te_vec){x, y, 0.05f}, 0.008f, metal);
    te_scene_capsule(scene, leaf, (te_vec){x, y, 0.05f}, (te_vec){x + inward * 0.11f, y, 0.05f}, 0.009f, metal);
}

/* One leaf, hung at x = 0 of `hinge` and reaching to x = width; its face is at z = 0. */
static void build_leaf(te_scene *scene, te_dice *dice, const te_frame *hinge, float width, float height, int paint)
{
    te_shell_block(scene, hinge, (te_vec){0, 0.008f, -0.04f}, (te_vec){width, height, 0}, paint);
    float kind = te_dice_real(dice, 0, 1);
    if (kind < 0.5f) {
        build_panels(scene, dice, hinge, width, height, paint);
    } else if (kind < 0.65f) { /* a light in the upper half */
        te_material glass = {.texture = TE_TEXTURE_OUTDOOR, .a = {0.6f, 0.65f, 0.7f}, .b = {0.8f, 0.8f, 0.8f},
                             .c = {0.5f, 0.55f, 0.5f}, .amount = 1, .gloss = 0.8f, .mirror = 0.04f};
        glass.seed = te_dice_word(dice);
        te_shell_block(scene, hinge, (te_vec){0.14f, 1.1f, 0}, (te_vec){width - 0.14f, height - 0.15f, 0.004f},
                       te_scene_material(scene, glass));
    }
}

void te_door_build(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *o)
{
    int trim = te_finish_make(scene, dice, TE_FINISH_TRIM);
    int paint = te_finish_make(scene, dice, te_dice_chance(dice, 0.6f) ? TE_FINISH_TRIM : TE_FINISH_FURNITURE);
    te_scene_begin(scene, TE_ROOMS_DOOR);
    te_opening surround = *o;
    float board = te_dice_real(dice, 0.05f, 0.09f);
    surround.left -= board;
    surround.right += board;
    surround.high += board;
    build_frame(scene, wall, &surround, board, 0, 0.018f, 3, trim);
    if (o->kind == TE_OPENING_DOORWAY) {
        return;
    }
    int leaves = o->right - o->left > 1.2f ? 2 : 1;
    float width = (o->right - o->left) / (float)leaves;
    int ajar = te_dice_chance(dice, 0.2f), mirrored = te_dice_chance(dice, 0.5f);
    for (int i = 0; i < leaves; i++) {
        /* Inwards the leaf would stand in the way; ajar doors open away from the room. */
        float angle = ajar ? te_dice_real(dice, 0.1f, 1.4f) : 0;
        int right = leaves == 2 ? i : mirrored;
        te_frame hinge = te_frame_moved(wall, right ? o->right : o->left, 0, -0.05f);
        if (right) { /* hung on the right: the leaf reaches to the left, so its origin goes to the other end */
            hinge = te_frame_turned(&hinge, 'y', -angle);
            hinge = te_frame_moved(&hinge, -width, 0, 0);
        } else {
            hinge = te_frame_turned(&hinge, 'y', angle);
        }
        build_leaf(scene, dice, &hinge, width, o->high, paint);
        build_handle(scene, dice, &hinge, right ? 0.07f : width - 0.07f, right ? 1.0f : -1.0f);
    }
}

static int make_view(te_scene *scene, te_dice *dice)
{
    te_material m = {.texture = TE_TEXTURE_OUTDOOR, .amount = scene->day ? 1 : 0, .pane = 1, .mirror = 0.04f};
    float hue = te_dice_real(dice, 0.55f, 0.62f), depth = te_dice_real(dice, 0.02f, 0.6f);
    m.seed = te_dice_word(dice);
    if (scene->day) {
        m.a = te_texture_hsv(hue, depth, te_dice_real(dice, 0.8f, 1));
        m.b = te_texture_hsv(te_dice_real(dice, 0.08f, 0.6f), 0.1f, 1);
        m.glow = te_dice_scale(dice, 1.2f, 5);
        m.ratio = te_dice_real(dice, 0, 1);
        hue = te_dice_real(dice, 0.2f, 0.36f);
        m.c = te_texture_hsv(hue, te_dice_real(dice, 0.3f, 0.7f), te_clamp(0.6f - 0.2f * depth, 0, 1));
    } else {
        m.a = (te_vec){0.002f, 0.003f, 0.008f};
        m.b = (te_vec){0.01f, 0.01f, 0.02f};
        m.c = (te_vec){0.003f, 0.005f, 0.002f};
        m.glow = 1;
        m.mirror = 0.12f;
    }
    return te_scene_material(scene, m);
}

static void build_bars(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *o, float z, int trim)
{
    float width = o->right - o->left, height = o->high - o->low, half = te_dice_real(dice, 0.012f, 0.035f);
    int columns = te_dice_int(dice, 1, 1 + (int)(width / 0.45f));
    int rows = te_dice_chance(dice, 0.5f) ? 1 : te_dice_int(dice, 1, 4);
    for (int i = 1; i < columns; i++) {
        float x = o->left + width * (float)i / (float)columns;
        te_shell_block(scene, wall, (te_vec){x - half, o->low, z}, (te_vec){x + half, o->high, z + 0.035f}, trim);
    }
    for (int i = 1; i < rows; i++) {
        float y = o->low + height * (float)i / (float)rows;
        te_shell_block(scene, wall, (te_vec){o->left, y - half, z}, (te_vec){o->right, y + half, z + 0.03f}, trim);
    }
}

/* Folds: upright cylinders side by side, from x = left to right, some nearer than others. */
static void build_folds(te_scene *scene, te_dice *dice, const te_frame *wall, float left, float right, float low,
                        float high, int cloth)
{
    float radius = te_dice_real(dice, 0.028f, 0.05f), z = 0.09f;
    int folds = (int)((right - left) / (1.5f * radius)) + 1;
    for (int i = 0; i < folds; i++) {
        float x = left + (right - left) * ((float)i + 0.5f) / (float)folds;
        float depth = z + radius * (i % 2 ? 0.35f : -0.35f) + te_dice_real(dice, -0.008f, 0.008f);
        float spread = radius * te_dice_real(dice, 0.9f, 1.2f);
        te_scene_frustum(scene, wall, (te_vec){x, low, depth}, (te_vec){x, high, depth}, spread, radius, cloth);
    }
}

static void build_curtains(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *o)
{
    int cloth = te_finish_make(scene, dice, TE_FINISH_CURTAIN), metal = te_finish_make(scene, dice, TE_FINISH_LEGS);
    float width = o->right - o->left;
    float top = fminf(o->high + te_dice_real(dice, 0.03f, 0.15f), scene->height - 0.06f);
    float low = te_dice_chance(dice, 0.6f) || o->low < 0.3f ? 0.02f : o->low - 0.12f;
    float closed = te_dice_chance(dice, 0.15f) ? 0.5f : te_dice_real(dice, 0.08f, 0.3f);
    te_scene_begin(scene, TE_ROOMS_CURTAIN);
    te_scene_capsule(scene, wall, (te_vec){o->left - 0.15f, top, 0.09f}, (te_vec){o->right + 0.15f, top, 0.09f},
                     0.012f, metal);
    for (int side = 0; side < 2; side++) {
        te_shell_block(scene, wall, (te_vec){(side ? o->right + 0.1f : o->left - 0.12f), top - 0.01f, 0},
                       (te_vec){(side ? o->right + 0.12f : o->left - 0.1f), top + 0.01f, 0.09f}, metal);
    }
    te_scene_begin(scene, TE_ROOMS_CURTAIN);
    build_folds(scene, dice, wall, o->left - 0.12f, o->left + closed * width, low, top, cloth);
    te_scene_begin(scene, TE_ROOMS_CURTAIN);
    build_folds(scene, dice, wall, o->right - closed * width, o->right + 0.12f, low, top, cloth);
}

/* A roller blind or slats, let down some way. */
static void build_blind(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *o)
{
    int cloth = te_finish_make(scene, dice, te_dice_chance(dice, 0.5f) ? TE_FINISH_CURTAIN : TE_FINISH_PLASTIC);
    float low = o->high - (o->high - o->low) * te_dice_real(dice, 0.15f, 0.95f);
    te_scene_begin(scene, TE_ROOMS_CURTAIN);
    te_shell_block(scene, wall, (te_vec){o->left + 0.01f, o->high - 0.05f, -0.06f},
                   (te_vec){o->right - 0.01f, o->high, -0.01f}, cloth);
    if (te_dice_chance(dice, 0.5f)) {
        te_shell_block(scene, wall, (te_vec){o->left + 0.03f, low, -0.037f},
                       (te_vec){o->right - 0.03f, o->high, -0.033f}, cloth);
        return;
    }
    float pitch = te_dice_real(dice, 0.025f, 0.05f), tilt = te_dice_real(dice, 0.1f, 1.2f);
    for (float y = o->high - 0.06f; y > low; y -= pitch) {
        te_frame slat = te_frame_moved(wall, (o->left + o->right) / 2, y, -0.035f);
        slat = te_frame_turned(&slat, 'x', tilt);
        te_scene_box(scene, &slat, (te_vec){0, 0, 0},
                     (te_vec){(o->right - o->left) / 2 - 0.02f, 0.0012f, pitch * 0.5f}, cloth);
    }
}

void te_window_build(te_scene *scene, te_dice *dice, const te_frame *wall, const te_opening *o)
{
    int trim = te_finish_make(scene, dice, TE_FINISH_TRIM), view = make_view(scene, dice);
    float depth = te_dice_real(dice, 0.06f, 0.18f), board = te_dice_real(dice, 0.035f, 0.07f);
    te_scene_begin(scene, TE_ROOMS_WINDOW);
    te_shell_block(scene, wall, (te_vec){o->left, o->low, -depth - 0.012f}, (te_vec){o->right, o->high, -depth},
                   view);
    build_frame(scene, wall, o, board, -depth, -depth + 0.05f, 4, trim);
    build_bars(scene, dice, wall, o, -depth, trim);
    if (o->low > 0.3f && te_dice_chance(dice, 0.7f)) {
        te_shell_block(scene, wall, (te_vec){o->left - 0.04f, o->low - 0.025f, -depth},
                       (te_vec){o->right + 0.04f, o->low + 0.008f, 0.05f}, trim);
    }
    if (te_dice_chance(dice, 0.3f)) { /* boards round the recess */
        te_opening surround = *o;
        surround.left -= 0.07f;
        surround.right += 0.07f;
        surround.high += 0.07f;
        build_frame(scene, wall, &surround, 0.07f, 0, 0.016f, 3, trim);
    }
    if (scene->panes_count < TE_SCENE_PANES) {
        te_light *pane = &scene->panes[scene->panes_count++];
        *pane = (te_light){
            .kind = TE_LIGHT_PANEL, .half_x = (o->right - o->left) / 2, .half_y = (o->high - o->low) / 2};
        pane->frame = te_frame_moved(wall, (o->left + o->right) / 2, (o->low + o->high) / 2, -depth + 0.06f);
    }
    float hangings = te_dice_real(dice, 0, 1);
    if (hangings < 0.45f) {
        build_curtains(scene, dice, wall, o);
    } else if (hangings < 0.62f) {
        build_blind(scene, dice, wall, o);
    }
}
