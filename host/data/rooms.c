#include "data/rooms.h"

#include "data/rooms_furnish.h"
#include "data/rooms_shell.h"
#include "data/rooms_view.h"

#include <stdlib.h>

/* Each part has dice of its own: more furniture does not change the walls. */
static void build_scene(te_scene *scene, te_layout *layout, uint64_t seed, uint64_t index)
{
    te_dice style = te_dice_start(seed, index, TE_DICE_STYLE), shell = te_dice_start(seed, index, TE_DICE_SHELL);
    te_dice furniture = te_dice_start(seed, index, TE_DICE_FURNITURE),
            people = te_dice_start(seed, index, TE_DICE_PEOPLE);
    te_style_choose(&scene->style, &style);
    te_shell_build(scene, layout, &shell);
    te_furnisher furnisher = {scene, layout, &furniture};
    te_furnish(&furnisher);
    furnisher.dice = &people;
    te_inhabit(&furnisher);
    furnisher.dice = &furniture;
    te_decorate(&furnisher);
}

static te_status allocate(te_rooms_sample **sample, int width, int height)
{
    te_rooms_sample *made = te_alloc(1, sizeof *made, "a generated room");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    size_t w = (size_t)width, h = (size_t)height;
    made->width = width;
    made->height = height;
    made->rgb = te_alloc(h, 3 * w, "a generated room");
    made->semseg = te_alloc(h, w, "a generated room");
    made->human_parts = te_alloc(h, w, "a generated room");
    made->sal = te_alloc(h, w, "a generated room");
    made->normals = te_alloc(h, 3 * w * sizeof *made->normals, "a generated room");
    made->edge = te_alloc(h, w, "a generated room");
    made->depth = te_alloc(h, w * sizeof *made->depth, "a generated room");
    if (!made->rgb || !made->semseg || !made->human_parts || !made->sal || !made->normals || !made->edge
        || !made->depth) {
        te_rooms_sample_free(made);
        return TE_ERR_MEMORY;
    }
    *sample = made;
    return TE_OK;
}

static te_status render(te_rooms_sample *sample, te_scene *scene, const te_tree *tree, uint64_t seed,
                        uint64_t index)
{
    te_view view;
    TE_TRY(te_view_create(&view, scene, tree, sample->width, sample->height));
    view.seed = seed;
    view.index = index;
    te_view_trace(&view);
    te_status status;
    TE_TRY_OUT(te_labels_fill(&view, sample));
    TE_TRY_OUT(te_view_illuminate(&view));
    te_view_shade(&view);
    TE_TRY_OUT(te_film_develop(&view, sample->rgb));
out:
    te_view_free(&view);
    return status;
}

te_status te_rooms_sample_create(te_rooms_sample **sample, uint64_t seed, uint64_t index, int width, int height)
{
    if (width < 1 || height < 1 || width > TE_ROOMS_LIMIT || height > TE_ROOMS_LIMIT) {
        return te_fail(TE_ERR_ARGUMENT,
                       "cannot generate a room of '%d x %d' pixels: 1 to %d each way are supported", width, height,
                       TE_ROOMS_LIMIT);
    }
    te_rooms_sample *made = NULL;
    te_scene *scene = NULL;
    te_tree tree = {0};
    te_layout layout;
    te_status status;
    TE_TRY_OUT(te_scene_create(&scene));
    build_scene(scene, &layout, seed, index);
    TE_TRY_OUT(te_tree_create(&tree, scene->solids, scene->solids_count));
    te_dice camera = te_dice_start(seed, index, TE_DICE_CAMERA), light = te_dice_start(seed, index, TE_DICE_LIGHT);
    te_camera_place(scene, &layout, &tree, &camera);
    te_lights_choose(scene, &light);
    TE_TRY_OUT(allocate(&made, width, height));
    TE_TRY_OUT(render(made, scene, &tree, seed, index));
    *sample = made;
    made = NULL;
out:
    te_rooms_sample_free(made);
    te_tree_free(&tree);
    te_scene_free(scene);
    return status;
}

void te_rooms_sample_free(te_rooms_sample *sample)
{
    if (sample) {
        free(sample->rgb);
        free(sample->semseg);
        free(sample->human_parts);
        free(sample->sal);
        free(sample->normals);
        free(sample->edge);
        free(sample->depth);
        free(sample);
    }
}
