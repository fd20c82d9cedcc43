/* The use of gates against sums that are plain to see, and on a model. */
#include "eval/evaluator.h"
#include "eval/gate_usage.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"

#include <math.h>
#include <stdlib.h>

enum { TASKS = 2, SCORES = 3, WIDE = 4, HIGH = 3, TOKENS = WIDE * HIGH };

/* A prediction with two taps on 4 x 3 tokens, of which the picture covers columns 1 and 2 (by a pixel) of rows 0 and 1. */
static te_prediction make_prediction(float *first, float *second)
{
    return (te_prediction){.config = {.tap_count = 2, .task_count = TASKS, .scores = SCORES},
                           .fit = {.input_width = WIDE * TE_PATCH, .input_height = HIGH * TE_PATCH, .left = TE_PATCH,
                                   .top = 0, .width = TE_PATCH + 1, .height = 2 * TE_PATCH},
                           .gates = {first, second}};
}

static void test_sums(void **state)
{
    (void)state;
    float first[TOKENS * TASKS * SCORES], second[TOKENS * TASKS * SCORES];
    double expected[TASKS * SCORES] = {0};
    srand(7);
    for (int i = 0; i < TOKENS * TASKS * SCORES; i++) {
        int token = i / (TASKS * SCORES), x = token % WIDE, y = token / WIDE;
        first[i] = (float)rand() / (float)RAND_MAX;
        second[i] = 1.0f;
        if ((x == 1 || x == 2) && y < 2) {
            expected[i % (TASKS * SCORES)] += (double)first[i] / 4.0;
        }
    }
    te_prediction prediction = make_prediction(first, second);
    te_gate_usage *usage;
    assert_ok(te_gate_usage_create(&usage, &prediction.config));
    assert_true(te_gate_usage_get_mean(usage, 1, 1, 2) == 0.0);
    te_gate_usage_add(usage, &prediction);
    te_gate_usage_add(usage, &prediction);
    assert_int_equal(te_gate_usage_count(usage), 2);
    for (int t = 0; t < TASKS; t++) {
        for (int s = 0; s < SCORES; s++) {
            assert_true(fabs(te_gate_usage_get_mean(usage, 0, t, s) - expected[t * SCORES + s]) < 1e-12);
            assert_true(te_gate_usage_get_mean(usage, 1, t, s) == 1.0);
        }
    }
    te_gate_usage_free(usage);
}

/* Task 0: scores of tap 0 are equal, at tap 1 one takes all; task 1: (1/2, 1/4, 1/4), and the same unnormalised. */
static void test_entropy(void **state)
{
    (void)state;
    static const float rows[2][TASKS * SCORES] = {{1.0f / 3, 1.0f / 3, 1.0f / 3, 0.5f, 0.25f, 0.25f},
                                                  {0.0f, 1.0f, 0.0f, 0.25f, 0.125f, 0.125f}};
    float gates[2][TOKENS * TASKS * SCORES];
    for (int i = 0; i < TOKENS * TASKS * SCORES; i++) {
        gates[0][i] = rows[0][i % (TASKS * SCORES)];
        gates[1][i] = rows[1][i % (TASKS * SCORES)];
    }
    te_prediction prediction = make_prediction(gates[0], gates[1]);
    te_gate_usage *usage;
    assert_ok(te_gate_usage_create(&usage, &prediction.config));
    te_gate_usage_add(usage, &prediction);
    double third = 1.5 * log(2.0) / log(3.0);
    assert_true(fabs(te_gate_usage_get_entropy(usage, 0, 0) - 1.0) < 1e-6);
    assert_true(fabs(te_gate_usage_get_entropy(usage, 1, 0)) < 1e-12);
    assert_true(fabs(te_gate_usage_get_entropy(usage, 0, 1) - third) < 1e-12);
    assert_true(fabs(te_gate_usage_get_entropy(usage, 1, 1) - third) < 1e-12);
    te_gate_usage_free(usage);
}

/* The gates of a model sum to 1 for every task and tap. */
static void test_model(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"input.height", "48"},   {"input.width", "64"},        {"model.width", "16"},      {"model.heads", "2"},
        {"model.blocks", "2"},    {"model.taps", "1 2"},        {"model.experts", "3"},     {"model.decoder_width", "8"},
        {"model.gate_width", "4"}, {"model.expert_hidden", "8"}, {"model.tasks", "sal depth"},
    };
    te_device *device;
    te_model *model;
    te_evaluator *evaluator;
    te_picture *picture;
    te_prediction *prediction;
    te_gate_usage *usage;
    te_settings *settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_model_create(&model, settings, 5));
    assert_ok(te_evaluator_create(&evaluator, model, device, settings));
    assert_ok(te_picture_create_room(&picture, 50, 20, 1));
    assert_ok(te_evaluator_run(evaluator, picture, &prediction));
    assert_ok(te_gate_usage_create(&usage, &prediction->config));
    te_gate_usage_add(usage, prediction);
    for (int gate = 0; gate < 4; gate++) {
        double sum = 0.0, entropy = te_gate_usage_get_entropy(usage, gate / 2, gate % 2);
        for (int s = 0; s < 4; s++) {
            double mean = te_gate_usage_get_mean(usage, gate / 2, gate % 2, s);
            assert_true(mean > 0.0 && mean < 1.0);
            sum += mean;
        }
        assert_true(fabs(sum - 1.0) < 1e-6);
        assert_true(entropy > 0.0 && entropy < 1.0);
    }
    te_gate_usage_free(usage);
    te_prediction_free(prediction);
    te_picture_free(picture);
    te_evaluator_free(evaluator);
    te_model_free(model);
    te_device_close(device);
    te_settings_free(settings);
}

/* Of equal scores the first ones are kept (random ones, as the op's cases have them, are never equal). */
static void test_ties(void **state)
{
    (void)state;
    static const float scores[] = {1, 2, 2, 2, 5, 5, 5, 5, 3, 1, 3, 1};
    static const bool kept[] = {false, true, true, false, true, true, false, false, true, false, true, false};
    enum { S = 4, COUNT = sizeof scores / sizeof scores[0] };
    float gates[COUNT];
    te_graph graph = {0};
    te_tensor x = te_graph_input(&graph, TE_SHAPE3(1, 1, COUNT));
    te_tensor y = te_gate(&graph, x, (te_gate_options){.scores = S, .keep = 2});
    te_graph_output(&graph, y, "y");
    te_settings *settings = settings_for_test(NULL, 0);
    te_device *device;
    te_plan *plan;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_plan_create(&plan, device, &graph));
    assert_ok(te_plan_write(plan, x.value, scores));
    assert_ok(te_plan_run(plan));
    assert_ok(te_plan_read(plan, y.value, gates));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(gates[i] > 0.0f, kept[i]);
    }
    te_plan_free(plan);
    te_device_close(device);
    te_settings_free(settings);
    te_graph_clear(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
