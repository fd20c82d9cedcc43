/* The recording of a device, its table, and what is refused. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <taskexpert.h>
#include "support/assert.h"
#include "support/settings.h"

enum { SIDE = 32, RUNS = 3 };

static te_settings *small_settings(const char *record, const char *variant)
{
    static const char *const pairs[][2] = {{"input.height", "32"}, {"input.width", "32"}, {"model.width", "24"},
                                           {"model.blocks", "2"}, {"model.taps", "1 2"}, {"model.heads", "2"},
                                           {"model.decoder_width", "8"}, {"model.gate_width", "4"}};
    te_settings *settings = settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
    char forced[32];
    snprintf(forced, sizeof forced, "linear=%s", variant);
    assert_ok(te_settings_set(settings, "device.record", record));
    assert_ok(te_settings_set(settings, "kernels.variant", forced));
    return settings;
}

/* A device on which a small model ran RUNS times. */
static te_device *run_model(const char *record, const char *variant, uint64_t *macs)
{
    static const float input[3 * SIDE * SIDE];
    te_settings *settings = small_settings(record, variant);
    te_device *device;
    te_model *model;
    te_scheduler *scheduler;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_model_create(&model, settings, 1));
    assert_ok(te_scheduler_create(&scheduler, model, device, NULL));
    for (int run = 0; run < RUNS; run++) {
        assert_ok(te_scheduler_run(scheduler, input));
    }
    te_model_part part;
    assert_ok(te_model_get_part(model, 0, &part)); /* the backbone */
    *macs = part.macs;
    te_scheduler_free(scheduler);
    te_model_free(model);
    te_settings_free(settings);
    return device;
}

/* Where `variant` packs weights, that is a row of its own, without operations. */
static void check_counts(const char *variant)
{
    uint64_t macs;
    te_device *device = run_model("on", variant, &macs);
    te_profile *profile;
    assert_ok(te_profile_create(&profile, device));
    te_device_close(device); /* a snapshot outlives it */
    double operations = 0.0, before = 1e30;
    uint64_t attention = 0, writes = 0;
    bool packed = false;
    for (size_t i = 0; i < te_profile_count(profile); i++) {
        te_profile_row row;
        assert_ok(te_profile_get(profile, i, &row));
        assert_true(row.seconds >= 0.0 && row.seconds <= before);
        assert_true(row.launches >= 1);
        before = row.seconds;
        if (strcmp(row.part, "backbone") == 0) {
            operations += row.operations;
            assert_true(strcmp(row.op, "linear") != 0 || strcmp(row.variant, variant) == 0);
            packed |= strcmp(row.op, "linear, once") == 0;
        }
        attention += strcmp(row.op, "attention") == 0 ? row.runs : 0;
        writes += strcmp(row.op, "write to device") == 0 ? row.runs : 0;
    }
    assert_int_equal(attention, RUNS * 2); /* blocks */
    assert_true(writes > RUNS);            /* inputs, and params */
    assert_true(operations == RUNS * 2.0 * (double)macs);
    assert_true(packed == (strcmp(variant, "generic") != 0));
    te_profile_row row;
    assert_int_equal(te_profile_get(profile, te_profile_count(profile), &row), TE_ERR_ARGUMENT);
    te_profile_free(profile);
}

static void counts_runs_and_operations(void **state)
{
    (void)state;
    check_counts("generic");
}

static void counts_what_is_packed_once_apart(void **state)
{
    te_device *device;
    te_settings *settings = small_settings("off", "cpu");
    te_device_info info;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_device_get_info(device, &info));
    te_device_close(device);
    te_settings_free(settings);
    (void)state;
    if (info.float_width < 4 || strcmp(info.type, "cpu") != 0) {
        skip();
    }
    check_counts("cpu");
}

static void refuses_without_recording(void **state)
{
    (void)state;
    uint64_t macs;
    te_device *device = run_model("off", "generic", &macs);
    te_profile *profile;
    assert_int_equal(te_profile_create(&profile, device), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "device.record"));
    te_device_close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_runs_and_operations),
        cmocka_unit_test(counts_what_is_packed_once_apart),
        cmocka_unit_test(refuses_without_recording),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
