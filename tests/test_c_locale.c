/* A program around the library may have set a locale whose numbers have a comma: settings keep the point. */
#include "base/c_locale.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int left_out;
static char made[] = "/tmp/te_locale_XXXXXX";

static int has_comma(const char *name)
{
    return setlocale(LC_ALL, name) && strcmp(localeconv()->decimal_point, ",") == 0;
}

/* One that is installed, or a new one in a folder of ours. */
static int set_comma_locale(void)
{
    char command[160];
    if (has_comma("de_DE.UTF-8") || has_comma("fr_FR.UTF-8")) {
        return 1;
    }
    snprintf(command, sizeof command, "localedef -c -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >'%s/log' 2>&1", made, made);
    return system(command) >= 0 && setenv("LOCPATH", made, 1) == 0 && has_comma("de_DE.UTF-8");
}

static void check_settings(void)
{
    te_settings *settings, *read;
    char text[64], path[64];
    assert_int_equal(te_settings_create(&settings), TE_OK); /* from the defaults' texts */
    assert_int_equal(te_settings_set(settings, "data.scale_min", "0.75"), TE_OK);
    assert_int_equal(te_settings_get(settings, "data.scale_min", text, sizeof text), TE_OK);
    assert_string_equal(text, "0.75");
    assert_int_equal(te_settings_set(settings, "data.scale_min", "0,75"), TE_ERR_SETTING);
    assert_int_equal(te_settings_set(settings, "eval.edge_distance", "2"), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "from 0 to 0.1"));
    snprintf(path, sizeof path, "%s/a.ini", made);
    assert_int_equal(te_settings_save(settings, path), TE_OK);
    assert_int_equal(te_settings_create(&read), TE_OK);
    assert_int_equal(te_settings_load(read, path), TE_OK);
    assert_int_equal(te_settings_get(read, "data.scale_min", text, sizeof text), TE_OK);
    assert_string_equal(text, "0.75");
    te_settings_free(read);
    te_settings_free(settings);
}

static void settings_keep_the_point(void **state)
{
    (void)state;
    check_settings();
    if (!set_comma_locale()) {
        print_message("not run: no locale with a comma is installed, and localedef made none\n");
        left_out = 1;
        skip();
    }
    check_settings();
    char text[32];
    te_print(text, sizeof text, "%.2f", 1.5);
    assert_string_equal(text, "1.50");
    assert_true(te_read_double("2.5", NULL) == 2.5 && te_read_float("2.5", NULL) == 2.5f);
    snprintf(text, sizeof text, "%.2f", 1.5); /* the program's own locale is as it was */
    assert_string_equal(text, "1,50");
    setlocale(LC_ALL, "C");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(made) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", made);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(settings_keep_the_point)};
    int status = cmocka_run_group_tests_name("c_locale", tests, make_folder, remove_folder);
    return status == 0 && left_out ? 77 : status; /* 77: scripts/test.sh names what was not run */
}
