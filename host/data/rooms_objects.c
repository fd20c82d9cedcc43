/* Small things that stand about. Each is built within a block of the given size, its foot at the frame's origin. */
#include "data/rooms_furniture.h"

static void build_vase(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    float belly = te_dice_real(dice, 0.25f, 0.6f) * height, neck = radius * te_dice_real(dice, 0.3f, 0.7f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, belly, 0}, radius * 0.55f, radius, finish);
    te_scene_frustum(scene, at, (te_vec){0, belly, 0}, (te_vec){0, height * 0.85f, 0}, radius, neck, finish);
    te_scene_frustum(scene, at, (te_vec){0, height * 0.85f, 0}, (te_vec){0, height, 0}, neck, neck * 1.25f, finish);
}

static void build_bottle(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int glass = te_finish_make(scene, dice, TE_FINISH_PLASTIC);
    int label = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    radius = fminf(radius, height * 0.18f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height * 0.6f, 0}, radius, radius, glass);
    te_scene_frustum(scene, at, (te_vec){0, height * 0.6f, 0}, (te_vec){0, height * 0.75f, 0}, radius,
                     radius * 0.35f, glass);
    te_scene_frustum(scene, at, (te_vec){0, height * 0.75f, 0}, (te_vec){0, height, 0}, radius * 0.35f,
                     radius * 0.33f, glass);
    te_scene_frustum(scene, at, (te_vec){0, height * 0.2f, 0}, (te_vec){0, height * 0.45f, 0}, radius * 1.02f,
                     radius * 1.02f, label);
}

static void build_mug(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    int inside = te_finish_make(scene, dice, TE_FINISH_DARK);
    radius = fminf(radius, 0.045f);
    height = fminf(height, 0.11f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height, 0}, radius * 0.85f, radius, finish);
    te_scene_frustum(scene, at, (te_vec){0, height, 0}, (te_vec){0, height + 0.001f, 0}, radius * 0.85f,
                     radius * 0.85f, inside);
    te_scene_capsule(scene, at, (te_vec){radius, height * 0.8f, 0}, (te_vec){radius * 1.5f, height * 0.6f, 0},
                     0.006f, finish);
    te_scene_capsule(scene, at, (te_vec){radius * 1.5f, height * 0.6f, 0}, (te_vec){radius, height * 0.25f, 0},
                     0.006f, finish);
}

static void build_bowl(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    height = fminf(height, radius * te_dice_real(dice, 0.4f, 0.9f));
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height, 0}, radius * 0.4f, radius, finish);
    int fruit = te_dice_int(dice, 0, 6);
    for (int i = 0; i < fruit; i++) {
        float angle = te_dice_real(dice, 0, 6.28f), size = radius * te_dice_real(dice, 0.24f, 0.36f);
        te_vec place = {radius * 0.55f * sinf(angle), height + size * 0.4f, radius * 0.55f * cosf(angle)};
        te_scene_ellipsoid(scene, at, place, (te_vec){size, size * 0.95f, size},
                           te_finish_make(scene, dice, TE_FINISH_PLASTIC));
    }
}

static void build_ball(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    float r = fminf(radius, height / 2);
    te_scene_ellipsoid(scene, at, (te_vec){0, r, 0}, (te_vec){r, r, r},
                       te_finish_make(scene, dice, TE_FINISH_CERAMIC));
}

/* A standing photograph; class picture. */
static void build_photo(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    float half = radius * te_dice_real(dice, 0.6f, 0.95f), tall = fminf(height, 0.35f);
    te_frame leaning = te_frame_moved(at, 0, 0, 0.02f);
    leaning = te_frame_turned(&leaning, 'x', -0.2f);
    te_picture_build(scene, dice, &leaning, (te_vec){2 * half, tall, 0.016f});
}

static void build_figure(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    float r = fminf(radius, height * 0.3f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, height * 0.12f, 0}, r * 0.9f, r * 0.8f, finish);
    te_scene_ellipsoid(scene, at, (te_vec){0, height * 0.42f, 0}, (te_vec){r * 0.6f, height * 0.34f, r * 0.5f},
                       finish);
    te_scene_ellipsoid(scene, at, (te_vec){0, height * 0.84f, r * 0.1f},
                       (te_vec){r * 0.42f, height * 0.16f, r * 0.42f}, finish);
}

static void build_candle(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    float r = fminf(radius, 0.03f);
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.012f, 0}, fminf(radius, r * 1.8f), r * 1.6f,
                     metal);
    te_scene_frustum(scene, at, (te_vec){0, 0.01f, 0}, (te_vec){0, fminf(height, 0.28f), 0}, r, r * 0.9f, finish);
}

static void build_laptop(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int body = te_finish_make(scene, dice, te_dice_chance(dice, 0.5f) ? TE_FINISH_METAL : TE_FINISH_DARK);
    int screen = te_finish_make(scene, dice, TE_FINISH_SCREEN), keys = te_finish_make(scene, dice, TE_FINISH_DARK);
    float half_x = fminf(radius, 0.18f), half_z = half_x * 0.68f, tall = fminf(2 * half_z, height);
    te_scene_box(scene, at, (te_vec){0, 0.008f, 0}, (te_vec){half_x, 0.008f, half_z}, body);
    te_scene_box(scene, at, (te_vec){0, 0.0165f, -half_z * 0.2f}, (te_vec){half_x * 0.85f, 0.0005f, half_z * 0.5f},
                 keys);
    te_frame lid = te_frame_moved(at, 0, 0.015f, -half_z + 0.004f);
    lid = te_frame_turned(&lid, 'x', te_dice_real(dice, -0.5f, -0.05f));
    te_scene_box(scene, &lid, (te_vec){0, tall / 2, 0}, (te_vec){half_x, tall / 2, 0.004f}, body);
    te_scene_box(scene, &lid, (te_vec){0, tall / 2, 0.0045f}, (te_vec){half_x - 0.008f, tall / 2 - 0.01f, 0.0006f},
                 screen);
}

static void build_papers(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int count = te_dice_int(dice, 1, 3);
    (void)height;
    for (int i = 0; i < count; i++) {
        te_frame sheet = te_frame_moved(at, 0, 0.001f + 0.0015f * (float)i, 0);
        sheet = te_frame_turned(&sheet, 'y', te_dice_real(dice, -0.5f, 0.5f));
        te_scene_box(scene, &sheet, (te_vec){0, 0, 0},
                     (te_vec){fminf(radius, 0.105f), 0.001f, fminf(radius * 1.35f, 0.148f)},
                     te_finish_make(scene, dice, TE_FINISH_PAPER));
    }
}

/* A plate with knife and fork. */
static void build_plate(te_scene *scene, te_dice *dice, const te_frame *at, float radius, float height)
{
    int finish = te_finish_make(scene, dice, TE_FINISH_CERAMIC);
    int metal = te_finish_make(scene, dice, TE_FINISH_METAL);
    float r = fminf(radius * 0.75f, 0.13f);
    (void)height;
    te_scene_frustum(scene, at, (te_vec){0, 0, 0}, (te_vec){0, 0.016f, 0}, r * 0.6f, r, finish);
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * (r + 0.025f);
        te_scene_capsule(scene, at, (te_vec){x, 0.004f, -0.08f}, (te_vec){x, 0.004f, 0.09f}, 0.005f, metal);
    }
}

void te_object_build(te_scene *scene, te_dice *dice, const te_frame *at, te_vec size)
{
    typedef void te_small(te_scene *, te_dice *, const te_frame *, float, float);
    static const struct {
        te_small *build;
        float weight, low, high; /* low, high: of heights */
        float radius;            /* the least that makes sense */
        int turned;              /* 1: may face any way */
        int wide;                /* 1: takes all the room there is, however low */
    } kinds[] = {
        {build_vase, 3, 0.10f, 0.40f, 0.03f, 1, 0},    {build_bottle, 2, 0.15f, 0.32f, 0.02f, 1, 0},
        {build_mug, 2, 0.07f, 0.11f, 0.02f, 1, 0},     {build_bowl, 2, 0.05f, 0.15f, 0.05f, 1, 1},
        {build_ball, 0.7f, 0.06f, 0.22f, 0.03f, 1, 0}, {build_photo, 1.5f, 0.10f, 0.35f, 0.05f, 0, 0},
        {build_figure, 1, 0.10f, 0.40f, 0.03f, 1, 0},  {build_candle, 1, 0.06f, 0.28f, 0.015f, 1, 0},
        {build_laptop, 1, 0.20f, 0.26f, 0.14f, 0, 1},  {build_papers, 0.7f, 0.02f, 0.03f, 0.1f, 1, 1},
        {build_plate, 0.8f, 0.02f, 0.04f, 0.1f, 0, 1},
    };
    enum { KINDS = sizeof kinds / sizeof *kinds };
    float radius = fminf(size.x, size.z) / 2, chances[KINDS], sum = 0;
    for (int i = 0; i < KINDS; i++) {
        chances[i] = kinds[i].low < size.y && kinds[i].radius < radius ? kinds[i].weight : 0;
        sum += chances[i];
    }
    if (sum == 0) {
        return;
    }
    int kind = te_dice_pick(dice, chances, KINDS);
    float height = te_dice_real(dice, kinds[kind].low, fminf(size.y, kinds[kind].high));
    float slender = fmaxf(kinds[kind].radius, height * te_dice_real(dice, 0.25f, 0.7f));
    float turn = kinds[kind].turned ? te_dice_real(dice, 0, 6.28f) : te_dice_real(dice, -0.3f, 0.3f);
    te_frame frame = te_frame_turned(at, 'y', turn);
    te_scene_begin(scene, TE_ROOMS_OBJECT);
    kinds[kind].build(scene, dice, &frame, kinds[kind].wide ? radius : fminf(radius, slender), height);
}
