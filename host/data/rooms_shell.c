#include "data/rooms_shell.h"

enum { FLOOR_AND_BEYOND = 12 }; /* metres by which floor and ceiling run on behind the walls */

static const float thickness = 0.25f; /* of walls */

void te_shell_block(te_scene *scene, const te_frame *frame, te_vec low, te_vec high, int material)
{
    te_vec half = te_vec_scale(te_vec_sub(high, low), 0.5f);
    if (half.x > 1e-4f && half.y > 1e-4f && half.z > 1e-4f) {
        te_scene_box(scene, frame, te_vec_add(low, half), half, material);
    }
}

static int openings_overlap(const te_layout *layout, const te_opening *o, float gap)
{
    for (int i = 0; i < layout->openings_count; i++) {
        const te_opening *other = &layout->openings[i];
        if (other->wall == o->wall && other->left < o->right + gap && o->left < other->right + gap) {
            return 1;
        }
    }
    return 0;
}

/* Adds an opening of this width somewhere on the wall if there is space. */
static int add_opening(te_layout *layout, te_dice *dice, te_opening opening, float width, float gap)
{
    float length;
    te_layout_wall(layout, opening.wall, &length);
    for (int attempt = 0; attempt < 8; attempt++) {
        float share = te_dice_real(dice, 0, 1);
        if (te_dice_chance(dice, 0.3f)) {
            share = 0.5f;
        }
        opening.left = 0.25f + share * (length - width - 0.5f);
        opening.right = opening.left + width;
        if (width < length - 0.5f && layout->openings_count < TE_LAYOUT_OPENINGS
            && !openings_overlap(layout, &opening, gap)) {
            layout->openings[layout->openings_count++] = opening;
            return 1;
        }
    }
    return 0;
}

static void draw_doors(te_layout *layout, te_dice *dice)
{
    float top = fminf(te_dice_real(dice, 1.98f, 2.15f), layout->height - 0.1f);
    static const float chances[] = {0, 6, 3, 1};
    int count = te_dice_pick(dice, chances, 4);
    for (int i = 0; i < count; i++) {
        te_opening door = {.wall = te_dice_int(dice, 0, 3), .high = top};
        door.kind = te_dice_chance(dice, 0.2f) ? TE_OPENING_DOORWAY : TE_OPENING_DOOR;
        float width =
            te_dice_chance(dice, 0.12f) ? te_dice_real(dice, 1.3f, 1.7f) : te_dice_real(dice, 0.75f, 1.0f);
        add_opening(layout, dice, door, width, 0.25f);
    }
}

/* The windows of a wall are alike. */
static void draw_windows(te_layout *layout, te_dice *dice)
{
    float sill = te_dice_real(dice, 0.6f, 1.1f), high = layout->height - te_dice_real(dice, 0.15f, 0.4f);
    if (te_dice_chance(dice, 0.2f)) { /* French windows */
        sill = 0.04f;
        high = fminf(high, 2.4f);
    }
    int first = te_dice_int(dice, 0, 3), walls = te_dice_int(dice, 0, 2);
    if (te_dice_chance(dice, 0.1f)) {
        walls = 3;
    }
    for (int i = 0; i < walls; i++) {
        te_opening window = {.kind = TE_OPENING_WINDOW, .wall = (first + i) % 4, .low = sill};
        window.high = fmaxf(high, sill + 0.6f);
        int count = te_dice_int(dice, 1, 3);
        float width = te_dice_scale(dice, 0.6f, count == 1 ? 3.0f : 1.4f);
        for (int k = 0; k < count; k++) {
            add_opening(layout, dice, window, width, 0.2f);
        }
    }
}

/* Sorts the openings of each wall from left to right. */
static void sort_openings(te_layout *layout)
{
    for (int i = 1; i < layout->openings_count; i++) {
        te_opening moved = layout->openings[i];
        int k = i;
        while (k > 0 && layout->openings[k - 1].left > moved.left) {
            layout->openings[k] = layout->openings[k - 1];
            k--;
        }
        layout->openings[k] = moved;
    }
}

/* Takes the place that a door needs to be walked through, and the wall space of openings. */
static void reserve(te_layout *layout, const te_opening *o)
{
    float length;
    te_frame wall = te_layout_wall(layout, o->wall, &length);
    float depth = o->kind == TE_OPENING_WINDOW ? 0.2f : 0.75f;
    float margin = o->kind == TE_OPENING_WINDOW ? 0.15f : 0.05f;
    te_frame at = te_frame_moved(&wall, (o->left + o->right) / 2, o->low, depth / 2);
    te_spot spot = te_spot_of(&at, (te_vec){o->right - o->left + 2 * margin, o->high - o->low, depth}, 0);
    te_layout_take(layout, &spot);
}

/* A strip along the wall that doors interrupt: skirting board, panelling. */
static void build_strip(te_scene *scene, const te_layout *layout, int wall, float low, float high, float depth,
                        int material)
{
    float length, from = 0;
    te_frame frame = te_layout_wall(layout, wall, &length);
    for (int i = 0; i < layout->openings_count; i++) {
        const te_opening *o = &layout->openings[i];
        if (o->wall == wall && o->low < high && o->high > low) {
            te_shell_block(scene, &frame, (te_vec){from, low, 0}, (te_vec){o->left - 0.07f, high, depth}, material);
            from = o->right + 0.07f;
        }
    }
    te_shell_block(scene, &frame, (te_vec){from, low, 0}, (te_vec){length, high, depth}, material);
}

static void build_wall(te_scene *scene, const te_layout *layout, int wall, int material)
{
    float length, from = -thickness, top = layout->height + 0.1f;
    te_frame frame = te_layout_wall(layout, wall, &length);
    for (int i = 0; i < layout->openings_count; i++) {
        const te_opening *o = &layout->openings[i];
        if (o->wall == wall) {
            te_shell_block(scene, &frame, (te_vec){from, -0.1f, -thickness}, (te_vec){o->left, top, 0}, material);
            if (o->low > 0.01f) {
                te_shell_block(scene, &frame, (te_vec){o->left, -0.1f, -thickness}, (te_vec){o->right, o->low, 0},
                               material);
            }
            te_shell_block(scene, &frame, (te_vec){o->left, o->high, -thickness}, (te_vec){o->right, top, 0},
                           material);
            from = o->right;
        }
    }
    te_shell_block(scene, &frame, (te_vec){from, -0.1f, -thickness}, (te_vec){length + thickness, top, 0},
                   material);
}

static void build_walls(te_scene *scene, te_layout *layout, te_dice *dice)
{
    int paint = te_finish_make(scene, dice, TE_FINISH_WALL), accent = paint;
    int trim = te_finish_make(scene, dice, TE_FINISH_TRIM);
    int odd = te_dice_int(dice, 0, 3), panelled = te_dice_chance(dice, 0.12f), crown = te_dice_chance(dice, 0.25f);
    if (te_dice_chance(dice, 0.35f)) {
        accent = te_finish_make(scene, dice, TE_FINISH_WALL);
    }
    int lower = te_dice_chance(dice, 0.5f) ? trim : te_finish_make(scene, dice, TE_FINISH_WALL);
    scene->paint = paint;
    float skirting = te_dice_chance(dice, 0.85f) ? te_dice_real(dice, 0.05f, 0.16f) : 0;
    float dado = te_dice_real(dice, 0.8f, 1.2f);
    for (int wall = 0; wall < TE_LAYOUT_WALLS; wall++) {
        te_scene_begin(scene, TE_ROOMS_WALL);
        build_wall(scene, layout, wall, wall == odd ? accent : paint);
        if (panelled) {
            build_strip(scene, layout, wall, 0, dado, 0.008f, lower);
            build_strip(scene, layout, wall, dado, dado + 0.05f, 0.02f, trim);
        }
        if (skirting > 0) {
            build_strip(scene, layout, wall, 0, skirting, 0.014f, trim);
        }
        if (crown) {
            build_strip(scene, layout, wall, layout->height - 0.08f, layout->height, 0.05f, trim);
        }
    }
}

static void build_floor_and_ceiling(te_scene *scene, const te_layout *layout, te_dice *dice)
{
    const te_frame world = te_frame_upright((te_vec){0, 0, 0}, 0);
    const float beyond = FLOOR_AND_BEYOND, w = layout->width, d = layout->depth, h = layout->height;
    te_scene_begin(scene, TE_ROOMS_FLOOR);
    te_shell_block(scene, &world, (te_vec){-beyond, -0.3f, -beyond}, (te_vec){w + beyond, 0, d + beyond},
                   te_finish_make(scene, dice, TE_FINISH_FLOOR));
    te_scene_begin(scene, TE_ROOMS_CEILING);
    int finish = te_finish_make(scene, dice, TE_FINISH_CEILING);
    te_shell_block(scene, &world, (te_vec){-beyond, h, -beyond}, (te_vec){w + beyond, h + 0.3f, d + beyond},
                   finish);
    if (te_dice_chance(dice, 0.08f)) {
        int wood = te_finish_make(scene, dice, TE_FINISH_WOOD), count = te_dice_int(dice, 2, 5);
        float size = te_dice_real(dice, 0.05f, 0.09f);
        for (int i = 0; i < count; i++) {
            float z = d * (0.5f + (float)i) / (float)count;
            te_shell_block(scene, &world, (te_vec){0, h - 2.4f * size, z - size}, (te_vec){w, h, z + size}, wood);
        }
    }
}

/* Behind the walls of the room: what is seen through a doorway, and an outer wall that closes every view. */
static void build_beyond(te_scene *scene, const te_layout *layout, te_dice *dice)
{
    const te_frame world = te_frame_upright((te_vec){0, 0, 0}, 0);
    const float far = FLOOR_AND_BEYOND - 1, w = layout->width, d = layout->depth, h = layout->height;
    int paint = te_finish_make(scene, dice, TE_FINISH_WALL);
    for (int side = 0; side < 2; side++) {
        float x = side ? w + far : -far, z = side ? d + far : -far;
        te_scene_begin(scene, TE_ROOMS_WALL);
        te_shell_block(scene, &world, (te_vec){x - 0.5f, -0.1f, -far}, (te_vec){x + 0.5f, h + 0.1f, d + far},
                       paint);
        te_scene_begin(scene, TE_ROOMS_WALL);
        te_shell_block(scene, &world, (te_vec){-far, -0.1f, z - 0.5f}, (te_vec){w + far, h + 0.1f, z + 0.5f},
                       paint);
    }
    for (int i = 0; i < layout->openings_count; i++) {
        const te_opening *o = &layout->openings[i];
        if (o->kind == TE_OPENING_WINDOW) {
            continue;
        }
        float length, back = -thickness - te_dice_real(dice, 1.0f, 2.5f);
        float left = o->left - te_dice_real(dice, 0.1f, 1.5f);
        float right = o->right + te_dice_real(dice, 0.1f, 1.5f), top = h + 0.1f;
        te_frame wall = te_layout_wall(layout, o->wall, &length);
        te_scene_begin(scene, TE_ROOMS_WALL);
        te_shell_block(scene, &wall, (te_vec){left, -0.1f, back - 0.1f}, (te_vec){right, top, back}, paint);
        te_scene_begin(scene, TE_ROOMS_WALL);
        te_shell_block(scene, &wall, (te_vec){left - 0.1f, -0.1f, back}, (te_vec){left, top, -thickness}, paint);
        te_scene_begin(scene, TE_ROOMS_WALL);
        te_shell_block(scene, &wall, (te_vec){right, -0.1f, back}, (te_vec){right + 0.1f, top, -thickness}, paint);
    }
}

/* A chimney breast, a duct, a pillar: a part of a wall that stands out. */
static void build_projection(te_scene *scene, te_layout *layout, te_dice *dice)
{
    float length, width = te_dice_real(dice, 0.3f, 1.4f), depth = te_dice_real(dice, 0.12f, 0.5f);
    te_frame wall = te_layout_wall(layout, te_dice_int(dice, 0, 3), &length);
    float at = te_dice_chance(dice, 0.5f) ? width / 2 : te_dice_real(dice, width / 2, length - width / 2);
    te_frame frame = te_frame_moved(&wall, at, 0, depth / 2);
    te_spot spot = te_spot_of(&frame, (te_vec){width, layout->height, depth}, 0);
    if (te_layout_fits(layout, &spot)) {
        te_layout_take(layout, &spot);
        te_scene_begin(scene, TE_ROOMS_WALL);
        int paint = te_dice_chance(dice, 0.4f) ? te_finish_make(scene, dice, TE_FINISH_WALL) : scene->paint;
        te_shell_block(scene, &frame, (te_vec){-width / 2, -0.1f, -depth / 2},
                       (te_vec){width / 2, layout->height + 0.1f, depth / 2}, paint);
    }
}

void te_shell_build(te_scene *scene, te_layout *layout, te_dice *dice)
{
    *layout = (te_layout){.width = te_dice_scale(dice, 2.7f, 7.5f)};
    layout->depth = te_dice_scale(dice, 2.7f, 7.5f);
    layout->height = te_dice_real(dice, 2.3f, 3.0f);
    scene->width = layout->width;
    scene->depth = layout->depth;
    scene->height = layout->height;
    scene->day = te_dice_chance(dice, 0.75f);
    draw_doors(layout, dice);
    draw_windows(layout, dice);
    sort_openings(layout);
    build_floor_and_ceiling(scene, layout, dice);
    build_walls(scene, layout, dice);
    build_beyond(scene, layout, dice);
    for (int i = 0; i < layout->openings_count; i++) {
        const te_opening *o = &layout->openings[i];
        float length;
        te_frame wall = te_layout_wall(layout, o->wall, &length);
        reserve(layout, o);
        if (o->kind == TE_OPENING_WINDOW) {
            te_window_build(scene, dice, &wall, o);
        } else {
            te_door_build(scene, dice, &wall, o);
        }
    }
    if (te_dice_chance(dice, 0.3f)) {
        build_projection(scene, layout, dice);
    }
}
