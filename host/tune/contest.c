/* A contest: all variants that can run a call, on the same numbers, in turn. */
#include "tune/tune.h"

#include "base/interrupt.h"
#include "tune/op_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A candidate must be faster than the usual variant by a tenth, in two series, since measurements and machines vary; one that
 * takes three times as long at first sight is not timed further. */
static const double must_take = 0.9, too_slow = 3.0;

typedef struct contest {
    te_device *device;
    const te_kind *kind;
    te_tuned *tuned;
    te_probe *probes[TE_MOST_CANDIDATES];
    te_judge judge;
} contest;

/* ---- who takes part ---- */

static void enter(te_tuned *tuned, const char *variant)
{
    if (tuned->count < TE_MOST_CANDIDATES) {
        tuned->candidates[tuned->count++] = (te_tune_candidate){.variant = variant, .judge = ""};
    }
}

/* Ops that change their inputs give something else on every run, nothing to judge; a forced variant is none to choose. */
static bool has_choice(const contest *at)
{
    const te_call *call = te_kind_call(at->kind);
    return !call->op->changes && !te_call_forced(call, at->device);
}

static void enter_others(contest *at)
{
    const te_call *call = te_kind_call(at->kind);
    const te_caps *caps = te_device_caps(at->device);
    const char *usual = at->tuned->candidates[0].variant;
    for (const te_variant *variant = call->op->variants; variant->name; variant++) {
        if (strcmp(variant->name, usual) != 0 && te_variant_runs(variant, caps, call)) {
            enter(at->tuned, variant->name);
        }
    }
}

static const te_variant *variant_named(const te_op *op, const char *name)
{
    const te_variant *variant = op->variants;
    while (strcmp(variant->name, name) != 0) {
        variant++;
    }
    return variant;
}

/* The usual variant's probe, warm; tells which it is. An earlier tuning is left where there is nothing to choose. */
static te_status open_usual(contest *at)
{
    TE_TRY(!has_choice(at) ? TE_OK : te_device_set_tuning(at->device, te_kind_call(at->kind)->op->name, at->kind->shape, NULL));
    TE_TRY(te_probe_create(&at->probes[0], at->device, at->kind->graph, at->kind->call));
    enter(at->tuned, te_probe_variant(at->probes[0]));
    return TE_OK;
}

/* ---- one candidate ---- */

static te_status judge(contest *at, size_t index)
{
    te_tune_candidate *candidate = &at->tuned->candidates[index];
    const te_op *op = te_kind_call(at->kind)->op;
    te_verdict verdict, small = {.right = true};
    TE_TRY(te_judge_ask(&at->judge, at->probes[index], &verdict));
    candidate->judge = at->judge.name;
    if (verdict.right && strcmp(at->judge.name, "default") == 0) {
        TE_TRY(te_op_test_run_largest(op, variant_named(op, candidate->variant), at->device, &small));
    }
    candidate->error = small.right ? verdict.error : small.error;
    candidate->fate = verdict.right && small.right ? candidate->fate : TE_TUNE_WRONG;
    return TE_OK;
}

static te_status try_out(contest *at, size_t index)
{
    te_tune_candidate *candidate = &at->tuned->candidates[index];
    const char *op = te_kind_call(at->kind)->op->name;
    TE_TRY(te_device_set_tuning(at->device, op, at->kind->shape, candidate->variant));
    te_status status = te_probe_create(&at->probes[index], at->device, at->kind->graph, at->kind->call);
    te_device_set_tuning(at->device, op, at->kind->shape, NULL);
    TE_TRY(status);
    TE_TRY(te_probe_spoil(at->probes[index]));
    TE_TRY(te_probe_warm(at->probes[index], &candidate->seconds));
    candidate->fate = candidate->seconds > too_slow * at->tuned->candidates[0].seconds ? TE_TUNE_SLOW : TE_TUNE_TIMED;
    return judge(at, index);
}

/* What a device cannot run is no reason to stop, unless it could not because it was told to stop: a compiler may fail then. */
static te_status admit(contest *at, size_t index)
{
    te_tune_candidate *candidate = &at->tuned->candidates[index];
    te_status status = try_out(at, index);
    if (status == TE_ERR_INTERRUPTED) {
        return status;
    }
    if (status != TE_OK) {
        candidate->fate = TE_TUNE_FAILED;
        snprintf(candidate->why, sizeof candidate->why, "%s", te_last_error());
        TE_TRY(te_interrupt_check());
    }
    if (candidate->fate == TE_TUNE_FAILED || candidate->fate == TE_TUNE_WRONG) {
        candidate->seconds = 0.0;
    }
    if (candidate->fate != TE_TUNE_TIMED) { /* its memory is not needed any longer */
        te_probe_free(at->probes[index]);
        at->probes[index] = NULL;
    }
    return TE_OK;
}

/* ---- the contest ---- */

static te_status time_all(contest *at, int rounds)
{
    double *samples = te_alloc((size_t)rounds * TE_MOST_CANDIDATES, sizeof *samples, "measurements");
    te_status status = samples ? TE_OK : TE_ERR_MEMORY;
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; status == TE_OK && i < at->tuned->count; i++) {
            status = at->probes[i] ? te_probe_sample(at->probes[i], &samples[i * (size_t)rounds + (size_t)round]) : TE_OK;
        }
    }
    for (size_t i = 0; status == TE_OK && i < at->tuned->count; i++) {
        te_tune_candidate *candidate = &at->tuned->candidates[i];
        candidate->seconds = at->probes[i] ? te_quartile(&samples[i * (size_t)rounds], rounds, 2) : candidate->seconds;
    }
    free(samples);
    return status;
}

/* The fastest of those that were fast enough in every series; `fast` says which were so far. */
static size_t find_winner(const te_tuned *tuned, bool fast[TE_MOST_CANDIDATES])
{
    size_t winner = 0;
    double bound = must_take * tuned->candidates[0].seconds;
    for (size_t i = 1; i < tuned->count; i++) {
        const te_tune_candidate *candidate = &tuned->candidates[i];
        fast[i] = fast[i] && candidate->fate == TE_TUNE_TIMED && candidate->seconds <= bound;
        winner = fast[i] && (!winner || candidate->seconds < tuned->candidates[winner].seconds) ? i : winner;
    }
    return winner;
}

static te_status run(contest *at, int rounds)
{
    bool fast[TE_MOST_CANDIDATES];
    TE_TRY(open_usual(at));
    if (has_choice(at)) {
        enter_others(at);
    }
    if (at->tuned->count == 1) {
        return TE_OK;
    }
    TE_TRY(te_probe_warm(at->probes[0], &at->tuned->candidates[0].seconds));
    TE_TRY(te_judge_create(&at->judge, at->probes[0]));
    at->tuned->candidates[0].judge = at->judge.name;
    for (size_t i = 1; i < at->tuned->count; i++) {
        TE_TRY(admit(at, i));
    }
    memset(fast, true, sizeof fast);
    for (int series = 0; series < 2 && (series == 0 || at->tuned->winner); series++) {
        TE_TRY(time_all(at, rounds));
        at->tuned->winner = find_winner(at->tuned, fast);
    }
    return TE_OK;
}

te_status te_contest_run(te_tuned *tuned, te_device *device, const te_kind *kind, int rounds)
{
    contest at = {.device = device, .kind = kind, .tuned = tuned};
    *tuned = (te_tuned){.kind = kind};
    const char *op = te_kind_call(kind)->op->name, *known = te_device_get_tuning(device, op, kind->shape);
    char *earlier = known ? strdup(known) : NULL;
    te_status status = run(&at, rounds);
    for (size_t i = 0; i < TE_MOST_CANDIDATES; i++) {
        te_probe_free(at.probes[i]);
    }
    te_judge_clear(&at.judge);
    if (status != TE_OK && earlier) { /* a contest without an end has no winner */
        te_device_set_tuning(device, op, kind->shape, earlier);
    }
    free(earlier);
    return status;
}
