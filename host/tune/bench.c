/* Speed of a device, of the ops of a model on it, and of the model. */
#include "tune/bench.h"

#include "ops/ops.h"
#include "tune/ceiling.h"
#include "tune/probe.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_RUNS = 7 };

/* ---- ops ---- */

/* Some kinds of calls that are on the device together, so that they are timed in turn. */
typedef struct group {
    te_device *device;
    te_probe **probes;
    double *samples; /* `runs` of each */
    size_t first, count;
    int runs;
} group;

static te_status warm(te_bench *bench, group *at, size_t index)
{
    const te_kind *kind = &bench->kinds.list[at->first + index];
    double seconds;
    TE_TRY(te_probe_create(&at->probes[index], at->device, kind->graph, kind->call));
    at->count = index + 1;
    return te_probe_warm(at->probes[index], &seconds);
}

static te_status sample(group *at)
{
    for (int run = 0; run < at->runs; run++) {
        for (size_t i = 0; i < at->count; i++) {
            TE_TRY(te_probe_sample(at->probes[i], &at->samples[i * (size_t)at->runs + (size_t)run]));
        }
    }
    return TE_OK;
}

static void keep(te_bench *bench, group *at)
{
    for (size_t i = 0; i < at->count; i++) {
        const te_kind *kind = &bench->kinds.list[at->first + i];
        const te_call *call = te_kind_call(kind);
        double seconds = te_quartile(&at->samples[i * (size_t)at->runs], at->runs, 2);
        double operations = te_call_operations(call), bytes = (double)te_call_bytes(call);
        bench->ops[bench->count++] = (te_bench_op){
            .training = kind->pass == TE_PASS_TRAINING, .op = call->op->name, .variant = te_probe_variant(at->probes[i]),
            .shape = kind->shape, .runs = kind->runs, .seconds = seconds, .operations = operations, .bytes = bytes,
            .share = te_ceilings_allow(&bench->ceilings, operations, bytes) / seconds};
    }
}

/* As many kinds as a quarter of the device's memory holds, at least one. */
static te_status measure_group(te_bench *bench, group *at)
{
    size_t left = bench->kinds.count - at->first;
    uint64_t limit = te_device_caps(at->device)->global_memory / 4;
    te_status status = TE_OK;
    for (size_t i = 0; status == TE_OK && i < left && (i == 0 || te_device_memory(at->device, NULL) < limit); i++) {
        status = warm(bench, at, i);
    }
    status = status == TE_OK ? sample(at) : status;
    if (status == TE_OK) {
        keep(bench, at);
    }
    for (size_t i = 0; i < at->count; i++) {
        te_probe_free(at->probes[i]);
    }
    at->first += at->count;
    at->count = 0;
    return status;
}

static int compare_ops(const void *left, const void *right)
{
    const te_bench_op *a = left, *b = right;
    if (a->training != b->training) {
        return a->training - b->training;
    }
    return (a->of_pass < b->of_pass) - (a->of_pass > b->of_pass);
}

static void share_passes(te_bench *bench)
{
    double sums[TE_PASS_COUNT] = {0};
    for (size_t i = 0; i < bench->count; i++) {
        sums[bench->ops[i].training] += bench->ops[i].seconds * (double)bench->ops[i].runs;
    }
    for (size_t i = 0; i < bench->count; i++) {
        te_bench_op *op = &bench->ops[i];
        op->of_pass = op->seconds * (double)op->runs / sums[op->training];
    }
    qsort(bench->ops, bench->count, sizeof *bench->ops, compare_ops);
}

static te_status measure_ops(te_bench *bench, te_device *device, int runs)
{
    for (int pass = 0; pass < TE_PASS_COUNT; pass++) {
        TE_TRY(te_kinds_add(&bench->kinds, &bench->passes.graphs[pass], pass));
    }
    size_t count = bench->kinds.count;
    group at = {.device = device, .runs = runs};
    at.probes = te_alloc(count, sizeof *at.probes, "measurements");
    at.samples = te_alloc(count * (size_t)runs, sizeof *at.samples, "measurements");
    bench->ops = te_alloc(count, sizeof *bench->ops, "measurements");
    te_status status = at.probes && at.samples && bench->ops ? TE_OK : TE_ERR_MEMORY;
    while (status == TE_OK && at.first < count) {
        status = measure_group(bench, &at);
    }
    free(at.probes);
    free(at.samples);
    if (status == TE_OK) {
        share_passes(bench);
    }
    return status;
}

/* ---- all of it ---- */

static te_status measure(te_bench *bench, te_device *device, const te_settings *settings, te_bench_options options)
{
    int both = !options.ops && !options.model, runs = options.runs ? options.runs : DEFAULT_RUNS;
    if (runs < 0) {
        return te_fail(TE_ERR_ARGUMENT, "'runs' of a bench is %d; it must be 0, for %d, or more", runs, DEFAULT_RUNS);
    }
    TE_TRY(te_ops_check_variants(te_device_settings(device)->kernels.variant));
    TE_TRY(te_device_get_info(device, &bench->device));
    TE_TRY(te_passes_record(&bench->passes, settings, options.training));
    TE_TRY(te_ceilings_measure(device, &bench->ceilings));
    if (options.ops || both) {
        TE_TRY(measure_ops(bench, device, runs));
    }
    if (options.model || both) {
        TE_TRY(te_params_fill(&bench->passes.model->params, 1));
        TE_TRY(te_bench_forward(&bench->pass[TE_PASS_FORWARD], &bench->passes, device, runs));
        TE_TRY(options.training ? te_bench_training(&bench->pass[TE_PASS_TRAINING], &bench->passes, device, settings, runs)
                                : TE_OK);
    }
    return te_bench_write_json(bench, settings);
}

te_status te_bench_run(te_bench **bench, te_device *device, const te_settings *settings, const te_bench_options *options)
{
    TE_NEED(bench, device, settings);
    te_bench *created = te_alloc(1, sizeof *created, "a bench");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_status status = measure(created, device, settings, options ? *options : (te_bench_options){0});
    if (status != TE_OK) {
        te_bench_free(created);
        return status;
    }
    *bench = created;
    return TE_OK;
}

void te_bench_free(te_bench *bench)
{
    if (bench) {
        te_kinds_clear(&bench->kinds);
        te_passes_clear(&bench->passes);
        free(bench->ops);
        free(bench->json);
        free(bench);
    }
}

void te_bench_get_ceilings(const te_bench *bench, te_bench_ceilings *ceilings)
{
    *ceilings = bench->ceilings;
}

size_t te_bench_count(const te_bench *bench)
{
    return bench->count;
}

te_status te_bench_get(const te_bench *bench, size_t index, te_bench_op *op)
{
    TE_NEED(bench, op);
    if (index >= bench->count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no op '%zu' in a bench of %zu", index, bench->count);
    }
    *op = bench->ops[index];
    return TE_OK;
}

te_status te_bench_get_pass(const te_bench *bench, int training, te_bench_pass *pass)
{
    TE_NEED(bench, pass);
    const te_bench_pass *measured = &bench->pass[training ? TE_PASS_TRAINING : TE_PASS_FORWARD];
    if (measured->runs == 0) {
        return te_fail(TE_ERR_ARGUMENT, "'%s' was not measured: ask for it in te_bench_options",
                       training ? "a step of training" : "the forward pass");
    }
    *pass = *measured;
    return TE_OK;
}

const char *te_bench_get_json(const te_bench *bench)
{
    return bench->json;
}
