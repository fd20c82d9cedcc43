/* The parallel algorithm of Guo and Hall (1989) in the form of Lam, Lee and Suen (1992), which MATLAB documents: two
 * subiterations in turn until neither deletes anything. With the neighbours x1 ... x8 counter-clockwise from the east (x9 = x1)
 * a pixel goes where
 *   G1: exactly one i of 1 ... 4 has x(2i-1) = 0 and (x(2i) or x(2i+1)),
 *   G2: the lesser of the sums over k = 1 ... 4 of (x(2k-1) or x(2k)) and of (x(2k) or x(2k+1)) is 2 or 3,
 *   G3: (x2 or x3 or not x8) and x1 is false; in the second subiteration (x6 or x7 or not x4) and x5.
 * Pixels outside the picture are not set. */
#include "data/edge_thin.h"

#include <stdlib.h>

enum { NEIGHBOURS = 8 };

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
    thinner->gone = te_alloc(padded, sizeof *thinner->gone, "an edge map");
    if (!thinner->around || !thinner->gone) {
        te_edge_thinner_free(thinner);
        return TE_ERR_MEMORY;
    }
    return TE_OK;
}

void te_edge_thinner_free(te_edge_thinner *thinner)
{
    free(thinner->around);
    free(thinner->gone);
    *thinner = (te_edge_thinner){0};
}

/* A pixel appears or goes: its neighbours hear of it. Seen from its neighbour x(i), it is x(i+4). */
static void tell_neighbours(te_edge_thinner *thinner, uint32_t place)
{
    ptrdiff_t row = thinner->width + 2;
    const ptrdiff_t steps[NEIGHBOURS] = {1, 1 - row, -row, -1 - row, -1, row - 1, row, row + 1};
    for (int i = 0; i < NEIGHBOURS; i++) {
        thinner->around[(ptrdiff_t)place + steps[i]] ^= (uint8_t)(1u << (i + 4) % NEIGHBOURS);
    }
}

/* Drop what goes in this subiteration from the list of places; all pixels are judged before any goes. */
static size_t run_subiteration(te_edge_thinner *thinner, int second, uint32_t *places, size_t count)
{
    size_t kept = 0, gone = 0;
    for (size_t i = 0; i < count; i++) {
        if (thinner->deletable[second][thinner->around[places[i]]]) {
            thinner->gone[gone++] = places[i];
        } else {
            places[kept++] = places[i];
        }
    }
    for (size_t i = 0; i < gone; i++) {
        tell_neighbours(thinner, thinner->gone[i]);
    }
    return kept;
}

size_t te_edge_thin(te_edge_thinner *thinner, uint32_t *pixels, size_t count)
{
    uint32_t width = (uint32_t)thinner->width, row = width + 2;
    for (size_t i = 0; i < count; i++) {
        pixels[i] = (pixels[i] / width + 1) * row + pixels[i] % width + 1;
        tell_neighbours(thinner, pixels[i]);
    }
    size_t before;
    do {
        before = count;
        count = run_subiteration(thinner, 0, pixels, count);
        count = run_subiteration(thinner, 1, pixels, count);
    } while (count < before);
    for (size_t i = 0; i < count; i++) {
        tell_neighbours(thinner, pixels[i]); /* back to zero */
    }
    for (size_t i = 0; i < count; i++) {
        pixels[i] = (pixels[i] / row - 1) * width + pixels[i] % row - 1;
    }
    return count;
}
