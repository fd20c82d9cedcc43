/* The folder layout: lists, label files of every kind, and what is wrong with bad ones. */
#include "data/folder.h"
#include "data/npy.h"
#include "data/png.h"
#include "support/assert.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { W = 3, H = 2, AREA = W * H };

static const te_task_id all[TE_TASK_COUNT] = {TE_SEMSEG, TE_HUMAN_PARTS, TE_SAL, TE_NORMALS, TE_EDGE, TE_DEPTH};
static const uint8_t zeros[AREA];
static char root[64];

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

static void write_grey(const char *name, const uint8_t *values)
{
    assert_ok(te_png_save_grey(path_of(name), W, H, values));
}

/* A new folder with one picture, `one`, of 3 x 2 pixels, and lists that name it. */
static int set_up(void **state)
{
    (void)state;
    static const char *const folders[] = {"images", "semseg", "human_parts", "sal", "edge", "normals", "depth", "gt_sets"};
    strcpy(root, "/tmp/te_folder_XXXXXX");
    if (!mkdtemp(root)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        mkdir(path_of(folders[i]), 0777);
    }
    uint8_t rgb[3 * AREA];
    for (int i = 0; i < 3 * AREA; i++) {
        rgb[i] = (uint8_t)(10 * i);
    }
    assert_ok(te_png_save_rgb(path_of("images/one.png"), W, H, rgb));
    write_text("gt_sets/train.txt", "one\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

/* ---- opening and loading ---- */

static te_status open_list(te_folder **folder, const char *list)
{
    te_folder_options options = {.layout = te_layout_find(TE_SOURCE_FOLDER), .path = root, .list = list, .tasks = all,
                                 .task_count = TE_TASK_COUNT, .classes = 4};
    *folder = NULL;
    return te_folder_open(folder, &options);
}

static te_example load_one(void)
{
    te_folder *folder;
    te_example example;
    assert_ok(open_list(&folder, "train"));
    assert_int_equal(te_folder_count(folder), 1);
    assert_ok(te_folder_load(folder, 0, &example));
    te_folder_close(folder);
    return example;
}

static void expect_label(te_task_id task, const float *values, int count)
{
    te_example example = load_one();
    assert_non_null(example.labels[task]);
    for (int i = 0; i < count; i++) {
        if (!(fabsf(example.labels[task][i] - values[i]) < 1e-6f)) {
            fail_msg("%s[%d] is %g, not %g", te_tasks[task].name, i, (double)example.labels[task][i], (double)values[i]);
        }
    }
    te_example_clear(&example);
}

static void expect_said(const char *a, const char *b)
{
    if (!strstr(te_last_error(), a) || !strstr(te_last_error(), b) || strchr(te_last_error(), '\n')) {
        fail_msg("'%s' does not say '%s' and '%s' in one line", te_last_error(), a, b);
    }
}

/* The picture cannot be loaded, for a reason that names both parts. */
static void expect_bad_label(const char *a, const char *b)
{
    te_folder *folder;
    te_example example = {.width = 77};
    assert_ok(open_list(&folder, "train"));
    assert_int_equal(te_folder_load(folder, 0, &example), TE_ERR_FORMAT);
    assert_int_equal(example.width, 77); /* untouched */
    expect_said(a, b);
    te_folder_close(folder);
}

static void expect_bad_list(const char *a, const char *b)
{
    te_folder *folder;
    assert_int_not_equal(open_list(&folder, "train"), TE_OK);
    assert_null(folder);
    expect_said(a, b);
}

/* ---- label files ---- */

static void class_files(void **state)
{
    (void)state;
    write_grey("semseg/one.png", (uint8_t[]){0, 1, 2, 3, 255, 0});
    expect_label(TE_SEMSEG, (float[]){0, 1, 2, 3, 255, 0}, AREA);
    write_grey("semseg/one.png", (uint8_t[]){0, 1, 2, 3, 4, 0});
    expect_bad_label("semseg/one.png' holds class 4 at (1,1)", "4 classes, 0 to 3");
    write_grey("semseg/one.png", zeros);
    write_grey("human_parts/one.png", (uint8_t[]){0, 6, 255, 7, 0, 0});
    expect_bad_label("human_parts/one.png' holds class 7 at (0,1)", "7 classes");
}

/* A palette's colours say nothing: its indices are the classes. */
static void palette_files(void **state)
{
    (void)state;
    const uint8_t indices[AREA] = {3, 0, 1, 2, 2, 0}, map[4 * 3] = {0, 0, 0, 200, 0, 0, 0, 200, 0, 9, 9, 200};
    png_image image = {.version = PNG_IMAGE_VERSION, .width = W, .height = H, .format = PNG_FORMAT_RGB_COLORMAP,
                       .colormap_entries = 4};
    assert_int_not_equal(png_image_write_to_file(&image, path_of("semseg/one.png"), 0, indices, 0, map), 0);
    uint8_t *data = NULL;
    FILE *file = fopen(path_of("semseg/one.png"), "rb");
    assert_non_null(file);
    data = calloc(1, 64);
    assert_non_null(data);
    assert_true(fread(data, 1, 26, file) == 26);
    fclose(file);
    assert_int_equal(data[25], PNG_COLOR_TYPE_PALETTE);
    assert_true(data[24] < 8); /* and packed, too */
    free(data);
    expect_label(TE_SEMSEG, (float[]){3, 0, 1, 2, 2, 0}, AREA);
}

static void marks_of_both_kinds(void **state)
{
    (void)state;
    write_grey("sal/one.png", (uint8_t[]){0, 255, 255, 0, 0, 255});
    expect_label(TE_SAL, (float[]){0, 1, 1, 0, 0, 1}, AREA);
    write_grey("sal/one.png", (uint8_t[]){0, 1, 255, 0, 0, 1}); /* with a 1, 255 is ignored */
    expect_label(TE_SAL, (float[]){0, 1, 255, 0, 0, 1}, AREA);
    write_grey("edge/one.png", (uint8_t[]){0, 0, 255, 0, 0, 0});
    expect_label(TE_EDGE, (float[]){0, 0, 1, 0, 0, 0}, AREA);
    write_grey("edge/one.png", (uint8_t[]){0, 0, 128, 0, 0, 0});
    expect_bad_label("edge/one.png' holds 128 at (2,0)", "0 and 255");
}

static void normals_files(void **state)
{
    (void)state;
    const uint8_t rgb[3 * AREA] = {255, 128, 128, 128, 128, 128, 0, 0, 0, 128, 0, 128, 1, 127, 127, 64, 128, 128};
    assert_ok(te_png_save_rgb(path_of("normals/one.png"), W, H, rgb));
    const float half = 1.0f / 255.0f, short_one = 2 * 64.0f / 255.0f - 1;
    float expected[3 * AREA] = {1,    0, 0, half, 2.0f / 255 - 1, 0, /* x */
                                half, 0, 0, -1,   -half,          0, half, 0, 0, half, -half, 0};
    assert_true(short_one * short_one + 2 * half * half < 0.25f);
    expect_label(TE_NORMALS, expected, 3 * AREA);
    uint8_t rgba[4 * AREA];
    for (int i = 0; i < 4 * AREA; i++) {
        rgba[i] = i % 4 < 3 ? rgb[i / 4 * 3 + i % 4] : 255;
    }
    png_image image = {.version = PNG_IMAGE_VERSION, .width = W, .height = H, .format = PNG_FORMAT_RGBA};
    assert_int_not_equal(png_image_write_to_file(&image, path_of("normals/one.png"), 0, rgba, 0, NULL), 0);
    expect_label(TE_NORMALS, expected, 3 * AREA);
    write_grey("normals/one.png", zeros);
    expect_bad_label("normals/one.png' has 1 channels of 8 bits", "RGB");
    const uint16_t fine[3 * AREA] = {0};
    image.format = PNG_FORMAT_LINEAR_RGB;
    assert_int_not_equal(png_image_write_to_file(&image, path_of("normals/one.png"), 0, fine, 0, NULL), 0);
    expect_bad_label("normals/one.png' has 3 channels of 16 bits", "RGB of 8 bits");
}

static void depth_files(void **state)
{
    (void)state;
    const int64_t shape[3] = {H, W, 1}, flat[1] = {AREA}, turned[2] = {W, H}, pairs[3] = {H, W, 2};
    const float metres[AREA] = {1.5f, 0, -1, NAN, INFINITY, 2}, expected[AREA] = {1.5f, 0, 0, 0, 0, 2};
    const float far[AREA] = {3e38f, 1e5f, 1e4f, 10001, 9, 1}, near[AREA] = {0, 0, 1e4f, 0, 9, 1};
    assert_ok(te_png_save_grey16(path_of("depth/one.png"), W, H, (uint16_t[]){0, 1, 1500, 65535, 2, 3}));
    expect_label(TE_DEPTH, (float[]){0, 0.001f, 1.5f, 65.535f, 0.002f, 0.003f}, AREA);
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 2, shape, metres)); /* comes before the PNG */
    expect_label(TE_DEPTH, expected, AREA);
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 3, shape, metres));
    expect_label(TE_DEPTH, expected, AREA);
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 2, shape, far));
    expect_label(TE_DEPTH, near, AREA);
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 1, flat, metres));
    expect_bad_label("depth/one.npy' is an array of rank 1", "(height,width)");
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 3, pairs, (const float[2 * AREA]){1}));
    expect_bad_label("depth/one.npy' is an array of rank 3", "(height,width)");
    assert_ok(te_npy_save_float(path_of("depth/one.npy"), 2, turned, metres));
    expect_bad_label("depth/one.npy' has 2 x 3 pixels", "images/one.png' 3 x 2");
    unlink(path_of("depth/one.npy"));
    write_grey("depth/one.png", zeros);
    expect_bad_label("depth/one.png' has 1 channels of 8 bits", "16 bits, in millimetres");
}

/* A NumPy file with this header and these bytes behind it. */
static void write_npy(const char *header, const void *data, size_t bytes)
{
    uint8_t file[512] = "\x93NUMPY\x01\x00";
    size_t length = strlen(header);
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + 10, header, length);
    memcpy(file + 10 + length, data, bytes);
    write_bytes("depth/one.npy", file, 10 + length + bytes);
}

static void numpy_types_and_byte_orders(void **state)
{
    (void)state;
    const double metres[AREA] = {1, 2.5, 0, 3, 4, 5};
    const uint8_t big[2 * AREA] = {0x03, 0xe8, 0x00, 0x01, 0, 0, 0xff, 0xff, 0, 2, 0, 3};
    write_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", metres, sizeof metres);
    expect_label(TE_DEPTH, (float[]){1, 2.5f, 0, 3, 4, 5}, AREA);
    write_npy("{'descr': '>u2', 'fortran_order': False, 'shape': (2, 3), }\n", big, sizeof big);
    expect_label(TE_DEPTH, (float[]){1, 0.001f, 0, 65.535f, 0.002f, 0.003f}, AREA);
}

static void broken_numpy_files(void **state)
{
    (void)state;
    static const char *const headers[][2] = {
        {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", "Fortran order"},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", "must be float32"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }", "as many numbers"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, -3), }", "no sense"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3", "no sense"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': 6, }", "no shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "too large"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 2, 3), }", "no sense"},
        {"{}", "must be float32"},
    };
    const double metres[AREA] = {0};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        write_npy(headers[i][0], metres, sizeof metres);
        expect_bad_label("depth/one.npy'", headers[i][1]);
    }
    write_bytes("depth/one.npy", "\x93NUMPY\x01\x00\xff\xff{", 11);
    expect_bad_label("depth/one.npy'", "no such file");
    write_bytes("depth/one.npy", "\x93NUMPY\x01\x00\xff\x00{    ", 15);
    expect_bad_label("depth/one.npy'", "cut short");
    write_text("depth/one.npy", "");
    expect_bad_label("depth/one.npy'", "no such file");
}

static void other_sizes(void **state)
{
    (void)state;
    assert_ok(te_png_save_grey(path_of("sal/one.png"), H, W, zeros));
    expect_bad_label("sal/one.png' has 2 x 3 pixels", "images/one.png' 3 x 2");
    /* A header and nothing else: that is enough to tell. */
    static const uint8_t large[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x1f\x40\0\0\x1f\x40";
    write_bytes("sal/one.png", large, sizeof large - 1);
    expect_bad_label("sal/one.png' has 8000 x 8000 pixels", "images/one.png' 3 x 2");
}

static void absent_labels_are_null(void **state)
{
    (void)state;
    write_grey("sal/one.png", (uint8_t[]){0, 255, 0, 0, 0, 0});
    te_example example = load_one();
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        assert_int_equal(example.labels[t] != NULL, all[t] == TE_SAL);
    }
    assert_string_equal(example.name, "one");
    assert_true(example.width == W && example.height == H && example.rgb[17] == 170);
    te_example_clear(&example);
}

/* A picture of this name is found, and its content counts. */
static void check_picture(te_data_source source, const char *name)
{
    const te_task_id task = TE_EDGE;
    te_folder_options options = {.layout = te_layout_find(source), .path = root, .list = "train", .tasks = &task,
                                 .task_count = 1, .classes = 4};
    te_folder *folder;
    te_example example;
    unlink(path_of("images/one.png"));
    write_grey(name, zeros);
    assert_ok(te_folder_open(&folder, &options));
    assert_ok(te_folder_load(folder, 0, &example));
    te_example_clear(&example);
    te_folder_close(folder);
    unlink(path_of(name));
}

static void endings_of_pictures(void **state)
{
    (void)state;
    static const char *const names[] = {"images/one.jpg", "images/one.jpeg", "images/one.png",
                                        "images/one.JPG", "images/one.JPEG", "images/one.PNG"};
    write_grey("edge/one.png", zeros);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_picture(TE_SOURCE_FOLDER, names[i]);
    }
    check_picture(TE_SOURCE_NYUD, "images/one.png");
    check_picture(TE_SOURCE_NYUD, "images/one.jpg");
}

/* As those of pictures. */
static void endings_in_capitals(void **state)
{
    (void)state;
    static const char *const names[] = {"semseg/one.PNG", "human_parts/one.PNG", "sal/one.PNG", "edge/one.PNG"};
    const uint8_t rgb[3 * AREA] = {255, 128, 128};
    const int64_t shape[2] = {H, W};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        write_grey(names[i], zeros);
    }
    assert_ok(te_png_save_rgb(path_of("normals/one.PNG"), W, H, rgb));
    assert_ok(te_png_save_grey16(path_of("depth/one.PNG"), W, H, (uint16_t[]){1000, 0, 0, 0, 0, 0}));
    te_example example = load_one();
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        assert_non_null(example.labels[t]);
    }
    te_example_clear(&example);
    expect_label(TE_DEPTH, (float[]){1}, 1);
    assert_ok(te_npy_save_float(path_of("depth/one.NPY"), 2, shape, (const float[AREA]){2}));
    expect_label(TE_DEPTH, (float[]){2}, 1);
}

/* What ls shows is there. */
static void links_to_nowhere_are_no_absence(void **state)
{
    (void)state;
    write_grey("edge/one.png", zeros);
    assert_int_equal(symlink("nowhere.png", path_of("semseg/one.png")), 0);
    expect_bad_list("cannot examine '", "semseg/one.png': it is a link to what is not there");
    unlink(path_of("semseg/one.png"));
    rmdir(path_of("sal"));
    assert_int_equal(symlink("/nowhere/sal", path_of("sal")), 0);
    expect_bad_list("cannot examine '", "/sal': it is a link to what is not there");
    unlink(path_of("sal")); /* an absent folder is fine */
    te_example example = load_one();
    te_example_clear(&example);
}

/* ---- lists ---- */

static void lists_as_people_write_them(void **state)
{
    (void)state;
    te_folder *folder;
    mkdir(path_of("images/below"), 0777);
    mkdir(path_of("sal/below"), 0777);
    write_grey("images/below/two..x.png", zeros);
    write_grey("sal/below/two..x.png", zeros);
    write_grey("sal/one.png", zeros);
    write_text("gt_sets/train.txt", "\xef\xbb\xbf\r\n  one \t\r\n\n \n\nbelow/two..x\n");
    assert_ok(open_list(&folder, "train"));
    assert_int_equal(te_folder_count(folder), 2);
    te_example example;
    assert_ok(te_folder_load(folder, 1, &example));
    assert_string_equal(example.name, "below/two..x");
    te_example_clear(&example);
    te_folder_close(folder);
    write_text("other.txt", "one");
    char path[128];
    snprintf(path, sizeof path, "%s/other.txt", root);
    assert_ok(open_list(&folder, path));
    assert_int_equal(te_folder_count(folder), 1);
    te_folder_close(folder);
}

static void bad_lists(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    write_grey("sal/one.png", zeros);
    te_folder *folder = NULL;
    assert_int_equal(open_list(&folder, "none"), TE_ERR_FILE);
    expect_said("none.txt': No such file", "'data.folder' to the folder that holds gt_sets/");
    assert_null(folder);
    write_text("gt_sets/train.txt", "one\n\nthree\n");
    expect_bad_list("train.txt' line 3: there is no picture", "images/three'");
    write_text("gt_sets/train.txt", "one\nx\none \n");
    expect_bad_list("train.txt' names 'one' twice", "lines 1 and 3");
    write_text("gt_sets/train.txt", " \n\r\n");
    expect_bad_list("train.txt' is empty", "one a line");
    write_text("gt_sets/train.txt", "");
    expect_bad_list("train.txt' is empty", "one a line");
    write_text("gt_sets/train.txt", "one\na/../../b\n");
    expect_bad_list("train.txt' line 2", "'..'");
    write_text("gt_sets/train.txt", "..\n");
    expect_bad_list("train.txt' line 1", "'..'");
    write_text("gt_sets/train.txt", "/etc/passwd\n");
    expect_bad_list("train.txt' line 1", "begins with '/'");
    write_text("gt_sets/train.txt", "a\x01z\n");
    expect_bad_list("train.txt' line 1", "control character");
    write_text("gt_sets/train.txt", name);
    expect_bad_list("train.txt' line 1", "longer than 255");
    write_bytes("gt_sets/train.txt", "one\0two\n", 8);
    expect_bad_list("train.txt' is no list", "zero byte");
    unlink(path_of("gt_sets/train.txt"));
    expect_bad_list("cannot open '", "gt_sets/train.txt'");
}

/* ---- which pictures are used ---- */

static char warnings[512];

static void note_warning(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_WARNING) {
        strncat(warnings, line, sizeof warnings - strlen(warnings) - 1);
    }
}

static void pictures_without_labels_are_left_out(void **state)
{
    (void)state;
    te_folder *folder;
    write_text("gt_sets/train.txt", "none\none\n");
    write_grey("images/none.png", zeros);
    assert_int_equal(open_list(&folder, "train"), TE_ERR_FILE);
    expect_said("no picture of '", "/semseg' and so on");
    write_grey("edge/one.png", zeros);
    write_grey("sal/one.png", zeros);
    te_set_log(note_warning, NULL);
    assert_ok(open_list(&folder, "train"));
    te_set_log(NULL, NULL);
    assert_int_equal(te_folder_count(folder), 1);
    assert_int_equal(te_folder_get_labels(folder)[0], 1 << 2 | 1 << 4);
    assert_non_null(strstr(warnings, "1 of the 2 pictures"));
    assert_non_null(strstr(warnings, "has a label of 'semseg'"));
    assert_null(strstr(warnings, "'sal'"));
    te_example example;
    assert_ok(te_folder_load(folder, 0, &example));
    assert_string_equal(example.name, "one");
    te_example_clear(&example);
    te_folder_close(folder);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(class_files),   CASE(palette_files), CASE(marks_of_both_kinds),         CASE(normals_files),
        CASE(depth_files),   CASE(other_sizes),   CASE(numpy_types_and_byte_orders), CASE(broken_numpy_files),
        CASE(absent_labels_are_null), CASE(endings_of_pictures), CASE(endings_in_capitals),
        CASE(links_to_nowhere_are_no_absence), CASE(lists_as_people_write_them), CASE(bad_lists),
        CASE(pictures_without_labels_are_left_out),
    };
    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
