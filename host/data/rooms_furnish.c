/* Rooms by purpose: groups of furniture that belong together, then single pieces. */
#include "data/rooms_furnish.h"

#include <stddef.h>

static void lay_rug(te_furnisher *f, const te_frame *at, float x, float z)
{
    te_vec size = {x, 0.02f, z};
    te_frame frame = te_frame_turned(at, 'y', te_dice_real(f->dice, -0.05f, 0.05f));
    te_spot spot = te_spot_of(&frame, size, 0);
    te_layout bare = {.width = f->layout->width, .depth = f->layout->depth, .height = 3};
    for (int attempt = 0; attempt < 5 && !te_layout_fits(&bare, &spot); attempt++) { /* rugs lie under furniture */
        size.x *= 0.85f;
        size.z *= 0.85f;
        spot = te_spot_of(&frame, size, 0);
    }
    if (te_layout_fits(&bare, &spot)) {
        te_rug_build(f->scene, f->dice, &frame, size);
    }
}

static void put_television(te_furnisher *f, const te_frame *stand, te_vec size)
{
    te_dice *dice = f->dice;
    float x = fminf(te_dice_real(dice, 0.6f, 1.5f), size.x * 1.1f), top = size.y + 0.005f;
    te_vec screen = {x, x * 0.5625f + 0.08f, 0.24f};
    float aside = te_dice_real(dice, -0.1f, 0.1f) * size.x;
    te_frame at = te_frame_moved(stand, aside, top, te_dice_real(dice, -0.04f, 0.04f));
    te_spot spot = te_spot_of(&at, screen, 0);
    if (te_layout_fits(f->layout, &spot)) {
        te_layout_take(f->layout, &spot);
        te_television_build(f->scene, dice, &at, screen);
        f->scene->tops_count--; /* the stand is taken */
    }
}

static void place_sofa_group(te_furnisher *f)
{
    te_dice *dice = f->dice;
    te_frame sofa;
    te_vec size;
    if (!(te_dice_chance(dice, 0.75f) ? te_item_place_at_wall(f, TE_ITEM_SOFA, &sofa, &size)
                                      : te_item_place_free(f, TE_ITEM_SOFA, 1, &sofa, &size))) {
        return;
    }
    float gap = te_dice_real(dice, 0.25f, 0.5f);
    te_vec table = te_item_size(dice, TE_ITEM_LOW_TABLE);
    te_frame front = te_frame_moved(&sofa, te_dice_real(dice, -0.2f, 0.2f), 0, size.z / 2 + gap + table.z / 2);
    if (te_dice_chance(dice, 0.6f)) {
        float x = size.x * te_dice_real(dice, 0.8f, 1.3f);
        lay_rug(f, &front, x, te_dice_real(dice, 1.2f, 2.2f));
    }
    if (te_dice_chance(dice, 0.8f)) {
        te_item_place(f, TE_ITEM_LOW_TABLE, &front, table);
    }
    for (int side = -1; side <= 1; side += 2) {
        if (te_dice_chance(dice, 0.35f)) {
            te_vec chair = te_item_size(dice, TE_ITEM_ARMCHAIR);
            te_frame at = te_frame_moved(&front, (float)side * (table.x / 2 + 0.35f + chair.x / 2), 0,
                                         te_dice_real(dice, -0.2f, 0.5f));
            at = te_frame_turned(&at, 'y', -(float)side * te_dice_real(dice, 1.2f, 2.2f));
            te_item_place(f, TE_ITEM_ARMCHAIR, &at, chair);
        }
        if (te_dice_chance(dice, 0.4f)) {
            te_item item = te_dice_chance(dice, 0.5f)   ? TE_ITEM_SIDE_TABLE
                           : te_dice_chance(dice, 0.5f) ? TE_ITEM_FLOOR_LAMP
                                                        : TE_ITEM_PLANT;
            te_vec extent = te_item_size(dice, item);
            te_frame at = te_frame_moved(&sofa, (float)side * (size.x / 2 + 0.06f + extent.x / 2), 0,
                                         -size.z / 2 + extent.z / 2 + 0.02f);
            te_item_place(f, item, &at, extent);
        }
    }
}

static void place_television_group(te_furnisher *f)
{
    te_frame at;
    te_vec size;
    if (te_dice_chance(f->dice, 0.3f)) {
        te_item_place_at_wall(f, TE_ITEM_TELEVISION, NULL, NULL);
    } else if (te_item_place_at_wall(f, TE_ITEM_STAND, &at, &size)) {
        put_television(f, &at, size);
    }
}

/* A chair, whose seat may go under a table. */
static int place_chair(te_furnisher *f, te_item item, const te_frame *at, te_vec size)
{
    const float seat = 0.5f, thick = 0.12f;
    te_frame rear = te_frame_moved(at, 0, seat, -size.z / 2 + thick / 2);
    te_spot below = te_spot_of(at, (te_vec){size.x, seat, size.z}, 0);
    te_spot back = te_spot_of(&rear, (te_vec){size.x, fmaxf(size.y - seat, 0.1f), thick}, 0);
    below.low += 0.02f;
    if (!te_layout_fits(f->layout, &below) || !te_layout_fits(f->layout, &back)) {
        return 0;
    }
    te_layout_take(f->layout, &below);
    te_layout_take(f->layout, &back);
    te_item_build(f, item, at, size);
    return 1;
}

/* Chairs at the sides of a table, facing it, pushed in more or less, some pulled out. */
static void place_chairs(te_furnisher *f, te_item item, const te_frame *table, te_vec size)
{
    te_dice *dice = f->dice;
    const te_dice set = te_dice_branch(dice);
    float present = te_dice_real(dice, 0.5f, 1);
    te_vec chair = te_item_size(dice, item);
    for (int side = 0; side < 4; side++) {
        float along = side % 2 ? size.z : size.x, across = side % 2 ? size.x : size.z;
        int count = (int)fmaxf(1, (along - 0.1f) / 0.62f);
        te_frame facing = te_frame_turned(table, 'y', 0.5f * TE_PI * (float)side);
        for (int i = 0; i < count; i++) {
            int out = te_dice_chance(dice, 0.3f);
            float pulled = out ? te_dice_real(dice, 0.1f, 0.4f) : te_dice_real(dice, -0.2f, 0.05f);
            float x = along * (((float)i + 0.5f) / (float)count - 0.5f);
            te_frame at = te_frame_moved(&facing, x, 0, across / 2 + chair.z / 2 + pulled);
            at = te_frame_turned(&at, 'y', TE_PI + te_dice_real(dice, -0.2f, 0.2f) * (out ? 2.0f : 0.4f));
            if (te_dice_chance(dice, present)) {
                te_dice same = set;
                te_furnisher alike = {f->scene, f->layout, &same};
                place_chair(&alike, item, &at, chair);
            }
        }
    }
}

static void place_dining_group(te_furnisher *f)
{
    te_dice *dice = f->dice;
    te_frame at;
    te_vec size;
    te_item item = te_dice_chance(dice, 0.7f) ? TE_ITEM_TABLE : TE_ITEM_ROUND_TABLE;
    if (!te_item_place_free(f, item, 1, &at, &size)) {
        return;
    }
    if (te_dice_chance(dice, 0.3f)) {
        lay_rug(f, &at, size.x + 1.2f, size.z + 1.2f);
    }
    place_chairs(f, te_dice_chance(dice, 0.9f) ? TE_ITEM_CHAIR : TE_ITEM_STOOL, &at, size);
    if (te_dice_chance(dice, 0.5f)) {
        te_frame ceiling = at;
        ceiling.origin.y = f->layout->height;
        te_lamp_build_ceiling(f->scene, dice, &ceiling);
    }
}

/* A screen at the back of the desk; small things go to its sides. */
static void put_monitor(te_furnisher *f, const te_frame *desk, te_vec size)
{
    te_dice *dice = f->dice;
    float width = te_dice_real(dice, 0.42f, 0.66f);
    te_frame at = te_frame_moved(desk, te_dice_real(dice, -0.1f, 0.1f), size.y, -size.z / 2 + 0.16f);
    at = te_frame_turned(&at, 'y', te_dice_real(dice, -0.25f, 0.25f));
    te_television_build(f->scene, dice, &at, (te_vec){width, width * 0.6f + 0.1f, 0.2f});
    te_scene_begin(f->scene, TE_ROOMS_OBJECT); /* keyboard */
    int dark = te_finish_make(f->scene, dice, te_dice_chance(dice, 0.6f) ? TE_FINISH_DARK : TE_FINISH_PLASTIC);
    float aside = te_dice_real(dice, -0.05f, 0.05f), edge = te_dice_real(dice, 0.12f, 0.2f);
    te_frame keys = te_frame_moved(desk, aside, size.y, size.z / 2 - edge);
    te_scene_box(f->scene, &keys, (te_vec){0, 0.01f, 0}, (te_vec){0.21f, 0.01f, 0.065f}, dark);
    te_scene_ellipsoid(f->scene, &keys, (te_vec){0.28f, 0.015f, 0.01f}, (te_vec){0.03f, 0.018f, 0.05f}, dark);
    f->scene->tops_count--;
    float side = (size.x - width - 0.2f) / 4;
    if (side > 0.06f) {
        te_scene_add_top(f->scene, desk, (te_vec){size.x / 2 - side - 0.02f, size.y, 0}, side, size.z / 2 - 0.05f,
                         0.6f, TE_TOP_SMALL);
        te_scene_add_top(f->scene, desk, (te_vec){-size.x / 2 + side + 0.02f, size.y, 0}, side, size.z / 2 - 0.05f,
                         0.6f, TE_TOP_SMALL);
    }
}

static void place_desk_group(te_furnisher *f)
{
    te_dice *dice = f->dice;
    te_frame at;
    te_vec size;
    if (!te_item_place_at_wall(f, TE_ITEM_DESK, &at, &size)) {
        return;
    }
    if (te_dice_chance(dice, 0.7f)) {
        put_monitor(f, &at, size);
    }
    te_item item = te_dice_chance(dice, 0.6f) ? TE_ITEM_OFFICE_CHAIR : TE_ITEM_CHAIR;
    te_vec chair = te_item_size(dice, item);
    float aside = te_dice_real(dice, -0.1f, 0.1f), pulled = te_dice_real(dice, -0.15f, 0.35f);
    te_frame seat = te_frame_moved(&at, aside, 0, size.z / 2 + chair.z / 2 + pulled);
    seat = te_frame_turned(&seat, 'y', TE_PI + te_dice_real(dice, -0.5f, 0.5f));
    place_chair(f, item, &seat, chair);
}

static void place_bed_group(te_furnisher *f)
{
    te_dice *dice = f->dice;
    te_frame bed;
    te_vec size;
    if (!te_item_place_at_wall(f, TE_ITEM_BED, &bed, &size)) {
        return;
    }
    te_item item = te_dice_chance(dice, 0.7f) ? TE_ITEM_NIGHTSTAND : TE_ITEM_SIDE_TABLE;
    te_vec table = te_item_size(dice, item);
    const te_dice set = te_dice_branch(dice);
    for (int side = -1; side <= 1; side += 2) {
        te_frame at = te_frame_moved(&bed, (float)side * (size.x / 2 + 0.1f + table.x / 2), 0,
                                     -size.z / 2 + table.z / 2 + 0.02f);
        te_dice same = set;
        te_furnisher alike = {f->scene, f->layout, &same};
        if (te_dice_chance(dice, 0.75f)) {
            te_item_place(&alike, item, &at, table);
        }
    }
    if (te_dice_chance(dice, 0.5f)) {
        float aside = te_dice_real(dice, -0.3f, 0.3f);
        te_frame foot = te_frame_moved(&bed, aside, 0, size.z * te_dice_real(dice, 0.2f, 0.6f));
        float x = size.x + te_dice_real(dice, 0.4f, 1.2f);
        lay_rug(f, &foot, x, te_dice_real(dice, 1.2f, 2));
    }
    if (te_dice_chance(dice, 0.2f)) { /* a chest or bench at the foot */
        te_vec extent = te_item_size(dice, TE_ITEM_BOX);
        te_frame at = te_frame_moved(&bed, 0, 0, size.z / 2 + 0.1f + extent.z / 2);
        te_item_place(f, TE_ITEM_BOX, &at, extent);
    }
}

static void place_kitchen_group(te_furnisher *f)
{
    te_dice *dice = f->dice;
    int rows = te_dice_int(dice, 1, 2);
    for (int i = 0; i < rows; i++) {
        te_frame at;
        te_vec size;
        if (!te_item_place_at_wall(f, TE_ITEM_KITCHEN, &at, &size) || te_dice_chance(dice, 0.3f)) {
            continue;
        }
        te_vec upper = te_item_size(dice, TE_ITEM_CUPBOARD);
        upper.x = fminf(upper.x, size.x);
        te_frame above = te_frame_moved(&at, (size.x - upper.x) / 2 * te_dice_sign(dice), 1.42f,
                                        -size.z / 2 + upper.z / 2 - 0.014f);
        if (1.42f + upper.y < f->layout->height) {
            te_item_place(f, TE_ITEM_CUPBOARD, &above, upper);
        }
    }
}

typedef void te_group(te_furnisher *f);

enum { GROUPS = 3, SINGLES = 10 };

/* Rooms by purpose; each single piece is tried with its chance as often as `times` says. */
static const struct {
    float weight;
    struct {
        te_group *place;
        float chance;
    } groups[GROUPS];
    struct {
        te_item item;
        float chance;
        int times;
    } singles[SINGLES];
} recipes[] = {
    {5,
     {{place_sofa_group, 1}, {place_television_group, 0.75f}, {place_dining_group, 0.25f}},
     {{TE_ITEM_SHELF, 0.6f, 2},
      {TE_ITEM_SIDEBOARD, 0.5f, 1},
      {TE_ITEM_FLOOR_LAMP, 0.5f, 1},
      {TE_ITEM_PLANT, 0.5f, 2},
      {TE_ITEM_ARMCHAIR, 0.4f, 1},
      {TE_ITEM_WALL_SHELF, 0.3f, 1},
      {TE_ITEM_BOX, 0.2f, 1},
      {TE_ITEM_SOFA, 0.2f, 1}}},
    {5,
     {{place_bed_group, 1}, {place_desk_group, 0.35f}, {place_television_group, 0.2f}},
     {{TE_ITEM_WARDROBE, 0.6f, 1},
      {TE_ITEM_DRESSER, 0.5f, 1},
      {TE_ITEM_SHELF, 0.35f, 1},
      {TE_ITEM_CHAIR, 0.35f, 1},
      {TE_ITEM_PLANT, 0.3f, 1},
      {TE_ITEM_WALL_SHELF, 0.3f, 1},
      {TE_ITEM_ARMCHAIR, 0.2f, 1},
      {TE_ITEM_BOX, 0.25f, 2},
      {TE_ITEM_FLOOR_LAMP, 0.2f, 1},
      {TE_ITEM_BED, 0.12f, 1}}},
    {3,
     {{place_dining_group, 1}, {place_sofa_group, 0.2f}, {place_television_group, 0.15f}},
     {{TE_ITEM_SIDEBOARD, 0.6f, 1},
      {TE_ITEM_DRESSER, 0.3f, 1},
      {TE_ITEM_PLANT, 0.4f, 2},
      {TE_ITEM_SHELF, 0.35f, 1},
      {TE_ITEM_WALL_SHELF, 0.3f, 1},
      {TE_ITEM_CHAIR, 0.3f, 1},
      {TE_ITEM_FLOOR_LAMP, 0.25f, 1}}},
    {3,
     {{place_kitchen_group, 1}, {place_dining_group, 0.7f}},
     {{TE_ITEM_WARDROBE, 0.4f, 1},
      {TE_ITEM_STOOL, 0.4f, 2},
      {TE_ITEM_WALL_SHELF, 0.4f, 1},
      {TE_ITEM_SIDEBOARD, 0.3f, 1},
      {TE_ITEM_BOX, 0.3f, 2},
      {TE_ITEM_PLANT, 0.25f, 1},
      {TE_ITEM_CUPBOARD, 0.3f, 1}}},
    {3,
     {{place_desk_group, 1}, {place_desk_group, 0.3f}, {place_sofa_group, 0.2f}},
     {{TE_ITEM_SHELF, 0.8f, 2},
      {TE_ITEM_SIDEBOARD, 0.4f, 1},
      {TE_ITEM_BOX, 0.4f, 3},
      {TE_ITEM_PLANT, 0.4f, 1},
      {TE_ITEM_WALL_SHELF, 0.4f, 1},
      {TE_ITEM_CHAIR, 0.4f, 2},
      {TE_ITEM_FLOOR_LAMP, 0.3f, 1},
      {TE_ITEM_DRESSER, 0.3f, 1}}},
    {1.5f,
     {{place_sofa_group, 0.3f}, {place_desk_group, 0.2f}, {place_television_group, 0.2f}}, /* halls, spare rooms */
     {{TE_ITEM_BOX, 0.6f, 5},
      {TE_ITEM_SHELF, 0.5f, 2},
      {TE_ITEM_WARDROBE, 0.5f, 2},
      {TE_ITEM_CHAIR, 0.5f, 3},
      {TE_ITEM_PLANT, 0.4f, 2},
      {TE_ITEM_SIDEBOARD, 0.4f, 1},
      {TE_ITEM_STOOL, 0.4f, 2},
      {TE_ITEM_FLOOR_LAMP, 0.3f, 1},
      {TE_ITEM_TABLE, 0.4f, 1},
      {TE_ITEM_DRESSER, 0.3f, 1}}},
};

/* Where single pieces of a kind usually stand. */
static void place_single(te_furnisher *f, te_item item)
{
    switch (item) {
    case TE_ITEM_PLANT:
    case TE_ITEM_FLOOR_LAMP:
        te_item_place_in_corner(f, item);
        return;
    case TE_ITEM_BOX:
    case TE_ITEM_STOOL:
        te_item_place_free(f, item, 0, NULL, NULL);
        return;
    case TE_ITEM_CHAIR:
    case TE_ITEM_ARMCHAIR:
        if (te_dice_chance(f->dice, 0.6f)) {
            te_item_place_free(f, item, 0, NULL, NULL);
            return;
        }
        break;
    default:
        break;
    }
    te_item_place_at_wall(f, item, NULL, NULL);
}

/* More single pieces, the more the larger the room is. */
static void fill_up(te_furnisher *f)
{
    static const te_item items[] = {
        TE_ITEM_SHELF, TE_ITEM_SHELF,    TE_ITEM_SIDEBOARD,  TE_ITEM_PLANT,      TE_ITEM_PLANT,      TE_ITEM_BOX,
        TE_ITEM_CHAIR, TE_ITEM_ARMCHAIR, TE_ITEM_FLOOR_LAMP, TE_ITEM_WALL_SHELF, TE_ITEM_SIDE_TABLE, TE_ITEM_STOOL,
        TE_ITEM_STAND, TE_ITEM_DRESSER,  TE_ITEM_TELEVISION, TE_ITEM_LOW_TABLE,
    };
    float area = f->layout->width * f->layout->depth;
    int count = (int)(area * te_dice_real(f->dice, 0, 0.3f));
    for (int i = 0; i < count; i++) {
        place_single(f, items[te_dice_int(f->dice, 0, (int)(sizeof items / sizeof *items) - 1)]);
    }
}

void te_furnish(te_furnisher *f)
{
    enum { RECIPES = sizeof recipes / sizeof *recipes };
    float weights[RECIPES];
    for (int i = 0; i < RECIPES; i++) {
        weights[i] = recipes[i].weight;
    }
    int room = te_dice_pick(f->dice, weights, RECIPES);
    for (int i = 0; i < GROUPS; i++) {
        if (recipes[room].groups[i].place && te_dice_chance(f->dice, recipes[room].groups[i].chance)) {
            recipes[room].groups[i].place(f);
        }
    }
    for (int i = 0; i < SINGLES; i++) {
        for (int k = 0; k < recipes[room].singles[i].times; k++) {
            if (te_dice_chance(f->dice, recipes[room].singles[i].chance)) {
                place_single(f, recipes[room].singles[i].item);
            }
        }
    }
    fill_up(f);
    if (te_dice_chance(f->dice, 0.12f)) { /* a rug anywhere */
        te_vec centre = {te_dice_real(f->dice, 0.3f, 0.7f) * f->layout->width, 0, 0};
        centre.z = te_dice_real(f->dice, 0.3f, 0.7f) * f->layout->depth;
        te_frame at = te_frame_upright(centre, te_dice_real(f->dice, 0, 3));
        float x = te_dice_real(f->dice, 0.8f, 2.5f);
        lay_rug(f, &at, x, te_dice_real(f->dice, 0.6f, 1.8f));
    }
}
