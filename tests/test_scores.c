/* Scores of a tiny random model on generated rooms: placed into the input as they are, every number there, the same again,
 * stopped by report and interruption, saved as JSON. The numbers themselves are test_metrics.c's. */
#include "base/interrupt.h"
#include "base/files.h"
#include "base/log.h"
#include "data/npy.h"
#include "eval/evaluator.h"
#include "eval/scores.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/assert.h"
#include "support/settings.h"

typedef struct fixture {
    te_settings *settings;
    te_device *device;
    te_model *model;
    te_evaluator *evaluator;
} fixture;

static int open_fixture(void **state)
{
    static fixture at;
    static const char *const values[][2] = {
        {"input.height", "64"},        {"input.width", "96"},       {"model.backbone", "tiny"},  {"model.width", "16"},
        {"model.heads", "2"},          {"model.blocks", "2"},       {"model.taps", "1 2"},       {"model.experts", "2"},
        {"model.decoder_width", "8"},  {"model.gate_width", "4"},   {"model.expert_hidden", "8"}, {"data.val_scenes", "5"},
        {"model.semseg_classes", "23"}, {"eval.single_depth", "2"}, {"eval.single_semseg", "50"},
        {"model.tasks", "semseg human_parts sal normals edge depth"},
    };
    at.settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_device_open(&at.device, at.settings));
    assert_ok(te_model_create(&at.model, at.settings, 3));
    assert_ok(te_evaluator_create(&at.evaluator, at.model, at.device, at.settings));
    *state = &at;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *at = *state;
    te_evaluator_free(at->evaluator);
    te_model_free(at->model);
    te_device_close(at->device);
    te_settings_free(at->settings);
    return 0;
}

/* ---- placement ---- */

static void test_place(void **state)
{
    const fixture *at = *state;
    static const struct {
        int width, height, left, top, fit_width, fit_height;
    } cases[] = {
        {96, 64, 0, 0, 96, 64}, {41, 30, 27, 17, 41, 30}, {1, 1, 47, 31, 1, 1},
        {192, 64, 0, 16, 96, 32}, /* larger one way: shrunk */
        {90, 128, 25, 0, 45, 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_fit fit = te_evaluator_place(at->evaluator, cases[i].width, cases[i].height);
        assert_int_equal(fit.left, cases[i].left);
        assert_int_equal(fit.top, cases[i].top);
        assert_int_equal(fit.width, cases[i].fit_width);
        assert_int_equal(fit.height, cases[i].fit_height);
    }
}

/* A smaller picture is not resampled on its way in, nor its maps on their way out. */
static void test_no_resize(void **state)
{
    const fixture *at = *state;
    enum { W = 41, H = 30, LEFT = 27, TOP = 17, INPUT_W = 96 };
    te_picture *picture;
    te_prediction *prediction;
    assert_ok(te_picture_create_room(&picture, W, H, 9));
    te_fit fit = te_evaluator_place(at->evaluator, W, H);
    assert_ok(te_evaluator_run_fit(at->evaluator, picture, &fit, &prediction));
    te_map depth;
    assert_ok(te_prediction_get(prediction, "depth", &depth));
    int task = -1;
    for (int t = 0; t < prediction->config.task_count; t++) {
        task = prediction->config.tasks[t] == TE_DEPTH ? t : task;
    }
    int inside = 0;
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            size_t input = (size_t)(TOP + y) * INPUT_W + (size_t)(LEFT + x), own = (size_t)y * W + (size_t)x;
            float red = ((float)picture->rgb[3 * own] / 255.0f - 0.485f) / 0.229f;
            assert_true(fabsf(prediction->input[input] - red) < 1e-5f);
            assert_true(depth.values[own] == fmaxf(prediction->logits[task][input], 0.0f));
            inside += depth.values[own] > 0.0f;
        }
    }
    assert_true(prediction->input[0] == 0.0f && prediction->input[(size_t)TOP * INPUT_W + LEFT - 1] == 0.0f);
    assert_true(inside > 0); /* else clamping hid everything */
    te_prediction_free(prediction);
    te_picture_free(picture);
}

/* ---- runs ---- */

typedef struct watch {
    uint64_t calls, count, stop_at;
    int interrupt;
} watch;

static te_status observe(const te_scores_report *report, void *context)
{
    watch *at = context;
    at->calls++;
    at->count = report->count;
    assert_int_equal(report->done, at->calls);
    assert_non_null(report->picture);
    if (at->calls == at->stop_at && at->interrupt) {
        te_interrupt();
    }
    return at->calls == at->stop_at && !at->interrupt ? te_fail(TE_ERR_FILE, "enough") : TE_OK;
}

static te_score find(const te_scores *scores, const char *task, const char *metric)
{
    te_score score = {0};
    for (size_t i = 0; i < te_scores_count(scores); i++) {
        assert_ok(te_scores_get(scores, i, &score));
        if (strcmp(score.task, task) == 0 && strcmp(score.metric, metric) == 0) {
            return score;
        }
    }
    fail_msg("no score '%s' of '%s'", metric, task);
    return score;
}

static void test_run(void **state)
{
    const fixture *at = *state;
    te_scores *scores, *again;
    watch seen = {0};
    te_scores_options options = {.count = 3, .report = observe, .context = &seen};
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &options));
    assert_int_equal(seen.calls, 3);
    assert_int_equal(seen.count, 3);
    int primaries = 0;
    for (size_t i = 0; i < te_scores_count(scores); i++) {
        te_score score;
        assert_ok(te_scores_get(scores, i, &score));
        assert_true(isfinite(score.model) && isfinite(score.trivial));
        assert_true(score.pictures >= 1 && score.pictures <= 3);
        primaries += score.primary;
    }
    assert_int_equal(primaries, 6);
    te_score score;
    assert_int_equal(te_scores_get(scores, te_scores_count(scores), &score), TE_ERR_ARGUMENT);

    te_score semseg = find(scores, "semseg", "mIoU"), depth = find(scores, "depth", "rmse");
    double gain, expected = (100 * (semseg.model - 50) / 50 - 100 * (depth.model - 2) / 2) / 2;
    assert_int_equal(te_scores_get_gain(scores, &gain), 2);
    assert_true(fabs(gain - expected) < 1e-9);
    assert_string_equal(find(scores, "semseg", "IoU").class_name, "wall"); /* class 0 is in every room */

    te_settings *settings; /* however many threads load pictures */
    assert_ok(te_settings_copy(&settings, at->settings));
    assert_ok(te_settings_set(settings, "data.threads", "4"));
    assert_ok(te_scores_run(&again, at->evaluator, settings, &(te_scores_options){.count = 3}));
    te_settings_free(settings);
    assert_int_equal(te_scores_count(again), te_scores_count(scores));
    for (size_t i = 0; i < te_scores_count(again); i++) {
        assert_ok(te_scores_get(again, i, &score));
        assert_true(score.model == find(scores, score.task, score.metric).model || score.class_index > 0);
    }
    te_scores_free(scores);
    te_scores_free(again);
}

/* The first pictures of the split, or all. */
static void test_count(void **state)
{
    const fixture *at = *state;
    te_scores *two, *all;
    assert_ok(te_scores_run(&two, at->evaluator, at->settings, &(te_scores_options){.count = 2}));
    assert_ok(te_scores_run(&all, at->evaluator, at->settings, NULL));
    assert_int_equal(find(two, "depth", "rmse").pictures, 2);
    assert_int_equal(find(all, "depth", "rmse").pictures, 5);
    assert_true(find(two, "depth", "rmse").trivial != find(all, "depth", "rmse").trivial);
    te_scores_free(two);
    te_scores_free(all);
}

static void test_stopped(void **state)
{
    const fixture *at = *state;
    te_scores *scores = NULL;
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        watch seen = {.stop_at = 2, .interrupt = interrupt};
        te_scores_options options = {.report = observe, .context = &seen};
        te_status status = te_scores_run(&scores, at->evaluator, at->settings, &options);
        assert_int_equal(status, interrupt ? TE_ERR_INTERRUPTED : TE_ERR_FILE);
        assert_int_equal(seen.calls, 2);
        assert_null(scores);
    }
}

/* The classes are the model's, whatever the settings say; without settings all of them are. */
static void test_settings_of_the_model(void **state)
{
    const fixture *at = *state;
    te_settings *settings;
    te_scores *scores, *own;
    assert_ok(te_settings_copy(&settings, at->settings));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "4"));
    assert_ok(te_scores_run(&scores, at->evaluator, settings, &(te_scores_options){.count = 1}));
    assert_ok(te_scores_run(&own, at->evaluator, NULL, &(te_scores_options){.count = 1}));
    assert_true(find(scores, "semseg", "mIoU").model == find(own, "semseg", "mIoU").model);
    te_scores_free(own);
    te_scores_free(scores);
    te_settings_free(settings);
}

/* ---- a folder ---- */

static char heard[4096]; /* warnings and what goes on, one a line */

static void hear(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level >= TE_LOG_INFO) {
        size_t used = strlen(heard);
        snprintf(heard + used, sizeof heard - used, "%s\n", line);
    }
}

static char *join(const char *folder, const char *name)
{
    char *path = te_path_join(folder, name);
    assert_non_null(path);
    return path;
}

static void write_list(const char *folder, const char *text)
{
    char *path = join(folder, "gt_sets/val.txt");
    assert_ok(te_file_write(path, text, strlen(text)));
    free(path);
}

/* A picture and, where `metres` is above 0, its depth: that everywhere, invalid in the first row. */
static void write_example(const char *folder, const char *name, int width, int height, float metres)
{
    char file[64];
    te_picture *picture;
    snprintf(file, sizeof file, "images/%s.png", name);
    char *path = join(folder, file);
    assert_ok(te_picture_create_room(&picture, width, height, 4));
    assert_ok(te_picture_save(picture, path));
    te_picture_free(picture);
    free(path);
    if (metres > 0.0f) {
        size_t area = (size_t)width * (size_t)height;
        int64_t shape[2] = {height, width};
        float *depth = malloc(area * sizeof *depth);
        assert_non_null(depth);
        for (size_t i = 0; i < area; i++) {
            depth[i] = i < (size_t)width ? 0.0f : metres;
        }
        snprintf(file, sizeof file, "depth/%s.npy", name);
        path = join(folder, file);
        assert_ok(te_npy_save_float(path, 2, shape, depth));
        free(path);
        free(depth);
    }
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"images/small.png", "images/large.png", "images/bare.png", "depth/small.npy",
                                        "depth/large.npy",  "gt_sets/val.txt",  "images",          "depth", "gt_sets", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = join(folder, names[i]);
        assert_int_equal(remove(path), 0);
        free(path);
    }
}

/* One picture smaller than the input, one larger, which is told; depth is the only task with labels, and the first row of
 * both does not count: the trivial score is that of 1 m and 3 m, weighted by the pixels that do. */
static void test_folder(void **state)
{
    const fixture *at = *state;
    char folder[] = "/tmp/te_scores_XXXXXX";
    static const char *const inside[] = {"images", "depth", "gt_sets"};
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 3; i++) {
        char *path = join(folder, inside[i]);
        assert_ok(te_folder_make(path));
        free(path);
    }
    write_example(folder, "small", 40, 31, 1);
    write_example(folder, "large", 120, 21, 3);
    write_example(folder, "bare", 20, 20, 0);
    write_list(folder, "small\nbare\nlarge\n");
    te_settings *settings;
    te_scores *scores;
    assert_ok(te_settings_copy(&settings, at->settings));
    assert_ok(te_settings_set(settings, "data.source", "folder"));
    assert_ok(te_settings_set(settings, "data.folder", folder));
    *heard = '\0';
    te_set_log(hear, NULL);
    te_status status = te_scores_run(&scores, at->evaluator, settings, NULL);
    te_set_log(NULL, NULL);
    assert_ok(status);
    te_score rmse = find(scores, "depth", "rmse");
    assert_int_equal(rmse.pictures, 2);
    double small = 40 * 30, large = 120 * 20, mean = (small + 3 * large) / (small + large);
    double variance = (small * (1 - mean) * (1 - mean) + large * (3 - mean) * (3 - mean)) / (small + large);
    assert_true(fabs(rmse.trivial - sqrt(variance)) < 1e-6);
    assert_int_equal(te_scores_count(scores), 5); /* those of depth */
    assert_non_null(strstr(heard, "no picture had a label for 'semseg'"));
    assert_non_null(strstr(heard, "judging on the 2 pictures of '/tmp/te_scores_"));
    assert_non_null(strstr(heard, "/gt_sets/val.txt'\n"));
    assert_non_null(strstr(heard, "1 of 2 pictures are larger than the input of 96 x 64 pixels"));
    te_scores_free(scores);
    te_settings_free(settings);
    remove_folder(folder);
}

static void test_save(void **state)
{
    const fixture *at = *state;
    char path[] = "/tmp/te_scores_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    te_scores *scores;
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &(te_scores_options){.count = 2}));
    assert_ok(te_scores_save(scores, path));
    json_t *all = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    assert_int_equal(json_integer_value(json_object_get(all, "pictures")), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(all, "data"), "source")), "rooms");
    json_t *list = json_object_get(all, "scores");
    assert_int_equal(json_array_size(list), te_scores_count(scores));
    for (size_t i = 0; i < json_array_size(list); i++) {
        te_score score;
        const json_t *entry = json_array_get(list, i);
        assert_ok(te_scores_get(scores, i, &score));
        assert_string_equal(json_string_value(json_object_get(entry, "task")), score.task);
        double model = json_number_value(json_object_get(entry, "model"));
        assert_true(fabs(model - score.model) <= 1e-8 * fabs(score.model));
    }
    json_decref(all);
    assert_int_equal(te_scores_save(scores, "/proc/none/all.json"), TE_ERR_FILE);
    te_scores_free(scores);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),   cmocka_unit_test(test_no_resize),       cmocka_unit_test(test_run),
        cmocka_unit_test(test_count),   cmocka_unit_test(test_stopped),         cmocka_unit_test(test_settings_of_the_model),
        cmocka_unit_test(test_save),    cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
