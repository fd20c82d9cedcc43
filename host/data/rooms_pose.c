#include "data/rooms_people.h"

te_body te_body_draw(te_dice *dice)
{
    int child = te_dice_chance(dice, 0.12f);
    float tall = child ? te_dice_real(dice, 1.0f, 1.4f) : te_dice_real(dice, 1.52f, 1.92f);
    te_body body = {.tall = tall, .head = child ? 1.25f : te_dice_real(dice, 0.95f, 1.08f)};
    float wide = te_dice_real(dice, 0.92f, 1.08f);
    body.girth = te_dice_real(dice, 0.85f, 1.25f);
    body.shoulder = 0.108f * tall * wide;
    body.hip = 0.052f * tall * (0.7f + 0.3f * body.girth);
    body.spine = 0.285f * tall;
    body.neck = 0.045f * tall;
    body.upper_arm = 0.172f * tall;
    body.lower_arm = 0.148f * tall;
    body.thigh = 0.245f * tall;
    body.shin = 0.240f * tall;
    body.ankle = 0.045f * tall;
    return body;
}

/* Two bones from `from` towards `target`, bent to the side of `hint`. */
static void reach(te_vec from, te_vec target, float first, float second, te_vec hint, te_vec *middle, te_vec *end)
{
    te_vec way = te_vec_sub(target, from), along = te_vec_unit(way);
    float length =
        te_clamp(te_vec_length(way), 1.1f * fabsf(first - second) + 0.3f * first, 0.998f * (first + second));
    float share = (first * first + length * length - second * second) / (2 * length);
    float height = sqrtf(fmaxf(first * first - share * share, 0));
    te_vec side = te_vec_unit(te_vec_sub(hint, te_vec_scale(along, te_vec_dot(hint, along))));
    *middle = te_vec_add(from, te_vec_add(te_vec_scale(along, share), te_vec_scale(side, height)));
    *end = te_vec_add(from, te_vec_scale(along, length));
}

/* Trunk and head above the hips: lean forwards, twist and tilt in radians. */
static void raise_trunk(te_pose *pose, const te_body *body, te_dice *dice, te_vec hips, float lean)
{
    te_frame pelvis = te_frame_upright(hips, te_dice_real(dice, -0.12f, 0.12f));
    pose->pelvis = te_frame_turned(&pelvis, 'x', lean * 0.5f);
    te_frame chest = te_frame_turned(&pelvis, 'y', te_dice_real(dice, -0.25f, 0.25f));
    chest = te_frame_turned(&chest, 'x', lean);
    chest = te_frame_turned(&chest, 'z', te_dice_real(dice, -0.07f, 0.07f));
    te_vec spine = te_vec_unit(te_vec_add(pose->pelvis.y, chest.y));
    chest.origin = te_vec_add(hips, te_vec_scale(spine, body->spine));
    pose->chest = chest;
    te_frame head = te_frame_turned(&chest, 'y', te_dice_real(dice, -0.7f, 0.7f));
    head = te_frame_turned(&head, 'x', te_dice_real(dice, -0.15f, 0.3f) - 0.6f * lean);
    head.origin = te_frame_point(&chest, (te_vec){0, body->neck, 0.012f * body->tall});
    pose->head = head;
    for (int i = 0; i < 2; i++) {
        float side = i ? -1.0f : 1.0f, shrug = te_dice_real(dice, -0.02f, -0.004f);
        pose->shoulder[i] = te_frame_point(&chest, (te_vec){side * body->shoulder, shrug * body->tall, 0});
        pose->hip[i] = te_frame_point(&pose->pelvis, (te_vec){side * body->hip, 0, 0});
    }
}

typedef enum te_gesture {
    HANG,
    ON_HIP,
    FORWARD,
    UP,
    TO_HEAD,
    AT_BELLY,
    SIDEWAYS,
    ANYWHERE,
    ON_LAP,
    ON_TABLE
} te_gesture;

/* Where the wrist goes, in the chest's frame and body heights, for the left arm; each is spread by `spread`. */
static const struct {
    te_vec wrist, hint;
    float spread;
} gestures[] = {
    [HANG] = {{0.15f, -0.30f, 0.04f}, {0.3f, 0, -1}, 0.03f},
    [ON_HIP] = {{0.135f, -0.235f, 0.03f}, {1, 0, -0.7f}, 0.015f},
    [FORWARD] = {{0.08f, -0.04f, 0.27f}, {0.5f, -1, 0}, 0.08f},
    [UP] = {{0.14f, 0.26f, 0.06f}, {1, 0, 0.2f}, 0.06f},
    [TO_HEAD] = {{0.075f, 0.09f, 0.07f}, {0.8f, -1, 0.2f}, 0.02f},
    [AT_BELLY] = {{-0.02f, -0.17f, 0.13f}, {1, -0.4f, -0.4f}, 0.03f},
    [SIDEWAYS] = {{0.36f, -0.04f, 0.02f}, {0.2f, -1, -0.3f}, 0.08f},
    [ANYWHERE] = {{0.17f, -0.06f, 0.12f}, {0.6f, -1, -0.3f}, 0.16f},
    [ON_LAP] = {{0.04f, -0.235f, 0.17f}, {0.8f, -0.2f, -0.8f}, 0.035f},
    [ON_TABLE] = {{0.05f, -0.14f, 0.24f}, {0.9f, -0.6f, -0.4f}, 0.03f},
};

static void place_arm(te_pose *pose, const te_body *body, te_dice *dice, int i, te_gesture gesture)
{
    float side = i ? -1.0f : 1.0f, spread = gestures[gesture].spread;
    te_vec wrist = gestures[gesture].wrist, hint = gestures[gesture].hint;
    wrist.x += te_dice_real(dice, -spread, spread);
    wrist.y += te_dice_real(dice, -spread, spread);
    wrist.z += te_dice_real(dice, -spread, spread);
    wrist = te_frame_point(&pose->chest,
                           (te_vec){side * wrist.x * body->tall, wrist.y * body->tall, wrist.z * body->tall});
    hint = te_frame_along(&pose->chest, (te_vec){side * hint.x, hint.y, hint.z});
    reach(pose->shoulder[i], wrist, body->upper_arm, body->lower_arm, hint, &pose->elbow[i], &pose->wrist[i]);
    te_vec bend = {te_dice_real(dice, -0.3f, 0.3f), 0, 0};
    bend.y = te_dice_real(dice, -0.3f, 0.3f);
    bend.z = te_dice_real(dice, -0.1f, 0.4f);
    te_vec along = te_vec_unit(te_vec_sub(pose->wrist[i], pose->elbow[i]));
    pose->hand[i] = te_vec_unit(te_vec_add(along, te_frame_along(&pose->chest, bend)));
}

/* Both arms do the same mostly. */
static void place_arms(te_pose *pose, const te_body *body, te_dice *dice, const float *weights)
{
    te_gesture first = (te_gesture)te_dice_pick(dice, weights, ON_TABLE + 1), second = first;
    if (te_dice_chance(dice, 0.45f)) {
        second = (te_gesture)te_dice_pick(dice, weights, ON_TABLE + 1);
    }
    int swap = te_dice_chance(dice, 0.5f);
    place_arm(pose, body, dice, swap, first);
    place_arm(pose, body, dice, !swap, second);
}

/* A leg from its hip to an ankle; feet point to `front`, turned outwards a little. */
static void place_leg(te_pose *pose, const te_body *body, int i, te_vec ankle, te_vec hint, te_vec front)
{
    reach(pose->hip[i], ankle, body->thigh, body->shin, hint, &pose->knee[i], &pose->ankle[i]);
    pose->toe[i] = te_vec_add(pose->ankle[i], te_vec_scale(te_vec_unit(front), 0.115f * body->tall));
}

void te_pose_stand(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *base)
{
    static const float weights[] = {8, 1.5f, 0.8f, 0.4f, 0.9f, 2.2f, 0.25f, 1.6f, 0, 0};
    float stride = te_dice_chance(dice, 0.25f) ? te_dice_real(dice, 0.06f, 0.14f) : te_dice_real(dice, 0, 0.03f);
    float bend = te_dice_chance(dice, 0.1f) ? te_dice_real(dice, 0.8f, 0.95f) : te_dice_real(dice, 0.975f, 0.995f);
    float first = te_dice_sign(dice), legs = (body->thigh + body->shin) * bend;
    float gap = te_dice_real(dice, 0.8f, 1.9f);
    float step = stride * body->tall, high = sqrtf(fmaxf(legs * legs - step * step, 0.2f * legs * legs));
    float lean = te_dice_chance(dice, 0.15f) ? te_dice_real(dice, 0.2f, 0.7f) : te_dice_real(dice, -0.06f, 0.12f);
    *pose = (te_pose){.base = *base};
    raise_trunk(pose, body, dice, (te_vec){0, body->ankle + high, 0}, lean + (1 - bend) * 1.5f);
    for (int i = 0; i < 2; i++) {
        float side = i ? -1.0f : 1.0f, turn = te_dice_real(dice, -0.05f, 0.45f);
        te_vec ankle = {side * body->hip * gap, body->ankle, side * first * step};
        place_leg(pose, body, i, ankle, (te_vec){side * 0.15f, 0, 1}, (te_vec){side * turn, 0, 1});
    }
    place_arms(pose, body, dice, weights);
}

void te_pose_sit(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *seat, float depth)
{
    static const float weights[] = {0.7f, 0.2f, 0.3f, 0.15f, 0.8f, 2, 0.1f, 0.6f, 7, 1.5f};
    float cushion = 0.052f * body->tall * (0.6f + 0.4f * body->girth), floor = -seat->origin.y;
    float back = body->thigh - te_dice_real(dice, 0.03f, 0.12f) * body->tall;
    float lean = te_dice_real(dice, -0.3f, 0.25f);
    back = fminf(back, fmaxf(depth - 0.06f * body->tall, 0.1f * body->tall));
    *pose = (te_pose){.base = *seat};
    raise_trunk(pose, body, dice, (te_vec){0, cushion, -back}, lean);
    float apart = te_dice_real(dice, 0.7f, 2.2f), out = te_dice_real(dice, -0.03f, 0.22f) * body->tall;
    for (int i = 0; i < 2; i++) {
        float side = i ? -1.0f : 1.0f, turn = te_dice_real(dice, -0.1f, 0.4f);
        float shift = te_dice_real(dice, -0.08f, 0.08f);
        te_vec ankle = {side * body->hip * apart, floor + body->ankle,
                        out + 0.05f * body->tall + shift * body->tall};
        place_leg(pose, body, i, ankle, (te_vec){side * 0.2f, 0.6f, 1}, (te_vec){side * turn, 0, 1});
    }
    place_arms(pose, body, dice, weights);
}

void te_pose_lie(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *base)
{
    static const float weights[] = {4, 0.5f, 0, 0.6f, 1, 5, 0.4f, 0, 0, 0};
    float legs = (body->thigh + body->shin) * te_dice_real(dice, 0.9f, 0.995f);
    *pose = (te_pose){.base = *base};
    raise_trunk(pose, body, dice, (te_vec){0, body->ankle + legs, 0}, te_dice_real(dice, 0, 0.15f));
    for (int i = 0; i < 2; i++) {
        float side = i ? -1.0f : 1.0f, gap = te_dice_real(dice, 0.7f, 2);
        te_vec ankle = {side * body->hip * gap, body->ankle, -0.03f * body->tall};
        place_leg(pose, body, i, ankle, (te_vec){side * 0.3f, 0, 1}, (te_vec){side * 0.5f, 0, 1});
    }
    place_arms(pose, body, dice, weights);
}
