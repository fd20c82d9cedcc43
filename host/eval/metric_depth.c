/* Depth: root of the mean square, mean relative error, shares of max(p/d, d/p) below 1.25, 1.25^2, 1.25^3.
 *
 * Trivial: the mean depth everywhere. What it scores depends on all labels at once, so they are kept as a histogram over
 * the leading bits of their floats: a relative step of 2^-14 between 2^-10 and 2^10 metres. */
#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANTISSA = 14, LOWEST = -10, HIGHEST = 10, BINS = (HIGHEST - LOWEST) << MANTISSA, LEVELS = 3 };

typedef struct depth {
    uint64_t valid, within[LEVELS];
    double squares, relative, sum, sum_squares; /* of errors, relative errors; of labels, their squares */
    uint64_t bins[BINS];
} depth;

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

static void add_pixel(depth *at, double prediction, float label)
{
    double truth = (double)label, error = prediction - truth;
    double ratio = prediction > truth ? prediction / truth : prediction > 0.0 ? truth / prediction : INFINITY;
    at->valid++;
    at->squares += error * error;
    at->relative += fabs(error) / truth;
    at->sum += truth;
    at->sum_squares += truth * truth;
    at->bins[bin_of(label)]++;
    for (int n = 0; n < LEVELS; n++) {
        at->within[n] += ratio < limits[n];
    }
}

static te_status add(void *state, const te_map *map, const float *label, int *counted)
{
    depth *at = state;
    uint64_t before = at->valid;
    size_t area = (size_t)map->width * (size_t)map->height;
    for (size_t i = 0; i < area; i++) {
        if (label[i] > 0.0f && isfinite(label[i])) {
            add_pixel(at, (double)map->values[i], label[i]);
        }
    }
    *counted = at->valid > before;
    return TE_OK;
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

const te_metric_kind te_metric_depth = {create, free, add, count, get};
