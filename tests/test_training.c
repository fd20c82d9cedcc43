/* Twenty steps of training against the independent PyTorch implementation: every loss at every step, the gradient's
 * norm, and all weights at the end (tests/reference/make_golden_training.py). Then the trainer: a run that is interrupted,
 * saved and resumed ends with the same bits as one that is not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/safetensors.h"
#include "train/step.h"

/* Relative errors. A norm is the least certain: a few signs of L1 losses flip with the last bits. */
static const double loss_limit = 1e-5, norm_limit = 1e-3, weight_limit = 5e-5;

#define assert_ok(call)                                 \
    do {                                                \
        if ((call) != TE_OK) {                          \
            fail_msg("%s: %s", #call, te_last_error()); \
        }                                               \
    } while (0)

static te_device *open_device_with(const char *variants)
{
    te_settings *settings;
    te_device *device;
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "kernels.variant", variants));
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return device;
}

static te_device *open_device(void)
{
    return open_device_with("");
}

static float *read_golden(const te_safetensors *file, const char *format, const char *name)
{
    char full[160];
    snprintf(full, sizeof full, format, name);
    const te_entry *entry = te_safetensors_find(file, full);
    if (!entry) {
        fail_msg("golden file lacks '%s'", full);
        return NULL;
    }
    float *data = malloc(entry->count * sizeof *data);
    assert_non_null(data);
    assert_ok(te_entry_read(entry, data));
    return data;
}

static double number_of(const te_safetensors *file, const char *key)
{
    const char *text = te_safetensors_find_metadata(file, key);
    assert_non_null(text);
    return atof(text);
}

static void assert_close(double got, double expected, double limit, const char *what, int step)
{
    if (!(fabs(got - expected) <= limit * fabs(expected))) {
        fail_msg("step %d: %s is %.9g, not %.9g (relative error %.1e, limit %.0e)", step, what, got, expected,
                 fabs(got / expected - 1), limit);
    }
}

/* Soft-max takes the key's bias out of the scores: its gradient is rounding only, and Adam makes steps of it. */
static bool is_key_bias(const char *name, int64_t element, int64_t C)
{
    const char *end = strstr(name, ".attn.qkv.bias");
    return end && element >= C && element < 2 * C;
}

static void compare_weights(const te_model *model, const te_safetensors *file)
{
    for (int i = 0; i < model->params.count; i++) {
        const te_param *param = &model->params.list[i];
        int64_t elements = te_shape_count(&param->part_shape);
        for (int part = 0; part < param->part_count; part++) {
            float *expected = read_golden(file, "golden.final.%s", param->names[part]);
            const float *got = param->data + part * elements;
            double difference = 0, norm = 0;
            for (int64_t e = 0; e < elements; e++) {
                if (!is_key_bias(param->names[part], e, model->config.C)) {
                    difference += pow((double)got[e] - (double)expected[e], 2);
                    norm += pow((double)expected[e], 2);
                }
            }
            if (!(sqrt(difference) <= weight_limit * sqrt(norm) + 1e-12)) {
                fail_msg("'%s' after the last step: relative error %.1e, limit %.0e", param->names[part],
                         sqrt(difference / norm), weight_limit);
            }
            free(expected);
        }
    }
}

typedef struct golden {
    te_safetensors *file;
    te_model *model;
    float *images, *labels[TE_TASK_COUNT], *losses[TE_TASK_COUNT], *norms;
    int steps, batch;
    double rate, iterations;
} golden;

static golden open_golden(void)
{
    golden g = {.file = NULL};
    const char *path = TE_TEST_GOLDEN "/training.safetensors";
    assert_ok(te_safetensors_open(&g.file, path));
    assert_ok(te_model_load(&g.model, path));
    g.steps = (int)number_of(g.file, "golden.steps");
    g.batch = (int)number_of(g.file, "golden.batch");
    g.rate = number_of(g.file, "golden.rate");
    g.iterations = number_of(g.file, "golden.iterations");
    g.images = read_golden(g.file, "golden.%s", "input");
    g.norms = read_golden(g.file, "golden.%s", "norm");
    for (int t = 0; t < g.model->config.task_count; t++) {
        g.labels[t] = read_golden(g.file, "golden.label.%s", g.model->config.task_names[t]);
        g.losses[t] = read_golden(g.file, "golden.loss.%s", g.model->config.task_names[t]);
    }
    return g;
}

static void close_golden(golden *g)
{
    for (int t = 0; t < g->model->config.task_count; t++) {
        free(g->labels[t]);
        free(g->losses[t]);
    }
    free(g->images);
    free(g->norms);
    te_model_free(g->model);
    te_safetensors_close(g->file);
}

static void take_twenty_steps(te_device *device)
{
    golden g = open_golden();
    const te_config *config = &g.model->config;
    te_train_step *step;
    te_train_options options = {.batch = g.batch, .height = config->height, .width = config->width,
                                .backbone_factor = 1};
    assert_ok(te_train_step_create(&step, g.model, device, &options));
    te_batch batch = {.images = g.images};
    for (int t = 0; t < config->task_count; t++) {
        batch.labels[t] = g.labels[t];
    }
    for (int i = 0; i < g.steps; i++) {
        te_step_result result;
        te_rates rates = {.rate = (float)(g.rate * pow(1 - i / g.iterations, 0.9)), .beta1 = 0.9f, .beta2 = 0.999f,
                          .epsilon = 1e-8f, .decay = 1e-6f, .largest_norm = 10};
        assert_ok(te_train_step_run(step, &batch, &rates, i + 1, &result));
        for (int t = 0; t < config->task_count; t++) {
            assert_close((double)result.losses[t], (double)g.losses[t][i], loss_limit, config->task_names[t], i + 1);
        }
        assert_close((double)result.norm, (double)g.norms[i], norm_limit, "the gradient's norm", i + 1);
    }
    assert_ok(te_train_step_fetch(step));
    compare_weights(g.model, g.file);
    te_train_step_free(step);
    te_device_close(device);
    close_golden(&g);
}

static void twenty_steps_equal_pytorch(void **state)
{
    (void)state;
    take_twenty_steps(open_device());
}

/* The kernels that every device without vectors of its own runs. */
static void generic_kernels_equal_pytorch(void **state)
{
    (void)state;
    take_twenty_steps(open_device_with("adam=generic,square_sum=generic,loss=generic,loss_dx=generic,sum=generic,"
                                       "batchnorm=generic,batchnorm_dz=generic,head_combine_dx=generic"));
}

/* ---- the trainer ---- */

static te_settings *small_run(void)
{
    static const char *const pairs[][2] = {
        {"input.height", "32"}, {"input.width", "48"}, {"model.width", "24"}, {"model.blocks", "2"},
        {"model.taps", "1 2"}, {"model.heads", "2"}, {"model.decoder_width", "8"}, {"model.gate_width", "4"},
        {"model.semseg_classes", "22"}, {"model.tasks", "semseg human_parts sal normals edge depth"},
        {"train.iterations", "6"}, {"train.batch", "2"}, {"train.rate", "1e-3"}, {"data.threads", "2"}};
    te_settings *settings;
    assert_ok(te_settings_create(&settings));
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_ok(te_settings_set(settings, pairs[i][0], pairs[i][1]));
    }
    return settings;
}

static te_status stop_after_three(const te_train_report *report, void *context)
{
    assert_true(isfinite(report->total) && report->norm > 0);
    *(int64_t *)context = report->step;
    return report->step == 3 ? te_fail(TE_ERR_INTERRUPTED, "enough") : TE_OK;
}

static te_status count(const te_train_report *report, void *context)
{
    *(int64_t *)context = report->step;
    return TE_OK;
}

static void resuming_continues_bit_for_bit(void **state)
{
    (void)state;
    char path[] = "/tmp/te_test_training_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    te_settings *settings = small_run();
    te_device *device = open_device();
    te_model *whole, *parts;
    te_trainer *trainer;
    int64_t last = 0;
    assert_ok(te_model_create(&whole, settings, 1));
    assert_ok(te_trainer_create(&trainer, whole, device, settings));
    assert_ok(te_trainer_run(trainer, count, &last));
    assert_int_equal(last, 6);
    assert_ok(te_trainer_save(trainer, path)); /* fetches the weights */
    te_trainer_free(trainer);

    assert_ok(te_model_create(&parts, settings, 1));
    assert_ok(te_trainer_create(&trainer, parts, device, settings));
    assert_int_equal(te_trainer_run(trainer, stop_after_three, &last), TE_ERR_INTERRUPTED);
    assert_ok(te_trainer_save(trainer, path));
    te_trainer_free(trainer);
    te_model_free(parts);
    assert_ok(te_model_load(&parts, path));
    assert_ok(te_trainer_create(&trainer, parts, device, settings));
    assert_ok(te_trainer_load(trainer, path));
    assert_ok(te_trainer_run(trainer, count, &last));
    assert_int_equal(last, 6);
    assert_ok(te_trainer_save(trainer, path));
    te_trainer_free(trainer);
    for (int i = 0; i < whole->params.count; i++) {
        assert_memory_equal(whole->params.list[i].data, parts->params.list[i].data,
                            (size_t)te_shape_count(&whole->params.list[i].shape) * sizeof(float));
    }
    te_model_free(parts);
    te_model_free(whole);
    te_device_close(device);
    te_settings_free(settings);
    unlink(path);
}

static void a_weight_file_is_no_checkpoint(void **state)
{
    (void)state;
    te_settings *settings = small_run();
    te_device *device = open_device();
    te_model *model;
    te_trainer *trainer;
    assert_ok(te_model_create(&model, settings, 1));
    assert_ok(te_trainer_create(&trainer, model, device, settings));
    assert_int_equal(te_trainer_load(trainer, TE_TEST_GOLDEN "/base.safetensors"), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "is no checkpoint"));
    te_trainer_free(trainer);
    te_model_free(model);
    te_device_close(device);
    te_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(twenty_steps_equal_pytorch),
                                       cmocka_unit_test(generic_kernels_equal_pytorch),
                                       cmocka_unit_test(resuming_continues_bit_for_bit),
                                       cmocka_unit_test(a_weight_file_is_no_checkpoint)};
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}
