/* Cabinets, kitchen units, shelves and what is in them. */
#include "data/rooms_furniture.h"

/* Doors or drawers that stand out a little from a front at `z`, with knobs or bars. */
typedef struct te_front {
    float left, right, low, high, z;
    int columns, rows; /* rows 1: doors */
    int panel, metal;
} te_front;

static void build_handle(te_scene *scene, const te_frame *at, const te_front *f, float kind, te_vec place,
                         int upright)
{
    float half = kind < 0.6f ? 0.05f : 0.09f;
    if (kind < 0.35f) {
        te_scene_ellipsoid(scene, at, place, (te_vec){0.014f, 0.014f, 0.016f}, f->metal);
    } else if (kind < 0.9f) {
        te_vec from = place, to = place;
        *(upright ? &from.y : &from.x) -= half;
        *(upright ? &to.y : &to.x) += half;
        te_scene_capsule(scene, at, from, to, 0.006f, f->metal);
    } /* else grips without handles */
}

static void build_front(te_scene *scene, te_dice *dice, const te_frame *at, const te_front *f)
{
    float width = (f->right - f->left) / (float)f->columns, height = (f->high - f->low) / (float)f->rows;
    float kind = te_dice_real(dice, 0, 1);
    int framed = te_dice_chance(dice, 0.25f);
    for (int i = 0; i < f->columns * f->rows; i++) {
        float x = f->left + width * ((float)(i % f->columns) + 0.5f);
        float y = f->low + height * ((float)(i / f->columns) + 0.5f);
        te_scene_box(scene, at, (te_vec){x, y, f->z + 0.008f},
                     (te_vec){width / 2 - 0.003f, height / 2 - 0.003f, 0.008f}, f->panel);
        if (framed && width > 0.2f && height > 0.25f) {
            te_scene_box(scene, at, (te_vec){x, y, f->z + 0.016f},
                         (te_vec){width / 2 - 0.06f, height / 2 - 0.06f, 0.006f}, f->panel);
        }
        int door = f->rows == 1 || height > width * 1.2f;
        float side = i % f->columns % 2 ? -1.0f : 1.0f;
        te_vec place = {door ? x + side * (width / 2 - 0.05f) : x,
                        door && f->low > 1.2f ? y - height / 2 + 0.1f : y, f->z + 0.03f};
        if (door && f->high < 1 && height > 0.4f) {
            place.y = y + height / 2 - 0.12f;
        }
        build_handle(scene, at, f, kind, place, door);
        if (!door && width > 0.7f && kind < 0.9f) { /* two on a wide drawer */
            build_handle(scene, at, f, kind, (te_vec){x - width * 0.3f, y, place.z}, 0);
            build_handle(scene, at, f, kind, (te_vec){x + width * 0.3f, y, place.z}, 0);
        }
    }
}

/* Body, feet, fronts: a cabinet of any height. */
static void build_cabinet(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    int body = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    float feet = te_dice_chance(dice, 0.4f) ? te_dice_real(dice, 0.06f, 0.16f) : 0, half_x = size.x / 2;
    float half_z = size.z / 2;
    te_scene_box(scene, at, (te_vec){0, (feet + size.y) / 2, -0.01f},
                 (te_vec){half_x, (size.y - feet) / 2, half_z - 0.01f}, body);
    if (feet > 0) {
        te_legs_build(scene, dice, at, half_x - 0.03f, half_z - 0.03f, feet + 0.01f,
                      te_finish_make(scene, dice, TE_FINISH_LEGS));
    }
    if (te_dice_chance(dice, 0.35f) && size.y < 1.3f) { /* a top that stands out */
        int top = te_dice_chance(dice, 0.6f) ? body : te_finish_make(scene, dice, TE_FINISH_WORKTOP);
        te_scene_box(scene, at, (te_vec){0, size.y - 0.01f, 0}, (te_vec){half_x + 0.015f, 0.012f, half_z + 0.01f},
                     top);
    }
    te_front front = {-half_x + 0.012f,
                      half_x - 0.012f,
                      feet + (feet > 0 ? 0.015f : 0.07f),
                      size.y - 0.03f,
                      half_z - 0.02f,
                      1,
                      1,
                      te_dice_chance(dice, 0.75f) ? body : te_finish_make(scene, dice, TE_FINISH_FURNITURE),
                      0};
    front.metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    float column = te_dice_real(dice, 0.35f, 0.6f);
    front.columns = (int)fmaxf(1, floorf(size.x / column + 0.4f));
    if (te_dice_chance(dice, 0.5f) && size.y < 1.5f) { /* drawers */
        front.columns = (front.columns + 1) / 2;
        front.rows = (int)fmaxf(1, floorf(size.y / te_dice_real(dice, 0.17f, 0.28f)));
        build_front(scene, dice, at, &front);
        return;
    }
    if (size.y > 0.6f && te_dice_chance(dice, 0.5f)) { /* a row of drawers above or below doors */
        float split = size.y < 1.3f ? front.high - te_dice_real(dice, 0.14f, 0.2f)
                                    : front.low + te_dice_real(dice, 0.25f, 0.5f);
        te_front lower = front;
        lower.high = split;
        front.low = split;
        build_front(scene, dice, at, &lower);
    }
    build_front(scene, dice, at, &front);
}

void te_cabinet_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CABINET);
    build_cabinet(scene, dice, at, size);
    te_scene_add_top(scene, at, (te_vec){0, size.y + 0.002f, 0}, size.x / 2 - 0.04f, size.z / 2 - 0.03f, 0.7f,
                     size.x > 0.7f ? TE_TOP_CABINET : TE_TOP_SMALL);
}

void te_cabinet_build_tall(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CABINET);
    build_cabinet(scene, dice, at, size);
    if (size.y < scene->height - 0.4f) {
        te_scene_add_top(scene, at, (te_vec){0, size.y + 0.002f, 0}, size.x / 2 - 0.05f, size.z / 2 - 0.05f, 0.35f,
                         TE_TOP_SMALL);
    }
}

/* Floor units with a worktop, perhaps a hob, a sink with its tap, an oven. */
void te_cabinet_build_kitchen(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CABINET);
    int body = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    int top = te_finish_make(scene, dice, TE_FINISH_WORKTOP);
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL), dark = te_finish_make(scene, dice, TE_FINISH_DARK);
    float half_x = size.x / 2, half_z = size.z / 2;
    te_scene_box(scene, at, (te_vec){0, 0.05f, -0.05f}, (te_vec){half_x, 0.05f, half_z - 0.06f}, dark);
    te_scene_box(scene, at, (te_vec){0, (0.1f + size.y) / 2, -0.015f},
                 (te_vec){half_x, (size.y - 0.1f) / 2 - 0.02f, half_z - 0.02f}, body);
    te_scene_box(scene, at, (te_vec){0, size.y - 0.018f, 0}, (te_vec){half_x + 0.005f, 0.018f, half_z}, top);
    te_front front = {-half_x + 0.004f,
                      half_x - 0.004f,
                      0.11f,
                      size.y - 0.05f,
                      half_z - 0.035f,
                      (int)fmaxf(1, size.x / 0.5f),
                      1,
                      body,
                      metal};
    float split = size.y - 0.22f;
    te_front drawers = front;
    drawers.low = split;
    front.high = split;
    build_front(scene, dice, at, &front);
    build_front(scene, dice, at, &drawers);
    float hob = te_dice_real(dice, -half_x + 0.35f, half_x - 0.35f), sink = hob > 0 ? hob - half_x : hob + half_x;
    if (size.x > 1.2f && te_dice_chance(dice, 0.7f)) {
        te_scene_box(scene, at, (te_vec){hob, size.y + 0.003f, 0}, (te_vec){0.28f, 0.004f, 0.24f}, dark);
        te_scene_box(scene, at, (te_vec){hob, 0.5f, half_z - 0.016f}, (te_vec){0.28f, 0.24f, 0.008f},
                     dark); /* oven */
        te_scene_capsule(scene, at, (te_vec){hob - 0.22f, 0.71f, half_z + 0.015f},
                         (te_vec){hob + 0.22f, 0.71f, half_z + 0.015f}, 0.009f, metal);
    }
    if (size.x > 1.6f && te_dice_chance(dice, 0.7f)) {
        te_scene_round_box(scene, at, (te_vec){sink, size.y - 0.005f, 0.02f}, (te_vec){0.27f, 0.009f, 0.2f}, 0.008f,
                           metal);
        te_scene_box(scene, at, (te_vec){sink, size.y + 0.003f, 0.02f}, (te_vec){0.2f, 0.003f, 0.15f}, dark);
        te_scene_capsule(scene, at, (te_vec){sink, size.y, -half_z + 0.07f},
                         (te_vec){sink, size.y + 0.24f, -half_z + 0.07f}, 0.012f, metal);
        te_scene_capsule(scene, at, (te_vec){sink, size.y + 0.24f, -half_z + 0.07f},
                         (te_vec){sink, size.y + 0.22f, -half_z + 0.22f}, 0.01f, metal);
    }
    te_scene_add_top(scene, at, (te_vec){0, size.y + 0.008f, 0}, half_x - 0.05f, half_z - 0.08f, 0.4f,
                     TE_TOP_CABINET);
}

void te_cabinet_build_wall(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_CABINET);
    int body = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    te_scene_box(scene, at, (te_vec){0, size.y / 2, -0.01f}, (te_vec){size.x / 2, size.y / 2, size.z / 2 - 0.01f},
                 body);
    te_front front = {-size.x / 2 + 0.004f, size.x / 2 - 0.004f, 0.004f, size.y - 0.004f, size.z / 2 - 0.02f,
                      (int)fmaxf(1, size.x / te_dice_real(dice, 0.35f, 0.6f)), 1, body, metal};
    build_front(scene, dice, at, &front);
}

void te_books_build_row(te_scene *scene, te_dice *dice, const te_frame *at, float length, float height, float depth)
{
    te_scene_begin(scene, TE_ROOMS_BOOKS);
    float x = 0, usual = te_dice_real(dice, 0.6f, 0.9f), thin = te_dice_real(dice, 0.012f, 0.022f);
    float thick = te_dice_real(dice, 0.03f, 0.055f);
    int series = te_finish_make(scene, dice, TE_FINISH_BOOK), left = 0;
    while (1) {
        float width = te_dice_real(dice, thin, thick);
        float tall = height * te_clamp(usual + te_dice_real(dice, -0.2f, 0.12f), 0.3f, 0.96f);
        float deep = depth * te_dice_real(dice, 0.6f, 0.9f);
        if (left == 0) { /* some volumes look alike */
            left = te_dice_chance(dice, 0.2f) ? te_dice_int(dice, 2, 6) : 1;
            series = te_finish_make(scene, dice, TE_FINISH_BOOK);
        }
        left--;
        if (x + width > length) {
            return;
        }
        if (te_dice_chance(dice, 0.06f) && x > 0
            && x + width + tall * 0.3f < length) { /* one leans on the others */
            te_frame book = te_frame_moved(at, x + 0.002f + tall * 0.25f, 0, -deep / 2);
            book = te_frame_turned(&book, 'z', 0.25f);
            te_scene_box(scene, &book, (te_vec){width / 2, tall / 2, 0},
                         (te_vec){width / 2 - 0.0008f, tall / 2, deep / 2}, series);
            x += tall * 0.25f + width * 1.1f;
            if (te_dice_chance(dice, 0.5f)) {
                return;
            }
            continue;
        }
        te_scene_box(scene, at, (te_vec){x + width / 2, tall / 2, -deep / 2},
                     (te_vec){width / 2 - 0.0008f, tall / 2, deep / 2}, series);
        x += width;
    }
}

/* Lying on each other; size.y is the height of the whole. */
void te_books_build_stack(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    te_scene_begin(scene, TE_ROOMS_BOOKS);
    float y = 0;
    while (y < size.y * 0.8f) {
        float thick = te_dice_real(dice, 0.006f, 0.022f), half_x = size.x / 2 * te_dice_real(dice, 0.75f, 1);
        te_frame book = te_frame_turned(at, 'y', te_dice_real(dice, -0.25f, 0.25f));
        float half_z = size.z / 2 * te_dice_real(dice, 0.75f, 1);
        int cover = te_finish_make(scene, dice, te_dice_chance(dice, 0.7f) ? TE_FINISH_BOOK : TE_FINISH_PICTURE);
        te_scene_box(scene, &book, (te_vec){0, y + thick, 0}, (te_vec){half_x, thick, half_z}, cover);
        y += 2 * thick;
    }
}

/* What stands in one compartment; `at` is the left end of its lower front edge. */
static void fill_compartment(te_scene *scene, te_dice *dice, const te_frame *at, float width, float height,
                             float depth, float books)
{
    float kind = te_dice_real(dice, 0, 1);
    if (kind < books) {
        float share = te_dice_chance(dice, 0.5f) ? 0.99f : te_dice_real(dice, 0.35f, 0.9f);
        te_frame row = te_frame_moved(at, 0.004f, 0, -0.015f);
        te_books_build_row(scene, dice, &row, share * width - 0.008f, height, depth - 0.02f);
        if (share < 0.7f) {
            te_frame rest = te_frame_moved(at, (1 + share) / 2 * width, 0, -depth / 2);
            te_object_build(scene, dice, &rest, (te_vec){(1 - share) * width * 0.8f, height * 0.9f, depth * 0.7f});
        }
        return;
    }
    te_frame middle = te_frame_moved(at, width / 2, 0, -depth / 2);
    if (kind < books + 0.1f) {
        te_books_build_stack(
            scene, dice, &middle,
            (te_vec){fminf(0.26f, width * 0.7f), height * te_dice_real(dice, 0.3f, 0.8f), depth * 0.75f});
    } else if (kind < books + 0.2f) {
        te_box_build(scene, dice, &middle,
                     (te_vec){width * 0.85f, height * te_dice_real(dice, 0.5f, 0.9f), depth * 0.85f});
    } else if (kind < books + 0.45f) {
        int count = te_dice_int(dice, 1, (int)fmaxf(1, width / 0.25f));
        for (int i = 0; i < count; i++) {
            te_frame place = te_frame_moved(at, width * ((float)i + 0.5f) / (float)count, 0, -depth / 2);
            te_object_build(scene, dice, &place,
                            (te_vec){width / (float)count * 0.75f, height * 0.85f, depth * 0.7f});
        }
    } /* else empty */
}

void te_shelf_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    int shelf = te_scene_begin(scene, TE_ROOMS_SHELF), body = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    float board = te_dice_real(dice, 0.008f, 0.016f), half_x = size.x / 2, half_z = size.z / 2;
    float low = te_dice_real(dice, 0.02f, 0.1f);
    int rows = (int)fmaxf(1, size.y / te_dice_real(dice, 0.27f, 0.42f));
    int columns = (int)fmaxf(1, size.x / te_dice_real(dice, 0.4f, 1.0f));
    float width = size.x / (float)columns, height = (size.y - low - board) / (float)rows;
    float books = te_dice_real(dice, 0.3f, 0.85f);
    if (te_dice_chance(dice, 0.8f)) {
        te_scene_box(scene, at, (te_vec){0, size.y / 2, -half_z + 0.004f}, (te_vec){half_x, size.y / 2, 0.004f},
                     body);
    }
    for (int i = 0; i <= columns; i++) {
        float x = -half_x + board + (size.x - 2 * board) * (float)i / (float)columns;
        te_scene_box(scene, at, (te_vec){x, size.y / 2, 0}, (te_vec){board, size.y / 2, half_z}, body);
    }
    for (int i = 0; i <= rows; i++) {
        te_scene_box(scene, at, (te_vec){0, low + height * (float)i, 0}, (te_vec){half_x, board, half_z - 0.002f},
                     body);
    }
    for (int i = 0; i < rows * columns; i++) {
        float x = -half_x + width * (float)(i % columns) + 2 * board;
        float y = low + height * (float)(i / columns) + board;
        te_frame corner = te_frame_moved(at, x, y, half_z);
        fill_compartment(scene, dice, &corner, width - 4 * board, height - 2 * board, size.z - 0.01f, books);
    }
    scene->thing = shelf;
    if (size.y < 1.5f) {
        te_scene_add_top(scene, at, (te_vec){0, size.y + 0.002f, 0}, half_x - 0.05f, half_z - 0.03f, 0.6f,
                         TE_TOP_CABINET);
    }
}

/* Boards on the wall, things on them. size.y is the height of the whole; z = -size.z / 2 the wall. */
void te_shelf_build_wall(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    int boards = (int)fmaxf(1, size.y / 0.36f), finish = te_finish_make(scene, dice, TE_FINISH_FURNITURE);
    float books = te_dice_real(dice, 0.2f, 0.7f), half = te_dice_real(dice, 0.01f, 0.022f);
    for (int i = 0; i < boards; i++) {
        float y = size.y * (float)i / (float)boards + half;
        te_scene_begin(scene, TE_ROOMS_SHELF);
        te_scene_box(scene, at, (te_vec){0, y, 0}, (te_vec){size.x / 2, half, size.z / 2}, finish);
        if (te_dice_chance(dice, 0.4f)) { /* brackets */
            for (int side = -1; side <= 1; side += 2) {
                float x = (float)side * size.x * 0.4f;
                te_scene_capsule(scene, at, (te_vec){x, y - half - 0.12f, -size.z / 2 + 0.01f},
                                 (te_vec){x, y - half - 0.01f, size.z / 2 - 0.03f}, 0.008f, finish);
                te_scene_capsule(scene, at, (te_vec){x, y - half - 0.14f, -size.z / 2 + 0.008f},
                                 (te_vec){x, y - half, -size.z / 2 + 0.008f}, 0.008f, finish);
            }
        }
        int parts = (int)fmaxf(1, size.x / 0.5f);
        for (int k = 0; k < parts; k++) {
            te_frame corner =
                te_frame_moved(at, size.x * ((float)k / (float)parts - 0.5f) + 0.01f, y + half, size.z / 2);
            fill_compartment(scene, dice, &corner, size.x / (float)parts - 0.02f, 0.28f, size.z, books);
        }
    }
}
