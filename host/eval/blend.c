#include "eval/blend.h"

#include <float.h>
#include <math.h>
#include <string.h>

int te_blend_count(const te_config *config)
{
    int count = 0;
    for (int t = 0; t < config->task_count; t++) {
        count += config->channels[t];
    }
    return count;
}

/* ---- into the mean ---- */

/* The soft-max of logits (count), none of them NaN; infinities count as the largest number. */
static void add_softmax(const float *logits, int count, float weight, float *values)
{
    enum { MOST = 256 };
    float powers[MOST], most = -FLT_MAX, sum = 0.0f;
    for (int k = 0; k < count; k++) {
        powers[k] = logits[k] > FLT_MAX ? FLT_MAX : logits[k];
        most = powers[k] > most ? powers[k] : most;
    }
    for (int k = 0; k < count; k++) {
        powers[k] = expf(powers[k] - most);
        sum += powers[k];
    }
    for (int k = 0; k < count && sum > 0.0f; k++) {
        values[k] += weight * (powers[k] / sum);
    }
}

static void add_direction(const float *logits, bool mirrored, float weight, float *values)
{
    double x = (double)logits[0], y = (double)logits[1], z = (double)logits[2], length = sqrt(x * x + y * y + z * z);
    if (length > 1e-12 && isfinite(length)) {
        values[0] += weight * (float)((mirrored ? -x : x) / length);
        values[1] += weight * (float)(y / length);
        values[2] += weight * (float)(z / length);
    }
}

static bool any_nan(const float *logits, int count)
{
    for (int k = 0; k < count; k++) {
        if (isnan(logits[k])) {
            return true;
        }
    }
    return false;
}

void te_blend_add(const te_config *config, const te_view *view, const float *logits, float weight, float *values)
{
    for (int t = 0; t < config->task_count; logits += config->channels[t], values += config->channels[t], t++) {
        if (any_nan(logits, config->channels[t])) {
            continue;
        }
        switch (te_tasks[config->tasks[t]].reading) {
        case TE_READ_CLASS:
        case TE_READ_FOREGROUND: add_softmax(logits, config->channels[t], weight, values); break;
        case TE_READ_SIGMOID: values[0] += weight / (1.0f + expf(-logits[0])); break;
        case TE_READ_UNIT_VECTOR: add_direction(logits, view->mirrored, weight, values); break;
        case TE_READ_METRES:
            values[0] += weight * fminf(fmaxf(logits[0], 0.0f), 1e30f) * (float)view->scale;
            break;
        }
    }
}

/* ---- out of it ---- */

/* The logarithm of a probability, finite for 0 too. */
static float log_of(float probability, float least)
{
    return logf(probability > least ? probability : least);
}

void te_blend_to_logits(const te_config *config, const float *values, float *logits)
{
    const float rest = FLT_EPSILON / 2.0f; /* of 1 less a probability: smaller ones are but rounding */
    for (int t = 0; t < config->task_count; logits += config->channels[t], values += config->channels[t], t++) {
        switch (te_tasks[config->tasks[t]].reading) {
        case TE_READ_CLASS:
            for (int k = 0; k < config->channels[t]; k++) {
                logits[k] = log_of(values[k], FLT_MIN);
            }
            break;
        case TE_READ_FOREGROUND:
            logits[0] = log_of(1.0f - values[1], rest);
            logits[1] = log_of(values[1], FLT_MIN);
            break;
        case TE_READ_SIGMOID: logits[0] = log_of(values[0], FLT_MIN) - log_of(1.0f - values[0], rest); break;
        case TE_READ_UNIT_VECTOR: memcpy(logits, values, 3 * sizeof *logits); break;
        case TE_READ_METRES: logits[0] = values[0]; break;
        }
    }
}

static int find_largest(const float *values, int count)
{
    int largest = 0;
    for (int k = 1; k < count; k++) {
        largest = values[k] > values[largest] ? k : largest;
    }
    return largest;
}

static void write_direction(const float *values, float *to)
{
    float sum[3] = {0};
    add_direction(values, false, 1.0f, sum);
    memcpy(to, sum, sizeof sum);
}

void te_blend_write(const te_config *config, const float *values, te_map *maps, size_t pixel)
{
    for (int t = 0; t < config->task_count; values += config->channels[t], t++) {
        float *to = (float *)maps[t].values; /* const for those who look only */
        switch (te_tasks[config->tasks[t]].reading) {
        case TE_READ_CLASS: ((uint8_t *)maps[t].classes)[pixel] = (uint8_t)find_largest(values, config->channels[t]); break;
        case TE_READ_FOREGROUND: to[pixel] = values[1]; break;
        case TE_READ_SIGMOID:
        case TE_READ_METRES: to[pixel] = values[0]; break;
        case TE_READ_UNIT_VECTOR: write_direction(values, to + 3 * pixel); break;
        }
    }
}

te_status te_blend_create_map(te_map *map, const te_config *config, int t, int width, int height)
{
    te_reading reading = te_tasks[config->tasks[t]].reading;
    int channels = reading == TE_READ_UNIT_VECTOR ? 3 : 1;
    te_map made = {.task = config->task_names[t], .width = width, .height = height, .channels = channels};
    if (reading == TE_READ_CLASS) {
        made.classes = te_alloc((size_t)height, (size_t)width, "a map");
    } else {
        made.values = te_alloc((size_t)height, (size_t)width * (size_t)channels * sizeof *made.values, "a map");
    }
    if (!made.classes && !made.values) {
        return TE_ERR_MEMORY;
    }
    *map = made;
    return TE_OK;
}
