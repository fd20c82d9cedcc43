#include "tune/op_test.h"

#include "base/c_locale.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Record a test case as the one call of a graph. */
static te_status record(te_graph *graph, const te_op_test *test, te_tensor in[TE_INPUTS])
{
    const te_case *row = test->row;
    for (int i = 0; i < TE_INPUTS; i++) {
        in[i] = row->in[i].rank ? te_graph_input(graph, row->in[i]) : TE_ABSENT;
    }
    te_graph_output(graph, te_graph_call(graph, test->op, row->attributes, TE_INPUTS, in), "out");
    return graph->status;
}

te_status te_op_test_describe(const te_op_test *test, const te_caps *caps, te_op_test_info *info)
{
    te_graph graph = {.part = ""};
    te_tensor in[TE_INPUTS], results[TE_INPUTS];
    te_status status = record(&graph, test, in);
    if (status == TE_OK) {
        const te_call *call = &graph.calls[0];
        const te_variant *variant = test->variant;
        info->runs = te_variant_runs(variant, caps, call);
        info->chosen = variant->preferred ? variant->preferred(caps, call) : variant == test->op->variants;
        info->work = test->op->macs ? test->op->macs(call) : (uint64_t)te_call_results(call, results);
        te_call_describe(call, 0, info->shape);
    }
    te_graph_clear(&graph);
    return status;
}

/* ---- numbers ---- */

/* Element `at` of input `input`. */
static float draw(te_fill fill, int input, int64_t at, const te_shape *shape)
{
    int64_t count = te_shape_count(shape), width = shape->size[shape->rank - 1];
    float normal = te_random_truncated_normal(1234, (uint64_t)input, (uint64_t)at);
    switch (fill) {
    case TE_FILL_POSITIVE:
        return fabsf(normal) + 0.01f;
    case TE_FILL_LARGE:
        return input == 0 ? normal * 1e17f : normal;
    case TE_FILL_INF:
        return input == 0 && at == count / 3 ? INFINITY : normal;
    case TE_FILL_INF_COLUMN:
        return input == 0 && at % width == width / 3 ? -INFINITY : normal;
    case TE_FILL_NAN:
        return input == 0 && at == count / 3 ? NAN : normal;
    default:
        return normal;
    }
}

typedef struct numbers {
    float *in[TE_INPUTS], *out;
    double *exact_in[TE_INPUTS];
} numbers;

static void free_numbers(numbers *n)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        free(n->in[i]);
        free(n->exact_in[i]);
    }
    free(n->out);
}

/* The inputs; out becomes NaN, so that what a kernel does not write is seen. */
static te_status fill(numbers *n, const te_call *call, te_fill kind, int64_t count_out)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        int64_t count = te_shape_count(&call->in[i]);
        if (count == 0) {
            continue;
        }
        n->in[i] = te_alloc((size_t)count, sizeof *n->in[i], "a test case");
        n->exact_in[i] = te_alloc((size_t)count, sizeof *n->exact_in[i], "a test case");
        if (!n->in[i] || !n->exact_in[i]) {
            return TE_ERR_MEMORY;
        }
        for (int64_t at = 0; at < count; at++) {
            n->in[i][at] = draw(kind, i, at, &call->in[i]);
        }
        if (call->op->prepare) {
            call->op->prepare(call, i, kind, n->in[i]);
        }
        for (int64_t at = 0; at < count; at++) {
            n->exact_in[i][at] = (double)n->in[i][at];
        }
    }
    n->out = te_alloc((size_t)count_out, sizeof *n->out, "a test case");
    for (int64_t at = 0; n->out && at < count_out; at++) {
        n->out[at] = NAN;
    }
    return n->out ? TE_OK : TE_ERR_MEMORY;
}

/* ---- running ---- */

static te_status read_results(te_plan *plan, const te_call *call, float *out)
{
    te_tensor results[TE_INPUTS];
    te_call_results(call, results);
    for (int i = 0; i < TE_INPUTS; i++) {
        TE_TRY(results[i].value < 0 ? TE_OK : te_plan_read(plan, results[i].value, out));
        out += te_shape_count(&results[i].shape);
    }
    return TE_OK;
}

static te_status run_plan(te_plan *plan, const te_call *call, const te_tensor in[TE_INPUTS], numbers *n, bool spoils)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        TE_TRY(n->in[i] ? te_plan_write(plan, in[i].value, n->in[i]) : TE_OK);
    }
    /* Scratch may lie in the result's place, which Oclgrind takes for uninitialised once the host has written there. */
    TE_TRY(spoils && !call->op->changes ? te_plan_write(plan, call->out_value, n->out) : TE_OK);
    TE_TRY(te_plan_run(plan));
    return read_results(plan, call, n->out);
}

static te_status run_on_device(const te_op_test *test, te_device *device, const te_graph *graph,
                               const te_tensor in[TE_INPUTS], numbers *n)
{
    char shape[TE_CALL_TEXT];
    te_plan *plan = NULL;
    te_status status;
    te_call_describe(&graph->calls[0], 0, shape);
    TE_TRY(te_device_set_tuning(device, test->op->name, shape, test->variant->name));
    TE_TRY_OUT(te_plan_create(&plan, device, graph));
    if (strcmp(te_plan_get_variant(plan, 0), test->variant->name) != 0) {
        status = te_fail(TE_ERR_SETTING, "'kernels.variant' keeps op '%s' from its variant '%s'", test->op->name,
                         test->variant->name);
        goto out;
    }
    status = run_plan(plan, &graph->calls[0], in, n, !te_device_caps(device)->simulator);
out:
    te_plan_free(plan);
    te_device_set_tuning(device, test->op->name, shape, NULL);
    return status;
}

/* Each result by itself: numbers of one may be thousands of times smaller than another's. */
static void judge_results(te_judge judge, const te_call *call, const float *out, te_verdict *verdict)
{
    te_tensor results[TE_INPUTS];
    te_call_results(call, results);
    *verdict = (te_verdict){.right = true};
    for (int i = 0; i < TE_INPUTS && verdict->right; i++) {
        te_verdict one;
        judge.count = te_shape_count(&results[i].shape);
        te_judge_numbers(&judge, out, &one);
        one.error = fmax(one.error, verdict->error);
        *verdict = one;
        if (!one.right && call->op->changes) {
            te_print(verdict->why, sizeof verdict->why, "input %d: %s", i, one.why);
        }
        judge.expected += judge.count;
        out += judge.count;
    }
}

te_status te_op_test_run(const te_op_test *test, te_device *device, te_verdict *verdict)
{
    te_graph graph = {.part = ""};
    te_tensor in[TE_INPUTS];
    te_judge judge = {.expected = NULL};
    numbers n = {.out = NULL};
    te_status status;
    TE_TRY_OUT(record(&graph, test, in));
    const te_call *call = &graph.calls[0];
    TE_TRY_OUT(te_judge_create_empty(&judge, call));
    TE_TRY_OUT(fill(&n, call, test->row->fill, judge.count));
    test->op->reference(call, (const double *const *)n.exact_in, judge.expected);
    TE_TRY_OUT(run_on_device(test, device, &graph, in, &n));
    judge_results(judge, call, n.out, verdict);
out:
    free_numbers(&n);
    te_judge_clear(&judge);
    te_graph_clear(&graph);
    return status;
}

te_status te_op_test_run_largest(const te_op *op, const te_variant *variant, te_device *device, te_verdict *verdict)
{
    te_op_test chosen = {.row = NULL};
    uint64_t largest = 0;
    for (int row = 0; row < op->case_count; row++) {
        te_op_test test = {op, variant, &op->cases[row]};
        te_op_test_info info;
        te_fill fill = test.row->fill;
        bool ordinary = fill == TE_FILL_NORMAL || fill == TE_FILL_POSITIVE || fill == TE_FILL_ROUNDED;
        if (ordinary && te_op_test_describe(&test, te_device_caps(device), &info) == TE_OK && info.runs &&
            info.work > largest) {
            chosen = test;
            largest = info.work;
        }
    }
    *verdict = (te_verdict){.right = true};
    return chosen.row ? te_op_test_run(&chosen, device, verdict) : TE_OK;
}
