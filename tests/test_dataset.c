/* Datasets as training and validation see them. */
#include "data/dataset.h"
#include "data/rooms.h"
#include "support/assert.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    assert_string_equal(te_dataset_class_name(dataset, TE_SEMSEG, TE_ROOMS_SOFA), "sofa");
    assert_null(te_dataset_class_name(dataset, TE_SEMSEG, 22));
    assert_null(te_dataset_class_name(dataset, TE_SEMSEG, -1));
    te_dataset_close(dataset);
    te_settings_free(settings);
}

static void classes_go_by_names_of_ones_own(void **state)
{
    (void)state;
    const te_task_id semseg = TE_SEMSEG;
    te_settings *settings = settings_with((const char *const[][2]){{"model.semseg_names", "a, b c"}, {0}});
    te_dataset *dataset = NULL;
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &semseg, 1));
    assert_string_equal(te_dataset_class_name(dataset, TE_SEMSEG, 1), "b c");
    assert_null(te_dataset_class_name(dataset, TE_SEMSEG, 2));
    assert_string_equal(te_dataset_class_name(dataset, TE_HUMAN_PARTS, 1), "head");
    assert_null(te_dataset_class_name(dataset, TE_HUMAN_PARTS, 7));
    assert_null(te_dataset_class_name(dataset, TE_SAL, 0));
    te_dataset_close(dataset);
    dataset = NULL;
    assert_ok(te_settings_set(settings, "model.semseg_classes", "1"));
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &semseg, 1), TE_ERR_SETTING);
    assert_null(dataset);
    assert_non_null(strstr(te_last_error(), "2 names, but 'model.semseg_classes' is 1"));
    te_settings_free(settings);
}

/* ---- a folder of rooms ---- */

enum { ROOM_W = 48, ROOM_H = 32, ROOM_AREA = ROOM_W * ROOM_H };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/te_dataset_XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static te_status count_calls(uint64_t done, uint64_t total, void *context)
{
    int *calls = context;
    (*calls)++;
    assert_true(done == (uint64_t)*calls && total == 5);
    return TE_OK;
}

static void save_rooms(void)
{
    int calls = 0;
    const te_rooms_options options = {.width = ROOM_W, .height = ROOM_H, .seed = 4, .train = 3, .val = 2, .threads = 2};
    assert_ok(te_rooms_save(folder, &options, count_calls, &calls));
    assert_int_equal(calls, 5);
}

static te_dataset *open_folder(te_split split, const char *augment)
{
    te_settings *settings = settings_with((const char *const[][2]){{"data.source", "folder"}, {"data.folder", folder},
                                                                   {"data.augment", augment}, {"train.seed", "4"}, {0}});
    te_dataset *dataset;
    assert_ok(te_dataset_open(&dataset, settings, split, all, TE_TASK_COUNT));
    te_settings_free(settings);
    return dataset;
}

static void compare_with_room(const te_example *example, const te_rooms_sample *room)
{
    assert_memory_equal(example->rgb, room->rgb, 3 * ROOM_AREA);
    expect_bytes(example->labels[TE_SEMSEG], room->semseg, ROOM_AREA);
    expect_bytes(example->labels[TE_HUMAN_PARTS], room->human_parts, ROOM_AREA);
    expect_bytes(example->labels[TE_SAL], room->sal, ROOM_AREA);
    expect_bytes(example->labels[TE_EDGE], room->edge, ROOM_AREA);
    for (size_t i = 0; i < ROOM_AREA; i++) {
        assert_true(fabsf(example->labels[TE_DEPTH][i] - room->depth[i]) <= 0.00051f);
        for (size_t c = 0; c < 3; c++) {
            assert_true(fabsf(example->labels[TE_NORMALS][c * ROOM_AREA + i] - room->normals[3 * i + c]) <= 0.00393f);
        }
    }
}

static void rooms_on_disk_are_the_rooms(void **state)
{
    (void)state;
    save_rooms();
    te_dataset *train = open_folder(TE_SPLIT_TRAIN, "off"), *val = open_folder(TE_SPLIT_VAL, "off");
    assert_true(te_dataset_count(train) == 3 && te_dataset_count(val) == 2);
    static const char *const names[] = {"train_000000", "train_000001", "train_000002", "val_000000", "val_000001"};
    for (uint64_t i = 0; i < 5; i++) {
        te_example example;
        te_rooms_sample *room;
        assert_ok(te_dataset_load(i < 3 ? train : val, i < 3 ? i : i - 3, 0, 0, &example));
        assert_string_equal(example.name, names[i]);
        assert_ok(te_rooms_sample_create(&room, i < 3 ? 4 : 4 + TE_ROOMS_VAL_SEED, i < 3 ? i : i - 3, ROOM_W, ROOM_H));
        compare_with_room(&example, room);
        te_rooms_sample_free(room);
        te_example_clear(&example);
    }
    assert_int_equal(te_rooms_save(folder, &(te_rooms_options){.train = 1}, NULL, NULL), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "gt_sets/train.txt' is there already"));
    te_dataset_close(train);
    te_dataset_close(val);
}

static te_status interrupt_after_two(uint64_t done, uint64_t total, void *context)
{
    (void)total;
    (void)context;
    if (done == 2) {
        te_interrupt();
    }
    return TE_OK;
}

static void saving_that_ends_early_leaves_no_lists(void **state)
{
    (void)state;
    char path[128];
    const te_rooms_options options = {.width = 16, .height = 16, .train = 50}, none = {.train = 0}, far = {.seed = 1ull << 40};
    assert_int_equal(te_rooms_save(folder, &options, interrupt_after_two, NULL), TE_ERR_INTERRUPTED);
    snprintf(path, sizeof path, "%s/gt_sets/train.txt", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/images/train_000001.png", folder);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(te_rooms_save(folder, &none, NULL, NULL), TE_ERR_ARGUMENT);
    assert_int_equal(te_rooms_save(folder, &far, NULL, NULL), TE_ERR_ARGUMENT);
}

/* Memory for what te_dataset_make() fills. */
typedef struct sample {
    float image[3 * ROOM_AREA], values[TE_TASK_COUNT][3 * ROOM_AREA];
} sample;

static void make(const te_dataset *dataset, bool val, uint64_t index, sample *made)
{
    float *labels[TE_TASK_COUNT];
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        labels[t] = made->values[t];
    }
    assert_ok((val ? te_dataset_make_val : te_dataset_make)(dataset, index, ROOM_H, ROOM_W, made->image, labels));
}

static void training_goes_through_the_list(void **state)
{
    (void)state;
    static sample pictures[3], drawn, again;
    save_rooms();
    te_dataset *plain = open_folder(TE_SPLIT_TRAIN, "off"), *augmented = open_folder(TE_SPLIT_TRAIN, "on");
    for (uint64_t i = 0; i < 3; i++) {
        make(plain, true, i, &pictures[i]);
    }
    for (uint64_t epoch = 0; epoch < 4; epoch++) {
        int seen[3] = {0};
        for (uint64_t i = 3 * epoch; i < 3 * epoch + 3; i++) {
            make(plain, false, i, &drawn);
            for (int which = 0; which < 3; which++) {
                seen[which] += memcmp(&drawn, &pictures[which], sizeof drawn) == 0;
            }
            make(augmented, false, i, &drawn);
            make(augmented, false, i, &again);
            assert_memory_equal(&drawn, &again, sizeof drawn); /* a function of the index */
            for (int which = 0; which < 3; which++) {
                assert_memory_not_equal(drawn.image, pictures[which].image, sizeof drawn.image);
            }
        }
        assert_true(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
    }
    te_dataset_close(plain);
    te_dataset_close(augmented);
}

static void a_missing_label_is_ignored_everywhere(void **state)
{
    (void)state;
    static sample made;
    static const char *const removed[] = {"depth", "semseg", "normals"};
    char path[128];
    save_rooms();
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s/val_000001.png", folder, removed[i]);
        assert_int_equal(unlink(path), 0);
    }
    te_dataset *val = open_folder(TE_SPLIT_VAL, "on");
    te_example example;
    assert_ok(te_dataset_load(val, 1, 0, 0, &example));
    assert_true(!example.labels[TE_DEPTH] && !example.labels[TE_SEMSEG] && example.labels[TE_SAL]);
    te_example_clear(&example);
    make(val, true, 1, &made);
    for (int i = 0; i < ROOM_AREA; i++) {
        assert_true(made.values[TE_DEPTH][i] == 0 && made.values[TE_SEMSEG][i] == 255 && made.values[TE_SAL][i] <= 1);
        assert_true(made.values[TE_NORMALS][i] == 0 && made.values[TE_NORMALS][2 * ROOM_AREA + i] == 0);
    }
    te_dataset_close(val);
}

static void settings_that_make_no_sense(void **state)
{
    (void)state;
    te_dataset *dataset;
    te_settings *settings = settings_with((const char *const[][2]){{"data.scale_min", "1.5"}, {"data.scale_max", "1"}, {0}});
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, 6), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "'data.scale_min' is 1.5"));
    te_settings_free(settings);
    settings = settings_with((const char *const[][2]){{"data.source", "folder"}, {0}});
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, 6), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "'data.folder' is empty"));
    te_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_come_as_the_generator_makes_them),
        cmocka_unit_test(validation_rooms_are_held_out),
        cmocka_unit_test(classes_of_rooms_must_fit_the_model),
        cmocka_unit_test(classes_go_by_names_of_ones_own),
        cmocka_unit_test(settings_that_make_no_sense),
        cmocka_unit_test_setup_teardown(rooms_on_disk_are_the_rooms, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(saving_that_ends_early_leaves_no_lists, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(training_goes_through_the_list, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_missing_label_is_ignored_everywhere, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
