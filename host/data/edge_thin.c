/* The parallel algorithm of Guo and Hall (1989) in the form of Lam, Lee and Suen (1992), which MATLAB documents: two
 * subiterations in turn until neither deletes anything. With the neighbours x1 ... x8 counter-clockwise from the east (x9 = x1)
 * a pixel goes where
 *   G1: exactly one i of 1 ... 4 has x(2i-1) = 0 and (x(2i) or x(2i+1)),
 *   G2: the lesser of the sums over k = 1 ... 4 of (x(2k-1) or x(2k)) and of (x(2k) or x(2k+1)) is 2 or 3,
 *   G3: (x2 or x3 or not x8) and x1 is false; in the second subiteration (x6 or x7 or not x4) and x5.
 * Pixels outside the picture are not set. */
#include "data/edge_thin.h"

#include <stdlib.h>
#include <string.h>

enum { NEIGHBOURS = 8, SET = 1, WAITS = 2 }; /* bits of a state; WAITS << 1: for the second subiteration */

/* x(i) of 1 ... 9 in a byte of neighbours */
static int x(unsigned around, int i)
{
    return (int)(around >> (i - 1) % NEIGHBOURS & 1u);
}

static int is_deletable(unsigned around, int second)
{
    int crossings = 0, pairs = 0, shifted_pairs = 0, turn = second ? 4 : 0; /* half a turn: x1 -> x5 */
    for (int i = 1; i <= 4; i++) {
        crossings += !x(around, 2 * i - 1) && (x(around, 2 * i) || x(around, 2 * i + 1));
        pairs += x(around, 2 * i - 1) || x(around, 2 * i);
        shifted_pairs += x(around, 2 * i) || x(around, 2 * i + 1);
    }
    int least = pairs < shifted_pairs ? pairs : shifted_pairs;
    int side = x(around, 2 + turn) || x(around, 3 + turn) || !x(around, 8 + turn);
    return crossings == 1 && (least == 2 || least == 3) && !(side && x(around, 1 + turn));
}

te_status te_edge_thinner_create(te_edge_thinner *thinner, int height, int width)
{
    size_t padded = ((size_t)height + 2) * ((size_t)width + 2);
    if (padded > UINT32_MAX) {
        return te_fail(TE_ERR_UNSUPPORTED, "an edge map of '%d x %d' pixels is too large to be thinned", width, height);
    }
    *thinner = (te_edge_thinner){.height = height, .width = width};
    for (unsigned around = 0; around < 256; around++) {
        thinner->deletable[0][around] = (uint8_t)is_deletable(around, 0);
        thinner->deletable[1][around] = (uint8_t)is_deletable(around, 1);
    }
    thinner->around = te_alloc(padded, 1, "an edge map");
    thinner->state = te_alloc(padded, 1, "an edge map");
    thinner->gone = te_alloc(padded, sizeof *thinner->gone, "an edge map");
    thinner->waiting[0] = te_alloc(padded, sizeof *thinner->waiting[0], "an edge map");
    thinner->waiting[1] = te_alloc(padded, sizeof *thinner->waiting[1], "an edge map");
    if (!thinner->around || !thinner->state || !thinner->gone || !thinner->waiting[0] || !thinner->waiting[1]) {
        te_edge_thinner_free(thinner);
        return TE_ERR_MEMORY;
    }
    return TE_OK;
}

void te_edge_thinner_free(te_edge_thinner *thinner)
{
    free(thinner->around);
    free(thinner->state);
    free(thinner->gone);
    free(thinner->waiting[0]);
    free(thinner->waiting[1]);
    *thinner = (te_edge_thinner){0};
}

/* From a place to its neighbours x1 to x8. */
static void find_steps(const te_edge_thinner *thinner, ptrdiff_t steps[NEIGHBOURS])
{
    ptrdiff_t row = thinner->width + 2;
    const ptrdiff_t found[NEIGHBOURS] = {1, 1 - row, -row, -1 - row, -1, row - 1, row, row + 1};
    memcpy(steps, found, sizeof found);
}

/* A pixel appears or goes: its neighbours hear of it. Seen from its neighbour x(i), it is x(i+4). */
static void tell_neighbours(te_edge_thinner *thinner, uint32_t place, const ptrdiff_t steps[NEIGHBOURS])
{
    thinner->state[place] ^= SET;
    for (int i = 0; i < NEIGHBOURS; i++) {
        thinner->around[(ptrdiff_t)place + steps[i]] ^= (uint8_t)(1u << (i + 4) % NEIGHBOURS);
    }
}

static void let_wait(te_edge_thinner *thinner, uint32_t place)
{
    for (int second = 0; second < 2; second++) {
        if (!(thinner->state[place] & WAITS << second)) {
            thinner->state[place] |= (uint8_t)(WAITS << second);
            thinner->waiting[second][thinner->waiting_count[second]++] = place;
        }
    }
}

/* Drop what goes in this subiteration; all pixels are judged before any goes. Whether one goes depends on its neighbours
 * alone: those that lost one wait to be judged again. */
static void run_subiteration(te_edge_thinner *thinner, int second, const ptrdiff_t steps[NEIGHBOURS])
{
    size_t count = thinner->waiting_count[second], gone = 0;
    thinner->waiting_count[second] = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t place = thinner->waiting[second][i];
        thinner->state[place] &= (uint8_t)~(WAITS << second);
        if ((thinner->state[place] & SET) && thinner->deletable[second][thinner->around[place]]) {
            thinner->gone[gone++] = place;
        }
    }
    for (size_t i = 0; i < gone; i++) {
        tell_neighbours(thinner, thinner->gone[i], steps);
    }
    for (size_t i = 0; i < gone; i++) {
        for (int n = 0; n < NEIGHBOURS; n++) {
            uint32_t place = (uint32_t)((ptrdiff_t)thinner->gone[i] + steps[n]);
            if (thinner->state[place] & SET) {
                let_wait(thinner, place);
            }
        }
    }
}

size_t te_edge_thin(te_edge_thinner *thinner, uint32_t *pixels, size_t count)
{
    uint32_t width = (uint32_t)thinner->width, row = width + 2;
    ptrdiff_t steps[NEIGHBOURS];
    size_t kept = 0;
    find_steps(thinner, steps);
    for (size_t i = 0; i < count; i++) {
        pixels[i] = (pixels[i] / width + 1) * row + pixels[i] % width + 1;
        tell_neighbours(thinner, pixels[i], steps);
        let_wait(thinner, pixels[i]);
    }
    while (thinner->waiting_count[0] + thinner->waiting_count[1] > 0) {
        run_subiteration(thinner, 0, steps);
        run_subiteration(thinner, 1, steps);
    }
    for (size_t i = 0; i < count; i++) {
        if (thinner->state[pixels[i]] & SET) {
            pixels[kept++] = pixels[i];
        }
    }
    for (size_t i = 0; i < kept; i++) {
        tell_neighbours(thinner, pixels[i], steps); /* back to zero */
        pixels[i] = (pixels[i] / row - 1) * width + pixels[i] % row - 1;
    }
    return kept;
}
