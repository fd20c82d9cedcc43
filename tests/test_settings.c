#include "base/settings.h"

#include "base/classes.h"
#include "base/files.h"
#include "base/settings_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef TE_TEST_CONFIGS
#define TE_TEST_CONFIGS "configs"
#endif

static te_settings *settings;

static int set_up(void **state)
{
    (void)state;
    return te_settings_create(&settings) == TE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    te_settings_free(settings);
    return 0;
}

/* The call failed as it should, and its message says so. */
static void check_failure(te_status got, te_status wanted, const char *part)
{
    assert_int_equal(got, wanted);
    if (!strstr(te_last_error(), part)) {
        fail_msg("\"%s\" does not hold \"%s\"", te_last_error(), part);
    }
    assert_null(strchr(te_last_error(), '\n'));
}

static te_status load(const char *text)
{
    return te_settings_load_memory(settings, text, strlen(text), "my.ini");
}

static const char *get(const char *key)
{
    static char value[TE_TEXT_SETTING];
    assert_int_equal(te_settings_get(settings, key, value, sizeof value), TE_OK);
    return value;
}

/* ---- the table ---- */

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    assert_true(te_settings_count() >= 30);
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        assert_string_equal(get(info->key), info->default_value);
    }
    assert_null(te_settings_get_info(te_settings_count()));
    assert_string_equal(settings->device.type, "any");
    assert_int_equal(settings->device.index, -1);
    assert_int_equal(settings->kernels.cache, 1);
    assert_int_equal(settings->input.height, 512);
    assert_int_equal(settings->input.width, 512);
    assert_int_equal(settings->input.fit, TE_FIT_PAD);
    assert_int_equal(settings->model.backbone, TE_BASE);
    assert_int_equal(settings->model.width, 0);
    assert_string_equal(settings->model.taps, "");
    assert_int_equal(settings->model.cls_token, 0);
    assert_string_equal(settings->model.tasks, "semseg human_parts sal normals edge");
    assert_int_equal(settings->model.semseg_classes, 21);
    assert_int_equal(settings->model.experts, 5);
    assert_int_equal(settings->model.expert, TE_EXPERT_MLP);
    assert_int_equal(settings->model.gate, TE_GATE_CONV3);
    assert_string_equal(settings->model.connection, "dense");
    assert_int_equal(settings->model.memory, 1);
    assert_int_equal(settings->model.write, TE_WRITE_ADD);
}

/* What is told of a row is what its check goes by. */
static void limits_are_those_that_hold(void **state)
{
    (void)state;
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting *setting = te_setting_get(row);
        char limits[64];
        bool number = setting->kind == TE_SETTING_INT || setting->kind == TE_SETTING_REAL;
        snprintf(limits, sizeof limits, setting->step == 1 ? "%.10g to %.10g" : "%.10g to %.10g in steps of %d",
                 setting->minimum, setting->maximum, setting->step);
        assert_string_equal(setting->info.limits, number ? limits : setting->info.type);
    }
}

/* Every byte of the struct that a row does not own would be lost on the way through a file. */
static void rows_tile_the_struct(void **state)
{
    (void)state;
    char owned[sizeof(te_settings)] = {0};
    for (size_t i = 0; i < te_settings_count(); i++) {
        const te_setting *row = te_setting_get(i);
        size_t bytes = row->kind == TE_SETTING_TEXT ? TE_TEXT_SETTING : sizeof(int);
        assert_true(row->offset + bytes <= sizeof owned);
        for (size_t byte = row->offset; byte < row->offset + bytes; byte++) {
            assert_int_equal(owned[byte], 0);
            owned[byte] = 1;
        }
    }
    assert_null(memchr(owned, 0, sizeof owned)); /* the struct has no padding: all int and texts */
}

static void rows_can_be_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < te_settings_count(); i++) {
        const te_setting_info *info = te_settings_get_info(i);
        size_t section = strspn(info->key, "abcdefghijklmnopqrstuvwxyz_");
        assert_int_equal(info->key[section], '.');
        assert_int_equal(section + 1 + strspn(info->key + section + 1, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(info->key));
        assert_true(strlen(info->help) > 10 && strlen(info->help) < 120);
        assert_ptr_equal(te_setting_find(info->key, strlen(info->key)), te_setting_get(i)); /* no key twice */
        if (strncmp(info->key, "model.", 6) == 0) {
            assert_true(strstr(info->help, "[P]") || strstr(info->help, "[S]") || strstr(info->help, "[C]"));
        }
    }
}

/* ---- single values ---- */

static void choices_are_in_the_order_of_the_enums(void **state)
{
    (void)state;
    static const char *const backbones[] = {"tiny", "small", "base", "large"};
    for (int i = 0; i < TE_BACKBONE_COUNT; i++) {
        assert_int_equal(te_settings_set(settings, "model.backbone", backbones[i]), TE_OK);
        assert_int_equal(settings->model.backbone, i);
        assert_string_equal(get("model.backbone"), backbones[i]);
    }
    assert_int_equal(te_settings_set(settings, "model.gate", "conv1"), TE_OK);
    assert_int_equal(settings->model.gate, TE_GATE_CONV1);
    assert_int_equal(te_settings_set(settings, "model.gate", "conv5"), TE_OK);
    assert_int_equal(settings->model.gate, TE_GATE_CONV5);
    assert_int_equal(te_settings_set(settings, "model.gate", "mlp"), TE_OK);
    assert_int_equal(settings->model.gate, TE_GATE_MLP);
    assert_int_equal(te_settings_set(settings, "model.expert", "conv"), TE_OK);
    assert_int_equal(settings->model.expert, TE_EXPERT_CONV);
    assert_int_equal(te_settings_set(settings, "model.write", "replace"), TE_OK);
    assert_int_equal(settings->model.write, TE_WRITE_REPLACE);
    assert_int_equal(te_settings_set(settings, "model.write", "gated"), TE_OK);
    assert_int_equal(settings->model.write, TE_WRITE_GATED);
    assert_int_equal(te_settings_set(settings, "input.fit", "stretch"), TE_OK);
    assert_int_equal(settings->input.fit, TE_FIT_STRETCH);
    check_failure(te_settings_set(settings, "input.fit", "pa"), TE_ERR_SETTING, "one of pad|stretch");
    check_failure(te_settings_set(settings, "input.fit", "pad|stretch"), TE_ERR_SETTING, "one of pad|stretch");
    check_failure(te_settings_set(settings, "input.fit", ""), TE_ERR_SETTING, "one of pad|stretch");
    assert_int_equal(settings->input.fit, TE_FIT_STRETCH);
    assert_int_equal(te_settings_set(settings, "device.type", "cpu"), TE_OK);
    check_failure(te_settings_set(settings, "device.type", "tpu"), TE_ERR_SETTING, "any|gpu|cpu|accelerator");
    assert_string_equal(settings->device.type, "cpu");
}

static void whole_numbers_are_checked(void **state)
{
    (void)state;
    assert_int_equal(te_settings_set(settings, "input.height", "4096"), TE_OK);
    assert_int_equal(settings->input.height, 4096);
    assert_int_equal(te_settings_set(settings, "input.height", "16"), TE_OK);
    assert_int_equal(te_settings_set(settings, "device.index", "-1"), TE_OK);
    assert_int_equal(te_settings_set(settings, "model.experts", "64"), TE_OK);
    static const char *const bad[] = {"", "x", "12x", "0", "15", "500", "4112", "1e3", "16.0", "-16", "0x10",
                                      "--16", "99999999999999999999", " 192", "192 ", "  "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_failure(te_settings_set(settings, "input.height", bad[i]), TE_ERR_SETTING,
                      "a whole number from 16 to 4096, a multiple of 16");
    }
    assert_int_equal(settings->input.height, 16);
    check_failure(te_settings_set(settings, "model.experts", "65"), TE_ERR_SETTING, "from 1 to 64");
    check_failure(te_settings_set(settings, "model.experts", "0"), TE_ERR_SETTING, "'0'");
    check_failure(te_settings_set(settings, "model.semseg_classes", "256"), TE_ERR_SETTING, "from 1 to 255");
    check_failure(te_settings_set(settings, "device.index", "-2"), TE_ERR_SETTING, "from -1");
    check_failure(te_settings_set(settings, "train.rate", " 0.5"), TE_ERR_SETTING, "is ' 0.5'; it must be a number from");
    check_failure(te_settings_set(settings, "train.rate", "0.5 "), TE_ERR_SETTING, "is '0.5 '; it must be a number from");
    check_failure(te_settings_set(settings, "train.decay", ""), TE_ERR_SETTING, "is ''; it must be a number from 0");
}

/* With the fewest digits that read back as the same float: the second needs nine. */
static void real_numbers_are_written_shortly_and_exactly(void **state)
{
    (void)state;
    assert_int_equal(te_settings_set(settings, "train.rate", "0.10000"), TE_OK);
    assert_string_equal(get("train.rate"), "0.1");
    assert_int_equal(te_settings_set(settings, "train.rate", "0.104477145"), TE_OK);
    assert_string_equal(get("train.rate"), "0.104477145");
}

static void names_of_classes_are_checked(void **state)
{
    (void)state;
    static const char key[] = "model.semseg_names";
    static const char *const good[] = {"", "wall", " wall , floor,ceiling lamp ", "a,a", "exactly 23 bytes of it!", "'%n', <b>",
                                       "Stra\xC3\x9F" "e, \xF0\x9F\xAA\x91", "  "};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(te_settings_set(settings, key, good[i]), TE_OK);
    }
    assert_int_equal(te_settings_set(settings, key, "wall, floor"), TE_OK);
    static const struct {
        const char *value, *part;
    } bad[] = {
        {",", "'model.semseg_names' is ',', where class 0 has no name"},
        {"wall,,floor", "is 'wall,,floor', where class 1 has no name: write one, or leave a comma out"},
        {"wall, floor, ", "where class 2 has no name"},
        {"wall, 24 bytes are 1 too many!", "calls class 1 '24 bytes are 1 too many!', which has 24 bytes: shorten it to 23"},
        {"wall\tfloor", "holds a control character"},
        {"wall\x7F", "holds a control character"},
        {"wall, \xC2\x9B" "31m", "control character: write the names as text"},
        {"Stra\xDF" "e", "is no UTF-8"},
        {"wall, \xC3", "is no UTF-8"},
        {"a'b\"c", "both kinds of quotes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_failure(te_settings_set(settings, key, bad[i].value), TE_ERR_SETTING, bad[i].part);
        assert_string_equal(get(key), "wall, floor");
    }
    assert_int_equal(te_settings_set(settings, "model.semseg_classes", "2"), TE_OK);
    assert_int_equal(te_classes_check(settings), TE_OK);
    assert_int_equal(te_settings_set(settings, key, "wall, floor, chair"), TE_OK); /* in whatever order the two are set */
    check_failure(te_classes_check(settings), TE_ERR_SETTING,
                  "'model.semseg_names' is 'wall, floor, chair', 3 names, but 'model.semseg_classes' is 2: leave names out, or "
                  "set it to 3");
    assert_int_equal(te_settings_set(settings, key, " "), TE_OK);
    assert_int_equal(te_classes_check(settings), TE_OK);
}

static void booleans_have_four_spellings(void **state)
{
    (void)state;
    static const char *const words[2][5] = {{"off", "false", "no", "0", "False"}, {"on", "true", "yes", "1", "ON"}};
    for (int truth = 1; truth >= 0; truth--) {
        for (int word = 0; word < 5; word++) {
            settings->model.memory = !truth;
            assert_int_equal(te_settings_set(settings, "model.memory", words[truth][word]), TE_OK);
            assert_int_equal(settings->model.memory, truth);
        }
    }
    check_failure(te_settings_set(settings, "model.memory", "2"), TE_ERR_SETTING, "on or off");
    check_failure(te_settings_set(settings, "model.memory", ""), TE_ERR_SETTING, "on or off");
}

static void texts_are_checked(void **state)
{
    (void)state;
    char longest[TE_TEXT_SETTING + 1];
    memset(longest, 'a', TE_TEXT_SETTING);
    longest[TE_TEXT_SETTING] = '\0';
    check_failure(te_settings_set(settings, "device.name", longest), TE_ERR_SETTING, "768 characters; at most 767");
    longest[TE_TEXT_SETTING - 1] = '\0';
    assert_int_equal(te_settings_set(settings, "device.name", longest), TE_OK);
    assert_string_equal(settings->device.name, longest);
    check_failure(te_settings_set(settings, "device.name", "a\nb"), TE_ERR_SETTING, "control character");
    check_failure(te_settings_set(settings, "device.name", "a\x7F"), TE_ERR_SETTING, "control character");
    check_failure(te_settings_set(settings, "device.name\x1b[2J", "a"), TE_ERR_SETTING, "control character");
    check_failure(te_settings_set(settings, "device.name", "\"'"), TE_ERR_SETTING, "both kinds of quotes");
    check_failure(te_settings_set(settings, "device.binary", "C:\\a"), TE_ERR_SETTING, "holds a backslash");
    assert_string_equal(settings->device.name, longest);
}

static void tasks_taps_and_connection_have_a_syntax(void **state)
{
    (void)state;
    assert_int_equal(te_settings_set(settings, "model.tasks", "depth"), TE_OK);
    assert_int_equal(te_settings_set(settings, "model.tasks", " semseg  depth "), TE_OK);
    check_failure(te_settings_set(settings, "model.tasks", "semseg dept"), TE_ERR_SETTING, "unknown task 'dept'");
    check_failure(te_settings_set(settings, "model.tasks", "edge sal edge"), TE_ERR_SETTING, "task 'edge' twice");
    check_failure(te_settings_set(settings, "model.tasks", "  "), TE_ERR_SETTING, "at least one");
    assert_string_equal(get("model.tasks"), " semseg  depth ");

    static const char *const good_taps[] = {"", "1", "3 6 9 12", "1 2 3 4 5 6 7 8", " 24 128 "};
    static const char *const bad_taps[] = {"0", "3 3", "6 3", "-1", "3,6", "1 2 3 4 5 6 7 8 9", "3 x", "129", "03",
                                           "99999999999999999999"};
    for (size_t i = 0; i < sizeof good_taps / sizeof good_taps[0]; i++) {
        assert_int_equal(te_settings_set(settings, "model.taps", good_taps[i]), TE_OK);
    }
    for (size_t i = 0; i < sizeof bad_taps / sizeof bad_taps[0]; i++) {
        check_failure(te_settings_set(settings, "model.taps", bad_taps[i]), TE_ERR_SETTING, "up to 8 rising");
    }

    static const char *const good_connections[] = {"dense", "sparse:1", "sparse:64"};
    static const char *const bad_connections[] = {"", "sparse", "sparse:", "sparse:0", "sparse:65", "sparse:2 ",
                                                  "dense ", "sparse:-1", "Dense"};
    for (size_t i = 0; i < sizeof good_connections / sizeof good_connections[0]; i++) {
        assert_int_equal(te_settings_set(settings, "model.connection", good_connections[i]), TE_OK);
    }
    for (size_t i = 0; i < sizeof bad_connections / sizeof bad_connections[0]; i++) {
        check_failure(te_settings_set(settings, "model.connection", bad_connections[i]), TE_ERR_SETTING,
                      "dense, or sparse:k");
    }
}

static void unknown_keys_name_the_nearest(void **state)
{
    (void)state;
    check_failure(te_settings_set(settings, "model.expertz", "5"), TE_ERR_SETTING,
                  "unknown setting 'model.expertz'; did you mean 'model.experts'?");
    check_failure(te_settings_set(settings, "modle.heads", "5"), TE_ERR_SETTING, "did you mean 'model.heads'?");
    check_failure(te_settings_set(settings, "device.nome", "5"), TE_ERR_SETTING, "did you mean 'device.name'?");
    char value[8];
    check_failure(te_settings_get(settings, "model.gates", value, sizeof value), TE_ERR_SETTING, "'model.gate'");
    char *key = malloc(100000);
    assert_non_null(key);
    memset(key, 'k', 99999);
    key[99999] = '\0';
    static const char all[] = "'; 'taskexpert settings' prints all of them";
    check_failure(te_settings_set(settings, key, "5"), TE_ERR_SETTING, all);
    check_failure(te_settings_set(settings, "", "5"), TE_ERR_SETTING, all);
    check_failure(te_settings_set(settings, "bogus", "5"), TE_ERR_SETTING, all);
    check_failure(te_settings_set(settings, "bogus.bogus", "5"), TE_ERR_SETTING, all);
    free(key);
}

static void get_says_how_many_bytes_it_needs(void **state)
{
    (void)state;
    char value[6];
    check_failure(te_settings_get(settings, "model.connection", value, 5), TE_ERR_ARGUMENT, "needs 6 bytes");
    assert_int_equal(te_settings_get(settings, "model.connection", value, 6), TE_OK);
    assert_string_equal(value, "dense");
}

static void copies_are_apart(void **state)
{
    (void)state;
    te_settings *copy;
    settings->model.experts = 7;
    assert_int_equal(te_settings_copy(&copy, settings), TE_OK);
    settings->model.experts = 8;
    assert_int_equal(copy->model.experts, 7);
    te_settings_free(copy);
}

/* ---- files ---- */

static void ini_text_is_read(void **state)
{
    (void)state;
    assert_int_equal(load("\xEF\xBB\xBF# a comment, [model] and x = y in it\r\n"
                          "; another\n"
                          "[ Model ]\r\n"
                          "  Experts=7   # seven\n"
                          "\tconnection = \"sparse:2\" ; the best two\n"
                          "tasks = semseg depth\n"
                          "\n"
                          "[device]\n"
                          "name = 'RTX \"4090\" # = ; [x]'\n"
                          "vendor = Intel(R) Corporation\n"
                          "platform = ''\n"
                          "exclude =\n"
                          "binary = \"  two blanks each side  \"\n"
                          "[model]\n"
                          "memory = no"),
                     TE_OK);
    assert_int_equal(settings->model.experts, 7);
    assert_string_equal(settings->model.connection, "sparse:2");
    assert_string_equal(settings->model.tasks, "semseg depth");
    assert_string_equal(settings->device.name, "RTX \"4090\" # = ; [x]");
    assert_string_equal(settings->device.vendor, "Intel(R) Corporation");
    assert_string_equal(settings->device.platform, "");
    assert_string_equal(settings->device.exclude, "");
    assert_string_equal(settings->device.binary, "  two blanks each side  ");
    assert_int_equal(settings->model.memory, 0);
    assert_int_equal(settings->model.heads, 0); /* untouched */
    assert_int_equal(load(""), TE_OK);
    assert_int_equal(load("\n\n"), TE_OK);
    assert_int_equal(settings->model.experts, 7);
}

static void faults_are_named_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } faults[] = {
        {"[model]\n\nexpertz = 5\n",
         "'my.ini' line 3: unknown setting 'model.expertz'; did you mean 'model.experts'?"},
        {"[modle]\n", "'my.ini' line 1: unknown section '[modle]'; did you mean '[model]'?"},
        {"[]\n", "line 1: unknown section '[]'; 'taskexpert settings' prints all"},
        {"[bogus]\n", "line 1: unknown section '[bogus]'; 'taskexpert settings' prints all"},
        {"[model]\nexperts = five\n",
         "'my.ini' line 2: setting 'model.experts' is 'five'; it must be a whole number"},
        {"[model]\n# x\nexperts =\n", "line 3: setting 'model.experts' is ''"},
        {"[input]\nheight = 100\n", "line 2: setting 'input.height' is '100'"},
        {"[input]\nfit = crop", "line 2: setting 'input.fit' is 'crop'; it must be one of pad|stretch"},
        {"[model]\nexperts = 5\nheads = 3\nexperts = 5\n", "line 4: setting 'model.experts' was given in line 2"},
        {"[model]\nEXPERTS = 5\n[input]\n[MODEL]\nexperts = 6\n", "line 5: setting 'model.experts' was given in"},
        {"experts = 5\n", "line 1: 'experts' stands before any '[section]'"},
        {"[model]\nexperts 5\n", "line 2: expected '[section]', 'key = value' or '# comment', found 'experts 5'"},
        {"[model]\n= 5\n", "line 2: expected"},
        {"[model\n", "line 1: expected"},
        {"[model] # c\n", "line 1: expected"},
        {"x", "line 1: expected"},
        {"[", "line 1: expected"},
        {"[device]\nname = \"abc\n", "line 2: setting 'device.name' lacks its closing quote"},
        {"[device]\nname = \"\n", "line 2: setting 'device.name' lacks its closing quote"},
        {"[device]\nname = 'a' b\n", "line 2: setting 'device.name' has text behind its closing quote"},
        {"[device]\nname = \"\" 'b'\n", "line 2: setting 'device.name' has text behind its closing quote"},
        {"[device]\nname = a\tb\n", "line 2: setting 'device.name' holds a control character"},
        {"[device]\nname = a\001\n", "line 2: the line holds a control character"},
        {"[device]\nname = a\rvendor = b\n", "line 2: the line holds a control character"},
        {"[device]\nname = \"a\\\"b\"\n", "line 2: setting 'device.name' holds a backslash; write"},
        {"[device]\nname = a\\b\n", "line 2: setting 'device.name' holds a backslash"},
        {"[device]\nname = a\\\nvendor = b\n", "line 2: the line ends with '\\'"},
        {"# a comment \\  \n[device]\n", "line 1: the line ends with '\\'"},
    };
    te_settings *before;
    assert_int_equal(te_settings_copy(&before, settings), TE_OK);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        check_failure(load(faults[i].text), TE_ERR_SETTING, faults[i].message);
        assert_memory_equal(settings, before, sizeof *before);
    }
    /* values before the faulty one are not kept either */
    check_failure(load("[model]\nexperts = 9\nheads = x\n"), TE_ERR_SETTING, "line 3");
    assert_int_equal(settings->model.experts, 5);
    static const char zero[] = "[device]\nname = a\0b\n";
    check_failure(te_settings_load_memory(settings, zero, sizeof zero - 1, "my.ini"), TE_ERR_SETTING,
                  "'my.ini' line 2: the line holds a control character; is it a text file?");
    te_settings_free(before);
}

/* A text of `prefix`, then `count` times `c`. */
static char *repeat(const char *prefix, char c, size_t count)
{
    size_t length = strlen(prefix);
    char *text = malloc(length + count + 1);
    assert_non_null(text);
    memcpy(text, prefix, length);
    memset(text + length, c, count);
    text[length + count] = '\0';
    return text;
}

static void long_lines_and_files_are_refused(void **state)
{
    (void)state;
    char *text = repeat("# ", 'x', 997);
    assert_int_equal(load(text), TE_OK);
    free(text);
    text = repeat("# ", 'x', 998);
    check_failure(load(text), TE_ERR_SETTING, "'my.ini' line 1: the line has 1000 characters");
    free(text);
    text = repeat("[device]\nname = ", 'x', 5000);
    check_failure(load(text), TE_ERR_SETTING, "line 2: the line has 5007 characters");
    free(text);
    text = repeat("[device]\nname = ", 'x', 900);
    check_failure(load(text), TE_ERR_SETTING, "line 2: setting 'device.name' has 900 characters");
    free(text);
    text = repeat("[", 'x', 900);
    text[900] = ']';
    check_failure(load(text), TE_ERR_SETTING, "unknown section");
    free(text);
    text = repeat("[device]\n", 'x', 900);
    text[908] = '=';
    check_failure(load(text), TE_ERR_SETTING, "line 2: unknown setting 'device.xxx");
    free(text);
    text = repeat("", '\n', 1 << 20);
    assert_int_equal(load(text), TE_OK);
    free(text);
    text = repeat("", '\n', (1 << 20) + 1);
    check_failure(load(text), TE_ERR_SETTING, "'my.ini' has 1048577 bytes; settings have at most 1048576");
    free(text);
}

static void files_that_cannot_be_read_are_named(void **state)
{
    (void)state;
    char path[] = "/tmp/te_settings_XXXXXX";
    assert_non_null(mkdtemp(path));
    check_failure(te_settings_load(settings, path), TE_ERR_FILE, path);
    char *file = te_path_join(path, "large.ini");
    assert_non_null(file);
    check_failure(te_settings_load(settings, file), TE_ERR_FILE, "large.ini': No such file");
    assert_int_equal(te_file_write(file, "", 0), TE_OK);
    assert_int_equal(truncate(file, 200L << 20), 0);
    check_failure(te_settings_load(settings, file), TE_ERR_FILE, "at most 1048576 are read");
    unlink(file);
    free(file);
    rmdir(path);
}

static void saved_settings_read_back(void **state)
{
    (void)state;
    char folder[] = "/tmp/te_settings_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = te_path_join(folder, "saved.ini");
    assert_non_null(path);
    static const char *const values[][2] = {
        {"device.platform", " blanks around "}, {"device.vendor", "# ; = [x]"}, {"device.name", "\"quoted\""},
        {"device.exclude", "it's"},             {"device.type", "accelerator"}, {"device.index", "12"},
        {"device.binary", "/a folder/x"},      {"kernels.folder", "''"},       {"kernels.cache", "off"},
        {"kernels.variant", "'"},               {"input.height", "448"},        {"input.fit", "stretch"},
        {"model.taps", "2 4"},                  {"model.write", "gated"},       {"model.memory", "off"},
        {"model.backbone", "tiny"},             {"model.tasks", "depth edge"},  {"model.connection", "sparse:3"},
    };
    char names[TE_TEXT_SETTING]; /* of as many classes as a line can hold */
    memset(names, 'x', sizeof names);
    for (size_t i = 20; i < sizeof names; i += 20) {
        names[i] = ',';
    }
    names[sizeof names - 1] = '\0';
    for (int changed = 0; changed < 2; changed++) {
        assert_int_equal(te_settings_set(settings, "model.semseg_names", changed ? names : ""), TE_OK);
        for (size_t i = 0; changed && i < sizeof values / sizeof values[0]; i++) {
            assert_int_equal(te_settings_set(settings, values[i][0], values[i][1]), TE_OK);
        }
        assert_int_equal(te_settings_save(settings, path), TE_OK);
        te_settings *read;
        assert_int_equal(te_settings_create(&read), TE_OK);
        assert_int_equal(te_settings_set(read, "model.experts", "9"), TE_OK); /* every value is in the file */
        assert_int_equal(te_settings_load(read, path), TE_OK);
        for (size_t row = 0; row < te_settings_count(); row++) {
            char value[TE_TEXT_SETTING];
            const char *key = te_settings_get_info(row)->key;
            assert_int_equal(te_settings_get(read, key, value, sizeof value), TE_OK);
            assert_string_equal(value, get(key));
        }
        te_settings_free(read);
    }
    unlink(path);
    free(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
    check_failure(te_settings_save(settings, "/tmp/te_no_such_folder/a.ini"), TE_ERR_FILE, "/a.ini': No such");
}

static void shipped_configs_load(void **state)
{
    (void)state;
    static const char *const sizes[] = {"tiny", "small", "base", "large"};
    for (int size = 0; size < TE_BACKBONE_COUNT; size++) {
        for (int nyud = 0; nyud < 2; nyud++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s_%s.ini", TE_TEST_CONFIGS, nyud ? "nyud" : "pascal", sizes[size]);
            te_settings *read;
            assert_int_equal(te_settings_create(&read), TE_OK);
            te_status status = te_settings_load(read, path);
            if (status != TE_OK) {
                fail_msg("%s", te_last_error());
            }
            assert_int_equal(read->model.backbone, size);
            assert_int_equal(read->input.height, nyud ? 448 : 512);
            assert_int_equal(read->input.width, nyud ? 576 : 512);
            assert_int_equal(read->model.semseg_classes, nyud ? 40 : 21);
            assert_int_equal(read->data.source, nyud ? TE_SOURCE_NYUD : TE_SOURCE_PASCAL);
            assert_string_equal(read->model.tasks,
                                nyud ? "semseg normals edge depth" : "semseg human_parts sal normals edge");
            te_settings_free(read);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_those_of_the_table),
        TEST(limits_are_those_that_hold),
        TEST(rows_tile_the_struct),
        TEST(rows_can_be_written_and_read),
        TEST(choices_are_in_the_order_of_the_enums),
        TEST(whole_numbers_are_checked),
        TEST(real_numbers_are_written_shortly_and_exactly),
        TEST(names_of_classes_are_checked),
        TEST(booleans_have_four_spellings),
        TEST(texts_are_checked),
        TEST(tasks_taps_and_connection_have_a_syntax),
        TEST(unknown_keys_name_the_nearest),
        TEST(get_says_how_many_bytes_it_needs),
        TEST(copies_are_apart),
        TEST(ini_text_is_read),
        TEST(faults_are_named_with_their_line),
        TEST(long_lines_and_files_are_refused),
        TEST(files_that_cannot_be_read_are_named),
        TEST(saved_settings_read_back),
        TEST(shipped_configs_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
