/* Saved predictions: what infer writes is read back, other programs' kinds of files are, and what is wrong with bad ones. */
#include "base/files.h"
#include "base/log.h"
#include "data/npy.h"
#include "data/png.h"
#include "eval/prediction.h"
#include "eval/saved_maps.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/assert.h"

enum { W = 13, H = 9, AREA = W * H, CLASSES = 21, ALL = (1 << TE_TASK_COUNT) - 1 };

static char root[64];
static te_config config; /* all tasks, in the table's order */

static int set_up(void **state)
{
    (void)state;
    config = (te_config){.task_count = TE_TASK_COUNT};
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        config.tasks[t] = (te_task_id)t;
        config.task_names[t] = te_tasks[t].name;
        config.channels[t] = t == TE_SEMSEG ? CLASSES : te_tasks[t].channels;
    }
    strcpy(root, "/tmp/te_saved_XXXXXX");
    return mkdtemp(root) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

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

/* ---- a prediction of which infer could have made the files ---- */

typedef struct made {
    uint8_t classes[2][AREA];
    float sal[AREA], edge[AREA], depth[AREA], normals[3 * AREA];
    te_prediction prediction;
} made;

static void make(made *at)
{
    for (int i = 0; i < AREA; i++) {
        at->classes[0][i] = (uint8_t)(i * 7 / 5 % CLASSES);
        at->classes[1][i] = (uint8_t)(i / 11 % 7);
        at->sal[i] = (float)((i * 37) % 101) / 101.0f;
        at->edge[i] = i == 5 ? 1.0f : (float)i * 0.001f;
        at->depth[i] = i == 7 ? 0.0f : i == 8 ? 70.0f : 0.3f + (float)i * 0.04321f;
        double angle = 0.1 * i, z = cos(0.3 * i);
        double v[3] = {sin(angle) * sqrt(1 - z * z), cos(angle) * sqrt(1 - z * z), z};
        for (int c = 0; c < 3; c++) {
            at->normals[3 * i + c] = i == 9 ? 0.0f : (float)v[c];
        }
    }
    at->prediction = (te_prediction){.config = config};
    const float *const values[TE_TASK_COUNT] = {NULL, NULL, at->sal, at->normals, at->edge, at->depth};
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        at->prediction.maps[t] = (te_map){.task = te_tasks[t].name, .width = W, .height = H, .values = values[t],
                                          .channels = t == TE_NORMALS ? 3 : 1, .classes = t < 2 ? at->classes[t] : NULL};
    }
}

static void load(const char *name, te_map maps[TE_TASK_COUNT])
{
    assert_ok(te_saved_maps_load(root, name, &config, ALL, W, H, maps));
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        assert_string_equal(maps[t].task, te_tasks[t].name);
        assert_int_equal(maps[t].width, W);
        assert_int_equal(maps[t].height, H);
        assert_int_equal(maps[t].channels, t == TE_NORMALS ? 3 : 1);
        assert_int_equal(maps[t].classes != NULL, t < 2);
        assert_int_equal(maps[t].values != NULL, t >= 2);
    }
}

static void drop(te_map maps[TE_TASK_COUNT])
{
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_map_free(&maps[t]);
    }
}

static void numpy_files_come_back_bit_for_bit(void **state)
{
    (void)state;
    static made at;
    te_map maps[TE_TASK_COUNT];
    make(&at);
    assert_ok(te_prediction_save(&at.prediction, root, "a", TE_SAVE_MAPS | TE_SAVE_NPY));
    load("a", maps); /* not the PNG files beside them */
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        const te_map *own = &at.prediction.maps[t];
        assert_memory_equal(own->classes ? (const void *)maps[t].classes : (const void *)maps[t].values,
                            own->classes ? (const void *)own->classes : (const void *)own->values,
                            own->classes ? AREA : (size_t)maps[t].channels * AREA * sizeof(float));
    }
    drop(maps);
}

static void expect_near(const float *got, const float *own, int count, float most)
{
    for (int i = 0; i < count; i++) {
        if (!(fabsf(got[i] - own[i]) <= most)) {
            fail_msg("value %d is %g, not %g", i, (double)got[i], (double)own[i]);
        }
    }
}

/* Classes lie in colours above a legend, which makes such a small picture wider, too. */
static void pictures_come_back_as_exactly_as_they_can(void **state)
{
    (void)state;
    static made at;
    te_map maps[TE_TASK_COUNT];
    make(&at);
    assert_ok(te_prediction_save(&at.prediction, root, "a", TE_SAVE_MAPS));
    load("a", maps);
    assert_memory_equal(maps[TE_SEMSEG].classes, at.classes[0], AREA);
    assert_memory_equal(maps[TE_HUMAN_PARTS].classes, at.classes[1], AREA);
    expect_near(maps[TE_SAL].values, at.sal, AREA, 0.501f / 255);
    expect_near(maps[TE_EDGE].values, at.edge, AREA, 0.501f / 255);
    expect_near(maps[TE_NORMALS].values, at.normals, 3 * AREA, 1.5f / 255);
    at.depth[8] = 65.535f;
    expect_near(maps[TE_DEPTH].values, at.depth, AREA, 0.00051f);
    assert_true(maps[TE_NORMALS].values[27] == 0 && maps[TE_NORMALS].values[28] == 0 && maps[TE_NORMALS].values[29] == 0);
    for (int i = 0; i < AREA; i++) {
        const float *v = maps[TE_NORMALS].values + 3 * i;
        assert_true(i == 9 || fabsf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] - 1) < 1e-5f);
    }
    drop(maps);
}

/* More classes than a legend has columns for, and NYUD's, whose colours begin at another. */
static void many_classes_come_back_from_their_colours(void **state)
{
    (void)state;
    static const int counts[] = {2, 22, 40, 255};
    static made at;
    te_map maps[TE_TASK_COUNT];
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        config.channels[TE_SEMSEG] = counts[k];
        make(&at);
        for (int i = 0; i < AREA; i++) {
            at.classes[0][i] = (uint8_t)(i * 13 % counts[k]);
        }
        assert_ok(te_prediction_save(&at.prediction, root, "a", TE_SAVE_MAPS));
        load("a", maps);
        assert_memory_equal(maps[TE_SEMSEG].classes, at.classes[0], AREA);
        drop(maps);
    }
}

/* As most pictures are: a legend then only adds to the height. */
static void a_picture_wider_than_its_legend_comes_back(void **state)
{
    (void)state;
    enum { WIDE = 1400, HIGH = 5 };
    static uint8_t classes[WIDE * HIGH];
    te_prediction prediction = {.config = config};
    te_map maps[TE_TASK_COUNT];
    uint8_t *file;
    size_t bytes;
    uint32_t width, height;
    for (int i = 0; i < WIDE * HIGH; i++) {
        classes[i] = (uint8_t)(i % CLASSES);
    }
    prediction.config.task_count = config.task_count = 1;
    prediction.maps[0] = (te_map){.task = "semseg", .width = WIDE, .height = HIGH, .channels = 1, .classes = classes};
    assert_ok(te_prediction_save(&prediction, root, "a", TE_SAVE_MAPS));
    assert_ok(te_file_read(path_of("a_semseg.png"), 1 << 20, &file, &bytes));
    assert_true(te_png_get_size(file, bytes, &width, &height) && width == WIDE && height > HIGH);
    free(file);
    assert_ok(te_saved_maps_load(root, "a", &config, 1 << 0, WIDE, HIGH, maps));
    assert_memory_equal(maps[0].classes, classes, sizeof classes);
    drop(maps);
}

/* What they were called when they were drawn makes the legend's size, and is not known when they are read. */
static void colours_come_back_whatever_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"", "x", "WWWWWWWWWWWWWWWWWWWWWWW, WWWWWWWWWWWWWWWWWWWWWWW, %n"};
    static made at;
    te_map maps[TE_TASK_COUNT];
    make(&at);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        snprintf(at.prediction.config.semseg_names, sizeof at.prediction.config.semseg_names, "%s", names[k]);
        assert_ok(te_prediction_save(&at.prediction, root, "a", TE_SAVE_MAPS));
        load("a", maps);
        assert_memory_equal(maps[TE_SEMSEG].classes, at.classes[0], AREA);
        drop(maps);
    }
}

static void only_tasks_that_are_wanted_are_read(void **state)
{
    (void)state;
    te_map maps[TE_TASK_COUNT];
    uint8_t grey[AREA] = {0, 255, 51};
    mkdir(path_of("below"), 0777);
    assert_ok(te_png_save_grey(path_of("below/b.c_sal.png"), W, H, grey));
    assert_ok(te_saved_maps_load(root, "below/b.c", &config, 1 << TE_SAL, W, H, maps));
    assert_null(maps[TE_SEMSEG].classes);
    assert_null(maps[TE_DEPTH].values);
    assert_true(maps[TE_SAL].values[1] == 1.0f && maps[TE_SAL].values[2] == 0.2f && maps[TE_SAL].values[3] == 0.0f);
    drop(maps);
    maps[0].width = 77;
    assert_int_equal(te_saved_maps_load(root, "below/b.c", &config, 1 << TE_SAL | 1 << TE_DEPTH, W, H, maps), TE_ERR_FILE);
    assert_int_equal(maps[0].width, 77); /* untouched */
    assert_non_null(strstr(te_last_error(), "/below/b.c_depth.npy' and no '..._depth_mm.png'"));
}

/* ---- which tasks there are ---- */

static char warnings[1024];

static void listen(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_WARNING) {
        strncat(warnings, line, sizeof warnings - strlen(warnings) - 1);
        strcat(warnings, "\n");
    }
}

static void tasks_nobody_saved_are_told(void **state)
{
    (void)state;
    unsigned tasks = 77;
    assert_int_equal(te_saved_maps_find(path_of("none"), &config, &tasks), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "none': No such file"));
    write_bytes("a_gates_sal.png", "", 0);
    write_bytes("a_overview.png", "", 0);
    write_bytes("_edge.png", "", 0);
    write_bytes(".hidden_edge.png", "", 0);
    write_bytes("depth.npy", "", 0);
    assert_int_equal(te_saved_maps_find(root, &config, &tasks), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "holds no maps: they are called <picture>_semseg.npy"));
    assert_int_equal(tasks, 77);
    mkdir(path_of("below"), 0777);
    write_bytes("below/a_edge.npy", "", 0);
    write_bytes("a_depth_mm.png", "", 0);
    warnings[0] = '\0';
    te_set_log(listen, NULL);
    assert_ok(te_saved_maps_find(root, &config, &tasks));
    te_set_log(NULL, NULL);
    assert_int_equal(tasks, 1 << TE_EDGE | 1 << TE_DEPTH);
    assert_non_null(strstr(warnings, "no maps of 'sal': it gets no scores\n"));
    assert_null(strstr(warnings, "'edge'"));
}

/* ---- what other programs may write ---- */

static void write_npy(const char *name, const char *header, const void *data, size_t bytes)
{
    static uint8_t file[1 << 14];
    size_t length = strlen(header);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + 10, header, length);
    memcpy(file + 10 + length, data, bytes);
    write_bytes(name, file, 10 + length + bytes);
}

static te_status load_task(te_task_id task, te_map *map)
{
    te_map maps[TE_TASK_COUNT];
    TE_TRY(te_saved_maps_load(root, "a", &config, 1u << task, W, H, maps));
    *map = maps[task];
    return TE_OK;
}

static void classes_of_other_programs(void **state)
{
    (void)state;
    static made at;
    te_map map;
    make(&at);
    int64_t wide[AREA];
    int32_t integers[AREA];
    double doubles[AREA];
    for (int i = 0; i < AREA; i++) {
        wide[i] = integers[i] = at.classes[0][i];
        doubles[i] = at.classes[0][i];
    }
    assert_ok(te_png_save_grey(path_of("a_semseg.png"), W, H, at.classes[0]));
    for (int kind = 0; kind < 4; kind++) {
        assert_ok(load_task(TE_SEMSEG, &map));
        assert_memory_equal(map.classes, at.classes[0], AREA);
        te_map_free(&map);
        if (kind == 0) {
            write_npy("a_semseg.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (9, 13), }", wide, sizeof wide);
        } else if (kind == 1) {
            write_npy("a_semseg.npy", "{'descr': '<i4', 'fortran_order': False, 'shape': (9, 13, 1), }", integers,
                      sizeof integers);
        } else {
            write_npy("a_semseg.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (9, 13), }", doubles, sizeof doubles);
        }
    }
}

static void values_of_other_programs(void **state)
{
    (void)state;
    te_map map;
    uint16_t whole[AREA] = {0, 1500, 65535};
    assert_ok(te_png_save_grey16(path_of("a_sal.png"), W, H, whole));
    assert_ok(load_task(TE_SAL, &map));
    assert_true(map.values[2] == 1.0f && fabsf(map.values[1] - 1500 / 65535.0f) < 1e-7f);
    te_map_free(&map);
    write_npy("a_depth.npy", "{'descr': '<u2', 'fortran_order': False, 'shape': (9, 13), }", whole, sizeof whole);
    assert_ok(load_task(TE_DEPTH, &map));
    assert_true(map.values[0] == 0.0f && map.values[1] == 1.5f && map.values[2] == 65.535f);
    te_map_free(&map);
    float metres[AREA] = {-1.0f, 2.0f}, vectors[3 * AREA] = {0, 0, -4, 3, 0, 4, 0, 0, 0, 0.3f};
    assert_ok(te_npy_save_float(path_of("a_depth.npy"), 2, (int64_t[]){H, W}, metres));
    assert_ok(load_task(TE_DEPTH, &map));
    assert_true(map.values[0] == 0.0f && map.values[1] == 2.0f); /* as readings of logits are cut */
    te_map_free(&map);
    assert_ok(te_npy_save_float(path_of("a_normals.npy"), 3, (int64_t[]){H, W, 3}, vectors));
    assert_ok(load_task(TE_NORMALS, &map));
    assert_true(map.values[2] == -1.0f && map.values[3] == 0.6f && map.values[5] == 0.8f && map.values[6] == 0.0f);
    assert_true(map.values[9] == 1.0f); /* however short */
    te_map_free(&map);
    unlink(path_of("a_normals.npy"));
    uint8_t rgb[3 * AREA] = {178, 128, 128, 200, 128, 128}; /* of bytes only from a half on */
    assert_ok(te_png_save_rgb(path_of("a_normals.png"), W, H, rgb));
    assert_ok(load_task(TE_NORMALS, &map));
    assert_true(map.values[0] == 0.0f && map.values[3] > 0.99f);
    te_map_free(&map);
}

/* ---- what is wrong ---- */

static void expect_bad(te_task_id task, const char *a, const char *b)
{
    te_map map = {.width = 77};
    assert_int_equal(load_task(task, &map), TE_ERR_FORMAT);
    assert_int_equal(map.width, 77);
    if (!strstr(te_last_error(), a) || !strstr(te_last_error(), b) || strchr(te_last_error(), '\n')) {
        fail_msg("'%s' does not say '%s' and '%s' in one line", te_last_error(), a, b);
    }
}

static void bad_pictures(void **state)
{
    (void)state;
    static uint8_t grey[AREA], rgb[3 * AREA * 100];
    grey[W + 2] = CLASSES;
    assert_ok(te_png_save_grey(path_of("a_semseg.png"), W, H, grey));
    expect_bad(TE_SEMSEG, "a_semseg.png' holds 21 at (2,1)", "a class from 0 to 20");
    assert_ok(te_png_save_grey16(path_of("a_semseg.png"), W, H, (const uint16_t[AREA]){0}));
    expect_bad(TE_SEMSEG, "a_semseg.png' has 1 channels of 16 bits", "grey of 8 bits");
    assert_ok(te_png_save_grey(path_of("a_semseg.png"), H, W, grey));
    expect_bad(TE_SEMSEG, "a_semseg.png' has 9 x 13 pixels", "its picture 13 x 9");
    rgb[3 * (W + 2)] = 1;
    assert_ok(te_png_save_rgb(path_of("a_semseg.png"), W, H, rgb));
    expect_bad(TE_SEMSEG, "has the colour (1,0,0) at (2,1)", "no class of 'semseg'");
    memset(rgb, 0, sizeof rgb);
    assert_ok(te_png_save_rgb(path_of("a_semseg.png"), W, 10 * H, rgb)); /* larger, but not for a legend */
    expect_bad(TE_SEMSEG, "a_semseg.png' has 13 x 90 pixels", "its picture 13 x 9");
    for (int y = 0; y <= H; y++) { /* nor these, of a map that is wider or higher */
        rgb[3 * (y * (W + 2) + W)] = 128;
    }
    memset(rgb + 3 * H * (W + 2), 255, 3 * (W + 2));
    assert_ok(te_png_save_rgb(path_of("a_semseg.png"), W + 2, H + 2, rgb));
    expect_bad(TE_SEMSEG, "a_semseg.png' has 15 x 11 pixels", "its picture 13 x 9");
    memset(rgb, 0, sizeof rgb);
    static const uint8_t huge[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff";
    write_bytes("a_semseg.png", huge, sizeof huge - 1);
    expect_bad(TE_SEMSEG, "a_semseg.png' has 65535 x 65535 pixels", "its picture 13 x 9");
    rgb[4] = 9;
    assert_ok(te_png_save_rgb(path_of("a_edge.png"), W, H, rgb));
    expect_bad(TE_EDGE, "a_edge.png' shows colours", "must be grey");
    assert_ok(te_png_save_grey(path_of("a_depth_mm.png"), W, H, grey));
    expect_bad(TE_DEPTH, "a_depth_mm.png' has 1 channels of 8 bits", "16 bits, in millimetres");
    assert_ok(te_png_save_grey(path_of("a_normals.png"), W, H, grey));
    expect_bad(TE_NORMALS, "a_normals.png' has 1 channels of 8 bits", "must be RGB");
    assert_ok(te_png_save_grey(path_of("a_sal.png"), W, H, grey));
    truncate(path_of("a_sal.png"), 50);
    expect_bad(TE_SAL, "a_sal.png'", "cut short");
    write_bytes("a_sal.png", "no picture", 10);
    expect_bad(TE_SAL, "cannot decode", "a_sal.png'");
}

static void bad_numpy_files(void **state)
{
    (void)state;
    float values[3 * AREA] = {0};
    values[3] = 1.5f;
    assert_ok(te_npy_save_float(path_of("a_edge.npy"), 2, (int64_t[]){H, W}, values));
    expect_bad(TE_EDGE, "a_edge.npy' holds 1.5 at (3,0)", "a probability from 0 to 1");
    assert_ok(te_npy_save_float(path_of("a_semseg.npy"), 2, (int64_t[]){H, W}, values));
    expect_bad(TE_SEMSEG, "a_semseg.npy' holds 1.5 at (3,0)", "a class from 0 to 20");
    values[3] = NAN;
    assert_ok(te_npy_save_float(path_of("a_edge.npy"), 2, (int64_t[]){H, W}, values));
    expect_bad(TE_EDGE, "a_edge.npy' holds", "(3,0)");
    assert_ok(te_npy_save_float(path_of("a_normals.npy"), 3, (int64_t[]){H, W, 3}, values));
    expect_bad(TE_NORMALS, "a_normals.npy' holds", "(1,0); 'normals' must be a finite number");
    assert_ok(te_npy_save_float(path_of("a_normals.npy"), 3, (int64_t[]){3, H, W}, values));
    expect_bad(TE_NORMALS, "a_normals.npy'", "(height,width,3)");
    assert_ok(te_npy_save_float(path_of("a_depth.npy"), 2, (int64_t[]){W, H}, values));
    expect_bad(TE_DEPTH, "a_depth.npy' has 9 x 13 pixels", "its picture 13 x 9");
    double far[AREA] = {1e300};
    write_npy("a_depth.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (9, 13), }", far, sizeof far);
    expect_bad(TE_DEPTH, "a_depth.npy' holds 1e+300 at (0,0)", "a finite number");
    write_npy("a_depth.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (9, 1300000), }", far, sizeof far);
    expect_bad(TE_DEPTH, "a_depth.npy'", "as many numbers as its shape says");
    write_npy("a_depth.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (9, 13), }", far, sizeof far);
    expect_bad(TE_DEPTH, "a_depth.npy'", "float32, float64 or uint16");
    write_npy("a_semseg.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': (9, 13), }", far, AREA);
    expect_bad(TE_SEMSEG, "a_semseg.npy'", "uint8, uint16, int32, int64");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(numpy_files_come_back_bit_for_bit), TEST(pictures_come_back_as_exactly_as_they_can),
        TEST(many_classes_come_back_from_their_colours), TEST(colours_come_back_whatever_their_names),
        TEST(a_picture_wider_than_its_legend_comes_back), TEST(only_tasks_that_are_wanted_are_read),
        TEST(tasks_nobody_saved_are_told), TEST(classes_of_other_programs), TEST(values_of_other_programs), TEST(bad_pictures),
        TEST(bad_numpy_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
