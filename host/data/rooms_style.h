/* Colours and finishes: what the surfaces of one room look like together. */
#ifndef TE_DATA_ROOMS_STYLE_H
#define TE_DATA_ROOMS_STYLE_H

#include "data/rooms_scene.h"

void te_style_choose(te_style *style, te_dice *dice);

/* What colours are drawn for. */
typedef enum te_use {
    TE_USE_WALL,
    TE_USE_UPHOLSTERY,
    TE_USE_LINEN,
    TE_USE_PAINT,   /* painted furniture */
    TE_USE_CERAMIC, /* and other small things */
    TE_USE_CLOTHES,
    TE_USE_TROUSERS,
    TE_USE_BOOK,
    TE_USE_COUNT
} te_use;

te_vec te_style_colour(const te_style *style, te_dice *dice, te_use use);

/* Kinds of surface. */
typedef enum te_finish {
    TE_FINISH_WALL,
    TE_FINISH_FLOOR,
    TE_FINISH_CEILING,
    TE_FINISH_TRIM,
    TE_FINISH_WOOD,      /* one of the style's two woods */
    TE_FINISH_FURNITURE, /* wood, or paint */
    TE_FINISH_METAL,
    TE_FINISH_LEGS,      /* wood, metal or black */
    TE_FINISH_UPHOLSTERY,
    TE_FINISH_LINEN,
    TE_FINISH_CURTAIN,
    TE_FINISH_RUG,
    TE_FINISH_WORKTOP,
    TE_FINISH_CERAMIC,
    TE_FINISH_PLASTIC,
    TE_FINISH_CARDBOARD,
    TE_FINISH_PAPER,
    TE_FINISH_BOOK,
    TE_FINISH_PICTURE,
    TE_FINISH_SCREEN,
    TE_FINISH_DARK, /* black plastic or metal */
    TE_FINISH_LEAF,
    TE_FINISH_BARK,
    TE_FINISH_POT,
    TE_FINISH_SHADE, /* of a lamp, lit */
    TE_FINISH_COUNT
} te_finish;

/* A new material of the scene; returns its row. */
int te_finish_make(te_scene *scene, te_dice *dice, te_finish finish);

/* A cloth of this colour: plain mostly, or with a pattern in colours that go with it. `bold` (0 to 1) makes
 * patterns likelier. */
te_material te_finish_cloth(const te_style *style, te_dice *dice, te_vec colour, te_use use, float bold);

/* Two grains of a wood of this colour. */
te_material te_finish_wood(te_dice *dice, te_vec colour);

#endif
