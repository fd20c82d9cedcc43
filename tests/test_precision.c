/* Which kernels run in bf16, and what 16 bits cost: the logits of the shipped model on a room, with operands in bf16, beside
 * those in fp32. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/task.h"
#include "data/rooms.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"

enum { SIZE = 192 };

static const double limit = 1e-2; /* norm of the difference over norm, of each output */

/* A room as the network sees it: (3,SIZE,SIZE), -1 to 1. */
static float *draw_room(void)
{
    te_rooms_sample *room;
    float *image = malloc(3 * SIZE * SIZE * sizeof *image);
    assert_non_null(image);
    assert_ok(te_rooms_sample_create(&room, TE_ROOMS_VAL_SEED, 1, SIZE, SIZE));
    for (int i = 0; i < 3 * SIZE * SIZE; i++) {
        image[i] = (float)room->rgb[i % (SIZE * SIZE) * 3 + i / (SIZE * SIZE)] / 127.5f - 1.0f;
    }
    te_rooms_sample_free(room);
    return image;
}

typedef struct outputs {
    float *logits[TE_TASK_COUNT];
    size_t count[TE_TASK_COUNT];
} outputs;

static void run(te_model *model, const char *precision, const float *image, outputs *out)
{
    te_device *device;
    te_scheduler *scheduler;
    te_scheduler_options options = {.height = SIZE, .width = SIZE};
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_settings_set(settings, "infer.precision", precision));
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_scheduler_create(&scheduler, model, device, &options));
    assert_ok(te_scheduler_run(scheduler, image));
    for (size_t task = 0; task < te_model_count_tasks(model); task++) {
        char name[64];
        te_array array;
        snprintf(name, sizeof name, "logits.%s", te_model_get_task(model, task));
        assert_ok(te_scheduler_get(scheduler, name, &array));
        out->count[task] = 1;
        for (int i = 0; i < array.rank; i++) {
            out->count[task] *= (size_t)array.shape[i];
        }
        out->logits[task] = malloc(out->count[task] * sizeof(float));
        assert_non_null(out->logits[task]);
        memcpy(out->logits[task], array.data, out->count[task] * sizeof(float));
    }
    te_scheduler_free(scheduler);
    te_device_close(device);
    te_settings_free(settings);
}

static double difference(const float *got, const float *expected, size_t count)
{
    double off = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)got[i] - (double)expected[i];
        off += d * d;
        norm += (double)expected[i] * (double)expected[i];
    }
    return sqrt(off / norm);
}

static void bf16_stays_near_fp32(void **state)
{
    (void)state;
    te_model *model;
    outputs exact, rounded;
    float *image = draw_room();
    assert_ok(te_model_load(&model, TE_TEST_CONFIGS "/../weights/rooms.safetensors"));
    run(model, "fp32", image, &exact);
    run(model, "bf16", image, &rounded);
    for (size_t task = 0; task < te_model_count_tasks(model); task++) {
        double off = difference(rounded.logits[task], exact.logits[task], exact.count[task]);
        print_message("%s: %.2e\n", te_model_get_task(model, task), off);
        if (!(off <= limit) || !(off > 0.0)) { /* the same numbers would say that nothing was rounded */
            fail_msg("logits of %s differ by %.2e, at most %.0e and not nothing", te_model_get_task(model, task), off, limit);
        }
        free(exact.logits[task]);
        free(rounded.logits[task]);
    }
    te_model_free(model);
    free(image);
}

/* The settings of an evaluator count, and without any the device's. */
static void an_evaluator_asks_for_its_own(void **state)
{
    (void)state;
    static const char *const asked[][2] = {{"fp32", "bf16"}, {"fp32", "fp32"}, {"bf16", NULL}, {"fp32", NULL}};
    double sums[4];
    te_model *model;
    te_picture *room;
    assert_ok(te_model_load(&model, TE_TEST_CONFIGS "/../weights/rooms.safetensors"));
    assert_ok(te_picture_create_room(&room, SIZE, SIZE, 3));
    for (int i = 0; i < 4; i++) {
        te_device *device;
        te_evaluator *evaluator;
        te_prediction *prediction;
        te_map map;
        te_settings *settings = settings_for_test(NULL, 0), *own;
        assert_ok(te_settings_set(settings, "infer.precision", asked[i][0]));
        assert_ok(te_device_open(&device, settings));
        assert_ok(te_settings_copy(&own, te_model_get_settings(model)));
        assert_ok(asked[i][1] ? te_settings_set(own, "infer.precision", asked[i][1]) : TE_OK);
        assert_ok(te_evaluator_create(&evaluator, model, device, asked[i][1] ? own : NULL));
        assert_ok(te_evaluator_run(evaluator, room, &prediction));
        assert_ok(te_prediction_get(prediction, "depth", &map));
        sums[i] = 0;
        for (int at = 0; at < map.width * map.height; at++) {
            sums[i] += (double)map.values[at];
        }
        te_prediction_free(prediction);
        te_evaluator_free(evaluator);
        te_device_close(device);
        te_settings_free(own);
        te_settings_free(settings);
    }
    assert_true(sums[0] == sums[2] && sums[1] == sums[3] && sums[0] != sums[1]);
    te_picture_free(room);
    te_model_free(model);
}

static int lines;

static void count_lines(te_log_level level, const char *message, void *context)
{
    (void)level;
    (void)context;
    lines += strstr(message, "units for bf16") != NULL;
}

/* The variant that a product in bf16 gets on a processor with these units. */
static const char *chosen(te_cpu_features units)
{
    te_device *device;
    te_plan *plan;
    te_graph graph = {.precision = TE_BF16};
    te_cpu_features_pretend(&units);
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_device_open(&device, settings));
    te_tensor x = te_graph_input(&graph, TE_SHAPE2(8, 64)), w = te_graph_input(&graph, TE_SHAPE2(40, 64));
    te_graph_output(&graph, te_linear(&graph, x, w, TE_ABSENT, TE_ABSENT, (te_linear_options){.groups = 1}), "y");
    assert_ok(te_plan_create(&plan, device, &graph));
    const char *name = te_plan_get_variant(plan, 0);
    te_plan_free(plan);
    te_graph_clear(&graph);
    te_device_close(device);
    te_settings_free(settings);
    te_cpu_features_pretend(NULL);
    return name;
}

/* On PoCL kernels for processors may hold instructions of this machine's. */
static int is_on_pocl(void)
{
    te_settings *settings = settings_for_test(NULL, 0);
    te_device *device;
    te_device_info info;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_device_get_info(device, &info));
    te_device_close(device);
    te_settings_free(settings);
    return strcmp(info.platform, "Portable Computing Language") == 0;
}

/* What is missing is said once. Tiles win over dot products, and dot products only where they are fast. */
static void units_choose_the_variant(void **state)
{
    (void)state;
    const char *tiles = is_on_pocl() ? "amx" : "bf16";
    te_set_log(count_lines, NULL);
    assert_string_equal(chosen((te_cpu_features){.dot_bf16 = false}), "bf16");
    assert_int_equal(lines, 1);
    assert_string_equal(chosen((te_cpu_features){.dot_bf16 = true}), "bf16");
    assert_int_equal(lines, 1);
    assert_string_equal(chosen((te_cpu_features){.amx_bf16 = true}), tiles);
    assert_string_equal(chosen((te_cpu_features){.dot_bf16 = true, .fast_dot_bf16 = true, .amx_bf16 = true}), tiles);
    te_set_log(NULL, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(units_choose_the_variant),
                                              cmocka_unit_test(bf16_stays_near_fp32),
                                              cmocka_unit_test(an_evaluator_asks_for_its_own)};
    return cmocka_run_group_tests_name("precision", tests, NULL, NULL);
}
