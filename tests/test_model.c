/* The model against the independent PyTorch implementation: every golden file of tests/golden, every tap, gate, memory
 * and logit; weight files out and in; backbones with timm's names; parameter counts of MODEL.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "support/assert.h"
#include "support/golden.h"
#include "support/settings.h"

static te_device *device; /* one for all tests, so that programs are compiled once */

static int open_device(void **state)
{
    (void)state;
    te_settings *settings = settings_for_test(NULL, 0);
    if (te_device_open(&device, settings) != TE_OK) {
        fprintf(stderr, "test_model: %s\n", te_last_error());
        return -1;
    }
    te_settings_free(settings);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    te_device_close(device);
    return 0;
}

/* The host keeps no copy of weights that it can read again. */
static void assert_in_file(const te_model *model)
{
    for (int i = 0; i < model->params.count; i++) {
        assert_null(model->params.list[i].data);
    }
}

static void test_golden(void **state)
{
    golden_check(device, *state);
}

/* A ViT file with timm's names, a class token, a head and another grid, into the model that a golden file describes. */
static void test_backbone(void **state)
{
    char expected_path[512], model_path[512], backbone_path[512];
    te_safetensors *expected;
    te_model *model;
    size_t used, ignored;
    golden_path(expected_path, *state);
    golden_path(backbone_path, "timm_backbone");
    assert_ok(te_safetensors_open(&expected, expected_path));
    const char *model_name = te_safetensors_find_metadata(expected, "golden.model");
    assert_non_null(model_name);
    snprintf(model_path, sizeof model_path, "%s/%s", TE_TEST_GOLDEN, model_name);
    assert_ok(te_model_load(&model, model_path));
    assert_ok(te_model_load_backbone(model, backbone_path, &used, &ignored));
    bool cls = model->config.cls_token;
    assert_int_equal(used, 12 * (size_t)model->config.blocks +
                               (cls ? 6 : 5)); /* patch embedding, norm, positions (, class token) */
    assert_int_equal(ignored, cls ? 2 : 3); /* head.weight, head.bias, and the class token where it is not used */
    te_scheduler *scheduler = golden_run(device, model, expected);
    assert_int_equal(golden_compare(scheduler, expected), model->config.tap_count);
    te_scheduler_free(scheduler);
    te_model_free(model);
    te_safetensors_close(expected);
}

/* Parameters in units of ten thousand, as MODEL.md states them. */
static void count_parameters(const char *config, const char *gate, const char *memory, double million)
{
    char path[512];
    te_model *model;
    snprintf(path, sizeof path, "%s/pascal_%s.ini", TE_TEST_CONFIGS, config);
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_settings_load(settings, path));
    assert_ok(te_settings_set(settings, "model.gate", gate));
    assert_ok(te_settings_set(settings, "model.memory", memory));
    assert_ok(te_model_declare(&model, settings));
    double count = (double)te_params_count(&model->params, NULL) / 1e6;
    if (fabs(count - million) > 0.005) {
        fail_msg("%s gate=%s memory=%s: %.3f M parameters, not %.2f M", config, gate, memory, count, million);
    }
    te_model_free(model);
    te_settings_free(settings);
}

static void test_counts(void **state)
{
    (void)state;
    count_parameters("base", "conv3", "off", 225.28);
    count_parameters("base", "mlp", "off", 255.02);
    count_parameters("base", "conv3", "on", 237.12);
    count_parameters("large", "conv3", "on", 423.67);
    count_parameters("small", "conv3", "on", 42.25);
    count_parameters("tiny", "conv3", "on", 9.65);
}

/* The defaults of the backbones, as MODEL.md states them. */
static void test_backbones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int C, blocks, heads, taps[4], D, hidden, gate_width;
    } rows[] = {{"tiny", 192, 12, 3, {3, 6, 9, 12}, 96, 384, 32},
                {"small", 384, 12, 6, {3, 6, 9, 12}, 192, 768, 128},
                {"base", 768, 12, 12, {3, 6, 9, 12}, 768, 3072, 128},
                {"large", 1024, 24, 16, {6, 12, 18, 24}, 512, 2560, 128}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        te_model *model;
        te_settings *settings = settings_for_test(NULL, 0);
        assert_ok(te_settings_set(settings, "model.backbone", rows[i].name));
        assert_ok(te_model_declare(&model, settings));
        const te_config *config = &model->config;
        assert_true(config->C == rows[i].C && config->blocks == rows[i].blocks && config->heads == rows[i].heads);
        assert_true(config->D == rows[i].D && config->hidden == rows[i].hidden && config->gate_width == rows[i].gate_width);
        assert_int_equal(config->tap_count, 4);
        assert_memory_equal(config->taps, rows[i].taps, sizeof rows[i].taps);
        te_model_free(model);
        te_settings_free(settings);
    }
}

/* What is just allowed, and one more. */
static void test_limits_of_settings(void **state)
{
    (void)state;
    static const struct {
        const char *key, *good, *bad, *message;
    } rows[] = {{"model.connection", "sparse:6", "sparse:7", "keeps 7 of 6 scores"},
                {"model.taps", "3 12", "3 13", "names block 13 of 12"},
                {"model.width", "1536", "1542", "1542 over 'model.heads' 6 is 257 channels a head; at most 256"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        te_model *model;
        te_settings *settings = settings_for_test(NULL, 0);
        assert_ok(te_settings_set(settings, "model.heads", "6"));
        assert_ok(te_settings_set(settings, rows[i].key, rows[i].good));
        assert_ok(te_model_declare(&model, settings));
        te_model_free(model);
        assert_ok(te_settings_set(settings, rows[i].key, rows[i].bad));
        assert_int_equal(te_model_declare(&model, settings), TE_ERR_SETTING);
        assert_non_null(strstr(te_last_error(), rows[i].message));
        te_settings_free(settings);
    }
}

static te_model *create_small(uint64_t seed)
{
    static const char *const pairs[][2] = {{"input.height", "32"}, {"input.width", "48"}, {"model.width", "24"},
                                           {"model.blocks", "2"}, {"model.taps", "1 2"}, {"model.heads", "2"},
                                           {"model.decoder_width", "8"}, {"model.gate_width", "4"}};
    te_model *model;
    te_settings *settings = settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
    assert_ok(te_model_create(&model, settings, seed));
    te_settings_free(settings);
    return model;
}

static void assert_same_weights(const te_model *a, const te_model *b, double tolerance)
{
    assert_int_equal(a->params.count, b->params.count);
    for (int i = 0; i < a->params.count; i++) {
        const te_param *left = &a->params.list[i], *right = &b->params.list[i];
        assert_string_equal(left->name, right->name);
        for (int64_t e = 0; e < te_shape_count(&left->shape); e++) {
            assert_true(fabs((double)left->data[e] - (double)right->data[e]) <=
                        tolerance * fabs((double)left->data[e]) + 1e-30 + (tolerance > 0 ? 1e-7 : 0));
        }
    }
}

static void test_save_and_load(void **state)
{
    (void)state;
    static const struct {
        te_storage storage;
        double tolerance;
    } rows[] = {{TE_STORE_FP32, 0.0}, {TE_STORE_FP16, 5e-4}, {TE_STORE_BF16, 4e-3}};
    char path[] = "/tmp/te_test_model_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    te_model *model = create_small(7);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        te_model *loaded;
        assert_ok(te_model_save(model, path, rows[i].storage));
        assert_ok(te_model_load(&loaded, path));
        assert_ok(te_model_save(loaded, path, rows[i].storage)); /* over the file that it reads from */
        assert_in_file(loaded);
        te_model_free(loaded);
        assert_ok(te_model_load(&loaded, path));
        assert_ok(te_params_load_all(&loaded->params));
        assert_same_weights(model, loaded, rows[i].tolerance);
        assert_memory_equal(&model->settings->model, &loaded->settings->model, sizeof model->settings->model);
        te_model_free(loaded);
    }
    te_model_free(model);
    unlink(path);
}

static void expect_class(const te_model *model, const char *task, int index, const char *wanted)
{
    char name[24] = "";
    assert_ok(te_model_get_class(model, task, index, name, sizeof name));
    assert_string_equal(name, wanted);
}

/* Names go with the weights; those of a file without them, as files were before they could have any, go by the number. */
static void test_class_names(void **state)
{
    (void)state;
    char path[] = "/tmp/te_test_model_XXXXXX", name[24] = "as it was";
    int descriptor = mkstemp(path);
    te_settings *settings;
    te_model *old = create_small(7), *named, *loaded;
    te_transfer transfer;
    assert_true(descriptor >= 0);
    close(descriptor);
    expect_class(old, "semseg", 15, "person");
    expect_class(old, "human_parts", 1, "head");
    assert_ok(te_settings_copy(&settings, te_model_get_settings(old)));
    assert_ok(te_settings_set(settings, "model.semseg_names", "road, Stra\xC3\x9F" "e, <b>\"%n"));
    assert_ok(te_model_create(&named, settings, 8));
    assert_ok(te_model_set_weights(named, old, &transfer));
    assert_int_equal(transfer.kept + transfer.unused, 0); /* names change no tensor */
    assert_ok(te_model_save(named, path, TE_STORE_FP32));
    assert_ok(te_model_load(&loaded, path));
    expect_class(loaded, "semseg", 0, "road");
    expect_class(loaded, "semseg", 1, "Stra\xC3\x9F" "e");
    expect_class(loaded, "semseg", 2, "<b>\"%n");
    expect_class(loaded, "semseg", 15, "class 15");
    expect_class(loaded, "human_parts", 6, "lower legs");
    strcpy(name, "as it was");
    assert_int_equal(te_model_get_class(loaded, "semseg", 21, name, sizeof name), TE_ERR_ARGUMENT);
    assert_int_equal(te_model_get_class(loaded, "semseg", -1, name, sizeof name), TE_ERR_ARGUMENT);
    assert_int_equal(te_model_get_class(loaded, "sal", 0, name, sizeof name), TE_ERR_ARGUMENT);
    assert_int_equal(te_model_get_class(loaded, "depth", 0, name, sizeof name), TE_ERR_ARGUMENT); /* it has no such task */
    assert_int_equal(te_model_get_class(loaded, "semseg", 0, name, 4), TE_ERR_ARGUMENT);
    assert_string_equal(name, "as it was");
    assert_ok(te_model_get_class(loaded, "semseg", 0, name, 5));
    te_model_free(loaded);

    assert_ok(te_settings_set(settings, "model.semseg_classes", "2"));
    assert_int_equal(te_model_create(&loaded, settings, 8), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "3 names, but 'model.semseg_classes' is 2: leave names out, or set it to 3"));
    te_settings_free(settings);
    te_model_free(named);
    te_model_free(old);
    unlink(path);
}

/* Fewer classes and one task less: all else is taken over, and the new tensors stay what they were. */
static void test_transfer(void **state)
{
    (void)state;
    te_settings *settings;
    te_model *from = create_small(3), *model, *fresh;
    te_transfer transfer;
    assert_ok(te_settings_copy(&settings, te_model_get_settings(from)));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "5"));
    assert_ok(te_settings_set(settings, "model.tasks", "semseg sal"));
    assert_ok(te_settings_set(settings, "input.width", "32"));
    assert_ok(te_model_create(&model, settings, 4));
    assert_ok(te_model_create(&fresh, settings, 4));
    assert_ok(te_model_set_weights(model, from, &transfer));
    size_t parts = 0, same = 0;
    for (int i = 0; i < model->params.count; i++) {
        const te_param *param = &model->params.list[i];
        size_t bytes = (size_t)te_shape_count(&param->shape) * sizeof *param->data;
        int other = te_params_find(&from->params, param->name);
        parts += (size_t)param->part_count;
        if (strncmp(param->name, "heads.semseg.pred.", 18) == 0) {
            assert_memory_equal(param->data, fresh->params.list[i].data, bytes);
        } else if (other >= 0 && te_shape_equal(&from->params.list[other].shape, &param->shape)) {
            assert_memory_equal(param->data, from->params.list[other].data, bytes);
            same++;
        }
    }
    assert_true(same > 20);
    assert_int_equal(transfer.kept, 2);
    assert_int_equal(transfer.used, parts - 2);
    assert_true(transfer.unused > 2); /* the other tasks' gates, memories and heads, and the two that were of other shape */
    te_model_free(fresh);
    te_model_free(model);
    te_model_free(from);
    te_settings_free(settings);
}

/* The backbone of a model as a file with timm's names. */
static void save_as_timm(const te_model *model, const char *path)
{
    enum { MOST = 64 };
    static te_entry_out entries[MOST];
    size_t count = 0;
    for (int i = 0; i < model->params.count; i++) {
        const te_param *param = &model->params.list[i];
        if (strcmp(param->part, "backbone") == 0) {
            assert_true(count < MOST && param->part_count == 1);
            entries[count] = (te_entry_out){.name = param->names[0] + strlen("backbone."), .rank = param->shape.rank,
                                            .data = param->data};
            memcpy(entries[count++].shape, param->shape.size, sizeof param->shape.size);
        }
    }
    assert_ok(te_safetensors_save(path, entries, count, TE_STORE_FP32, NULL, 0));
}

/* 4x4 positions of a file are a square, also for a model of 2x8, which has as many. */
static void test_positions_of_as_many_cells(void **state)
{
    (void)state;
    char path[] = "/tmp/te_test_positions_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    te_model *square = create_small(1), *wide = create_small(2);
    assert_ok(te_model_resize(square, 64, 64));
    assert_ok(te_model_resize(wide, 32, 128));
    save_as_timm(square, path);
    assert_ok(te_model_load_backbone(wide, path, NULL, NULL));
    assert_ok(te_model_resize(square, 32, 128));
    int positions = te_params_find(&wide->params, "backbone.pos_embed");
    const te_param *got = &wide->params.list[positions], *expected = &square->params.list[positions];
    assert_memory_equal(got->data, expected->data, (size_t)te_shape_count(&expected->shape) * sizeof(float));
    te_model_free(wide);
    te_model_free(square);
    unlink(path);
}

static void test_seeds(void **state)
{
    (void)state;
    te_model *a = create_small(1), *b = create_small(1), *c = create_small(2);
    assert_same_weights(a, b, 0.0);
    int weight = te_params_find(&a->params, "backbone.blocks.0.attn.qkv.weight");
    assert_true(weight >= 0);
    assert_memory_not_equal(a->params.list[weight].data, c->params.list[weight].data, 64);
    te_model_free(a);
    te_model_free(b);
    te_model_free(c);
}

/* All of it 0 or 1; normal with deviation 0.02, cut at 2.3 of these; or uniform within 1 / sqrt(inputs). */
static void check_first(const te_param *param, te_init init, double inputs)
{
    bool uniform = init == TE_INIT_UNIFORM;
    double limit = uniform ? 1 / sqrt(inputs) : 0.0455, deviation = uniform ? limit / sqrt(3) : 0.02;
    double most = 0, squares = 0;
    int64_t count = te_shape_count(&param->shape);
    for (int64_t e = 0; e < count; e++) {
        double value = (double)param->data[e];
        most = fmax(most, fabs(value));
        squares += value * value;
        if ((init == TE_INIT_ZERO && value != 0) || (init == TE_INIT_ONE && value != 1)) {
            fail_msg("'%s' begins with %g", param->name, value);
        }
    }
    bool drawn = uniform || init == TE_INIT_TRUNCATED_NORMAL, few = count < 200;
    double ratio = sqrt(squares / (double)count) / deviation;
    if (drawn && !(most > (few ? 0 : 0.8 * limit) && most <= limit * (1 + 1e-6) && (few || fabs(ratio - 1) < 0.15))) {
        fail_msg("'%s' begins with up to %g and %g deviations", param->name, most, ratio);
    }
}

/* MODEL.md section 6; the first row that a name holds counts. */
static void test_first_weights(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        te_init weight, bias;
    } rows[] = {{".norm.", TE_INIT_ONE, TE_INIT_ZERO},       {".norm1.", TE_INIT_ONE, TE_INIT_ZERO},
                {".norm2.", TE_INIT_ONE, TE_INIT_ZERO},      {".bn.running_mean", TE_INIT_ZERO, TE_INIT_ZERO},
                {".bn.", TE_INIT_ONE, TE_INIT_ZERO},         {".alpha.", TE_INIT_ZERO, TE_INIT_ZERO},
                {"memory.", TE_INIT_ZERO, TE_INIT_ZERO},     {"patch_embed.proj.", TE_INIT_UNIFORM, TE_INIT_UNIFORM},
                {".conv1.", TE_INIT_UNIFORM, TE_INIT_UNIFORM}, {".conv2.", TE_INIT_UNIFORM, TE_INIT_UNIFORM},
                {".pred.", TE_INIT_UNIFORM, TE_INIT_UNIFORM},  {"", TE_INIT_TRUNCATED_NORMAL, TE_INIT_ZERO}};
    static const char *const kinds[][2] = {{"mlp", "conv3"}, {"conv", "mlp"}}; /* experts and gates */
    te_model *small = create_small(1), *model;
    for (size_t k = 0; k < 2; k++) {
        te_settings *settings;
        assert_ok(te_settings_copy(&settings, te_model_get_settings(small)));
        assert_ok(te_settings_set(settings, "model.expert", kinds[k][0]));
        assert_ok(te_settings_set(settings, "model.gate", kinds[k][1]));
        assert_ok(te_settings_set(settings, "model.write", "gated"));
        assert_ok(te_settings_set(settings, "model.cls_token", "on"));
        assert_ok(te_model_create(&model, settings, 1));
        double inputs = 0;
        for (int i = 0; i < model->params.count; i++) {
            const te_param *param = &model->params.list[i];
            size_t length = strlen(param->name), row = 0;
            bool bias = length > 5 && strcmp(param->name + length - 5, ".bias") == 0;
            bool conv = k == 1 && strstr(param->name, "experts.") && strstr(param->name, ".fc1.");
            while (!strstr(param->name, rows[row].part)) {
                row++;
            }
            inputs = bias ? inputs : (double)(te_shape_count(&param->shape) / param->shape.size[0]); /* of the weight before */
            check_first(param, conv ? TE_INIT_UNIFORM : bias ? rows[row].bias : rows[row].weight, inputs);
        }
        te_model_free(model);
        te_settings_free(settings);
    }
    te_model_free(small);
}

/* A loaded model's weights are on the device and in the file, nowhere else; what is written into the file is an error. */
static void test_weights_in_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/te_test_model_XXXXXX";
    te_model *model = create_small(7), *loaded;
    te_scheduler *scheduler = NULL;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_ok(te_model_save(model, path, TE_STORE_FP32));
    assert_ok(te_model_load(&loaded, path));
    assert_ok(te_scheduler_create(&scheduler, loaded, device, NULL));
    te_memory_info memory;
    assert_ok(te_scheduler_get_memory(scheduler, &memory));
    assert_int_equal(te_device_memory(device, NULL), memory.parameters + memory.activations);
    assert_in_file(loaded);
    te_scheduler_free(scheduler);
    scheduler = NULL;
    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(te_scheduler_create(&scheduler, loaded, device, NULL), TE_ERR_FILE);
    assert_null(scheduler);
    assert_non_null(strstr(te_last_error(), "it was written to since it was opened"));
    assert_int_equal(te_device_memory(device, NULL), 0);
    te_model_free(loaded);
    te_model_free(model);
    unlink(path);
}

/* What is wrong with a file is said, never skipped. */
static void test_misfits(void **state)
{
    (void)state;
    char path[512];
    te_model *model = create_small(1);
    golden_path(path, "timm_backbone"); /* no settings inside; another width than the model's */
    assert_int_equal(te_model_load(&model, path), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "no TaskExpert settings"));
    assert_non_null(strstr(te_last_error(), "loaded by te_model_load_backbone(), and 'init --backbone'"));
    assert_int_equal(te_model_load_backbone(model, path, NULL, NULL), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "shape"));
    golden_path(path, "base"); /* not a timm file */
    assert_int_equal(te_model_load_backbone(model, path, NULL, NULL), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "lacks the tensor"));
    te_model_free(model);
}

/* A weight file in whose text `from` is `to`, of the same length. */
static void save_changed(const char *path, const te_model *model, const char *from, const char *to)
{
    uint8_t *data;
    size_t bytes;
    assert_ok(te_model_save(model, path, TE_STORE_FP32));
    assert_ok(te_file_read(path, 1 << 24, &data, &bytes));
    char *place = memmem(data, bytes, from, strlen(from));
    assert_non_null(place);
    memcpy(place, to, strlen(to));
    assert_ok(te_file_write(path, data, bytes));
    free(data);
}

/* The file is at fault, not the settings of whoever loads it. */
static void test_broken_metadata(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"\"input.height\":\"32\"", "\"input.height\":\"x2\"", "': setting 'input.height' is 'x2'"},
        {"\"model.heads\":\"2\"", "\"model.heads\":\"7\"", "': 'model.width' 24 is not a multiple of 'model.heads' 7"},
        {"\"model.heads\":\"2\"", "\"model.hairs\":\"2\"", "': unknown setting 'model.hairs'"},
    };
    char path[] = "/tmp/te_test_model_XXXXXX", quoted[64];
    te_model *model = create_small(1), *loaded = NULL;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        save_changed(path, model, cases[i][0], cases[i][1]);
        assert_int_equal(te_model_load(&loaded, path), TE_ERR_FORMAT);
        assert_null(loaded);
        snprintf(quoted, sizeof quoted, "'%s': ", path);
        assert_int_equal(strncmp(te_last_error(), quoted, strlen(quoted)), 0);
        assert_non_null(strstr(te_last_error(), cases[i][2]));
    }
    te_model_free(model);
    unlink(path);
}

static char heard[512];

static void hear(te_log_level level, const char *line, void *context)
{
    (void)level;
    (void)context;
    snprintf(heard, sizeof heard, "%s", line);
}

/* A tensor of the file is of another shape, or holds what is no number, or is not the model's. */
static void test_other_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } rows[] = {{"\"shape\":[24,96]", "\"shape\":[96,24]", "': tensor 'backbone.blocks.0.mlp.fc2.weight' has shape (96,24)"},
                {"\"shape\":[21,8,1,1]", "\"shape\":[21,8    ]", "': tensor 'heads.semseg.pred.weight' has shape (21,8), "}};
    char path[] = "/tmp/te_test_model_XXXXXX";
    te_model *model = create_small(1), *loaded = NULL;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        save_changed(path, model, rows[i].from, rows[i].to);
        assert_int_equal(te_model_load(&loaded, path), TE_ERR_FORMAT);
        assert_non_null(strstr(te_last_error(), rows[i].message));
    }
    const te_entry_out more = {.name = "more", .data = (const float[]){0}};
    assert_ok(te_model_save_with(model, path, TE_STORE_FP32, &(te_model_extra){.entries = &more, .entry_count = 1}));
    te_set_log(hear, NULL);
    assert_ok(te_model_load(&loaded, path));
    te_set_log(NULL, NULL);
    assert_non_null(strstr(heard, "holds 1 tensors that the model does not use"));
    te_model_free(loaded);
    float *bias = model->params.list[te_params_find(&model->params, "heads.sal.bn.bias")].data;
    for (int infinite = 0; infinite < 2; infinite++) {
        bias[3] = infinite ? INFINITY : NAN;
        assert_ok(te_model_save(model, path, TE_STORE_FP32));
        assert_int_equal(te_model_load(&loaded, path), TE_ERR_FORMAT);
        assert_non_null(strstr(te_last_error(), infinite ? "'heads.sal.bn.bias' holds inf" : "'heads.sal.bn.bias' holds nan"));
    }
    te_model_free(model);
    unlink(path);
}

static void test_scheduler_options(void **state)
{
    (void)state;
    static const struct {
        te_scheduler_options options;
        const char *part;
    } cases[] = {{{.keep = -1}, "'keep' of a scheduler is -1; it must be 0 to 3"},
                 {{.keep = 4}, "'keep' of a scheduler is 4; it must be 0 to 3"},
                 {{.batch = -1}, "a batch of -1: it must be 1 to 4096"},
                 {{.height = -16}, "an input of -16x48: both sizes must be multiples of 16, from 16 to 16384"},
                 {{.batch = 4097}, "a batch of 4097: it must be"},
                 {{.height = 40}, "an input of 40x48: both"},
                 {{.width = 40}, "an input of 32x40: both"},
                 {{.width = 16400}, "an input of 32x16400: both"}};
    te_model *model = create_small(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_scheduler *scheduler = NULL;
        assert_int_equal(te_scheduler_create(&scheduler, model, device, &cases[i].options), TE_ERR_ARGUMENT);
        assert_null(scheduler);
        assert_non_null(strstr(te_last_error(), cases[i].part));
    }
    te_model_free(model);
}

/* Same input, same bits, run after run and plan after plan; the last input counts. */
static void test_repeatable(void **state)
{
    (void)state;
    te_model *model = create_small(3);
    size_t pixels = 3 * 32 * 48, logits = 21 * 32 * 48;
    float *input = calloc(pixels, sizeof *input), *first = calloc(logits, sizeof *first);
    assert_true(input && first);
    for (size_t i = 0; i < pixels; i++) {
        input[i] = sinf((float)i);
    }
    for (int round = 0; round < 3; round++) {
        te_scheduler *scheduler;
        te_array array;
        assert_ok(te_scheduler_create(&scheduler, model, device, NULL));
        for (int run = 0; run < 3; run++) {
            input[7] = run == 1 ? 3 : 1;
            assert_ok(te_scheduler_run(scheduler, input));
            assert_ok(te_scheduler_get(scheduler, "logits.semseg", &array));
            if (round == 0 && run == 0) {
                memcpy(first, array.data, logits * sizeof *first);
            }
            assert_int_equal(memcmp(first, array.data, logits * sizeof *first) == 0, run != 1);
        }
        assert_int_equal(te_scheduler_get(scheduler, "tap.0", &array), TE_ERR_ARGUMENT);
        te_scheduler_free(scheduler);
    }
    free(input);
    free(first);
    te_model_free(model);
}

int main(void)
{
    static char *const goldens[] = {"base", "conv1_replace", "conv5_gated", "mlp_memory_off", "sparse_nyud",
                                    "expert_conv", "cls_token", "six_tasks", "odd", "single_token", "head_64"};
    static char *const backbones[] = {"timm_expected", "timm_expected_cls"};
    enum { OTHERS = 15, GOLDENS = sizeof goldens / sizeof goldens[0], BACKBONES = sizeof backbones / sizeof backbones[0] };
    struct CMUnitTest tests[OTHERS + GOLDENS + BACKBONES] = {
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_save_and_load), cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_misfits), cmocka_unit_test(test_repeatable), cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_weights_in_a_file), cmocka_unit_test(test_scheduler_options),
        cmocka_unit_test(test_broken_metadata), cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_positions_of_as_many_cells), cmocka_unit_test(test_first_weights),
        cmocka_unit_test(test_backbones), cmocka_unit_test(test_limits_of_settings), cmocka_unit_test(test_other_tensors),
    };
    size_t count = OTHERS;
    for (int i = 0; i < GOLDENS; i++) {
        tests[count++] = (struct CMUnitTest){goldens[i], test_golden, NULL, NULL, goldens[i]};
    }
    for (int i = 0; i < BACKBONES; i++) {
        tests[count++] = (struct CMUnitTest){backbones[i], test_backbone, NULL, NULL, backbones[i]};
    }
    return cmocka_run_group_tests_name("model", tests, open_device, close_device);
}
