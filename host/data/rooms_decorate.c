/* Pictures on the walls, lamps on the ceiling, small things on whatever is level. */
#include "data/rooms_furnish.h"

#include <stddef.h>

/* A picture or several alike in a row or a grid. */
static void hang_pictures(te_furnisher *f)
{
    te_dice *dice = f->dice;
    float length;
    te_frame wall = te_layout_wall(f->layout, te_dice_int(dice, 0, 3), &length);
    int columns = te_dice_chance(dice, 0.55f) ? 1 : te_dice_int(dice, 2, 4);
    int rows = columns > 1 && te_dice_chance(dice, 0.3f) ? 2 : 1;
    te_vec size = te_item_size(dice, TE_ITEM_PICTURE);
    float share = columns == 1 ? 1 : 1.2f / (float)columns, gap = te_dice_real(dice, 0.04f, 0.12f);
    size.x = fmaxf(size.x * share, 0.16f);
    size.y = fmaxf(size.y * share, 0.16f);
    float whole = (float)columns * (size.x + gap), high = (float)rows * (size.y + gap);
    float left = te_dice_real(dice, 0.1f, fmaxf(length - whole, 0.1f));
    float low = te_dice_real(dice, 1.45f, 1.65f) - high / 2;
    if (left + whole > length || low + high > f->layout->height - 0.08f) {
        return;
    }
    const te_dice set = te_dice_branch(dice);
    int mixed = te_dice_chance(dice, 0.4f);
    for (int i = 0; i < columns * rows; i++) {
        te_frame at = te_frame_moved(&wall, left + ((float)(i % columns) + 0.5f) * (size.x + gap),
                                     low + (float)(i / columns) * (size.y + gap), size.z / 2 + 0.001f);
        te_dice same = set;
        te_furnisher alike = {f->scene, f->layout, mixed ? dice : &same};
        te_vec own = size;
        if (mixed) {
            own.x *= te_dice_real(dice, 0.6f, 1);
            own.y *= te_dice_real(dice, 0.6f, 1);
        } else {
            same.next += (uint64_t)i << 16; /* other images */
        }
        te_item_place(&alike, TE_ITEM_PICTURE, &at, own);
    }
}

static void hang_lamps(te_furnisher *f)
{
    te_dice *dice = f->dice;
    int count = te_dice_chance(dice, 0.8f) ? 1 : 0;
    if (f->layout->width > 4 && te_dice_chance(dice, 0.2f)) {
        count++;
    }
    for (int i = 0; i < count; i++) {
        te_vec place = {f->layout->width * (count == 1 ? 0.5f : 0.28f + 0.44f * (float)i), f->layout->height,
                        0.5f * f->layout->depth};
        place.x += te_dice_real(dice, -0.2f, 0.2f);
        place.z += te_dice_real(dice, -0.2f, 0.2f);
        te_frame at = te_frame_upright(place, te_dice_real(dice, 0, 3));
        te_spot spot = te_spot_of(&at, (te_vec){0.5f, 0.6f, 0.5f}, 0);
        spot.low -= 0.75f;
        spot.high -= 0.6f;
        if (te_layout_fits(f->layout, &spot)) {
            te_layout_take(f->layout, &spot);
            te_lamp_build_ceiling(f->scene, dice, &at);
        }
    }
}

typedef enum te_small { LAMP, FLOWERS, PLANT, BOOKS, ROW, BOX, OBJECT, NOTHING, SMALLS } te_small;

/* How often each small thing stands on each kind of top. */
static const float habits[][SMALLS] = {
    /*                lamp  flow. plant books row  box   obj. nothing */
    [TE_TOP_TABLE] =   {0.4f, 1,    0.5f, 1.6f, 0.2f, 0.5f, 6,   4},
    [TE_TOP_CABINET] = {1.6f, 0.8f, 1.2f, 1.2f, 1,    0.8f, 5,   3.5f},
    [TE_TOP_SMALL] =   {3,    0.6f, 0.8f, 1.5f, 0.2f, 0.6f, 2.5f, 2},
};

static void put_small(te_furnisher *f, const te_frame *at, te_small kind, float x, float z, float room)
{
    te_dice *dice = f->dice;
    float height = fminf(room, te_dice_real(dice, 0.2f, 0.6f)), least = fminf(x, z);
    te_vec size = {x, height, z};
    switch (kind) {
    case LAMP:
        if (room > 0.35f && least > 0.15f) {
            size.y = te_dice_real(dice, 0.35f, fminf(0.65f, room));
            size.x = size.z = fminf(least, te_dice_real(dice, 0.2f, 0.42f));
            te_lamp_build_table(f->scene, dice, at, size);
        }
        break;
    case FLOWERS:
        size.y = fminf(room, te_dice_real(dice, 0.25f, 0.5f));
        te_plant_build_flowers(f->scene, dice, at, (te_vec){fminf(least, 0.3f), size.y, fminf(least, 0.3f)});
        break;
    case PLANT:
        te_plant_build(f->scene, dice, at, (te_vec){fminf(least, 0.4f), height, fminf(least, 0.4f)});
        break;
    case BOOKS:
        size.x = fminf(x, te_dice_real(dice, 0.15f, 0.28f));
        size.y = te_dice_real(dice, 0.02f, 0.16f);
        size.z = fminf(z, te_dice_real(dice, 0.18f, 0.3f));
        te_books_build_stack(f->scene, dice, at, size);
        break;
    case ROW:
        if (room > 0.25f && z > 0.16f) {
            te_frame row = te_frame_moved(at, -x / 2, 0, fminf(z / 2, 0.12f));
            te_books_build_row(f->scene, dice, &row, x, 0.27f, fminf(z, 0.24f));
        }
        break;
    case BOX:
        size = (te_vec){fminf(x * 0.9f, 0.35f), fminf(height, 0.28f), fminf(z * 0.9f, 0.35f)};
        te_box_build(f->scene, dice, at, size);
        break;
    case OBJECT:
        te_object_build(f->scene, dice, at, (te_vec){x * 0.95f, room, z * 0.95f});
        break;
    default:
        break;
    }
}

/* A top is cut into cells of about the size of small things; each may hold one. */
static void cover_top(te_furnisher *f, const te_top *top, int few)
{
    te_dice *dice = f->dice;
    float cell = te_dice_real(dice, 0.2f, 0.36f);
    int columns = (int)fmaxf(1, 2 * top->half_x / cell), rows = (int)fmaxf(1, 2 * top->half_z / cell);
    float x = 2 * top->half_x / (float)columns, z = 2 * top->half_z / (float)rows;
    float weights[SMALLS];
    for (int i = 0; i < SMALLS; i++) {
        weights[i] = habits[top->kind][i];
    }
    weights[NOTHING] *= few ? 4 : 3.2f - 3 * f->scene->style.clutter;
    for (int i = 0; i < columns * rows; i++) {
        te_small kind = (te_small)te_dice_pick(dice, weights, SMALLS);
        te_frame at = te_frame_moved(&top->frame, x * ((float)(i % columns) + 0.5f) - top->half_x, 0,
                                     z * ((float)(i / columns) + 0.5f) - top->half_z);
        float aside = te_dice_real(dice, -0.1f, 0.1f) * x;
        at = te_frame_moved(&at, aside, 0, te_dice_real(dice, -0.1f, 0.1f) * z);
        if (kind == LAMP) {
            weights[LAMP] = 0;
        }
        if (f->scene->solids_count < TE_SCENE_SOLIDS * 3 / 4) {
            put_small(f, &at, kind, x * 0.9f, z * 0.9f, top->room);
        }
    }
}

/* Things that were left on the floor. */
static void scatter(te_furnisher *f)
{
    te_dice *dice = f->dice;
    int count = te_dice_int(dice, 0, (int)(6 * f->scene->style.clutter));
    for (int i = 0; i < count; i++) {
        static const te_small kinds[] = {BOOKS, BOX, OBJECT, OBJECT, PLANT};
        te_vec place = {te_dice_real(dice, 0.2f, 0.8f) * f->layout->width, 0, 0};
        place.z = te_dice_real(dice, 0.2f, 0.8f) * f->layout->depth;
        te_frame at = te_frame_upright(place, te_dice_real(dice, 0, 2 * TE_PI));
        float size = te_dice_real(dice, 0.15f, 0.35f);
        te_spot spot = te_spot_of(&at, (te_vec){size, 0.5f, size}, 0);
        spot.low = 0.02f;
        if (te_layout_fits(f->layout, &spot)) {
            te_layout_take(f->layout, &spot);
            put_small(f, &at, kinds[te_dice_int(dice, 0, 4)], size, size, 0.5f);
        }
    }
}

void te_decorate(te_furnisher *f)
{
    int pictures = te_dice_int(f->dice, 0, 8), tops = f->scene->tops_count;
    for (int i = 0; i < pictures; i++) {
        hang_pictures(f);
    }
    if (te_dice_chance(f->dice, 0.15f)) {
        te_item_place_at_wall(f, TE_ITEM_CLOCK, NULL, NULL);
    }
    hang_lamps(f);
    scatter(f);
    for (int i = 0; i < tops; i++) { /* small things bring no further tops */
        te_top top = f->scene->tops[i];
        cover_top(f, &top, te_dice_chance(f->dice, 0.35f));
    }
}
