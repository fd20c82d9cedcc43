/* Colours, drawing, text, legends, maps as pictures, sheets. */
#include "data/draw.h"
#include "data/legend.h"
#include "data/render.h"
#include "data/rooms.h"
#include "data/sheet.h"
#include "data/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const te_colour white = {255, 255, 255}, black = {0, 0, 0}, red = {200, 10, 20};

static te_picture *make_canvas(int width, int height)
{
    te_picture *picture = NULL;
    assert_int_equal(te_picture_allocate(&picture, width, height), TE_OK);
    te_draw_fill(picture, 0, 0, width, height, white);
    return picture;
}

static te_colour pixel(const te_picture *picture, int x, int y)
{
    assert_true(x >= 0 && y >= 0 && x < picture->width && y < picture->height);
    const uint8_t *at = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    return (te_colour){at[0], at[1], at[2]};
}

static int same(te_colour a, te_colour b)
{
    return a.r == b.r && a.g == b.g && a.b == b.b;
}

/* Pixels inside the rectangle that are not white. */
static int count_ink(const te_picture *picture, int x, int y, int width, int height)
{
    int count = 0;
    for (int row = y; row < y + height; row++) {
        for (int column = x; column < x + width; column++) {
            count += !same(pixel(picture, column, row), white);
        }
    }
    return count;
}

/* Nothing reaches into a border of `margin` pixels: what is drawn is whole. */
static void expect_clear_border(const te_picture *picture, int margin)
{
    int width = picture->width, height = picture->height;
    assert_int_equal(count_ink(picture, 0, 0, width, margin), 0);
    assert_int_equal(count_ink(picture, 0, height - margin, width, margin), 0);
    assert_int_equal(count_ink(picture, 0, 0, margin, height), 0);
    assert_int_equal(count_ink(picture, width - margin, 0, margin, height), 0);
}

/* ---- colours ------------------------------------------------------------------------------------------------- */

static void test_class_colours(void **state)
{
    (void)state;
    assert_true(same(te_colour_class(21, 0), black));
    assert_true(same(te_colour_class(21, 1), (te_colour){128, 0, 0}));
    assert_true(same(te_colour_class(21, 11), (te_colour){192, 128, 0}));
    assert_true(same(te_colour_class(21, 15), (te_colour){192, 128, 128}));
    assert_true(same(te_colour_class(21, 20), (te_colour){0, 64, 128}));
    assert_true(same(te_colour_class(255, 254), (te_colour){96, 224, 192}));
    assert_true(same(te_colour_class(21, 255), (te_colour){200, 200, 200}));
    assert_true(same(te_colour_class(40, 0), (te_colour){128, 0, 0})); /* NYUD has no background */
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < a; b++) {
            assert_false(same(te_colour_class(256, a), te_colour_class(256, b)));
        }
    }
}

static const char *name_of(te_task_id task, int count, const char *names, int index)
{
    static char name[TE_CLASS_NAME];
    int known = te_class_name(&(te_classes){task, count, names}, index, name);
    assert_int_equal(known, strncmp(name, "class ", 6) != 0);
    return name;
}

static void test_class_names(void **state)
{
    (void)state;
    assert_string_equal(name_of(TE_SEMSEG, 21, NULL, 0), "background");
    assert_string_equal(name_of(TE_SEMSEG, 21, "", 15), "person");
    assert_string_equal(name_of(TE_SEMSEG, 21, " ", 20), "tv monitor");
    assert_string_equal(name_of(TE_SEMSEG, 40, NULL, 0), "wall");
    assert_string_equal(name_of(TE_SEMSEG, 40, NULL, 21), "ceiling");
    assert_string_equal(name_of(TE_SEMSEG, 40, NULL, 39), "other prop");
    assert_string_equal(name_of(TE_SEMSEG, 22, NULL, TE_ROOMS_SOFA), "sofa");
    assert_string_equal(name_of(TE_SEMSEG, 22, NULL, 22), "class 22");
    assert_string_equal(name_of(TE_HUMAN_PARTS, 7, NULL, 6), "lower legs");
    assert_string_equal(name_of(TE_SEMSEG, 11, NULL, 7), "class 7");
    assert_string_equal(name_of(TE_SEMSEG, 21, NULL, 21), "class 21");
    assert_string_equal(name_of(TE_SEMSEG, 21, NULL, 255), "no label");
    assert_string_equal(name_of(TE_SEMSEG, 21, NULL, -1), "class -1");
}

/* Then no set of classes is guessed from the number any more. */
static void test_own_class_names(void **state)
{
    (void)state;
    static const char names[] = "  road,side walk ,x,a name of 23 bytes, yes,Stra\xC3\x9F" "e";
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 0), "road");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 1), "side walk");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 2), "x");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 5), "Stra\xC3\x9F" "e");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 6), "class 6");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 254), "class 254");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, 255), "no label");
    assert_string_equal(name_of(TE_SEMSEG, 21, names, -1), "class -1");
    assert_string_equal(name_of(TE_HUMAN_PARTS, 7, names, 1), "head"); /* those are semseg's */
}

static void test_ramps(void **state)
{
    (void)state;
    for (int ramp = 0; ramp < TE_RAMP_COUNT; ramp++) {
        double before = -1.0;
        for (int i = 0; i <= 1000; i++) {
            te_colour colour = te_colour_ramp((te_ramp)ramp, (float)i / 1000.0f);
            double light = 0.2126 * pow(colour.r / 255.0, 2.2) + 0.7152 * pow(colour.g / 255.0, 2.2) +
                           0.0722 * pow(colour.b / 255.0, 2.2);
            assert_true(light >= before - 0.002); /* rising, but for the rounding of channels */
            before = light > before ? light : before;
        }
        te_colour low = te_colour_ramp((te_ramp)ramp, 0.0f), high = te_colour_ramp((te_ramp)ramp, 1.0f);
        assert_true(same(te_colour_ramp((te_ramp)ramp, -5.0f), low));
        assert_true(same(te_colour_ramp((te_ramp)ramp, NAN), low));
        assert_true(same(te_colour_ramp((te_ramp)ramp, INFINITY), high));
        assert_true(high.r + high.g + high.b > low.r + low.g + low.b + 250);
    }
    assert_true(same(te_colour_ramp(TE_RAMP_GREY, 0.5f), (te_colour){128, 128, 128}));
    assert_true(same(te_colour_normal((float[]){0.0f, 0.0f, -1.0f}), (te_colour){128, 128, 0}));
    assert_true(same(te_colour_normal((float[]){1.0f, -1.0f, 9.0f}), (te_colour){255, 0, 255}));
}

/* ---- drawing ------------------------------------------------------------------------------------------------- */

static void test_fill_and_frame(void **state)
{
    (void)state;
    te_picture *canvas = make_canvas(10, 6);
    te_draw_fill(canvas, -3, -2, 5, 4, red);
    te_draw_fill(canvas, 8, 4, 100, 100, red);
    te_draw_fill(canvas, 4, 2, -3, 5, red);
    te_draw_fill(canvas, 20, 20, 5, 5, red);
    assert_int_equal(count_ink(canvas, 0, 0, 10, 6), 2 * 2 + 2 * 2);
    te_draw_fill(canvas, 0, 0, 10, 6, white);
    te_draw_frame(canvas, 1, 1, 6, 4, 1, red);
    assert_int_equal(count_ink(canvas, 0, 0, 10, 6), 6 * 4 - 4 * 2);
    assert_true(same(pixel(canvas, 6, 4), red));
    assert_true(same(pixel(canvas, 2, 2), white));
    te_picture_free(canvas);
}

/* From `left` at the first column to `right` at the last. */
static void test_ramp_of_a_legend(void **state)
{
    (void)state;
    te_picture *canvas = make_canvas(20, 4);
    te_draw_ramp(canvas, 3, 1, 11, 2, TE_RAMP_GREY, 0.0f, 1.0f);
    assert_true(same(pixel(canvas, 3, 1), te_colour_ramp(TE_RAMP_GREY, 0.0f)));
    assert_true(same(pixel(canvas, 8, 2), te_colour_ramp(TE_RAMP_GREY, 0.5f)));
    assert_true(same(pixel(canvas, 13, 1), te_colour_ramp(TE_RAMP_GREY, 1.0f)));
    assert_true(same(pixel(canvas, 14, 1), white) && same(pixel(canvas, 2, 1), white) && same(pixel(canvas, 13, 3), white));
    te_picture_free(canvas);
}

static void test_resized_pictures(void **state)
{
    (void)state;
    te_picture *from = make_canvas(4, 2), *canvas = make_canvas(20, 12);
    for (int i = 0; i < 4 * 2 * 3; i++) {
        from->rgb[i] = (uint8_t)(i / 3 * 20); /* 0 20 40 60 over 80 100 120 140 */
    }
    assert_int_equal(te_draw_picture(canvas, 1, 1, 0, 2, TE_DRAW_SMOOTH, from), TE_OK); /* nothing */
    assert_int_equal(te_draw_picture(canvas, 1, 1, 4, 0, TE_DRAW_BLOCKS, from), TE_OK);
    assert_int_equal(te_draw_picture(canvas, 1, 1, 4, 2, TE_DRAW_SMOOTH, from), TE_OK); /* as it is */
    assert_memory_equal(canvas->rgb + (20 + 1) * 3, from->rgb, 12);
    assert_memory_equal(canvas->rgb + (40 + 1) * 3, from->rgb + 12, 12);
    assert_int_equal(te_draw_picture(canvas, 0, 0, 2, 1, TE_DRAW_SMOOTH, from), TE_OK); /* means of 2 x 2 */
    assert_int_equal(pixel(canvas, 0, 0).r, 50);
    assert_int_equal(pixel(canvas, 1, 0).g, 90);
    assert_int_equal(te_draw_picture(canvas, 0, 0, 8, 4, TE_DRAW_SMOOTH, from), TE_OK); /* bilinear */
    assert_int_equal(pixel(canvas, 0, 0).r, 0);
    assert_int_equal(pixel(canvas, 1, 0).r, 5);
    assert_int_equal(pixel(canvas, 2, 1).r, 15 + 20);
    assert_int_equal(pixel(canvas, 7, 3).b, 140);
    assert_int_equal(te_draw_picture(canvas, 0, 0, 12, 6, TE_DRAW_BLOCKS, from), TE_OK);
    for (int i = 0; i < 12 * 6; i++) {
        assert_int_equal(pixel(canvas, i % 12, i / 12).r, (i / 12 / 3 * 4 + i % 12 / 3) * 20);
    }
    /* Over the edges: what lies inside is the same as if it all did. */
    te_picture *small = make_canvas(5, 3);
    assert_int_equal(te_draw_picture(small, -4, -2, 12, 6, TE_DRAW_BLOCKS, from), TE_OK);
    for (int i = 0; i < 5 * 3; i++) {
        assert_true(same(pixel(small, i % 5, i / 5), pixel(canvas, i % 5 + 4, i / 5 + 2)));
    }
    assert_int_equal(te_draw_picture(canvas, 0, 0, 9, 7, TE_DRAW_SMOOTH, from), TE_OK);
    assert_int_equal(te_draw_picture(small, -3, -4, 9, 7, TE_DRAW_SMOOTH, from), TE_OK);
    for (int i = 0; i < 5 * 3; i++) {
        assert_true(same(pixel(small, i % 5, i / 5), pixel(canvas, i % 5 + 3, i / 5 + 4)));
    }
    assert_int_equal(te_draw_picture(small, 0, 0, 0, 7, TE_DRAW_SMOOTH, from), TE_OK);
    assert_int_equal(te_draw_picture(small, 50, 50, 9, 7, TE_DRAW_SMOOTH, from), TE_OK);
    te_picture_free(from);
    te_picture_free(canvas);
    te_picture_free(small);
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void test_text_stays_in_its_line(void **state)
{
    (void)state;
    static const char text[] = "jgpqy|({[]}) ABCdef 0123456789 %/\\_@#^~`\xc3\xa4\xc3\x87\xc3\xbfWfj";
    for (int size = 10; size <= 140; size += size / 3) {
        int width = te_text_width(size, text), inset = size / 8 + 1; /* some letters reach a little out sideways */
        te_picture *canvas = make_canvas(width + 2 * inset + 20, size + 20);
        assert_int_equal(te_text_draw(canvas, inset + 10, 10, width, size, black, text), TE_OK);
        expect_clear_border(canvas, 10);
        assert_true(count_ink(canvas, 0, 0, canvas->width, canvas->height) > width * size / 20);
        assert_true(width > 15 * size && width < 30 * size);
        te_picture_free(canvas);
    }
    assert_int_equal(te_text_width(20, ""), 0);
    assert_true(te_text_width(20, "iii") < te_text_width(20, "mmm"));
}

static void test_text_that_is_too_long(void **state)
{
    (void)state;
    te_picture *canvas = make_canvas(200, 30), *short_one = make_canvas(200, 30);
    assert_int_equal(te_text_draw(canvas, 5, 5, 100, 16, black, "a name that is much too long for this"), TE_OK);
    assert_int_equal(count_ink(canvas, 106, 0, 94, 30), 0);
    assert_true(count_ink(canvas, 80, 0, 26, 30) > 0); /* the place is used */
    te_draw_fill(canvas, 0, 0, 200, 30, white);
    assert_int_equal(te_text_draw(canvas, 5, 5, 2, 16, black, "no room even for dots"), TE_OK);
    assert_int_equal(count_ink(canvas, 0, 0, 200, 30), 0);
    /* Text that just fits is not cut. */
    int width = te_text_width(16, "sheep, 12");
    assert_int_equal(te_text_draw(canvas, 5, 5, width, 16, black, "sheep, 12"), TE_OK);
    assert_int_equal(te_text_draw(short_one, 5, 5, 190, 16, black, "sheep, 12"), TE_OK);
    assert_memory_equal(canvas->rgb, short_one->rgb, 200 * 30 * 3);
    te_picture_free(canvas);
    te_picture_free(short_one);
}

static void test_latin_letters(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"\xc3\xbc", "u"}, {"\xc3\x84", "A"}, {"\xc3\xb1", "n"}, {"\xc5\xa1", "s"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) { /* as wide as without its accent, and more of it */
        te_picture *accented = make_canvas(40, 30), *plain = make_canvas(40, 30);
        assert_int_equal(te_text_width(16, pairs[i][0]), te_text_width(16, pairs[i][1]));
        assert_int_equal(te_text_draw(accented, 5, 5, 30, 16, black, pairs[i][0]), TE_OK);
        assert_int_equal(te_text_draw(plain, 5, 5, 30, 16, black, pairs[i][1]), TE_OK);
        assert_true(count_ink(accented, 0, 0, 40, 30) > count_ink(plain, 0, 0, 40, 30));
        te_picture_free(accented);
        te_picture_free(plain);
    }
}

static void test_other_characters(void **state)
{
    (void)state;
    te_picture *canvas = make_canvas(100, 30), *marks = make_canvas(100, 30);
    /* three bytes, a control character, none of UTF-8, two bytes: a Greek letter, a control character, too many for '!', one */
    assert_int_equal(te_text_draw(canvas, 5, 5, 90, 16, black,
                                  "\xe2\x82\xac\x01" "b\xff\xce\xb1\xc2\x85\xc0\xa1\xc3"), TE_OK);
    assert_int_equal(te_text_draw(marks, 5, 5, 90, 16, black, "??b?????"), TE_OK);
    assert_memory_equal(canvas->rgb, marks->rgb, 100 * 30 * 3);
    assert_int_equal(te_text_draw(canvas, 95, 25, 90, 16, black, "over the edge"), TE_OK);
    assert_int_equal(te_text_draw(canvas, -30, -8, 90, 16, black, "over the edge"), TE_OK);
    assert_int_equal(te_text_draw(canvas, 0, 0, 90, 0, black, "no size"), TE_ERR_ARGUMENT);
    te_picture_free(canvas);
    te_picture_free(marks);
}

/* ---- legends and maps ---------------------------------------------------------------------------------------- */

/* Classes 0 to `present` - 1 in stripes that grow with the class; free() the pixels. */
static te_map make_classes(int width, int height, int present)
{
    uint8_t *classes = malloc((size_t)width * (size_t)height);
    assert_non_null(classes);
    for (int i = 0; i < width * height; i++) {
        double share = (double)i / (width * height);
        classes[i] = (uint8_t)(sqrt(share) * present);
    }
    return (te_map){.task = "semseg", .width = width, .height = height, .channels = 1, .classes = classes};
}

/* Depth from 1 to 5 m, left to right. */
static te_map make_depth(int width, int height)
{
    float *values = malloc((size_t)width * (size_t)height * sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < width * height; i++) {
        values[i] = width > 1 ? 1.0f + 4.0f * (float)(i % width) / (float)(width - 1) : 3.0f;
    }
    return (te_map){.task = "depth", .width = width, .height = height, .channels = 1, .values = values};
}

static void release(te_map *map)
{
    free((void *)map->classes);
    free((void *)map->values);
}

static void test_legend(void **state)
{
    (void)state;
    const uint8_t classes[10] = {3, 3, 3, 3, 3, 9, 200, 9, 200, 0};
    const te_map map = {.width = 5, .height = 2, .channels = 1, .classes = classes};
    te_legend legend;
    te_legend_read(&legend, &map, &(te_classes){TE_SEMSEG, 21, NULL});
    assert_int_equal(legend.count, 4);
    const int index[] = {3, 9, 200, 0}; /* by share, then by class */
    const float share[] = {0.5f, 0.2f, 0.2f, 0.1f};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(legend.index[i], index[i]);
        assert_float_equal(legend.share[i], share[i], 1e-6);
    }
    const float metres[4] = {2.5f, NAN, 0.5f, INFINITY};
    const te_map depth = {.width = 2, .height = 2, .channels = 1, .values = metres};
    te_legend_read(&legend, &depth, &(te_classes){TE_DEPTH, 0, NULL});
    assert_float_equal(legend.low, 0.5f, 0.0);
    assert_float_equal(legend.high, 2.5f, 0.0);
    te_legend_read(&legend, &depth, &(te_classes){TE_EDGE, 0, NULL});
    assert_int_equal(te_legend_width(&legend, 16), 0);
    assert_int_equal(te_legend_height(&legend, 300, 16, 0), 0);
}

/* At every width, also one too small for the names, a legend fills its rectangle and nothing else. */
static void test_legend_keeps_its_place(void **state)
{
    (void)state;
    te_map map = make_classes(64, 64, 40), depth = make_depth(4, 4);
    te_legend legend, bar;
    te_legend_read(&legend, &map, &(te_classes){TE_SEMSEG, 40, NULL});
    te_legend_read(&bar, &depth, &(te_classes){TE_DEPTH, 0, NULL});
    assert_int_equal(legend.count, 40);
    for (int width = 120; width < 1300; width += 117) {
        for (int rows = 0; rows <= 6; rows += 3) {
            int height = te_legend_height(&legend, width, 14, rows);
            te_picture *canvas = make_canvas(width + 40, height + 40);
            assert_int_equal(te_legend_draw(&legend, canvas, 20, 20, width, 14, rows), TE_OK);
            expect_clear_border(canvas, 20);
            assert_true(count_ink(canvas, 20, height + 20 - 14, width, 14) > 0); /* the last line is used */
            assert_true(rows == 0 || height <= rows * 19);
            assert_int_equal(te_legend_draw(&bar, canvas, 20, 20, width, 14, rows), TE_OK);
            expect_clear_border(canvas, 20);
            te_picture_free(canvas);
        }
    }
    release(&map);
    release(&depth);
}

/* A name of one's own takes the place of the known one, and the columns their width from it. */
static void test_legend_shows_own_names(void **state)
{
    (void)state;
    te_map map = make_classes(64, 64, 2);
    te_legend known, own;
    te_legend_read(&known, &map, &(te_classes){TE_SEMSEG, 21, NULL});
    te_legend_read(&own, &map, &(te_classes){TE_SEMSEG, 21, "background, WWWWWWWWWWWWWWWWWWWWWWW"});
    assert_true(te_legend_width(&own, 16) > te_legend_width(&known, 16) + 100);
    assert_int_equal(te_legend_height(&own, 1000, 16, 0), te_legend_height(&known, 1000, 16, 0));
    te_legend_read(&own, &map, &(te_classes){TE_SEMSEG, 21, "background, aeroplane"});
    assert_int_equal(te_legend_width(&own, 16), te_legend_width(&known, 16));
    te_picture *pictures[2] = {make_canvas(400, 60), make_canvas(400, 60)};
    assert_int_equal(te_legend_draw(&known, pictures[0], 0, 0, 400, 16, 0), TE_OK);
    assert_int_equal(te_legend_draw(&own, pictures[1], 0, 0, 400, 16, 0), TE_OK);
    assert_memory_equal(pictures[0]->rgb, pictures[1]->rgb, 3 * 400 * 60);
    te_legend_read(&own, &map, &(te_classes){TE_SEMSEG, 21, "background, aeroplans"});
    assert_int_equal(te_legend_draw(&own, pictures[1], 0, 0, 400, 16, 0), TE_OK);
    assert_memory_not_equal(pictures[0]->rgb, pictures[1]->rgb, 3 * 400 * 60);
    te_picture_free(pictures[0]);
    te_picture_free(pictures[1]);
    release(&map);
}

/* The map's part of a rendered picture is the map, pixel for pixel; the legend lies below it and is whole. */
static void check_rendered(const te_map *map, te_classes classes)
{
    te_legend legend;
    te_picture *plain = NULL, *picture = NULL;
    te_legend_read(&legend, map, &classes);
    assert_int_equal(te_render_colours(&plain, map, &legend), TE_OK);
    assert_int_equal(te_render_map(&picture, map, &classes), TE_OK);
    assert_int_equal(plain->width, map->width);
    assert_int_equal(plain->height, map->height);
    for (int y = 0; y < map->height; y++) {
        assert_memory_equal(picture->rgb + (size_t)y * (size_t)picture->width * 3,
                            plain->rgb + (size_t)y * (size_t)map->width * 3, (size_t)map->width * 3);
    }
    assert_true(picture->width >= 150 && picture->height >= map->height + 20);
    int below = picture->height - map->height;
    assert_true(count_ink(picture, 0, map->height, picture->width, below) > 100);
    assert_int_equal(count_ink(picture, 0, picture->height - 4, picture->width, 4), 0);
    assert_int_equal(count_ink(picture, 0, map->height, 4, below), 0);
    assert_int_equal(count_ink(picture, picture->width - 4, map->height, 4, below), 0);
    te_picture_free(plain);
    te_picture_free(picture);
}

static void test_rendered_maps(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {16, 16}, {3, 2000}, {2000, 3}, {640, 480}, {2500, 2100}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        te_map map = make_classes(sizes[i][0], sizes[i][1], 40), depth = make_depth(sizes[i][0], sizes[i][1]);
        check_rendered(&map, (te_classes){TE_SEMSEG, 40, NULL});
        check_rendered(&depth, (te_classes){TE_DEPTH, 0, NULL});
        release(&map);
        release(&depth);
    }
    te_map few = make_classes(100, 50, 2);
    check_rendered(&few, (te_classes){TE_HUMAN_PARTS, 7, NULL});
    release(&few);
}

static void test_rendered_colours(void **state)
{
    (void)state;
    te_picture *picture = NULL;
    te_map depth = make_depth(300, 2);
    assert_int_equal(te_render_map(&picture, &depth, &(te_classes){TE_DEPTH, 0, NULL}), TE_OK);
    assert_true(same(pixel(picture, 0, 0), te_colour_ramp(TE_RAMP_COOL, 1.0f))); /* near is bright */
    assert_true(same(pixel(picture, 299, 1), te_colour_ramp(TE_RAMP_COOL, 0.0f)));
    te_picture_free(picture);
    release(&depth);
    const float values[6] = {0.0f, 0.0f, -1.0f, 0.0f, 1.0f, 0.0f};
    te_map map = {.task = "normals", .width = 2, .height = 1, .channels = 3, .values = values};
    assert_int_equal(te_render_map(&picture, &map, &(te_classes){TE_NORMALS, 0, NULL}), TE_OK);
    assert_int_equal(picture->height, 1); /* no legend */
    assert_memory_equal(picture->rgb, ((uint8_t[]){128, 128, 0, 128, 255, 128}), 6);
    te_picture_free(picture);
    map = (te_map){.task = "sal", .width = 3, .height = 1, .channels = 1, .values = (float[]){0.0f, 0.5f, 1.0f}};
    assert_int_equal(te_render_map(&picture, &map, &(te_classes){TE_SAL, 0, NULL}), TE_OK);
    assert_memory_equal(picture->rgb, ((uint8_t[]){0, 0, 0, 128, 128, 128, 255, 255, 255}), 9);
    te_picture_free(picture);
}

/* ---- sheets -------------------------------------------------------------------------------------------------- */

static void check_overview(int width, int height, size_t count)
{
    te_picture *picture = make_canvas(width, height), *sheet = NULL, *bare = NULL;
    te_draw_fill(picture, 0, 0, width, height, red);
    te_map classes = make_classes(width, height, 40), depth = make_depth(width, height);
    const char *lengthy = "a title that is too long for any of the cells that an overview could have on a page";
    const te_sheet_map maps[6] = {
        {&classes, {TE_SEMSEG, 40, NULL}, NULL},         {&classes, {TE_HUMAN_PARTS, 7, NULL}, lengthy},
        {&depth, {TE_DEPTH, 0, NULL}, NULL},             {&depth, {TE_SAL, 0, NULL}, NULL},
        {&depth, {TE_EDGE, 0, NULL}, NULL},              {&classes, {TE_SEMSEG, 21, "wall, <b>, %n, \xC3\xA4"}, NULL},
    };
    assert_int_equal(te_sheet_draw_maps(&sheet, picture, maps, count, "a line at the foot"), TE_OK);
    assert_int_equal(te_sheet_draw_maps(&bare, picture, maps, count, NULL), TE_OK);
    expect_clear_border(sheet, 8);
    expect_clear_border(bare, 20);
    assert_true(sheet->width <= 8 * 500 + 20 && sheet->height <= 8 * 700);
    assert_true(sheet->height > bare->height);
    assert_true(count_ink(sheet, 0, bare->height, sheet->width, sheet->height - bare->height) > 100);
    /* The first cell: a title, and below it the picture. */
    assert_true(count_ink(sheet, 20, 20, 200, 18) > 100);
    int cell = 20, found = 0;
    for (; cell < sheet->width && !found; cell++) {
        found = same(pixel(sheet, cell, 20 + 18 + 6), red);
    }
    assert_true(found);
    te_picture_free(picture);
    te_picture_free(sheet);
    te_picture_free(bare);
    release(&classes);
    release(&depth);
}

static void test_overview(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {16, 16}, {3, 2000}, {2000, 3}, {640, 480}, {300, 480}, {1200, 1900}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t count = 0; count <= 6; count += 2) {
            check_overview(sizes[i][0], sizes[i][1], count);
        }
    }
    check_overview(1, 1, 5);
    te_picture *sheet = NULL, *picture = make_canvas(1, 1);
    assert_int_equal(te_sheet_draw_maps(&sheet, picture, NULL, 65, NULL), TE_ERR_ARGUMENT);
    assert_null(sheet);
    te_picture_free(picture);
}

/* Scores of token i, tap l, score s: chosen so that each cell has one mean and the largest is 0.42. */
static void check_gates(int width, int height, int taps, int scores, int memory)
{
    enum { OTHERS = 3 };
    size_t stride = (size_t)(scores + OTHERS), tokens = (size_t)width * (size_t)height;
    float *all = malloc((size_t)taps * tokens * stride * sizeof *all);
    const float *starts[8];
    assert_non_null(all);
    for (int tap = 0; tap < taps; tap++) {
        starts[tap] = all + (size_t)tap * tokens * stride + OTHERS;
        for (size_t i = 0; i < tokens * stride; i++) {
            size_t score = i % stride;
            all[(size_t)tap * tokens * stride + i] = score < OTHERS ? 9.0f : score == OTHERS ? 0.42f : 0.1f;
        }
    }
    te_sheet_gates gates = {.taps = starts, .tap_count = taps, .score_count = scores, .height = height,
                            .width = width, .stride = stride, .memory = memory, .title = "surface normals"};
    te_picture *sheet = NULL;
    assert_int_equal(te_sheet_draw_gates(&sheet, &gates, "a line at the foot"), TE_OK);
    expect_clear_border(sheet, 8);
    /* The first column has the colour of 0.42 of 0.45, all others that of 0.1. */
    int high = 0, low = 0;
    te_colour most = te_colour_ramp(TE_RAMP_WARM, 0.42f / 0.45f);
    te_colour other = te_colour_ramp(TE_RAMP_WARM, 0.1f / 0.45f);
    for (int i = 0; i < sheet->width * sheet->height; i++) {
        high += same(pixel(sheet, i % sheet->width, i / sheet->width), most);
        low += same(pixel(sheet, i % sheet->width, i / sheet->width), other);
    }
    int cell = high / taps;
    assert_true(cell > 0 && cell <= 361 * 361);
    assert_in_range(low, (scores - 1) * high, (scores - 1) * high + 40); /* the bar has some of it, too */
    te_picture_free(sheet);
    free(all);
}

static void test_gates(void **state)
{
    (void)state;
    check_gates(32, 32, 4, 6, 1);
    check_gates(36, 28, 4, 5, 0);
    check_gates(1, 1, 1, 1, 1);
    check_gates(500, 2, 2, 3, 1);
    check_gates(2, 1000, 2, 3, 1);
    te_picture *sheet = NULL;
    te_sheet_gates none = {0};
    assert_int_equal(te_sheet_draw_gates(&sheet, &none, NULL), TE_ERR_ARGUMENT);
    assert_null(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_colours),
        cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_own_class_names),
        cmocka_unit_test(test_ramps), cmocka_unit_test(test_ramp_of_a_legend),
        cmocka_unit_test(test_fill_and_frame),
        cmocka_unit_test(test_resized_pictures),
        cmocka_unit_test(test_text_stays_in_its_line),
        cmocka_unit_test(test_text_that_is_too_long),
        cmocka_unit_test(test_latin_letters),
        cmocka_unit_test(test_other_characters),
        cmocka_unit_test(test_legend),
        cmocka_unit_test(test_legend_keeps_its_place),
        cmocka_unit_test(test_legend_shows_own_names),
        cmocka_unit_test(test_rendered_maps),
        cmocka_unit_test(test_rendered_colours),
        cmocka_unit_test(test_overview),
        cmocka_unit_test(test_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
