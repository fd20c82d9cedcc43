/* The analysis of experts as programs call it: scores, losses and sheets of a tiny model, JSON, wrong uses; and the sheet
 * itself. The numbers are those of test_gate_usage.c, test_ablation.c and test_principal.c. */
#include "base/files.h"
#include "data/colours.h"
#include "data/sheet.h"
#include "support/assert.h"
#include "support/settings.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TASKS = 2, TAPS = 2, EXPERTS = 3, SCORES = EXPERTS + 1 };

typedef struct fixture {
    te_settings *settings;
    te_device *device;
    te_model *model;
    te_experts *experts;
    char folder[64];
} fixture;

static int open_fixture(void **state)
{
    static fixture at;
    static const char *const values[][2] = {
        {"input.height", "48"},   {"input.width", "64"},   {"model.backbone", "tiny"},   {"model.width", "16"},
        {"model.heads", "2"},     {"model.blocks", "2"},   {"model.taps", "1 2"},        {"model.experts", "3"},
        {"model.decoder_width", "8"}, {"model.gate_width", "4"}, {"model.expert_hidden", "8"}, {"data.val_scenes", "4"},
        {"model.tasks", "normals depth"},
    };
    at.settings = settings_for_test(values, sizeof values / sizeof values[0]);
    assert_ok(te_device_open(&at.device, at.settings));
    assert_ok(te_model_create(&at.model, at.settings, 3));
    assert_ok(te_experts_create(&at.experts, at.model, at.device, NULL));
    strcpy(at.folder, "/tmp/te_test_experts_XXXXXX");
    assert_non_null(mkdtemp(at.folder));
    *state = &at;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *at = *state;
    te_experts_free(at->experts);
    te_model_free(at->model);
    te_device_close(at->device);
    te_settings_free(at->settings);
    rmdir(at->folder);
    return 0;
}

/* TE_ERR_ARGUMENT, with what is out of range and the range; `format` has a place for each. */
static void refuses(te_status status, const char *format, int number, int most)
{
    char expected[100];
    snprintf(expected, sizeof expected, format, number, most);
    assert_int_equal(status, TE_ERR_ARGUMENT);
    if (!strstr(te_last_error(), expected)) {
        fail_msg("'%s' does not say '%s'", te_last_error(), expected);
    }
}

/* "<folder>/name", removed once it was read. */
static void take_file(const fixture *at, const char *name, uint8_t **data, size_t *bytes)
{
    char *path = te_path_join(at->folder, name);
    assert_non_null(path);
    assert_ok(te_file_read(path, 1 << 24, data, bytes));
    unlink(path);
    free(path);
}

/* ---- pictures ---- */

/* Scores sum to 1, and the row of all taps is the mean of the others. */
static void check_scores(te_experts *experts, size_t task)
{
    double all, one, entropy, sum = 0.0, means[SCORES] = {0};
    for (int tap = 0; tap < TAPS; tap++) {
        assert_ok(te_experts_get_entropy(experts, tap, task, &entropy));
        assert_true(entropy > 0.0 && entropy < 1.0);
        for (int score = 0; score < SCORES; score++) {
            assert_ok(te_experts_get_mean(experts, tap, task, score, &one));
            means[score] += one / TAPS;
            sum += one;
        }
    }
    assert_true(fabs(sum - TAPS) < 1e-5);
    for (int score = 0; score < SCORES; score++) {
        assert_ok(te_experts_get_mean(experts, -1, task, score, &all));
        assert_true(fabs(all - means[score]) < 1e-12);
    }
}

static void test_pictures(void **state)
{
    fixture *at = *state;
    te_experts_info info;
    te_picture *picture;
    double mean;
    uint8_t *first, *second;
    size_t first_bytes, second_bytes;
    te_experts_get_info(at->experts, &info);
    assert_true(info.taps == TAPS && info.experts == EXPERTS && info.memory == 1 && info.scores == SCORES && !info.pictures);
    assert_int_equal(te_experts_save_picture(at->experts, at->folder, "none"), TE_ERR_ARGUMENT);
    assert_ok(te_picture_create_room(&picture, 70, 40, 2));
    assert_ok(te_experts_run(at->experts, picture));
    assert_ok(te_experts_save_picture(at->experts, at->folder, "room"));
    take_file(at, "room_experts.png", &first, &first_bytes);
    assert_ok(te_experts_save_picture(at->experts, at->folder, "room"));
    take_file(at, "room_experts.png", &second, &second_bytes);
    assert_int_equal(first_bytes, second_bytes);
    assert_memory_equal(first, second, first_bytes);
    te_experts_get_info(at->experts, &info);
    assert_int_equal(info.pictures, 1);
    for (size_t task = 0; task < TASKS; task++) {
        check_scores(at->experts, task);
    }
    refuses(te_experts_get_mean(at->experts, TAPS, 0, 0, &mean), "no tap '%d': the model's are 0 to %d", TAPS, TAPS - 1);
    refuses(te_experts_get_mean(at->experts, -2, 0, 0, &mean), "no tap '%d': the model's are 0 to %d", -2, TAPS - 1);
    refuses(te_experts_get_mean(at->experts, 0, TASKS, 0, &mean), "no task '%d': the model's are 0 to %d", TASKS, TASKS - 1);
    refuses(te_experts_get_mean(at->experts, 0, 0, SCORES, &mean), "no score '%d': a gate's are 0 to %d", SCORES, SCORES - 1);
    refuses(te_experts_get_entropy(at->experts, 0, TASKS, &mean), "no task '%d': the model's are 0 to %d", TASKS, TASKS - 1);
    assert_int_equal(te_experts_save_picture(at->experts, at->folder, "a/b"), TE_ERR_ARGUMENT);
    assert_int_equal(te_experts_count_losses(at->experts), 0);
    te_picture_free(picture);
    free(first);
    free(second);
}

/* The same picture in the middle of the input, or over all of it. */
static void test_fit(void **state)
{
    fixture *at = *state;
    static const char *const fits[] = {"pad", "stretch"};
    te_picture *picture;
    double means[2];
    assert_ok(te_picture_create_room(&picture, 70, 40, 2));
    for (int i = 0; i < 2; i++) {
        te_settings *settings;
        te_experts *experts;
        assert_ok(te_settings_copy(&settings, at->settings));
        assert_ok(te_settings_set(settings, "input.fit", fits[i]));
        assert_ok(te_experts_create(&experts, at->model, at->device, settings));
        assert_ok(te_experts_run(experts, picture));
        assert_ok(te_experts_get_mean(experts, 0, 0, 0, &means[i]));
        te_experts_free(experts);
        te_settings_free(settings);
    }
    assert_true(means[0] != means[1]);
    te_picture_free(picture);
}

/* ---- the validation split ---- */

static te_status count_pictures(const te_scores_report *report, void *context)
{
    assert_int_equal(report->count, 2);
    assert_int_equal(report->done, ++*(int *)context);
    return TE_OK;
}

static void check_losses(te_experts *experts)
{
    te_experts_loss loss, whole;
    assert_int_equal(te_experts_count_losses(experts), 1 + SCORES);
    for (size_t row = 0; row <= SCORES; row++) {
        assert_ok(te_experts_get_loss(experts, row, 1, &loss));
        assert_ok(te_experts_get_loss(experts, 0, 1, &whole));
        assert_int_equal(loss.score, (int)row - 1);
        assert_int_equal(loss.tap, -1);
        assert_string_equal(loss.task, "depth");
        assert_string_equal(loss.metric, "rmse");
        assert_true(loss.value > 0.0 && loss.loss == loss.value - whole.value);
    }
    refuses(te_experts_get_loss(experts, 1 + SCORES, 0, &loss), "no row '%d' among the losses: there are %d", 1 + SCORES,
            1 + SCORES);
    refuses(te_experts_get_loss(experts, 0, TASKS, &loss), "no task '%d': the model's are 0 to %d", TASKS, TASKS - 1);
}

static void check_json(const fixture *at)
{
    uint8_t *text;
    size_t bytes;
    double mean;
    assert_ok(te_experts_save(at->experts, at->folder));
    take_file(at, "experts.json", &text, &bytes);
    json_t *all = json_loadb((const char *)text, bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    const json_t *gates = json_object_get(all, "gates"), *ablation = json_object_get(all, "ablation");
    assert_int_equal(json_array_size(gates), TASKS * TAPS);
    assert_int_equal(json_array_size(ablation), 1 + SCORES);
    const json_t *gate = json_array_get(gates, TAPS + 1), *memory = json_array_get(ablation, SCORES);
    assert_string_equal(json_string_value(json_object_get(gate, "task")), "depth");
    assert_int_equal(json_integer_value(json_object_get(gate, "tap")), 2);
    assert_ok(te_experts_get_mean(at->experts, 1, 1, 2, &mean));
    double saved = json_real_value(json_array_get(json_object_get(gate, "scores"), 2));
    assert_true(fabs(saved - mean) < 1e-8);
    assert_true(json_is_null(json_object_get(json_array_get(ablation, 0), "off")));
    assert_string_equal(json_string_value(json_object_get(memory, "off")), "memory");
    assert_int_equal(json_array_size(json_object_get(memory, "metrics")), TASKS);
    json_decref(all);
    free(text);
}

static void test_split(void **state)
{
    fixture *at = *state;
    te_experts_info before, after;
    int calls = 0;
    te_experts_options options = {.count = 2, .ablation = 1, .report = count_pictures, .context = &calls};
    te_experts_get_info(at->experts, &before);
    assert_ok(te_experts_run_split(at->experts, &options));
    te_experts_get_info(at->experts, &after);
    assert_int_equal(calls, 2);
    assert_int_equal(after.pictures, before.pictures + 2);
    check_losses(at->experts);
    check_json(at);
    options = (te_experts_options){.count = 9};
    assert_ok(te_experts_run_split(at->experts, &options));
    te_experts_get_info(at->experts, &before);
    assert_int_equal(before.pictures, after.pictures + 4); /* there are no more */
    options = (te_experts_options){.count = 1, .ablation = 2};
    assert_ok(te_experts_run_split(at->experts, &options));
    assert_int_equal(te_experts_count_losses(at->experts), 1 + SCORES * (1 + TAPS));
    assert_ok(te_experts_run_split(at->experts, NULL));
    assert_int_equal(te_experts_count_losses(at->experts), 0);
    te_interrupt();
    assert_int_equal(te_experts_run_split(at->experts, &options), TE_ERR_INTERRUPTED);
    assert_int_equal(te_experts_count_losses(at->experts), 0);
    te_interrupt();
    te_interrupt_clear();
    assert_ok(te_experts_run_split(at->experts, NULL));
}

/* ---- the sheet ---- */

static int count_colour(const te_picture *sheet, te_colour colour)
{
    int count = 0;
    for (int i = 0; i < sheet->width * sheet->height; i++) {
        const uint8_t *pixel = sheet->rgb + 3 * i;
        count += pixel[0] == colour.r && pixel[1] == colour.g && pixel[2] == colour.b;
    }
    return count;
}

/* Each expert's feature is one colour and each score 0.37 of a scale up to 0.40: all of them are there, equally large. */
static void check_sheet(int width, int height, int experts, int memory)
{
    enum { MOST = 12 };
    size_t scores = (size_t)(experts + memory), tokens = (size_t)width * (size_t)height;
    float *gates = malloc(TAPS * tokens * TASKS * scores * sizeof *gates);
    te_picture *features[TAPS * MOST], *sheet, *picture;
    double shares[TAPS][3] = {{0.5, 0.25, 0.1}, {1.0, 0.0, 0.0}};
    const float *starts[TAPS] = {gates, gates + tokens * TASKS * scores};
    const char *titles[TASKS] = {"surface normals", "depth"};
    assert_non_null(gates);
    for (size_t i = 0; i < TAPS * tokens * TASKS * scores; i++) {
        gates[i] = 0.37f;
    }
    for (int i = 0; i < TAPS * experts; i++) {
        assert_ok(te_picture_allocate(&features[i], width, height));
        for (size_t p = 0; p < 3 * tokens; p++) {
            features[i]->rgb[p] = (uint8_t)(p % 3 == 0 ? 200 - i : 3 * i);
        }
    }
    assert_ok(te_picture_allocate(&picture, width, height));
    te_sheet_experts facts = {.picture = picture, .width = width, .height = height, .tap_count = TAPS,
                              .expert_count = experts, .task_count = TASKS, .memory = memory,
                              .features = (const te_picture *const *)features, .shares = (const double(*)[3])shares,
                              .gates = starts, .row = (size_t)width, .titles = titles};
    assert_ok(te_sheet_draw_experts(&sheet, &facts, "a line at the foot"));
    int cell = count_colour(sheet, (te_colour){200, 0, 0});
    assert_true(cell > 0 && cell <= 193 * 193);
    for (int i = 0; i < TAPS * experts; i++) {
        assert_int_equal(count_colour(sheet, (te_colour){(uint8_t)(200 - i), (uint8_t)(3 * i), (uint8_t)(3 * i)}), cell);
    }
    int score = count_colour(sheet, te_colour_ramp(TE_RAMP_WARM, 0.37f / 0.40f)), all = TAPS * TASKS * (int)scores * cell;
    assert_in_range(score, all, all + 40); /* the bar has some of it, too */
    te_picture_free(sheet);
    te_picture_free(picture);
    for (int i = 0; i < TAPS * experts; i++) {
        te_picture_free(features[i]);
    }
    free(gates);
}

static void test_sheet(void **state)
{
    (void)state;
    check_sheet(12, 12, 5, 1);
    check_sheet(36, 28, 4, 0);
    check_sheet(1, 1, 1, 1);
    check_sheet(300, 2, 2, 1);
    check_sheet(2, 300, 12, 1);
    te_picture *sheet = NULL;
    te_sheet_experts none = {0};
    assert_int_equal(te_sheet_draw_experts(&sheet, &none, NULL), TE_ERR_ARGUMENT);
    assert_null(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_sheet),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
