/* The training run: tables that grow, the run folder, validation, what a stop leaves behind, where numbers that are not
 * finite come from. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/safetensors.h"
#include "train/trainer.h"
#include "support/assert.h"
#include "support/settings.h"

#define assert_message(part)                                              \
    do {                                                                  \
        if (!strstr(te_last_error(), part)) {                             \
            fail_msg("'%s' does not hold '%s'", te_last_error(), part);   \
        }                                                                 \
    } while (0)

static te_device *device;
static char folder[] = "/tmp/te_test_run_XXXXXX";

/* "<folder>/<name>"; the last few stay valid. */
static const char *at(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[300];
    te_device_close(device);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static char *text_of(const char *path)
{
    uint8_t *text;
    size_t bytes;
    assert_ok(te_file_read(path, 1 << 24, &text, &bytes));
    return (char *)text;
}

static void assert_text(const char *path, const char *expected)
{
    struct stat facts;
    char *text = text_of(path);
    assert_string_equal(text, expected);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_size, strlen(expected)); /* nor zeros behind it */
    free(text);
}

/* ---- tables ---- */

static const char *const columns[] = {"a", "b"};

static te_history *open_table(const char *path, int64_t last)
{
    te_history *table;
    assert_ok(te_history_open(&table, path, columns, 2, last));
    return table;
}

static void rows_are_written_and_read_back(void **state)
{
    (void)state;
    const char *path = at("rows.csv");
    te_history *table = open_table(path, 0);
    assert_ok(te_history_add(table, 1, (double[]){0.5, NAN}));
    assert_ok(te_history_add(table, 3, (double[]){(double)0.1f, 1e-30}));
    assert_ok(te_history_add(table, 4, (double[]){(double)0.104477145f, 0})); /* a float that needs nine digits */
    assert_text(path, "step,a,b\n1,0.5,\n3,0.1,1e-30\n4,0.104477145,0\n"); /* before it is closed */
    te_history_close(table);
    table = open_table(path, 4);
    assert_int_equal(te_history_count(table), 3);
    assert_int_equal(te_history_step(table, 1), 3);
    assert_true(isnan(te_history_get(table, 0, 1)));
    assert_true(te_history_get(table, 1, 0) == (double)0.1f);
    assert_int_equal(te_history_find(table, "b"), 1);
    assert_int_equal(te_history_find(table, "c"), -1);
    te_history_close(table);
}

/* A table of `text`, opened at step `last`, then holds `expected`. */
static void check_opening(const char *text, int64_t last, const char *expected)
{
    const char *path = at("opened.csv");
    assert_ok(te_file_write(path, text, strlen(text)));
    te_history_close(open_table(path, last));
    assert_text(path, expected);
}

static void what_an_earlier_attempt_left_is_dropped(void **state)
{
    (void)state;
    check_opening("step,a,b\n1,1,1\n2,2,2\n3,3,3\n", 2, "step,a,b\n1,1,1\n2,2,2\n");
    check_opening("step,a,b\n1,1,1\n2,2", 9, "step,a,b\n1,1,1\n");
    check_opening("step,a,b\n1,1,1\n2,2,2\n2,4,4\n", 9, "step,a,b\n1,1,1\n2,4,4\n");
    check_opening("step,a,", 9, "step,a,b\n");
    check_opening("", 9, "step,a,b\n");
    check_opening("step,a,b\n1,,inf\n", 9, "step,a,b\n1,,inf\n");
    const char zeros[] = "step,a,b\n1,1,1\n\0\0\0\0";
    assert_ok(te_file_write(at("zeros.csv"), zeros, sizeof zeros - 1));
    te_history_close(open_table(at("zeros.csv"), 9));
    assert_text(at("zeros.csv"), "step,a,b\n1,1,1\n");
}

static void a_table_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"step,a,c\n1,1,1\n", "step,a,b\n1,1\n", "step,a,b\n1,1,1,1\n", "step,a,b\nx,1,1\n",
                                        "step,a,b\n-1,1,1\n", "step,a,b\n1,1,x\n", "step,a,b\n\n",
                                        "step,a,b\n99999999999999999999,1,1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        te_history *table;
        const char *path = at("refused.csv");
        assert_ok(te_file_write(path, texts[i], strlen(texts[i])));
        assert_int_equal(te_history_open(&table, path, columns, 2, 100), TE_ERR_FORMAT);
        assert_message("refused.csv'");
        assert_text(path, texts[i]);
    }
}

/* From here on no file of this process may grow beyond `bytes`: like a full disk, with another errno. */
static struct rlimit limit_files(rlim_t bytes)
{
    struct rlimit before, limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){bytes, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

static void a_row_that_finds_no_room_is_noticed(void **state)
{
    (void)state;
    te_history *table = open_table(at("full.csv"), 0);
    struct rlimit before = limit_files(20);
    te_status first = te_history_add(table, 1, (double[]){1, 1}), second = te_history_add(table, 2, (double[]){2, 2});
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(first, TE_OK);
    assert_int_equal(second, TE_ERR_FILE);
    assert_message("full.csv': File too large");
    te_history_close(table);
}

/* ---- runs ---- */

/* Over the settings below; "key=value", or NULL. */
static const char *extra[4];

static te_settings *small_run(void)
{
    static const char *const pairs[][2] = {
        {"input.height", "32"}, {"input.width", "48"}, {"model.width", "24"}, {"model.blocks", "2"},
        {"model.taps", "1 2"}, {"model.heads", "2"}, {"model.decoder_width", "8"}, {"model.gate_width", "4"},
        {"model.semseg_classes", "22"}, {"model.tasks", "semseg human_parts sal normals edge depth"},
        {"train.iterations", "6"}, {"train.batch", "2"}, {"train.rate", "1e-3"}, {"train.save_every", "2"},
        {"train.validate_every", "2"}, {"train.validate_count", "3"}, {"data.threads", "2"}};
    te_settings *settings = settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
    for (int i = 0; i < 4 && extra[i]; i++) {
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(extra[i], "="), extra[i]);
        assert_ok(te_settings_set(settings, key, strchr(extra[i], '=') + 1));
    }
    return settings;
}

typedef struct run {
    te_settings *settings;
    te_model *model;
    te_trainer *trainer;
} run;

/* A new run, or one that goes on with a checkpoint. */
static run start(const char *checkpoint)
{
    run r = {.settings = small_run()};
    if (checkpoint) {
        assert_ok(te_model_load(&r.model, checkpoint));
    } else {
        assert_ok(te_model_create(&r.model, r.settings, 1));
    }
    assert_ok(te_trainer_create(&r.trainer, r.model, device, r.settings));
    if (checkpoint) {
        assert_ok(te_trainer_load(r.trainer, checkpoint));
    }
    return r;
}

static void finish(run *r)
{
    te_trainer_free(r->trainer);
    te_model_free(r->model);
    te_settings_free(r->settings);
}

static te_status stop_at(const te_train_report *report, void *context)
{
    if (report->step == *(int64_t *)context) {
        te_interrupt();
    }
    return TE_OK;
}

static void run_in(run *r, const char *name, int64_t stop, te_status expected)
{
    assert_ok(te_trainer_set_folder(r->trainer, at(name)));
    te_status status = te_trainer_run(r->trainer, stop_at, &stop);
    if (status != expected) {
        fail_msg("the run ended with %d: %s", (int)status, te_last_error());
    }
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    char first[256], second[256];
    snprintf(first, sizeof first, "%s/%s", at(a), name);
    snprintf(second, sizeof second, "%s/%s", at(b), name);
    uint8_t *left, *right;
    size_t left_bytes, right_bytes;
    assert_ok(te_file_read(first, 1 << 26, &left, &left_bytes));
    assert_ok(te_file_read(second, 1 << 26, &right, &right_bytes));
    if (left_bytes != right_bytes || memcmp(left, right, left_bytes) != 0) {
        fail_msg("'%s' and '%s' differ", first, second);
    }
    free(left);
    free(right);
}

static size_t count_in(const char *path, const char *part)
{
    char *text = text_of(path);
    size_t count = 0;
    for (const char *found = text; (found = strstr(found, part)) != NULL; found += strlen(part)) {
        count++;
    }
    free(text);
    return count;
}

/* Of the first four steps of six, as MODEL.md section 6 has them. */
static te_status compare_rate(const te_train_report *report, void *context)
{
    double rate = (double)report->rate, expected = ((const double *)context)[report->step - 1];
    if (!(fabs(rate - expected) < 1e-9)) {
        fail_msg("step %lld has the rate %g, not %g", (long long)report->step, rate, expected);
    }
    assert_int_equal(report->pictures, 4);
    if (report->step == 4) {
        te_interrupt();
    }
    return TE_OK;
}

static void rates_follow_their_schedule(void **state)
{
    (void)state;
    static const char *const schedules[][2] = {{"train.schedule=poly", "train.warmup=0"},
                                               {"train.schedule=poly", "train.warmup=3"},
                                               {"train.schedule=cosine", "train.warmup=0"}};
    extra[2] = "train.accumulate=2";
    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
        double rates[4];
        for (int done = 0; done < 4; done++) {
            double shape = i < 2 ? pow(1 - done / 6.0, 0.9) : (1 + cos(acos(-1) * done / 6.0)) / 2;
            rates[done] = 1e-3 * shape * (i == 1 && done < 3 ? (done + 1) / 3.0 : 1);
        }
        extra[0] = schedules[i][0];
        extra[1] = schedules[i][1];
        run r = start(NULL);
        assert_int_equal(te_trainer_run(r.trainer, compare_rate, rates), TE_ERR_INTERRUPTED);
        assert_int_equal(r.trainer->progress.taken, 4);
        finish(&r);
    }
    memset(extra, 0, sizeof extra);
}

/* Its first step is that of a limit which no gradient reaches. */
static void a_clip_of_zero_is_none(void **state)
{
    (void)state;
    static const char *const clips[] = {"train.clip=0", "train.clip=1000000"};
    run runs[2];
    int64_t stop = 1;
    for (int i = 0; i < 2; i++) {
        extra[0] = clips[i];
        runs[i] = start(NULL);
        assert_int_equal(te_trainer_run(runs[i].trainer, stop_at, &stop), TE_ERR_INTERRUPTED);
    }
    extra[0] = NULL;
    for (int i = 0; i < runs[0].model->params.count; i++) {
        const te_param *param = &runs[0].model->params.list[i];
        size_t bytes = (size_t)te_shape_count(&param->shape) * sizeof(float);
        assert_memory_equal(param->data, runs[1].model->params.list[i].data, bytes);
    }
    finish(&runs[0]);
    finish(&runs[1]);
}

/* The folder "whole" of a run that nothing disturbed, for the tests below. */
static void a_run_leaves_its_folder(void **state)
{
    (void)state;
    run r = start(NULL);
    run_in(&r, "whole", -1, TE_OK);
    assert_int_equal(count_in(at("whole/log.csv"), "\n"), 7);
    assert_int_equal(count_in(at("whole/validation.csv"), "\n"), 4);
    assert_int_equal(count_in(at("whole/curves.svg"), "</svg>\n"), 1);
    assert_int_equal(count_in(at("whole/curves.svg"), "class=\"axes\""), 9); /* total, six tasks, norm, rate */
    assert_int_equal(count_in(at("whole/curves.svg"), "<circle"), 1 + 3 * 7);
    assert_int_equal(count_in(at("whole/curves.svg"), "nan"), 0);
    te_picture *sheet;
    const uint8_t *rgb;
    int width, height;
    assert_ok(te_picture_load(&sheet, at("whole/sheets/step_000006.png")));
    te_picture_get(sheet, &width, &height, &rgb);
    assert_true(width > 13 * 48 && height > 3 * 32);
    te_picture_free(sheet);
    te_settings *read;
    assert_ok(te_settings_create(&read));
    assert_ok(te_settings_load(read, at("whole/settings.ini")));
    assert_memory_equal(read, r.settings, sizeof *read);
    te_settings_free(read);
    finish(&r);
}

static void a_folder_is_used_once(void **state)
{
    (void)state;
    run r = start(NULL), other = start(NULL);
    assert_int_equal(te_trainer_set_folder(r.trainer, at("whole")), TE_ERR_FILE);
    assert_message("holds a run already ('log.csv')");
    assert_ok(te_trainer_set_folder(r.trainer, at("used")));
    assert_int_equal(te_trainer_set_folder(other.trainer, at("used")), TE_ERR_FILE);
    assert_message("is used by a run that is under way");
    assert_int_equal(te_trainer_set_folder(r.trainer, at("second")), TE_ERR_ARGUMENT);
    assert_int_equal(te_trainer_load(r.trainer, at("whole/last.safetensors")), TE_ERR_ARGUMENT);
    finish(&other);
    finish(&r);
}

/* A start that fails before its first step, however its tables looked. */
static void a_start_that_failed_is_begun_anew(void **state)
{
    (void)state;
    int64_t none = -1;
    struct rlimit before;
    extra[0] = "model.tasks=semseg depth";
    run r = start(NULL);
    assert_ok(te_trainer_set_folder(r.trainer, at("anew")));
    before = limit_files(5000); /* the disk is full at the first checkpoint */
    te_status status = te_trainer_run(r.trainer, stop_at, &none);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, TE_ERR_FILE);
    finish(&r);
    assert_int_equal(count_in(at("anew/log.csv"), "\n"), 1);
    assert_int_equal(access(at("anew/last.safetensors"), F_OK), -1);
    r = start(NULL);
    assert_ok(te_trainer_set_folder(r.trainer, at("anew")));
    te_interrupt(); /* now there is one, of step 0 */
    assert_int_equal(te_trainer_run(r.trainer, stop_at, &none), TE_ERR_INTERRUPTED);
    finish(&r);
    assert_int_equal(access(at("anew/last.safetensors"), F_OK), 0);
    extra[0] = NULL; /* other columns */
    FILE *log = fopen(at("anew/log.csv"), "a");
    assert_non_null(log);
    fprintf(log, "1,0.1,1"); /* no row yet: what a full disk cut off */
    fclose(log);
    r = start(NULL);
    run_in(&r, "anew", -1, TE_OK);
    finish(&r);
    assert_same_file("whole", "anew", "last.safetensors");
    assert_int_equal(count_in(at("anew/log.csv"), "\n"), 7);
}

/* The folder "kept" with one file in it is refused, and the file left as it is. */
static void keeps(run *r, const char *name, const char *text, int resumable)
{
    char path[64];
    snprintf(path, sizeof path, "kept/%s", name);
    if (text) {
        assert_ok(te_file_write(at(path), text, strlen(text)));
    } else {
        assert_int_equal(rename(at("whole_copy.safetensors"), at(path)), 0);
    }
    assert_int_equal(te_trainer_set_folder(r->trainer, at("kept")), TE_ERR_FILE);
    assert_message("holds a run already ('");
    assert_message(name);
    assert_int_equal(strstr(te_last_error(), "or resume '") != NULL, resumable);
    if (text) {
        assert_text(at(path), text);
        assert_int_equal(unlink(at(path)), 0);
    } else {
        assert_same_file("whole", "kept", "last.safetensors");
        assert_int_equal(rename(at(path), at("whole_copy.safetensors")), 0);
    }
}

static void nothing_of_a_run_is_written_over(void **state)
{
    (void)state;
    run r = start(NULL);
    uint8_t *checkpoint;
    size_t bytes;
    assert_ok(te_file_read(at("whole/last.safetensors"), 1 << 26, &checkpoint, &bytes));
    assert_ok(te_file_write(at("whole_copy.safetensors"), checkpoint, bytes));
    assert_ok(te_folder_make(at("kept")));
    keeps(&r, "log.csv", "step,a\n1,1\n", 0);
    keeps(&r, "validation.csv", "step,a\n2,1\n", 0);
    keeps(&r, "best.safetensors", "whatever it is", 0);
    keeps(&r, "last.safetensors", "whatever it is", 0);
    keeps(&r, "last.safetensors", NULL, 1);
    free(checkpoint);
    finish(&r);
}

/* With another run's checkpoint a folder that holds a run is refused too; an empty one is a new run from that step on,
 * with a checkpoint from the start. */
static void a_checkpoint_of_elsewhere_starts_a_new_run(void **state)
{
    (void)state;
    run r = start(NULL);
    run_in(&r, "elsewhere", 3, TE_ERR_INTERRUPTED);
    finish(&r);
    r = start(at("elsewhere/last.safetensors"));
    assert_int_equal(te_trainer_set_folder(r.trainer, at("whole")), TE_ERR_FILE);
    assert_message("holds a run already ('log.csv')");
    int64_t none = -1;
    assert_ok(te_trainer_set_folder(r.trainer, at("moved")));
    te_interrupt();
    assert_int_equal(te_trainer_run(r.trainer, stop_at, &none), TE_ERR_INTERRUPTED);
    finish(&r);
    assert_int_equal(count_in(at("moved/log.csv"), "\n"), 1);
    r = start(at("moved/last.safetensors"));
    assert_int_equal(r.trainer->progress.taken, 3);
    assert_int_equal(r.trainer->progress.best_step, 0); /* the best so far lies in the other folder */
    finish(&r);
}

/* Going on from an earlier checkpoint would lose the steps behind it: whoever wants that takes the newest away first. */
static void an_earlier_checkpoint_does_not_replace_the_newest(void **state)
{
    (void)state;
    run r = start(NULL);
    run_in(&r, "earlier", 3, TE_ERR_INTERRUPTED);
    finish(&r);
    assert_int_equal(rename(at("earlier/last.safetensors"), at("earlier/third.safetensors")), 0);
    r = start(at("earlier/third.safetensors"));
    run_in(&r, "earlier", -1, TE_OK);
    finish(&r);
    r = start(at("earlier/third.safetensors"));
    int64_t none = -1;
    assert_int_equal(te_trainer_set_folder(r.trainer, at("earlier")), TE_ERR_ARGUMENT);
    assert_message("earlier/last.safetensors' is at step 6, and going on from step 3 of");
    assert_int_equal(unlink(at("earlier/last.safetensors")), 0);
    assert_ok(te_trainer_set_folder(r.trainer, at("earlier")));
    te_interrupt();
    assert_int_equal(te_trainer_run(r.trainer, stop_at, &none), TE_ERR_INTERRUPTED);
    finish(&r);
    r = start(at("earlier/last.safetensors"));
    assert_int_equal(r.trainer->progress.taken, 3);
    finish(&r);
}

static void a_run_that_cannot_start_leaves_no_folder(void **state)
{
    (void)state;
    extra[0] = "data.val_list=nowhere";
    extra[1] = "data.source=folder";
    extra[2] = "data.folder=/nowhere";
    te_settings *settings = small_run(), *rooms;
    extra[0] = extra[1] = extra[2] = NULL;
    te_model *model;
    te_trainer *trainer;
    rooms = small_run();
    assert_ok(te_model_create(&model, rooms, 1));
    assert_ok(te_trainer_create(&trainer, model, device, rooms));
    trainer->settings->data = settings->data; /* what validation then meets */
    assert_int_not_equal(te_trainer_set_folder(trainer, at("never")), TE_OK);
    assert_message("for validation, which train.validate_every=0 leaves out");
    assert_int_not_equal(access(at("never"), F_OK), 0);
    te_trainer_free(trainer);
    te_model_free(model);
    te_settings_free(rooms);
    te_settings_free(settings);
}

/* log.csv without its columns of seconds. */
static char *losses_of(const char *path)
{
    char *text = text_of(path), *out = text;
    int column = 0;
    for (const char *from = text; *from; from++) {
        column = *from == '\n' ? 0 : column + (*from == ',');
        if (column != 4 && column != 5) {
            *out++ = *from;
        }
    }
    *out = '\0';
    return text;
}

static void assert_equals_whole(const char *name)
{
    char path[64];
    assert_same_file("whole", name, "last.safetensors");
    assert_same_file("whole", name, "best.safetensors");
    assert_same_file("whole", name, "validation.csv");
    assert_same_file("whole", name, "sheets/step_000006.png");
    snprintf(path, sizeof path, "%s/log.csv", name);
    char *whole = losses_of(at("whole/log.csv")), *other = losses_of(at(path));
    assert_string_equal(whole, other);
    free(whole);
    free(other);
}

static void a_stopped_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    run r = start(NULL);
    run_in(&r, "stopped", 3, TE_ERR_INTERRUPTED);
    finish(&r);
    r = start(at("stopped/last.safetensors"));
    assert_int_equal(r.trainer->progress.taken, 3);
    assert_int_equal(r.trainer->progress.validated, 2);
    run_in(&r, "stopped", -1, TE_OK);
    finish(&r);
    assert_equals_whole("stopped");
}

/* The same where a step has parts, and with a loss scale, which is part of a checkpoint; that is too large at first. */
static void so_does_one_with_parts_in_half_precision(void **state)
{
    (void)state;
    extra[0] = "train.precision=fp16";
    extra[1] = "train.accumulate=2";
    extra[2] = "train.recompute=blocks";
    extra[3] = "train.depth_rate=0.5";
    const te_loss_scale scale = {8192.0f, 7};
    for (int stopped = 0; stopped < 2; stopped++) {
        run r = start(NULL);
        assert_ok(te_train_step_set_scale(r.trainer->step, scale));
        run_in(&r, stopped ? "half_stopped" : "half", stopped ? 3 : -1, stopped ? TE_ERR_INTERRUPTED : TE_OK);
        te_loss_scale end = te_train_step_get_scale(r.trainer->step); /* some steps were left out, not all */
        assert_true(end.scale < scale.scale && (stopped || end.steps > 0));
        finish(&r);
    }
    run r = start(at("half_stopped/last.safetensors"));
    run_in(&r, "half_stopped", -1, TE_OK);
    finish(&r);
    assert_same_file("half", "half_stopped", "last.safetensors");
    memset(extra, 0, sizeof extra);
}

/* A kill leaves rows behind the last checkpoint, and a checkpoint half written. */
static void a_killed_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    run r = start(NULL);
    run_in(&r, "killed", 4, TE_ERR_INTERRUPTED);
    finish(&r);
    FILE *log = fopen(at("killed/log.csv"), "a"), *part = fopen(at("killed/last.safetensors.123-4.part"), "w");
    assert_true(log && part);
    fprintf(log, "5,0.1,1,1,1,1,1,1,1,1,1,1\n6,0.1,1");
    fclose(log);
    fclose(part);
    r = start(at("killed/last.safetensors"));
    run_in(&r, "killed", -1, TE_OK);
    finish(&r);
    assert_equals_whole("killed");
    assert_int_equal(access(at("killed/last.safetensors.123-4.part"), F_OK), -1);
}

/* A validation that was due at the checkpoint, but stopped, is made up for: the best one is not missed. */
static void a_stopped_validation_is_made_up_for(void **state)
{
    (void)state;
    int64_t stop = 2;
    run r = start(NULL);
    assert_int_equal(te_trainer_run(r.trainer, stop_at, &stop), TE_ERR_INTERRUPTED); /* no folder: no validation */
    assert_ok(te_trainer_save(r.trainer, at("unvalidated.safetensors")));
    finish(&r);
    r = start(at("unvalidated.safetensors"));
    run_in(&r, "made_up", -1, TE_OK);
    finish(&r);
    assert_same_file("whole", "made_up", "validation.csv");
    assert_same_file("whole", "made_up", "last.safetensors");
}

static void the_best_is_kept(void **state)
{
    (void)state;
    te_history *table;
    te_safetensors *file;
    static const char *const names[] = {"total", "semseg", "human_parts", "sal", "normals", "edge", "depth"};
    assert_ok(te_history_open(&table, at("whole/validation.csv"), names, 7, 1000));
    size_t best = 0;
    for (size_t row = 1; row < te_history_count(table); row++) {
        best = te_history_get(table, row, 0) < te_history_get(table, best, 0) ? row : best;
    }
    assert_ok(te_safetensors_open(&file, at("whole/best.safetensors")));
    assert_int_equal(atoll(te_safetensors_find_metadata(file, "train.step")), te_history_step(table, best));
    assert_true((float)atof(te_safetensors_find_metadata(file, "train.best")) ==
                (float)te_history_get(table, best, 0));
    te_safetensors_close(file);
    te_history_close(table);
}

static void a_checkpoint_holds_the_settings_of_its_run(void **state)
{
    (void)state;
    te_model *model;
    char value[64];
    assert_ok(te_model_load(&model, at("whole/last.safetensors")));
    assert_ok(te_settings_get(te_model_get_settings(model), "train.rate", value, sizeof value));
    assert_string_equal(value, "0.001");
    assert_ok(te_settings_get(te_model_get_settings(model), "data.threads", value, sizeof value));
    assert_string_equal(value, "2");
    te_model_free(model);
}

/* Of a file's metadata one text is changed; with all of them good, it is the tensors that it lacks. */
static void progress_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    enum { PAIRS = 6 };
    static const char *const keys[PAIRS] = {"train.step", "train.validated", "train.best_step", "train.best",
                                            "train.loss_scale", "train.loss_scale_steps"};
    static const struct {
        int changed;
        const char *text, *message;
    } rows[] = {{0, "3", "lacks the tensor"}, {0, "2147483647", "lies before step 2147483647"}, {0, "", "names no step"},
                {0, "-1", "names no step"},   {0, "3x", "names no step"}, {0, "2147483648", "names no step"},
                {0, "99999999999999999999", "names no step"}, {1, "-2", "names no step"}, {2, "x", "names no step"},
                {3, "nan", "names no step"},  {3, "inf", "names no step"}, {4, "0", "names no step"},
                {4, "-1", "names no step"},   {4, "inf", "names no step"}, {5, "1.5", "names no step"}};
    run r = start(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *pairs[2 * PAIRS];
        for (int k = 0; k < PAIRS; k++) {
            pairs[2 * k] = keys[k];
            pairs[2 * k + 1] = k == rows[i].changed ? rows[i].text : "3";
        }
        const te_entry_out entry = {.name = "a", .data = (const float[]){0}};
        assert_ok(te_safetensors_save(at("senseless.safetensors"), &entry, 1, TE_STORE_FP32, pairs, PAIRS));
        assert_int_not_equal(te_trainer_load(r.trainer, at("senseless.safetensors")), TE_OK);
        assert_message(rows[i].message);
    }
    finish(&r);
}

/* The checkpoint at `from`, but with one number fewer in its tensor `name`. */
static void save_shorter(const char *from, const char *to, const char *name)
{
    te_safetensors *file;
    assert_ok(te_safetensors_open(&file, from));
    size_t count = te_safetensors_count(file), pairs = te_safetensors_count_metadata(file);
    te_entry_out *entries = calloc(count, sizeof *entries);
    const char **texts = calloc(2 * pairs, sizeof *texts);
    assert_true(entries && texts);
    for (size_t i = 0; i < count; i++) {
        const te_entry *entry = te_safetensors_get(file, i);
        float *data = calloc(entry->count, sizeof *data);
        assert_non_null(data);
        assert_ok(te_entry_read(entry, data));
        entries[i] = (te_entry_out){.name = entry->name, .rank = entry->rank, .data = data};
        memcpy(entries[i].shape, entry->shape, sizeof entries[i].shape);
        entries[i].shape[0] -= strcmp(entry->name, name) == 0;
    }
    for (size_t i = 0; i < pairs; i++) {
        te_safetensors_get_metadata(file, i, &texts[2 * i], &texts[2 * i + 1]);
    }
    assert_ok(te_safetensors_save(to, entries, count, TE_STORE_FP32, texts, pairs));
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)entries[i].data);
    }
    free(entries);
    free((void *)(uintptr_t)texts);
    te_safetensors_close(file);
}

static void moments_of_another_shape_are_refused(void **state)
{
    (void)state;
    run r = start(NULL);
    save_shorter(at("whole/last.safetensors"), at("shorter.safetensors"), "optim.v.heads.depth.bn.weight");
    assert_int_equal(te_trainer_load(r.trainer, at("shorter.safetensors")), TE_ERR_FORMAT);
    assert_message("has another shape for 'optim.v.heads.depth.bn.weight': it is no checkpoint of this model");
    finish(&r);
}

static te_status limit_at_three(const te_train_report *report, void *context)
{
    struct rlimit *before = context;
    if (report->step == 3) {
        *before = limit_files(5000);
    }
    return TE_OK;
}

static void a_full_disk_leaves_the_old_checkpoint(void **state)
{
    (void)state;
    struct rlimit before;
    run r = start(NULL);
    getrlimit(RLIMIT_FSIZE, &before);
    assert_ok(te_trainer_set_folder(r.trainer, at("full")));
    te_status status = te_trainer_run(r.trainer, limit_at_three, &before);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, TE_ERR_FILE);
    assert_message("cannot write '");
    finish(&r);
    r = start(at("full/last.safetensors"));
    assert_int_equal(r.trainer->progress.taken, 2);
    finish(&r);
}

/* ---- validation ---- */

/* Depth's and semseg's losses of the model in plain C, on logits from the scheduler. */
static void add_losses(te_scheduler *scheduler, const float *semseg, const float *depth, double sums[2], double counts[2])
{
    te_array classes, metres;
    assert_ok(te_scheduler_get(scheduler, "logits.semseg", &classes));
    assert_ok(te_scheduler_get(scheduler, "logits.depth", &metres));
    size_t area = 32 * 48;
    for (size_t i = 0; i < area; i++) {
        if (semseg[i] < 22) {
            double sum = 0;
            for (size_t k = 0; k < 22; k++) {
                sum += exp((double)classes.data[k * area + i]);
            }
            sums[0] += log(sum) - (double)classes.data[(size_t)semseg[i] * area + i];
            counts[0]++;
        }
        if (depth[i] > 0) {
            sums[1] += fabs((double)metres.data[i] - (double)depth[i]);
            counts[1]++;
        }
    }
}

static void validation_sees_the_weights_of_training(void **state)
{
    (void)state;
    run r = start(at("whole/last.safetensors"));
    static const te_task_id tasks[] = {TE_SEMSEG, TE_DEPTH};
    te_dataset *dataset;
    te_scheduler *scheduler;
    te_validation *validation;
    te_validated result;
    double sums[2] = {0}, counts[2] = {0};
    static float image[3 * 32 * 48], semseg[32 * 48], depth[32 * 48];
    assert_ok(te_dataset_open(&dataset, r.settings, TE_SPLIT_VAL, tasks, 2));
    assert_ok(te_scheduler_create(&scheduler, r.model, device, NULL));
    for (uint64_t i = 0; i < 3; i++) { /* of 500, spread evenly */
        uint64_t picture = i * te_dataset_count(dataset) / 3;
        assert_ok(te_dataset_make_val(dataset, picture, 32, 48, image, (float *[]){semseg, depth}));
        assert_ok(te_scheduler_run(scheduler, image));
        add_losses(scheduler, semseg, depth, sums, counts);
    }
    te_model *other; /* the weights on the host do not matter: the device's count */
    assert_ok(te_model_create(&other, r.settings, 2));
    assert_ok(te_validation_create(&validation, other, device, r.settings, te_train_step_get_plan(r.trainer->step)));
    assert_ok(te_validation_run(validation, &result));
    assert_float_equal((float)result.losses[0], (float)(sums[0] / counts[0]), 1e-4f);
    assert_float_equal((float)result.losses[5], (float)(sums[1] / counts[1]), 1e-4f);
    te_validation_free(validation);
    te_model_free(other);
    te_scheduler_free(scheduler);
    te_dataset_close(dataset);
    finish(&r);
}

/* As the forward pass of another input size resizes the position embedding, but for good. */
static void a_model_is_brought_to_the_size_of_its_run(void **state)
{
    (void)state;
    te_settings *settings = small_run();
    te_model *model;
    te_scheduler *schedulers[2];
    te_array depth[2];
    static float image[3 * 48 * 64];
    for (size_t i = 0; i < sizeof image / sizeof *image; i++) {
        image[i] = (float)(i % 97) / 48 - 1;
    }
    assert_ok(te_model_create(&model, settings, 1));
    assert_ok(te_scheduler_create(&schedulers[0], model, device, &(te_scheduler_options){.height = 48, .width = 64}));
    assert_ok(te_model_resize(model, 48, 64));
    assert_ok(te_scheduler_create(&schedulers[1], model, device, NULL));
    for (int i = 0; i < 2; i++) {
        assert_ok(te_scheduler_run(schedulers[i], image));
        assert_ok(te_scheduler_get(schedulers[i], "logits.depth", &depth[i]));
    }
    assert_int_equal(depth[1].shape[2], 48);
    assert_int_equal(depth[1].shape[3], 64);
    for (size_t i = 0; i < 48 * 64; i++) {
        assert_float_equal(depth[0].data[i], depth[1].data[i], 1e-4f);
    }
    te_scheduler_free(schedulers[0]);
    te_scheduler_free(schedulers[1]);
    te_model_free(model);
    te_settings_free(settings);
}

static char warning[512];

static void hear(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_WARNING) {
        snprintf(warning, sizeof warning, "%s", line);
    }
}

/* Resizing loses something: not for a data set that is not there. What [model] says beside the model is told, defaults not. */
static void a_trainer_that_cannot_be_leaves_the_model(void **state)
{
    (void)state;
    te_settings *settings = small_run(), *others;
    te_model *model;
    te_trainer *trainer = NULL;
    assert_ok(te_model_create(&model, settings, 1));
    assert_ok(te_settings_create(&others));
    others->data = settings->data;
    others->train = settings->train;
    others->input.height = 48;
    others->input.width = 64;
    assert_ok(te_settings_set(others, "data.source", "folder"));
    assert_ok(te_settings_set(others, "data.folder", "/nowhere"));
    assert_int_equal(te_trainer_create(&trainer, model, device, others), TE_ERR_FILE);
    assert_null(trainer);
    assert_int_equal(model->config.height, 32);
    assert_int_equal(te_model_get_settings(model)->input.width, 48);
    assert_ok(te_settings_set(others, "data.source", "rooms"));
    te_set_log(hear, NULL);
    assert_ok(te_trainer_create(&trainer, model, device, others));
    assert_int_equal(model->config.height, 48);
    assert_string_equal(warning, "");
    te_trainer_free(trainer);
    assert_ok(te_settings_set(others, "model.experts", "7"));
    assert_ok(te_trainer_create(&trainer, model, device, others));
    te_set_log(NULL, NULL);
    assert_string_equal(warning, "setting 'model.experts' is '7', but the model was made with '5', and that counts");
    te_trainer_free(trainer);
    te_settings_free(others);
    te_model_free(model);
    te_settings_free(settings);
}

/* ---- numbers that are not finite ---- */

static void fails_with(run *r, const char *first, const char *second)
{
    assert_int_equal(te_trainer_run(r->trainer, NULL, NULL), TE_ERR_DEVICE);
    assert_message("step 1: the loss of 'semseg', 'human_parts'");
    assert_message(first);
    assert_message(second);
}

/* A run whose param `name` has `value` at its element 5. */
static run start_with(const char *name, float value)
{
    run r = {.settings = small_run()};
    assert_ok(te_model_create(&r.model, r.settings, 1));
    int param = te_params_find(&r.model->params, name);
    assert_true(param >= 0);
    r.model->params.list[param].data[5] = value;
    assert_ok(te_trainer_create(&r.trainer, r.model, device, r.settings));
    return r;
}

static void a_weight_that_is_no_number_is_named(void **state)
{
    (void)state;
    run r = start_with("backbone.blocks.1.mlp.fc1.weight", NAN);
    fails_with(&r, "parameter 'backbone.blocks.1.mlp.fc1.weight' (96,24)", "nan, first at element 5 of 2304");
    finish(&r);
}

/* Finite weights, but a product that overflows: by its own weight it is named, with the part of the model. */
static void an_overflow_is_named(void **state)
{
    (void)state;
    run r = start_with("backbone.blocks.1.mlp.fc2.weight", 3e38f);
    te_param *bias = &r.model->params.list[te_params_find(&r.model->params, "backbone.blocks.1.mlp.fc1.bias")];
    assert_non_null(bias->data);
    te_trainer_free(r.trainer);
    bias->data[5] = 1e3f;
    assert_ok(te_trainer_create(&r.trainer, r.model, device, r.settings));
    fails_with(&r, "of op 'linear' with 'backbone.blocks.1.mlp.fc2.weight' in part 'backbone'", "holds inf");
    finish(&r);
}

typedef struct failing {
    te_batch batch;
    float *data[1 + TE_TASK_COUNT];
} failing;

static void a_pixel_that_is_no_number_is_named(void **state)
{
    (void)state;
    run r = start(NULL);
    const te_config *config = &r.model->config;
    failing f = {.data = {NULL}};
    size_t area = 32 * 48;
    f.batch.images = f.data[0] = calloc(2 * 3 * area, sizeof(float));
    for (int t = 0; t < config->task_count; t++) {
        f.batch.labels[t] = f.data[1 + t] = calloc(2 * 3 * area, sizeof(float));
    }
    f.data[0][77] = INFINITY;
    te_rates rates = {.rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .largest_norm = 10};
    te_step_result result;
    assert_ok(te_train_step_run(r.trainer->step, &f.batch, &rates, 1, &result));
    assert_int_equal(te_trainer_check_numbers(r.trainer, &result), TE_ERR_DEVICE);
    assert_message("input 'images' (2,3,32,48), which holds inf, first at element 77 of 9216");
    f.data[0][77] = 0; /* the step that failed has left weights and statistics alone: the next one is sound */
    assert_ok(te_train_step_run(r.trainer->step, &f.batch, &rates, 1, &result));
    assert_ok(te_trainer_check_numbers(r.trainer, &result));
    assert_ok(te_train_step_fetch(r.trainer->step));
    for (int i = 0; i < r.model->params.count; i++) {
        const te_param *param = &r.model->params.list[i];
        for (int64_t e = 0; e < te_shape_count(&param->shape); e++) {
            assert_true(isfinite(param->data[e]));
        }
    }
    result.norm = INFINITY;
    assert_int_equal(te_trainer_check_numbers(r.trainer, &result), TE_ERR_DEVICE);
    assert_message("the losses are finite, but the norm of the gradient is inf");
    assert_message("suspect the device");
    for (int i = 0; i <= TE_TASK_COUNT; i++) {
        free(f.data[i]);
    }
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_and_read_back),
        cmocka_unit_test(what_an_earlier_attempt_left_is_dropped),
        cmocka_unit_test(a_table_that_is_none_is_refused),
        cmocka_unit_test(a_row_that_finds_no_room_is_noticed),
        cmocka_unit_test(rates_follow_their_schedule),
        cmocka_unit_test(a_clip_of_zero_is_none),
        cmocka_unit_test(a_run_leaves_its_folder),
        cmocka_unit_test(a_folder_is_used_once),
        cmocka_unit_test(a_start_that_failed_is_begun_anew),
        cmocka_unit_test(nothing_of_a_run_is_written_over),
        cmocka_unit_test(a_checkpoint_of_elsewhere_starts_a_new_run),
        cmocka_unit_test(an_earlier_checkpoint_does_not_replace_the_newest),
        cmocka_unit_test(a_run_that_cannot_start_leaves_no_folder),
        cmocka_unit_test(a_stopped_run_goes_on_bit_for_bit),
        cmocka_unit_test(so_does_one_with_parts_in_half_precision),
        cmocka_unit_test(a_killed_run_goes_on_bit_for_bit),
        cmocka_unit_test(a_stopped_validation_is_made_up_for),
        cmocka_unit_test(the_best_is_kept),
        cmocka_unit_test(a_checkpoint_holds_the_settings_of_its_run),
        cmocka_unit_test(progress_that_makes_no_sense_is_refused),
        cmocka_unit_test(moments_of_another_shape_are_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_checkpoint),
        cmocka_unit_test(validation_sees_the_weights_of_training),
        cmocka_unit_test(a_model_is_brought_to_the_size_of_its_run),
        cmocka_unit_test(a_trainer_that_cannot_be_leaves_the_model),
        cmocka_unit_test(a_weight_that_is_no_number_is_named),
        cmocka_unit_test(an_overflow_is_named),
        cmocka_unit_test(a_pixel_that_is_no_number_is_named),
    };
    return cmocka_run_group_tests_name("run", tests, set_up, tear_down);
}
