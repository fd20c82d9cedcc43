#include "data/map.h"

#include "data/axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What reading a map needs at hand. The region is where the picture lies in the input: w x h of its pixels. Two
 * region rows are held at a time, channels last, and blended into the one that an output row is interpolated
 * from. */
typedef struct te_map_reader {
    const te_fit *fit;
    const float *logits; /* (K,H,W) */
    int channels;        /* K */
    te_reading reading;
    int values;          /* floats a pixel to interpolate: K for classes, 3 for normals, else 1 */
    te_axis x, y;        /* region -> picture */
    int held[2];         /* which region row lies in a slot, or -1 */
    float *rows[2];      /* (w,values) each */
    float *blend;        /* (w,values) */
    uint8_t *best;       /* (w) the class of every pixel of the blended row */
    float *scores;       /* (K) */
} te_map_reader;

/* Logits (K) of region pixel (x,y), infinities cut so that interpolation makes no NaN of them. Where one is NaN all
 * become 0, which reads as class 0; returns 0 there. */
static int read_pixel(const te_map_reader *reader, int x, int y, float *out)
{
    const te_fit *fit = reader->fit;
    size_t plane = (size_t)fit->input_height * (size_t)fit->input_width;
    const float *from = reader->logits + (size_t)(fit->top + y) * (size_t)fit->input_width + (fit->left + x);
    for (int k = 0; k < reader->channels; k++, from += plane) {
        if (isnan(*from)) {
            memset(out, 0, (size_t)reader->channels * sizeof *out);
            return 0;
        }
        out[k] = fminf(fmaxf(*from, -1e30f), 1e30f);
    }
    return 1;
}

static float sigmoid(float x)
{
    return x >= 0.0f ? 1.0f / (1.0f + expf(-x)) : expf(x) / (1.0f + expf(x));
}

/* What is interpolated, from the logits of one pixel. */
static void read_values(te_reading reading, const float *logits, float *out)
{
    switch (reading) {
    case TE_READ_FOREGROUND: out[0] = sigmoid(logits[1] - logits[0]); break; /* soft-max of two */
    case TE_READ_SIGMOID: out[0] = sigmoid(logits[0]); break;
    case TE_READ_METRES: out[0] = logits[0] > 0.0f ? logits[0] : 0.0f; break;
    case TE_READ_UNIT_VECTOR: memcpy(out, logits, 3 * sizeof *out); break;
    case TE_READ_CLASS: break; /* the logits themselves */
    }
}

static uint8_t best_class(const float *scores, int count)
{
    int best = 0;
    float most = scores[0];
    for (int k = 1; k < count; k++) {
        best = scores[k] > most ? k : best;
        most = scores[k] > most ? scores[k] : most;
    }
    return (uint8_t)best;
}

/* The slot that holds region row y, filled if need be. Neighbouring rows never share a slot. */
static int hold_row(te_map_reader *reader, int y)
{
    int slot = y % 2, width = reader->fit->width;
    if (reader->held[slot] == y) {
        return slot;
    }
    reader->held[slot] = y;
    for (int x = 0; x < width; x++) {
        float *out = reader->rows[slot] + (size_t)x * (size_t)reader->values;
        if (reader->reading == TE_READ_CLASS) {
            read_pixel(reader, x, y, out);
        } else if (read_pixel(reader, x, y, reader->scores)) {
            read_values(reader->reading, reader->scores, out);
        } else {
            memset(out, 0, (size_t)reader->values * sizeof *out);
        }
    }
    return slot;
}

/* out (count) = first + weight * (second - first); exact where the two are equal. */
static void interpolate(const float *first, const float *second, float weight, int count, float *restrict out)
{
    for (int i = 0; i < count; i++) {
        out[i] = first[i] + weight * (second[i] - first[i]);
    }
}

/* One output row of classes. Where two neighbours of the blended row agree, so does everything between them, as
 * logits change along lines there: only the borders of classes need their K logits interpolated. */
static void write_classes(te_map_reader *reader, uint8_t *out)
{
    size_t values = (size_t)reader->values;
    for (int x = 0; x < reader->x.from; x++) {
        reader->best[x] = best_class(reader->blend + (size_t)x * values, reader->channels);
    }
    for (int x = 0; x < reader->x.to; x++) {
        int first, second;
        float weight = te_axis_find(&reader->x, x, &first, &second);
        uint8_t class = reader->best[first];
        if (reader->best[second] != class) {
            interpolate(reader->blend + (size_t)first * values, reader->blend + (size_t)second * values, weight,
                        reader->values, reader->scores);
            class = best_class(reader->scores, reader->channels);
        }
        out[x] = class;
    }
}

static void normalise(float *vector)
{
    double length = sqrt((double)vector[0] * (double)vector[0] + (double)vector[1] * (double)vector[1] +
                         (double)vector[2] * (double)vector[2]);
    for (int i = 0; i < 3; i++) {
        vector[i] = length > 1e-12 ? (float)((double)vector[i] / length) : 0.0f;
    }
}

/* One output row of values (W,values). */
static void write_values(te_map_reader *reader, float *out)
{
    size_t values = (size_t)reader->values;
    for (int x = 0; x < reader->x.to; x++, out += values) {
        int first, second;
        float weight = te_axis_find(&reader->x, x, &first, &second);
        interpolate(reader->blend + (size_t)first * values, reader->blend + (size_t)second * values, weight,
                    reader->values, out);
        if (reader->reading == TE_READ_UNIT_VECTOR) {
            normalise(out);
        }
    }
}

static void close_reader(te_map_reader *reader)
{
    te_axis_free(&reader->x);
    te_axis_free(&reader->y);
    for (int slot = 0; slot < 2; slot++) {
        free(reader->rows[slot]);
    }
    free(reader->blend);
    free(reader->best);
    free(reader->scores);
}

static te_status open_reader(te_map_reader *reader)
{
    const te_fit *fit = reader->fit;
    size_t width = (size_t)fit->width, row = (size_t)reader->values * sizeof(float);
    TE_TRY(te_axis_create(&reader->x, fit->width, fit->picture_width, TE_AXIS_LINEAR));
    TE_TRY(te_axis_create(&reader->y, fit->height, fit->picture_height, TE_AXIS_LINEAR));
    for (int slot = 0; slot < 2; slot++) {
        reader->held[slot] = -1;
        reader->rows[slot] = te_alloc(width, row, "a map");
        if (!reader->rows[slot]) {
            return TE_ERR_MEMORY;
        }
    }
    reader->blend = te_alloc(width, row, "a map");
    reader->best = te_alloc(width, 1, "a map");
    reader->scores = te_alloc((size_t)reader->channels, sizeof *reader->scores, "a map");
    return reader->blend && reader->best && reader->scores ? TE_OK : TE_ERR_MEMORY;
}

/* Into `classes` (height,width) or `values` (height,width,values), whichever is not NULL. */
static void read_rows(te_map_reader *reader, uint8_t *classes, float *values)
{
    size_t width = (size_t)reader->fit->picture_width;
    for (int y = 0; y < reader->y.to; y++) {
        int first, second;
        float weight = te_axis_find(&reader->y, y, &first, &second);
        int upper = hold_row(reader, first), lower = hold_row(reader, second);
        interpolate(reader->rows[upper], reader->rows[lower], weight, reader->fit->width * reader->values,
                    reader->blend);
        if (classes) {
            write_classes(reader, classes + (size_t)y * width);
        } else {
            write_values(reader, values + (size_t)y * width * (size_t)reader->values);
        }
    }
}

static te_status check_arguments(te_task_id task, int channels, const te_fit *fit)
{
    int class = te_tasks[task].reading == TE_READ_CLASS;
    if (class ? channels < 1 || channels > 255 : channels != te_tasks[task].channels) {
        return te_fail(TE_ERR_ARGUMENT, "a map of '%s' cannot be read from %d channels", te_tasks[task].name,
                       channels);
    }
    if (fit->width < 1 || fit->height < 1 || fit->left < 0 || fit->top < 0 || fit->picture_width < 1 ||
        fit->picture_height < 1 || fit->left + fit->width > fit->input_width ||
        fit->top + fit->height > fit->input_height) {
        return te_fail(TE_ERR_ARGUMENT, "a map of '%s' cannot be read: the picture does not lie in the input",
                       te_tasks[task].name);
    }
    return TE_OK;
}

te_status te_map_read(te_map *map, te_task_id task, int channels, const float *logits, const te_fit *fit)
{
    TE_TRY(check_arguments(task, channels, fit));
    te_reading reading = te_tasks[task].reading;
    te_map_reader reader = {.fit = fit, .logits = logits, .channels = channels, .reading = reading};
    int per_pixel = reading == TE_READ_UNIT_VECTOR ? 3 : 1;
    reader.values = reading == TE_READ_CLASS ? channels : per_pixel;
    uint8_t *classes = NULL;
    float *values = NULL;
    size_t width = (size_t)fit->picture_width, height = (size_t)fit->picture_height;
    te_status status;
    TE_TRY_OUT(open_reader(&reader));
    if (reading == TE_READ_CLASS) {
        classes = te_alloc(height, width, "a map");
    } else {
        values = te_alloc(height, width * (size_t)per_pixel * sizeof *values, "a map");
    }
    if (!classes && !values) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    read_rows(&reader, classes, values);
    *map = (te_map){.task = te_tasks[task].name, .width = fit->picture_width, .height = fit->picture_height,
                    .channels = per_pixel, .classes = classes, .values = values};
out:
    close_reader(&reader);
    return status;
}

void te_map_free(te_map *map)
{
    free((void *)map->classes); /* const for those who look only */
    free((void *)map->values);
    *map = (te_map){0};
}
