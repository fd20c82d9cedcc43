#include "tune/probe.h"

#include "base/clock.h"
#include "base/interrupt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- numbers ---- */

/* SplitMix64: a word for each index, much cheaper than the numbers that training is made of. */
static uint64_t word_at(uint64_t index)
{
    uint64_t z = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void te_noise_fill(float *numbers, int64_t count, uint64_t stream, bool positive)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t word = word_at((stream << 40) + (uint64_t)i);
        uint64_t sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
        float normal = ((float)sum / 65536.0f - 2.0f) * 1.7320508f; /* four uniform numbers have a deviation of 1/sqrt(3) */
        numbers[i] = positive ? fabsf(normal) + 0.01f : normal;
    }
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double te_quartile(double *numbers, int count, int quarter)
{
    qsort(numbers, (size_t)count, sizeof *numbers, compare);
    double place = 0.25 * quarter * (count - 1), below = floor(place);
    double low = numbers[(int)below], high = numbers[(int)ceil(place)];
    return low + (place - below) * (high - low);
}

/* ---- life ---- */

/* Does the op want its inputs above 0, as its tests say? */
static bool wants_positive(const te_op *op)
{
    bool positive = false;
    for (int row = 0; row < op->case_count; row++) {
        positive |= op->cases[row].fill == TE_FILL_POSITIVE;
    }
    return positive;
}

float *te_probe_input(const te_probe *probe, int i)
{
    const te_call *call = te_probe_call(probe);
    int64_t count = te_shape_count(&call->in[i]);
    float *numbers = te_alloc((size_t)count, sizeof *numbers, "random numbers");
    if (numbers) {
        te_noise_fill(numbers, count, (uint64_t)i, wants_positive(call->op));
    }
    if (numbers && call->op->prepare) {
        call->op->prepare(call, i, TE_FILL_NORMAL, numbers);
    }
    return numbers;
}

/* A constant becomes a param, since the results of params alone are made once. */
static te_tensor record_input(te_probe *probe, const te_graph *graph, const te_call *call, int i)
{
    if (!call->in[i].rank) {
        return TE_ABSENT;
    }
    if (!graph->values[call->in_value[i]].constant) {
        return te_graph_input(&probe->graph, call->in[i]);
    }
    char name[16];
    snprintf(name, sizeof name, "constant %d", i);
    te_status status = te_params_add(&probe->params, &(te_param_spec){.name = name, .part = "", .shape = call->in[i]});
    probe->graph.status = probe->graph.status == TE_OK ? status : probe->graph.status;
    return te_graph_param(&probe->graph, name);
}

static te_status record(te_probe *probe, const te_graph *graph, const te_call *call)
{
    te_tensor in[TE_INPUTS];
    probe->graph.params = &probe->params;
    probe->graph.part = call->part;
    for (int i = 0; i < TE_INPUTS; i++) {
        in[i] = record_input(probe, graph, call, i);
    }
    te_graph_output(&probe->graph, te_graph_call(&probe->graph, call->op, call->attributes, TE_INPUTS, in), "out");
    return probe->graph.status;
}

/* Params before the plan is made, inputs behind it. */
static te_status fill(te_probe *probe, te_place place)
{
    const te_call *call = te_probe_call(probe);
    for (int i = 0; i < TE_INPUTS; i++) {
        const te_value *value = call->in[i].rank ? &probe->graph.values[call->in_value[i]] : NULL;
        if (!value || value->place != place) {
            continue;
        }
        float *numbers = te_probe_input(probe, i);
        if (!numbers) {
            return TE_ERR_MEMORY;
        }
        if (place == TE_PLACE_PARAM) {
            probe->params.list[value->param].data = numbers;
            continue;
        }
        te_status status = te_plan_write(probe->plan, call->in_value[i], numbers);
        free(numbers);
        TE_TRY(status);
    }
    return TE_OK;
}

te_status te_probe_create(te_probe **probe, te_device *device, const te_graph *graph, int index)
{
    te_probe *created = te_alloc(1, sizeof *created, "a probe");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->device = device;
    created->repeats = 1;
    te_status status;
    TE_TRY_OUT(record(created, graph, &graph->calls[index]));
    TE_TRY_OUT(fill(created, TE_PLACE_PARAM));
    TE_TRY_OUT(te_plan_create(&created->plan, device, &created->graph));
    TE_TRY_OUT(fill(created, TE_PLACE_INPUT));
    *probe = created;
    return TE_OK;
out:
    te_probe_free(created);
    return status;
}

void te_probe_free(te_probe *probe)
{
    if (probe) {
        te_plan_free(probe->plan);
        te_graph_clear(&probe->graph);
        te_params_clear(&probe->params);
        free(probe);
    }
}

const te_call *te_probe_call(const te_probe *probe)
{
    return &probe->graph.calls[0];
}

const char *te_probe_variant(const te_probe *probe)
{
    return te_plan_get_variant(probe->plan, 0);
}

/* ---- running ---- */

te_status te_probe_sample(te_probe *probe, double *seconds)
{
    TE_TRY(te_interrupt_check());
    double start = te_clock_now();
    for (int run = 0; run < probe->repeats; run++) {
        TE_TRY(te_plan_run(probe->plan));
    }
    TE_TRY(te_device_finish(probe->device));
    *seconds = (te_clock_now() - start) / probe->repeats;
    return TE_OK;
}

te_status te_probe_warm(te_probe *probe, double *seconds)
{
    static const double sample_seconds = 0.004, brief = 0.5;
    enum { MOST_REPEATS = 100 };
    double again;
    TE_TRY(te_probe_sample(probe, seconds)); /* some drivers compile now */
    TE_TRY(te_probe_sample(probe, seconds));
    if (*seconds < brief) { /* what else runs may have come between */
        TE_TRY(te_probe_sample(probe, &again));
        *seconds = fmin(*seconds, again);
    }
    double repeats = ceil(sample_seconds / fmax(*seconds, 1e-9));
    probe->repeats = repeats < MOST_REPEATS ? (int)repeats : MOST_REPEATS;
    return TE_OK;
}

te_status te_probe_spoil(te_probe *probe)
{
    int64_t count = te_shape_count(&te_probe_call(probe)->out);
    float *numbers = te_alloc((size_t)count, sizeof *numbers, "a result");
    if (!numbers) {
        return TE_ERR_MEMORY;
    }
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = NAN;
    }
    te_status status = te_plan_write(probe->plan, te_probe_call(probe)->out_value, numbers);
    free(numbers);
    return status;
}

te_status te_probe_read(te_probe *probe, float **result)
{
    int64_t count = te_shape_count(&te_probe_call(probe)->out);
    float *read = te_alloc((size_t)count, sizeof *read, "a result");
    te_status status = read ? te_plan_read(probe->plan, te_probe_call(probe)->out_value, read) : TE_ERR_MEMORY;
    if (status != TE_OK) {
        free(read);
        return status;
    }
    *result = read;
    return TE_OK;
}
