/* What [infer] makes of an evaluator: means over sizes and the mirrored picture against sums of single passes taken here, in
 * double precision; tiles; and that without it nothing changes. A tiny random model. */
#include "base/interrupt.h"
#include "data/axis.h"
#include "eval/evaluator.h"
#include "support/assert.h"
#include "support/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { H = 64, W = 96, CLASSES = 5 }; /* of the input */

typedef struct fixture {
    te_settings *settings;
    te_device *device;
    te_model *model;
} fixture;

static int open_fixture(void **state)
{
    static fixture at;
    static const char *const values[][2] = {
        {"input.height", "64"},       {"input.width", "96"},     {"model.backbone", "tiny"},   {"model.width", "16"},
        {"model.heads", "2"},         {"model.blocks", "2"},     {"model.taps", "1 2"},        {"model.experts", "2"},
        {"model.decoder_width", "8"}, {"model.gate_width", "4"}, {"model.expert_hidden", "8"}, {"model.semseg_classes", "5"},
        {"model.tasks", "semseg human_parts sal normals edge depth"},
    };
    at.settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_device_open(&at.device, at.settings));
    assert_ok(te_model_create(&at.model, at.settings, 3));
    for (int i = 0; i < at.model->params.count; i++) { /* weights of 0.02 make flat maps */
        te_param *param = &at.model->params.list[i];
        for (int64_t k = 0; param->init == TE_INIT_TRUNCATED_NORMAL && k < te_shape_count(&param->shape); k++) {
            param->data[k] *= 10.0f;
        }
    }
    *state = &at;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *at = *state;
    te_model_free(at->model);
    te_device_close(at->device);
    te_settings_free(at->settings);
    return 0;
}

/* An evaluator with "key=value" settings over the fixture's; NULL ends them. */
static te_evaluator *open_evaluator(const fixture *at, const char *const *words)
{
    te_settings *settings;
    te_evaluator *evaluator;
    assert_ok(te_settings_copy(&settings, at->settings));
    for (; *words; words += 2) {
        assert_ok(te_settings_set(settings, words[0], words[1]));
    }
    assert_ok(te_evaluator_create(&evaluator, at->model, at->device, settings));
    te_settings_free(settings);
    return evaluator;
}
#define OPEN(at, ...) open_evaluator(at, (const char *const[]){__VA_ARGS__, NULL})

static te_picture *make_room(int width, int height)
{
    te_picture *picture;
    assert_ok(te_picture_create_room(&picture, width, height, 9));
    return picture;
}

static te_picture *make_mirrored(const te_picture *picture)
{
    te_picture *made;
    assert_ok(te_picture_allocate(&made, picture->width, picture->height));
    for (int y = 0; y < picture->height; y++) {
        for (int x = 0; x < picture->width; x++) {
            size_t row = (size_t)y * (size_t)picture->width;
            memcpy(made->rgb + 3 * (row + (size_t)x), picture->rgb + 3 * (row + (size_t)(picture->width - 1 - x)), 3);
        }
    }
    return made;
}

static te_prediction *run(te_evaluator *evaluator, const te_picture *picture)
{
    te_prediction *prediction;
    assert_ok(te_evaluator_run(evaluator, picture, &prediction));
    return prediction;
}

static te_map get(const te_prediction *prediction, const char *task)
{
    te_map map;
    assert_ok(te_prediction_get(prediction, task, &map));
    return map;
}

static void expect_same(const te_prediction *one, const te_prediction *other)
{
    for (int t = 0; t < one->config.task_count; t++) {
        size_t pixels = (size_t)one->maps[t].width * (size_t)one->maps[t].height;
        assert_int_equal(one->maps[t].width, other->maps[t].width);
        if (one->maps[t].classes) {
            assert_memory_equal(one->maps[t].classes, other->maps[t].classes, pixels);
        } else {
            assert_memory_equal(one->maps[t].values, other->maps[t].values,
                                pixels * (size_t)one->maps[t].channels * sizeof(float));
        }
        assert_memory_equal(one->logits[t], other->logits[t], (size_t)one->config.channels[t] * H * W * sizeof(float));
    }
}

/* ---- nothing asked for ---- */

static void test_plain(void **state)
{
    const fixture *at = *state;
    static const int sizes[][2] = {{W, H}, {41, 30}, {40, 64}, {300, 170}};
    te_evaluator *plain = OPEN(at, "infer.flip", "off"), *same = OPEN(at, "infer.scales", "1.0", "infer.tile_overlap", "0.5");
    te_evaluator *tiles = OPEN(at, "infer.tiles", "on");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        te_picture *picture = make_room(sizes[i][0], sizes[i][1]);
        te_prediction *wanted = run(plain, picture), *got = run(same, picture);
        expect_same(wanted, got);
        assert_int_equal(got->passes, 1);
        te_prediction_free(got);
        if (picture->width <= W && picture->height <= H) { /* one tile is no tile */
            got = run(tiles, picture);
            assert_int_equal(got->tiles, 0);
            expect_same(wanted, got);
            te_prediction_free(got);
        }
        te_prediction_free(wanted);
        te_picture_free(picture);
    }
    te_evaluator_free(tiles);
    te_evaluator_free(same);
    te_evaluator_free(plain);
}

static void test_settings(void **state)
{
    const fixture *at = *state;
    static const char *const wrong[] = {"", "0.5", "1 1", "1 1.0", "1 5", "1 0.2", "1 x", "1, 2", "1 nan", "1 1e0", "-1 1",
                                        "1 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 2 2.1 2.2 2.3 2.4 2.5 2.6"};
    te_settings *settings;
    assert_ok(te_settings_copy(&settings, at->settings));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(te_settings_set(settings, "infer.scales", wrong[i]), TE_ERR_SETTING);
        assert_non_null(strstr(te_last_error(), "'infer.scales'"));
    }
    double scales[TE_MOST_SCALES];
    assert_ok(te_settings_set(settings, "infer.scales", "  4 0.25  1."));
    assert_int_equal(te_scales_read(settings->infer.scales, scales), 3);
    assert_true(scales[0] == 4.0 && scales[1] == 0.25 && scales[2] == 1.0);
    te_settings_free(settings);
}

/* ---- the mirrored picture ---- */

/* The largest difference of a map and the mirror image of another, and for classes the share of other pixels. */
static double compare_mirrored(const te_map *map, const te_map *other, bool direction)
{
    double most = 0.0;
    size_t differ = 0, count = (size_t)map->width * (size_t)map->height;
    for (size_t i = 0; i < count; i++) {
        size_t x = i % (size_t)map->width, mirrored = i - x + ((size_t)map->width - 1 - x);
        if (map->classes) {
            differ += map->classes[i] != other->classes[mirrored];
        }
        for (int c = 0; map->values && c < map->channels; c++) {
            double sign = direction && c == 0 ? -1.0 : 1.0;
            double difference = (double)map->values[i * (size_t)map->channels + (size_t)c] -
                                sign * (double)other->values[mirrored * (size_t)map->channels + (size_t)c];
            most = fmax(most, fabs(difference));
        }
    }
    return map->classes ? (double)differ / (double)count : most;
}

/* Whoever looks at both a picture and its mirror image sees the same in that image. */
static void test_flip(void **state)
{
    const fixture *at = *state;
    static const int sizes[][2] = {{W, H}, {41, 30}, {33, 64}, {131, 77}};
    te_evaluator *plain = OPEN(at, "infer.flip", "off"), *flip = OPEN(at, "infer.flip", "on");
    te_evaluator *both = OPEN(at, "infer.flip", "on", "infer.scales", "0.5 1 1.3");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        te_picture *picture = make_room(sizes[i][0], sizes[i][1]), *mirrored = make_mirrored(picture);
        te_evaluator *const evaluators[] = {plain, flip, both};
        for (int e = 0; e < 3; e++) {
            te_prediction *one = run(evaluators[e], picture), *other = run(evaluators[e], mirrored);
            for (int t = 0; t < one->config.task_count; t++) {
                double difference = compare_mirrored(&one->maps[t], &other->maps[t], one->config.tasks[t] == TE_NORMALS);
                bool scarce = one->config.tasks[t] == TE_HUMAN_PARTS; /* may be one part everywhere */
                assert_true(e == 0 ? scarce || difference > 1e-3 : difference < (one->maps[t].classes ? 1e-3 : 1e-5));
            }
            te_prediction_free(one);
            te_prediction_free(other);
        }
        te_picture_free(mirrored);
        te_picture_free(picture);
    }
    te_evaluator_free(both);
    te_evaluator_free(flip);
    te_evaluator_free(plain);
}

/* ---- sizes ---- */

/* One pass by hand: the logits (K,H,W) of a task at an input of (height,width), for a picture as large as the input. */
static float *run_by_hand(const fixture *at, const te_picture *picture, int height, int width, const te_fit *fit,
                          const char *name, size_t channels)
{
    te_scheduler *scheduler;
    te_array array;
    te_scheduler_options options = {.height = height, .width = width};
    size_t count = channels * (size_t)height * (size_t)width;
    float *input = calloc(3 * (size_t)height * (size_t)width, sizeof *input), *copy = calloc(count, sizeof *copy);
    assert_true(input && copy);
    assert_ok(te_scheduler_create(&scheduler, at->model, at->device, &options));
    assert_ok(te_fit_input(fit, picture, input));
    assert_ok(te_scheduler_run(scheduler, input));
    assert_ok(te_scheduler_get(scheduler, name, &array));
    memcpy(copy, array.data, count * sizeof *copy);
    te_scheduler_free(scheduler);
    free(input);
    return copy;
}

/* Channel k of the region at pixel (x,y) of the base, bilinear with half-pixel centres as PyTorch has it. */
static double sample(const float *logits, const te_fit *fit, int k, int x, int y)
{
    double sx = (x + 0.5) * fit->width / W - 0.5, sy = (y + 0.5) * fit->height / H - 0.5;
    sx = fmin(fmax(sx, 0.0), fit->width - 1);
    sy = fmin(fmax(sy, 0.0), fit->height - 1);
    int x0 = (int)sx, y0 = (int)sy, x1 = x0 + (x0 < fit->width - 1), y1 = y0 + (y0 < fit->height - 1);
    const float *plane = logits + (size_t)k * (size_t)fit->input_height * (size_t)fit->input_width;
    double at[4];
    const int places[4][2] = {{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}};
    for (int i = 0; i < 4; i++) {
        size_t row = (size_t)(fit->top + places[i][1]) * (size_t)fit->input_width;
        at[i] = (double)plane[row + (size_t)(fit->left + places[i][0])];
    }
    double upper = at[0] + (sx - x0) * (at[1] - at[0]), lower = at[2] + (sx - x0) * (at[3] - at[2]);
    return upper + (sy - y0) * (lower - upper);
}

/* What the mean is taken of, from the logits (K) of one pass. */
static void read_pass(te_task_id task, int channels, double scale, const double *logits, double *out)
{
    double sum = 0.0;
    for (int k = 0; k < channels; k++) {
        sum += te_tasks[task].reading == TE_READ_UNIT_VECTOR ? logits[k] * logits[k] : exp(logits[k]);
    }
    for (int k = 0; k < channels; k++) {
        switch (te_tasks[task].reading) {
        case TE_READ_CLASS:
        case TE_READ_FOREGROUND: out[k] = exp(logits[k]) / sum; break;
        case TE_READ_SIGMOID: out[k] = 1.0 / (1.0 + exp(-logits[k])); break;
        case TE_READ_UNIT_VECTOR: out[k] = logits[k] / sqrt(sum); break;
        case TE_READ_METRES: out[k] = scale * fmax(logits[k], 0.0); break;
        }
    }
}

/* The same of what a prediction says; its logits read as the mean. */
static double difference_to(const te_prediction *prediction, int t, const double *mean, int x, int y)
{
    te_task_id task = prediction->config.tasks[t];
    int channels = prediction->config.channels[t];
    double logits[CLASSES + 8], read[CLASSES + 8], most = 0.0, length = 1.0;
    for (int k = 0; k < channels; k++) {
        logits[k] = (double)prediction->logits[t][((size_t)k * H + (size_t)y) * W + (size_t)x];
    }
    if (task == TE_NORMALS) {
        length = sqrt(mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2]);
    }
    read_pass(task, channels, 1.0, logits, read);
    for (int k = 0; k < channels; k++) {
        most = fmax(most, fabs(read[k] - mean[k] / length));
    }
    return most;
}

static void check_task(const fixture *at, const te_prediction *prediction, const te_picture *picture, int t)
{
    /* 1.3 * 64 = 83.2 in 96, 1.3 * 96 = 124.8 in 128; 0.5 * 96 = 48 */
    const te_fit fits[] = {
        {W, H, W, H, 0, 0, W, H}, {W, H, 128, 96, 1, 6, 125, 83}, {W, H, 48, 32, 0, 0, 48, 32},
    };
    static const double scales[] = {1.0, 1.3, 0.5};
    te_task_id task = prediction->config.tasks[t];
    int channels = prediction->config.channels[t];
    char name[64];
    float *logits[3];
    snprintf(name, sizeof name, "logits.%s", te_tasks[task].name);
    for (int i = 0; i < 3; i++) {
        logits[i] = run_by_hand(at, picture, fits[i].input_height, fits[i].input_width, &fits[i], name, (size_t)channels);
    }
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            double mean[CLASSES + 8] = {0}, pixel[CLASSES + 8], read[CLASSES + 8];
            for (int i = 0; i < 3; i++) {
                for (int k = 0; k < channels; k++) {
                    pixel[k] = sample(logits[i], &fits[i], k, x, y);
                }
                read_pass(task, channels, scales[i], pixel, read);
                for (int k = 0; k < channels; k++) {
                    mean[k] += read[k] / 3.0;
                }
            }
            assert_true(difference_to(prediction, t, mean, x, y) < 1e-4);
        }
    }
    for (int i = 0; i < 3; i++) {
        free(logits[i]);
    }
}

static void test_scales(void **state)
{
    const fixture *at = *state;
    te_picture *picture = make_room(W, H);
    te_evaluator *evaluator = OPEN(at, "infer.scales", "1.3 1 0.5"), *plain = OPEN(at, "infer.scales", "1");
    te_prediction *prediction = run(evaluator, picture), *alone = run(plain, picture);
    assert_int_equal(prediction->passes, 3);
    for (int t = 0; t < prediction->config.task_count; t++) {
        check_task(at, prediction, picture, t);
    }
    for (int tap = 0; tap < prediction->config.tap_count; tap++) { /* those of the picture as it is */
        size_t bytes = (size_t)(H / 16 * W / 16 * prediction->config.task_count * prediction->config.scores) * sizeof(float);
        assert_memory_equal(prediction->gates[tap], alone->gates[tap], bytes);
    }
    assert_memory_equal(prediction->input, alone->input, (size_t)3 * H * W * sizeof(float));
    te_memory_info one, three;
    assert_ok(te_evaluator_get_memory(plain, &one));
    assert_ok(te_evaluator_get_memory(evaluator, &three));
    assert_true(three.activations > 2 * one.activations);
    te_prediction_free(alone);
    te_prediction_free(prediction);
    te_evaluator_free(plain);
    te_evaluator_free(evaluator);
    te_picture_free(picture);
}

/* ---- tiles ---- */

typedef struct watch {
    size_t calls, count, stop_at;
    bool interrupt;
} watch;

static te_status observe(size_t done, size_t count, void *context)
{
    watch *at = context;
    at->calls++;
    at->count = count;
    assert_int_equal(done, at->calls);
    if (done == at->stop_at && at->interrupt) {
        te_interrupt();
    }
    return done == at->stop_at && !at->interrupt ? te_fail(TE_ERR_FILE, "enough") : TE_OK;
}

/* The top left W x H pixels. */
static te_picture *cut_corner(const te_picture *picture)
{
    te_picture *corner;
    assert_ok(te_picture_allocate(&corner, W, H));
    for (int y = 0; y < H; y++) {
        memcpy(corner->rgb + (size_t)y * 3 * W, picture->rgb + (size_t)y * 3 * (size_t)picture->width, 3 * W);
    }
    return corner;
}

static void test_tiles(void **state)
{
    const fixture *at = *state;
    enum { WIDTH = 217, HEIGHT = 90 };
    watch seen = {0};
    te_picture *picture = make_room(WIDTH, HEIGHT), *corner = cut_corner(picture);
    te_evaluator *alone = OPEN(at, "infer.tiles", "on", "infer.tile_context", "0", "infer.flip", "on");
    te_evaluator *whole = OPEN(at, "infer.tiles", "on", "infer.tile_context", "1", "infer.flip", "on");
    te_evaluator *plain = OPEN(at, "infer.flip", "on");
    te_evaluator_set_report(alone, observe, &seen);
    te_prediction *tiles = run(alone, picture), *shrunk = run(plain, picture), *first = run(plain, corner);
    te_prediction *mixed = run(whole, picture);
    assert_int_equal(tiles->tiles, 3 * 2);
    assert_int_equal(seen.calls, 6);
    assert_int_equal(seen.count, 6);
    assert_non_null(tiles->gates[0]); /* of the whole picture, shrunk, as its logits are */
    assert_memory_equal(tiles->logits[0], shrunk->logits[0], (size_t)CLASSES * H * W * sizeof(float));
    static const char *const names[] = {"sal", "edge", "depth", "normals"};
    for (int i = 0; i < 4; i++) {
        te_map map = get(tiles, names[i]), part = get(first, names[i]), all = get(shrunk, names[i]), mix = get(mixed, names[i]);
        size_t channels = (size_t)map.channels;
        double corners = 0.0, means = 0.0, apart = 0.0;
        assert_int_equal(map.width, WIDTH);
        assert_int_equal(map.height, HEIGHT);
        for (size_t y = 0; y < 30; y++) { /* nobody else has a say here */
            for (size_t v = 0; v < 60 * channels; v++) {
                float difference = map.values[y * WIDTH * channels + v] - part.values[y * W * channels + v];
                corners = fmax(corners, fabs((double)difference));
            }
        }
        for (size_t v = 0; v < WIDTH * HEIGHT * channels; v++) {
            means = fmax(means, fabs((double)(mix.values[v] - all.values[v])));
            apart = fmax(apart, fabs((double)(map.values[v] - all.values[v])));
        }
        assert_true(corners < 1e-5);
        assert_true(apart > 1e-3);
        assert_true(strcmp(names[i], "edge") == 0 ? means == apart : means < 1e-5); /* boundaries know no context */
    }
    te_prediction_free(mixed);
    te_prediction_free(first);
    te_prediction_free(shrunk);
    te_prediction_free(tiles);
    te_evaluator_free(plain);
    te_evaluator_free(whole);
    te_evaluator_free(alone);
    te_picture_free(corner);
    te_picture_free(picture);
}

static void test_tiles_stopped(void **state)
{
    const fixture *at = *state;
    te_picture *picture = make_room(300, 200);
    te_evaluator *evaluator = OPEN(at, "infer.tiles", "on");
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        watch seen = {.stop_at = 3, .interrupt = interrupt};
        te_prediction *prediction = NULL;
        te_evaluator_set_report(evaluator, observe, &seen);
        assert_int_equal(te_evaluator_run(evaluator, picture, &prediction), interrupt ? TE_ERR_INTERRUPTED : TE_ERR_FILE);
        assert_int_equal(seen.calls, 3);
        assert_null(prediction);
    }
    te_evaluator_free(evaluator);
    te_picture_free(picture);
}

/* Pictures of a data set: with tiles they stay as large as they are. */
static void test_place(void **state)
{
    const fixture *at = *state;
    te_evaluator *evaluator = OPEN(at, "infer.tiles", "on");
    te_fit small = te_evaluator_place(evaluator, 41, 30), large = te_evaluator_place(evaluator, 300, 40);
    assert_int_equal(small.left, 27);
    assert_int_equal(small.width, 41);
    assert_int_equal(large.width, 300);
    assert_int_equal(large.height, 40);
    te_picture *picture = make_room(300, 40);
    te_prediction *prediction;
    assert_ok(te_evaluator_run_fit(evaluator, picture, &large, &prediction));
    assert_int_equal(prediction->tiles, 4);
    assert_int_equal(prediction->fit.width, W);
    te_prediction_free(prediction);
    te_picture_free(picture);
    te_evaluator_free(evaluator);
}

static void count_warnings(te_log_level level, const char *line, void *context)
{
    (void)line;
    *(int *)context += level == TE_LOG_WARNING;
}

/* [model] of the settings does not change the model: only what was set to something else is told. */
static void test_other_model(void **state)
{
    const fixture *at = *state;
    int warnings = 0;
    te_set_log(count_warnings, &warnings);
    te_evaluator_free(OPEN(at, NULL));
    te_evaluator_free(OPEN(at, "model.semseg_classes", "21", "model.taps", "")); /* the defaults */
    assert_int_equal(warnings, 0);
    te_evaluator_free(OPEN(at, "model.semseg_classes", "22"));
    assert_int_equal(warnings, 1);
    te_set_log(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_settings),      cmocka_unit_test(test_flip),
        cmocka_unit_test(test_scales), cmocka_unit_test(test_tiles), cmocka_unit_test(test_tiles_stopped),
        cmocka_unit_test(test_place),  cmocka_unit_test(test_other_model),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
