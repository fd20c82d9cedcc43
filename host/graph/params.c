#include "graph/params.h"

#include "base/hash.h"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 160 };

/* "mmoe.0.experts.%s.fc1.weight" with a label in place of %s. */
static char *labelled(const char *pattern, const char *label)
{
    char name[NAME_BYTES];
    const char *hole = strstr(pattern, "%s");
    if (hole) {
        snprintf(name, sizeof name, "%.*s%s%s", (int)(hole - pattern), pattern, label, hole + 2);
    } else {
        snprintf(name, sizeof name, "%s", pattern);
    }
    return strdup(name);
}

static void free_param(te_param *param)
{
    for (int i = 0; param->names && i < param->part_count; i++) {
        free(param->names[i]);
    }
    free(param->names);
    free(param->name);
    free(param->data);
}

void te_params_clear(te_params *params)
{
    for (int i = 0; i < params->count; i++) {
        free_param(&params->list[i]);
    }
    free(params->list);
    if (params->source.close) {
        params->source.close(params->source.context);
    }
    *params = (te_params){0};
}

static te_status reserve(te_params *params)
{
    if (params->count < params->capacity) {
        return TE_OK;
    }
    int capacity = params->capacity ? 2 * params->capacity : 64;
    te_param *list = te_realloc(params->list, (size_t)capacity, sizeof *list, "the list of parameters");
    if (!list) {
        return TE_ERR_MEMORY;
    }
    params->list = list;
    params->capacity = capacity;
    return TE_OK;
}

te_status te_params_add(te_params *params, const te_param_spec *spec)
{
    TE_TRY(reserve(params));
    int parts = spec->labels ? spec->label_count : 1;
    te_param param = {.part = spec->part, .part_count = parts, .shape = spec->shape, .part_shape = spec->shape,
                      .init = spec->init, .fan_in = spec->fan_in, .statistic = spec->statistic};
    param.part_shape.size[0] /= parts;
    param.name = labelled(spec->name, "*");
    param.names = te_alloc((size_t)parts, sizeof *param.names, "parameter names");
    bool complete = param.name && param.names;
    for (int i = 0; complete && i < parts; i++) {
        param.names[i] = labelled(spec->name, spec->labels ? spec->labels[i] : "");
        complete = param.names[i];
    }
    if (!complete) {
        free_param(&param);
        return te_fail(TE_ERR_MEMORY, "out of memory for the name of parameter '%s'", spec->name);
    }
    params->list[params->count++] = param;
    return TE_OK;
}

int te_params_find(const te_params *params, const char *name)
{
    for (int i = 0; i < params->count; i++) {
        if (strcmp(params->list[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Deviation of a normal distribution that is cut at two of its own. */
static const float deviation_within_2 = 0.87962566f;

static float draw(const te_param *param, uint64_t seed, uint64_t stream, uint64_t index)
{
    switch (param->init) {
    case TE_INIT_ONE:
        return 1.0f;
    case TE_INIT_TRUNCATED_NORMAL:
        return 0.02f / deviation_within_2 * te_random_truncated_normal(seed, stream, index);
    case TE_INIT_UNIFORM:
        return (2.0f * te_random_uniform(seed, stream, index) - 1.0f) / sqrtf((float)param->fan_in);
    default:
        return 0.0f;
    }
}

/* A model that cannot be in memory is refused before pages are touched one by one. */
static te_status check_memory(const te_params *params)
{
    double bytes = 0, present = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < params->count; i++) {
        bytes += (double)te_shape_count(&params->list[i].shape) * sizeof(float);
    }
    return bytes < present ? TE_OK
                           : te_fail(TE_ERR_MEMORY, "the model's weights take %.1f GiB, this machine has %.1f GiB: use a "
                                     "smaller model", bytes / (1 << 30), present / (1 << 30));
}

te_status te_params_fill(te_params *params, uint64_t seed)
{
    TE_TRY(check_memory(params));
    for (int i = 0; i < params->count; i++) {
        te_param *param = &params->list[i];
        int64_t part_elements = te_shape_count(&param->part_shape);
        free(param->data);
        param->data = te_alloc((size_t)te_shape_count(&param->shape), sizeof(float), param->name);
        if (!param->data) {
            return TE_ERR_MEMORY;
        }
        for (int part = 0; part < param->part_count; part++) {
            uint64_t stream = te_hash(TE_HASH_START, param->names[part], strlen(param->names[part]));
            float *data = param->data + part * part_elements;
            for (int64_t e = 0; e < part_elements; e++) {
                data[e] = draw(param, seed, stream, (uint64_t)e);
            }
        }
    }
    return TE_OK;
}

te_status te_params_read(const te_params *params, int index, float *data)
{
    const te_param *param = &params->list[index];
    if (!param->data) {
        return params->source.read(params->source.context, param, data);
    }
    memcpy(data, param->data, (size_t)te_shape_count(&param->shape) * sizeof *data);
    return TE_OK;
}

te_status te_params_load(te_params *params, int index)
{
    te_param *param = &params->list[index];
    if (param->data) {
        return TE_OK;
    }
    float *data = te_alloc((size_t)te_shape_count(&param->shape), sizeof *data, param->name);
    te_status status = data ? te_params_read(params, index, data) : TE_ERR_MEMORY;
    if (status != TE_OK) {
        free(data);
        return status;
    }
    param->data = data;
    return TE_OK;
}

te_status te_params_load_all(te_params *params)
{
    for (int i = 0; i < params->count; i++) {
        TE_TRY(te_params_load(params, i));
    }
    return TE_OK;
}

uint64_t te_params_count(const te_params *params, const char *part)
{
    uint64_t count = 0;
    for (int i = 0; i < params->count; i++) {
        const te_param *param = &params->list[i];
        if (!param->statistic && (!part || strcmp(part, param->part) == 0)) {
            count += (uint64_t)te_shape_count(&param->shape);
        }
    }
    return count;
}
