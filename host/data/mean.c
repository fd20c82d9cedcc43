#include "data/mean.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NO_CLASS = 255, RGB = 3 };

/* Of one task, over the G cells of the grid. */
typedef struct sums {
    te_task_id task;
    int channels;     /* of the label: a picture on the grid has as many planes */
    int classes;      /* K; 0: a label of values */
    uint32_t *counts; /* (K,G) pictures whose cell is of class k; (1,G) pictures whose cell has a value */
    double *values;   /* (channels,G) */
    bool any;
} sums;

struct te_mean {
    int width, height;
    size_t cells; /* G */
    uint64_t pictures;
    double *rgb;  /* (3,G) */
    int task_count;
    sums tasks[TE_TASK_COUNT];
};

/* ---- life ---- */

te_status te_mean_create(te_mean **mean, const te_mean_options *options)
{
    te_mean *made = te_alloc(1, sizeof *made, "a mean picture");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->width = options->width;
    made->height = options->height;
    made->cells = (size_t)options->width * (size_t)options->height;
    made->task_count = options->task_count;
    made->rgb = te_alloc(made->cells, RGB * sizeof *made->rgb, "a mean picture");
    bool enough = made->rgb != NULL;
    for (int t = 0; t < options->task_count; t++) {
        sums *at = &made->tasks[t];
        at->task = options->tasks[t];
        at->channels = te_label_channels(at->task);
        if (te_tasks[at->task].reading == TE_READ_CLASS) {
            at->classes = at->task == TE_SEMSEG ? options->classes : te_tasks[at->task].channels;
        } else {
            at->values = te_alloc(made->cells, (size_t)at->channels * sizeof *at->values, "a mean picture");
            enough &= at->values != NULL;
        }
        at->counts = te_alloc(made->cells, (size_t)(at->classes ? at->classes : 1) * sizeof *at->counts, "a mean picture");
        enough &= at->counts != NULL;
    }
    if (!enough) {
        te_mean_free(made);
        return TE_ERR_MEMORY;
    }
    *mean = made;
    return TE_OK;
}

void te_mean_free(te_mean *mean)
{
    if (mean) {
        for (int t = 0; t < mean->task_count; t++) {
            free(mean->tasks[t].counts);
            free(mean->tasks[t].values);
        }
        free(mean->rgb);
        free(mean);
    }
}

size_t te_mean_count(const te_mean *mean)
{
    size_t planes = RGB;
    for (int t = 0; t < mean->task_count; t++) {
        planes += (size_t)mean->tasks[t].channels;
    }
    return planes * mean->cells;
}

/* ---- one picture ---- */

/* The pixels [from,to) of one axis that cell `at` of `cells` covers, at least one of the `pixels`. */
static void find_span(int at, int cells, int pixels, int *from, int *to)
{
    *from = (int)((int64_t)at * pixels / cells);
    *to = (int)((int64_t)(at + 1) * pixels / cells);
    *to = *to > *from ? *to : *from + 1;
}

static bool has_value(te_task_id task, const float *label, size_t area, size_t pixel)
{
    if (task == TE_NORMALS) {
        return label[pixel] != 0 || label[area + pixel] != 0 || label[2 * area + pixel] != 0;
    }
    return label[pixel] != te_label_ignored(task);
}

/* (channels) means over the valid pixels of a cell; NaN without any. */
static void average(const sums *at, const te_example *example, const float *label, const int x[2], const int y[2],
                    double mean[RGB])
{
    size_t area = (size_t)example->width * (size_t)example->height;
    double sum[RGB] = {0};
    int count = 0;
    for (int row = y[0]; row < y[1]; row++) {
        for (int column = x[0]; column < x[1]; column++) {
            size_t pixel = (size_t)row * (size_t)example->width + (size_t)column;
            if (has_value(at->task, label, area, pixel)) {
                count++;
                for (int c = 0; c < at->channels; c++) {
                    sum[c] += (double)label[(size_t)c * area + pixel];
                }
            }
        }
    }
    for (int c = 0; c < at->channels; c++) {
        mean[c] = count ? sum[c] / count : (double)NAN;
    }
}

static void average_rgb(const te_example *example, const int x[2], const int y[2], double mean[RGB])
{
    uint64_t sum[RGB] = {0};
    for (int row = y[0]; row < y[1]; row++) {
        const uint8_t *rgb = example->rgb + RGB * ((size_t)row * (size_t)example->width + (size_t)x[0]);
        for (int column = x[0]; column < x[1]; column++, rgb += RGB) {
            for (int c = 0; c < RGB; c++) {
                sum[c] += rgb[c];
            }
        }
    }
    for (int c = 0; c < RGB; c++) {
        mean[c] = (double)sum[c] / ((double)(x[1] - x[0]) * (y[1] - y[0]));
    }
}

static float middle_class(const te_example *example, const float *label, const int x[2], const int y[2])
{
    return label[(size_t)((y[0] + y[1]) / 2) * (size_t)example->width + (size_t)((x[0] + x[1]) / 2)];
}

/* planes[c * G + cell] of every task, from `small` behind the picture's. */
static void shrink_cell(const te_mean *mean, const te_example *example, size_t cell, const int x[2], const int y[2],
                        float *small)
{
    double values[RGB];
    average_rgb(example, x, y, values);
    for (size_t c = 0; c < RGB; c++) {
        small[c * mean->cells + cell] = (float)values[c];
    }
    float *plane = small + RGB * mean->cells + cell;
    for (int t = 0; t < mean->task_count; t++) {
        const sums *at = &mean->tasks[t];
        const float *label = example->labels[t];
        if (!label) {
            values[0] = values[1] = values[2] = at->classes ? NO_CLASS : (double)NAN;
        } else if (at->classes) {
            values[0] = (double)middle_class(example, label, x, y);
        } else {
            average(at, example, label, x, y, values);
        }
        for (int c = 0; c < at->channels; c++, plane += mean->cells) {
            *plane = (float)values[c];
        }
    }
}

void te_mean_shrink(const te_mean *mean, const te_example *example, float *small)
{
    int x[2], y[2];
    for (int row = 0; row < mean->height; row++) {
        find_span(row, mean->height, example->height, &y[0], &y[1]);
        for (int column = 0; column < mean->width; column++) {
            find_span(column, mean->width, example->width, &x[0], &x[1]);
            shrink_cell(mean, example, (size_t)row * (size_t)mean->width + (size_t)column, x, y, small);
        }
    }
}

/* ---- all of them ---- */

static void add_task(sums *at, const float *planes, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        if (at->classes) {
            bool known = planes[i] >= 0 && planes[i] < (float)at->classes;
            at->any |= known;
            at->counts[known ? (size_t)planes[i] * cells + i : 0] += known;
        } else if (!isnan(planes[i])) {
            at->any = true;
            at->counts[i]++;
            for (size_t c = 0; c < (size_t)at->channels; c++) {
                at->values[c * cells + i] += (double)planes[c * cells + i];
            }
        }
    }
}

void te_mean_add(te_mean *mean, const float *small)
{
    for (size_t i = 0; i < RGB * mean->cells; i++) {
        mean->rgb[i] += (double)small[i];
    }
    small += RGB * mean->cells;
    for (int t = 0; t < mean->task_count; t++) {
        add_task(&mean->tasks[t], small, mean->cells);
        small += (size_t)mean->tasks[t].channels * mean->cells;
    }
    mean->pictures++;
}

te_status te_mean_get_picture(const te_mean *mean, te_picture **picture)
{
    if (!mean->pictures) {
        return te_fail(TE_ERR_ARGUMENT, "there is no mean of '0' pictures");
    }
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, mean->width, mean->height));
    for (size_t i = 0; i < RGB * mean->cells; i++) {
        made->rgb[i] = (uint8_t)(mean->rgb[i % RGB * mean->cells + i / RGB] / (double)mean->pictures + 0.5);
    }
    *picture = made;
    return TE_OK;
}

static uint8_t most_frequent(const sums *at, size_t cell, size_t cells)
{
    uint32_t most = 0;
    int class = NO_CLASS;
    for (int k = 0; k < at->classes; k++) {
        uint32_t count = at->counts[(size_t)k * cells + cell];
        class = count > most ? k : class;
        most = count > most ? count : most;
    }
    return (uint8_t)class;
}

/* values (G,channels) of one cell. */
static void write_mean(const sums *at, size_t cell, size_t cells, float *values)
{
    double mean[RGB], square = 0;
    for (int c = 0; c < at->channels; c++) {
        mean[c] = at->counts[cell] ? at->values[(size_t)c * cells + cell] / at->counts[cell] : (double)NAN;
        square += mean[c] * mean[c];
    }
    bool vector = te_tasks[at->task].reading == TE_READ_UNIT_VECTOR;
    for (int c = 0; c < at->channels; c++) {
        values[c] = (float)(!vector ? mean[c] : square > 0 ? mean[c] / sqrt(square) : 0);
    }
}

/* Over the largest, so that rare things can be seen. */
static float stretch(float *values, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        most = values[i] > most ? values[i] : most; /* NaN is not */
    }
    for (size_t i = 0; i < count && most > 0; i++) {
        values[i] /= most;
    }
    return most;
}

bool te_mean_has(const te_mean *mean, int t)
{
    return mean->tasks[t].any;
}

te_status te_mean_get_map(const te_mean *mean, int t, te_map *map, float *scale)
{
    const sums *at = &mean->tasks[t];
    uint8_t *classes = at->classes ? te_alloc(mean->cells, 1, "a mean label") : NULL;
    float *values = at->classes ? NULL : te_alloc(mean->cells, (size_t)at->channels * sizeof *values, "a mean label");
    if (!classes && !values) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; i < mean->cells; i++) {
        if (classes) {
            classes[i] = most_frequent(at, i, mean->cells);
        } else {
            write_mean(at, i, mean->cells, values + i * (size_t)at->channels);
        }
    }
    bool share = at->task == TE_SAL || at->task == TE_EDGE;
    *scale = share ? stretch(values, mean->cells) : 1.0f;
    *map = (te_map){.task = te_tasks[at->task].name, .width = mean->width, .height = mean->height,
                    .channels = at->channels, .classes = classes, .values = values};
    return TE_OK;
}
