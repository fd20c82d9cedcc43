/* Twenty steps of training against the independent PyTorch implementation: every loss at every step, the gradient's
 * norm, and all weights at the end (tests/reference/make_golden_training.py). Then the trainer: a run that is interrupted,
 * saved and resumed ends with the same bits as one that is not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/ops.h"
#include "support/assert.h"
#include "support/golden.h"
#include "support/settings.h"
#include "train/step.h"

static te_device *open_device_with(const char *variants)
{
    te_device *device;
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_settings_set(settings, "kernels.variant", variants));
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return device;
}

static te_device *open_device(void)
{
    return open_device_with("");
}

static void take_steps(te_device *device, const char *name)
{
    golden_check_training(device, name);
    te_device_close(device);
}

static void twenty_steps_equal_pytorch(void **state)
{
    (void)state;
    take_steps(open_device(), "training");
}

/* Added writes, sparse scores, convolutions as experts, a class token, features in whole vectors. */
static void eight_steps_of_another_model_equal_pytorch(void **state)
{
    (void)state;
    take_steps(open_device(), "training_sparse");
}

/* The kernels that every device without vectors of its own runs. */
static void generic_kernels_equal_pytorch(void **state)
{
    (void)state;
    static const char variants[] = "adam=generic,square_sum=generic,loss=generic,loss_dx=generic,sum=generic,batchnorm=generic,"
                                   "batchnorm_sums=generic,batchnorm_dx=generic,head_combine_dx=generic";
    assert_ok(te_ops_check_variants(variants));
    take_steps(open_device_with(variants), "training");
    take_steps(open_device_with(variants), "training_sparse");
}

/* ---- the trainer ---- */

static te_settings *small_run(void)
{
    static const char *const pairs[][2] = {
        {"input.height", "32"}, {"input.width", "48"}, {"model.width", "24"}, {"model.blocks", "2"},
        {"model.taps", "1 2"}, {"model.heads", "2"}, {"model.decoder_width", "8"}, {"model.gate_width", "4"},
        {"model.semseg_classes", "22"}, {"model.tasks", "semseg human_parts sal normals edge depth"},
        {"train.iterations", "6"}, {"train.batch", "2"}, {"train.rate", "1e-3"}, {"data.threads", "2"}};
    return settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
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
    te_trainer_free(trainer);

    assert_ok(te_model_create(&parts, settings, 1));
    assert_ok(te_trainer_create(&trainer, parts, device, settings));
    assert_int_equal(te_trainer_run(trainer, stop_after_three, &last), TE_ERR_INTERRUPTED);
    assert_ok(te_trainer_save(trainer, path));
    te_trainer_free(trainer);
    te_model_free(parts);
    assert_ok(te_model_create(&parts, settings, 2)); /* a checkpoint brings its weights */
    assert_ok(te_trainer_create(&trainer, parts, device, settings));
    assert_ok(te_trainer_load(trainer, path));
    assert_ok(te_trainer_run(trainer, count, &last));
    assert_int_equal(last, 6);
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
        cmocka_unit_test(eight_steps_of_another_model_equal_pytorch),
                                       cmocka_unit_test(generic_kernels_equal_pytorch),
                                       cmocka_unit_test(resuming_continues_bit_for_bit),
                                       cmocka_unit_test(a_weight_file_is_no_checkpoint)};
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}
