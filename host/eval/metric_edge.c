/* Boundaries: odsF, oisF and AP of precision and recall over 101 thresholds.
 *
 * For every threshold: the probability in 8 bits, suppressed to its maxima (edge_thresholds.h), strictly above; thinned
 * (edge_thin.h); matched one to one with the label (edge_match.h). Numbers of pixels are summed over the set.
 * Trivial: the better of an edge on every pixel (recall 1) and of white noise on the same way, at every tenth threshold. */
#include "eval/metrics.h"

#include "base/random.h"
#include "eval/edge_match.h"
#include "eval/edge_thin.h"
#include "eval/edge_thresholds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IGNORED = 255, THRESHOLDS = TE_EDGE_THRESHOLDS, NOISE_STEP = 10 };

typedef struct found {
    double matched, predicted; /* pixels */
} found;

/* Summed over the set: at each threshold, and at the best one of each picture. */
typedef struct curve {
    int step; /* every step-th threshold was taken */
    found at[THRESHOLDS], best;
} curve;

typedef struct edges {
    double distance;        /* over the diagonal */
    uint64_t pictures;
    double truth, pixels;   /* edge pixels of the labels; pixels that are not ignored */
    curve model, noise;
} edges;

/* One picture's label, and room to work in; planes (h,w). */
typedef struct scene {
    int height, width;
    size_t area;
    double radius, truth_count, pixels;
    uint8_t *truth, *ignored, *levels, *ranks, *candidates;
    uint32_t *order, *pixels_left; /* places by falling rank; those of one threshold */
    te_edge_thinner thinner;
} scene;

static te_status create(void **state, const te_metric_options *options)
{
    edges *created = te_alloc(1, sizeof *created, "a metric");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->distance = options->edge_distance;
    created->model.step = 1;
    created->noise.step = NOISE_STEP;
    *state = created;
    return TE_OK;
}

/* ---- one picture ---- */

static void close_scene(scene *at)
{
    te_edge_thinner_free(&at->thinner);
    free(at->truth);
    free(at->order);
}

static te_status open_scene(scene *at, const te_map *map, const float *label, double distance)
{
    size_t area = (size_t)map->width * (size_t)map->height;
    *at = (scene){.height = map->height, .width = map->width, .area = area};
    TE_TRY(te_edge_thinner_create(&at->thinner, map->height, map->width));
    at->truth = te_alloc(area, 5, "an edge map");
    at->order = te_alloc(area, 2 * sizeof *at->order, "an edge map");
    if (!at->truth || !at->order) {
        close_scene(at);
        return TE_ERR_MEMORY;
    }
    at->ignored = at->truth + area;
    at->levels = at->truth + 2 * area;
    at->ranks = at->truth + 3 * area;
    at->candidates = at->truth + 4 * area;
    at->pixels_left = at->order + area;
    at->radius = distance * sqrt((double)map->height * map->height + (double)map->width * map->width);
    for (size_t i = 0; i < area; i++) {
        at->ignored[i] = label[i] == (float)IGNORED;
        at->truth[i] = !at->ignored[i] && label[i] > 0.5f;
        at->truth_count += at->truth[i];
        at->pixels += !at->ignored[i];
    }
    return TE_OK;
}

/* Places by falling rank; ends[n] of them are above threshold n. */
static void sort_by_rank(const scene *at, size_t ends[THRESHOLDS])
{
    size_t next[THRESHOLDS + 1] = {0};
    for (size_t i = 0; i < at->area; i++) {
        next[at->ranks[i]]++;
    }
    size_t sum = 0;
    for (int rank = THRESHOLDS; rank > 0; rank--) {
        size_t here = next[rank];
        next[rank] = sum;
        sum += here;
        ends[rank - 1] = sum;
    }
    for (size_t i = 0; i < at->area; i++) {
        if (at->ranks[i] > 0) {
            at->order[next[at->ranks[i]]++] = (uint32_t)i;
        }
    }
}

/* The pixels above one threshold, thinned, as far as the label says anything of them. */
static size_t thin_pixels(scene *at, size_t count)
{
    memcpy(at->pixels_left, at->order, count * sizeof *at->order);
    count = te_edge_thin(&at->thinner, at->pixels_left, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!at->ignored[at->pixels_left[i]]) {
            at->pixels_left[kept++] = at->pixels_left[i];
        }
    }
    return kept;
}

/* From the highest threshold down, so that the sets grow and the matcher goes on where it was. */
static te_status judge_levels(scene *at, int step, found results[THRESHOLDS])
{
    size_t ends[THRESHOLDS], before = 0;
    te_edge_matcher *matcher;
    TE_TRY(te_edge_rank(at->levels, at->height, at->width, at->ranks));
    for (size_t i = 0; i < at->area; i++) {
        at->candidates[i] = at->ranks[i] > 0 && !at->ignored[i];
    }
    sort_by_rank(at, ends);
    TE_TRY(te_edge_matcher_create(&matcher, at->candidates, at->truth, at->height, at->width, at->radius));
    found last = {0};
    for (int n = THRESHOLDS - 1; n >= 0; n -= step) {
        if (ends[n] > before) {
            size_t count = thin_pixels(at, ends[n]);
            last = (found){(double)te_edge_matcher_run(matcher, at->pixels_left, count), (double)count};
            before = ends[n];
        }
        results[n] = last;
    }
    te_edge_matcher_free(matcher);
    return TE_OK;
}

/* ---- precision, recall, F ---- */

/* With nothing predicted precision is 1 and recall 0; with nothing to find it is the other way round [S]. */
static void judge(found what, double truth, double *precision, double *recall)
{
    *precision = truth <= 0.0 ? 0.0 : what.predicted > 0.0 ? what.matched / what.predicted : 1.0;
    *recall = truth <= 0.0 ? 1.0 : what.matched / truth;
}

static double f_measure(found what, double truth)
{
    double precision, recall;
    judge(what, truth, &precision, &recall);
    return precision + recall > 0.0 ? 2.0 * precision * recall / (precision + recall) : 0.0;
}

static int first_of(const curve *at)
{
    return (THRESHOLDS - 1) % at->step;
}

/* Of equal ones the lowest threshold, as in the published code. */
static int best_of(const curve *at, const found results[THRESHOLDS], double truth)
{
    int best = first_of(at);
    for (int n = best; n < THRESHOLDS; n += at->step) {
        best = f_measure(results[n], truth) > f_measure(results[best], truth) ? n : best;
    }
    return best;
}

static te_status add_levels(curve *to, scene *at)
{
    found results[THRESHOLDS] = {{0}};
    TE_TRY(judge_levels(at, to->step, results));
    int best = best_of(to, results, at->truth_count);
    to->best.matched += results[best].matched;
    to->best.predicted += results[best].predicted;
    for (int n = first_of(to); n < THRESHOLDS; n += to->step) {
        to->at[n].matched += results[n].matched;
        to->at[n].predicted += results[n].predicted;
    }
    return TE_OK;
}

static te_status add(void *state, const te_map *map, const float *label, int *counted)
{
    edges *to = state;
    scene at;
    TE_TRY(open_scene(&at, map, label, to->distance));
    te_status status = TE_OK;
    *counted = at.pixels > 0.0;
    if (*counted) {
        for (size_t i = 0; i < at.area; i++) {
            at.levels[i] = (uint8_t)(255.0f * fmaxf(0.0f, fminf(map->values[i], 1.0f)));
        }
        TE_TRY_OUT(add_levels(&to->model, &at));
        for (size_t i = 0; i < at.area; i++) {
            at.levels[i] = (uint8_t)(256.0f * te_random_uniform(0, to->pictures, i));
        }
        TE_TRY_OUT(add_levels(&to->noise, &at));
        to->truth += at.truth_count;
        to->pixels += at.pixels;
        to->pictures++;
    }
out:
    close_scene(&at);
    return status;
}

/* ---- over the set ---- */

typedef struct point {
    double recall, precision;
    int threshold;
} point;

static int compare_points(const void *left, const void *right)
{
    const point *a = left, *b = right;
    return a->recall != b->recall ? (a->recall < b->recall ? -1 : 1) : a->threshold - b->threshold;
}

/* Different recalls, rising; of equal ones the lowest threshold's. Returns their number. */
static int list_points(const curve *at, double truth, point points[THRESHOLDS])
{
    int count = 0, kept = 1;
    for (int n = first_of(at); n < THRESHOLDS; n += at->step, count++) {
        judge(at->at[n], truth, &points[count].precision, &points[count].recall);
        points[count].threshold = n;
    }
    qsort(points, (size_t)count, sizeof *points, compare_points);
    for (int i = 1; i < count; i++) {
        if (points[i].recall > points[kept - 1].recall) {
            points[kept++] = points[i];
        }
    }
    return kept;
}

/* The mean over the recalls 0, 0.01 ... 1 of the precision between the points, 0 outside them: the sum over 100 [S]. */
static double average_precision(const curve *at, double truth)
{
    point points[THRESHOLDS];
    int count = list_points(at, truth, points), i = 0;
    double sum = 0.0;
    for (int n = 0; n <= 100 && count > 1; n++) {
        double recall = n / 100.0;
        while (i + 2 < count && points[i + 1].recall < recall) {
            i++;
        }
        if (recall >= points[i].recall && recall <= points[i + 1].recall) {
            double weight = (recall - points[i].recall) / (points[i + 1].recall - points[i].recall);
            sum += points[i].precision + weight * (points[i + 1].precision - points[i].precision);
        }
    }
    return sum;
}

static size_t count(const void *state)
{
    (void)state;
    return 3;
}

static te_status get(const void *state, te_metric_list *list)
{
    const edges *at = state;
    const curve *model = &at->model, *noise = &at->noise;
    double everywhere = f_measure((found){at->truth, at->pixels}, at->truth);
    double noise_ods = f_measure(noise->at[best_of(noise, noise->at, at->truth)], at->truth);
    te_metric_list_add(list, "odsF", "%", 100.0 * f_measure(model->at[best_of(model, model->at, at->truth)], at->truth),
                       100.0 * fmax(everywhere, noise_ods));
    te_metric_list_add(list, "oisF", "%", 100.0 * f_measure(model->best, at->truth),
                       100.0 * fmax(everywhere, f_measure(noise->best, at->truth)));
    te_metric_list_add(list, "AP", "%", average_precision(model, at->truth), average_precision(noise, at->truth));
    return TE_OK;
}

const te_metric_kind te_metric_edge = {create, free, add, count, get};
