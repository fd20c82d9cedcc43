/* Datasets as training and validation see them. */
#include "data/dataset.h"
#include "data/rooms.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(call)                                 \
    do {                                                \
        if ((call) != TE_OK) {                          \
            fail_msg("%s: %s", #call, te_last_error()); \
        }                                               \
    } while (0)

static const te_task_id all[TE_TASK_COUNT] = {TE_SEMSEG, TE_HUMAN_PARTS, TE_SAL, TE_NORMALS, TE_EDGE, TE_DEPTH};

static te_settings *settings_with(const char *const (*pairs)[2])
{
    te_settings *settings;
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "22"));
    for (; pairs && (*pairs)[0]; pairs++) {
        assert_ok(te_settings_set(settings, (*pairs)[0], (*pairs)[1]));
    }
    return settings;
}

static te_dataset *open_rooms(te_split split, const char *seed)
{
    te_settings *settings = settings_with((const char *const[][2]){{"train.seed", seed}, {"data.val_scenes", "7"}, {0}});
    te_dataset *dataset;
    assert_ok(te_dataset_open(&dataset, settings, split, all, TE_TASK_COUNT));
    te_settings_free(settings);
    return dataset;
}

static void expect_bytes(const float *label, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(label[i] == (float)bytes[i]);
    }
}

static void rooms_come_as_the_generator_makes_them(void **state)
{
    (void)state;
    enum { W = 40, H = 24, AREA = W * H };
    te_dataset *dataset = open_rooms(TE_SPLIT_TRAIN, "3");
    te_example example;
    te_rooms_sample *room;
    assert_true(te_dataset_count(dataset) == UINT64_MAX);
    assert_int_equal(te_dataset_count_tasks(dataset), TE_TASK_COUNT);
    assert_ok(te_dataset_load(dataset, 5, H, W, &example));
    assert_ok(te_rooms_sample_create(&room, 3, 5, W, H));
    assert_string_equal(example.name, "5");
    assert_true(example.width == W && example.height == H);
    assert_memory_equal(example.rgb, room->rgb, 3 * AREA);
    expect_bytes(example.labels[TE_SEMSEG], room->semseg, AREA);
    expect_bytes(example.labels[TE_HUMAN_PARTS], room->human_parts, AREA);
    expect_bytes(example.labels[TE_SAL], room->sal, AREA);
    expect_bytes(example.labels[TE_EDGE], room->edge, AREA);
    assert_memory_equal(example.labels[TE_DEPTH], room->depth, AREA * sizeof(float));
    for (size_t i = 0; i < AREA; i++) {
        for (size_t c = 0; c < 3; c++) {
            assert_true(example.labels[TE_NORMALS][c * AREA + i] == room->normals[3 * i + c]);
        }
    }
    te_rooms_sample_free(room);
    te_example_clear(&example);
    te_dataset_close(dataset);
}

static void validation_rooms_are_held_out(void **state)
{
    (void)state;
    enum { W = 16, H = 16 };
    te_dataset *train = open_rooms(TE_SPLIT_TRAIN, "1"), *val = open_rooms(TE_SPLIT_VAL, "1");
    te_dataset *other = open_rooms(TE_SPLIT_VAL, "2");
    te_example a, b, c;
    assert_true(te_dataset_count(val) == 7);
    for (uint64_t i = 0; i < 3; i++) {
        assert_ok(te_dataset_load(train, i, H, W, &a));
        assert_ok(te_dataset_load(val, i, H, W, &b));
        assert_ok(te_dataset_load(other, i, H, W, &c));
        assert_memory_not_equal(a.rgb, b.rgb, 3 * W * H);
        assert_memory_equal(b.rgb, c.rgb, 3 * W * H); /* whatever the seed of training */
        te_example_clear(&a);
        te_example_clear(&b);
        te_example_clear(&c);
    }
    assert_int_equal(te_dataset_load(val, 7, H, W, &a), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "'7'"));
    te_dataset_close(train);
    te_dataset_close(val);
    te_dataset_close(other);
}

static void classes_of_rooms_must_fit_the_model(void **state)
{
    (void)state;
    const te_task_id semseg = TE_SEMSEG, depth = TE_DEPTH;
    te_settings *settings = settings_with((const char *const[][2]){{"model.semseg_classes", "21"}, {0}});
    te_dataset *dataset = NULL;
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &semseg, 1), TE_ERR_SETTING);
    assert_null(dataset);
    assert_non_null(strstr(te_last_error(), "'model.semseg_classes' is 21, but rooms have 22"));
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &depth, 1));
    assert_string_equal(te_dataset_class_name(dataset, TE_ROOMS_SOFA), "sofa");
    assert_null(te_dataset_class_name(dataset, 22));
    assert_null(te_dataset_class_name(dataset, -1));
    te_dataset_close(dataset);
    te_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_come_as_the_generator_makes_them),
        cmocka_unit_test(validation_rooms_are_held_out),
        cmocka_unit_test(classes_of_rooms_must_fit_the_model),
    };
    return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
