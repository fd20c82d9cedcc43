#include "data/rooms_dice.h"

#include "base/random.h"

#include <math.h>

te_dice te_dice_start(uint64_t seed, uint64_t index, te_purpose purpose)
{
    return (te_dice){.seed = seed, .stream = index, .next = (uint64_t)purpose << 40};
}

uint32_t te_dice_word(te_dice *dice)
{
    if (dice->left == 0) {
        te_random_words(dice->seed, dice->stream, dice->next++, dice->words);
        dice->left = 4;
    }
    return dice->words[--dice->left];
}

te_dice te_dice_branch(te_dice *dice)
{
    te_dice branch = {.seed = dice->seed, .stream = dice->stream};
    branch.next = 1ull << 63 | (uint64_t)te_dice_word(dice) << 24;
    return branch;
}

static float unit(te_dice *dice)
{
    return (float)(te_dice_word(dice) >> 8) * 0x1p-24f;
}

float te_dice_real(te_dice *dice, float low, float high)
{
    return low + (high - low) * unit(dice);
}

float te_dice_scale(te_dice *dice, float low, float high)
{
    return low * powf(high / low, unit(dice));
}

int te_dice_int(te_dice *dice, int low, int high)
{
    uint64_t span = (uint64_t)(high - low) + 1;
    return low + (int)(span * te_dice_word(dice) >> 32);
}

int te_dice_chance(te_dice *dice, float probability)
{
    return unit(dice) < probability;
}

float te_dice_sign(te_dice *dice)
{
    return te_dice_word(dice) & 1 ? 1.0f : -1.0f;
}

int te_dice_pick(te_dice *dice, const float *weights, int count)
{
    float sum = 0;
    for (int i = 0; i < count; i++) {
        sum += weights[i];
    }
    float at = te_dice_real(dice, 0, sum);
    for (int i = 0; i < count - 1; i++) {
        at -= weights[i];
        if (at < 0) {
            return i;
        }
    }
    return count - 1;
}
