#include "data/rooms_furnish.h"
#include "data/rooms_people.h"

/* Feet and knees need some free floor in front of sofas and beds; chairs stand at tables, under which legs fit. */
static int legs_fit(const te_furnisher *f, const te_seat *seat)
{
    int class = f->scene->things[seat->thing];
    if (class == TE_ROOMS_CHAIR && seat->reach < 0.6f) {
        return 1;
    }
    te_frame front = te_frame_moved(&seat->frame, 0, -seat->frame.origin.y + 0.05f, 0.28f);
    te_spot spot = te_spot_of(&front, (te_vec){0.35f, 0.3f, 0.46f}, 0);
    return te_layout_fits(f->layout, &spot);
}

/* The place of the upper body: keeps others, and cameras, away. */
static void take(te_furnisher *f, te_vec place, float low, float high, float radius)
{
    te_spot spot = {place.x, place.z, radius, radius, 1, 0, low, high};
    te_layout_take(f->layout, &spot);
}

static int sit_down(te_furnisher *f)
{
    te_scene *scene = f->scene;
    if (scene->seats_count == 0) {
        return 0;
    }
    te_seat *seat = &scene->seats[te_dice_int(f->dice, 0, scene->seats_count - 1)];
    if (seat->taken || seat->reach < 0.3f || seat->depth < 0.2f || !legs_fit(f, seat)) {
        return 0;
    }
    te_body body = te_body_draw(f->dice);
    te_frame at = te_frame_moved(&seat->frame, te_dice_real(f->dice, -0.04f, 0.04f), 0, 0);
    te_pose pose;
    seat->taken = 1;
    te_pose_sit(&pose, &body, f->dice, &at, seat->depth);
    te_person_build(scene, f->dice, &body, &pose, 0);
    te_vec middle = te_frame_point(&at, (te_vec){0, 0, -0.1f});
    take(f, middle, at.origin.y, at.origin.y + 0.6f * body.tall, 0.3f);
    return 1;
}

static int stand_up(te_furnisher *f)
{
    te_body body = te_body_draw(f->dice);
    for (int attempt = 0; attempt < 12; attempt++) {
        te_vec place = {te_dice_real(f->dice, 0.35f, f->layout->width - 0.35f), 0, 0};
        place.z = te_dice_real(f->dice, 0.35f, f->layout->depth - 0.35f);
        float yaw = te_dice_real(f->dice, 0, 2 * TE_PI);
        if (te_dice_chance(f->dice, 0.4f)) { /* towards the middle of the room, as in groups */
            yaw = atan2f(f->layout->width / 2 - place.x, f->layout->depth / 2 - place.z)
                  + te_dice_real(f->dice, -0.6f, 0.6f);
        }
        te_frame base = te_frame_upright(place, yaw);
        te_spot spot = te_spot_of(&base, (te_vec){0.52f, body.tall, 0.42f}, 0);
        spot.low = 0.03f;
        if (te_layout_fits(f->layout, &spot)) {
            te_pose pose;
            te_layout_take(f->layout, &spot);
            te_pose_stand(&pose, &body, f->dice, &base);
            te_person_build(f->scene, f->dice, &body, &pose, 1);
            return 1;
        }
    }
    return 0;
}

/* On a bed: both its edges are seats, at 0.3 m from the middle towards the foot. */
static int lie_down(te_furnisher *f)
{
    te_scene *scene = f->scene;
    for (int i = 0; i + 1 < scene->seats_count; i++) {
        te_seat *left = &scene->seats[i], *right = &scene->seats[i + 1];
        if (scene->things[left->thing] != TE_ROOMS_BED || left->thing != right->thing || left->taken
            || right->taken) {
            continue;
        }
        te_body body = te_body_draw(f->dice);
        te_vec across = te_vec_sub(right->frame.origin, left->frame.origin), up = {0, 1, 0};
        te_vec middle = te_vec_mix(left->frame.origin, right->frame.origin,
                                   te_vec_length(across) > 1.3f ? te_dice_real(f->dice, 0.3f, 0.7f) : 0.5f);
        te_vec head = te_vec_cross(te_vec_unit(across), up); /* from x of the bed to minus z */
        head = te_vec_scale(head, -1);
        te_frame base = te_frame_facing(middle, head, up);
        base.origin = te_vec_add(middle, te_vec_scale(head, 0.35f + 0.72f - body.tall));
        base.origin.y += 0.035f + 0.06f * body.tall * (0.4f + 0.6f * body.girth);
        te_pose pose;
        left->taken = right->taken = 1;
        te_pose_lie(&pose, &body, f->dice, &base);
        te_person_build(scene, f->dice, &body, &pose, 0);
        take(f, middle, base.origin.y, base.origin.y + 0.3f, 0.7f);
        return 1;
    }
    return 0;
}

void te_inhabit(te_furnisher *f)
{
    static const float weights[] = {4, 3.2f, 1.8f, 0.8f, 0.4f};
    int count = te_dice_pick(f->dice, weights, 5);
    for (int i = 0; i < count; i++) {
        float how = te_dice_real(f->dice, 0, 1);
        int done = 0;
        if (how < 0.08f) {
            done = lie_down(f);
        }
        for (int attempt = 0; attempt < 4 && !done && how < 0.55f; attempt++) {
            done = sit_down(f);
        }
        if (!done) {
            stand_up(f);
        }
    }
}
