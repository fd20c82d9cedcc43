/* Depth: root of the mean square, mean relative error, shares of max(p/d, d/p) below 1.25, 1.25^2, 1.25^3.
 *
 * Trivial: the mean depth everywhere. What it scores depends on all labels at once, so they are kept as a histogram over
 * the leading bits of their floats: a relative step of 2^-14 between 2^-10 and 2^10 metres. */
#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANTISSA = 14, LOWEST = -10, HIGHEST = 10, BINS = (HIGHEST - LOWEST) << MANTISSA, LEVELS = 3, FIGURE_BINS = 41 };

typedef struct depth {
    uint64_t valid, within[LEVELS];
    double squares, relative, sum, sum_squares; /* of errors, relative errors; of labels, their squares */
    uint64_t bins[BINS];
    uint64_t errors[FIGURE_BINS], relatives[FIGURE_BINS];
} depth;

static const double error_step = 0.05, relative_step = 0.0125; /* of the figures' bins */
static const double limits[LEVELS] = {1.25, 1.25 * 1.25, 1.25 * 1.25 * 1.25};

static te_status create(void **state, const te_metric_options *options)
{
    (void)options;
    *state = te_alloc(1, sizeof(depth), "a metric");
    return *state ? TE_OK : TE_ERR_MEMORY;
}

/* The bin of a positive depth: exponent and the first bits of the mantissa, read from the float itself. */
static int bin_of(float label)
{
    uint32_t bits;
    memcpy(&bits, &label, sizeof bits);
    int bin = (int)(bits >> (23 - MANTISSA)) - ((127 + LOWEST) << MANTISSA);
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}

static double middle_of(int bin)
{
    double mantissa = 1.0 + ((bin & ((1 << MANTISSA) - 1)) + 0.5) / (1 << MANTISSA);
    return ldexp(mantissa, (bin >> MANTISSA) + LOWEST);
}

static size_t figure_bin(double value, double step)
{
    double bin = value / step;
    return bin < FIGURE_BINS - 1 ? (size_t)bin : FIGURE_BINS - 1;
}

static void judge_pixel(depth *at, double prediction, float label)
{
    double truth = (double)label, error = prediction - truth;
    double ratio = prediction > truth ? prediction / truth : prediction > 0.0 ? truth / prediction : INFINITY;
    at->valid++;
    at->squares += error * error;
    at->relative += fabs(error) / truth;
    at->sum += truth;
    at->sum_squares += truth * truth;
    at->bins[bin_of(label)]++;
    at->errors[figure_bin(fabs(error), error_step)]++;
    at->relatives[figure_bin(fabs(error) / truth, relative_step)]++;
    for (int n = 0; n < LEVELS; n++) {
        at->within[n] += ratio < limits[n];
    }
}

/* What is not a depth is read as 0, as a head's negative output is. */
static double read_prediction(float value)
{
    return isfinite(value) && value > 0.0f ? (double)value : 0.0;
}

static te_status judge(void *state, uint64_t index, const te_map *map, const float *label, int *counted)
{
    depth *at = state;
    size_t area = (size_t)map->width * (size_t)map->height;
    (void)index;
    for (size_t i = 0; i < area; i++) {
        if (label[i] > 0.0f && isfinite(label[i])) {
            judge_pixel(at, read_prediction(map->values[i]), label[i]);
        }
    }
    *counted = at->valid > 0;
    return TE_OK;
}

static double get_own(const void *state)
{
    const depth *at = state;
    return sqrt(at->squares / (double)at->valid);
}

static void add(void *state, const void *sample)
{
    depth *at = state;
    const depth *more = sample;
    at->valid += more->valid;
    at->squares += more->squares;
    at->relative += more->relative;
    at->sum += more->sum;
    at->sum_squares += more->sum_squares;
    for (int n = 0; n < LEVELS; n++) {
        at->within[n] += more->within[n];
    }
    for (int bin = 0; bin < BINS; bin++) {
        at->bins[bin] += more->bins[bin];
    }
    for (int bin = 0; bin < FIGURE_BINS; bin++) {
        at->errors[bin] += more->errors[bin];
        at->relatives[bin] += more->relatives[bin];
    }
}

static size_t count(const void *state)
{
    (void)state;
    return 2 + LEVELS;
}

static te_status get(const void *state, te_metric_list *list)
{
    static const char *const names[LEVELS] = {"delta1", "delta2", "delta3"};
    const depth *at = state;
    double n = (double)at->valid, mean = at->sum / n, relative = 0.0, within[LEVELS] = {0};
    for (int bin = 0; bin < BINS; bin++) {
        if (at->bins[bin]) {
            double truth = middle_of(bin), pixels = (double)at->bins[bin];
            double ratio = mean > truth ? mean / truth : truth / mean;
            relative += pixels * fabs(mean - truth) / truth;
            for (int level = 0; level < LEVELS; level++) {
                within[level] += ratio < limits[level] ? pixels : 0.0;
            }
        }
    }
    double variance = at->sum_squares / n - mean * mean;
    te_metric_list_add(list, "rmse", "m", sqrt(at->squares / n), sqrt(variance > 0.0 ? variance : 0.0))->higher_is_better = 0;
    te_metric_list_add(list, "absrel", "", at->relative / n, relative / n)->higher_is_better = 0;
    for (int level = 0; level < LEVELS; level++) {
        te_metric_list_add(list, names[level], "%", 100.0 * (double)at->within[level] / n, 100.0 * within[level] / n);
    }
    return TE_OK;
}

static te_status get_figures(const void *state, te_figure figures[TE_MOST_FIGURES])
{
    const depth *at = state;
    TE_TRY(te_figure_create_histogram(&figures[0], "error", "|p - d|, m", at->errors, FIGURE_BINS, error_step));
    return te_figure_create_histogram(&figures[1], "relative error", "|p - d| / d", at->relatives, FIGURE_BINS, relative_step);
}

const te_metric_kind te_metric_depth = {create, free, judge, get_own, add, count, get, get_figures};
