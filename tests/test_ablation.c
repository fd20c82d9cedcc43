/* Experts and memory switched off: their gates are exactly 0 and the others share their place; maps and metrics are those of
 * a weight file whose gates were edited. */
#include "eval/ablation.h"
#include "eval/evaluator.h"
#include "scheduler/scheduler.h"
#include "support/assert.h"
#include "support/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES = 3 };

static te_device *device; /* one for all tests, so that programs are compiled once */

static int open_device(void **state)
{
    (void)state;
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    te_device_close(device);
    return 0;
}

/* ---- gates ---- */

static te_prediction *run(te_expert_probe *probe, const te_picture *picture)
{
    te_prediction *prediction;
    te_fit fit;
    int height, width;
    te_expert_probe_get_input(probe, &height, &width);
    fit = te_fit_place(picture->width, picture->height, width, height);
    assert_ok(te_expert_probe_run(probe, picture, &fit, &prediction));
    return prediction;
}

/* One row of scores (S) as it was, and with score `off` switched off: the others grow by the same factor, so that the sum is
 * 1 again. With a sparse connection some of `whole` are 0, and it is not known what they were: those are not looked at. */
static void compare_scores(const float *whole, const float *now, int S, int off, int keep)
{
    double rest = 0.0;
    int kept = 0;
    for (int s = 0; s < S; s++) {
        assert_true(now[s] >= 0.0f && now[s] <= 1.0f);
        rest += s == off ? 0.0 : (double)whole[s];
        kept += now[s] > 0.0f;
    }
    assert_true(now[off] == 0.0f);
    assert_int_equal(kept, keep && keep < S - 1 ? keep : S - 1);
    for (int s = 0; s < S && !keep; s++) {
        assert_true(s == off || fabs((double)now[s] - (double)whole[s] / rest) < 1e-5);
    }
}

/* Gates depend on the backbone alone, so that those of other taps stay what they are. */
static void compare_gates(const te_prediction *whole, const te_prediction *now, int off, int tap)
{
    const te_config *config = &whole->config;
    int S = config->scores, rows = config->grid_height * config->grid_width * config->task_count;
    for (int l = 0; l < config->tap_count; l++) {
        for (int row = 0; row < rows; row++) {
            const float *before = whole->gates[l] + row * S, *after = now->gates[l] + row * S;
            if (tap == TE_ALL_TAPS || tap == l) {
                compare_scores(before, after, S, off, config->keep);
            } else {
                assert_memory_equal(before, after, (size_t)S * sizeof *before);
            }
        }
    }
}

static void assert_finite(const te_prediction *prediction)
{
    const te_config *config = &prediction->config;
    for (int t = 0; t < config->task_count; t++) {
        for (int i = 0; i < config->channels[t] * config->height * config->width; i++) {
            assert_true(isfinite(prediction->logits[t][i]));
        }
    }
}

static void assert_same_logits(const te_prediction *a, const te_prediction *b)
{
    const te_config *config = &a->config;
    for (int t = 0; t < config->task_count; t++) {
        size_t count = (size_t)(config->channels[t] * config->height * config->width);
        assert_memory_equal(a->logits[t], b->logits[t], count * sizeof(float));
    }
}

/* Dense and sparse connections, with memory and without, convolutional and two-layer gates. */
static void test_gates(void **state)
{
    char path[512];
    te_model *model;
    te_expert_probe *probe;
    te_picture *picture;
    snprintf(path, sizeof path, "%s/%s.safetensors", TE_TEST_GOLDEN, (const char *)*state);
    assert_ok(te_model_load(&model, path));
    assert_ok(te_expert_probe_create(&probe, model, device, te_model_get_settings(model)));
    assert_ok(te_picture_create_room(&picture, model->config.width, model->config.height, 4));
    te_prediction *whole = run(probe, picture);
    for (int tap = TE_ALL_TAPS; tap < model->config.tap_count; tap++) {
        for (int score = 0; score < model->config.scores; score++) {
            assert_ok(te_expert_probe_set_off(probe, score, tap));
            te_prediction *now = run(probe, picture);
            compare_gates(whole, now, score, tap);
            assert_finite(now);
            te_prediction_free(now);
        }
    }
    assert_ok(te_expert_probe_set_off(probe, TE_NOTHING, TE_ALL_TAPS));
    te_prediction *again = run(probe, picture);
    assert_same_logits(whole, again);
    te_prediction_free(again);
    te_prediction_free(whole);
    te_picture_free(picture);
    te_expert_probe_free(probe);
    te_model_free(model);
}

/* ---- metrics ---- */

static te_settings *create_settings(const char *experts, const char *memory)
{
    static const char *const values[][2] = {
        {"input.height", "48"},        {"input.width", "64"},        {"model.backbone", "tiny"},
        {"model.width", "16"},         {"model.heads", "2"},         {"model.blocks", "2"},
        {"model.taps", "1 2"},         {"model.decoder_width", "8"}, {"model.gate_width", "4"},
        {"model.expert_hidden", "8"},  {"data.val_scenes", "3"},     {"model.semseg_classes", "22"},
        {"model.tasks", "semseg normals edge depth"},
    };
    te_settings *settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_settings_set(settings, "model.experts", experts));
    assert_ok(te_settings_set(settings, "model.memory", memory));
    return settings;
}

/* The model with a score of one tap, or of all, made impossible in its weight file. */
static te_model *edit_weights(te_model *model, int score, int tap)
{
    char path[] = "/tmp/te_test_ablation_XXXXXX";
    int descriptor = mkstemp(path);
    te_model *copy, *edited;
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_ok(te_model_save(model, path, TE_STORE_FP32));
    assert_ok(te_model_load(&copy, path));
    for (int l = 0; score != TE_NOTHING && l < model->config.tap_count; l++) {
        char name[64];
        snprintf(name, sizeof name, "mmoe.%d.gates.*.conv2.bias", l);
        int index = te_params_find(&copy->params, name);
        te_param *bias = &copy->params.list[index];
        assert_ok(te_params_load(&copy->params, index));
        for (int t = 0; (tap == TE_ALL_TAPS || tap == l) && t < model->config.task_count; t++) {
            bias->data[t * model->config.scores + score] = -1e20f;
        }
    }
    assert_ok(te_model_save(copy, path, TE_STORE_FP32));
    assert_ok(te_model_load(&edited, path));
    te_model_free(copy);
    unlink(path);
    return edited;
}

static void judge_with_evaluator(te_model *model, const te_settings *settings, const te_example *examples,
                                 te_metric *const *metrics)
{
    te_evaluator *evaluator;
    assert_ok(te_evaluator_create(&evaluator, model, device, settings));
    for (uint64_t i = 0; i < PICTURES; i++) {
        te_picture picture = {.width = examples[i].width, .height = examples[i].height, .rgb = examples[i].rgb};
        te_fit fit = te_evaluator_place(evaluator, picture.width, picture.height);
        te_prediction *prediction;
        assert_ok(te_evaluator_run_fit(evaluator, &picture, &fit, &prediction));
        for (int t = 0; t < model->config.task_count; t++) {
            te_metric_sample *sample;
            assert_ok(te_metric_judge(metrics[t], i, &prediction->maps[t], examples[i].labels[t], &sample));
            assert_ok(te_metric_add(metrics[t], sample));
            te_metric_sample_free(sample);
        }
        te_prediction_free(prediction);
    }
    te_evaluator_free(evaluator);
}

/* Every task's metric in one row of the ablation is that of the edited model. */
static void compare_row(const te_ablation *ablation, size_t row, te_model *model, const te_settings *settings,
                        const te_example *examples)
{
    int score, tap;
    te_metric *metrics[TE_TASK_COUNT] = {0};
    te_ablation_get_row(ablation, row, &score, &tap);
    te_model *edited = edit_weights(model, score, tap);
    for (int t = 0; t < model->config.task_count; t++) {
        te_metric_options options = {.classes = model->config.channels[t],
                                     .edge_distance = (double)settings->eval.edge_distance};
        assert_ok(te_metric_create(&metrics[t], model->config.tasks[t], &options));
    }
    judge_with_evaluator(edited, settings, examples, metrics);
    for (int t = 0; t < model->config.task_count; t++) {
        te_metric_value value, *expected;
        size_t count;
        assert_ok(te_ablation_get_value(ablation, row, t, &value));
        assert_ok(te_metric_get(metrics[t], &expected, &count));
        assert_true(count > 0);
        assert_string_equal(value.name, expected[0].name);
        if (memcmp(&value.model, &expected[0].model, sizeof value.model) != 0) {
            fail_msg("row %zu, %s: %.17g, not %.17g", row, value.name, value.model, expected[0].model);
        }
        free(expected);
        te_metric_free(metrics[t]);
    }
    te_model_free(edited);
}

/* Off is off: the mean angle of normals, which every feature moves, is another one. */
static void assert_differs(const te_ablation *ablation, size_t row)
{
    te_metric_value whole, now;
    assert_ok(te_ablation_get_value(ablation, 0, 1, &whole));
    assert_ok(te_ablation_get_value(ablation, row, 1, &now));
    assert_true(now.model != whole.model);
}

static void count_call(const te_prediction *prediction, void *context)
{
    assert_non_null(prediction->gates[0]);
    ++*(int *)context;
}

static void test_metrics(void **state)
{
    (void)state;
    te_settings *settings = create_settings("2", "on");
    static const te_task_id tasks[] = {TE_SEMSEG, TE_NORMALS, TE_EDGE, TE_DEPTH};
    te_model *model;
    te_expert_probe *probe;
    te_ablation *ablation;
    te_dataset *dataset;
    te_example examples[PICTURES];
    int calls = 0;
    assert_ok(te_model_create(&model, settings, 9));
    assert_ok(te_expert_probe_create(&probe, model, device, settings));
    assert_ok(te_ablation_create(&ablation, probe, settings, true));
    assert_int_equal(te_ablation_count(ablation), 1 + 3 + 2 * 3);
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_VAL, tasks, 4));
    for (uint64_t i = 0; i < PICTURES; i++) {
        assert_ok(te_dataset_load(dataset, i, 48, 64, &examples[i]));
        assert_ok(te_ablation_add(ablation, i, &examples[i], count_call, &calls));
    }
    assert_int_equal(calls, PICTURES);
    for (size_t row = 0; row < te_ablation_count(ablation); row++) {
        compare_row(ablation, row, model, settings, examples);
        if (row > 0) {
            assert_differs(ablation, row);
        }
    }
    for (int i = 0; i < PICTURES; i++) {
        te_example_clear(&examples[i]);
    }
    te_dataset_close(dataset);
    te_ablation_free(ablation);
    te_expert_probe_free(probe);
    te_model_free(model);
    te_settings_free(settings);
}

/* A param that there is not, and one that most plans hold packed: either it is refused, or it is taken. */
static void test_set_param(void **state)
{
    (void)state;
    te_settings *settings = create_settings("2", "on");
    te_model *model;
    te_scheduler *scheduler;
    float weights[2 * 8 * 16] = {0};
    assert_ok(te_model_create(&model, settings, 9));
    assert_ok(te_scheduler_create(&scheduler, model, device, NULL));
    assert_int_equal(te_scheduler_set_param(scheduler, "mmoe.0.gates.*.conv3.bias", weights), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "no parameter 'mmoe.0.gates.*.conv3.bias'"));
    if (te_scheduler_set_param(scheduler, "mmoe.0.experts.*.fc1.weight", weights) != TE_OK) {
        assert_non_null(strstr(te_last_error(), "'mmoe.0.experts.*.fc1.weight' cannot be changed"));
    }
    te_scheduler_free(scheduler);
    te_model_free(model);
    te_settings_free(settings);
}

/* Without memory the only expert is the only score: nothing can be off. */
static void test_only_expert(void **state)
{
    (void)state;
    te_settings *settings = create_settings("1", "off");
    te_model *model;
    te_expert_probe *probe;
    te_ablation *ablation;
    te_metric_value value;
    assert_ok(te_model_create(&model, settings, 9));
    assert_ok(te_expert_probe_create(&probe, model, device, settings));
    assert_int_equal(te_expert_probe_set_off(probe, 0, TE_ALL_TAPS), TE_ERR_ARGUMENT);
    assert_int_equal(te_expert_probe_set_off(probe, 1, TE_ALL_TAPS), TE_ERR_ARGUMENT);
    assert_int_equal(te_expert_probe_set_off(probe, TE_NOTHING, 2), TE_ERR_ARGUMENT);
    assert_ok(te_ablation_create(&ablation, probe, settings, true));
    assert_int_equal(te_ablation_count(ablation), 1);
    assert_ok(te_ablation_get_value(ablation, 0, 0, &value));
    assert_true(isnan(value.model)); /* no picture was judged */
    te_ablation_free(ablation);
    te_expert_probe_free(probe);
    te_model_free(model);
    te_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"gates of base", test_gates, NULL, NULL, (char[]){"base"}},
        {"gates of conv5_gated", test_gates, NULL, NULL, (char[]){"conv5_gated"}},
        {"gates of mlp_memory_off", test_gates, NULL, NULL, (char[]){"mlp_memory_off"}},
        {"gates of sparse_nyud", test_gates, NULL, NULL, (char[]){"sparse_nyud"}},
        {"gates of expert_conv", test_gates, NULL, NULL, (char[]){"expert_conv"}},
        {"gates of single_token", test_gates, NULL, NULL, (char[]){"single_token"}},
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_set_param),
        cmocka_unit_test(test_only_expert),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
