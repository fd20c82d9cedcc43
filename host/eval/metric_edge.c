/* Boundaries: odsF, oisF and AP of precision and recall over 101 thresholds, from the pixels that edge_counts.h counts in each
 * picture, summed over the set.
 * Trivial: the better of an edge on every pixel (recall 1) and of white noise on the same way, at every tenth threshold. */
#include "eval/metrics.h"

#include "base/random.h"
#include "eval/edge_counts.h"

#include <math.h>
#include <stdlib.h>

enum { THRESHOLDS = TE_EDGE_THRESHOLDS, NOISE_STEP = 10 };

/* Summed over the set: at each threshold, and at the best one of each picture. */
typedef struct curve {
    int step; /* every step-th threshold was taken */
    te_edge_counts at[THRESHOLDS], best;
} curve;

typedef struct edges {
    double distance;        /* over the diagonal */
    double truth, pixels;   /* edge pixels of the labels; pixels that are not ignored */
    curve model, noise;
} edges;

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

/* ---- precision, recall, F ---- */

/* With nothing predicted precision is 1 and recall 0; with nothing to find it is the other way round [S]. */
static void take_rates(te_edge_counts what, double truth, double *precision, double *recall)
{
    *precision = truth <= 0.0 ? 0.0 : what.predicted > 0.0 ? what.matched / what.predicted : 1.0;
    *recall = truth <= 0.0 ? 1.0 : what.matched / truth;
}

static double f_measure(te_edge_counts what, double truth)
{
    double precision, recall;
    take_rates(what, truth, &precision, &recall);
    return precision + recall > 0.0 ? 2.0 * precision * recall / (precision + recall) : 0.0;
}

static int first_of(const curve *at)
{
    return (THRESHOLDS - 1) % at->step;
}

/* Of equal ones the lowest threshold, as in the published code. */
static int best_of(const curve *at, const te_edge_counts results[THRESHOLDS], double truth)
{
    int best = first_of(at);
    for (int n = best; n < THRESHOLDS; n += at->step) {
        best = f_measure(results[n], truth) > f_measure(results[best], truth) ? n : best;
    }
    return best;
}

/* ---- one picture ---- */

static te_status judge_levels(curve *to, te_edge_scene *scene)
{
    TE_TRY(te_edge_scene_run(scene, to->step, to->at));
    to->best = to->at[best_of(to, to->at, scene->truth_count)];
    return TE_OK;
}

/* 0 to 255, rounded down [S]; what is not a number is no edge. */
static uint8_t level_of(float probability)
{
    return (uint8_t)(255.0f * fminf(1.0f, fmaxf(0.0f, probability)));
}

static te_status judge(void *state, uint64_t index, const te_map *map, const float *label, int *counted)
{
    edges *to = state;
    te_edge_scene scene;
    TE_TRY(te_edge_scene_create(&scene, label, map->height, map->width, to->distance));
    te_status status = TE_OK;
    *counted = scene.pixels > 0.0;
    if (*counted) {
        for (size_t i = 0; i < scene.area; i++) {
            scene.levels[i] = level_of(map->values[i]);
        }
        TE_TRY_OUT(judge_levels(&to->model, &scene));
        for (size_t i = 0; i < scene.area; i++) {
            scene.levels[i] = (uint8_t)(256.0f * te_random_uniform(0, index, i));
        }
        TE_TRY_OUT(judge_levels(&to->noise, &scene));
        to->truth = scene.truth_count;
        to->pixels = scene.pixels;
    }
out:
    te_edge_scene_free(&scene);
    return status;
}

static double get_own(const void *state)
{
    const edges *at = state;
    return at->truth > 0.0 ? 100.0 * f_measure(at->model.best, at->truth) : NAN;
}

/* ---- over the set ---- */

static void add_counts(te_edge_counts *to, te_edge_counts more)
{
    to->matched += more.matched;
    to->predicted += more.predicted;
}

static void add_curve(curve *to, const curve *more)
{
    add_counts(&to->best, more->best);
    for (int n = first_of(to); n < THRESHOLDS; n += to->step) {
        add_counts(&to->at[n], more->at[n]);
    }
}

static void add(void *state, const void *sample)
{
    edges *to = state;
    const edges *more = sample;
    add_curve(&to->model, &more->model);
    add_curve(&to->noise, &more->noise);
    to->truth += more->truth;
    to->pixels += more->pixels;
}

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
        take_rates(at->at[n], truth, &points[count].precision, &points[count].recall);
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
    double everywhere = f_measure((te_edge_counts){at->truth, at->pixels}, at->truth);
    double noise_ods = f_measure(noise->at[best_of(noise, noise->at, at->truth)], at->truth);
    te_metric_list_add(list, "odsF", "%", 100.0 * f_measure(model->at[best_of(model, model->at, at->truth)], at->truth),
                       100.0 * fmax(everywhere, noise_ods));
    te_metric_list_add(list, "oisF", "%", 100.0 * f_measure(model->best, at->truth),
                       100.0 * fmax(everywhere, f_measure(noise->best, at->truth)));
    te_metric_list_add(list, "AP", "%", average_precision(model, at->truth), average_precision(noise, at->truth));
    return TE_OK;
}

/* Precision by recall, from the highest threshold that anything is above: of equal recalls all are drawn. */
static te_status get_figures(const void *state, te_figure figures[TE_MOST_FIGURES])
{
    const edges *at = state;
    int highest = THRESHOLDS - 1;
    while (highest > 0 && at->model.at[highest].predicted <= 0.0) {
        highest--;
    }
    size_t count = (size_t)highest + 1;
    TE_TRY(te_figure_create(figures, &(te_figure){.kind = TE_FIGURE_CURVE, .title = "precision and recall", .x = "recall, %",
                                                  .y = "precision, %", .rows = 2, .columns = count}));
    for (size_t i = 0; i < count; i++) {
        double precision, recall;
        take_rates(at->model.at[highest - (int)i], at->truth, &precision, &recall);
        figures->values[i] = 100.0 * recall;
        figures->values[count + i] = 100.0 * precision;
    }
    return TE_OK;
}

const te_metric_kind te_metric_edge = {create, free, judge, get_own, add, count, get, get_figures};
