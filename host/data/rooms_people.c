#include "data/rooms_people.h"

#include <stddef.h>

/* What somebody wears and looks like: rows of the scene's materials. */
typedef struct te_dress {
    int skin, hair, shirt, trousers, shoe, white, eye, lip;
    float sleeve, leg; /* how far sleeves and trousers reach down: 0 none, 0.5 half, 1 whole */
    float loose;       /* of cloth round limbs */
    float haircut;
    int skirt;
} te_dress;

static int plain(te_scene *scene, te_vec colour, float gloss)
{
    return te_scene_material(scene, (te_material){.texture = TE_TEXTURE_PLAIN, .a = colour, .gloss = gloss});
}

static int draw_skin(te_scene *scene, te_dice *dice)
{
    float dark = te_dice_real(dice, 0, 1);
    dark *= te_dice_chance(dice, 0.5f) ? 1 : 0.4f;
    float hue = te_dice_real(dice, 0.035f, 0.075f), saturation = te_dice_real(dice, 0.3f, 0.42f) + 0.2f * dark;
    te_material skin = {.texture = TE_TEXTURE_MOTTLE, .scale = 0.05f, .amount = 0.04f, .gloss = 0.15f};
    skin.a = te_texture_hsv(hue, saturation, te_clamp(te_dice_real(dice, 0.88f, 1) - 0.62f * dark, 0.2f, 0.97f));
    skin.seed = te_dice_word(dice);
    return te_scene_material(scene, skin);
}

static int draw_hair(te_scene *scene, te_dice *dice)
{
    static const float kinds[][3] = {
        {0.07f, 0.4f, 0.07f}, {0.07f, 0.5f, 0.16f}, {0.07f, 0.55f, 0.28f}, {0.06f, 0.6f, 0.4f},
        {0.11f, 0.5f, 0.75f}, {0.04f, 0.75f, 0.5f}, {0.1f, 0.03f, 0.6f},  {0.1f, 0.03f, 0.85f},
    };
    static const float weights[] = {5, 4, 3, 2, 2, 0.8f, 1.2f, 0.6f};
    const float *kind = kinds[te_dice_pick(dice, weights, 8)];
    te_vec colour = te_texture_hsv(kind[0], kind[1], kind[2] * te_dice_real(dice, 0.8f, 1.2f));
    te_material hair = {.texture = TE_TEXTURE_WEAVE,
                        .a = colour,
                        .b = te_vec_scale(colour, 0.5f),
                        .scale = 0.008f,
                        .amount = 1,
                        .gloss = 0.3f};
    hair.seed = te_dice_word(dice);
    return te_scene_material(scene, hair);
}

static te_dress draw_dress(te_scene *scene, te_dice *dice, int skirt)
{
    const te_style *style = &scene->style;
    te_dress d = {.skin = draw_skin(scene, dice)};
    d.hair = draw_hair(scene, dice);
    te_vec colour = te_style_colour(style, dice, TE_USE_CLOTHES);
    d.shirt = te_scene_material(scene, te_finish_cloth(style, dice, colour, TE_USE_CLOTHES, 0.5f));
    colour = te_style_colour(style, dice, TE_USE_TROUSERS);
    d.trousers = te_scene_material(scene, te_finish_cloth(style, dice, colour, TE_USE_TROUSERS, 0.1f));
    if (te_dice_chance(dice, 0.08f)) {
        d.trousers = d.shirt;
    }
    d.shoe = plain(scene, te_style_colour(style, dice, TE_USE_TROUSERS), 0.4f);
    if (te_dice_chance(dice, 0.12f)) { /* barefoot */
        d.shoe = d.skin;
    }
    d.white = plain(scene, (te_vec){0.75f, 0.73f, 0.7f}, 0.5f);
    float hue = te_dice_chance(dice, 0.7f) ? 0.07f : 0.58f;
    d.eye = plain(scene, te_texture_hsv(hue, 0.6f, te_dice_real(dice, 0.1f, 0.4f)), 0.8f);
    d.lip = plain(scene, te_vec_mul(scene->materials[d.skin].a, (te_vec){0.85f, 0.5f, 0.5f}), 0.2f);
    float sleeve = te_dice_real(dice, 0, 1), leg = te_dice_real(dice, 0, 1);
    d.sleeve = sleeve < 0.12f ? 0 : sleeve < 0.5f ? 0.5f : 1;
    d.skirt = skirt && te_dice_chance(dice, 0.15f);
    d.leg = d.skirt ? 0 : leg < 0.12f ? 0.6f : 1;
    d.loose = te_dice_real(dice, 1.08f, 1.35f);
    d.haircut = te_dice_real(dice, 0, 1);
    return d;
}

/* The base's coordinates to the world's. */
static te_frame place(const te_pose *pose, const te_frame *local)
{
    return (te_frame){
        te_frame_point(&pose->base, local->origin),
        te_frame_along(&pose->base, local->x),
        te_frame_along(&pose->base, local->y),
        te_frame_along(&pose->base, local->z),
    };
}

static void ball(te_scene *scene, const te_pose *pose, te_vec at, float radius, int material)
{
    te_scene_ellipsoid(scene, &pose->base, at, (te_vec){radius, radius, radius}, material);
}

/* A bone with a joint at its end; `covered` of its length is under cloth. */
static void build_limb(te_scene *scene, const te_pose *pose, te_vec from, te_vec to, float thick, float thin,
                       float covered, float loose, int skin, int cloth)
{
    if (covered < 1) {
        te_scene_frustum(scene, &pose->base, from, to, thick, thin, skin);
        ball(scene, pose, to, thin, skin);
    }
    if (covered > 0) {
        te_vec end = te_vec_mix(from, to, covered);
        float last = thick + covered * (thin - thick), wide = covered < 1 ? loose * 1.05f : 1 + 0.6f * (loose - 1);
        te_scene_frustum(scene, &pose->base, from, end, thick * 1.02f, last * wide, cloth);
        if (covered >= 1) {
            ball(scene, pose, to, last * wide, cloth);
        }
    }
}

static void build_hand(te_scene *scene, const te_pose *pose, int i, float tall, int skin)
{
    te_vec wrist = te_frame_point(&pose->base, pose->wrist[i]), along = te_frame_along(&pose->base, pose->hand[i]);
    te_frame hand = te_frame_facing(wrist, along, te_frame_along(&pose->base, pose->chest.x));
    te_scene_ellipsoid(scene, &hand, (te_vec){0, 0.026f * tall, 0},
                       (te_vec){0.022f * tall, 0.032f * tall, 0.011f * tall}, skin);
    for (int finger = 0; finger < 4; finger++) {
        float x = (-0.0145f + 0.0097f * (float)finger) * tall;
        float length = (finger == 0 || finger == 3 ? 0.038f : 0.046f) * tall;
        te_scene_capsule(scene, &hand, (te_vec){x, 0.045f * tall, 0},
                         (te_vec){x * 1.1f, 0.047f * tall + length, 0.006f * tall}, 0.0047f * tall, skin);
    }
    float side = i ? 1.0f : -1.0f;
    te_scene_capsule(scene, &hand, (te_vec){side * 0.014f * tall, 0.018f * tall, 0},
                     (te_vec){side * 0.033f * tall, 0.052f * tall, 0.008f * tall}, 0.0055f * tall, skin);
}

static void build_arms(te_scene *scene, const te_body *body, const te_pose *pose, const te_dress *d)
{
    float unit = body->tall * (0.5f + 0.5f * body->girth);
    for (int i = 0; i < 2; i++) {
        scene->part = TE_PART_UPPER_ARM;
        ball(scene, pose, pose->shoulder[i], 0.0335f * unit, d->sleeve > 0 ? d->shirt : d->skin);
        build_limb(scene, pose, pose->shoulder[i], pose->elbow[i], 0.0325f * unit, 0.025f * unit,
                   d->sleeve >= 1 ? 1 : d->sleeve, d->loose, d->skin, d->shirt);
        scene->part = TE_PART_LOWER_ARM;
        build_limb(scene, pose, pose->elbow[i], pose->wrist[i], 0.0255f * unit, 0.017f * unit,
                   d->sleeve >= 1 ? 0.96f : 0, d->loose, d->skin, d->shirt);
        build_hand(scene, pose, i, body->tall, d->skin);
    }
}

static void build_legs(te_scene *scene, const te_body *body, const te_pose *pose, const te_dress *d)
{
    float unit = body->tall * (0.45f + 0.55f * body->girth), tall = body->tall;
    for (int i = 0; i < 2; i++) {
        scene->part = TE_PART_UPPER_LEG;
        ball(scene, pose, pose->hip[i], 0.056f * unit, d->trousers);
        build_limb(scene, pose, pose->hip[i], pose->knee[i], 0.053f * unit, 0.036f * unit, d->leg, d->loose,
                   d->skin, d->trousers);
        scene->part = TE_PART_LOWER_LEG;
        build_limb(scene, pose, pose->knee[i], pose->ankle[i], 0.0365f * unit, 0.022f * unit,
                   d->leg >= 1 ? 0.97f : 0, d->loose * 1.15f, d->skin, d->trousers);
        te_vec toe = pose->toe[i], ankle = pose->ankle[i];
        te_vec drop = {0, 0.017f * tall, 0}, heel = te_vec_add(ankle, te_vec_scale(te_vec_sub(toe, ankle), -0.3f));
        te_scene_capsule(scene, &pose->base, te_vec_sub(heel, drop), te_vec_sub(toe, drop), 0.026f * tall, d->shoe);
        te_scene_capsule(scene, &pose->base, ankle, te_vec_sub(te_vec_mix(ankle, toe, 0.6f), drop), 0.027f * tall,
                         d->shoe);
    }
}

static void build_trunk(te_scene *scene, const te_body *body, const te_pose *pose, const te_dress *d, float bust)
{
    float tall = body->tall, girth = body->girth;
    te_vec spine = te_vec_sub(pose->chest.origin, pose->pelvis.origin);
    te_frame chest = te_frame_facing(pose->chest.origin, spine, pose->chest.z), hips = pose->pelvis;
    chest = place(pose, &chest);
    hips = place(pose, &hips);
    scene->part = TE_PART_UPPER_LEG;
    te_scene_ellipsoid(scene, &hips, (te_vec){0, 0, -0.008f * tall},
                       (te_vec){body->hip + 0.053f * tall * girth, 0.07f * tall, 0.066f * tall * girth},
                       d->trousers);
    scene->part = TE_PART_TORSO;
    float wide = body->shoulder - 0.014f * tall, deep = 0.054f * tall * (0.4f + 0.6f * girth);
    float waist = 0.084f * tall * girth;
    te_scene_round_box(scene, &chest, (te_vec){0, -0.085f * tall, 0}, (te_vec){wide, 0.09f * tall, deep},
                       deep * 0.92f, d->shirt);
    te_scene_ellipsoid(scene, &chest, (te_vec){0, -0.16f * tall, 0.003f * tall},
                       (te_vec){waist, 0.16f * tall, 0.062f * tall * girth}, d->shirt);
    te_scene_ellipsoid(
        scene, &hips, (te_vec){0, 0.04f * tall, 0},
        (te_vec){fmaxf(body->hip + 0.036f * tall * girth, waist), 0.085f * tall, 0.064f * tall * girth}, d->shirt);
    te_vec left = te_frame_locate(&chest, te_frame_point(&pose->base, pose->shoulder[0]));
    te_vec right = te_frame_locate(&chest, te_frame_point(&pose->base, pose->shoulder[1]));
    te_scene_capsule(scene, &chest, left, right, 0.031f * tall, d->shirt);
    te_scene_ellipsoid(scene, &chest, (te_vec){0, 0.004f * tall, -0.004f * tall},
                       (te_vec){0.095f * tall, 0.042f * tall, 0.044f * tall}, d->shirt);
    if (bust > 0) {
        for (int side = -1; side <= 1; side += 2) {
            te_scene_ellipsoid(scene, &chest, (te_vec){(float)side * 0.047f * tall, -0.09f * tall, deep * 0.8f},
                               (te_vec){0.046f * tall, 0.044f * tall, bust * tall}, d->shirt);
        }
    }
    te_vec skull = te_frame_locate(&chest, te_frame_point(&pose->base, pose->head.origin));
    skull.y += 0.025f * tall;
    te_scene_capsule(scene, &chest, (te_vec){0, 0, 0}, skull, 0.031f * tall, d->skin);
}

static void build_face(te_scene *scene, const te_frame *head, float u, const te_dress *d, te_dice *dice)
{
    float lids = te_dice_real(dice, 0.5f, 1), nose = te_dice_real(dice, 0.8f, 1.3f);
    float smile = te_dice_real(dice, 0.013f, 0.02f);
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * 0.0185f * u;
        te_scene_ellipsoid(scene, head, (te_vec){x, 0.066f * u, 0.0555f * u},
                           (te_vec){0.009f * u, 0.0055f * u * lids, 0.006f * u}, d->white);
        te_scene_ellipsoid(scene, head, (te_vec){x, 0.066f * u, 0.0585f * u},
                           (te_vec){0.0042f * u, 0.0048f * u * lids, 0.004f * u}, d->eye);
        te_scene_ellipsoid(scene, head, (te_vec){x * 1.05f, 0.078f * u, 0.0565f * u},
                           (te_vec){0.012f * u, 0.0026f * u, 0.005f * u}, d->hair);
        te_scene_ellipsoid(scene, head, (te_vec){(float)side * 0.0465f * u, 0.058f * u, 0.004f * u},
                           (te_vec){0.006f * u, 0.017f * u, 0.011f * u}, d->skin);
    }
    te_scene_ellipsoid(scene, head, (te_vec){0, 0.053f * u, 0.063f * u},
                       (te_vec){0.0085f * u, 0.014f * u, 0.011f * u * nose}, d->skin);
    te_scene_ellipsoid(scene, head, (te_vec){0, 0.0265f * u, 0.0555f * u},
                       (te_vec){smile * u, 0.0045f * u, 0.005f * u}, d->lip);
    if (te_dice_chance(dice, 0.15f)) { /* glasses */
        for (int side = -1; side <= 1; side += 2) {
            float x = (float)side * 0.02f * u;
            te_scene_ellipsoid(scene, head, (te_vec){x, 0.065f * u, 0.066f * u},
                               (te_vec){0.0155f * u, 0.012f * u, 0.0015f * u}, d->eye);
            te_scene_capsule(scene, head, (te_vec){x * 1.8f, 0.067f * u, 0.062f * u},
                             (te_vec){x * 2.3f, 0.066f * u, 0}, 0.0018f * u, d->eye);
        }
        te_scene_capsule(scene, head, (te_vec){-0.01f * u, 0.067f * u, 0.066f * u},
                         (te_vec){0.01f * u, 0.067f * u, 0.066f * u}, 0.0018f * u, d->eye);
    }
}

static void build_head(te_scene *scene, te_dice *dice, const te_body *body, const te_pose *pose, const te_dress *d,
                       int bearded)
{
    te_frame head = place(pose, &pose->head);
    float u = body->tall * body->head * (body->tall < 1.45f ? 1.1f : 1), wide = te_dice_real(dice, 0.94f, 1.06f);
    scene->part = TE_PART_HEAD;
    te_scene_ellipsoid(scene, &head, (te_vec){0, 0.07f * u, 0.004f * u},
                       (te_vec){0.046f * u * wide, 0.063f * u, 0.058f * u}, d->skin);
    te_scene_ellipsoid(scene, &head, (te_vec){0, 0.035f * u, 0.019f * u},
                       (te_vec){0.037f * u * wide, 0.042f * u, 0.038f * u}, d->skin);
    build_face(scene, &head, u, d, dice);
    float cut = d->haircut;
    if (cut > 0.08f) {
        float thick = te_dice_real(dice, 1, 1.12f);
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.083f * u, -0.011f * u},
                           (te_vec){0.051f * u * thick, 0.06f * u * thick, 0.058f * u * thick}, d->hair);
    }
    if (cut > 0.62f) { /* long */
        float length = te_dice_real(dice, 0.07f, 0.13f);
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.05f * u - length * 0.3f * u, -0.032f * u},
                           (te_vec){0.056f * u, length * u, 0.034f * u}, d->hair);
    } else if (cut > 0.52f) { /* tied up */
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.11f * u, -0.07f * u},
                           (te_vec){0.026f * u, 0.026f * u, 0.026f * u}, d->hair);
    } else if (bearded) {
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.015f * u, 0.025f * u},
                           (te_vec){0.035f * u, 0.03f * u, 0.034f * u}, d->hair);
    }
    if (te_dice_chance(dice, 0.06f)) { /* a cap */
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.1f * u, -0.004f * u},
                           (te_vec){0.055f * u, 0.05f * u, 0.064f * u}, d->trousers);
        te_scene_ellipsoid(scene, &head, (te_vec){0, 0.1f * u, 0.06f * u},
                           (te_vec){0.04f * u, 0.004f * u, 0.04f * u}, d->trousers);
    }
}

/* From the waist round both legs; standing people only. */
static void build_skirt(te_scene *scene, te_dice *dice, const te_body *body, const te_pose *pose, const te_dress *d)
{
    te_vec knees = te_vec_mix(pose->knee[0], pose->knee[1], 0.5f), waist = pose->pelvis.origin;
    waist.y += 0.05f * body->tall;
    te_vec hem = te_vec_mix(pose->pelvis.origin, knees, te_dice_real(dice, 0.5f, 1.3f));
    float spread = fabsf(pose->knee[0].z - pose->knee[1].z) / 2 + fabsf(pose->knee[0].x - pose->knee[1].x) / 2;
    scene->part = TE_PART_UPPER_LEG;
    spread += te_dice_real(dice, 0.06f, 0.12f) * body->tall;
    te_scene_frustum(scene, &pose->base, waist, hem, body->hip + 0.035f * body->tall * body->girth, spread,
                     te_dice_chance(dice, 0.5f) ? d->shirt : d->trousers);
}

void te_person_build(te_scene *scene, te_dice *dice, const te_body *body, const te_pose *pose, int skirt)
{
    te_dress d = draw_dress(scene, dice, skirt);
    te_scene_begin(scene, TE_ROOMS_PERSON);
    float bust = d.haircut > 0.45f ? te_dice_real(dice, 0.012f, 0.028f) : 0;
    build_trunk(scene, body, pose, &d, bust);
    build_arms(scene, body, pose, &d);
    build_legs(scene, body, pose, &d);
    build_head(scene, dice, body, pose, &d, te_dice_chance(dice, 0.25f));
    if (d.skirt) {
        build_skirt(scene, dice, body, pose, &d);
    }
    scene->part = 0;
    if (scene->people_count < TE_SCENE_PEOPLE) {
        te_frame chest = place(pose, &pose->chest);
        scene->people[scene->people_count++] = (te_somebody){chest.origin, chest.z, body->tall};
    }
}
