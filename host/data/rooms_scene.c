#include "data/rooms_scene.h"

#include <stdlib.h>

te_status te_scene_create(te_scene **scene)
{
    te_scene *made = te_alloc(1, sizeof *made, "a generated room");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->solids = te_alloc(TE_SCENE_SOLIDS + 1, sizeof *made->solids, "a generated room");
    made->materials = te_alloc(TE_SCENE_MATERIALS, sizeof *made->materials, "a generated room");
    made->things = te_alloc(TE_SCENE_THINGS, sizeof *made->things, "a generated room");
    if (!made->solids || !made->materials || !made->things) {
        te_scene_free(made);
        return TE_ERR_MEMORY;
    }
    *scene = made;
    return TE_OK;
}

void te_scene_free(te_scene *scene)
{
    if (scene) {
        free(scene->solids);
        free(scene->materials);
        free(scene->things);
        free(scene);
    }
}

int te_scene_begin(te_scene *scene, te_rooms_class class)
{
    scene->part = 0;
    scene->thing = -1;
    if (scene->things_count < TE_SCENE_THINGS) {
        scene->thing = scene->things_count++;
        scene->things[scene->thing] = (uint8_t)class;
    }
    return scene->thing;
}

int te_scene_material(te_scene *scene, te_material material)
{
    if (scene->materials_count < TE_SCENE_MATERIALS) {
        scene->materials[scene->materials_count++] = material;
    }
    return scene->materials_count - 1;
}

static te_solid *add(te_scene *scene, te_shape shape, const te_frame *frame, te_vec centre, te_vec size,
                     int material)
{
    te_solid *solid =
        &scene->solids[scene->solids_count]; /* nobody sees a row that is not counted; there is a spare one */
    scene->solids_count += scene->solids_count < TE_SCENE_SOLIDS && scene->thing >= 0;
    *solid = (te_solid){
        .frame = te_frame_moved(frame, centre.x, centre.y, centre.z),
        .size = {fmaxf(size.x, 1e-4f), fmaxf(size.y, 1e-4f), fmaxf(size.z, 1e-4f)},
        .material = (uint16_t)material,
        .thing = (uint16_t)scene->thing,
        .shape = (uint8_t)shape,
        .part = (uint8_t)scene->part,
    };
    return solid;
}

te_solid *te_scene_box(te_scene *scene, const te_frame *frame, te_vec centre, te_vec half, int material)
{
    return add(scene, TE_SHAPE_BOX, frame, centre, half, material);
}

te_solid *te_scene_round_box(te_scene *scene, const te_frame *frame, te_vec centre, te_vec half, float round,
                             int material)
{
    te_solid *solid = add(scene, TE_SHAPE_ROUND_BOX, frame, centre, half, material);
    solid->round = fminf(round, 0.98f * fminf(solid->size.x, fminf(solid->size.y, solid->size.z)));
    return solid;
}

te_solid *te_scene_ellipsoid(te_scene *scene, const te_frame *frame, te_vec centre, te_vec radii, int material)
{
    return add(scene, TE_SHAPE_ELLIPSOID, frame, centre, radii, material);
}

/* A solid about the line between two points of `frame`. */
static te_solid *add_along(te_scene *scene, te_shape shape, const te_frame *frame, te_vec from, te_vec to,
                           float first, float second, int material)
{
    te_vec a = te_frame_point(frame, from), b = te_frame_point(frame, to), along = te_vec_sub(b, a);
    te_frame axis = te_frame_around(te_vec_mix(a, b, 0.5f), along);
    return add(scene, shape, &axis, (te_vec){0, 0, 0}, (te_vec){first, te_vec_length(along) / 2, second}, material);
}

te_solid *te_scene_capsule(te_scene *scene, const te_frame *frame, te_vec from, te_vec to, float radius,
                           int material)
{
    return add_along(scene, TE_SHAPE_CAPSULE, frame, from, to, radius, radius, material);
}

te_solid *te_scene_frustum(te_scene *scene, const te_frame *frame, te_vec from, te_vec to, float radius_from,
                           float radius_to, int material)
{
    return add_along(scene, TE_SHAPE_FRUSTUM, frame, from, to, radius_from, radius_to, material);
}

void te_scene_add_seat(te_scene *scene, const te_frame *frame, te_vec front_edge, float depth, float reach)
{
    if (scene->seats_count < TE_SCENE_SEATS && scene->thing >= 0) {
        scene->seats[scene->seats_count++] = (te_seat){
            .frame = te_frame_moved(frame, front_edge.x, front_edge.y, front_edge.z),
            .depth = depth,
            .reach = reach,
            .thing = (uint16_t)scene->thing,
        };
    }
}

void te_scene_add_top(te_scene *scene, const te_frame *frame, te_vec centre, float half_x, float half_z, float room,
                      int kind)
{
    if (scene->tops_count < TE_SCENE_TOPS) {
        scene->tops[scene->tops_count++] = (te_top){
            te_frame_moved(frame, centre.x, centre.y, centre.z), half_x, half_z, room, (uint8_t)kind,
        };
    }
}

void te_scene_add_bulb(te_scene *scene, te_vec place, float radius)
{
    if (scene->bulbs_count < TE_SCENE_BULBS) {
        scene->bulbs[scene->bulbs_count++] = (te_light){
            .kind = TE_LIGHT_BULB,
            .frame = te_frame_upright(place, 0),
            .half_x = radius,
        };
    }
}
