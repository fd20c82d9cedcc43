/* What a run writes about itself: the same bytes for any number of threads, names from outside escaped, broken pictures left
 * out and named, saved maps judged like those of the model that made them, the extreme pictures kept. */
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
    char folder[32];
} fixture;

static int open_fixture(void **state)
{
    static fixture at = {.folder = "/tmp/te_report_XXXXXX"};
    static const char *const values[][2] = {
        {"input.height", "64"},        {"input.width", "96"},       {"model.backbone", "tiny"},  {"model.width", "16"},
        {"model.heads", "2"},          {"model.blocks", "2"},       {"model.taps", "1 2"},       {"model.experts", "2"},
        {"model.decoder_width", "8"},  {"model.gate_width", "4"},   {"model.expert_hidden", "8"}, {"data.val_scenes", "9"},
        {"model.semseg_classes", "22"}, {"model.tasks", "semseg human_parts sal normals edge depth"},
    };
    at.settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_device_open(&at.device, at.settings));
    assert_ok(te_model_create(&at.model, at.settings, 3));
    assert_ok(te_evaluator_create(&at.evaluator, at.model, at.device, at.settings));
    assert_non_null(mkdtemp(at.folder));
    *state = &at;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *at = *state;
    char command[64];
    te_evaluator_free(at->evaluator);
    te_model_free(at->model);
    te_device_close(at->device);
    te_settings_free(at->settings);
    snprintf(command, sizeof command, "rm -r '%s'", at->folder);
    return system(command);
}

/* A path in the fixture's folder, until the call after next. */
static const char *path_of(const fixture *at, const char *name)
{
    static char paths[2][512];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", at->folder, name);
    return paths[turn];
}

/* A whole file as text, which the caller frees. */
static char *read_all(const fixture *at, const char *name)
{
    uint8_t *data;
    size_t bytes;
    assert_ok(te_file_read(path_of(at, name), 1 << 26, &data, &bytes));
    assert_int_equal(strlen((char *)data), bytes);
    return (char *)data;
}

static te_settings *with(const fixture *at, const char *key, const char *value)
{
    te_settings *settings;
    assert_ok(te_settings_copy(&settings, at->settings));
    assert_ok(te_settings_set(settings, key, value));
    return settings;
}

/* ---- the same bytes ---- */

static void save_all(const fixture *at, const te_scores *scores, int which)
{
    char name[32];
    snprintf(name, sizeof name, "%d/eval.json", which);
    assert_ok(te_scores_save(scores, path_of(at, name)));
    snprintf(name, sizeof name, "%d/pictures.csv", which);
    assert_ok(te_scores_save_pictures(scores, path_of(at, name)));
    snprintf(name, sizeof name, "%d/report.html", which);
    assert_ok(te_scores_save_report(scores, path_of(at, name)));
}

/* The line that holds `word` becomes blank: there is exactly one. */
static void blank_line(char *text, const char *word)
{
    char *at = strstr(text, word);
    assert_non_null(at);
    assert_null(strstr(at + 1, word));
    for (; at > text && at[-1] != '\n'; at--) {
    }
    for (; *at && *at != '\n'; at++) {
        *at = ' ';
    }
}

static void test_threads(void **state)
{
    const fixture *at = *state;
    static const char *const files[] = {"eval.json", "pictures.csv", "report.html"};
    static const char *const dates[] = {"\"date\": ", NULL, "<dt>date</dt>"};
    static const char *const threads[] = {"\"data.threads\": ", NULL, "make samples ahead"};
    for (int n = 0; n < 2; n++) {
        te_settings *settings = with(at, "data.threads", n ? "4" : "1");
        te_scores *scores;
        te_scores_options options = {.count = 7, .model = "m.safetensors", .pictures_kept = 2};
        assert_ok(te_scores_run(&scores, at->evaluator, settings, &options));
        save_all(at, scores, n);
        te_scores_free(scores);
        te_settings_free(settings);
    }
    for (int f = 0; f < 3; f++) {
        char name[2][32], *text[2];
        for (int n = 0; n < 2; n++) {
            snprintf(name[n], sizeof name[n], "%d/%s", n, files[f]);
            text[n] = read_all(at, name[n]);
            if (dates[f]) {
                blank_line(text[n], dates[f]);
                blank_line(text[n], threads[f]);
            }
        }
        assert_string_equal(text[0], text[1]);
        free(text[0]);
        free(text[1]);
    }
}

/* ---- extreme pictures ---- */

/* The CSV's numbers in order are those of the kept pictures, and no picture is shown at both ends. */
static void test_gallery(void **state)
{
    const fixture *at = *state;
    enum { MOST = 3 };
    te_scores *scores;
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &(te_scores_options){.count = 4, .pictures_kept = MOST}));
    for (int t = 0; t < scores->config.task_count; t++) {
        int shown = 0, counted = 0;
        for (uint64_t i = 0; i < scores->picture_count; i++) {
            counted += !isnan(scores->pictures[i].own[t]);
        }
        for (int largest = 0; largest < 2; largest++) {
            double previous = largest ? (double)INFINITY : -(double)INFINITY;
            for (int rank = 0; rank < te_gallery_count(scores->gallery, t, largest); rank++) {
                const te_exhibit *exhibit = te_gallery_get(scores->gallery, t, largest, rank);
                if (exhibit) {
                    assert_true(exhibit->own == scores->pictures[exhibit->index].own[t]);
                    assert_string_equal(exhibit->name, scores->pictures[exhibit->index].name);
                    assert_true(largest ? exhibit->own <= previous : exhibit->own >= previous);
                    previous = exhibit->own;
                    shown++;
                }
            }
        }
        assert_int_equal(shown, counted); /* 4 pictures have room in 3 + 3 places: each is shown once */
    }
    te_scores_free(scores);
}

/* ---- saved maps ---- */

/* Maps saved with all their bits get the model's own scores, bit for bit. */
static void test_predictions(void **state)
{
    const fixture *at = *state;
    enum { COUNT = 3 };
    te_dataset *dataset;
    te_task_id tasks[TE_TASK_COUNT] = {TE_SEMSEG, TE_HUMAN_PARTS, TE_SAL, TE_NORMALS, TE_EDGE, TE_DEPTH};
    assert_ok(te_dataset_open(&dataset, at->settings, TE_SPLIT_VAL, tasks, TE_TASK_COUNT));
    for (uint64_t n = 0; n < COUNT; n++) {
        te_example example;
        te_prediction *prediction;
        assert_ok(te_dataset_load(dataset, n, 64, 96, &example));
        te_picture picture = {.width = example.width, .height = example.height, .rgb = example.rgb};
        te_fit fit = te_evaluator_place(at->evaluator, picture.width, picture.height);
        assert_ok(te_evaluator_run_fit(at->evaluator, &picture, &fit, &prediction));
        assert_ok(te_prediction_save(prediction, path_of(at, "saved"), example.name, TE_SAVE_NPY));
        te_prediction_free(prediction);
        te_example_clear(&example);
    }
    te_dataset_close(dataset);
    te_scores *model, *saved;
    te_scores_options options = {.count = COUNT};
    assert_ok(te_scores_run(&model, at->evaluator, at->settings, &options));
    char folder[64];
    snprintf(folder, sizeof folder, "%s/saved", at->folder);
    options.predictions = folder;
    assert_ok(te_scores_run(&saved, NULL, at->settings, &options));
    assert_int_equal(te_scores_count(saved), te_scores_count(model));
    for (size_t i = 0; i < te_scores_count(saved); i++) {
        te_score a, b;
        assert_ok(te_scores_get(saved, i, &a));
        assert_ok(te_scores_get(model, i, &b));
        assert_string_equal(a.metric, b.metric);
        assert_true(a.model == b.model && a.trivial == b.trivial);
    }
    save_all(at, saved, 2);
    te_scores_free(saved);

    options.count = COUNT + 1; /* of which nobody saved the last one */
    uint64_t left_out;
    assert_ok(te_scores_run(&saved, NULL, at->settings, &options));
    assert_int_equal(te_scores_count_pictures(saved, &left_out), COUNT);
    assert_int_equal(left_out, 1);
    te_scores_free(saved);
    te_scores_free(model);
    assert_int_equal(te_scores_run(&saved, NULL, at->settings, NULL), TE_ERR_ARGUMENT);
    assert_int_equal(te_scores_run(&saved, NULL, NULL, &options), TE_ERR_ARGUMENT);
}

/* ---- a folder with everything in it ---- */

#define HOSTILE "<script>alert('x')</script>, \"&\xFF"

static char heard[4096]; /* warnings, one a line */

static void hear(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_WARNING) {
        size_t used = strlen(heard);
        snprintf(heard + used, sizeof heard - used, "%s\n", line);
    }
}

static void write_example(const fixture *at, const char *name, int depth_width)
{
    enum { W = 40, H = 32 };
    char file[256];
    te_picture *picture;
    snprintf(file, sizeof file, "set/images/%s.png", name);
    assert_ok(te_picture_create_room(&picture, W, H, 4));
    assert_ok(te_picture_save(picture, path_of(at, file)));
    te_picture_free(picture);
    float depth[W * H];
    for (size_t i = 0; i < W * H; i++) {
        depth[i] = 2.0f;
    }
    snprintf(file, sizeof file, "set/depth/%s.npy", name);
    assert_ok(te_npy_save_float(path_of(at, file), 2, (int64_t[]){H, depth_width}, depth));
}

/* A hostile name, a label of another size, a label that is cut off, and a picture that is fine. */
static te_settings *make_folder(const fixture *at)
{
    static const char list[] = HOSTILE "\nnarrow\nempty\nfine\n";
    te_settings *settings = with(at, "data.source", "folder");
    assert_ok(te_settings_set(settings, "data.folder", path_of(at, "set")));
    assert_ok(te_folder_make(path_of(at, "set/images")));
    assert_ok(te_folder_make(path_of(at, "set/gt_sets")));
    assert_ok(te_folder_make(path_of(at, "set/depth")));
    /* the name holds a '/', so that it lies in folders of its own */
    assert_ok(te_folder_make(path_of(at, "set/images/<script>alert('x')<")));
    assert_ok(te_folder_make(path_of(at, "set/depth/<script>alert('x')<")));
    write_example(at, HOSTILE, 40);
    write_example(at, "narrow", 39);
    write_example(at, "empty", 40);
    write_example(at, "fine", 40);
    assert_ok(te_file_write(path_of(at, "set/depth/empty.npy"), "\x93NUMPY", 6));
    assert_ok(te_file_write(path_of(at, "set/gt_sets/val.txt"), list, sizeof list - 1));
    return settings;
}

static void test_hostile_folder(void **state)
{
    const fixture *at = *state;
    te_settings *settings = make_folder(at);
    te_scores *scores;
    te_scores_options options = {.model = "a<b>&\"c.safetensors", .pictures_kept = 3};
    *heard = '\0';
    te_set_log(hear, NULL);
    te_status status = te_scores_run(&scores, at->evaluator, settings, &options);
    te_set_log(NULL, NULL);
    assert_ok(status);
    uint64_t left_out;
    assert_int_equal(te_scores_count_pictures(scores, &left_out), 2);
    assert_int_equal(left_out, 2);
    assert_non_null(strstr(heard, "left out: '"));
    assert_non_null(strstr(heard, "/set/depth/narrow.npy'"));
    assert_non_null(strstr(heard, "/set/depth/empty.npy'"));

    save_all(at, scores, 3);
    char *page = read_all(at, "3/report.html"), *table = read_all(at, "3/pictures.csv");
    assert_null(strstr(page, "<script"));
    assert_null(strchr(page, '\xFF'));
    assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;, &quot;&amp;\xEF\xBF\xBD"));
    assert_non_null(strstr(page, "Scores of a&lt;b&gt;&amp;&quot;c.safetensors"));
    assert_non_null(strstr(page, "2 of 4 pictures are left out"));
    assert_non_null(strstr(table, "\r\n\"<script>alert('x')</script>, \"\"&\xFF\",40,32,,,,,,"));
    json_t *all = json_load_file(path_of(at, "3/eval.json"), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    assert_int_equal(json_array_size(json_object_get(all, "problems")), 2);
    assert_int_equal(json_integer_value(json_object_get(all, "left_out")), 2);
    json_decref(all);
    free(page);
    free(table);
    te_scores_free(scores);

    /* nothing is left but what is broken */
    assert_ok(te_file_write(path_of(at, "set/gt_sets/val.txt"), "narrow\nempty\n", 13));
    assert_int_equal(te_scores_run(&scores, at->evaluator, settings, NULL), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "none of the 2 pictures could be judged: "));
    te_settings_free(settings);
}

/* ---- names of classes ---- */

static void test_hostile_names(void **state)
{
    const fixture *at = *state;
    static const char names[] = "</script><script>, \"]}{%n%s, &amp;, Stra\303\237e", *const each[] = {
        "</script><script>", "\"]}{%n%s", "&amp;", "Stra\303\237e"};
    te_settings *settings;
    te_model *model;
    te_evaluator *evaluator;
    te_scores *scores;
    assert_ok(te_settings_copy(&settings, at->settings));
    assert_ok(te_settings_set(settings, "model.semseg_names", names));
    assert_ok(te_model_create(&model, settings, 3));
    assert_ok(te_evaluator_create(&evaluator, model, at->device, settings));
    assert_ok(te_scores_run(&scores, evaluator, settings, &(te_scores_options){.count = 2, .pictures_kept = 1}));
    te_evaluator_free(evaluator);
    te_model_free(model);
    te_settings_free(settings);
    unsigned seen = 0;
    for (size_t i = 0; i < te_scores_count(scores); i++) {
        te_score score;
        assert_ok(te_scores_get(scores, i, &score));
        if (strcmp(score.task, "semseg") == 0 && score.class_index >= 0 && score.class_index < 4) {
            assert_string_equal(score.class_name, each[score.class_index]);
            seen |= 1u << score.class_index;
        } else if (strcmp(score.task, "semseg") == 0) {
            assert_null(score.class_name); /* none of the rooms' */
        }
    }
    assert_true(seen & 3); /* walls and floors are everywhere */

    save_all(at, scores, 4);
    te_scores_free(scores);
    char *page = read_all(at, "4/report.html");
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "</script"));
    assert_non_null(strstr(page, "&lt;/script&gt;&lt;script&gt;"));
    assert_non_null(strstr(page, "&quot;]}{%n%s"));
    assert_non_null(strstr(page, "&amp;amp;"));
    assert_non_null(strstr(page, "Stra\xC3\x9F" "e"));
    free(page);
    json_t *all = json_load_file(path_of(at, "4/eval.json"), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    json_t *kept = json_object_get(json_object_get(all, "settings"), "model.semseg_names");
    assert_string_equal(json_string_value(kept), names);
    json_decref(all);
}

/* ---- gates ---- */

/* Every tap, counted from 1, for every task; means over the experts and the memory sum to 1. */
static void test_gates(void **state)
{
    const fixture *at = *state;
    te_scores *scores;
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &(te_scores_options){.count = 1}));
    save_all(at, scores, 5);
    te_scores_free(scores);
    json_t *all = json_load_file(path_of(at, "5/eval.json"), JSON_REJECT_DUPLICATES, NULL);
    const json_t *gates = json_object_get(all, "gates"), *gate;
    size_t index, score;
    assert_int_equal(json_array_size(gates), 2 * 6);
    json_array_foreach(gates, index, gate) {
        const json_t *means = json_object_get(gate, "mean"), *mean;
        double sum = 0.0;
        json_array_foreach(means, score, mean) {
            sum += json_number_value(mean);
        }
        assert_int_equal(json_integer_value(json_object_get(gate, "tap")), 1 + index / 6);
        assert_true(fabs(sum - 1.0) < 1e-5);
    }
    json_decref(all);
}

/* ---- splits ---- */

static void test_split(void **state)
{
    const fixture *at = *state;
    te_scores *scores;
    te_scores_options options = {.count = 2, .split = "train"};
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &options));
    te_score train, val;
    assert_ok(te_scores_get(scores, 0, &train));
    te_scores_free(scores);
    assert_ok(te_scores_run(&scores, at->evaluator, at->settings, &(te_scores_options){.count = 2, .split = "val"}));
    assert_ok(te_scores_get(scores, 0, &val));
    te_scores_free(scores);
    assert_true(train.trivial != val.trivial);
    options.count = 0;
    assert_int_equal(te_scores_run(&scores, at->evaluator, at->settings, &options), TE_ERR_ARGUMENT);
    options.count = 1;
    options.pictures_kept = -1;
    assert_int_equal(te_scores_run(&scores, at->evaluator, at->settings, &options), TE_ERR_ARGUMENT);
    options.pictures_kept = 0;
    options.predictions = "anywhere"; /* which is not asked for with an evaluator */
    assert_int_equal(te_scores_run(&scores, at->evaluator, at->settings, &options), TE_ERR_ARGUMENT);
    options.predictions = NULL;
    options.split = "test";
    assert_int_equal(te_scores_run(&scores, at->evaluator, at->settings, &options), TE_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads), cmocka_unit_test(test_gallery), cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_split),   cmocka_unit_test(test_hostile_folder), cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_gates),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
