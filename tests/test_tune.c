/* Tuning: which variant wins, which never does, and the file that keeps the winners. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/interrupt.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"
#include "tune/tune.h"

static char folder[] = "/tmp/taskexpert-tune-XXXXXX";
static char path[64];

static te_settings *make_settings(const char *tuning)
{
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_settings_set(settings, "kernels.tuning", tuning));
    return settings;
}

static te_device *open_with(const char *tuning)
{
    te_settings *settings = make_settings(tuning);
    te_device *device;
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return device;
}

/* ---- a contest among variants made for it: gelu, which each kernel launch takes whole ---- */

enum { SMALL = 1 << 18, LARGE = 1 << 21 /* beyond what the reference is asked for */ };

static te_status emit_times(te_plan *plan, const te_call *call, int times)
{
    for (int i = 0; i < times; i++) {
        TE_TRY(te_op_gelu.variants[0].emit(plan, call));
    }
    return TE_OK;
}

static te_status emit_usual(te_plan *plan, const te_call *call)
{
    return emit_times(plan, call, 6);
}

static te_status emit_quick(te_plan *plan, const te_call *call)
{
    return emit_times(plan, call, 1);
}

static te_status emit_lame(te_plan *plan, const te_call *call)
{
    return emit_times(plan, call, 40);
}

/* Half of it: the fastest of all, were it right. */
static te_status emit_half(te_plan *plan, const te_call *call)
{
    te_call half = *call;
    half.out.size[0] /= 2;
    return te_op_gelu.variants[0].emit(plan, &half);
}

/* Right for large calls alone. */
static te_status emit_large_only(te_plan *plan, const te_call *call)
{
    te_call last = *call;
    last.out.size[0] -= te_shape_count(&call->out) < SMALL ? 1 : 0;
    return te_op_gelu.variants[0].emit(plan, &last);
}

static te_status emit_nothing(te_plan *plan, const te_call *call)
{
    (void)plan;
    (void)call;
    return te_fail(TE_ERR_UNSUPPORTED, "'nothing' can run nothing");
}

static bool supports_none(const te_caps *caps, const te_call *call)
{
    (void)caps;
    (void)call;
    return false;
}

static const te_variant contestants[] = {
    {"usual", NULL, NULL, emit_usual, false},
    {"quick", NULL, NULL, emit_quick, false},
    {"lame", NULL, NULL, emit_lame, false},
    {"half", NULL, NULL, emit_half, false},
    {"large_only", NULL, NULL, emit_large_only, false},
    {"nothing", NULL, NULL, emit_nothing, false},
    {"never", supports_none, NULL, emit_quick, false},
    {0}};

/* gelu with those variants, recorded once for `count` numbers; the kind of call that it is. */
static te_op contested;
static te_kind record(te_graph *graph, int64_t count)
{
    contested = te_op_gelu;
    contested.variants = contestants;
    te_tensor x = te_graph_input(graph, TE_SHAPE1(count));
    te_graph_output(graph, te_graph_call(graph, &contested, NULL, 1, &x), "out");
    assert_ok(graph->status);
    te_kind kind = {.graph = graph, .runs = 1};
    te_call_describe(&graph->calls[0], 0, kind.shape);
    return kind;
}

static void check_candidate(const te_tuned *tuned, size_t index, const char *variant, te_tune_fate fate)
{
    const te_tune_candidate *candidate = &tuned->candidates[index];
    assert_string_equal(candidate->variant, variant);
    assert_int_equal(candidate->fate, fate);
    assert_true((candidate->seconds > 0.0) == (fate == TE_TUNE_TIMED || fate == TE_TUNE_SLOW));
}

/* Whatever judges, what is wrong does not win, though it is faster; what is fast and right does. */
static void check_contest(int64_t count, const char *judge)
{
    te_graph graph = {.part = ""};
    te_kind kind = record(&graph, count);
    te_device *device = open_with("off");
    te_tuned tuned;
    assert_ok(te_contest_run(&tuned, device, &kind, 3));
    assert_int_equal(tuned.count, 6);
    check_candidate(&tuned, 0, "usual", TE_TUNE_TIMED);
    check_candidate(&tuned, 1, "quick", TE_TUNE_TIMED);
    check_candidate(&tuned, 2, "lame", TE_TUNE_SLOW);
    check_candidate(&tuned, 3, "half", TE_TUNE_WRONG);
    check_candidate(&tuned, 5, "nothing", TE_TUNE_FAILED);
    assert_string_equal(tuned.candidates[5].why, "'nothing' can run nothing");
    assert_string_equal(tuned.candidates[3].judge, judge);
    assert_int_equal(tuned.candidates[4].fate == TE_TUNE_WRONG, count == LARGE);
    assert_int_equal(tuned.winner == 1 || (count == SMALL && tuned.winner == 4), 1);
    assert_int_equal(te_device_count_tunings(device), 0); /* a contest leaves nothing behind */
    te_device_close(device);
    te_graph_clear(&graph);
}

static void wrong_variants_never_win(void **state)
{
    (void)state;
    check_contest(SMALL, "reference");
    check_contest(LARGE, "default");
}

/* ---- the choice is used ---- */

static const char *variant_on(te_device *device, const te_graph *graph)
{
    te_plan *plan;
    assert_ok(te_plan_create(&plan, device, graph));
    const char *variant = te_plan_get_variant(plan, 0);
    te_plan_free(plan);
    return variant;
}

static void plans_follow_tunings(void **state)
{
    (void)state;
    te_graph graph = {.part = ""};
    te_kind kind = record(&graph, 1000);
    te_device *device = open_with("off");
    assert_string_equal(variant_on(device, &graph), "usual");
    assert_ok(te_device_set_tuning(device, "gelu", kind.shape, "quick"));
    assert_string_equal(variant_on(device, &graph), "quick");
    assert_ok(te_device_set_tuning(device, "gelu", kind.shape, "never")); /* supports no call */
    assert_string_equal(variant_on(device, &graph), "usual");
    assert_ok(te_device_set_tuning(device, "gelu", kind.shape, "unheard of"));
    assert_string_equal(variant_on(device, &graph), "usual");
    assert_ok(te_device_set_tuning(device, "gelu", "(1001)", "quick")); /* another call */
    assert_string_equal(variant_on(device, &graph), "usual");
    assert_int_equal(te_device_count_tunings(device), 2);
    assert_ok(te_device_set_tuning(device, "gelu", kind.shape, NULL));
    assert_int_equal(te_device_count_tunings(device), 1);
    te_device_close(device);
    te_graph_clear(&graph);
}

static void a_forced_variant_comes_first(void **state)
{
    (void)state;
    te_graph graph = {.part = ""};
    te_kind kind = record(&graph, 1000);
    te_settings *settings = make_settings("off");
    assert_ok(te_settings_set(settings, "kernels.variant", "gelu=lame"));
    te_device *device;
    te_tuned tuned;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_device_set_tuning(device, "gelu", kind.shape, "quick"));
    assert_string_equal(variant_on(device, &graph), "lame");
    assert_ok(te_contest_run(&tuned, device, &kind, 1));
    assert_int_equal(tuned.count, 1);
    te_device_close(device);
    te_settings_free(settings);
    te_graph_clear(&graph);
}

/* ---- the file ---- */

static void write_text(const char *text)
{
    assert_ok(te_file_write(path, text, strlen(text)));
}

static char *read_text(void)
{
    uint8_t *data;
    size_t bytes;
    assert_ok(te_file_read(path, 1 << 20, &data, &bytes));
    return (char *)data;
}

static void keeps_tunings_in_a_file(void **state)
{
    (void)state;
    te_device *device = open_with("off");
    assert_ok(te_device_set_tuning(device, "gelu", "(1000)", "quick"));
    assert_ok(te_device_set_tuning(device, "linear", "(1,2) =(3,2) #01", "cpu"));
    assert_ok(te_device_save_tunings(device, path));
    te_device_close(device);
    device = open_with(path);
    assert_int_equal(te_device_count_tunings(device), 2);
    assert_string_equal(te_device_get_tuning(device, "gelu", "(1000)"), "quick");
    assert_string_equal(te_device_get_tuning(device, "linear", "(1,2) =(3,2) #01"), "cpu");
    assert_null(te_device_get_tuning(device, "linear", "(1000)"));
    te_graph graph = {.part = ""};
    record(&graph, 1000);
    assert_string_equal(variant_on(device, &graph), "quick");
    te_graph_clear(&graph);
    te_device_close(device);
}

/* A contest would compile vectors of 16 for a GPU, and some drivers end the program over them. */
static void kernels_for_processors_stay_there(void **state)
{
    (void)state;
    te_caps gpu = {.max_work_group = 256};
    size_t count = 0;
    for (int i = 0; te_ops[i]; i++) {
        for (const te_variant *variant = te_ops[i]->variants; variant->name; variant++) {
            bool wide = strcmp(variant->name, "cpu") == 0 || strcmp(variant->name, "narrow") == 0 ||
                        strcmp(variant->name, "amx") == 0 || strncmp(variant->name, "bf16", 4) == 0;
            assert_int_equal(variant->for_processors, wide);
            assert_false(wide && te_variant_runs(variant, &gpu, &(te_call){.op = te_ops[i]}));
            count += wide;
        }
    }
    assert_true(count > 40);
}

static void finds_its_own_file(void **state)
{
    (void)state;
    const char *set = getenv("XDG_CACHE_HOME");
    char *before = set ? strdup(set) : NULL;
    setenv("XDG_CACHE_HOME", folder, 1);
    te_device *device = open_with("auto"); /* there is none yet */
    assert_int_equal(te_device_count_tunings(device), 0);
    assert_ok(te_device_set_tuning(device, "gelu", "(7)", "quick"));
    char *own;
    assert_ok(te_device_make_tuning_path(device, &own));
    assert_ok(te_device_save_tunings(device, own));
    te_device_close(device);
    device = open_with("auto");
    assert_int_equal(te_device_count_tunings(device), 1);
    te_device_close(device);
    device = open_with("off");
    assert_int_equal(te_device_count_tunings(device), 0);
    te_device_close(device);
    te_settings *settings = make_settings("auto"); /* of kernels that are being worked on it says nothing */
    assert_ok(te_settings_set(settings, "kernels.folder", TE_TEST_KERNELS));
    assert_ok(te_device_open(&device, settings));
    assert_int_equal(te_device_count_tunings(device), 0);
    te_device_close(device);
    te_settings_free(settings);
    assert_int_equal(unlink(own), 0);
    free(own);
    assert_int_equal(before ? setenv("XDG_CACHE_HOME", before, 1) : unsetenv("XDG_CACHE_HOME"), 0);
    free(before);
}

static int warnings;
static char warning[512];

static void count_warnings(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_WARNING) {
        warnings++;
        snprintf(warning, sizeof warning, "%s", line);
    }
}

/* Opening goes on without tunings, and says in one line why. */
static void check_ignored(const char *name, const char *why)
{
    warnings = 0;
    te_device *device = open_with(name);
    assert_int_equal(te_device_count_tunings(device), 0);
    if (warnings != 1 || !strstr(warning, name) || !strstr(warning, why) || strchr(warning, '\n')) {
        fail_msg("%d warnings, the last '%s', not '%s'", warnings, warning, why);
    }
    te_device_close(device);
}

/* The good file with `from` replaced by `to`. */
static void write_changed(const char *good, const char *from, const char *to)
{
    char text[16384];
    const char *at = strstr(good, from);
    assert_non_null(at);
    int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    assert_in_range(length, 0, sizeof text - 1);
    write_text(text);
}

static void ignores_other_files(void **state)
{
    (void)state;
    te_device *device = open_with("off");
    assert_ok(te_device_set_tuning(device, "gelu", "(7)", "quick"));
    assert_ok(te_device_save_tunings(device, path));
    te_device_close(device);
    char *good = read_text();
    te_set_log(count_warnings, NULL);
    check_ignored("/nowhere/tuning.json", "cannot open");
    check_ignored(folder, "ignoring");
    static const char *const broken[] = {"", "garbage", "{", "{\"format\": \"taskexpert tuning 1\"", "\xff\xfe", "{} {}",
                                         "{\"format\": \"\\u0000\"}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        write_text(broken[i]);
        check_ignored(path, "ignoring");
    }
    static const char *const strange[] = {"[]", "{}", "{\"format\": 1}", "{\"format\": \"taskexpert tuning 2\"}"};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        write_text(strange[i]);
        check_ignored(path, "no tuning file of this kind");
    }
    write_changed(good, "compute units", "compute unite");
    check_ignored(path, "another device");
    write_changed(good, "\"library\": \"", "\"library\": \"9");
    check_ignored(path, "another version");
    write_changed(good, "\"kernels\": \"", "\"kernels\": \"0");
    check_ignored(path, "other kernels");
    write_changed(good, "\"format\"", "\"library\": \"\", \"format\"");
    check_ignored(path, "ignoring"); /* a key twice */
    static const char list[] = "\"tunings\": [";
    char longer[sizeof list + 2 * 4096]; /* one more than are believed */
    strcpy(longer, list);
    for (int i = 0; i < 4096; i++) {
        strcpy(longer + sizeof list - 1 + 2 * i, "0,");
    }
    write_changed(good, list, longer);
    check_ignored(path, "it is too long");
    char *deep = calloc(1, 8001);
    memset(deep, '[', 8000);
    write_text(deep);
    check_ignored(path, "ignoring");
    free(deep);
    free(good);
    te_set_log(NULL, NULL);
}

static void leaves_out_strange_entries(void **state)
{
    (void)state;
    char list[4096], entry[1024];
    memset(entry, 'x', sizeof entry);
    snprintf(list, sizeof list, "\"tunings\": [1, null, [], {}, {\"op\": \"gelu\"}, {\"op\": 1, \"shape\": \"(7)\", "
             "\"variant\": \"quick\"}, {\"op\": \"%.100s\", \"shape\": \"(7)\", \"variant\": \"quick\"},"
             " {\"op\": \"gelu\", \"shape\": \"%.600s\", \"variant\": \"quick\"}, {\"op\": "
             "\"gelu\", \"shape\": \"(9)\", \"variant\": \"quick\", \"later\": {}}], \"before\": [", entry, entry);
    te_device *device = open_with("off");
    assert_ok(te_device_save_tunings(device, path));
    te_device_close(device);
    char *good = read_text();
    write_changed(good, "\"tunings\": [", list);
    te_set_log(count_warnings, NULL);
    warnings = 0;
    device = open_with(path);
    te_set_log(NULL, NULL);
    assert_int_equal(warnings, 0);
    assert_int_equal(te_device_count_tunings(device), 1);
    assert_string_equal(te_device_get_tuning(device, "gelu", "(9)"), "quick");
    te_device_close(device);
    free(good);
}

/* ---- a model ---- */

static te_settings *model_settings(void)
{
    static const char *const pairs[][2] = {{"input.height", "32"}, {"input.width", "32"}, {"model.width", "24"},
                                           {"model.blocks", "2"}, {"model.taps", "1 2"}, {"model.heads", "2"},
                                           {"model.decoder_width", "8"}, {"model.gate_width", "4"}, {"train.batch", "1"}};
    te_settings *settings = make_settings("off");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_ok(te_settings_set(settings, pairs[i][0], pairs[i][1]));
    }
    return settings;
}

static te_status count_shapes(const te_tune *tune, size_t done, size_t count, void *context)
{
    size_t *shapes = context;
    assert_int_equal(te_tune_count(tune), ++*shapes);
    assert_true(done <= count);
    return TE_OK;
}

static void tunes_a_model(void **state)
{
    (void)state;
    te_settings *settings = model_settings();
    te_device *device;
    te_tune *tune;
    te_tune_summary summary;
    size_t reported = 0;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_device_set_tuning(device, "gelu", "(7)", "quick")); /* of another model */
    assert_ok(te_tune_run(&tune, device, settings, &(te_tune_options){.training = 1, .rounds = 2, .path = path,
                                                                      .report = count_shapes, .context = &reported}));
    te_tune_get_summary(tune, &summary);
    assert_int_equal(summary.shapes, te_tune_count(tune));
    assert_int_equal(reported, summary.shapes);
    assert_int_equal(summary.left, 0);
    assert_string_equal(summary.path, path);
    assert_int_equal(te_device_count_tunings(device), summary.winners + 1);
    size_t winners = 0;
    for (size_t i = 0; i < te_tune_count(tune); i++) {
        te_tune_shape shape;
        assert_ok(te_tune_get(tune, i, &shape));
        assert_true(shape.candidates > 1);
        const char *kept = te_device_get_tuning(device, shape.op, shape.shape);
        winners += strcmp(shape.usual, shape.winner) != 0;
        assert_string_equal(kept ? kept : shape.usual, shape.winner);
        for (size_t c = 0; c < shape.candidates; c++) {
            te_tune_candidate candidate;
            assert_ok(te_tune_get_candidate(tune, i, c, &candidate));
            if (candidate.fate == TE_TUNE_WRONG || candidate.fate == TE_TUNE_FAILED) {
                fail_msg("%s %s: %s differs by %g %s", shape.op, shape.shape, candidate.variant, candidate.error,
                         candidate.why);
            }
        }
        assert_int_equal(te_tune_get_candidate(tune, i, shape.candidates, &(te_tune_candidate){0}), TE_ERR_ARGUMENT);
    }
    assert_int_equal(winners, summary.winners);
    assert_int_equal(te_tune_get(tune, te_tune_count(tune), &(te_tune_shape){0}), TE_ERR_ARGUMENT);
    te_tune_free(tune);
    te_device_close(device);
    device = open_with(path);
    assert_int_equal(te_device_count_tunings(device), winners + 1);
    te_device_close(device);
    te_settings_free(settings);
}

static te_status interrupt_soon(const te_tune *tune, size_t done, size_t count, void *context)
{
    (void)done;
    (void)count;
    (void)context;
    if (te_tune_count(tune) == 2) {
        te_interrupt();
    }
    return TE_OK;
}

static void ends_early(void **state)
{
    (void)state;
    te_settings *settings = model_settings();
    te_device *device;
    te_tune *tune = NULL;
    te_tune_summary summary;
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_tune_run(&tune, device, settings, &(te_tune_options){.seconds = 1e-9, .path = path}));
    te_tune_get_summary(tune, &summary);
    assert_true(summary.left > 0 && summary.winners <= 1);
    te_tune_free(tune);
    tune = NULL;
    assert_int_equal(unlink(path), 0);
    te_interrupt();
    assert_int_equal(te_tune_run(&tune, device, settings, &(te_tune_options){.path = path}), TE_ERR_INTERRUPTED);
    assert_null(tune);
    assert_int_equal(access(path, F_OK), -1);
    te_tune_options stopped = {.rounds = 1, .path = path, .report = interrupt_soon};
    assert_int_equal(te_tune_run(&tune, device, settings, &stopped), TE_ERR_INTERRUPTED);
    assert_null(tune);
    assert_int_equal(access(path, F_OK), 0);
    te_device_close(device);
    te_settings_free(settings);
}

/* Before anything is measured: the function of the report would end it with another status. */
static te_status never(const te_tune *tune, size_t done, size_t count, void *context)
{
    (void)tune;
    (void)done;
    (void)count;
    (void)context;
    return TE_ERR_UNSUPPORTED;
}

static void refuses_at_once(void **state)
{
    (void)state;
    static const struct {
        te_tune_options options;
        te_status status;
        const char *part;
    } cases[] = {
        {{.path = "/dev/null/x"}, TE_ERR_FILE, "'/dev/null'"},
        {{.path = "/tmp"}, TE_ERR_FILE, "it is a folder"},
        {{.path = ""}, TE_ERR_ARGUMENT, "name a file"},
        {{.rounds = -1}, TE_ERR_ARGUMENT, "'rounds' of a tuning is -1; it must be 0, for 5, or more"},
        {{.seconds = -0.5}, TE_ERR_ARGUMENT, "'seconds' of a tuning is -0.5; it must be 0"},
        {{.seconds = NAN}, TE_ERR_ARGUMENT, "'seconds'"},
    };
    te_settings *settings = model_settings();
    te_device *device;
    te_tune *tune = NULL;
    assert_ok(te_device_open(&device, settings));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_tune_options options = cases[i].options;
        options.report = never;
        assert_int_equal(te_tune_run(&tune, device, settings, &options), cases[i].status);
        assert_null(tune);
        if (!strstr(te_last_error(), cases[i].part)) {
            fail_msg("'%s' does not hold '%s'", te_last_error(), cases[i].part);
        }
    }
    char inner[300];
    snprintf(inner, sizeof inner, "%s/a/b/tuning.json", folder);
    assert_ok(te_tune_run(&tune, device, settings, &(te_tune_options){.seconds = 1e-9, .path = inner}));
    assert_int_equal(access(inner, F_OK), 0);
    te_tune_free(tune);
    te_device_close(device);
    te_settings_free(settings);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/tuning.json", mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_variants_never_win), cmocka_unit_test(plans_follow_tunings),
        cmocka_unit_test(a_forced_variant_comes_first), cmocka_unit_test(keeps_tunings_in_a_file),
        cmocka_unit_test(kernels_for_processors_stay_there),
        cmocka_unit_test(finds_its_own_file), cmocka_unit_test(ignores_other_files),
        cmocka_unit_test(leaves_out_strange_entries), cmocka_unit_test(tunes_a_model), cmocka_unit_test(ends_early),
        cmocka_unit_test(refuses_at_once),
    };
    return cmocka_run_group_tests_name("tune", tests, make_folder, remove_folder);
}
