/* Maps read from logits, against a straightforward double-precision version. */
#include "data/map.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static uint32_t noise_state = 1;

/* -1 to 1 */
static float noise(void)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return (float)(noise_state >> 8) / 8388608.0f - 1.0f;
}

/* Logits (K,H,W) with structure and noise; free() them. */
static float *make_logits(int channels, int height, int width)
{
    float *logits = malloc((size_t)channels * (size_t)height * (size_t)width * sizeof *logits);
    assert_non_null(logits);
    for (int i = 0; i < channels * height * width; i++) {
        int x = i % width, y = i / width % height, k = i / width / height;
        logits[i] = 3.0f * sinf(0.3f * (float)(x + k * 5) + 0.2f * (float)(y * k)) + 0.5f * noise();
    }
    return logits;
}

/* Of one output position: the two region positions around it and the second one's weight. */
static double neighbours(int from, int to, int output, int *first, int *second)
{
    double at = (output + 0.5) * from / to - 0.5;
    at = at < 0.0 ? 0.0 : at > from - 1 ? from - 1 : at;
    *first = (int)at;
    *second = *first + 1 < from ? *first + 1 : *first;
    return at - *first;
}

/* Reading before interpolation, of channel k at input pixel (x,y). */
static double reading_of(te_task_id task, const float *logits, const te_fit *fit, int k, int y, int x)
{
    size_t plane = (size_t)fit->input_height * (size_t)fit->input_width;
    size_t at = (size_t)(fit->top + y) * (size_t)fit->input_width + (size_t)(fit->left + x);
    double logit = (double)logits[(size_t)k * plane + at];
    switch (te_tasks[task].reading) {
    case TE_READ_FOREGROUND: {
        double other = exp((double)logits[at]), wanted = exp((double)logits[plane + at]);
        return wanted / (other + wanted);
    }
    case TE_READ_SIGMOID: return 1.0 / (1.0 + exp(-logit));
    case TE_READ_METRES: return logit > 0.0 ? logit : 0.0;
    default: return logit;
    }
}

static double interpolated(te_task_id task, const float *logits, const te_fit *fit, int k, int y, int x)
{
    int left, right, upper, lower;
    double across = neighbours(fit->width, fit->picture_width, x, &left, &right);
    double down = neighbours(fit->height, fit->picture_height, y, &upper, &lower);
    return (1 - down) * ((1 - across) * reading_of(task, logits, fit, k, upper, left) +
                         across * reading_of(task, logits, fit, k, upper, right)) +
           down * ((1 - across) * reading_of(task, logits, fit, k, lower, left) +
                   across * reading_of(task, logits, fit, k, lower, right));
}

/* The class found is the best one, or so near to it that single precision may take either. */
static void check_class(te_task_id task, int channels, const float *logits, const te_fit *fit, int y, int x,
                        int class)
{
    double best = -INFINITY;
    for (int k = 0; k < channels; k++) {
        best = fmax(best, interpolated(task, logits, fit, k, y, x));
    }
    assert_in_range(class, 0, channels - 1);
    if (!(interpolated(task, logits, fit, class, y, x) > best - 2e-6)) {
        fail_msg("(%d,%d) is class %d", x, y, class);
    }
}

static void check_values(te_task_id task, const float *logits, const te_fit *fit, int y, int x, const float *values)
{
    double wanted[3], length = 1.0;
    int count = task == TE_NORMALS ? 3 : 1;
    for (int c = 0; c < count; c++) {
        wanted[c] = interpolated(task, logits, fit, task == TE_SAL ? 1 : c, y, x);
    }
    if (task == TE_NORMALS) {
        length = sqrt(wanted[0] * wanted[0] + wanted[1] * wanted[1] + wanted[2] * wanted[2]);
    }
    for (int c = 0; c < count; c++) {
        if (!(fabs((double)values[c] - wanted[c] / length) < 2e-5)) {
            fail_msg("(%d,%d) of %s is %.7f, not %.7f", x, y, te_tasks[task].name, (double)values[c],
                     wanted[c] / length);
        }
    }
}

static void check_map(te_task_id task, int channels, int picture_width, int picture_height, te_fit_kind kind)
{
    te_fit fit = te_fit_picture(picture_width, picture_height, 48, 32, kind);
    float *logits = make_logits(channels, 32, 48);
    te_map map = {0};
    assert_int_equal(te_map_read(&map, task, channels, logits, &fit), TE_OK);
    assert_string_equal(map.task, te_tasks[task].name);
    assert_int_equal(map.width, picture_width);
    assert_int_equal(map.height, picture_height);
    assert_int_equal(map.channels, task == TE_NORMALS ? 3 : 1);
    int class = te_tasks[task].reading == TE_READ_CLASS;
    assert_int_equal(map.classes != NULL, class);
    assert_int_equal(map.values != NULL, !class);
    for (int i = 0; i < picture_width * picture_height; i++) {
        int x = i % picture_width, y = i / picture_width;
        if (class) {
            check_class(task, channels, logits, &fit, y, x, map.classes[i]);
        } else {
            check_values(task, logits, &fit, y, x, map.values + i * map.channels);
        }
    }
    te_map_free(&map);
    free(logits);
}

static void test_all_tasks(void **state)
{
    (void)state;
    static const int sizes[][2] = {{48, 32}, {1, 1}, {97, 61}, {31, 40}, {3, 200}, {200, 3}, {7, 5}, {16, 16}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int task = 0; task < TE_TASK_COUNT; task++) {
            check_map((te_task_id)task, te_tasks[task].channels, sizes[i][0], sizes[i][1], TE_FIT_PAD);
            check_map((te_task_id)task, te_tasks[task].channels, sizes[i][0], sizes[i][1], TE_FIT_STRETCH);
        }
        check_map(TE_SEMSEG, 40, sizes[i][0], sizes[i][1], TE_FIT_PAD);
        check_map(TE_SEMSEG, 1, sizes[i][0], sizes[i][1], TE_FIT_PAD);
    }
    check_map(TE_SEMSEG, 255, 40, 9, TE_FIT_PAD);
}

static te_fit whole(int width, int height, int input_width, int input_height)
{
    return te_fit_picture(width, height, input_width, input_height, TE_FIT_STRETCH);
}

/* torch.nn.functional.interpolate(mode='bilinear') of clamped logits, and of sigmoids. */
static void test_against_pytorch(void **state)
{
    (void)state;
    te_fit fit = whole(5, 4, 3, 2);
    te_map map;
    const float depth[20] = {1.0f,  1.4f,  2.0f,  3.2f, 4.0f, 0.75f, 1.35f, 2.25f, 3.9f, 5.0f,
                             0.25f, 1.25f, 2.75f, 5.3f, 7.0f, 0.0f,  1.2f,  3.0f,  6.0f, 8.0f};
    assert_int_equal(te_map_read(&map, TE_DEPTH, 1, (float[]){1, 2, 4, -1, 3, 8}, &fit), TE_OK);
    for (int i = 0; i < 20; i++) {
        assert_float_equal(map.values[i], depth[i], 2e-6);
    }
    te_map_free(&map);
    const float edge[20] = {
        0.5f, 0.65231883f, 0.88079708f, 0.51368368f, 0.26894142f,
        0.55776464f, 0.60364050f, 0.67245428f, 0.48337425f, 0.35732090f,
        0.67329393f, 0.50628383f, 0.25576867f, 0.42275538f, 0.53407985f,
        0.73105858f, 0.45760550f, 0.04742587f, 0.39244595f, 0.62245933f,
    };
    assert_int_equal(te_map_read(&map, TE_EDGE, 1, (float[]){0, 2, -1, 1, -3, 0.5f}, &fit), TE_OK);
    for (int i = 0; i < 20; i++) {
        assert_float_equal(map.values[i], edge[i], 1e-6);
    }
    te_map_free(&map);
    float logits[24];
    for (int i = 0; i < 24; i++) {
        logits[i] = powf((float)i, 1.5f);
    }
    const float shrunk[8] = {7.951385f, 11.985974f, 17.026403f, 22.826551f,
                             60.437687f, 69.396126f, 78.771957f, 88.547485f};
    fit = whole(4, 2, 6, 4);
    assert_int_equal(te_map_read(&map, TE_DEPTH, 1, logits, &fit), TE_OK);
    for (int i = 0; i < 8; i++) {
        assert_float_equal(map.values[i], shrunk[i], 2e-5);
    }
    te_map_free(&map);
}

/* NaN reads as class 0 and value 0, infinity as a large number; neither spreads further than its neighbours. */
static void test_not_finite(void **state)
{
    (void)state;
    float logits[3 * 4 * 4];
    te_map map;
    te_fit same = whole(4, 4, 4, 4);
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        int channels = task == TE_SEMSEG || task == TE_HUMAN_PARTS ? 3 : te_tasks[task].channels;
        int given = task == TE_HUMAN_PARTS ? 7 : channels;
        float wide[7 * 16] = {0};
        for (int i = 0; i < channels * 16; i++) {
            logits[i] = 1.0f + (float)(i / 16); /* the last class is the best */
        }
        logits[(channels - 1) * 16 + 5] = NAN;
        logits[10] = INFINITY;
        logits[(channels - 1) * 16 + 15] = -INFINITY;
        memcpy(wide, logits, (size_t)channels * 16 * sizeof *wide);
        assert_int_equal(te_map_read(&map, (te_task_id)task, given, wide, &same), TE_OK);
        for (int i = 0; i < 16; i++) {
            if (map.classes) {
                assert_int_equal(map.classes[i], i == 5 || i == 10 ? 0 : i == 15 ? 1 : 2);
            } else if (i == 5) {
                for (int c = 0; c < map.channels; c++) {
                    assert_true(map.values[5 * map.channels + c] == 0.0f);
                }
            } else {
                assert_true(isfinite(map.values[i * map.channels]));
            }
        }
        te_map_free(&map);
    }
}

static void test_zero_normals(void **state)
{
    (void)state;
    const float logits[3 * 2] = {0.0f, 3e-20f, 0.0f, 0.0f, 0.0f, -4e-20f};
    te_fit fit = whole(2, 1, 2, 1);
    te_map map;
    assert_int_equal(te_map_read(&map, TE_NORMALS, 3, logits, &fit), TE_OK);
    for (int i = 0; i < 6; i++) {
        assert_true(map.values[i] == 0.0f); /* too short to say where they point */
    }
    te_map_free(&map);
    const float huge[3] = {1e25f, 0.0f, -1e25f};
    fit = whole(1, 1, 1, 1);
    assert_int_equal(te_map_read(&map, TE_NORMALS, 3, huge, &fit), TE_OK);
    assert_float_equal(map.values[0], 0.70710678, 1e-6);
    assert_float_equal(map.values[2], -0.70710678, 1e-6);
    te_map_free(&map);
    te_map_free(&map); /* zeroed by the first */
}

/* Padding never reaches the map: it holds a class and a depth that the picture's part does not have. */
static void test_padding_is_left_out(void **state)
{
    (void)state;
    te_fit fit = te_fit_picture(100, 20, 32, 32, TE_FIT_PAD);
    assert_int_equal(fit.height, 6);
    float *logits = calloc(2 * 32 * 32, sizeof *logits);
    assert_non_null(logits);
    for (int i = 0; i < 32 * 32; i++) {
        int inside = i / 32 >= fit.top && i / 32 < fit.top + fit.height;
        logits[i] = inside ? 1.0f : 50.0f;
        logits[32 * 32 + i] = inside ? 2.0f : -50.0f;
    }
    te_map map;
    assert_int_equal(te_map_read(&map, TE_SEMSEG, 2, logits, &fit), TE_OK);
    for (int i = 0; i < 100 * 20; i++) {
        assert_int_equal(map.classes[i], 1);
    }
    te_map_free(&map);
    assert_int_equal(te_map_read(&map, TE_DEPTH, 1, logits, &fit), TE_OK);
    for (int i = 0; i < 100 * 20; i++) {
        assert_true(map.values[i] == 1.0f);
    }
    te_map_free(&map);
    free(logits);
}

static void test_arguments(void **state)
{
    (void)state;
    const float logits[4] = {0};
    te_fit fit = whole(1, 1, 1, 1), outside = fit;
    te_map map;
    assert_int_equal(te_map_read(&map, TE_SEMSEG, 0, logits, &fit), TE_ERR_ARGUMENT);
    assert_int_equal(te_map_read(&map, TE_SEMSEG, 256, logits, &fit), TE_ERR_ARGUMENT);
    assert_int_equal(te_map_read(&map, TE_DEPTH, 2, logits, &fit), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "'depth'"));
    outside.left = 1;
    assert_int_equal(te_map_read(&map, TE_DEPTH, 1, logits, &outside), TE_ERR_ARGUMENT);
}

static long most_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss; /* KiB */
}

/* The largest picture with 21 classes: 64 MB of classes, and next to nothing beside. It comes first, because the
 * process's memory never shrinks in this count; sanitizers and valgrind count their own. */
static void test_large_map(void **state)
{
    (void)state;
    enum { SIDE = 8000, CLASSES = 21 };
    te_fit fit = te_fit_picture(SIDE, SIDE, 64, 48, TE_FIT_PAD);
    float *logits = make_logits(CLASSES, 48, 64);
    te_map map;
    long before = most_memory();
    assert_int_equal(te_map_read(&map, TE_SEMSEG, CLASSES, logits, &fit), TE_OK);
    const char *preloaded = getenv("LD_PRELOAD");
    if (!SANITIZED && !(preloaded && strstr(preloaded, "vgpreload"))) {
        assert_true(most_memory() - before < (64 << 10) + (4 << 10));
    }
    for (int i = 0; i < 20000; i++) {
        int x = (int)(fabsf(noise()) * (SIDE - 1)), y = (int)(fabsf(noise()) * (SIDE - 1));
        check_class(TE_SEMSEG, CLASSES, logits, &fit, y, x, map.classes[(size_t)y * SIDE + (size_t)x]);
    }
    te_map_free(&map);
    free(logits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_map),    cmocka_unit_test(test_all_tasks),
        cmocka_unit_test(test_against_pytorch), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_zero_normals), cmocka_unit_test(test_padding_is_left_out),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
