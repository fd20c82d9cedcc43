/* Seeing a scene: the camera, what each pixel's central ray meets, light, colour, labels. */
#ifndef TE_DATA_ROOMS_VIEW_H
#define TE_DATA_ROOMS_VIEW_H

#include "data/rooms_layout.h"
#include "data/rooms_scene.h"
#include "data/rooms_tree.h"

typedef struct te_view {
    const te_scene *scene;
    const te_tree *tree;
    int width, height;
    float focal;      /* pixels */
    int *solid;       /* (h,w) what the central ray meets; -1: nothing */
    float *distance;  /* (h,w) along the ray */
    te_vec *normal;   /* (h,w) in the world */
    te_vec *light;    /* (h,w) irradiance */
    te_vec *colour;   /* (h,w) linear radiance */
    uint64_t seed, index;
} te_view;

te_status te_view_create(te_view *view, const te_scene *scene, const te_tree *tree, int width, int height);
void te_view_free(te_view *view);

/* World direction of the ray through (x,y) in pixels; the centre of the first pixel is (0.5,0.5). Unit length. */
te_vec te_view_ray(const te_view *view, float x, float y);

/* Where the central ray of a pixel ends. */
te_vec te_view_point(const te_view *view, int x, int y);

/* Fill solid, distance, normal: rooms_view.c. Then light: rooms_illuminate.c. Then colour: rooms_shade.c. */
void te_view_trace(te_view *view);
te_status te_view_illuminate(te_view *view);
void te_view_shade(te_view *view);

/* From radiance to 8 bits (h,w,3), with the faults of cameras: rooms_film.c. */
te_status te_film_develop(const te_view *view, uint8_t *rgb);

/* Labels of the central rays: rooms_labels.c. */
te_status te_labels_fill(const te_view *view, te_rooms_sample *sample);

/* Put the camera where something is to be seen: rooms_camera.c. */
void te_camera_place(te_scene *scene, const te_layout *layout, const te_tree *tree, te_dice *dice);

/* Choose among the scene's bulbs and panes and set their strength: rooms_light.c. */
void te_lights_choose(te_scene *scene, te_dice *dice);

/* Irradiance at a point without regard to shadows. */
te_vec te_lights_rough(const te_scene *scene, te_vec point, te_vec normal);

/* Irradiance that light `row` would give if nothing stood between. */
te_vec te_light_direct(const te_light *light, te_vec point, te_vec normal);

#endif
