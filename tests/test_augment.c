/* Training samples: against an independent implementation in Python (tests/reference/make_golden_augment.py), and rule by
 * rule. */
#include "data/augment.h"

#include "base/files.h"
#include "base/safetensors.h"
#include "data/decide.h"
#include "data/fit.h"
#include "support/assert.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- golden samples ---- */

static const te_entry *find(const te_safetensors *file, const char *format, const char *a, long n, const char *b)
{
    char name[96];
    snprintf(name, sizeof name, format, a, n, b);
    const te_entry *entry = te_safetensors_find(file, name);
    if (!entry) {
        fail_msg("the golden file lacks '%s'", name);
    }
    return entry;
}

static float *read_entry(const te_entry *entry)
{
    float *values = calloc(entry->count, sizeof *values);
    assert_non_null(values);
    assert_ok(te_entry_read(entry, values));
    return values;
}

static long number_in(const te_safetensors *file, const char *case_name, const char *key, int which)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", case_name, key);
    const char *text = te_safetensors_find_metadata(file, name);
    assert_non_null(text);
    char *end = NULL;
    long value = -1;
    for (int i = 0; i <= which; i++, text = end) {
        value = strtol(text, &end, 10);
        if (end == text) {
            return -1;
        }
    }
    return value;
}

static te_example read_picture(const te_safetensors *file, const char *case_name)
{
    te_example example = {.width = 0};
    char name[96];
    snprintf(name, sizeof name, "%s.rgb", case_name);
    const te_entry *rgb = te_safetensors_find(file, name);
    assert_non_null(rgb);
    example.height = (int)rgb->shape[0];
    example.width = (int)rgb->shape[1];
    example.rgb = malloc(rgb->bytes);
    assert_non_null(example.rgb);
    memcpy(example.rgb, rgb->data, rgb->bytes);
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        snprintf(name, sizeof name, "%s.%s", case_name, te_tasks[task].name);
        const te_entry *label = te_safetensors_find(file, name);
        assert_non_null(label);
        example.labels[task] = read_entry(label);
    }
    return example;
}

/* Places where the two differ by more than rounding. */
static int count_other(const float *got, const float *expected, size_t count)
{
    int other = 0;
    for (size_t i = 0; i < count; i++) {
        other += !(fabsf(got[i] - expected[i]) <= 1e-5f);
    }
    return other;
}

/* Single precision may round a colour that lies on a half to the other side, hence a few places of the image. */
static void compare_sample(const te_safetensors *file, const char *case_name, const te_example *example, long sample,
                           int H, int W)
{
    size_t area = (size_t)H * (size_t)W;
    float *image = calloc(3 * area, sizeof *image), *label = calloc(3 * area, sizeof *label);
    assert_true(image && label);
    te_cut_options options = {0.5f, 2.0f, example->labels[TE_SEMSEG]};
    te_cut cut = te_cut_draw(example, H, W, &options, 5, (uint64_t)sample);
    te_photometric colours = te_photometric_draw(5, (uint64_t)sample);
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        float *expected = read_entry(find(file, "%s.%ld.label.%s", case_name, sample, te_tasks[task].name));
        te_cut_label(&cut, task, example->labels[task], label);
        if (count_other(label, expected, area * (size_t)te_label_channels(task))) {
            fail_msg("%s: sample %ld: '%s' differs", case_name, sample, te_tasks[task].name);
        }
        free(expected);
    }
    float *expected = read_entry(find(file, "%s.%ld.%s", case_name, sample, "image"));
    assert_ok(te_cut_image(&cut, example, &colours, image));
    int other = count_other(image, expected, 3 * area);
    if (other > 6) {
        fail_msg("%s: sample %ld: the image differs in %d values", case_name, sample, other);
    }
    free(expected);
    free(image);
    free(label);
}

static void samples_equal_the_reference(void **state)
{
    (void)state;
    static const char *const cases[] = {"large", "small", "even", "dull"};
    te_safetensors *file;
    uint8_t *bytes;
    size_t size;
    assert_ok(te_file_read(TE_TEST_GOLDEN "/augment.safetensors", 1 << 24, &bytes, &size));
    assert_ok(te_safetensors_open_memory(&file, bytes, size, "augment.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_example example = read_picture(file, cases[i]);
        int H = (int)number_in(file, cases[i], "size", 0), W = (int)number_in(file, cases[i], "size", 1), n = 0;
        for (long sample; (sample = number_in(file, cases[i], "samples", n)) >= 0; n++) {
            compare_sample(file, cases[i], &example, sample, H, W);
        }
        assert_true(n >= 3);
        te_example_clear(&example);
    }
    te_safetensors_close(file);
    free(bytes);
}

/* ---- pictures to try rules on ---- */

/* Every pixel of every label is another number, where the label allows it. */
static te_example make_example(int height, int width)
{
    te_example example = {.width = width, .height = height};
    size_t area = (size_t)height * (size_t)width;
    example.rgb = malloc(3 * area);
    assert_non_null(example.rgb);
    for (size_t i = 0; i < 3 * area; i++) {
        example.rgb[i] = (uint8_t)(i * 37 % 256);
    }
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        example.labels[task] = calloc(area * (size_t)te_label_channels(task), sizeof(float));
        assert_non_null(example.labels[task]);
    }
    for (size_t i = 0; i < area; i++) {
        example.labels[TE_SEMSEG][i] = (float)(i % 20);
        example.labels[TE_HUMAN_PARTS][i] = (float)(i % 7);
        example.labels[TE_DEPTH][i] = 1 + (float)i;
        float angle = (float)i;
        example.labels[TE_NORMALS][i] = sinf(angle);
        example.labels[TE_NORMALS][2 * area + i] = cosf(angle);
    }
    return example;
}

static te_cut plain_cut(int height, int width)
{
    return (te_cut){.from_height = height, .from_width = width, .to_height = height, .to_width = width,
                    .height = height, .width = width, .rows = height, .columns = width, .nearer = 1};
}

static void nothing_drawn_is_the_picture_itself(void **state)
{
    (void)state;
    enum { H = 16, W = 32, AREA = H * W };
    te_example example = make_example(H, W);
    const te_photometric none = {0};
    te_cut cuts[] = {plain_cut(H, W), te_cut_whole(&example, H, W)};
    static float image[3 * AREA], label[3 * AREA];
    for (int i = 0; i < 2; i++) {
        for (int task = 0; task < TE_TASK_COUNT; task++) {
            te_cut_label(&cuts[i], task, example.labels[task], label);
            assert_memory_equal(label, example.labels[task], AREA * sizeof(float) * (task == TE_NORMALS ? 3 : 1));
        }
        assert_ok(te_cut_image(&cuts[i], &example, i == 0 ? &none : NULL, image));
        for (int at = 0; at < 3 * AREA; at++) {
            assert_true(image[at] == te_fit_normalise(example.rgb[at % AREA * 3 + at / AREA], at / AREA));
        }
    }
    te_example_clear(&example);
}

static void a_flip_mirrors_and_turns_normals(void **state)
{
    (void)state;
    enum { H = 16, W = 32, AREA = H * W };
    te_example example = make_example(H, W);
    const te_photometric none = {0};
    te_cut plain = plain_cut(H, W), flipped = plain;
    flipped.flip = 1;
    static float a[3 * AREA], b[3 * AREA];
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        te_cut_label(&plain, task, example.labels[task], a);
        te_cut_label(&flipped, task, example.labels[task], b);
        for (int i = 0; i < AREA * te_label_channels(task); i++) {
            float sign = task == TE_NORMALS && i < AREA ? -1.0f : 1.0f;
            assert_true(b[i] == sign * a[i / W * W + W - 1 - i % W]);
        }
    }
    assert_ok(te_cut_image(&plain, &example, &none, a));
    assert_ok(te_cut_image(&flipped, &example, &none, b));
    for (int i = 0; i < 3 * AREA; i++) {
        assert_true(b[i] == a[i / W * W + W - 1 - i % W]);
    }
    te_example_clear(&example);
}

static void padding_is_ignored(void **state)
{
    (void)state;
    enum { H = 7, W = 5, TO_H = 16, TO_W = 16, AREA = TO_H * TO_W, TOP = 4, LEFT = 5 };
    te_example example = make_example(H, W);
    te_cut cut = te_cut_whole(&example, TO_H, TO_W);
    assert_true(cut.pad_top == TOP && cut.pad_left == LEFT && cut.rows == H && cut.columns == W);
    static float values[3 * AREA];
    for (int task = 0; task <= TE_TASK_COUNT; task++) {
        int is_image = task == TE_TASK_COUNT, channels = is_image ? 3 : te_label_channels(task);
        float ignored = is_image || task == TE_NORMALS || task == TE_DEPTH ? 0.0f : 255.0f;
        if (is_image) {
            assert_ok(te_cut_image(&cut, &example, NULL, values));
        } else {
            te_cut_label(&cut, task, example.labels[task], values);
        }
        for (int i = 0; i < channels * AREA; i++) {
            int y = i % AREA / TO_W - TOP, x = i % TO_W - LEFT;
            if (y < 0 || y >= H || x < 0 || x >= W) {
                assert_true(values[i] == ignored);
            } else if (!is_image) {
                assert_true(values[i] == example.labels[task][i / AREA * H * W + y * W + x]);
            }
        }
    }
    te_example_clear(&example);
}

static void a_larger_picture_is_shrunk_for_validation(void **state)
{
    (void)state;
    te_example wide = {.width = 100, .height = 40}, tall = {.width = 10, .height = 64};
    te_cut cut = te_cut_whole(&wide, 32, 50);
    assert_true(cut.width == 50 && cut.height == 20 && cut.pad_top == 6 && cut.pad_left == 0 && cut.nearer == 1);
    cut = te_cut_whole(&tall, 32, 32);
    assert_true(cut.width == 5 && cut.height == 32 && cut.pad_left == 13 && cut.rows == 32 && cut.columns == 5);

    enum { H = 3, W = 9 }; /* a third of it each way: pixel 1 of 0 1 2, whose centre is the one of the three */
    te_example example = make_example(H, W);
    float label[3];
    cut = te_cut_whole(&example, 1, 3);
    te_cut_label(&cut, TE_DEPTH, example.labels[TE_DEPTH], label);
    for (int x = 0; x < 3; x++) {
        assert_true(label[x] == example.labels[TE_DEPTH][W + 3 * x + 1]);
    }
    te_example_clear(&example);
}

static void labels_that_are_none_are_ignored(void **state)
{
    (void)state;
    enum { W = 4, H = 1 };
    te_cut cut = plain_cut(H, W);
    const float normals[3 * W] = {1, 0.3f, 0, 0.49f, 0, 0.3f, 0, 0, 0, 0.3f, 0, 0.2f}, depth[W] = {1, 0, -2, NAN};
    float label[3 * W];
    te_cut_label(&cut, TE_NORMALS, normals, label); /* lengths 1, 0.52, 0, 0.53 */
    assert_memory_equal(label, normals, sizeof label);
    const float shorter[3 * W] = {0.4f, 0, 0, 0, 0.2f, 0, 0, 0, 0.2f, 1, 0, 0};
    te_cut_label(&cut, TE_NORMALS, shorter, label);
    for (int i = 0; i < 3 * W; i++) {
        assert_true(label[i] == (i == 9 || i % W == 1 ? shorter[i] : 0.0f)); /* only (0, 0, 1) is long enough */
    }
    cut.nearer = 2;
    te_cut_label(&cut, TE_DEPTH, depth, label);
    assert_true(label[0] == 0.5f && label[1] == 0 && label[2] == 0 && label[3] == 0);
    te_cut_label(&cut, TE_HUMAN_PARTS, (float[]){0, 0, 255, 0}, label); /* no part at all */
    assert_true(label[0] == 255 && label[1] == 255 && label[2] == 255 && label[3] == 255);
    te_cut_label(&cut, TE_HUMAN_PARTS, (float[]){0, 6, 255, 0}, label);
    assert_true(label[0] == 0 && label[1] == 6 && label[2] == 255 && label[3] == 0);
    te_cut_label(&cut, TE_SAL, NULL, label);
    assert_true(label[0] == 255 && label[3] == 255);
}

/* ---- what is drawn ---- */

/* A picture whose left is one class and whose right another: narrow crops on one side fail. */
static void crops_show_more_than_one_class(void **state)
{
    (void)state;
    enum { H = 20, W = 60, TO = 16, SAMPLES = 400 };
    te_example example = make_example(H, W);
    te_cut_options ruled = {1, 1, example.labels[TE_SEMSEG]}, free_options = {1, 1, NULL};
    int good = 0, good_by_chance = 0, moved = 0;
    for (int i = 0; i < H * W; i++) {
        example.labels[TE_SEMSEG][i] = i % W == W - 1 ? 255 : i % W < W / 2;
    }
    for (uint64_t sample = 0; sample < SAMPLES; sample++) {
        te_cut cut = te_cut_draw(&example, TO, TO, &ruled, 1, sample);
        te_cut other = te_cut_draw(&example, TO, TO, &free_options, 1, sample);
        assert_true(cut.top >= 0 && cut.top <= H - TO && cut.left >= 0 && cut.left <= W - TO);
        assert_true(cut.rows == TO && cut.columns == TO);
        good += cut.left >= 18 && cut.left <= 26; /* 4 to 12 columns of each class */
        good_by_chance += other.left >= 18 && other.left <= 26;
        moved += cut.left != other.left;
    }
    assert_in_range(good_by_chance, 50, 110); /* 9 of 45 places */
    assert_in_range(good, 350, 385);          /* 1 - 0.8^11 = 0.914 */
    assert_true(moved > 200);
    te_example_clear(&example);
}

/* Pixels without a label are no class: of a picture with one class beside them no crop will do, and the last is taken. */
static void pixels_without_a_label_are_no_class(void **state)
{
    (void)state;
    enum { H = 16, W = 60, TO = 16, SAMPLES = 40, TRIES = 10 };
    te_example example = make_example(H, W);
    te_cut_options ruled = {1, 1, example.labels[TE_SEMSEG]};
    for (int i = 0; i < H * W; i++) {
        example.labels[TE_SEMSEG][i] = i % W < W / 2 ? 3 : 255;
    }
    for (uint64_t sample = 0; sample < SAMPLES; sample++) {
        te_cut cut = te_cut_draw(&example, TO, TO, &ruled, 1, sample);
        assert_int_equal(cut.left, te_decide_int(1, sample, TE_DECIDE_CROP + 2 * TRIES + 1, W - TO));
    }
    te_example_clear(&example);
}

static void a_scaled_picture_has_a_pixel_at_least(void **state)
{
    (void)state;
    te_example example = {.width = 3, .height = 1};
    te_cut cut = te_cut_draw(&example, 16, 16, &(te_cut_options){0.5f, 0.5f, NULL}, 1, 0);
    assert_true(cut.height == 1 && cut.width == 1 && cut.rows == 1 && cut.columns == 1);
    example = (te_example){.width = 1, .height = 3};
    cut = te_cut_draw(&example, 16, 16, &(te_cut_options){0.5f, 0.5f, NULL}, 1, 0);
    assert_true(cut.height == 1 && cut.width == 1);
}

static void draws_have_their_ranges(void **state)
{
    (void)state;
    enum { SAMPLES = 4000 };
    te_example example = {.width = 1000, .height = 500};
    te_cut_options options = {0.5f, 2.0f, NULL};
    int flips = 0, brightness = 0, contrast = 0, last = 0, saturation = 0, hue = 0, hues[36] = {0};
    double scales = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        te_cut cut = te_cut_draw(&example, 64, 64, &options, 9, i);
        te_photometric p = te_photometric_draw(9, i);
        assert_true(cut.nearer >= 0.5f && cut.nearer < 2.0f);
        assert_true(cut.height == (int)(500 * (double)cut.nearer) && cut.width == (int)(1000 * (double)cut.nearer));
        assert_true(p.brightness >= -32 && p.brightness < 32 && p.contrast >= 0.5 && p.contrast < 1.5);
        assert_true(p.saturation >= 0.5 && p.saturation < 1.5);
        assert_in_range(p.hue + 18, 0, 35);
        hues[p.hue + 18]++;
        scales += (double)cut.nearer;
        flips += cut.flip;
        brightness += p.has_brightness;
        contrast += p.has_contrast;
        last += p.contrast_last;
        saturation += p.has_saturation;
        hue += p.has_hue;
    }
    const int halves[] = {flips, brightness, contrast, last, saturation, hue};
    for (int i = 0; i < 6; i++) {
        assert_in_range(halves[i], SAMPLES / 2 - 130, SAMPLES / 2 + 130); /* four deviations */
    }
    for (int i = 0; i < 36; i++) {
        assert_in_range(hues[i], 111 - 50, 111 + 50);
    }
    assert_true(fabs(scales / SAMPLES - 1.25) < 0.03);
}

/* ---- colours ---- */

static void colours_step_by_step(void **state)
{
    (void)state;
    uint8_t rgb[6] = {100, 200, 250, 10, 0, 30};
    te_photometric_apply(&(te_photometric){.has_brightness = 1, .brightness = 20.7}, rgb, 2);
    assert_memory_equal(rgb, ((uint8_t[]){120, 220, 255, 30, 20, 50}), 6); /* truncated, cut at 255 */
    te_photometric_apply(&(te_photometric){.has_contrast = 1, .contrast = 0.5}, rgb, 2);
    assert_memory_equal(rgb, ((uint8_t[]){60, 110, 127, 15, 10, 25}), 6);
    te_photometric_apply(&(te_photometric){.has_brightness = 1, .brightness = -20}, rgb, 2);
    assert_memory_equal(rgb, ((uint8_t[]){40, 90, 107, 0, 0, 5}), 6);
    uint8_t primaries[12] = {200, 0, 0, 0, 200, 0, 0, 0, 200, 70, 70, 70};
    te_photometric_apply(&(te_photometric){.has_hue = 1, .hue = -15}, primaries, 4); /* 30 degrees back */
    assert_memory_equal(primaries, ((uint8_t[]){200, 0, 100, 100, 200, 0, 0, 100, 200, 70, 70, 70}), 12);
    uint8_t pale[6] = {200, 100, 100, 50, 50, 50};
    te_photometric_apply(&(te_photometric){.has_saturation = 1, .saturation = 1.5}, pale, 2);
    assert_memory_equal(pale, ((uint8_t[]){200, 51, 51, 50, 50, 50}), 6); /* 127 of 255, then 190 */
}

/* The order: contrast before saturation clips, behind it does not. */
static void contrast_may_come_last(void **state)
{
    (void)state;
    te_photometric drawn = {.has_contrast = 1, .contrast = 1.5, .has_saturation = 1, .saturation = 0.5};
    uint8_t first[3] = {250, 10, 10}, last[3] = {250, 10, 10};
    te_photometric_apply(&drawn, first, 1); /* (255,15,15), then paler */
    drawn.contrast_last = 1;
    te_photometric_apply(&drawn, last, 1);  /* (250,130,130), then 1.5 times that */
    assert_memory_equal(first, ((uint8_t[]){255, 135, 135}), 3);
    assert_memory_equal(last, ((uint8_t[]){255, 195, 195}), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_equal_the_reference),
        cmocka_unit_test(nothing_drawn_is_the_picture_itself),
        cmocka_unit_test(a_flip_mirrors_and_turns_normals),
        cmocka_unit_test(padding_is_ignored),
        cmocka_unit_test(a_larger_picture_is_shrunk_for_validation),
        cmocka_unit_test(labels_that_are_none_are_ignored),
        cmocka_unit_test(crops_show_more_than_one_class),
        cmocka_unit_test(pixels_without_a_label_are_no_class),
        cmocka_unit_test(a_scaled_picture_has_a_pixel_at_least),
        cmocka_unit_test(draws_have_their_ranges),
        cmocka_unit_test(colours_step_by_step),
        cmocka_unit_test(contrast_may_come_last),
    };
    return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
