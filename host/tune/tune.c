/* The fastest variant of every kind of calls of a model, kept for later runs. */
#include "tune/tune.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "ops/ops.h"
#include "tune/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_ROUNDS = 5, PASSES = 3, TURNS = 2 };

static const char *winner_of(const te_tuned *tuned)
{
    return tuned->candidates[tuned->winner].variant;
}

/* Set the device's tunings to the winners, or take them out. */
static te_status apply(const te_tune *tune, te_device *device, bool winners)
{
    for (size_t i = 0; i < tune->count; i++) {
        const te_tuned *tuned = &tune->tuned[i];
        const char *variant = winners && tuned->winner ? winner_of(tuned) : NULL;
        TE_TRY(te_device_set_tuning(device, te_kind_call(tuned->kind)->op->name, tuned->kind->shape, variant));
    }
    return TE_OK;
}

/* Was such a call tried already, in the other pass? */
static bool is_known(const te_tune *tune, size_t index)
{
    const te_kind *kind = &tune->kinds.list[index];
    for (size_t i = 0; i < tune->count; i++) {
        const te_kind *tried = tune->tuned[i].kind;
        if (te_kind_call(tried)->op == te_kind_call(kind)->op && strcmp(tried->shape, kind->shape) == 0) {
            return true;
        }
    }
    return false;
}

te_status te_tune_kinds(te_tune *tune, te_device *device, const te_tune_options *options)
{
    int rounds = options->rounds ? options->rounds : DEFAULT_ROUNDS;
    double start = te_clock_now();
    tune->tuned = te_alloc(tune->kinds.count, sizeof *tune->tuned, "a tuning");
    if (!tune->tuned) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; i < tune->kinds.count; i++) {
        if (options->seconds > 0.0 && te_clock_now() - start > options->seconds) {
            tune->summary.left = tune->kinds.count - i;
            break;
        }
        te_tuned *tuned = &tune->tuned[tune->count];
        if (is_known(tune, i)) {
            continue;
        }
        TE_TRY(te_contest_run(tuned, device, &tune->kinds.list[i], rounds));
        if (tuned->count > 1) {
            tune->count++;
            tune->summary.shapes++;
            tune->summary.winners += tuned->winner != 0;
            TE_TRY(options->report ? options->report(tune, i + 1, tune->kinds.count, options->context) : TE_OK);
        }
    }
    return apply(tune, device, true);
}

/* The forward pass without what was found, and with it, in turn; the better of each. */
static te_status compare_passes(te_tune *tune, te_device *device)
{
    double best[2] = {0};
    TE_TRY(te_params_fill(&tune->passes.model->params, 1));
    for (int turn = 0; turn < 2 * TURNS; turn++) {
        te_bench_pass pass;
        double *seconds = &best[turn % 2];
        TE_TRY(apply(tune, device, turn % 2));
        TE_TRY(te_bench_forward(&pass, &tune->passes, device, PASSES));
        *seconds = turn < 2 || pass.median < *seconds ? pass.median : *seconds;
    }
    tune->summary.before = best[0];
    tune->summary.after = best[1];
    return TE_OK;
}

/* What could not be written after minutes of work should be known before. */
static te_status choose_path(te_tune *tune, const te_device *device, const char *wanted)
{
    te_file_writer writer;
    if (wanted && !*wanted) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write a tuning to '': name a file");
    }
    if (wanted) {
        tune->path = strdup(wanted);
        TE_TRY(tune->path ? TE_OK : te_fail(TE_ERR_MEMORY, "out of memory for a path"));
        TE_TRY(te_folder_make_above(wanted));
    } else {
        TE_TRY(te_device_make_tuning_path(device, &tune->path));
    }
    tune->summary.path = tune->path;
    TE_TRY(te_file_writer_open(&writer, tune->path));
    te_file_writer_abandon(&writer);
    return TE_OK;
}

/* What was found before an interruption or a failure, which is returned if that could be written. */
static te_status keep_part(te_tune *tune, te_device *device, te_status failure)
{
    char reason[TE_MESSAGE_BYTES];
    snprintf(reason, sizeof reason, "%s", te_last_error());
    TE_TRY(apply(tune, device, true));
    TE_TRY(te_device_save_tunings(device, tune->path));
    return te_fail(failure, "%s; what was found for %zu shapes is in '%s'", reason, tune->count, tune->path);
}

static te_status check_options(const te_tune_options *options)
{
    if (options->rounds < 0) {
        return te_fail(TE_ERR_ARGUMENT, "'rounds' of a tuning is %d; it must be 0, for %d, or more", options->rounds,
                       DEFAULT_ROUNDS);
    }
    if (!(options->seconds >= 0.0)) {
        return te_fail(TE_ERR_ARGUMENT, "'seconds' of a tuning is %g; it must be 0, for no limit, or more", options->seconds);
    }
    return TE_OK;
}

static te_status tune_model(te_tune *tune, te_device *device, const te_settings *settings, const te_tune_options *options)
{
    TE_TRY(check_options(options));
    TE_TRY(te_ops_check_variants(te_device_settings(device)->kernels.variant));
    TE_TRY(choose_path(tune, device, options->path));
    TE_TRY(te_passes_record(&tune->passes, settings, options->training));
    for (int pass = 0; pass < TE_PASS_COUNT; pass++) {
        TE_TRY(te_kinds_add(&tune->kinds, &tune->passes.graphs[pass], pass));
    }
    te_status status = te_tune_kinds(tune, device, options);
    if (status == TE_OK && tune->summary.winners) {
        status = compare_passes(tune, device);
    }
    if (status != TE_OK && tune->count > 0) {
        return keep_part(tune, device, status);
    }
    TE_TRY(status);
    return te_device_save_tunings(device, tune->path);
}

te_status te_tune_run(te_tune **tune, te_device *device, const te_settings *settings, const te_tune_options *options)
{
    TE_NEED(tune, device, settings);
    te_tune *created = te_alloc(1, sizeof *created, "a tuning");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    te_tune_options none = {.path = NULL};
    te_status status = tune_model(created, device, settings, options ? options : &none);
    if (status != TE_OK) {
        te_tune_free(created);
        return status;
    }
    *tune = created;
    return TE_OK;
}

void te_tune_free(te_tune *tune)
{
    if (tune) {
        te_kinds_clear(&tune->kinds);
        te_passes_clear(&tune->passes);
        free(tune->tuned);
        free(tune->path);
        free(tune);
    }
}

size_t te_tune_count(const te_tune *tune)
{
    return tune->count;
}

te_status te_tune_get(const te_tune *tune, size_t index, te_tune_shape *shape)
{
    TE_NEED(tune, shape);
    if (index >= tune->count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no shape '%zu' in a tuning of %zu", index, tune->count);
    }
    const te_tuned *tuned = &tune->tuned[index];
    *shape = (te_tune_shape){.training = tuned->kind->pass == TE_PASS_TRAINING, .op = te_kind_call(tuned->kind)->op->name,
                             .shape = tuned->kind->shape, .runs = tuned->kind->runs, .usual = tuned->candidates[0].variant,
                             .winner = winner_of(tuned), .candidates = tuned->count};
    return TE_OK;
}

te_status te_tune_get_candidate(const te_tune *tune, size_t index, size_t number, te_tune_candidate *candidate)
{
    TE_NEED(tune, candidate);
    if (index >= tune->count || number >= tune->tuned[index].count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no candidate '%zu' of shape '%zu' in this tuning", number, index);
    }
    *candidate = tune->tuned[index].candidates[number];
    return TE_OK;
}

void te_tune_get_summary(const te_tune *tune, te_tune_summary *summary)
{
    *summary = tune->summary;
}
