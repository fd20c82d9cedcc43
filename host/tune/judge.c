#include "tune/judge.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* As tests/test_ops.c has it; an op that rounds between two products (te_op.rounding) is allowed that besides. */
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

te_status te_judge_create(te_judge *judge, te_probe *usual)
{
    const te_call *call = te_probe_call(usual);
    bool refers = call->op->reference && is_small(call);
    *judge = (te_judge){.count = te_shape_count(&call->out), .name = refers ? "reference" : "default"};
    judge->limit = limit_of(call) * (refers ? 1 : WITHOUT_REFERENCE);
    judge->expected = te_alloc((size_t)judge->count, sizeof *judge->expected, "a reference");
    te_status status = judge->expected ? TE_OK : TE_ERR_MEMORY;
    if (status == TE_OK) {
        status = refers ? refer(usual, judge->expected) : take_result(usual, judge->expected, judge->count);
    }
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
    exact = fabs(exact) > (double)FLT_MAX ? copysign(INFINITY, exact) : exact;
    return isnan(exact) ? isnan(got) : isinf(exact) ? got == exact : isfinite(got);
}

te_status te_judge_ask(const te_judge *judge, te_probe *probe, bool *right, double *error)
{
    float *result;
    TE_TRY(te_probe_read(probe, &result));
    double difference = 0, norm = 0, largest = 0, worst = 0;
    bool same = true;
    for (int64_t i = 0; i < judge->count; i++) {
        double exact = judge->expected[i], got = (double)result[i];
        same = same && same_kind(exact, got);
        if (isfinite(got) && isfinite(exact)) {
            difference += (got - exact) * (got - exact);
            norm += exact * exact;
            largest = fmax(largest, fabs(exact));
            worst = fmax(worst, fabs(got - exact));
        }
    }
    free(result);
    *error = same ? sqrt(difference) / fmax(sqrt(norm), 1e-30) : INFINITY;
    *right = *error <= judge->limit && worst <= element_over_norm * judge->limit * largest + 1e-30;
    return TE_OK;
}

/* ---- a small case ---- */

/* Record a test case of an op as the one call of a graph. */
static void record_case(te_graph *graph, const te_op *op, const te_case *row)
{
    te_tensor in[TE_INPUTS];
    for (int i = 0; i < TE_INPUTS; i++) {
        in[i] = row->in[i].rank ? te_graph_input(graph, row->in[i]) : TE_ABSENT;
    }
    te_graph_call(graph, op, row->attributes, TE_INPUTS, in);
}

/* Size of a case that the variant supports and whose numbers are ordinary; 0: it is no such case. */
static int64_t usable_size(const te_caps *caps, const te_op *op, const te_case *row, const te_variant *variant)
{
    te_graph graph = {.part = ""};
    record_case(&graph, op, row);
    bool ordinary = row->fill == TE_FILL_NORMAL || row->fill == TE_FILL_POSITIVE || row->fill == TE_FILL_ROUNDED;
    bool usable = ordinary && graph.status == TE_OK && te_variant_runs(variant, caps, &graph.calls[0]);
    int64_t size = usable ? te_shape_count(&graph.calls[0].out) : 0;
    te_graph_clear(&graph);
    return size;
}

static te_status judge_case(te_device *device, const te_graph *graph, const char *variant, bool *right,
                            double *error)
{
    const te_call *call = &graph->calls[0];
    char shape[TE_CALL_TEXT];
    te_probe *probe = NULL;
    te_judge reference = {.count = te_shape_count(&call->out), .limit = limit_of(call)};
    double seconds;
    te_status status;
    te_call_describe(call, 0, shape);
    reference.expected = te_alloc((size_t)reference.count, sizeof *reference.expected, "a reference");
    TE_TRY_OUT(reference.expected ? TE_OK : TE_ERR_MEMORY);
    TE_TRY_OUT(te_device_set_tuning(device, call->op->name, shape, variant));
    TE_TRY_OUT(te_probe_create(&probe, device, graph, 0));
    TE_TRY_OUT(te_probe_spoil(probe));
    TE_TRY_OUT(te_probe_sample(probe, &seconds));
    TE_TRY_OUT(refer(probe, reference.expected));
    status = te_judge_ask(&reference, probe, right, error);
out:
    te_device_set_tuning(device, call->op->name, shape, NULL);
    te_probe_free(probe);
    te_judge_clear(&reference);
    return status;
}

te_status te_judge_small_case(te_device *device, const te_op *op, const te_variant *variant, bool *right,
                              double *error)
{
    const te_case *chosen = NULL;
    int64_t largest = 0;
    for (int row = 0; op->reference && row < op->case_count; row++) {
        int64_t size = usable_size(te_device_caps(device), op, &op->cases[row], variant);
        chosen = size > largest ? &op->cases[row] : chosen;
        largest = size > largest ? size : largest;
    }
    *right = true;
    *error = 0.0;
    if (!chosen) {
        return TE_OK;
    }
    te_graph graph = {.part = ""};
    record_case(&graph, op, chosen);
    te_status status = judge_case(device, &graph, variant->name, right, error);
    te_graph_clear(&graph);
    return status;
}
