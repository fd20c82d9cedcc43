/* A probe: one call of a graph by itself, ready on a device, on random numbers. */
#ifndef TE_TUNE_PROBE_H
#define TE_TUNE_PROBE_H

#include "graph/plan.h"

typedef struct te_probe {
    te_device *device;
    te_params params; /* the call's constants */
    te_graph graph;   /* of the one call */
    te_plan *plan;
    int repeats;      /* runs in a sample, so that waiting for the device does not count */
} te_probe;

/* Make call `index` of `graph` ready, its inputs filled; what is constant there is so here. The variant is the one that the
 * device chooses. */
te_status te_probe_create(te_probe **probe, te_device *device, const te_graph *graph, int index);
void te_probe_free(te_probe *probe);

const te_call *te_probe_call(const te_probe *probe);
const char *te_probe_variant(const te_probe *probe);

/* Numbers of input i, as the probe has them; free() them. NULL: memory is short. */
float *te_probe_input(const te_probe *probe, int i);

/* Run it until it is warm, and see how many runs make a sample. `seconds`: of one run, roughly. */
te_status te_probe_warm(te_probe *probe, double *seconds);

/* Seconds of one run, over a sample. */
te_status te_probe_sample(te_probe *probe, double *seconds);

/* Put NaN in the place of the result: what a run does not write is then seen, though memory that was in use before, perhaps by
 * the same call, may hold what is right. */
te_status te_probe_spoil(te_probe *probe);

/* The result of the last run; free() it. */
te_status te_probe_read(te_probe *probe, float **result);

/* `count` numbers around 0 with deviation 1, or above 0: the same ones for the same stream. */
void te_noise_fill(float *numbers, int64_t count, uint64_t stream, bool positive);

/* Quartile `quarter` (2: the median) of `count` numbers, which are sorted for it. */
double te_quartile(double *numbers, int count, int quarter);

#endif
