/* Text from outside in pages: escaped, replaced where it is no UTF-8; plots with bars; PNG files as URLs. */
#include "base/files.h"
#include "data/markup.h"
#include "data/plot.h"
#include "data/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BAD "\xEF\xBF\xBD"

static const char *written(const char *text)
{
    static char page[256];
    memset(page, 0, sizeof page);
    FILE *stream = fmemopen(page, sizeof page, "w");
    assert_non_null(stream);
    te_markup_write(stream, text);
    assert_int_equal(fclose(stream), 0);
    return page;
}

static void test_escapes(void **state)
{
    (void)state;
    assert_string_equal(written("<img src=\"x\" onerror='a&b'>"), "&lt;img src=&quot;x&quot; onerror=&#39;a&amp;b&#39;&gt;");
    assert_string_equal(written("W\xC3\xA4nde \xE2\x82\xAC \xF0\x9F\x99\x82"), "W\xC3\xA4nde \xE2\x82\xAC \xF0\x9F\x99\x82");
}

/* Each of these is no character: a lone byte, an overlong '/', a surrogate, one above U+10FFFF, one cut off. */
static void test_no_utf8(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a\xFF" "b", "a" BAD "b"},       {"\xC0\xAF", BAD BAD},         {"\xED\xA0\x80", BAD BAD BAD},
        {"\xF4\x90\x80\x80", BAD BAD BAD BAD}, {"\xE2\x82", BAD BAD},    {"\xE0\x80\xAF", BAD BAD BAD},
        {"\x01\x1B[0m", BAD BAD "[0m"},   {"\xC3" "<", BAD "&lt;"},     {"\x7F", BAD},
        {"\xE0\x9F\xBF", BAD BAD BAD},      {"\xF0\x8F\xBF\xBF", BAD BAD BAD BAD}, {"\xF5\x80\x80\x80", BAD BAD BAD BAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(written(cases[i][0]), cases[i][1]);
    }
    char *clean;
    assert_int_equal(te_markup_clean("<\xFF>\xC3\xA4", &clean), TE_OK);
    assert_string_equal(clean, "<" BAD ">\xC3\xA4");
    free(clean);
}

/* The lengths that RFC 4648 lists. */
static void test_base64(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xFB\xFF\xFE", "+//+"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char page[64] = "";
        FILE *stream = fmemopen(page, sizeof page, "w");
        assert_non_null(stream);
        te_markup_write_png(stream, (const uint8_t *)cases[i][0], strlen(cases[i][0]));
        assert_int_equal(fclose(stream), 0);
        assert_int_equal(strncmp(page, "data:image/png;base64,", 22), 0);
        assert_string_equal(page + 22, cases[i][1]);
    }
}

static void test_png_in_memory(void **state)
{
    (void)state;
    static const uint8_t rgb[18] = {1, 2, 3, 250, 0, 9, 7, 7, 7, 0, 0, 0, 255, 255, 255, 8, 9, 10};
    uint8_t *data;
    size_t bytes;
    te_pixels pixels;
    assert_int_equal(te_png_encode_rgb(&data, &bytes, 2, 3, rgb), TE_OK);
    assert_int_equal(te_png_decode(&pixels, data, bytes, 100, "memory"), TE_OK);
    assert_true(pixels.width == 2 && pixels.height == 3 && pixels.channels == 3);
    assert_memory_equal(pixels.data, rgb, sizeof rgb);
    free(pixels.data);
    free(data);
    assert_int_equal(te_png_encode_rgb(&data, &bytes, 0, 3, rgb), TE_ERR_ARGUMENT);
}

/* Two bars of 1 and 3 on an axis to 4: the outline's heights stand in that proportion. */
static void test_bars(void **state)
{
    (void)state;
    static const double x[2] = {0, 2.5}, y[2] = {1, 3};
    char page[8192] = "";
    FILE *stream = fmemopen(page, sizeof page, "w");
    assert_non_null(stream);
    te_plot_series series = {.x = x, .y = y, .count = 2, .colour = "red", .bars = true};
    te_plot plot = {.title = "a < b", .x_name = "x & y", .width = 162, .height = 166, .low = 0, .high = 4, .last = 5,
                    .fractions = true, .series = &series, .series_count = 1};
    te_plot_draw(stream, &plot);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(page, "d=\"M52.0 126.0V101.0H102.0V51.0H152.0V126.0Z\""));
    assert_non_null(strstr(page, ">a &lt; b</text>"));
    assert_non_null(strstr(page, ">x &amp; y</text>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes), cmocka_unit_test(test_no_utf8), cmocka_unit_test(test_base64),
        cmocka_unit_test(test_png_in_memory), cmocka_unit_test(test_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
