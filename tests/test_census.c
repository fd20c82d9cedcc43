/* A census: numbers worked out by hand, every kind of broken file named while the others count, the same for any threads. */
#include "base/interrupt.h"
#include "data/census.h"
#include "data/map.h"
#include "data/mean.h"
#include "data/npy.h"
#include "data/png.h"
#include "support/assert.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { W = 4, H = 2, AREA = W * H, SEMSEG = 0, PARTS, SAL, NORMALS, EDGE, DEPTH };

static char root[64];
static te_settings *settings;

/* ---- files ---- */

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void write_bytes(const char *name, const void *data, size_t bytes)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    fclose(file);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

static void write_grey(const char *name, const uint8_t values[AREA])
{
    assert_ok(te_png_save_grey(path_of(name), W, H, values));
}

static void write_picture(const char *name, int width, int height, uint8_t level)
{
    uint8_t rgb[3 * 64];
    memset(rgb, level, sizeof rgb);
    assert_ok(te_png_save_rgb(path_of(name), width, height, rgb));
}

static int set_up(void **state)
{
    (void)state;
    static const char *const folders[] = {"images", "semseg", "human_parts", "sal", "edge", "normals", "depth", "gt_sets"};
    static const char *const values[][2] = {
        {"data.source", "folder"}, {"model.semseg_classes", "21"}, {"input.height", "32"}, {"input.width", "64"},
        {"model.tasks", "semseg human_parts sal normals edge depth"},
    };
    strcpy(root, "/tmp/te_census_XXXXXX");
    if (!mkdtemp(root)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        mkdir(path_of(folders[i]), 0777);
    }
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "data.folder", root));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_ok(te_settings_set(settings, values[i][0], values[i][1]));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    te_settings_free(settings);
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static te_census *run(const char *threads)
{
    te_census *census;
    te_census_options options = {.split = "train"};
    assert_ok(te_settings_set(settings, "data.threads", threads));
    assert_ok(te_census_run(&census, settings, &options));
    return census;
}

static te_census_task task_of(const te_census *census, size_t index)
{
    te_census_task task;
    assert_ok(te_census_get_task(census, index, &task));
    return task;
}

/* ---- what is in the files ---- */

/* Three pictures: `a` has all labels, `b` semseg and depth, `c` none. */
static void write_good(void)
{
    write_picture("images/a.png", W, H, 100);
    write_picture("images/b.png", W, H, 200);
    write_picture("images/c.png", 8, 4, 0);
    write_grey("semseg/a.png", (uint8_t[]){0, 0, 0, 5, 20, 255, 255, 255});
    write_grey("semseg/b.png", (uint8_t[]){5, 5, 5, 5, 5, 5, 5, 5});
    write_grey("human_parts/a.png", (uint8_t[]){0, 0, 0, 0, 1, 1, 0, 0});
    write_grey("sal/a.png", (uint8_t[]){0, 1, 1, 255, 0, 0, 0, 0});
    write_grey("edge/a.png", (uint8_t[]){0, 255, 0, 0, 0, 0, 0, 0});
    uint8_t normals[3 * AREA] = {255, 128, 128, 128, 128, 255, 128, 128, 128}; /* the third and the black ones: none */
    assert_ok(te_png_save_rgb(path_of("normals/a.png"), W, H, normals));
    float first[AREA] = {1, 2, 3, 0, 0, -1, NAN, 4}, second[AREA] = {0.5f, 0.5f};
    assert_ok(te_npy_save_float(path_of("depth/a.npy"), 2, (int64_t[]){H, W}, first));
    assert_ok(te_npy_save_float(path_of("depth/b.npy"), 2, (int64_t[]){H, W}, second));
    write_text("gt_sets/train.txt", "a\nb\nc\n");
}

static void expect_class(const te_census *census, size_t task, int number, const char *name, uint64_t pixels, uint64_t pictures)
{
    te_census_class entry;
    assert_ok(te_census_get_class(census, task, number, &entry));
    assert_string_equal(entry.name, name);
    assert_int_equal(entry.pixels, pixels);
    assert_int_equal(entry.pictures, pictures);
}

static void numbers_are_those_of_the_files(void **state)
{
    (void)state;
    write_good();
    te_census *census = run("2");
    te_census_info info;
    assert_ok(te_census_get_info(census, &info));
    assert_string_equal(info.list, path_of("gt_sets/train.txt"));
    assert_int_equal(info.pictures, 3);
    assert_int_equal(info.broken, 0);
    assert_int_equal(info.problems, 0);
    assert_int_equal(info.unlabelled, 1);
    assert_true(info.min_width == 4 && info.max_width == 8 && info.min_height == 2 && info.max_height == 4);
    static const uint64_t labels[] = {2, 1, 1, 1, 1, 2}, valid[] = {13, 8, 7, 2, 8, 6}, positive[] = {0, 0, 2, 0, 1, 0};
    assert_int_equal(te_census_count_tasks(census), 6);
    for (size_t t = 0; t < 6; t++) {
        te_census_task task = task_of(census, t);
        assert_int_equal(task.labels, labels[t]);
        assert_int_equal(task.absent, 3 - labels[t]);
        assert_int_equal(task.pixels, AREA * labels[t]);
        assert_int_equal(task.valid, valid[t]);
        assert_int_equal(task.positive, positive[t]);
        assert_int_equal(task.classes, t == SEMSEG ? 21 : t == PARTS ? 7 : 0);
    }
    te_census_task depth = task_of(census, DEPTH), normals = task_of(census, NORMALS);
    assert_true(depth.min == 0.5 && depth.max == 4 && fabs(depth.mean - 11.0 / 6) < 1e-12);
    assert_true(normals.min > 0.99 && normals.max < 1.01 && normals.mean >= normals.min && normals.mean <= normals.max);
    expect_class(census, SEMSEG, 0, "background", 3, 1);
    expect_class(census, SEMSEG, 5, "bottle", 9, 2);
    expect_class(census, SEMSEG, 1, "aeroplane", 0, 0);
    expect_class(census, PARTS, 1, "head", 2, 1);
    te_census_class entry;
    te_census_task task;
    assert_int_equal(te_census_get_class(census, SEMSEG, 21, &entry), TE_ERR_ARGUMENT);
    assert_int_equal(te_census_get_class(census, DEPTH, 0, &entry), TE_ERR_ARGUMENT);
    assert_int_equal(te_census_get_task(census, 6, &task), TE_ERR_ARGUMENT);
    te_census_free(census);
}

/* The grid is 120 x 60; pixels of `a` are 30 x 30 cells each. */
static void means_are_those_of_the_files(void **state)
{
    (void)state;
    write_good();
    te_census *census = run("1");
    te_picture *picture;
    te_map map;
    float scale;
    assert_ok(te_mean_get_picture(census->mean, &picture));
    assert_true(picture->width == 120 && picture->height == 60);
    for (int i = 0; i < 3 * 120 * 60; i++) {
        assert_int_equal(picture->rgb[i], 100);
    }
    te_picture_free(picture);
    assert_ok(te_mean_get_map(census->mean, SEMSEG, &map, &scale));
    assert_int_equal(map.classes[0], 0); /* 0 and 5 once each: the first */
    assert_int_equal(map.classes[119], 5);
    assert_int_equal(map.classes[59 * 120 + 119], 5);
    te_map_free(&map);
    assert_ok(te_mean_get_map(census->mean, PARTS, &map, &scale));
    assert_int_equal(map.classes[29 * 120], 0);
    assert_int_equal(map.classes[30 * 120 + 59], 1);
    te_map_free(&map);
    assert_ok(te_mean_get_map(census->mean, SAL, &map, &scale));
    assert_true(scale == 1.0f && map.values[30] == 1.0f && map.values[0] == 0.0f && isnan(map.values[90]));
    te_map_free(&map);
    assert_ok(te_mean_get_map(census->mean, DEPTH, &map, &scale));
    assert_true(map.values[0] == 0.75f && map.values[30] == 1.25f && map.values[60] == 3.0f && isnan(map.values[90]));
    te_map_free(&map);
    assert_ok(te_mean_get_map(census->mean, NORMALS, &map, &scale));
    assert_true(map.values[0] > 0.99f && map.values[3 * 30 + 2] > 0.99f && map.values[3 * 60] == 0.0f);
    te_map_free(&map);
    te_census_free(census);
}

/* Two pictures of two pixels on a grid of one cell. */
static void means_of_a_cell(void **state)
{
    (void)state;
    static const te_task_id tasks[] = {TE_HUMAN_PARTS, TE_NORMALS, TE_EDGE};
    uint8_t grey[6] = {10, 10, 10, 10, 10, 10}, lighter[6] = {11, 11, 11, 11, 11, 11};
    float parts[2] = {0, 6}, normals[6] = {0, 0, 0, 0, 2, 2}, edges[2] = {1, 0}, none[2] = {0, 0}, small[8];
    te_mean *mean;
    te_picture *picture;
    te_map map;
    float scale;
    te_mean_options options = {.width = 1, .height = 1, .tasks = tasks, .task_count = 3, .classes = 2};
    assert_ok(te_mean_create(&mean, &options));
    assert_int_equal(te_mean_count(mean), 8);
    te_mean_shrink(mean, &(te_example){.width = 2, .height = 1, .rgb = grey, .labels = {parts, normals, edges}}, small);
    te_mean_add(mean, small);
    te_mean_shrink(mean, &(te_example){.width = 2, .height = 1, .rgb = lighter, .labels = {NULL, NULL, none}}, small);
    te_mean_add(mean, small);
    assert_ok(te_mean_get_picture(mean, &picture));
    assert_int_equal(picture->rgb[0], 11); /* 10.5, rounded */
    te_picture_free(picture);
    assert_ok(te_mean_get_map(mean, 0, &map, &scale));
    assert_int_equal(map.classes[0], 6); /* of the pixel behind the middle; parts have classes of their own */
    te_map_free(&map);
    assert_ok(te_mean_get_map(mean, 1, &map, &scale));
    assert_true(map.values[0] == 0 && map.values[1] == 0 && map.values[2] == 1);
    te_map_free(&map);
    assert_ok(te_mean_get_map(mean, 2, &map, &scale));
    assert_true(map.values[0] == 1 && scale == 0.25f);
    te_map_free(&map);
    te_mean_free(mean);
}

/* It has no depth that could be the least. */
static void a_label_without_a_valid_pixel_has_no_range(void **state)
{
    (void)state;
    write_good();
    assert_ok(te_npy_save_float(path_of("depth/c.npy"), 2, (int64_t[]){4, 8}, (const float[32]){0}));
    te_census *census = run("1");
    te_census_task depth = task_of(census, DEPTH);
    assert_true(depth.labels == 3 && depth.valid == 6 && depth.min == 0.5 && depth.max == 4);
    te_census_free(census);
}

/* ---- what is wrong with them ---- */

static void write_bad(void)
{
    static const uint8_t zeros[3 * AREA];
    write_good();
    write_text("images/garbage.png", "no picture");
    write_text("gt_sets/train.txt", "gone\na\ngarbage\nb\nc\n");
    write_grey("semseg/a.png", (uint8_t[]){0, 0, 0, 250, 0, 0, 0, 0});
    assert_int_equal(truncate(path_of("sal/a.png"), 45), 0);
    assert_ok(te_png_save_rgb(path_of("normals/a.png"), H, W, zeros));
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }";
    uint8_t file[128] = "\x93NUMPY\x01\x00";
    file[8] = sizeof header - 1;
    memcpy(file + 10, header, sizeof header - 1);
    write_bytes("depth/a.npy", file, 10 + sizeof header - 1 + 12);
    write_grey("edge/b.png", (uint8_t[]){0, 7, 0, 0, 0, 0, 0, 0});
    assert_ok(te_npy_save_float(path_of("depth/b.npy"), 1, (int64_t[]){AREA}, (const float[AREA]){1}));
    mkdir(path_of("semseg/c.png"), 0777); /* not even a file */
}

static int told(const te_census *census, const char *part)
{
    const char *line;
    for (size_t i = 0; (line = te_census_get_problem(census, i)) != NULL; i++) {
        if (strstr(line, part)) {
            assert_null(strchr(line, '\n'));
            return 1;
        }
    }
    return 0;
}

static void every_broken_file_is_named(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "images/gone'", "images/garbage.png'", "semseg/a.png' holds class 250 at (3,0)", "sal/a.png'",
        "normals/a.png' has 2 x 4 pixels", "depth/a.npy': it does not have as many numbers", "edge/b.png' holds 7 at (1,0)",
        "depth/b.npy' is an array of rank 1", "semseg/c.png': it is a folder",
    };
    write_bad();
    te_census *census = run("3");
    te_census_info info;
    assert_ok(te_census_get_info(census, &info));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!told(census, parts[i])) {
            fail_msg("no problem names \"%s\"", parts[i]);
        }
    }
    assert_int_equal(info.problems, sizeof parts / sizeof parts[0]);
    assert_int_equal(info.pictures, 5);
    assert_int_equal(info.broken, 2);
    assert_int_equal(info.unlabelled, 0); /* c has a label file, if a broken one */
    static const uint64_t labels[] = {1, 1, 0, 0, 1, 0}, broken[] = {2, 0, 1, 1, 1, 2};
    for (size_t t = 0; t < 6; t++) {
        te_census_task task = task_of(census, t);
        assert_int_equal(task.labels, labels[t]);
        assert_int_equal(task.broken, broken[t]);
        assert_int_equal(task.absent, 3 - labels[t] - broken[t]);
    }
    te_census_free(census);
}

static void a_link_to_nowhere_is_broken(void **state)
{
    (void)state;
    write_good();
    assert_int_equal(symlink("nowhere.png", path_of("sal/b.png")), 0);
    te_census *census = run("1");
    assert_true(told(census, "sal/b.png': it is a link to what is not there"));
    assert_int_equal(task_of(census, SAL).broken, 1);
    assert_int_equal(task_of(census, SAL).absent, 1);
    te_census_free(census);
}

/* ---- files that belong to no picture ---- */

static void strays_are_counted(void **state)
{
    (void)state;
    static const char *const files[] = {"semseg/X.jpg", "semseg/a.jpg", "semseg/c.Png", "semseg/below/z.png",
                                        "semseg/below/v.png", "semseg/.hidden", "depth/a.png", "depth/w.NPY", "edge/v.PNG"};
    write_good();
    mkdir(path_of("semseg/below"), 0777);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_text(files[i], "");
    }
    assert_int_equal(symlink(".", path_of("semseg/round")), 0);
    te_census *census = run("1");
    assert_int_equal(task_of(census, SEMSEG).strays, 0); /* there is no list of the other split */
    te_census_free(census);
    write_text("gt_sets/val.txt", "./below//v\nv\n");
    census = run("1");
    te_census_info info;
    assert_ok(te_census_get_info(census, &info));
    assert_int_equal(info.problems, 0);
    assert_int_equal(task_of(census, SEMSEG).strays, 4);
    assert_string_equal(task_of(census, SEMSEG).stray, "semseg/X.jpg");
    assert_int_equal(task_of(census, DEPTH).strays, 1); /* a.png has a.npy before it, but is a's */
    assert_string_equal(task_of(census, DEPTH).stray, "depth/w.NPY");
    assert_int_equal(task_of(census, EDGE).strays, 0);
    assert_null(task_of(census, EDGE).stray);
    assert_ok(te_census_save(census, path_of("out")));
    te_census_free(census);
    json_t *json = json_load_file(path_of("out/check_train.json"), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(json, "tasks"), 0), "strays")), 4);
    json_decref(json);
}

static te_status fail_list(const char *text)
{
    te_census *census = (te_census *)1;
    te_census_options options = {.split = "train"};
    write_text("gt_sets/train.txt", text);
    te_status status = te_census_run(&census, settings, &options);
    assert_ptr_equal(census, (te_census *)1);
    return status;
}

static void lists_that_cannot_be_read_fail(void **state)
{
    (void)state;
    write_good();
    assert_int_equal(fail_list(""), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "train.txt' is empty"));
    assert_int_equal(fail_list("a\n../a\n"), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "line 2"));
    te_census *census;
    assert_int_equal(te_census_run(&census, settings, NULL), TE_ERR_FILE); /* val */
    assert_non_null(strstr(te_last_error(), "gt_sets/val.txt'"));
    te_census_options options = {.split = "test"};
    assert_int_equal(te_census_run(&census, settings, &options), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "'test'"));
}

/* ---- runs ---- */

static char *read_all(const char *name, size_t *bytes)
{
    static char text[1 << 20];
    FILE *file = fopen(path_of(name), "rb");
    assert_non_null(file);
    *bytes = fread(text, 1, sizeof text - 1, file);
    text[*bytes] = '\0';
    fclose(file);
    return text;
}

static void threads_change_nothing(void **state)
{
    (void)state;
    size_t bytes[2];
    static char first[2][1 << 20];
    static const char *const names[] = {"out/check_train.json", "out/check_train.png"};
    write_bad();
    te_census *census = run("1");
    assert_ok(te_census_save(census, path_of("out")));
    for (int i = 0; i < 2; i++) {
        char *text = read_all(names[i], &bytes[i]);
        memcpy(first[i], text, bytes[i]);
    }
    te_census_free(census);
    census = run("5");
    assert_ok(te_census_save(census, path_of("out")));
    te_census_free(census);
    for (int i = 0; i < 2; i++) {
        size_t now;
        assert_memory_equal(read_all(names[i], &now), first[i], bytes[i]);
        assert_int_equal(now, bytes[i]);
    }
    json_t *json = json_loads(first[0], 0, NULL); /* the rest is zeros */
    assert_non_null(json);
    assert_int_equal(json_integer_value(json_object_get(json, "problem_count")), 9);
    assert_int_equal(json_array_size(json_object_get(json, "problems")), 9);
    json_t *semseg = json_array_get(json_object_get(json, "tasks"), 0);
    assert_int_equal(json_integer_value(json_object_get(semseg, "broken")), 2);
    assert_int_equal(json_array_size(json_object_get(semseg, "classes")), 21);
    json_decref(json);
}

static te_status observe(const te_census_report *report, void *context)
{
    uint64_t *calls = context;
    (*calls)++;
    assert_int_equal(report->done, *calls);
    assert_string_equal(report->picture, *calls == 1 ? "gone" : *calls == 2 ? "a" : "garbage");
    if (*calls == 3) {
        te_interrupt();
    }
    return TE_OK;
}

static void runs_are_stopped_and_cut_short(void **state)
{
    (void)state;
    te_census *census;
    uint64_t calls = 0;
    write_bad();
    te_census_options options = {.split = "train", .report = observe, .context = &calls};
    assert_int_equal(te_census_run(&census, settings, &options), TE_ERR_INTERRUPTED);
    assert_int_equal(calls, 3);
    calls = 0;
    options.count = 2;
    assert_ok(te_census_run(&census, settings, &options));
    assert_int_equal(calls, 2);
    te_census_info info;
    assert_ok(te_census_get_info(census, &info));
    assert_int_equal(info.pictures, 2);
    te_census_free(census);
}

static void rooms_have_a_census_too(void **state)
{
    (void)state;
    te_census *census;
    te_census_info info;
    te_census_options options = {.split = "train"};
    assert_ok(te_settings_set(settings, "data.source", "rooms"));
    assert_ok(te_settings_set(settings, "data.val_scenes", "3"));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "22"));
    assert_ok(te_census_run(&census, settings, &options));
    assert_ok(te_census_get_info(census, &info));
    assert_int_equal(info.pictures, 3);
    assert_null(info.list);
    assert_true(info.min_width == 64 && info.max_height == 32);
    assert_int_equal(task_of(census, DEPTH).valid, 3 * 64 * 32);
    te_census_free(census);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_those_of_the_files), TEST(means_are_those_of_the_files), TEST(means_of_a_cell),
        TEST(a_label_without_a_valid_pixel_has_no_range), TEST(every_broken_file_is_named), TEST(a_link_to_nowhere_is_broken),
        TEST(strays_are_counted), TEST(lists_that_cannot_be_read_fail), TEST(threads_change_nothing),
        TEST(runs_are_stopped_and_cut_short), TEST(rooms_have_a_census_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
