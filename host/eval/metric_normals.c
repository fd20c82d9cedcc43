/* Normals: the angle 2 atan2(|p-g|, |p+g|) between unit vectors, its mean, median and shares below 11.25, 22.5, 30 degrees.
 *
 * The median comes from a histogram with steps of 1/1000 degree. Trivial: the mean normal everywhere. As it is known at the
 * end only, the labels are kept as counts and sums of vectors in the cells of an octahedron unfolded to a square, about a
 * quarter of a degree wide; a cell then stands for all its labels by its mean. */
#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1000, BINS = 180 * STEPS + 1, SIDE = 512, CELLS = SIDE * SIDE, SHARES = 3,
       FIGURE_STEP = 2, FIGURE_BINS = 90 / FIGURE_STEP + 1 }; /* of the figure: degrees a bin, the last is 90 and more */

static const double limits[SHARES] = {11.25, 22.5, 30.0};
static const double degrees = 57.29577951308232;

/* Angles of a set of pixels. */
typedef struct angles {
    uint64_t count, within[SHARES];
    double sum;
    uint64_t bins[BINS];
} angles;

typedef struct cell {
    uint64_t count;
    double sum[3];
} cell;

typedef struct normals {
    angles model;
    cell cells[CELLS];
} normals;

static te_status create(void **state, const te_metric_options *options)
{
    (void)options;
    *state = te_alloc(1, sizeof(normals), "a metric");
    return *state ? TE_OK : TE_ERR_MEMORY;
}

static double length_of(const double v[3])
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* v over its length; the zero vector stays. */
static void normalise(double v[3])
{
    double length = length_of(v);
    for (int i = 0; i < 3; i++) {
        v[i] = length > 0.0 ? v[i] / length : 0.0;
    }
}

static double angle_between(const double p[3], const double g[3])
{
    double difference[3] = {p[0] - g[0], p[1] - g[1], p[2] - g[2]}, sum[3] = {p[0] + g[0], p[1] + g[1], p[2] + g[2]};
    return 2.0 * degrees * atan2(length_of(difference), length_of(sum));
}

static void add_angle(angles *at, double angle, uint64_t pixels)
{
    int bin = (int)(angle * STEPS);
    at->count += pixels;
    at->sum += angle * (double)pixels;
    at->bins[bin < BINS ? bin : BINS - 1] += pixels;
    for (int i = 0; i < SHARES; i++) {
        at->within[i] += angle < limits[i] ? pixels : 0;
    }
}

/* The cell of a unit vector: its projection onto |x|+|y|+|z| = 1, the lower half folded out into the corners. */
static cell *cell_of(normals *at, const double v[3])
{
    double norm = fabs(v[0]) + fabs(v[1]) + fabs(v[2]), x = v[0] / norm, y = v[1] / norm;
    if (v[2] < 0.0) {
        double folded = (1.0 - fabs(y)) * (x < 0.0 ? -1.0 : 1.0);
        y = (1.0 - fabs(x)) * (y < 0.0 ? -1.0 : 1.0);
        x = folded;
    }
    int column = (int)((x + 1.0) * (SIDE / 2)), row = (int)((y + 1.0) * (SIDE / 2));
    column = column < SIDE ? column : SIDE - 1;
    row = row < SIDE ? row : SIDE - 1;
    return &at->cells[row * SIDE + column];
}

static int is_finite(const double v[3])
{
    return isfinite(v[0]) && isfinite(v[1]) && isfinite(v[2]);
}

static te_status judge(void *state, uint64_t index, const te_map *map, const float *label, int *counted)
{
    normals *at = state;
    size_t area = (size_t)map->width * (size_t)map->height;
    (void)index;
    *counted = 0;
    for (size_t i = 0; i < area; i++) {
        double truth[3] = {(double)label[i], (double)label[area + i], (double)label[2 * area + i]};
        double said[3] = {(double)map->values[3 * i], (double)map->values[3 * i + 1], (double)map->values[3 * i + 2]};
        if (!is_finite(truth) || length_of(truth) < 0.5) {
            continue;
        }
        normalise(truth);
        if (is_finite(said)) {
            normalise(said);
        } else {
            memset(said, 0, sizeof said);
        }
        add_angle(&at->model, angle_between(said, truth), 1);
        cell *place = cell_of(at, truth);
        place->count++;
        for (int c = 0; c < 3; c++) {
            place->sum[c] += truth[c];
        }
        *counted = 1;
    }
    return TE_OK;
}

static double get_own(const void *state)
{
    const angles *at = &((const normals *)state)->model;
    return at->sum / (double)at->count;
}

static void add(void *state, const void *sample)
{
    normals *at = state;
    const normals *more = sample;
    at->model.count += more->model.count;
    at->model.sum += more->model.sum;
    for (int i = 0; i < SHARES; i++) {
        at->model.within[i] += more->model.within[i];
    }
    for (int bin = 0; bin < BINS; bin++) {
        at->model.bins[bin] += more->model.bins[bin];
    }
    for (int i = 0; i < CELLS; i++) {
        if (more->cells[i].count) {
            at->cells[i].count += more->cells[i].count;
            for (int c = 0; c < 3; c++) {
                at->cells[i].sum[c] += more->cells[i].sum[c];
            }
        }
    }
}

/* The smallest angle that half of the pixels do not exceed, to the middle of its step. */
static double median_of(const angles *at)
{
    uint64_t seen = 0;
    for (int bin = 0; bin < BINS; bin++) {
        seen += at->bins[bin];
        if (2 * seen >= at->count) {
            return ((double)bin + 0.5) / STEPS;
        }
    }
    return 0.0;
}

static void judge_mean(const normals *at, angles *trivial)
{
    double mean[3] = {0};
    for (int i = 0; i < CELLS; i++) {
        for (int c = 0; c < 3; c++) {
            mean[c] += at->cells[i].sum[c];
        }
    }
    normalise(mean);
    for (int i = 0; i < CELLS; i++) {
        if (at->cells[i].count) {
            double truth[3] = {at->cells[i].sum[0], at->cells[i].sum[1], at->cells[i].sum[2]};
            normalise(truth);
            add_angle(trivial, angle_between(mean, truth), at->cells[i].count);
        }
    }
}

static size_t count(const void *state)
{
    (void)state;
    return 2 + SHARES;
}

static te_status get(const void *state, te_metric_list *list)
{
    static const char *const names[SHARES] = {"within 11.25", "within 22.5", "within 30"};
    const angles *model = &((const normals *)state)->model;
    angles *trivial = te_alloc(1, sizeof *trivial, "a metric");
    if (!trivial) {
        return TE_ERR_MEMORY;
    }
    judge_mean(state, trivial);
    double n = (double)model->count;
    te_metric_list_add(list, "mean", "degrees", model->sum / n, trivial->sum / n)->higher_is_better = 0;
    te_metric_list_add(list, "median", "degrees", median_of(model), median_of(trivial))->higher_is_better = 0;
    for (int i = 0; i < SHARES; i++) {
        te_metric_list_add(list, names[i], "%", 100.0 * (double)model->within[i] / n, 100.0 * (double)trivial->within[i] / n);
    }
    free(trivial);
    return TE_OK;
}

static te_status get_figures(const void *state, te_figure figures[TE_MOST_FIGURES])
{
    const angles *model = &((const normals *)state)->model;
    uint64_t bins[FIGURE_BINS] = {0};
    for (int bin = 0; bin < BINS; bin++) {
        int wide = bin / (FIGURE_STEP * STEPS);
        bins[wide < FIGURE_BINS ? wide : FIGURE_BINS - 1] += model->bins[bin];
    }
    return te_figure_create_histogram(figures, "angle", "angle, degrees", bins, FIGURE_BINS, FIGURE_STEP);
}

const te_metric_kind te_metric_normals = {create, free, judge, get_own, add, count, get, get_figures};
