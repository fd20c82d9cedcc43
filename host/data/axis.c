#include "data/axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each kind fills the span and the weights (not yet of sum 1) of one output. */

static void span_linear(int from, double scale, int output, int *first, int *count, float *weights)
{
    double at = (output + 0.5) * scale - 0.5;
    at = at < 0.0 ? 0.0 : at > from - 1 ? from - 1 : at;
    *first = (int)at < from - 1 ? (int)at : from - 1;
    *count = *first + 1 < from ? 2 : 1;
    weights[0] = (float)(1.0 - (at - *first));
    if (*count == 2) {
        weights[1] = (float)(at - *first);
    }
}

static void span_triangle(int from, double scale, int output, int *first, int *count, float *weights)
{
    double support = scale > 1.0 ? scale : 1.0, center = (output + 0.5) * scale;
    int low = (int)floor(center - support + 0.5), high = (int)floor(center + support + 0.5);
    low = low > 0 ? low : 0;
    high = high < from ? high : from;
    *first = low;
    *count = high - low;
    for (int i = low; i < high; i++) {
        double weight = 1.0 - fabs(i + 0.5 - center) / support;
        weights[i - low] = (float)(weight > 0.0 ? weight : 0.0);
    }
}

static void span_area(int from, double scale, int output, int *first, int *count, float *weights)
{
    if (scale <= 1.0) {
        span_linear(from, scale, output, first, count, weights);
        return;
    }
    double start = output * scale, end = (output + 1) * scale;
    int low = (int)start, high = (int)ceil(end);
    high = high < from ? high : from;
    *first = low;
    *count = high - low;
    for (int i = low; i < high; i++) {
        double left = start > i ? start : i, right = end < i + 1 ? end : i + 1;
        weights[i - low] = (float)(right > left ? right - left : 0.0);
    }
}

te_status te_axis_create(te_axis *axis, int from, int to, te_axis_kind kind)
{
    double scale = (double)from / to;
    int taps = kind == TE_AXIS_LINEAR || scale <= 1.0 ? 3 : 2 * (int)ceil(scale) + 2;
    *axis = (te_axis){.from = from, .to = to};
    axis->first = te_alloc((size_t)to, sizeof *axis->first, "resampling");
    axis->count = te_alloc((size_t)to, sizeof *axis->count, "resampling");
    axis->weights = te_alloc((size_t)to, (size_t)taps * sizeof *axis->weights, "resampling");
    if (!axis->first || !axis->count || !axis->weights) {
        te_axis_free(axis);
        return TE_ERR_MEMORY;
    }
    axis->taps = taps;
    for (int output = 0; output < to; output++) {
        float *weights = axis->weights + (size_t)output * (size_t)taps;
        int *first = axis->first + output, *count = axis->count + output;
        switch (kind) {
        case TE_AXIS_LINEAR: span_linear(from, scale, output, first, count, weights); break;
        case TE_AXIS_TRIANGLE: span_triangle(from, scale, output, first, count, weights); break;
        case TE_AXIS_AREA: span_area(from, scale, output, first, count, weights); break;
        }
        double sum = 0.0;
        for (int i = 0; i < *count; i++) {
            sum += (double)weights[i];
        }
        for (int i = 0; i < *count; i++) {
            weights[i] = (float)((double)weights[i] / sum);
        }
    }
    return TE_OK;
}

void te_axis_free(te_axis *axis)
{
    free(axis->first);
    free(axis->count);
    free(axis->weights);
    *axis = (te_axis){0};
}

float te_axis_find(const te_axis *axis, int at, int *first, int *second)
{
    *first = axis->first[at];
    *second = *first + axis->count[at] - 1;
    return axis->count[at] == 2 ? axis->weights[(size_t)at * (size_t)axis->taps + 1] : 0.0f;
}
