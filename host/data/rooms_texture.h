/* Procedural surfaces of generated rooms: the colour at a point, already averaged over the width of a pixel. */
#ifndef TE_DATA_ROOMS_TEXTURE_H
#define TE_DATA_ROOMS_TEXTURE_H

#include "data/rooms_solid.h"

typedef enum te_texture {
    TE_TEXTURE_PLAIN,   /* a */
    TE_TEXTURE_MOTTLE,  /* a, lighter and darker by `amount` in blotches of `scale` */
    TE_TEXTURE_WOOD,    /* grain between a and b along the longer side */
    TE_TEXTURE_PLANKS,  /* boards `scale` wide, `ratio` times as long, of tones between a and b, joints c */
    TE_TEXTURE_PARQUET, /* squares of `scale` made of strips, turned by turns */
    TE_TEXTURE_TILES,   /* a and every other one b, `scale` by `scale * ratio`, joints c */
    TE_TEXTURE_BRICKS,  /* the same in bond */
    TE_TEXTURE_CHECKER, /* a and b */
    TE_TEXTURE_STRIPES, /* b on a, a share `ratio` of each `scale`, thin lines c */
    TE_TEXTURE_PLAID,   /* stripes both ways */
    TE_TEXTURE_DOTS,    /* b on a */
    TE_TEXTURE_MOTIF,   /* a repeated ornament b on a */
    TE_TEXTURE_CARPET,  /* a with fine noise towards b */
    TE_TEXTURE_WEAVE,   /* threads a and b */
    TE_TEXTURE_MARBLE,  /* veins b in a */
    TE_TEXTURE_PATCHES, /* irregular areas a, b, c */
    TE_TEXTURE_RUG,     /* border c and b round a field a with an ornament */
    TE_TEXTURE_SPINE,   /* a book's back: a with bands b */
    TE_TEXTURE_LEAF,    /* a with veins b */
    TE_TEXTURE_PRINT,   /* lines of text b on paper a */
    TE_TEXTURE_PICTURE, /* a painting or photograph within a mount c */
    TE_TEXTURE_OUTDOOR, /* what is seen through a window */
    TE_TEXTURE_COUNT
} te_texture;

typedef struct te_material {
    te_texture texture;
    te_vec a, b, c;      /* linear RGB, 0 to 1 */
    float scale, ratio, amount;
    float turn;          /* radians by which the pattern is turned */
    float gloss;         /* strength of highlights, 0 to 1 */
    float mirror;        /* share of light reflected as by a mirror seen head-on */
    float glow;          /* light given off: the colour times this */
    uint32_t seed;
    uint8_t world;       /* 1: the pattern runs on from solid to solid in world coordinates */
    uint8_t pane;        /* 1: sunlight and skylight come in through it */
} te_material;

/* A point of a surface. */
typedef struct te_surface {
    te_vec point;       /* in the solid's frame, or the world's for materials that ask for it */
    te_vec normal;      /* in the same frame */
    float u, v;         /* metres along the surface */
    float s, t;         /* the same as shares of the surface, 0 to 1 */
    float half_u, half_v;
    float width;        /* of a pixel on the surface, metres */
} te_surface;

/* The surface of `solid` at a world point with world normal. */
te_surface te_surface_find(const te_solid *solid, const te_material *material, te_vec point, te_vec normal,
                           float width);

/* Its colour. */
te_vec te_material_colour(const te_material *material, const te_surface *surface);

/* ---- for pattern code ---- */

/* A number in [0,1) for a place of a lattice. */
float te_texture_hash(uint32_t seed, int x, int y, int z);

/* Smooth noise around 0.5 in [0,1]; `octaves` of it, each half as large, those finer than `width` left out. */
float te_texture_noise(uint32_t seed, float x, float y, float z);
float te_texture_cloud(uint32_t seed, te_vec p, float width, int octaves);

/* The mean over `width` about x of the function that is 1 in [n, n + duty) for whole n, else 0. */
float te_texture_pulse(float x, float duty, float width);

/* 0 below `edge`, 1 above, a ramp of `width` between. */
float te_texture_step(float edge, float x, float width);

/* Linear RGB of a colour given as display hue, saturation and value, each 0 to 1; the hue repeats. */
te_vec te_texture_hsv(float hue, float saturation, float value);

/* Pictures and views: rooms_images.c. */
te_vec te_texture_picture(const te_material *material, const te_surface *surface);
te_vec te_texture_outdoor(const te_material *material, const te_surface *surface);
te_vec te_texture_rug(const te_material *material, const te_surface *surface);
te_vec te_texture_print(const te_material *material, const te_surface *surface);

#endif
