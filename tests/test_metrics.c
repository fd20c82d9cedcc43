/* Metrics against an independent implementation with NumPy (tests/reference/make_golden_metrics.py), and by hand where a
 * number can be told in the head: perfect maps, ignored pixels, pictures that do not count, hostile labels. */
#include "base/safetensors.h"
#include "data/map.h"
#include "eval/jury.h"
#include "eval/metrics.h"
#include "support/assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_near(double got, double expected, double limit)
{
    if (!(fabs(got - expected) <= limit)) {
        fail_msg("%.9g, expected %.9g", got, expected);
    }
}

/* Judge and pool; the picture's own value, or NAN where it cannot be judged. */
static te_status add_picture(te_metric *metric, uint64_t index, const te_map *map, const float *label, double *own)
{
    te_metric_sample *sample;
    *own = NAN;
    TE_TRY(te_metric_judge(metric, index, map, label, &sample));
    *own = te_metric_sample_get(sample);
    te_status status = te_metric_add(metric, sample);
    te_metric_sample_free(sample);
    return status;
}

static te_status add_next(te_metric *metric, const te_map *map, const float *label)
{
    double own;
    return add_picture(metric, te_metric_count(metric), map, label, &own);
}

/* ---- the golden file ---- */

static double number_of(const te_safetensors *file, const char *key)
{
    const char *text = te_safetensors_find_metadata(file, key);
    if (!text) {
        fail_msg("golden file lacks '%s'", key);
        return 0;
    }
    return atof(text);
}

/* Pictures in a golden file that are judged together. */
typedef struct golden {
    const te_safetensors *file;
    const char *name;
} golden;

static double golden_number(const golden *of, const char *key)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", of->name, key);
    return number_of(of->file, full);
}

static const te_entry *find_golden(const golden *of, int picture, const char *task, const char *what)
{
    const te_safetensors *file = of->file;
    char name[96];
    snprintf(name, sizeof name, "%s.%d.%s.%s", of->name, picture, task, what);
    const te_entry *entry = te_safetensors_find(file, name);
    if (!entry) {
        fail_msg("golden file lacks '%s'", name);
    }
    return entry;
}

static float *read_golden(const te_entry *entry)
{
    float *data = malloc(entry->count * sizeof *data);
    assert_non_null(data);
    assert_ok(te_entry_read(entry, data));
    return data;
}

static uint8_t *to_bytes(const float *values, size_t count)
{
    uint8_t *bytes = malloc(count);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)values[i];
    }
    return bytes;
}

static te_metric_sample *judge_golden(const te_metric *metric, const golden *of, int picture, te_task_id task)
{
    const char *name = te_tasks[task].name;
    const te_entry *entry = find_golden(of, picture, name, "map");
    float *values = read_golden(entry), *label = read_golden(find_golden(of, picture, name, "label"));
    te_map map = {.task = name, .height = (int)entry->shape[0], .width = (int)entry->shape[1], .channels = 1,
                  .values = values};
    uint8_t *bytes = NULL;
    if (te_tasks[task].reading == TE_READ_CLASS) {
        map.values = NULL;
        map.classes = bytes = to_bytes(values, entry->count);
    }
    te_metric_sample *sample = NULL;
    assert_ok(te_metric_judge(metric, (uint64_t)picture, &map, label, &sample));
    free(bytes);
    free(values);
    free(label);
    return sample;
}

/* Returns the picture's own value. */
static double add_golden(te_metric *metric, const golden *of, int picture, te_task_id task)
{
    te_metric_sample *sample = judge_golden(metric, of, picture, task);
    double own = te_metric_sample_get(sample);
    assert_ok(te_metric_add(metric, sample));
    te_metric_sample_free(sample);
    return own;
}

/* What metrics.py calls a value, behind the case's name. */
static void golden_key(const te_metric_value *value, const char *task, const char *which, char *key, size_t bytes)
{
    char class[16] = "";
    if (value->class >= 0) {
        snprintf(class, sizeof class, ".%d", value->class);
    }
    snprintf(key, bytes, "%s.%s%s.%s", task, value->name, class, which);
}

/* Histograms stand for what is known at the end only; the rest agrees but for rounding. */
static double tolerance_of(const te_metric_value *value, te_task_id task, int trivial)
{
    if (task == TE_NORMALS && trivial) {
        return strcmp(value->unit, "%") == 0 ? 0.3 : 0.1;
    }
    if (task == TE_NORMALS) {
        return strcmp(value->name, "median") == 0 ? 6e-4 : 1e-4; /* half a step of the histogram; arc cosines */
    }
    return task == TE_DEPTH && trivial ? 0.05 : 1e-5;
}

static void compare_value(const golden *of, const te_metric_value *value, te_task_id task)
{
    for (int trivial = 0; trivial < 2; trivial++) {
        char key[96];
        golden_key(value, te_tasks[task].name, trivial ? "trivial" : "model", key, sizeof key);
        double got = trivial ? value->trivial : value->model, expected = golden_number(of, key);
        if (!(fabs(got - expected) <= tolerance_of(value, task, trivial) * fmax(1, fabs(expected) * 1e-3))) {
            fail_msg("%s.%s: %.9g, expected %.9g", of->name, key, got, expected);
        }
    }
}

/* The numbers that the file has of a task. */
static size_t count_golden(const golden *of, te_task_id task)
{
    char start[64];
    int length = snprintf(start, sizeof start, "%s.%s.", of->name, te_tasks[task].name);
    size_t found = 0;
    for (size_t i = 0; i < te_safetensors_count_metadata(of->file); i++) {
        const char *key, *text;
        te_safetensors_get_metadata(of->file, i, &key, &text);
        const char *end = strrchr(key, '.');
        found += strncmp(key, start, (size_t)length) == 0 && strcmp(end, ".model") == 0;
    }
    return found;
}

static te_metric *open_golden(const golden *of, te_task_id task)
{
    char key[64];
    snprintf(key, sizeof key, "%s.classes", te_tasks[task].name);
    int classes = te_tasks[task].reading == TE_READ_CLASS ? (int)golden_number(of, key) : 0;
    te_metric_options options = {.classes = classes, .edge_distance = golden_number(of, "distance")};
    te_metric *metric = NULL;
    assert_ok(te_metric_create(&metric, task, &options));
    return metric;
}

/* Returns how many of the pictures count. */
static uint64_t compare_task(const golden *of, te_task_id task)
{
    te_metric *metric = open_golden(of, task);
    te_metric_value *values;
    size_t count;
    int pictures = (int)golden_number(of, "pictures"), owned = 0;
    for (int picture = 0; picture < pictures; picture++) {
        double own = add_golden(metric, of, picture, task);
        owned += !isnan(own);
        assert_true(isnan(own) || (own >= 0 && own <= (task == TE_NORMALS ? 180 : 100)));
    }
    assert_true((uint64_t)owned <= te_metric_count(metric));
    assert_ok(te_metric_get(metric, &values, &count));
    assert_int_equal(count, count_golden(of, task));
    for (size_t i = 0; i < count; i++) {
        compare_value(of, &values[i], task);
        assert_int_equal(values[i].primary, i == 0);
    }
    uint64_t counted = te_metric_count(metric);
    free(values);
    te_metric_free(metric);
    return counted;
}

static void test_golden(void **state)
{
    (void)state;
    te_safetensors *file;
    assert_ok(te_safetensors_open(&file, TE_TEST_GOLDEN "/metrics.safetensors"));
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        /* the last of three pictures has no human part */
        assert_int_equal(compare_task(&(golden){file, "golden"}, (te_task_id)task), task == TE_HUMAN_PARTS ? 2 : 3);
    }
    te_safetensors_close(file);
}

/* Nothing to judge, nothing to find, nothing said, one answer only, values on limits or no numbers, pictures of one pixel. */
static void test_golden_hard(void **state)
{
    (void)state;
    static const char *const cases[] = {"empty", "equal", "golden", "ignored", "line", "nan", "pixel", "silent", "ties"};
    te_safetensors *file;
    assert_ok(te_safetensors_open(&file, TE_TEST_GOLDEN "/metrics_hard.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int task = 0; task < TE_TASK_COUNT; task++) {
            uint64_t counted = compare_task(&(golden){file, cases[i]}, (te_task_id)task);
            assert_true(strcmp(cases[i], "ignored") != 0 || counted == 0);
        }
    }
    te_safetensors_close(file);
}

/* ---- by hand ---- */

enum { SIDE = 24, AREA = SIDE * SIDE };

typedef struct fixture {
    te_metric *metric;
    te_metric_value *values;
    size_t count;
} fixture;

static void start(fixture *at, te_task_id task, const te_metric_options *options)
{
    *at = (fixture){0};
    assert_ok(te_metric_create(&at->metric, task, options));
}

static void finish(fixture *at)
{
    free(at->values);
    te_metric_free(at->metric);
}

static const te_metric_value *value_of(fixture *at, const char *name)
{
    free(at->values);
    assert_ok(te_metric_get(at->metric, &at->values, &at->count));
    for (size_t i = 0; i < at->count; i++) {
        if (strcmp(at->values[i].name, name) == 0) {
            return &at->values[i];
        }
    }
    fail_msg("no value '%s'", name);
    return NULL;
}

static void test_classes_absent_and_ignored(void **state)
{
    (void)state;
    te_metric_options options = {.classes = 5};
    fixture at;
    start(&at, TE_SEMSEG, &options);
    uint8_t said[4] = {0, 1, 1, 2};
    float label[4] = {0, 1, 0, 255}; /* class 2 is said where nobody looks, 3 and 4 nowhere */
    te_map map = {.task = "semseg", .width = 2, .height = 2, .channels = 1, .classes = said};
    assert_ok(add_next(at.metric, &map, label));
    assert_near(value_of(&at, "mIoU")->model, 100.0 * (0.5 + 0.5) / 5, 1e-9);
    assert_near(value_of(&at, "mIoU")->trivial, 100.0 * (2.0 / 3) / 5, 1e-9);
    assert_near(value_of(&at, "accuracy")->model, 200.0 / 3, 1e-9);
    assert_int_equal(te_metric_count_absent(at.metric), 3);
    assert_int_equal(at.count, 4); /* mIoU, accuracy, two classes */
    fixture parts;
    start(&parts, TE_HUMAN_PARTS, &(te_metric_options){.classes = 7});
    assert_ok(add_next(parts.metric, &map, label));
    assert_int_equal(te_metric_count_absent(parts.metric), 5);
    finish(&parts);

    float nothing[4] = {255, 255, 255, 255}, wrong[4] = {0, 5, 0, 0}, broken[4] = {0, NAN, 0, 0};
    assert_ok(add_next(at.metric, &map, nothing));
    assert_int_equal(te_metric_count(at.metric), 1);
    assert_int_equal(add_next(at.metric, &map, wrong), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "holds class 5"));
    assert_int_equal(add_next(at.metric, &map, broken), TE_ERR_FORMAT);
    assert_near(value_of(&at, "accuracy")->model, 200.0 / 3, 1e-9);
    finish(&at);
}

static void test_nothing_counted(void **state)
{
    (void)state;
    te_metric_options options = {.classes = 3};
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        fixture at;
        start(&at, (te_task_id)task, &options);
        assert_ok(te_metric_get(at.metric, &at.values, &at.count));
        assert_null(at.values);
        assert_int_equal(at.count, 0);
        finish(&at);
    }
}

static void test_depth_by_hand(void **state)
{
    (void)state;
    fixture at;
    start(&at, TE_DEPTH, &(te_metric_options){0});
    float said[4] = {1.2f, 4.0f, 0.0f, 9.0f}, label[4] = {1.0f, 2.0f, 3.0f, 0.0f};
    te_map map = {.task = "depth", .width = 4, .height = 1, .channels = 1, .values = said};
    assert_ok(add_next(at.metric, &map, label));
    assert_near(value_of(&at, "rmse")->model, sqrt((0.04 + 4 + 9) / 3), 1e-6);
    assert_near(value_of(&at, "rmse")->trivial, sqrt(2.0 / 3), 1e-9);
    assert_near(value_of(&at, "absrel")->model, (0.2 + 1 + 1) / 3, 1e-6);
    assert_near(value_of(&at, "absrel")->trivial, (1.0 + 0 + 1.0 / 3) / 3, 1e-4);
    assert_near(value_of(&at, "delta1")->model, 100.0 / 3, 1e-6);
    assert_int_equal(value_of(&at, "rmse")->higher_is_better, 0);
    assert_int_equal(value_of(&at, "delta3")->higher_is_better, 1);
    finish(&at);
}

/* Axis-aligned and opposite vectors: the median and the mean must be exact to the histogram's step. */
static void test_normals_by_hand(void **state)
{
    (void)state;
    fixture at;
    start(&at, TE_NORMALS, &(te_metric_options){0});
    float said[4 * 3] = {0, 0, 1, 0, 1, 0, 0, 0, -1, 0, 0, 1};
    float label[3 * 4] = {0, 0, 0, 0.3f, 0, 0, 0, 0, 1, 1, 1, 0}; /* angles 0, 90, 180, ignored */
    te_map map = {.task = "normals", .width = 2, .height = 2, .channels = 3, .values = said};
    assert_ok(add_next(at.metric, &map, label));
    assert_near(value_of(&at, "mean")->model, 90, 1e-6);
    assert_near(value_of(&at, "median")->model, 90, 1e-3);
    assert_near(value_of(&at, "within 30")->model, 100.0 / 3, 1e-6);
    assert_near(value_of(&at, "mean")->trivial, 0, 1e-3); /* all labels are the same */
    finish(&at);
}

/* Probabilities on the thresholds count as above; the second sigmoid keeps what 0.2 and 0.6 tell apart. */
static void test_saliency_thresholds(void **state)
{
    (void)state;
    fixture at;
    start(&at, TE_SAL, &(te_metric_options){.published_saliency = 1});
    float said[4] = {0.95f, 0.949f, 0.1f, 0.05f}, label[4] = {1, 0, 0, 0};
    te_map map = {.task = "sal", .width = 4, .height = 1, .channels = 1, .values = said};
    assert_ok(add_next(at.metric, &map, label));
    assert_near(value_of(&at, "maxF")->model, 100, 1e-9);
    double half = 100 * 1.3 * 0.5 / (0.3 * 0.5 + 1), quarter = 100 * 1.3 * 0.25 / (0.3 * 0.25 + 1);
    assert_near(value_of(&at, "maxF_published")->model, half, 1e-9);
    assert_near(value_of(&at, "maxF_published")->trivial, quarter, 1e-9);
    assert_int_equal(value_of(&at, "maxF_published")->primary, 1);
    assert_int_equal(value_of(&at, "maxF")->primary, 0);
    finish(&at);
}

static void draw_line(float *plane, int row, float value)
{
    for (int x = 0; x < SIDE; x++) {
        plane[row * SIDE + x] = value;
    }
}

/* F of a predicted row `said` against the label's row `truth`, in percent. */
static double score_rows(int said, int truth, double distance)
{
    float probability[AREA] = {0}, label[AREA] = {0};
    draw_line(probability, said, 0.8f);
    draw_line(label, truth, 1);
    te_map map = {.task = "edge", .width = SIDE, .height = SIDE, .channels = 1, .values = probability};
    fixture at;
    start(&at, TE_EDGE, &(te_metric_options){.edge_distance = distance});
    assert_ok(add_next(at.metric, &map, label));
    double f = value_of(&at, "odsF")->model;
    assert_near(value_of(&at, "oisF")->model, f, 1e-9); /* one picture */
    finish(&at);
    return f;
}

/* A row across the picture loses its first and last pixel to the fade; the next row is within one pixel, the third is not. */
static void test_edge_rows(void **state)
{
    (void)state;
    double one_pixel = 1.01 / (SIDE * sqrt(2)), most = 100 * 2 * (22.0 / 24) / (1 + 22.0 / 24);
    assert_near(score_rows(12, 12, one_pixel), most, 1e-6);
    assert_near(score_rows(12, 13, one_pixel), most, 1e-6);
    assert_near(score_rows(12, 14, one_pixel), 0, 1e-6);
}

/* Predictions where the label is ignored are neither right nor wrong. */
static void test_edge_ignored(void **state)
{
    (void)state;
    float probability[AREA] = {0}, label[AREA] = {0};
    draw_line(probability, 8, 0.8f);
    draw_line(probability, 16, 0.8f);
    draw_line(label, 8, 1);
    te_map map = {.task = "edge", .width = SIDE, .height = SIDE, .channels = 1, .values = probability};
    for (int ignored = 0; ignored < 2; ignored++) {
        for (int y = 14; ignored && y < 19; y++) {
            draw_line(label, y, 255);
        }
        fixture at;
        start(&at, TE_EDGE, &(te_metric_options){.edge_distance = 0.01});
        assert_ok(add_next(at.metric, &map, label));
        double precision = ignored ? 1.0 : 0.5, recall = 22.0 / 24;
        assert_near(value_of(&at, "odsF")->model, 100 * 2 * precision * recall / (precision + recall), 1e-6);
        assert_true(value_of(&at, "odsF")->trivial > 5 && value_of(&at, "odsF")->trivial < 60);
        finish(&at);
    }
}

/* Sizes at which nothing is left between the borders. */
static void test_edge_tiny(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 2}, {2, 30}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        float probability[64], label[64];
        for (int p = 0; p < 64; p++) {
            probability[p] = (float)(p % 7) / 6;
            label[p] = p % 3 == 0 ? 1.0f : 0.0f;
        }
        te_map map = {.task = "edge", .height = sizes[i][0], .width = sizes[i][1], .channels = 1, .values = probability};
        fixture at;
        start(&at, TE_EDGE, &(te_metric_options){0});
        assert_ok(add_next(at.metric, &map, label));
        double f = value_of(&at, "odsF")->model;
        assert_true(f >= 0 && f <= 100);
        assert_true(value_of(&at, "odsF")->trivial > 0);
        finish(&at);
    }
}

/* ---- samples ---- */

static void test_own_values(void **state)
{
    (void)state;
    te_metric_options options = {.classes = 5, .edge_distance = 0.01};
    fixture at;
    double own;
    float nothing[AREA], one = 1;
    for (int i = 0; i < AREA; i++) {
        nothing[i] = 255;
    }
    start(&at, TE_SEMSEG, &options);
    uint8_t said[4] = {0, 1, 1, 2};
    float label[4] = {0, 1, 0, 255};
    te_map map = {.task = "semseg", .width = 2, .height = 2, .channels = 1, .classes = said};
    assert_ok(add_picture(at.metric, 0, &map, label, &own));
    assert_near(own, 50, 1e-9); /* of the two classes that are there, not of five */
    assert_ok(add_picture(at.metric, 1, &map, nothing, &own));
    assert_true(isnan(own));
    assert_int_equal(te_metric_count(at.metric), 1);
    finish(&at);

    start(&at, TE_EDGE, &options);
    float probability[AREA] = {0}, empty[AREA] = {0};
    te_map edges = {.task = "edge", .width = SIDE, .height = SIDE, .channels = 1, .values = probability};
    assert_ok(add_picture(at.metric, 0, &edges, empty, &own));
    assert_true(isnan(own)); /* nothing to find: it counts, but says nothing by itself */
    assert_int_equal(te_metric_count(at.metric), 1);
    te_metric_sample *sample;
    assert_ok(te_metric_judge(at.metric, 0, &edges, empty, &sample));
    finish(&at);

    start(&at, TE_DEPTH, &options);
    assert_int_equal(te_metric_add(at.metric, sample), TE_ERR_ARGUMENT);
    te_metric_sample_free(sample);
    float far = 3;
    te_map depth = {.task = "depth", .width = 1, .height = 1, .channels = 1, .values = &far};
    assert_ok(add_picture(at.metric, 0, &depth, &one, &own));
    assert_near(own, 2, 1e-9);
    finish(&at);
}

/* Judged the last first and pooled in order: the same bits as one after the other. */
static void test_order_of_judging(void **state)
{
    (void)state;
    te_safetensors *file;
    assert_ok(te_safetensors_open(&file, TE_TEST_GOLDEN "/metrics.safetensors"));
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        golden of = {file, "golden"};
        te_metric *ordered = open_golden(&of, (te_task_id)task), *pooled = open_golden(&of, (te_task_id)task);
        te_metric_sample *samples[3];
        te_metric_value *expected, *values;
        size_t count, more;
        for (int picture = 2; picture >= 0; picture--) {
            samples[picture] = judge_golden(pooled, &of, picture, (te_task_id)task);
        }
        for (int picture = 0; picture < 3; picture++) {
            add_golden(ordered, &of, picture, (te_task_id)task);
            assert_ok(te_metric_add(pooled, samples[picture]));
            te_metric_sample_free(samples[picture]);
        }
        assert_ok(te_metric_get(ordered, &expected, &count));
        assert_ok(te_metric_get(pooled, &values, &more));
        assert_int_equal(count, more);
        for (size_t i = 0; i < count; i++) {
            assert_true(values[i].model == expected[i].model && values[i].trivial == expected[i].trivial);
        }
        free(expected);
        free(values);
        te_metric_free(ordered);
        te_metric_free(pooled);
    }
    te_safetensors_close(file);
}

/* ---- figures ---- */

static double sum_of(const te_figure *figure, size_t from)
{
    double sum = 0;
    for (size_t i = from; i < figure->rows * figure->columns; i++) {
        sum += figure->values[i];
    }
    return sum;
}

static void test_figures_of_classes(void **state)
{
    (void)state;
    fixture at;
    te_figure *figures;
    size_t count;
    start(&at, TE_SEMSEG, &(te_metric_options){.classes = 3});
    assert_ok(te_metric_get_figures(at.metric, &figures, &count));
    assert_null(figures);
    assert_int_equal(count, 0);
    uint8_t said[6] = {0, 1, 1, 2, 2, 0};
    float label[6] = {0, 1, 0, 255, 1, 1};
    static const double expected[9] = {1, 1, 0, 1, 1, 1, 0, 0, 0};
    te_map map = {.task = "semseg", .width = 6, .height = 1, .channels = 1, .classes = said};
    assert_ok(add_next(at.metric, &map, label));
    assert_ok(te_metric_get_figures(at.metric, &figures, &count));
    assert_int_equal(count, 1);
    assert_int_equal(figures[0].kind, TE_FIGURE_MATRIX);
    assert_int_equal(figures[0].rows, 3);
    for (int i = 0; i < 9; i++) {
        assert_near(figures[0].values[i], expected[i], 0);
    }
    te_figures_free(figures, count);
    finish(&at);
}

static void test_figures_of_depth_and_normals(void **state)
{
    (void)state;
    fixture at;
    te_figure *figures;
    size_t count;
    start(&at, TE_DEPTH, &(te_metric_options){0});
    float said[4] = {1.12f, 4.0f, 0.0f, 9.0f}, truth[4] = {1.0f, 2.0f, 3.0f, 0.0f};
    te_map map = {.task = "depth", .width = 4, .height = 1, .channels = 1, .values = said};
    assert_ok(add_next(at.metric, &map, truth));
    assert_ok(te_metric_get_figures(at.metric, &figures, &count));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(figures[i].kind, TE_FIGURE_HISTOGRAM);
        assert_near(sum_of(&figures[i], figures[i].columns), 100, 1e-9);
    }
    assert_near(figures[0].values[2], 0.1, 1e-9);                               /* 0.12 is in the bin from 0.1 m on, */
    assert_near(figures[0].values[figures[0].columns + 2], 100.0 / 3, 1e-9);
    assert_near(figures[0].values[2 * figures[0].columns - 1], 200.0 / 3, 1e-9); /* 2 and 3 m are in the last */
    te_figures_free(figures, count);
    finish(&at);

    start(&at, TE_NORMALS, &(te_metric_options){0});
    float vectors[6] = {0, 0, 1, 0, 0, -1}, label[6] = {0, 0, 0, 0, 1, 1};
    te_map normals = {.task = "normals", .width = 2, .height = 1, .channels = 3, .values = vectors};
    assert_ok(add_next(at.metric, &normals, label));
    assert_ok(te_metric_get_figures(at.metric, &figures, &count));
    assert_int_equal(count, 1);
    assert_near(figures[0].values[figures[0].columns], 50, 1e-9);
    assert_near(figures[0].values[2 * figures[0].columns - 1], 50, 1e-9);
    assert_near(figures[0].values[figures[0].columns - 1], 90, 1e-9);
    te_figures_free(figures, count);
    finish(&at);
}

/* A curve holds the point that the score is of. */
static void assert_best_on_curve(const te_figure *figure, double weight, double best)
{
    double most = 0;
    assert_int_equal(figure->kind, TE_FIGURE_CURVE);
    assert_int_equal(figure->rows, 2);
    for (size_t i = 0; i < figure->columns; i++) {
        double recall = figure->values[i], precision = figure->values[figure->columns + i];
        assert_true(recall >= 0 && recall <= 100 && precision >= 0 && precision <= 100);
        most = fmax(most, (1 + weight) * recall * precision / fmax(weight * precision + recall, 1e-300));
    }
    assert_near(most, best, 1e-9);
}

static void test_figures_of_curves(void **state)
{
    (void)state;
    static const te_task_id tasks[] = {TE_SAL, TE_EDGE};
    te_safetensors *file;
    assert_ok(te_safetensors_open(&file, TE_TEST_GOLDEN "/metrics.safetensors"));
    for (int t = 0; t < 2; t++) {
        fixture at;
        te_figure *figures;
        size_t count;
        start(&at, tasks[t], &(te_metric_options){.edge_distance = 0.05});
        add_golden(at.metric, &(golden){file, "golden"}, 0, tasks[t]);
        add_golden(at.metric, &(golden){file, "golden"}, 1, tasks[t]);
        double best = value_of(&at, t ? "odsF" : "maxF")->model;
        assert_ok(te_metric_get_figures(at.metric, &figures, &count));
        assert_int_equal(count, t ? 1 : 2);
        assert_best_on_curve(&figures[count - 1], t ? 1 : 0.3, best);
        for (size_t i = 0; t == 0 && i < 19; i++) {
            assert_true(figures[0].values[19 + i] <= best);
        }
        te_figures_free(figures, count);
        finish(&at);
    }
    te_safetensors_close(file);
}

/* ---- the jury: semseg and human parts of two pixels, whose first is of the class `label` ---- */

static te_trial make_trial(float label)
{
    te_trial item = {.example = {.width = 2, .height = 1}, .failed = -1};
    for (int t = 0; t < 2; t++) {
        item.example.labels[t] = calloc(2, sizeof(float));
        assert_non_null(item.example.labels[t]);
        item.example.labels[t][0] = label;
        item.maps[t] = (te_map){.width = 2, .height = 1, .channels = 1, .classes = calloc(2, 1)};
        assert_non_null(item.maps[t].classes);
    }
    return item;
}

static void expect_judged(te_metric *const *metrics, te_trial *item, te_status status, int failed, int first, int second)
{
    te_jury *jury;
    assert_ok(te_jury_create(&jury, metrics, 2, 1));
    te_jury_put(jury, item);
    assert_true(te_jury_take(jury, true, item));
    assert_int_equal(item->status, status);
    assert_int_equal(item->failed, failed);
    assert_int_equal(item->samples[0] != NULL, first);
    assert_int_equal(item->samples[1] != NULL, second);
    te_jury_free(jury);
    te_trial_clear(item);
}

static void test_jury(void **state)
{
    (void)state;
    const te_metric_options options = {.classes = 7};
    te_metric *metrics[2];
    assert_ok(te_metric_create(&metrics[0], TE_SEMSEG, &options));
    assert_ok(te_metric_create(&metrics[1], TE_HUMAN_PARTS, &options));
    te_trial item = make_trial(1);
    expect_judged(metrics, &item, TE_OK, -1, 1, 1);
    item = make_trial(1);
    te_map_free(&item.maps[1]); /* of a task whose maps nobody saved */
    expect_judged(metrics, &item, TE_OK, -1, 1, 0);
    item = make_trial(9); /* neither has so many classes: the first is told */
    expect_judged(metrics, &item, TE_ERR_FORMAT, 0, 0, 0);
    item = make_trial(1); /* broken before it came: it only keeps its place */
    item.status = TE_ERR_FILE;
    expect_judged(metrics, &item, TE_ERR_FILE, -1, 0, 0);
    te_metric_free(metrics[0]);
    te_metric_free(metrics[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_golden_hard),
        cmocka_unit_test(test_classes_absent_and_ignored),
        cmocka_unit_test(test_nothing_counted), cmocka_unit_test(test_depth_by_hand),
        cmocka_unit_test(test_normals_by_hand), cmocka_unit_test(test_saliency_thresholds),
        cmocka_unit_test(test_edge_rows),       cmocka_unit_test(test_edge_ignored),
        cmocka_unit_test(test_edge_tiny),       cmocka_unit_test(test_own_values),
        cmocka_unit_test(test_order_of_judging),
        cmocka_unit_test(test_figures_of_classes), cmocka_unit_test(test_figures_of_depth_and_normals),
        cmocka_unit_test(test_figures_of_curves), cmocka_unit_test(test_jury),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
