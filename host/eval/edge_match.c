/* Maximum matching in the bipartite graph of predicted pixels and label pixels within the radius.
 *
 * The benchmark's own code (correspondPixels of BSDS) solves an assignment of least total distance in which a pixel without a
 * partner costs 100 radii. Its number of pairs is the largest too, but where one more pair means moving a hundred others
 * (docs/METRICS.md).
 *
 * Augmenting paths by breadth-first search, from the side with fewer pixels without a partner. No graph is built: pixels of a
 * side are bits of rows of words, and those within the radius of a place are found a word at a time.
 *
 * Invariants: the partners of both sides are inverse to each other. A pixel that a search without success has visited is not
 * visited again in this run: all pixels near those that it led to are visited too, so no augmenting path enters there (the
 * Hungarian trees of Kuhn's method). Hence searches without success cost no more than seeing every pixel once. */
#include "eval/edge_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 64 };
static const uint32_t none = UINT32_MAX;

/* The predicted pixels, or those of the label. Bits are (h, words). */
typedef struct side {
    uint64_t *set, *free; /* the pixels; those of them without a partner */
    uint32_t *partner;    /* (h,w): place of a pixel's partner on the other side, or `none` */
    size_t count;
} side;

/* A row of the disc of places within the radius. */
typedef struct disc_row {
    int dy, reach;
} disc_row;

/* A place, and the row of its disc from which on there may be something to find. */
typedef struct view {
    uint32_t place;
    int row;
} view;

struct te_edge_matcher {
    int height, width;
    size_t words;       /* of a row */
    disc_row *disc;     /* the nearest rows first */
    int disc_rows;
    side predicted, truth;
    uint64_t *fresh;    /* of the side that is searched: with a partner and not visited */
    uint32_t *truths;   /* places of the label's pixels */
    uint32_t *queue;    /* of the search that is on: pixels of the side that it began on */
    uint32_t *led_by;   /* (h,w): which of them led to a pixel of the other side */
};

/* ---- bits ---- */

static uint64_t *word_of(const te_edge_matcher *matcher, uint64_t *bits, uint32_t place)
{
    uint32_t width = (uint32_t)matcher->width;
    return &bits[place / width * matcher->words + place % width / WORD];
}

static uint64_t bit_of(const te_edge_matcher *matcher, uint32_t place)
{
    return (uint64_t)1 << place % (uint32_t)matcher->width % WORD;
}

static void set_bit(const te_edge_matcher *matcher, uint64_t *bits, uint32_t place)
{
    *word_of(matcher, bits, place) |= bit_of(matcher, place);
}

static void clear_bit(const te_edge_matcher *matcher, uint64_t *bits, uint32_t place)
{
    *word_of(matcher, bits, place) &= ~bit_of(matcher, place);
}

/* The first column from `from` to `to` whose bit of a row is set, or -1. */
static int find_in_row(const uint64_t *row, int from, int to)
{
    int last = to / WORD;
    uint64_t mask = ~(uint64_t)0 << from % WORD;
    for (int i = from / WORD; i <= last; i++, mask = ~(uint64_t)0) {
        uint64_t word = row[i] & mask;
        if (i == last) {
            word &= ~(uint64_t)0 >> (WORD - 1 - to % WORD);
        }
        if (word) {
            return i * WORD + __builtin_ctzll(word);
        }
    }
    return -1;
}

/* A place within the radius of at->place whose bit is set, or `none`. */
static uint32_t find_near(const te_edge_matcher *matcher, const uint64_t *bits, view *at)
{
    int x = (int)(at->place % (uint32_t)matcher->width), y = (int)(at->place / (uint32_t)matcher->width);
    for (; at->row < matcher->disc_rows; at->row++) {
        const disc_row *row = &matcher->disc[at->row];
        int other = y + row->dy, from = x - row->reach, to = x + row->reach;
        if (other >= 0 && other < matcher->height) {
            from = from > 0 ? from : 0;
            to = to < matcher->width ? to : matcher->width - 1;
            int found = find_in_row(bits + (size_t)other * matcher->words, from, to);
            if (found >= 0) {
                return (uint32_t)other * (uint32_t)matcher->width + (uint32_t)found;
            }
        }
    }
    return none;
}

/* ---- a picture ---- */

static te_status create_disc(te_edge_matcher *matcher, double radius)
{
    double diagonal = sqrt((double)matcher->height * matcher->height + (double)matcher->width * matcher->width);
    radius = fmax(0.0, fmin(radius, diagonal));
    int reach = (int)radius;
    matcher->disc_rows = 2 * reach + 1;
    matcher->disc = te_alloc((size_t)matcher->disc_rows, sizeof *matcher->disc, "an edge map");
    for (int i = 0; matcher->disc && i < matcher->disc_rows; i++) {
        int dy = i % 2 ? -(i + 1) / 2 : i / 2, width = (int)sqrt(radius * radius - (double)dy * dy);
        while ((double)width * width + (double)dy * dy > radius * radius) { /* the square root was rounded */
            width--;
        }
        while ((width + 1.0) * (width + 1.0) + (double)dy * dy <= radius * radius) {
            width++;
        }
        matcher->disc[i] = (disc_row){dy, width};
    }
    return matcher->disc ? TE_OK : TE_ERR_MEMORY;
}

static te_status create_side(const te_edge_matcher *matcher, side *created)
{
    size_t area = (size_t)matcher->height * (size_t)matcher->width, words = (size_t)matcher->height * matcher->words;
    created->set = te_alloc(words, sizeof *created->set, "an edge map");
    created->free = te_alloc(words, sizeof *created->free, "an edge map");
    created->partner = te_alloc(area, sizeof *created->partner, "an edge map");
    if (!created->set || !created->free || !created->partner) {
        return TE_ERR_MEMORY;
    }
    memset(created->partner, 0xFF, area * sizeof *created->partner); /* none */
    return TE_OK;
}

static te_status create_parts(te_edge_matcher *matcher, const uint8_t *truth, double radius)
{
    size_t area = (size_t)matcher->height * (size_t)matcher->width;
    TE_TRY(create_disc(matcher, radius));
    TE_TRY(create_side(matcher, &matcher->predicted));
    TE_TRY(create_side(matcher, &matcher->truth));
    matcher->fresh = te_alloc((size_t)matcher->height * matcher->words, sizeof *matcher->fresh, "an edge map");
    matcher->truths = te_alloc(area, sizeof *matcher->truths, "an edge map");
    matcher->queue = te_alloc(area + 1, sizeof *matcher->queue, "an edge map");
    matcher->led_by = te_alloc(area, sizeof *matcher->led_by, "an edge map");
    if (!matcher->fresh || !matcher->truths || !matcher->queue || !matcher->led_by) {
        return TE_ERR_MEMORY;
    }
    for (uint32_t place = 0; place < area; place++) {
        if (truth[place]) {
            set_bit(matcher, matcher->truth.set, place);
            set_bit(matcher, matcher->truth.free, place);
            matcher->truths[matcher->truth.count++] = place;
        }
    }
    return TE_OK;
}

te_status te_edge_matcher_create(te_edge_matcher **matcher, const uint8_t *truth, int height, int width, double radius)
{
    te_edge_matcher *created = te_alloc(1, sizeof *created, "a matching");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->height = height;
    created->width = width;
    created->words = ((size_t)width + WORD - 1) / WORD;
    te_status status = create_parts(created, truth, radius);
    if (status != TE_OK) {
        te_edge_matcher_free(created);
        return status;
    }
    *matcher = created;
    return TE_OK;
}

void te_edge_matcher_free(te_edge_matcher *matcher)
{
    if (matcher) {
        side *sides[] = {&matcher->predicted, &matcher->truth};
        for (int i = 0; i < 2; i++) {
            free(sides[i]->set);
            free(sides[i]->free);
            free(sides[i]->partner);
        }
        free(matcher->disc);
        free(matcher->fresh);
        free(matcher->truths);
        free(matcher->queue);
        free(matcher->led_by);
        free(matcher);
    }
}

/* ---- matching ---- */

/* `last` takes `place`, and each pixel that led to it what its successor gives up. */
static void take_path(te_edge_matcher *matcher, side *from, side *to, uint32_t last, uint32_t place)
{
    uint32_t start = matcher->queue[0], given_up;
    clear_bit(matcher, from->free, start);
    clear_bit(matcher, to->free, place);
    set_bit(matcher, matcher->fresh, place);
    do {
        given_up = from->partner[last];
        from->partner[last] = place;
        to->partner[place] = last;
        place = given_up;
        last = place == none ? none : matcher->led_by[place];
    } while (place != none);
}

/* Find a partner for a pixel without one, if others that have one can move: breadth first. */
static int augment(te_edge_matcher *matcher, side *from, side *to, uint32_t start)
{
    size_t queued = 1;
    matcher->queue[0] = start;
    for (size_t i = 0; i < queued; i++) {
        uint32_t found;
        view to_free = {.place = matcher->queue[i]}, to_fresh = to_free;
        if ((found = find_near(matcher, to->free, &to_free)) != none) {
            while (queued > 1) {
                set_bit(matcher, matcher->fresh, from->partner[matcher->queue[--queued]]); /* it may be of use again */
            }
            take_path(matcher, from, to, matcher->queue[i], found);
            return 1;
        }
        while ((found = find_near(matcher, matcher->fresh, &to_fresh)) != none) {
            clear_bit(matcher, matcher->fresh, found);
            matcher->led_by[found] = to_fresh.place;
            matcher->queue[queued++] = to->partner[found];
        }
    }
    return 0;
}

/* Keep the pairs of the last run whose pixels are predicted again; returns their number. */
static size_t start_run(te_edge_matcher *matcher, const uint32_t *pixels, size_t count)
{
    size_t words = (size_t)matcher->height * matcher->words, pairs = 0;
    side *predicted = &matcher->predicted, *truth = &matcher->truth;
    memset(predicted->set, 0, words * sizeof *predicted->set);
    for (size_t i = 0; i < count; i++) {
        set_bit(matcher, predicted->set, pixels[i]);
    }
    memcpy(predicted->free, predicted->set, words * sizeof *predicted->free);
    memcpy(truth->free, truth->set, words * sizeof *truth->free);
    predicted->count = count;
    for (size_t i = 0; i < truth->count; i++) {
        uint32_t place = matcher->truths[i], partner = truth->partner[place];
        if (partner == none) {
            continue;
        }
        if (*word_of(matcher, predicted->set, partner) & bit_of(matcher, partner)) {
            clear_bit(matcher, predicted->free, partner);
            clear_bit(matcher, truth->free, place);
            pairs++;
        } else {
            truth->partner[place] = predicted->partner[partner] = none;
        }
    }
    return pairs;
}

size_t te_edge_matcher_run(te_edge_matcher *matcher, const uint32_t *pixels, size_t count)
{
    size_t pairs = start_run(matcher, pixels, count), words = (size_t)matcher->height * matcher->words;
    int few_predicted = matcher->predicted.count <= matcher->truth.count;
    side *from = few_predicted ? &matcher->predicted : &matcher->truth;
    side *to = few_predicted ? &matcher->truth : &matcher->predicted;
    for (size_t i = 0; i < words; i++) {
        matcher->fresh[i] = to->set[i] & ~to->free[i];
    }
    for (size_t i = 0; i < words; i++) {
        uint32_t row_start = (uint32_t)(i / matcher->words) * (uint32_t)matcher->width;
        uint32_t column = (uint32_t)(i % matcher->words) * WORD;
        for (uint64_t left = from->free[i]; left; left &= left - 1) {
            pairs += augment(matcher, from, to, row_start + column + (uint32_t)__builtin_ctzll(left)) ? 1 : 0;
        }
    }
    return pairs;
}
