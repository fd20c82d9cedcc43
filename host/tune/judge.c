#include "tune/judge.h"

#include "base/c_locale.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Norm of the difference over the norm, and single elements over the largest; an op that rounds between two products
 * (te_op.rounding) is allowed that besides. */
static const double norm_limit = 2e-6, element_over_norm = 5.0;

enum {
    MOST_MACS = 1 << 25,     /* that the reference takes in a tenth of a second or so */
    MOST_ELEMENTS = 1 << 20, /* of a result that is no product */
    WITHOUT_REFERENCE = 4    /* two fp32 results may differ by more than one from the reference, more so with many terms */
};

static bool is_small(const te_call *call)
{
    return call->op->macs ? call->op->macs(call) <= MOST_MACS : te_shape_count(&call->out) <= MOST_ELEMENTS;
}

static double limit_of(const te_call *call)
{
    return norm_limit + (call->op->rounding ? call->op->rounding(call) : 0.0);
}

/* The reference's result for a probe's inputs. */
static te_status refer(const te_probe *probe, double *out)
{
    const te_call *call = te_probe_call(probe);
    double *in[TE_INPUTS] = {NULL};
    te_status status = TE_OK;
    for (int i = 0; i < TE_INPUTS && status == TE_OK; i++) {
        int64_t count = te_shape_count(&call->in[i]);
        float *numbers = count ? te_probe_input(probe, i) : NULL;
        in[i] = numbers ? te_alloc((size_t)count, sizeof *in[i], "a reference") : NULL;
        status = count && !in[i] ? TE_ERR_MEMORY : TE_OK;
        for (int64_t e = 0; in[i] && e < count; e++) {
            in[i][e] = (double)numbers[e];
        }
        free(numbers);
    }
    if (status == TE_OK) {
        call->op->reference(call, (const double *const *)in, out);
    }
    for (int i = 0; i < TE_INPUTS; i++) {
        free(in[i]);
    }
    return status;
}

static te_status take_result(te_probe *probe, double *out, int64_t count)
{
    float *result;
    TE_TRY(te_probe_read(probe, &result));
    for (int64_t i = 0; i < count; i++) {
        out[i] = (double)result[i];
    }
    free(result);
    return TE_OK;
}

te_status te_judge_create_empty(te_judge *judge, const te_call *call)
{
    te_tensor results[TE_INPUTS];
    *judge = (te_judge){.count = te_call_results(call, results), .limit = limit_of(call), .name = "reference"};
    judge->expected = te_alloc((size_t)judge->count, sizeof *judge->expected, "a reference");
    return judge->expected ? TE_OK : TE_ERR_MEMORY;
}

te_status te_judge_create(te_judge *judge, te_probe *usual)
{
    const te_call *call = te_probe_call(usual);
    bool refers = is_small(call);
    TE_TRY(te_judge_create_empty(judge, call));
    judge->name = refers ? "reference" : "default";
    judge->limit *= refers ? 1 : WITHOUT_REFERENCE;
    te_status status = refers ? refer(usual, judge->expected) : take_result(usual, judge->expected, judge->count);
    if (status != TE_OK) {
        te_judge_clear(judge);
    }
    return status;
}

void te_judge_clear(te_judge *judge)
{
    free(judge->expected);
    judge->expected = NULL;
}

/* Beyond float's range is infinite. */
static bool same_kind(double exact, double got)
{
    return isnan(exact) ? isnan(got) : isinf(exact) ? got == exact : isfinite(got);
}

void te_judge_numbers(const te_judge *judge, const float *result, te_verdict *verdict)
{
    double difference = 0, norm = 0, largest = 0, worst = 0;
    *verdict = (te_verdict){.error = INFINITY};
    for (int64_t i = 0; i < judge->count; i++) {
        double exact = judge->expected[i], got = (double)result[i];
        exact = fabs(exact) > (double)FLT_MAX ? copysign(INFINITY, exact) : exact;
        if (!same_kind(exact, got)) {
            te_print(verdict->why, sizeof verdict->why, "element %lld is %g, not %g", (long long)i, got, exact);
            return;
        }
        if (isfinite(exact)) {
            difference += (got - exact) * (got - exact);
            norm += exact * exact;
            largest = fmax(largest, fabs(exact));
            worst = fmax(worst, fabs(got - exact));
        }
    }
    verdict->error = sqrt(difference) / fmax(sqrt(norm), 1e-30);
    verdict->right = verdict->error <= judge->limit && worst <= element_over_norm * judge->limit * largest + 1e-30;
    if (!verdict->right) {
        te_print(verdict->why, sizeof verdict->why, "relative error %.2e (limit %.0e), worst element %.2e of %.2e",
                 verdict->error, judge->limit, worst, largest);
    }
}

te_status te_judge_ask(const te_judge *judge, te_probe *probe, te_verdict *verdict)
{
    float *result;
    TE_TRY(te_probe_read(probe, &result));
    te_judge_numbers(judge, result, verdict);
    free(result);
    return TE_OK;
}
