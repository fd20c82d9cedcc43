/* Every pointer of the public header that may not be NULL, given as NULL: a status and a line instead of a crash. */
#include <string.h>

#include "support/assert.h"

/* The pointers beside it are not looked at before. */
#define REFUSES(call, name)                                                         \
    do {                                                                            \
        assert_int_equal(call, TE_ERR_ARGUMENT);                                    \
        assert_non_null(strstr(te_last_error(), "() was given NULL for '" name "'")); \
    } while (0)

static char room[4096];
static void *const any = room; /* what is not looked at */

static void null_of_settings_and_devices(void **state)
{
    (void)state;
    REFUSES(te_settings_create(NULL), "settings");
    REFUSES(te_settings_copy(NULL, any), "copy");
    REFUSES(te_settings_copy(any, NULL), "settings");
    REFUSES(te_settings_load(NULL, any), "settings");
    REFUSES(te_settings_load(any, NULL), "path");
    REFUSES(te_settings_save_to(NULL, any), "settings");
    REFUSES(te_settings_save_to(any, NULL), "stream");
    REFUSES(te_settings_save(NULL, any), "settings");
    REFUSES(te_settings_save(any, NULL), "path");
    REFUSES(te_settings_set(NULL, any, any), "settings");
    REFUSES(te_settings_set(any, NULL, any), "key");
    REFUSES(te_settings_set(any, any, NULL), "value");
    REFUSES(te_settings_get(NULL, any, any, 0), "settings");
    REFUSES(te_settings_get(any, NULL, any, 0), "key");
    REFUSES(te_settings_get(any, any, NULL, 0), "value");
    REFUSES(te_device_count(any, NULL), "count");
    REFUSES(te_device_get_listed(NULL, 0, any), "settings");
    REFUSES(te_device_get_listed(any, 0, NULL), "info");
    REFUSES(te_device_open(NULL, any), "device");
    REFUSES(te_device_get_info(NULL, any), "device");
    REFUSES(te_device_get_info(any, NULL), "info");
    REFUSES(te_profile_create(NULL, any), "profile");
    REFUSES(te_profile_create(any, NULL), "device");
    REFUSES(te_profile_get(NULL, 0, any), "profile");
    REFUSES(te_profile_get(any, 0, NULL), "row");
    REFUSES(te_profile_save_trace(NULL, any), "profile");
    REFUSES(te_profile_save_trace(any, NULL), "path");
}

static void null_of_models_and_schedulers(void **state)
{
    (void)state;
    REFUSES(te_model_get_class(NULL, any, 0, any, 0), "model");
    REFUSES(te_model_get_class(any, NULL, 0, any, 0), "task");
    REFUSES(te_model_get_class(any, any, 0, NULL, 0), "name");
    REFUSES(te_model_create(NULL, any, 0), "model");
    REFUSES(te_model_create(any, NULL, 0), "settings");
    REFUSES(te_model_load(NULL, any), "model");
    REFUSES(te_model_load(any, NULL), "path");
    REFUSES(te_model_load_backbone(NULL, any, any, any), "model");
    REFUSES(te_model_load_backbone(any, NULL, any, any), "path");
    REFUSES(te_model_set_weights(NULL, any, any), "model");
    REFUSES(te_model_set_weights(any, NULL, any), "from");
    REFUSES(te_model_set_weights(any, any, NULL), "transfer");
    REFUSES(te_model_save(NULL, any, (te_storage)0), "model");
    REFUSES(te_model_save(any, NULL, (te_storage)0), "path");
    REFUSES(te_model_get_part(NULL, 0, any), "model");
    REFUSES(te_model_get_part(any, 0, NULL), "part");
    REFUSES(te_scheduler_create(NULL, any, any, any), "scheduler");
    REFUSES(te_scheduler_create(any, NULL, any, any), "model");
    REFUSES(te_scheduler_create(any, any, NULL, any), "device");
    REFUSES(te_scheduler_run(NULL, any), "scheduler");
    REFUSES(te_scheduler_run(any, NULL), "input");
    REFUSES(te_scheduler_get(NULL, any, any), "scheduler");
    REFUSES(te_scheduler_get(any, NULL, any), "name");
    REFUSES(te_scheduler_get(any, any, NULL), "array");
    REFUSES(te_scheduler_get_memory(NULL, any), "scheduler");
    REFUSES(te_scheduler_get_memory(any, NULL), "info");
}

static void null_of_pictures_and_predictions(void **state)
{
    (void)state;
    REFUSES(te_picture_load(NULL, any), "picture");
    REFUSES(te_picture_load(any, NULL), "path");
    REFUSES(te_picture_create(NULL, 0, 0, any), "picture");
    REFUSES(te_picture_create(any, 0, 0, NULL), "rgb");
    REFUSES(te_picture_create_room(NULL, 0, 0, 0), "picture");
    REFUSES(te_picture_save(NULL, any), "picture");
    REFUSES(te_picture_save(any, NULL), "path");
    REFUSES(te_evaluator_create(NULL, any, any, any), "evaluator");
    REFUSES(te_evaluator_create(any, NULL, any, any), "model");
    REFUSES(te_evaluator_create(any, any, NULL, any), "device");
    REFUSES(te_evaluator_run(NULL, any, any), "evaluator");
    REFUSES(te_evaluator_run(any, NULL, any), "picture");
    REFUSES(te_evaluator_run(any, any, NULL), "prediction");
    REFUSES(te_evaluator_get_memory(NULL, any), "evaluator");
    REFUSES(te_evaluator_get_memory(any, NULL), "info");
    REFUSES(te_prediction_get(NULL, any, any), "prediction");
    REFUSES(te_prediction_get(any, NULL, any), "task");
    REFUSES(te_prediction_get(any, any, NULL), "map");
    REFUSES(te_prediction_save(NULL, any, any, 0), "prediction");
    REFUSES(te_prediction_save(any, NULL, any, 0), "folder");
    REFUSES(te_prediction_save(any, any, NULL, 0), "stem");
}

static void null_of_scores_data_and_experts(void **state)
{
    (void)state;
    REFUSES(te_scores_run(NULL, any, any, any), "scores");
    REFUSES(te_scores_get(NULL, 0, any), "scores");
    REFUSES(te_scores_get(any, 0, NULL), "score");
    REFUSES(te_scores_save(NULL, any), "scores");
    REFUSES(te_scores_save(any, NULL), "path");
    REFUSES(te_scores_save_pictures(NULL, any), "scores");
    REFUSES(te_scores_save_pictures(any, NULL), "path");
    REFUSES(te_scores_save_report(NULL, any), "scores");
    REFUSES(te_scores_save_report(any, NULL), "path");
    REFUSES(te_census_run(NULL, any, any), "census");
    REFUSES(te_census_run(any, NULL, any), "settings");
    REFUSES(te_census_get_info(NULL, any), "census");
    REFUSES(te_census_get_info(any, NULL), "info");
    REFUSES(te_census_get_task(NULL, 0, any), "census");
    REFUSES(te_census_get_task(any, 0, NULL), "task");
    REFUSES(te_census_get_class(NULL, 0, 0, any), "census");
    REFUSES(te_census_get_class(any, 0, 0, NULL), "entry");
    REFUSES(te_census_save(NULL, any), "census");
    REFUSES(te_census_save(any, NULL), "folder");
    REFUSES(te_experts_create(NULL, any, any, any), "experts");
    REFUSES(te_experts_create(any, NULL, any, any), "model");
    REFUSES(te_experts_create(any, any, NULL, any), "device");
    REFUSES(te_experts_run(NULL, any), "experts");
    REFUSES(te_experts_run(any, NULL), "picture");
    REFUSES(te_experts_save_picture(NULL, any, any), "experts");
    REFUSES(te_experts_save_picture(any, NULL, any), "folder");
    REFUSES(te_experts_save_picture(any, any, NULL), "stem");
    REFUSES(te_experts_run_split(NULL, any), "experts");
    REFUSES(te_experts_get_mean(NULL, 0, 0, 0, any), "experts");
    REFUSES(te_experts_get_mean(any, 0, 0, 0, NULL), "mean");
    REFUSES(te_experts_get_entropy(NULL, 0, 0, any), "experts");
    REFUSES(te_experts_get_entropy(any, 0, 0, NULL), "entropy");
    REFUSES(te_experts_get_loss(NULL, 0, 0, any), "experts");
    REFUSES(te_experts_get_loss(any, 0, 0, NULL), "loss");
    REFUSES(te_experts_save(NULL, any), "experts");
    REFUSES(te_experts_save(any, NULL), "folder");
    REFUSES(te_rooms_save(NULL, any, NULL, any), "folder");
    REFUSES(te_rooms_save(any, NULL, NULL, any), "options");
}

static void null_of_training_and_speed(void **state)
{
    (void)state;
    REFUSES(te_trainer_create(NULL, any, any, any), "trainer");
    REFUSES(te_trainer_create(any, NULL, any, any), "model");
    REFUSES(te_trainer_create(any, any, NULL, any), "device");
    REFUSES(te_trainer_create(any, any, any, NULL), "settings");
    REFUSES(te_trainer_load(NULL, any), "trainer");
    REFUSES(te_trainer_load(any, NULL), "path");
    REFUSES(te_trainer_save(NULL, any), "trainer");
    REFUSES(te_trainer_save(any, NULL), "path");
    REFUSES(te_trainer_set_folder(NULL, any), "trainer");
    REFUSES(te_trainer_set_folder(any, NULL), "folder");
    REFUSES(te_trainer_run(NULL, NULL, any), "trainer");
    REFUSES(te_bench_run(NULL, any, any, any), "bench");
    REFUSES(te_bench_run(any, NULL, any, any), "device");
    REFUSES(te_bench_run(any, any, NULL, any), "settings");
    REFUSES(te_bench_get(NULL, 0, any), "bench");
    REFUSES(te_bench_get(any, 0, NULL), "op");
    REFUSES(te_bench_get_pass(NULL, 0, any), "bench");
    REFUSES(te_bench_get_pass(any, 0, NULL), "pass");
    REFUSES(te_tune_run(NULL, any, any, any), "tune");
    REFUSES(te_tune_run(any, NULL, any, any), "device");
    REFUSES(te_tune_run(any, any, NULL, any), "settings");
    REFUSES(te_tune_get(NULL, 0, any), "tune");
    REFUSES(te_tune_get(any, 0, NULL), "shape");
    REFUSES(te_tune_get_candidate(NULL, 0, 0, any), "tune");
    REFUSES(te_tune_get_candidate(any, 0, 0, NULL), "candidate");
    REFUSES(te_selftest_run(NULL, any, any), "device");
    REFUSES(te_selftest_run(any, any, NULL), "summary");
}

static void scores_need_something_to_judge(void **state)
{
    (void)state;
    te_scores_options nothing = {.predictions = NULL};
    REFUSES(te_scores_run(any, NULL, NULL, any), "settings");
    REFUSES(te_scores_run(any, NULL, any, NULL), "options");
    REFUSES(te_scores_run(any, NULL, any, &nothing), "options->predictions");
}

static void what_may_be_null(void **state)
{
    (void)state;
    static const uint8_t red[3] = {255, 0, 0};
    te_device *device;
    te_picture *picture;
    int width;
    assert_ok(te_device_open(&device, NULL));
    te_device_close(device);
    assert_ok(te_picture_create(&picture, 1, 1, red));
    te_picture_get(picture, &width, NULL, NULL);
    assert_int_equal(width, 1);
    te_picture_free(picture);
    te_settings_free(NULL);
    te_device_close(NULL);
    te_model_free(NULL);
    te_scheduler_free(NULL);
    te_picture_free(NULL);
    te_evaluator_free(NULL);
    te_prediction_free(NULL);
    te_scores_free(NULL);
    te_census_free(NULL);
    te_experts_free(NULL);
    te_trainer_free(NULL);
    te_bench_free(NULL);
    te_tune_free(NULL);
    te_profile_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_of_settings_and_devices),
        cmocka_unit_test(null_of_models_and_schedulers),
        cmocka_unit_test(null_of_pictures_and_predictions),
        cmocka_unit_test(null_of_scores_data_and_experts),
        cmocka_unit_test(null_of_training_and_speed),
        cmocka_unit_test(scores_need_something_to_judge),
        cmocka_unit_test(what_may_be_null),
    };
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
