/* The loader: batches come in order and are the same whatever the threads; a failure of a thread is told to the reader. */
#include "base/files.h"
#include "data/loader.h"
#include "data/png.h"
#include "support/assert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { H = 16, W = 24, B = 2, AREA = H * W };

static const te_task_id tasks[] = {TE_NORMALS, TE_SEMSEG};

static te_dataset *open_rooms(void)
{
    te_settings *settings;
    te_dataset *dataset;
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "22"));
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, tasks, 2));
    te_settings_free(settings);
    return dataset;
}

/* Batches `first` and the next `count` - 1 hold the samples that te_dataset_make() makes one by one. */
static void check_batches(int threads, uint64_t first, int count)
{
    te_dataset *dataset = open_rooms();
    te_loader_options options = {.batch = B, .height = H, .width = W, .threads = threads, .first = first};
    te_loader *loader;
    assert_ok(te_loader_create(&loader, dataset, &options));
    static float image[3 * AREA], normals[3 * AREA], semseg[AREA];
    for (int batch = 0; batch < count; batch++) {
        te_loaded loaded;
        double waited = -1;
        assert_ok(te_loader_next(loader, &loaded, &waited));
        assert_true(waited >= 0);
        for (uint64_t i = 0; i < B; i++) {
            assert_ok(te_dataset_make(dataset, (first + (uint64_t)batch) * B + i, H, W, image,
                                      (float *[]){normals, semseg}));
            assert_memory_equal(loaded.images + i * 3 * AREA, image, sizeof image);
            assert_memory_equal(loaded.labels[0] + i * 3 * AREA, normals, sizeof normals);
            assert_memory_equal(loaded.labels[1] + i * AREA, semseg, sizeof semseg);
        }
    }
    te_loader_free(loader);
    te_dataset_close(dataset);
}

static void batches_are_the_same_whatever_the_threads(void **state)
{
    (void)state;
    check_batches(1, 0, 6);
    check_batches(5, 0, 6);
    check_batches(3, 1000, 4);
}

static void leaving_early_is_fine(void **state)
{
    (void)state;
    te_dataset *dataset = open_rooms();
    te_loader_options options = {.batch = B, .height = H, .width = W, .threads = 4};
    te_loader *loader;
    assert_ok(te_loader_create(&loader, dataset, &options));
    te_loader_free(loader);
    te_dataset_close(dataset);
}

static void a_failure_reaches_the_reader(void **state)
{
    (void)state;
    te_dataset *dataset = open_rooms();
    te_loader_options options = {.batch = 1, .height = 5000, .width = 16, .threads = 2}; /* rooms end at 4096 */
    te_loader *loader;
    te_loaded loaded;
    assert_ok(te_loader_create(&loader, dataset, &options));
    assert_int_equal(te_loader_next(loader, &loaded, NULL), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "'16 x 5000'"));
    te_loader_free(loader);
    te_dataset_close(dataset);
}

/* ---- pictures that cannot be loaded ---- */

enum { PICTURES = 12, SLOW = 700 };

static char root[64];

static const char *path_of(const char *format, int n)
{
    static char path[128];
    size_t used = (size_t)snprintf(path, sizeof path, "%s/", root);
    snprintf(path + used, sizeof path - used, format, n);
    return path;
}

/* Labels of pictures 3, 6 and 9 hold what none may; the large picture 6 takes a while to say so. */
static void write_folder(void)
{
    static uint8_t rgb[3 * SLOW * SLOW], marks[SLOW * SLOW];
    static const char *const below[] = {"images", "sal", "gt_sets"};
    char list[256] = "";
    strcpy(root, "/tmp/te_loader_XXXXXX");
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < 3; i++) {
        assert_ok(te_folder_make(path_of(below[i], 0)));
    }
    for (int n = 0; n < PICTURES; n++) {
        int side = n == 6 ? SLOW : 16;
        marks[0] = n % 3 == 0 && n > 0 ? 7 : 0;
        assert_ok(te_png_save_rgb(path_of("images/%d.png", n), side, side, rgb));
        assert_ok(te_png_save_grey(path_of("sal/%d.png", n), side, side, marks));
        snprintf(list + strlen(list), sizeof list - strlen(list), "%d\n", n);
    }
    assert_ok(te_file_write(path_of("gt_sets/train.txt", 0), list, strlen(list)));
}

/* With any number of threads: the batches before the first sample that fails, then that sample's message. */
static void check_failure(const te_dataset *dataset, int threads)
{
    static float image[3 * AREA], sal[AREA];
    uint64_t failing = 0;
    while (te_dataset_make(dataset, failing, H, W, image, (float *[]){sal}) == TE_OK) {
        failing++;
    }
    char message[512];
    snprintf(message, sizeof message, "%s", te_last_error());
    te_loader_options options = {.batch = B, .height = H, .width = W, .threads = threads};
    te_loader *loader;
    te_loaded loaded;
    assert_ok(te_loader_create(&loader, dataset, &options));
    usleep(5000); /* threads are ahead */
    for (uint64_t batch = 0; batch < failing / B; batch++) {
        assert_ok(te_loader_next(loader, &loaded, NULL));
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(te_loader_next(loader, &loaded, NULL), TE_ERR_FORMAT);
        assert_string_equal(te_last_error(), message);
    }
    te_loader_free(loader);
}

static void the_first_failure_in_order_is_told(void **state)
{
    (void)state;
    const te_task_id task = TE_SAL;
    write_folder();
    for (int seed = 0; seed < 12; seed++) {
        te_settings *settings;
        te_dataset *dataset;
        char text[16];
        snprintf(text, sizeof text, "%d", seed);
        assert_ok(te_settings_create(&settings));
        assert_ok(te_settings_set(settings, "data.source", "folder"));
        assert_ok(te_settings_set(settings, "data.folder", root));
        assert_ok(te_settings_set(settings, "train.seed", text));
        assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &task, 1));
        te_settings_free(settings);
        for (int threads = 1; threads <= 4; threads++) {
            check_failure(dataset, threads);
        }
        te_dataset_close(dataset);
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests_here[] = {cmocka_unit_test(batches_are_the_same_whatever_the_threads),
                                            cmocka_unit_test(leaving_early_is_fine),
                                            cmocka_unit_test(a_failure_reaches_the_reader),
                                            cmocka_unit_test(the_first_failure_in_order_is_told)};
    return cmocka_run_group_tests_name("loader", tests_here, NULL, NULL);
}
