/* Which lights a room is seen by, and what they give without regard to shadows. */
#include "data/rooms_view.h"

static te_vec lamp_colour(te_dice *dice)
{
    float warm = te_dice_real(dice, 0, 1); /* from daylight white to incandescent */
    return (te_vec){1, 1 - 0.28f * warm, 1 - 0.62f * warm};
}

static te_vec sky_colour(te_dice *dice)
{
    float cool = te_dice_real(dice, -0.25f, 1);
    return (te_vec){1 - 0.2f * cool, 1 - 0.07f * cool, 1 + 0.1f * cool};
}

static void add_light(te_scene *scene, te_light light, te_vec colour)
{
    if (scene->lights_count < TE_SCENE_LIGHTS) {
        light.colour = colour;
        scene->lights[scene->lights_count++] = light;
    }
}

/* Through this pane and all others that face the same way. */
static void add_sun(te_scene *scene, te_dice *dice, const te_light *pane)
{
    float aside = te_dice_real(dice, -1, 1), low = te_dice_real(dice, 0.3f, 0.9f);
    float strength = te_dice_scale(dice, 3, 12);
    te_vec down = {cosf(low) * sinf(aside), -sinf(low), cosf(low) * cosf(aside)};
    te_light light = {.kind = TE_LIGHT_SUN, .frame = pane->frame};
    light.frame.z = te_frame_along(&pane->frame, down);
    add_light(scene, light, (te_vec){strength, strength * 0.93f, strength * 0.8f});
}

/* Lamps that cannot be seen: whatever lit the room behind the photographer's back; or a flash. */
static void add_unseen(te_scene *scene, te_dice *dice)
{
    te_vec place = {te_dice_real(dice, 0.25f, 0.75f) * scene->width, scene->height - 0.08f, 0};
    place.z = te_dice_real(dice, 0.25f, 0.75f) * scene->depth;
    te_light light = {.kind = TE_LIGHT_BULB, .half_x = te_dice_real(dice, 0.05f, 0.3f)};
    if (te_dice_chance(dice, 0.2f)) {
        place = te_frame_point(&scene->camera, (te_vec){0.06f, 0.05f, 0});
        light.half_x = 0.02f;
    }
    light.frame = te_frame_upright(place, 0);
    te_vec colour = lamp_colour(dice);
    add_light(scene, light, te_vec_scale(colour, te_dice_scale(dice, 2, 6)));
}

static float largest(te_vec v)
{
    return fmaxf(v.x, fmaxf(v.y, v.z));
}

void te_lights_choose(te_scene *scene, te_dice *dice)
{
    te_vec lamp = lamp_colour(dice), sky = sky_colour(dice);
    int start = scene->panes_count > 0 ? te_dice_int(dice, 0, scene->panes_count - 1) : 0;
    float brightness = te_dice_scale(dice, 3, 10);
    scene->lights_count = 0;
    if (scene->day && scene->panes_count > 0) {
        const te_light *pane = &scene->panes[start];
        add_light(scene, *pane, te_vec_scale(sky, brightness * 4 * pane->half_x * pane->half_y));
        if (te_dice_chance(dice, 0.35f)) {
            add_sun(scene, dice, pane);
        } else if (scene->panes_count > 1) {
            pane = &scene->panes[(start + 1) % scene->panes_count];
            add_light(scene, *pane, te_vec_scale(sky, brightness * 4 * pane->half_x * pane->half_y));
        }
    }
    int lit = !scene->day || scene->panes_count == 0 || te_dice_chance(dice, 0.5f);
    for (int i = 0; i < scene->bulbs_count && lit; i++) {
        add_light(scene, scene->bulbs[i], te_vec_scale(lamp, te_dice_scale(dice, 1.5f, 6)));
    }
    if (scene->lights_count == 0 || te_dice_chance(dice, 0.25f)) {
        add_unseen(scene, dice);
    }
    te_vec mean = {0, 0, 0};
    for (int i = 0; i < scene->lights_count; i++) {
        if (scene->lights[i].kind != TE_LIGHT_SUN) {
            mean = te_vec_add(mean, te_vec_scale(scene->lights[i].colour, 0.2f));
        }
    }
    te_vec grey = te_vec_scale((te_vec){1, 1, 1}, largest(mean));
    scene->ambient = te_vec_scale(te_vec_mix(mean, grey, 0.5f), te_dice_scale(dice, 0.12f, 0.8f));
}

/* From a point of a panel, quarter of its light. */
static float panel_share(const te_light *light, te_vec source, te_vec point, te_vec normal)
{
    te_vec way = te_vec_sub(source, point);
    float square = te_vec_dot(way, way), in = te_vec_dot(way, normal), out = -te_vec_dot(way, light->frame.z);
    return in > 0 && out > 0 ? in * out / (square * square + 0.05f) : 0;
}

te_vec te_light_direct(const te_light *light, te_vec point, te_vec normal)
{
    float strength = 0;
    if (light->kind == TE_LIGHT_SUN) {
        strength = fmaxf(-te_vec_dot(light->frame.z, normal), 0);
    } else if (light->kind == TE_LIGHT_BULB) {
        te_vec way = te_vec_sub(light->frame.origin, point);
        float square = te_vec_dot(way, way), length = sqrtf(square);
        float in = te_vec_dot(way, normal) / fmaxf(length, 1e-3f);
        strength = fmaxf(in, 0) / (square + 0.1f);
    } else {
        for (int i = 0; i < 4; i++) {
            float x = (i & 1 ? 0.5f : -0.5f) * light->half_x, y = (i & 2 ? 0.5f : -0.5f) * light->half_y;
            te_vec source = te_frame_point(&light->frame, (te_vec){x, y, 0});
            strength += 0.25f * panel_share(light, source, point, normal);
        }
    }
    return te_vec_scale(light->colour, strength);
}

te_vec te_lights_rough(const te_scene *scene, te_vec point, te_vec normal)
{
    te_vec sum = scene->ambient;
    for (int i = 0; i < scene->lights_count; i++) {
        float usual = scene->lights[i].kind == TE_LIGHT_SUN ? 0.02f : 0.7f; /* share that no shadow takes away */
        sum = te_vec_add(sum, te_vec_scale(te_light_direct(&scene->lights[i], point, normal), usual));
    }
    return sum;
}
