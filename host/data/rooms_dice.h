/* The random decisions of one generated room: a run of numbers that depends on (seed, index, purpose) alone. */
#ifndef TE_DATA_ROOMS_DICE_H
#define TE_DATA_ROOMS_DICE_H

#include <stdint.h>

/* Each purpose has numbers of its own, so that a change to one part of the generator leaves the others as they are.
 */
typedef enum te_purpose {
    TE_DICE_SHELL,
    TE_DICE_STYLE,
    TE_DICE_FURNITURE,
    TE_DICE_PEOPLE,
    TE_DICE_CAMERA,
    TE_DICE_LIGHT,
    TE_DICE_FILM,
    TE_DICE_PIXELS
} te_purpose;

typedef struct te_dice {
    uint64_t seed, stream, next;
    uint32_t words[4];
    int left;
} te_dice;

te_dice te_dice_start(uint64_t seed, uint64_t index, te_purpose purpose);
uint32_t te_dice_word(te_dice *dice);

/* A run of its own, to draw the same numbers again from: things of one set. */
te_dice te_dice_branch(te_dice *dice);

/* Uniform in [low, high). */
float te_dice_real(te_dice *dice, float low, float high);

/* As te_dice_real(), but equally likely to fall below and above the geometric mean. */
float te_dice_scale(te_dice *dice, float low, float high);

/* Uniform in low, ..., high. */
int te_dice_int(te_dice *dice, int low, int high);

/* 1 with this probability. */
int te_dice_chance(te_dice *dice, float probability);

/* -1 or 1. */
float te_dice_sign(te_dice *dice);

/* A row of a table of `count` weights. */
int te_dice_pick(te_dice *dice, const float *weights, int count);

#endif
