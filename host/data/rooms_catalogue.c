#include "data/rooms_furnish.h"

#include <stddef.h>

/* How large each item is, and for those on walls how high they hang. */
static const struct {
    te_builder *build;
    te_vec least, most;
    float low[2];
    float gap; /* largest distance from the wall behind it */
} catalogue[TE_ITEM_COUNT] = {
    [TE_ITEM_BED] = {te_bed_build, {0.9f, 0.36f, 1.95f}, {1.95f, 0.6f, 2.15f}, {0, 0}, 0.03f},
    [TE_ITEM_NIGHTSTAND] = {te_cabinet_build, {0.35f, 0.4f, 0.3f}, {0.55f, 0.66f, 0.42f}, {0, 0}, 0.03f},
    [TE_ITEM_SIDEBOARD] = {te_cabinet_build, {0.8f, 0.6f, 0.35f}, {2.0f, 1.0f, 0.5f}, {0, 0}, 0.04f},
    [TE_ITEM_DRESSER] = {te_cabinet_build, {0.7f, 0.8f, 0.4f}, {1.3f, 1.35f, 0.55f}, {0, 0}, 0.04f},
    [TE_ITEM_WARDROBE] = {te_cabinet_build_tall, {0.8f, 1.8f, 0.5f}, {2.2f, 2.28f, 0.65f}, {0, 0}, 0.03f},
    [TE_ITEM_STAND] = {te_cabinet_build, {0.9f, 0.35f, 0.35f}, {2.0f, 0.62f, 0.5f}, {0, 0}, 0.06f},
    [TE_ITEM_KITCHEN] = {te_cabinet_build_kitchen, {1.2f, 0.86f, 0.56f}, {3.2f, 0.94f, 0.66f}, {0, 0}, 0},
    [TE_ITEM_CUPBOARD] = {te_cabinet_build_wall, {0.6f, 0.5f, 0.3f}, {2.4f, 0.8f, 0.38f}, {1.38f, 1.5f}, 0},
    [TE_ITEM_SHELF] = {te_shelf_build, {0.5f, 0.75f, 0.22f}, {2.0f, 2.25f, 0.4f}, {0, 0}, 0.03f},
    [TE_ITEM_WALL_SHELF] = {te_shelf_build_wall, {0.5f, 0.3f, 0.15f}, {1.4f, 1.0f, 0.28f}, {1.1f, 1.6f}, 0},
    [TE_ITEM_SOFA] = {te_sofa_build, {1.4f, 0.72f, 0.8f}, {2.6f, 0.98f, 1.0f}, {0, 0}, 0.15f},
    [TE_ITEM_ARMCHAIR] = {te_chair_build_arm, {0.72f, 0.75f, 0.72f}, {0.98f, 1.08f, 0.9f}, {0, 0}, 0.2f},
    [TE_ITEM_CHAIR] = {te_chair_build, {0.4f, 0.78f, 0.42f}, {0.52f, 1.06f, 0.54f}, {0, 0}, 0.1f},
    [TE_ITEM_OFFICE_CHAIR] = {te_chair_build_office, {0.62f, 0.95f, 0.62f}, {0.7f, 1.25f, 0.7f}, {0, 0}, 0.2f},
    [TE_ITEM_STOOL] = {te_chair_build_stool, {0.3f, 0.4f, 0.3f}, {0.42f, 0.76f, 0.42f}, {0, 0}, 0.1f},
    [TE_ITEM_TABLE] = {te_table_build, {1.0f, 0.70f, 0.65f}, {2.2f, 0.78f, 1.05f}, {0, 0}, 0.1f},
    [TE_ITEM_ROUND_TABLE] = {te_table_build_round, {0.75f, 0.70f, 0.75f}, {1.4f, 0.78f, 1.4f}, {0, 0}, 0.1f},
    [TE_ITEM_DESK] = {te_table_build_desk, {0.95f, 0.70f, 0.5f}, {1.8f, 0.78f, 0.8f}, {0, 0}, 0.05f},
    [TE_ITEM_LOW_TABLE] = {te_table_build_low, {0.55f, 0.3f, 0.45f}, {1.3f, 0.5f, 0.8f}, {0, 0}, 0.1f},
    [TE_ITEM_SIDE_TABLE] = {te_table_build_low, {0.35f, 0.45f, 0.35f}, {0.55f, 0.66f, 0.55f}, {0, 0}, 0.05f},
    [TE_ITEM_FLOOR_LAMP] = {te_lamp_build_floor, {0.3f, 1.3f, 0.3f}, {0.52f, 1.9f, 0.52f}, {0, 0}, 0.1f},
    [TE_ITEM_PLANT] = {te_plant_build, {0.3f, 0.4f, 0.3f}, {0.95f, 2.0f, 0.95f}, {0, 0}, 0.1f},
    [TE_ITEM_BOX] = {te_box_build, {0.22f, 0.15f, 0.22f}, {0.62f, 0.5f, 0.5f}, {0, 0}, 0.2f},
    [TE_ITEM_TELEVISION] = {te_television_build_wall, {0.7f, 0.42f, 0.06f}, {1.6f, 0.9f, 0.08f}, {0.9f, 1.3f}, 0},
    [TE_ITEM_PICTURE] = {te_picture_build, {0.2f, 0.2f, 0.015f}, {1.3f, 1.0f, 0.04f}, {1.05f, 1.6f}, 0},
    [TE_ITEM_CLOCK] = {te_clock_build, {0.2f, 0.2f, 0.04f}, {0.42f, 0.42f, 0.06f}, {1.6f, 1.9f}, 0},
};

te_vec te_item_size(te_dice *dice, te_item item)
{
    te_vec least = catalogue[item].least, most = catalogue[item].most, size;
    size.x = te_dice_real(dice, least.x, most.x);
    size.y = te_dice_real(dice, least.y, most.y);
    size.z = te_dice_real(dice, least.z, most.z);
    if (item == TE_ITEM_TELEVISION) {
        size.y = size.x * 0.5625f;
    } else if (item == TE_ITEM_PLANT) { /* slender where it is small */
        size.x = size.z = fminf(size.x, 0.25f + 0.5f * size.y);
    } else if (item == TE_ITEM_CLOCK || item == TE_ITEM_ROUND_TABLE) {
        size.x = size.y > 0.6f ? size.x : size.y;
        size.z = item == TE_ITEM_ROUND_TABLE ? size.x : size.z;
    }
    return size;
}

void te_item_build(te_furnisher *f, te_item item, const te_frame *frame, te_vec size)
{
    catalogue[item].build(f->scene, f->dice, frame, size);
}

int te_item_place(te_furnisher *f, te_item item, const te_frame *frame, te_vec size)
{
    te_spot spot = te_spot_of(frame, size, 0);
    int hollow = item == TE_ITEM_TABLE || item == TE_ITEM_ROUND_TABLE || item == TE_ITEM_DESK;
    spot.low += hollow ? 0.55f : 0.01f; /* chairs and legs go under tables */
    if (f->scene->solids_count > TE_SCENE_SOLIDS * 3 / 4 || !te_layout_fits(f->layout, &spot)) {
        return 0;
    }
    te_layout_take(f->layout, &spot);
    te_item_build(f, item, frame, size);
    return 1;
}

int te_item_place_at_wall(te_furnisher *f, te_item item, te_frame *frame, te_vec *size)
{
    for (int attempt = 0; attempt < 16; attempt++) {
        float length;
        te_frame wall = te_layout_wall(f->layout, te_dice_int(f->dice, 0, 3), &length);
        te_vec extent = te_item_size(f->dice, item);
        float low = te_dice_real(f->dice, catalogue[item].low[0], catalogue[item].low[1]);
        if (attempt > 8) { /* be content with less */
            extent.x = te_vec_mix(extent, catalogue[item].least, 0.7f).x;
        }
        float gap = 0.001f + te_dice_real(f->dice, 0, catalogue[item].gap), share = te_dice_real(f->dice, 0, 1);
        if (te_dice_chance(f->dice, 0.25f)) {
            share = te_dice_chance(f->dice, 0.5f) ? 0 : 1;
        }
        if (low + extent.y > f->layout->height - 0.05f || extent.x > length - 0.1f) {
            continue;
        }
        float x = extent.x / 2 + 0.02f + share * (length - extent.x - 0.04f);
        te_frame at = te_frame_moved(&wall, x, low, extent.z / 2 + 0.015f + gap);
        if (catalogue[item].low[1] > 0) {
            at = te_frame_moved(&wall, x, low, extent.z / 2 + 0.001f);
        }
        if (te_item_place(f, item, &at, extent)) {
            if (frame) {
                *frame = at;
                *size = extent;
            }
            return 1;
        }
    }
    return 0;
}

int te_item_place_free(te_furnisher *f, te_item item, int square, te_frame *frame, te_vec *size)
{
    for (int attempt = 0; attempt < 16; attempt++) {
        te_vec extent = te_item_size(f->dice, item), place = {0, 0, 0};
        place.x = te_dice_real(f->dice, 0.1f, 0.9f) * f->layout->width;
        place.z = te_dice_real(f->dice, 0.1f, 0.9f) * f->layout->depth;
        float yaw = te_dice_real(f->dice, 0, 2 * TE_PI);
        if (square) {
            yaw = 0.5f * TE_PI * floorf(yaw / (0.5f * TE_PI)) + te_dice_real(f->dice, -0.06f, 0.06f);
        }
        te_frame at = te_frame_upright(place, yaw);
        if (te_item_place(f, item, &at, extent)) {
            if (frame) {
                *frame = at;
                *size = extent;
            }
            return 1;
        }
    }
    return 0;
}

int te_item_place_in_corner(te_furnisher *f, te_item item)
{
    for (int attempt = 0; attempt < 6; attempt++) {
        te_vec extent = te_item_size(f->dice, item);
        float length, gap = te_dice_real(f->dice, 0.03f, 0.2f);
        te_frame wall = te_layout_wall(f->layout, te_dice_int(f->dice, 0, 3), &length);
        te_frame at = te_frame_moved(&wall, gap + extent.x / 2, 0, gap + extent.z / 2);
        at = te_frame_turned(&at, 'y', te_dice_real(f->dice, -0.1f, 0.1f));
        if (te_item_place(f, item, &at, extent)) {
            return 1;
        }
    }
    return te_item_place_at_wall(f, item, NULL, NULL);
}
