/* A bench: what it holds, what it refuses, and how calls are counted. No time is judged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/interrupt.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"
#include "tune/ceiling.h"
#include "tune/passes.h"
#include "tune/probe.h"

static te_settings *small_settings(void)
{
    static const char *const pairs[][2] = {{"input.height", "32"}, {"input.width", "32"}, {"model.width", "24"},
                                           {"model.blocks", "2"}, {"model.taps", "1 2"}, {"model.heads", "2"},
                                           {"model.decoder_width", "8"}, {"model.gate_width", "4"}, {"train.batch", "2"},
                                           {"kernels.variant", "linear=generic"}};
    te_settings *settings = settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
    return settings;
}

static te_bench *run_bench(const te_bench_options *options)
{
    te_settings *settings = small_settings();
    te_device *device;
    te_bench *bench;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_bench_run(&bench, device, settings, options));
    te_device_close(device); /* the bench outlives it */
    te_settings_free(settings);
    return bench;
}

static void check_ops(const te_bench *bench, int training, double operations)
{
    double shares = 0.0, counted = 0.0, before = 1.0;
    for (size_t i = 0; i < te_bench_count(bench); i++) {
        te_bench_op op;
        assert_ok(te_bench_get(bench, i, &op));
        if (op.training != training) {
            continue;
        }
        assert_true(op.seconds > 0.0 && op.bytes > 0.0 && op.share > 0.0 && op.runs > 0);
        assert_true(op.of_pass <= before);
        assert_true(strcmp(op.op, "linear") != 0 || strcmp(op.variant, "generic") == 0);
        before = op.of_pass;
        shares += op.of_pass;
        counted += op.operations * (double)op.runs;
    }
    assert_true(fabs(shares - 1.0) < 1e-9);
    assert_true(counted == operations);
}

static void measures_ops_and_model(void **state)
{
    (void)state;
    te_bench *bench = run_bench(&(te_bench_options){.training = 1, .runs = 2});
    te_bench_ceilings ceilings;
    te_bench_get_ceilings(bench, &ceilings);
    assert_true(ceilings.operations > 0.0 && ceilings.memory > 0.0 && ceilings.cache > 0.0);
    for (int training = 0; training < 2; training++) {
        te_bench_pass pass;
        assert_ok(te_bench_get_pass(bench, training, &pass));
        assert_int_equal(pass.runs, 2);
        assert_int_equal(pass.pictures, training ? 2 : 1);
        assert_true(pass.low > 0.0 && pass.low <= pass.median && pass.median <= pass.high);
        assert_true(pass.first > 0.0 && pass.memory.parameters > 0 && pass.memory.live <= pass.memory.activations);
        check_ops(bench, training, pass.operations);
    }
    json_t *json = json_loads(te_bench_get_json(bench), JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "ops")), te_bench_count(bench));
    json_decref(json);
    te_bench_op op;
    assert_int_equal(te_bench_get(bench, te_bench_count(bench), &op), TE_ERR_ARGUMENT);
    te_bench_free(bench);
}

static void leaves_out_what_is_not_wanted(void **state)
{
    (void)state;
    te_bench_pass pass;
    te_bench *bench = run_bench(&(te_bench_options){.ops = 1, .runs = 1});
    assert_true(te_bench_count(bench) > 0);
    assert_int_equal(te_bench_get_pass(bench, 0, &pass), TE_ERR_ARGUMENT);
    te_bench_free(bench);
    bench = run_bench(&(te_bench_options){.model = 1, .runs = 1});
    assert_int_equal(te_bench_count(bench), 0);
    assert_ok(te_bench_get_pass(bench, 0, &pass));
    assert_int_equal(te_bench_get_pass(bench, 1, &pass), TE_ERR_ARGUMENT);
    te_bench_free(bench);
}

static void stops_when_interrupted(void **state)
{
    (void)state;
    te_settings *settings = small_settings();
    te_device *device;
    te_bench *bench = NULL;
    assert_ok(te_device_open(&device, settings));
    te_interrupt();
    assert_int_equal(te_bench_run(&bench, device, settings, NULL), TE_ERR_INTERRUPTED);
    assert_null(bench);
    assert_ok(te_interrupt_check());
    assert_int_equal(te_bench_run(&bench, device, settings, &(te_bench_options){.runs = -1}), TE_ERR_ARGUMENT);
    assert_string_equal(te_last_error(), "'runs' of a bench is -1; it must be 0, for 7, or more");
    te_device_close(device);
    te_settings_free(settings);
}

/* The same call twice is one kind; a constant input makes another, and what is made of constants alone is none. */
static void counts_kinds(void **state)
{
    (void)state;
    te_params params = {.list = NULL};
    te_graph graph = {.params = &params, .part = ""};
    te_kinds kinds = {.list = NULL};
    assert_ok(te_params_add(&params, &(te_param_spec){.name = "w", .part = "", .shape = TE_SHAPE2(4, 4)}));
    te_tensor x = te_graph_input(&graph, TE_SHAPE2(4, 4)), w = te_graph_param(&graph, "w");
    te_linear(&graph, x, w, TE_ABSENT, TE_ABSENT, (te_linear_options){.groups = 1});
    te_linear(&graph, x, w, TE_ABSENT, TE_ABSENT, (te_linear_options){.groups = 1});
    te_linear(&graph, x, x, TE_ABSENT, TE_ABSENT, (te_linear_options){.groups = 1});
    te_linear(&graph, w, w, TE_ABSENT, TE_ABSENT, (te_linear_options){.groups = 1});
    te_linear(&graph, x, w, TE_ABSENT, x, (te_linear_options){.groups = 1, .gelu = 1});
    assert_ok(graph.status);
    assert_ok(te_kinds_add(&kinds, &graph, TE_PASS_FORWARD));
    assert_int_equal(kinds.count, 3);
    assert_int_equal(kinds.list[0].runs, 2);
    assert_string_equal(kinds.list[0].shape, "(4,4) =(4,4) #01");
    assert_string_equal(kinds.list[1].shape, "(4,4) (4,4) #01");
    assert_string_equal(kinds.list[2].shape, "(4,4) =(4,4) - (4,4) #0100000001");
    te_kinds_clear(&kinds);
    te_graph_clear(&graph);
    te_params_clear(&params);
}

static void finds_quartiles_and_roofs(void **state)
{
    (void)state;
    double numbers[] = {5.0, 1.0, 2.0, 4.0, 3.0};
    assert_true(te_quartile(numbers, 5, 2) == 3.0 && te_quartile(numbers, 5, 1) == 2.0 && te_quartile(numbers, 5, 0) == 1.0);
    double two[] = {3.0, 1.0};
    assert_true(te_quartile(two, 2, 2) == 2.0);
    te_bench_ceilings roof = {.operations = 100.0, .memory = 10.0, .cache = 50.0, .cache_bytes = 1000};
    assert_true(te_ceilings_allow(&roof, 1000.0, 10.0) == 10.0);  /* bound by operations */
    assert_true(te_ceilings_allow(&roof, 1.0, 500.0) == 10.0);    /* by the cache */
    assert_true(te_ceilings_allow(&roof, 1.0, 2000.0) == 200.0);  /* by memory */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_ops_and_model), cmocka_unit_test(leaves_out_what_is_not_wanted),
        cmocka_unit_test(stops_when_interrupted), cmocka_unit_test(counts_kinds),
        cmocka_unit_test(finds_quartiles_and_roofs),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
