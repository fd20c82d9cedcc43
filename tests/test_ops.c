/* Every op, every case, every variant that the device supports, against the op's double-precision reference.
 *
 * test_ops [NAME]   all ops, or the one called NAME
 *
 * TE_TEST_SMALL=1 in the environment leaves out the cases that take minutes in a simulator, TE_TEST_CHOSEN=1 the variants
 * that the device would not choose by itself (those for processors take llvmpipe minutes to compile); both say how many.
 * TE_TEST_AMX=1 runs the variants for matrix units instead, on an emulator.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amx_emulator.h"
#include "base/random.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"

/* Relative error (norm of difference over norm) of fp32 kernels; and for single elements, against the largest. */
static const double norm_limit = 2e-6, element_limit = 1e-5;

typedef struct op_case {
    const te_op *op;
    const te_case *row;
    const te_variant *variant;
    char name[96];
} op_case;

/* Multiply-adds, or elements of the result for ops that count none, of the cases that TE_TEST_SMALL keeps. */
enum { SMALL_WORK = 200000 };

static bool emulates_amx;

/* What one case needs in memory. */
typedef struct arrays {
    float *in[TE_INPUTS];
    double *exact_in[TE_INPUTS], *exact_out;
    float *out;
} arrays;

static float draw(te_fill fill, int input, int64_t i, const te_shape *shape)
{
    int64_t count = te_shape_count(shape), width = shape->size[shape->rank - 1];
    float normal = te_random_truncated_normal(1234, (uint64_t)input, (uint64_t)i);
    switch (fill) {
    case TE_FILL_POSITIVE:
        return fabsf(normal) + 0.01f;
    case TE_FILL_LARGE:
        return input == 0 ? normal * 1e17f : normal;
    case TE_FILL_INF:
        return input == 0 && i == count / 3 ? INFINITY : normal;
    case TE_FILL_INF_COLUMN:
        return input == 0 && i % width == width / 3 ? -INFINITY : normal;
    case TE_FILL_NAN:
        return input == 0 && i == count / 3 ? NAN : normal;
    default:
        return normal;
    }
}

static void fill_inputs(arrays *a, const te_case *row)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        int64_t count = te_shape_count(&row->in[i]);
        if (count == 0) {
            continue;
        }
        a->in[i] = calloc((size_t)count, sizeof(float));
        a->exact_in[i] = calloc((size_t)count, sizeof(double));
        assert_true(a->in[i] && a->exact_in[i]);
        for (int64_t e = 0; e < count; e++) {
            a->in[i][e] = draw(row->fill, i, e, &row->in[i]);
            a->exact_in[i][e] = (double)a->in[i][e];
        }
    }
}

static void free_arrays(arrays *a)
{
    for (int i = 0; i < TE_INPUTS; i++) {
        free(a->in[i]);
        free(a->exact_in[i]);
    }
    free(a->exact_out);
    free(a->out);
}

/* Record the one call; returns it. */
static const te_call *record(te_graph *graph, const op_case *test, te_tensor in[TE_INPUTS])
{
    for (int i = 0; i < TE_INPUTS; i++) {
        in[i] = test->row->in[i].rank ? te_graph_input(graph, test->row->in[i]) : TE_ABSENT;
    }
    te_tensor out = te_graph_call(graph, test->op, test->row->attributes, TE_INPUTS, in);
    te_graph_output(graph, out, "out");
    assert_ok(graph->status);
    return &graph->calls[0];
}

/* A device where the test's variant is forced. It stays open while tests ask for the same one, so that its programs are
 * compiled once; NULL closes it. */
static te_device *device_for(const op_case *test)
{
    static te_device *device;
    static char opened[96];
    char setting[96] = "";
    if (test) {
        snprintf(setting, sizeof setting, "%s=%s", test->op->name, test->variant->name);
    }
    /* Not in a simulator: Oclgrind's record of what was initialised outlives the buffers it was made for. */
    if (device && strcmp(setting, opened) == 0 && !getenv("TE_TEST_SMALL")) {
        return device;
    }
    te_device_close(device);
    device = NULL;
    if (test) {
        te_settings *settings = settings_for_test(&(const char *const[2]){"kernels.variant", setting}, 1);
        assert_ok(te_device_open(&device, settings));
        te_settings_free(settings);
        strcpy(opened, setting);
    }
    return device;
}

static int close_device(void **state)
{
    (void)state;
    device_for(NULL);
    return 0;
}

static void run_on_device(const op_case *test, const te_graph *graph, const te_tensor *in, arrays *a)
{
    te_plan *plan;
    te_device *device = device_for(test);
    assert_true(!emulates_amx || amx_emulator_start()); /* here: cmocka takes the signal for itself before each test */
    assert_ok(te_plan_create(&plan, device, graph));
    assert_string_equal(te_plan_get_variant(plan, 0), test->variant->name);
    for (int i = 0; i < TE_INPUTS; i++) {
        if (a->in[i]) {
            assert_ok(te_plan_write(plan, in[i].value, a->in[i]));
        }
    }
    assert_ok(te_plan_run(plan));
    assert_ok(te_plan_read(plan, graph->calls[0].out_value, a->out));
    te_plan_free(plan);
}

/* Non-finite values where the reference has them (beyond float's range counts as infinite), close values elsewhere. */
static void compare(const op_case *test, const te_call *call, const arrays *a, int64_t count)
{
    double rounding = test->op->rounding ? test->op->rounding(call) : 0.0, limit = norm_limit + rounding;
    double difference = 0, norm = 0, largest = 0, worst = 0;
    for (int64_t i = 0; i < count; i++) {
        double exact = a->exact_out[i], got = (double)a->out[i];
        exact = fabs(exact) > (double)FLT_MAX ? copysign(INFINITY, exact) : exact;
        if (isnan(exact) || isinf(exact)) {
            if (isnan(exact) ? !isnan(got) : got != exact) {
                fail_msg("%s: element %lld is %g, not %g", test->name, (long long)i, got, exact);
            }
            continue;
        }
        if (!isfinite(got)) {
            fail_msg("%s: element %lld is %g, not %g", test->name, (long long)i, got, exact);
        }
        difference += (got - exact) * (got - exact);
        norm += exact * exact;
        largest = fmax(largest, fabs(exact));
        worst = fmax(worst, fabs(got - exact));
    }
    double relative = sqrt(difference) / fmax(sqrt(norm), 1e-30);
    if (!(relative <= limit) || !(worst <= (element_limit + 5.0 * rounding) * largest + 1e-30)) {
        fail_msg("%s: relative error %.2e (limit %.0e), worst element %.2e of %.2e", test->name, relative, limit, worst,
                 largest);
    }
}

static void test_case(void **state)
{
    const op_case *test = *state;
    te_graph graph = {0};
    te_tensor in[TE_INPUTS];
    arrays a = {.out = NULL};
    const te_call *call = record(&graph, test, in);
    int64_t count = te_shape_count(&call->out);
    a.out = calloc((size_t)count, sizeof(float));
    a.exact_out = calloc((size_t)count, sizeof(double));
    assert_true(a.out && a.exact_out);
    fill_inputs(&a, test->row);
    test->op->reference(call, (const double *const *)a.exact_in, a.exact_out);
    run_on_device(test, &graph, in, &a);
    compare(test, call, &a, count);
    free_arrays(&a);
    te_graph_clear(&graph);
}

/* Whether the device that the tests run on can run this variant on this case. */
static bool supported(const te_caps *caps, const op_case *test)
{
    te_graph graph = {0};
    te_tensor in[TE_INPUTS];
    const te_call *call = record(&graph, test, in);
    bool answer = te_variant_runs(test->variant, caps, call);
    te_graph_clear(&graph);
    return answer;
}

/* Whether a simulator computes this case in a second or two. */
static bool small(const op_case *test)
{
    te_graph graph = {0};
    te_tensor in[TE_INPUTS];
    const te_call *call = record(&graph, test, in);
    uint64_t work = test->op->macs ? test->op->macs(call) : (uint64_t)te_shape_count(&call->out);
    te_graph_clear(&graph);
    return work <= SMALL_WORK;
}

/* Generic, or preferred on this device. */
static bool chosen(const te_caps *caps, const op_case *test)
{
    te_graph graph = {0};
    te_tensor in[TE_INPUTS];
    const te_call *call = record(&graph, test, in);
    bool answer = !test->variant->preferred ? test->variant == test->op->variants : test->variant->preferred(caps, call);
    te_graph_clear(&graph);
    return answer;
}

static te_caps open_caps(void)
{
    te_settings *settings = NULL;
    te_device *device = NULL;
    if (te_settings_create(&settings) != TE_OK || te_device_open(&device, settings) != TE_OK) {
        fprintf(stderr, "test_ops: %s\n", te_last_error());
        exit(1);
    }
    te_caps caps = *te_device_caps(device);
    printf("device: %s\n", te_device_name(device));
    te_device_close(device);
    te_settings_free(settings);
    return caps;
}

/* The only variant to run, or NULL for all. */
static const char *pretend_amx(void)
{
    static const te_cpu_features amx = {.amx_bf16 = true};
    if (!getenv("TE_TEST_AMX")) {
        return NULL;
    }
    emulates_amx = amx_emulator_start();
    if (!emulates_amx) {
        puts("not run: for x86-64 processors under Linux");
        exit(77);
    }
    te_cpu_features_pretend(&amx);
    return "amx";
}

int main(int argc, char **argv)
{
    enum { MOST = 1500 };
    static op_case list[MOST];
    static struct CMUnitTest tests[MOST];
    const char *only = pretend_amx();
    te_caps caps = open_caps();
    bool only_small = getenv("TE_TEST_SMALL") != NULL, only_chosen = getenv("TE_TEST_CHOSEN") != NULL;
    size_t count = 0, left_out = 0;
    for (int o = 0; te_ops[o]; o++) {
        const te_op *op = te_ops[o];
        if (argc > 1 && strcmp(argv[1], op->name) != 0) {
            continue;
        }
        for (const te_variant *variant = op->variants; variant->name; variant++) {
            if (only && strcmp(only, variant->name) != 0) {
                continue;
            }
            for (int row = 0; row < op->case_count && count < MOST; row++) {
                op_case *test = &list[count];
                *test = (op_case){.op = op, .row = &op->cases[row], .variant = variant};
                snprintf(test->name, sizeof test->name, "%s %s %d", op->name, variant->name, row);
                if ((only_small && !small(test)) || (only_chosen && !chosen(&caps, test))) {
                    left_out++;
                } else if (supported(&caps, test)) {
                    tests[count++] = (struct CMUnitTest){test->name, test_case, NULL, NULL, test};
                }
            }
        }
    }
    if (only_small || only_chosen) {
        printf("%zu cases left out (TE_TEST_SMALL, TE_TEST_CHOSEN)\n", left_out);
    }
    return _cmocka_run_group_tests("ops", tests, count, NULL, close_device);
}
