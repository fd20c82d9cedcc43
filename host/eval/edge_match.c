/* Maximum matching in the bipartite graph of predicted pixels and label pixels within the radius.
 *
 * The benchmark's own code (correspondPixels of BSDS) solves an assignment of least total distance in which a pixel without a
 * partner costs 100 radii. One more pair along an augmenting path of k pairs saves 200 radii and costs at most k + 1, so its
 * optimum has the largest number of pairs unless such a path is some two hundred pairs long; and the number of pairs is all
 * that precision and recall need. That code links each pixel to a few random outliers instead of to a cost of its own and
 * rounds distances, and so may lose a pair; here is the number itself.
 *
 * Augmenting paths by depth-first search (Pothen and Fan 1990): in a pass every label pixel is visited once; a predicted pixel
 * first looks for a free partner; passes follow until one finds nothing, which proves that the matching is largest.
 *
 * Invariant: pair_of_truth and pair_of_candidate are inverse to each other. */
#include "eval/edge_match.h"

#include "base/interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };
static const size_t most_links = (size_t)1 << 28;

struct te_edge_matcher {
    int32_t *candidate_at;         /* (h,w): number of a candidate with label pixels in reach, or NONE */
    int32_t candidates, truths;
    uint32_t *first;               /* (candidates+1): where a candidate's links begin */
    int32_t *links;                /* label pixels in reach, the nearest first */
    int32_t *pair_of_candidate, *pair_of_truth;
    uint32_t *look, *next;         /* (candidates): links looked at for free partners in this run, searched in this pass */
    uint32_t *member;              /* (candidates): the run that it was predicted in */
    uint32_t *visited;             /* (truths): the pass that visited it */
    int32_t *path, *todo;          /* (candidates): of the search; predicted and without a partner */
    uint32_t run, pass;
};

/* ---- the graph ---- */

typedef struct offset {
    int dx, dy, square;
} offset;

static int compare_offsets(const void *left, const void *right)
{
    const offset *a = left, *b = right;
    if (a->square != b->square) {
        return a->square < b->square ? -1 : 1;
    }
    return a->dy != b->dy ? (a->dy < b->dy ? -1 : 1) : (a->dx > b->dx) - (a->dx < b->dx);
}

/* All steps of at most `radius` pixels, the shortest first. */
static te_status list_offsets(double radius, offset **offsets, size_t *count)
{
    int reach = (int)radius, side = 2 * reach + 1;
    offset *list = te_alloc((size_t)side * (size_t)side, sizeof *list, "an edge map");
    if (!list) {
        return TE_ERR_MEMORY;
    }
    *count = 0;
    for (int i = 0; i < side * side; i++) {
        int dx = i % side - reach, dy = i / side - reach, square = dx * dx + dy * dy;
        if ((double)square <= radius * radius) {
            list[(*count)++] = (offset){dx, dy, square};
        }
    }
    qsort(list, *count, sizeof *list, compare_offsets);
    *offsets = list;
    return TE_OK;
}

/* Numbers of label pixels (h,w), NONE elsewhere. */
static int32_t *number_truths(te_edge_matcher *matcher, const uint8_t *truth, size_t area)
{
    int32_t *numbers = te_alloc(area, sizeof *numbers, "an edge map");
    for (size_t i = 0; numbers && i < area; i++) {
        numbers[i] = truth[i] ? matcher->truths++ : NONE;
    }
    return numbers;
}

typedef struct links {
    int32_t *list;
    size_t count, capacity;
} links;

static te_status add_link(links *to, int32_t truth)
{
    if (to->count == to->capacity) {
        size_t capacity = to->capacity ? 2 * to->capacity : 4096;
        if (capacity > most_links) {
            return te_fail(TE_ERR_UNSUPPORTED, "an edge map has more than %zu pairs within the radius 'eval.edge_distance'; "
                           "make it smaller, or the pictures", most_links);
        }
        int32_t *list = te_realloc(to->list, capacity, sizeof *list, "an edge map");
        if (!list) {
            return TE_ERR_MEMORY;
        }
        to->list = list;
        to->capacity = capacity;
    }
    to->list[to->count++] = truth;
    return TE_OK;
}

/* A picture's places and how far one may step from them. */
typedef struct grid {
    int height, width;
    const int32_t *numbers;
    const offset *offsets;
    size_t offset_count;
} grid;

static te_status link_pixel(const grid *on, int x, int y, links *to)
{
    for (size_t i = 0; i < on->offset_count; i++) {
        int tx = x + on->offsets[i].dx, ty = y + on->offsets[i].dy;
        if (tx >= 0 && tx < on->width && ty >= 0 && ty < on->height) {
            int32_t truth = on->numbers[(size_t)ty * (size_t)on->width + (size_t)tx];
            if (truth != NONE) {
                TE_TRY(add_link(to, truth));
            }
        }
    }
    return TE_OK;
}

static te_status link_all(te_edge_matcher *matcher, const grid *on, const uint8_t *candidates)
{
    links to = {0};
    te_status status = TE_OK;
    for (int y = 0; y < on->height && status == TE_OK; y++) {
        status = te_interrupt_check(); /* a large radius takes long */
        for (int x = 0; x < on->width && status == TE_OK; x++) {
            size_t place = (size_t)y * (size_t)on->width + (size_t)x, before = to.count;
            matcher->candidate_at[place] = NONE;
            if (candidates[place]) {
                status = link_pixel(on, x, y, &to);
                if (to.count > before) {
                    matcher->candidate_at[place] = matcher->candidates;
                    matcher->first[matcher->candidates++] = (uint32_t)before;
                }
            }
        }
    }
    matcher->first[matcher->candidates] = (uint32_t)to.count;
    matcher->links = to.list;
    return status;
}

static te_status make_room(te_edge_matcher *matcher)
{
    size_t candidates = (size_t)matcher->candidates + 1, truths = (size_t)matcher->truths + 1;
    matcher->pair_of_candidate = te_alloc(candidates, sizeof(int32_t), "an edge map");
    matcher->pair_of_truth = te_alloc(truths, sizeof(int32_t), "an edge map");
    matcher->look = te_alloc(candidates, sizeof(uint32_t), "an edge map");
    matcher->next = te_alloc(candidates, sizeof(uint32_t), "an edge map");
    matcher->member = te_alloc(candidates, sizeof(uint32_t), "an edge map");
    matcher->visited = te_alloc(truths, sizeof(uint32_t), "an edge map");
    matcher->path = te_alloc(candidates, sizeof(int32_t), "an edge map");
    matcher->todo = te_alloc(candidates, sizeof(int32_t), "an edge map");
    if (!matcher->pair_of_candidate || !matcher->pair_of_truth || !matcher->look || !matcher->next || !matcher->member ||
        !matcher->visited || !matcher->path || !matcher->todo) {
        return TE_ERR_MEMORY;
    }
    memset(matcher->pair_of_candidate, 0xFF, candidates * sizeof(int32_t)); /* NONE */
    memset(matcher->pair_of_truth, 0xFF, truths * sizeof(int32_t));
    return TE_OK;
}

te_status te_edge_matcher_create(te_edge_matcher **matcher, const uint8_t *candidates, const uint8_t *truth, int height,
                                 int width, double radius)
{
    size_t area = (size_t)height * (size_t)width;
    double diagonal = sqrt((double)height * height + (double)width * width);
    int32_t *numbers = NULL;
    offset *offsets = NULL;
    size_t offset_count;
    te_status status;
    te_edge_matcher *created = te_alloc(1, sizeof *created, "a matching");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    TE_TRY_OUT(list_offsets(fmax(0.0, fmin(radius, diagonal)), &offsets, &offset_count));
    numbers = number_truths(created, truth, area);
    created->candidate_at = te_alloc(area, sizeof *created->candidate_at, "an edge map");
    created->first = te_alloc(area + 1, sizeof *created->first, "an edge map");
    TE_TRY_OUT(numbers && created->candidate_at && created->first ? TE_OK : TE_ERR_MEMORY);
    grid on = {height, width, numbers, offsets, offset_count};
    TE_TRY_OUT(link_all(created, &on, candidates));
    TE_TRY_OUT(make_room(created));
    *matcher = created;
    created = NULL;
out:
    free(numbers);
    free(offsets);
    te_edge_matcher_free(created);
    return status;
}

void te_edge_matcher_free(te_edge_matcher *matcher)
{
    if (matcher) {
        void *const arrays[] = {matcher->candidate_at, matcher->first, matcher->links, matcher->pair_of_candidate,
                                matcher->pair_of_truth, matcher->look, matcher->next, matcher->member, matcher->visited,
                                matcher->path, matcher->todo};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
            free(arrays[i]);
        }
        free(matcher);
    }
}

/* ---- matching ---- */

static void pair(te_edge_matcher *matcher, int32_t candidate, int32_t truth)
{
    matcher->pair_of_candidate[candidate] = truth;
    matcher->pair_of_truth[truth] = candidate;
}

/* A label pixel in reach that has no partner, or NONE. What is taken stays taken within a run, so that links are looked at
 * once. */
static int32_t find_free(te_edge_matcher *matcher, int32_t candidate)
{
    while (matcher->look[candidate] < matcher->first[candidate + 1]) {
        int32_t truth = matcher->links[matcher->look[candidate]++];
        if (matcher->pair_of_truth[truth] == NONE) {
            return truth;
        }
    }
    return NONE;
}

/* The next label pixel in reach that this pass has not visited, or NONE. */
static int32_t find_unvisited(te_edge_matcher *matcher, int32_t candidate)
{
    while (matcher->next[candidate] < matcher->first[candidate + 1]) {
        int32_t truth = matcher->links[matcher->next[candidate]++];
        if (matcher->visited[truth] != matcher->pass) {
            matcher->visited[truth] = matcher->pass;
            return truth;
        }
    }
    return NONE;
}

/* The last candidate of the path takes `truth`; each one before it takes what its successor gives up. */
static void take_path(te_edge_matcher *matcher, size_t length, int32_t truth)
{
    for (size_t i = length; i-- > 0;) {
        int32_t given_up = matcher->pair_of_candidate[matcher->path[i]];
        pair(matcher, matcher->path[i], truth);
        truth = given_up;
    }
}

/* Find a partner for a candidate without one, if others that have one can move. */
static int augment(te_edge_matcher *matcher, int32_t candidate)
{
    size_t length = 1;
    matcher->path[0] = candidate;
    while (length > 0) {
        int32_t last = matcher->path[length - 1], truth = find_free(matcher, last);
        if (truth != NONE) {
            take_path(matcher, length, truth);
            return 1;
        }
        truth = find_unvisited(matcher, last);
        if (truth == NONE) {
            length--;
        } else {
            matcher->path[length++] = matcher->pair_of_truth[truth];
        }
    }
    return 0;
}

/* Keep the pairs of the last run whose candidates are predicted again; list those without a partner. */
static size_t start_run(te_edge_matcher *matcher, const uint32_t *pixels, size_t count, size_t *pairs)
{
    size_t todo = 0;
    matcher->run++;
    for (size_t i = 0; i < count; i++) {
        int32_t candidate = matcher->candidate_at[pixels[i]];
        if (candidate != NONE) {
            matcher->member[candidate] = matcher->run;
            matcher->look[candidate] = matcher->first[candidate];
            if (matcher->pair_of_candidate[candidate] == NONE) {
                matcher->todo[todo++] = candidate;
            }
        }
    }
    *pairs = 0;
    for (int32_t truth = 0; truth < matcher->truths; truth++) {
        int32_t candidate = matcher->pair_of_truth[truth];
        if (candidate != NONE && matcher->member[candidate] != matcher->run) {
            matcher->pair_of_candidate[candidate] = matcher->pair_of_truth[truth] = NONE;
        }
        *pairs += matcher->pair_of_truth[truth] != NONE;
    }
    return todo;
}

size_t te_edge_matcher_run(te_edge_matcher *matcher, const uint32_t *pixels, size_t count)
{
    size_t pairs, todo = start_run(matcher, pixels, count, &pairs), before;
    do {
        before = todo;
        todo = 0;
        matcher->pass++;
        for (size_t i = 0; i < count; i++) {
            int32_t candidate = matcher->candidate_at[pixels[i]];
            if (candidate != NONE) {
                matcher->next[candidate] = matcher->first[candidate];
            }
        }
        for (size_t i = 0; i < before; i++) {
            if (augment(matcher, matcher->todo[i])) {
                pairs++;
            } else {
                matcher->todo[todo++] = matcher->todo[i];
            }
        }
    } while (todo > 0 && todo < before);
    return pairs;
}
