/* The loader: batches come in order and are the same whatever the threads; a failure of a thread is told to the reader. */
#include "data/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(call)                                 \
    do {                                                \
        if ((call) != TE_OK) {                          \
            fail_msg("%s: %s", #call, te_last_error()); \
        }                                               \
    } while (0)

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

int main(void)
{
    const struct CMUnitTest tests_here[] = {cmocka_unit_test(batches_are_the_same_whatever_the_threads),
                                            cmocka_unit_test(leaving_early_is_fine),
                                            cmocka_unit_test(a_failure_reaches_the_reader)};
    return cmocka_run_group_tests_name("loader", tests_here, NULL, NULL);
}
