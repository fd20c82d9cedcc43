/* Every variant of every op that this device can run, forced in turn by the setting that names it: the golden files of whole
 * models and the golden run of training must come out, and another run of training, of sizes that the wide kernels take,
 * must go as it does with the generic variants of all ops.
 *
 * Variants for operands in bf16 are held to the generic variants' run of training in bf16 instead. A variant counts as tested
 * only where the device's profile shows that it ran.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/opencl.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/golden.h"
#include "support/settings.h"

typedef struct forced {
    const te_op *op;
    const te_variant *variant;
    char setting[64]; /* also the test's name */
} forced;

/* Losses and norms of the first steps of a run. */
enum { STEPS = 3 };
typedef struct course {
    int steps;
    double total[STEPS], norm[STEPS];
} course;

static course generic_course, generic_bf16_course; /* of the generic variants */

static bool takes_bf16(const te_variant *variant)
{
    return strncmp(variant->name, "bf16", strlen("bf16")) == 0 || strcmp(variant->name, "amx") == 0;
}

static te_device *device; /* one for all variants, so that programs are built once */

static te_settings *make_settings(void)
{
    static const char *const pairs[][2] = {
        {"input.height", "48"}, {"input.width", "64"}, {"model.width", "128"}, {"model.blocks", "2"}, {"model.taps", "1 2"},
        {"model.heads", "2"}, {"model.decoder_width", "32"}, {"model.gate_width", "16"}, {"model.semseg_classes", "22"},
        {"model.tasks", "semseg human_parts sal normals edge depth"}, {"train.batch", "2"}, {"train.rate", "1e-4"},
        {"data.threads", "2"}, {"device.record", "on"}};
    return settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
}

/* Plans of the device are made from now on as if it had been opened with these variants, and its record is empty. */
static void force(const char *variants)
{
    assert_true(strlen(variants) < sizeof device->settings->kernels.variant);
    strcpy(device->settings->kernels.variant, variants);
    te_recording_free(device->recording);
    assert_ok(te_recording_create(&device->recording));
}

static te_status note(const te_train_report *report, void *context)
{
    course *taken = context;
    taken->total[taken->steps] = (double)report->total;
    taken->norm[taken->steps] = (double)report->norm;
    return ++taken->steps == STEPS ? te_fail(TE_ERR_INTERRUPTED, "enough") : TE_OK;
}

static course train(const char *precision)
{
    te_settings *settings = make_settings();
    assert_ok(te_settings_set(settings, "train.precision", precision));
    te_model *model;
    te_trainer *trainer;
    course taken = {.steps = 0};
    assert_ok(te_model_create(&model, settings, 5));
    assert_ok(te_trainer_create(&trainer, model, device, settings));
    assert_int_equal(te_trainer_run(trainer, note, &taken), TE_ERR_INTERRUPTED);
    te_trainer_free(trainer);
    te_model_free(model);
    te_settings_free(settings);
    return taken;
}

static void compare_courses(const course *got, const course *expected, double loss_limit, double norm_limit)
{
    for (int i = 0; i < STEPS; i++) {
        if (!(fabs(got->total[i] - expected->total[i]) <= loss_limit * fabs(expected->total[i])) ||
            !(fabs(got->norm[i] - expected->norm[i]) <= norm_limit * expected->norm[i])) {
            fail_msg("step %d: loss %.9g, norm %.9g, not %.9g, %.9g", i + 1, got->total[i], got->norm[i], expected->total[i],
                     expected->norm[i]);
        }
    }
}

static bool ran(const forced *test)
{
    te_profile *profile;
    te_profile_row row;
    bool found = false;
    assert_ok(te_profile_create(&profile, device));
    for (size_t i = 0; i < te_profile_count(profile); i++) {
        assert_ok(te_profile_get(profile, i, &row));
        found |= strcmp(row.op, test->op->name) == 0 && strcmp(row.variant, test->variant->name) == 0;
    }
    te_profile_free(profile);
    return found;
}

/* Models of every kind of expert and gate, with heads of 64 and of other widths, and both runs of training. */
static void comes_out_the_same(void **state)
{
    static const char *const goldens[] = {"base", "expert_conv", "conv5_gated", "mlp_memory_off", "cls_token", "head_64"};
    const forced *test = *state;
    force(test->setting);
    if (takes_bf16(test->variant)) {
        course taken = train("bf16");
        compare_courses(&taken, &generic_bf16_course, 1e-3, 1e-2); /* a sum's last bit may decide how it is rounded */
    } else {
        for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
            golden_check(device, goldens[i]);
        }
        golden_check_training(device, "training");
        golden_check_training(device, "training_sparse");
        course taken = train("fp32");
        compare_courses(&taken, &generic_course, 1e-5, 1e-3);
    }
    if (!ran(test)) {
        fail_msg("no call of these models ran '%s': give the test one that does", test->setting);
    }
}

/* Is there a case of the op that the variant takes on this device? */
static bool can_run(const te_caps *caps, const te_op *op, const te_variant *variant)
{
    for (int i = 0; i < op->case_count; i++) {
        te_call call = {.op = op};
        memcpy(call.in, op->cases[i].in, sizeof call.in);
        if (op->attribute_bytes && op->cases[i].attributes) {
            memcpy(call.attributes, op->cases[i].attributes, op->attribute_bytes);
        }
        if (op->shape(&call) == TE_OK && te_variant_runs(variant, caps, &call)) {
            return true;
        }
    }
    return false;
}

enum { MOST = 256 };

/* The rows of the test: what this device can run of ops that have a choice. */
static size_t list_variants(forced tests[MOST], struct CMUnitTest rows[MOST])
{
    size_t count = 0;
    for (int i = 0; te_ops[i]; i++) {
        for (const te_variant *variant = te_ops[i]->variants; variant->name && count < MOST; variant++) {
            if (te_ops[i]->variants[1].name && can_run(te_device_caps(device), te_ops[i], variant)) {
                forced *test = &tests[count];
                *test = (forced){.op = te_ops[i], .variant = variant};
                snprintf(test->setting, sizeof test->setting, "%s=%s", te_ops[i]->name, variant->name);
                rows[count++] = (struct CMUnitTest){test->setting, comes_out_the_same, NULL, NULL, test};
            }
        }
    }
    return count;
}

static int train_generic(void **state)
{
    (void)state;
    force("generic");
    generic_course = train("fp32");
    generic_bf16_course = train("bf16");
    return 0;
}

int main(void)
{
    static forced tests[MOST];
    static struct CMUnitTest rows[MOST];
    te_settings *settings = make_settings();
    if (te_device_open(&device, settings) != TE_OK) {
        fprintf(stderr, "test_variants: %s\n", te_last_error());
        return 1;
    }
    size_t count = list_variants(tests, rows);
    int failed = _cmocka_run_group_tests("variants", rows, count, train_generic, NULL);
    te_device_close(device);
    te_settings_free(settings);
    return failed;
}
