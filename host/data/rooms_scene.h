/* A generated room before it is seen: solids, materials, things (labelled instances), lights, camera. */
#ifndef TE_DATA_ROOMS_SCENE_H
#define TE_DATA_ROOMS_SCENE_H

#include "base/status.h"
#include "data/rooms.h"
#include "data/rooms_dice.h"
#include "data/rooms_texture.h"

/* Rooms end up well below these; whatever would not fit is left out. */
enum {
    TE_SCENE_SOLIDS = 4096,
    TE_SCENE_MATERIALS = 2048,
    TE_SCENE_THINGS = 512,
    TE_SCENE_SEATS = 48,
    TE_SCENE_TOPS = 160,
    TE_SCENE_LIGHTS = 3,
    TE_SCENE_BULBS = 8,
    TE_SCENE_PANES = 6,
    TE_SCENE_PEOPLE = 6
};

/* Where somebody can sit: z of the frame is the direction faced, its origin the middle of the seat's front edge, at
 * the height of the seat. */
typedef struct te_seat {
    te_frame frame;
    float depth;    /* from the front edge to the back rest */
    float reach;    /* free width */
    uint16_t thing; /* of the seat itself */
    uint8_t taken;
} te_seat;

/* Where small things can stand: a level rectangle about the frame's origin. */
typedef struct te_top {
    te_frame frame;
    float half_x, half_z;
    float room; /* free height above */
    uint8_t kind;
} te_top;

enum { TE_TOP_TABLE, TE_TOP_CABINET, TE_TOP_SMALL };

/* Somebody: where cameras look. */
typedef struct te_somebody {
    te_vec chest, front; /* the middle of the chest; the direction faced */
    float tall;
} te_somebody;

typedef enum te_light_kind {
    TE_LIGHT_BULB,  /* a ball at frame.origin of radius half_x, light in all directions */
    TE_LIGHT_PANEL, /* a rectangle that shines along z */
    TE_LIGHT_SUN    /* from direction z, through panes only */
} te_light_kind;

typedef struct te_light {
    te_light_kind kind;
    te_frame frame;
    float half_x, half_y;
    te_vec colour; /* bulbs: irradiance at one metre; panels: radiance times area; the sun: irradiance */
} te_light;

/* The choices that one room's things share. */
typedef struct te_style {
    float wild;        /* 0: ordinary homes; towards 1: any colour on anything */
    float accent;      /* a hue that comes back in fabrics and decoration */
    te_vec wood[2];    /* two woods: dark grain and light grain are derived from each */
    te_vec paint;      /* of painted furniture */
    te_vec metal;
    te_vec trim;       /* frames of doors and windows, skirting boards */
    float clutter;     /* 0 to 1 */
} te_style;

typedef struct te_scene {
    te_solid *solids;
    te_material *materials;
    uint8_t *things; /* class of each thing */
    int solids_count, materials_count, things_count;
    int thing;       /* what solids are added to; -1: to nothing, they are dropped */
    int part;        /* of a person; 0 otherwise */
    int paint;       /* material of most walls */
    te_seat seats[TE_SCENE_SEATS];
    te_top tops[TE_SCENE_TOPS];
    int seats_count, tops_count;
    te_somebody people[TE_SCENE_PEOPLE];
    int people_count;
    te_light lights[TE_SCENE_LIGHTS];
    te_light bulbs[TE_SCENE_BULBS], panes[TE_SCENE_PANES]; /* what lights may be chosen from */
    int lights_count, bulbs_count, panes_count;
    te_vec ambient;
    int day;
    float width, depth, height; /* the room is 0 to width along x, 0 to height along y, 0 to depth along z */
    te_style style;
    te_frame camera; /* looks along -z, y up, x right */
    float focal;     /* pixels for a picture whose longer side is 1 pixel */
} te_scene;

te_status te_scene_create(te_scene **scene);
void te_scene_free(te_scene *scene);

/* Everything added from here on belongs to a new thing of this class; returns its number. */
int te_scene_begin(te_scene *scene, te_rooms_class class);

int te_scene_material(te_scene *scene, te_material material);

/* Add solids at places of `frame`. Sizes of boxes are half edges. A handle to the solid is returned for rare
 * changes; it is valid until the next one is added. */
te_solid *te_scene_box(te_scene *scene, const te_frame *frame, te_vec centre, te_vec half, int material);
te_solid *te_scene_round_box(te_scene *scene, const te_frame *frame, te_vec centre, te_vec half, float round,
                             int material);
te_solid *te_scene_ellipsoid(te_scene *scene, const te_frame *frame, te_vec centre, te_vec radii, int material);
te_solid *te_scene_capsule(te_scene *scene, const te_frame *frame, te_vec from, te_vec to, float radius,
                           int material);
te_solid *te_scene_frustum(te_scene *scene, const te_frame *frame, te_vec from, te_vec to, float radius_from,
                           float radius_to, int material);

void te_scene_add_seat(te_scene *scene, const te_frame *frame, te_vec front_edge, float depth, float reach);
void te_scene_add_top(te_scene *scene, const te_frame *frame, te_vec centre, float half_x, float half_z, float room,
                      int kind);
void te_scene_add_bulb(te_scene *scene, te_vec place, float radius);

#endif
