/* Pictures in and out: every format, EXIF orientations, hostile files, PNG and NPY writing. */
#include "base/files.h"
#include "data/exif.h"
#include "data/folder.h"
#include "data/npy.h"
#include "data/picture.h"
#include "data/png.h"

#include <png.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/te_picture_XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void expect_decoded(const uint8_t *data, size_t bytes, int width, int height, const uint8_t *rgb)
{
    te_picture *picture = NULL;
    te_status status = te_picture_decode(&picture, data, bytes, TE_PICTURE_LIMIT, "test file");
    if (status != TE_OK) {
        fail_msg("%s", te_last_error());
    }
    assert_int_equal(picture->width, width);
    assert_int_equal(picture->height, height);
    assert_memory_equal(picture->rgb, rgb, (size_t)width * (size_t)height * 3);
    te_picture_free(picture);
}

/* Refused with TE_ERR_FORMAT and a message that names the file and holds `reason`. */
static void expect_refused(const uint8_t *data, size_t bytes, const char *reason)
{
    te_picture *picture = NULL;
    assert_int_equal(te_picture_decode(&picture, data, bytes, TE_PICTURE_LIMIT, "test file"), TE_ERR_FORMAT);
    assert_null(picture);
    assert_non_null(strstr(te_last_error(), "'test file'"));
    if (!strstr(te_last_error(), reason)) {
        fail_msg("'%s' does not say '%s'", te_last_error(), reason);
    }
}

/* ---- JPEG and EXIF ------------------------------------------------------------------------------------------- */

/* 24 x 16 pixels of grey in blocks of 8 x 8: 40 80 120 over 160 200 240. */
static const uint8_t jpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x10,
    0x00, 0x18, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x0a, 0xff, 0xc4, 0x00,
    0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x93, 0xf2, 0x80,
    0x50, 0x0a, 0x01, 0x40, 0x28, 0x0f, 0xff, 0xd9,
};

/* The same, progressive: six scans. */
static const uint8_t jpeg_progressive[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0xff, 0xc2, 0x00, 0x0b, 0x08, 0x00, 0x10,
    0x00, 0x18, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x09, 0xff, 0xda, 0x00,
    0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x01, 0x93, 0xea, 0x05, 0x02, 0x81, 0x40, 0xa0, 0xff, 0xc4,
    0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x20, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x01, 0x05, 0x02, 0x5f, 0xff,
    0xc4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x20, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x06, 0x3f, 0x02, 0x5f,
    0xff, 0xc4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x01, 0x3f, 0x21,
    0x5f, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x10, 0x03, 0xff, 0xc4, 0x00, 0x14,
    0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x20, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x01, 0x3f, 0x10, 0x5f, 0xff, 0xd9,
};

enum { JPEG_SCAN = 0x93 }; /* where the SOS segment of `jpeg` starts */

/* `jpeg` with `count` bytes put in at `at`; free() it. */
static uint8_t *insert(size_t at, const uint8_t *bytes, size_t count)
{
    uint8_t *made = malloc(sizeof jpeg + count);
    assert_non_null(made);
    memcpy(made, jpeg, at);
    memcpy(made + at, bytes, count);
    memcpy(made + at + count, jpeg + at, sizeof jpeg - at);
    return made;
}

/* Grey of every 8 x 8 block of `picture`, row by row, compared at the blocks' centres. */
static void expect_blocks(const te_picture *picture, int columns, int rows, const int *grey)
{
    assert_int_equal(picture->width, columns * 8);
    assert_int_equal(picture->height, rows * 8);
    for (int y = 0; y < rows * 8; y++) {
        for (int x = 0; x < columns * 8; x++) {
            for (int c = 0; c < 3; c++) {
                int value = picture->rgb[(y * columns * 8 + x) * 3 + c];
                assert_in_range(value + 2, grey[y / 8 * columns + x / 8], grey[y / 8 * columns + x / 8] + 4);
            }
        }
    }
}

static void test_jpeg(void **state)
{
    (void)state;
    const int upright[] = {40, 80, 120, 160, 200, 240};
    te_picture *picture = NULL;
    assert_int_equal(te_picture_decode(&picture, jpeg, sizeof jpeg, 100, "a"), TE_OK);
    expect_blocks(picture, 3, 2, upright);
    te_picture_free(picture);
    assert_int_equal(te_picture_decode(&picture, jpeg_progressive, sizeof jpeg_progressive, 100, "a"), TE_OK);
    expect_blocks(picture, 3, 2, upright);
    te_picture_free(picture);
}

/* APP1 with an EXIF block of one directory with two entries, the second of which is the orientation. */
static size_t make_exif(uint8_t *segment, int big, int orientation)
{
    static const uint8_t little_text[] = {
        0xff, 0xe1, 0x00, 0x2a, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0, /* 2 entries */
        0x00, 0x01, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0, /* tag 0x0100, the width */
        0x12, 0x01, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* tag 0x0112, type short */
    };
    static const uint8_t big_text[] = {
        0xff, 0xe1, 0x00, 0x2a, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,
        0x01, 0x00, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6,
        0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0,
    };
    memcpy(segment, big ? big_text : little_text, sizeof little_text);
    segment[sizeof little_text - (big ? 3 : 4)] = (uint8_t)orientation;
    return sizeof little_text;
}

static void test_orientations(void **state)
{
    (void)state;
    /* The blocks of the upright picture, for a stored picture of 40 80 120 over 160 200 240. */
    static const struct {
        int columns, rows, grey[6];
    } expected[9] = {
        [1] = {3, 2, {40, 80, 120, 160, 200, 240}}, [2] = {3, 2, {120, 80, 40, 240, 200, 160}},
        [3] = {3, 2, {240, 200, 160, 120, 80, 40}}, [4] = {3, 2, {160, 200, 240, 40, 80, 120}},
        [5] = {2, 3, {40, 160, 80, 200, 120, 240}}, [6] = {2, 3, {160, 40, 200, 80, 240, 120}},
        [7] = {2, 3, {240, 120, 200, 80, 160, 40}}, [8] = {2, 3, {120, 240, 80, 200, 40, 160}},
    };
    for (int big = 0; big < 2; big++) {
        for (int orientation = 0; orientation <= 9; orientation++) {
            uint8_t segment[64];
            size_t bytes = make_exif(segment, big, orientation);
            uint8_t *file = insert(2, segment, bytes);
            te_picture *picture = NULL;
            assert_int_equal(te_picture_decode(&picture, file, sizeof jpeg + bytes, 100, "a"), TE_OK);
            int known = orientation >= 1 && orientation <= 8 ? orientation : 1;
            expect_blocks(picture, expected[known].columns, expected[known].rows, expected[known].grey);
            te_picture_free(picture);
            free(file);
        }
    }
}

/* In a data set a picture stays as it is stored: its labels are not turned, either. */
static void test_orientation_in_a_data_set(void **state)
{
    (void)state;
    static const char *const below[] = {"images", "sal", "gt_sets"};
    static const uint8_t marks[24 * 16];
    const te_task_id task = TE_SAL;
    const int stored[] = {40, 80, 120, 160, 200, 240};
    char root[] = "/tmp/te_exif_XXXXXX", command[64];
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", root, below[i]);
        assert_int_equal(te_folder_make(path), TE_OK);
    }
    uint8_t segment[64];
    size_t bytes = make_exif(segment, 0, 6);
    uint8_t *file = insert(2, segment, bytes);
    char path[128];
    snprintf(path, sizeof path, "%s/images/a.jpg", root);
    assert_int_equal(te_file_write(path, file, sizeof jpeg + bytes), TE_OK);
    free(file);
    snprintf(path, sizeof path, "%s/sal/a.png", root);
    assert_int_equal(te_png_save_grey(path, 24, 16, marks), TE_OK);
    snprintf(path, sizeof path, "%s/gt_sets/all.txt", root);
    assert_int_equal(te_file_write(path, "a\n", 2), TE_OK);
    te_folder *set;
    te_example example = {.width = 0};
    te_folder_options options = {.layout = te_layout_find(TE_SOURCE_FOLDER), .path = root, .list = path, .tasks = &task,
                                 .task_count = 1};
    assert_int_equal(te_folder_open(&set, &options), TE_OK);
    te_status status = te_folder_load(set, 0, &example);
    te_folder_close(set);
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
    assert_int_equal(status, TE_OK);
    expect_blocks(&(te_picture){example.width, example.height, example.rgb}, 3, 2, stored);
    te_example_clear(&example);
}

/* Damaged EXIF blocks mean "upright"; every length is tried so that sanitizers see reads past the end. */
static void test_damaged_exif(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        uint8_t segment[64];
        size_t bytes = make_exif(segment, big, 6) - 10;
        for (size_t length = 0; length <= bytes; length++) {
            uint8_t *tiff = malloc(length ? length : 1); /* of exactly that size */
            assert_non_null(tiff);
            memcpy(tiff, segment + 10, length);
            assert_int_equal(te_exif_orientation(tiff, length), length == bytes ? 6 : 1);
            free(tiff);
        }
        memset(segment + 14, 0xff, 4); /* the first directory lies outside */
        assert_int_equal(te_exif_orientation(segment + 10, bytes), 1);
        make_exif(segment, big, 6);
        segment[big ? 18 : 19] = 0xff; /* more entries than there are */
        assert_int_equal(te_exif_orientation(segment + 10, bytes), 6);
    }
}

static void test_hostile_jpeg(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof jpeg; length++) { /* cut anywhere */
        expect_refused(jpeg, length, "");
    }
    for (size_t length = 2; length < sizeof jpeg_progressive; length++) {
        expect_refused(jpeg_progressive, length, "JPEG");
    }
    expect_refused(jpeg, sizeof jpeg - 2, "cut short");

    /* A Huffman table of 16 x 17 symbols overruns stb_image's tables of 256. */
    uint8_t table[4 + 17 + 272] = {0xff, 0xc4, 0x01, 0x23, 0x10};
    memset(table + 5 + 8, 34, 8);
    uint8_t *file = insert(2, table, sizeof table);
    expect_refused(file, sizeof jpeg + sizeof table, "too many symbols");
    free(file);

    /* Three codes of one bit. */
    uint8_t codes[4 + 17 + 3] = {0xff, 0xc4, 0x00, 0x16, 0x10, 3};
    file = insert(2, codes, sizeof codes);
    expect_refused(file, sizeof jpeg + sizeof codes, "too many codes");
    free(file);

    /* The same scan a hundred times over. */
    size_t scan = sizeof jpeg - 2 - JPEG_SCAN;
    uint8_t *scans = malloc(100 * scan);
    assert_non_null(scans);
    for (size_t i = 0; i < 100; i++) {
        memcpy(scans + i * scan, jpeg + JPEG_SCAN, scan);
    }
    file = insert(JPEG_SCAN, scans, 100 * scan);
    expect_refused(file, sizeof jpeg + 100 * scan, "too many scans");
    free(file);
    free(scans);

    static const uint8_t comment[] = {0xff, 0xfe, 0xff, 0xff, 'x'}; /* says it has 65533 bytes */
    file = insert(2, comment, sizeof comment);
    expect_refused(file, sizeof jpeg + sizeof comment, "longer than the file");
    free(file);
    static const uint8_t arithmetic[] = {0xff, 0xc9, 0x00, 0x04, 1, 2};
    file = insert(2, arithmetic, sizeof arithmetic);
    expect_refused(file, sizeof jpeg + sizeof arithmetic, "not supported");
    free(file);
    uint8_t wide[sizeof jpeg];
    memcpy(wide, jpeg, sizeof jpeg);
    wide[0x60] = 0x40; /* 0x4018 pixels */
    expect_refused(wide, sizeof wide, "16408 x 16 pixels");
}

/* ---- PNG ----------------------------------------------------------------------------------------------------- */

/* A PNG file in memory through libpng itself; free() it. */
static uint8_t *make_png(uint32_t format, int width, int height, const void *pixels, size_t *bytes)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height,
                       .format = format};
    png_alloc_size_t size = 100000;
    uint8_t *file = malloc(size);
    assert_non_null(file);
    assert_true(png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL));
    *bytes = size;
    return file;
}

static void test_png(void **state)
{
    (void)state;
    size_t bytes;
    const uint8_t rgba[] = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128, 200, 0, 0, 51};
    uint8_t *file = make_png(PNG_FORMAT_RGBA, 2, 2, rgba, &bytes);
    expect_decoded(file, bytes, 2, 2, (uint8_t[]){10, 20, 30, 255, 255, 255, 127, 177, 255, 244, 204, 204});
    for (size_t length = 8; length < bytes; length++) { /* cut anywhere */
        expect_refused(file, length, "(PNG)");
    }
    uint8_t *at = file;
    while (memcmp(at, "IDAT", 4) != 0) {
        at++;
    }
    at[14] ^= 1; /* in the data: a checksum tells */
    expect_refused(file, bytes, "(PNG)");
    free(file);
    file = make_png(PNG_FORMAT_GA, 2, 1, (uint8_t[]){7, 255, 0, 127}, &bytes);
    expect_decoded(file, bytes, 2, 1, (uint8_t[]){7, 7, 7, 128, 128, 128});
    free(file);
    file = make_png(PNG_FORMAT_GRAY, 3, 1, (uint8_t[]){0, 9, 255}, &bytes);
    expect_decoded(file, bytes, 3, 1, (uint8_t[]){0, 0, 0, 9, 9, 9, 255, 255, 255});
    free(file);
}

static void test_png_limits(void **state)
{
    (void)state;
    size_t bytes;
    uint8_t *row = calloc(16001, 1);
    assert_non_null(row);
    uint8_t *file = make_png(PNG_FORMAT_GRAY, 16001, 1, row, &bytes);
    expect_refused(file, bytes, "16001 x 1 pixels; 1 to 16000");
    free(file);
    file = make_png(PNG_FORMAT_GRAY, 1, 16000, row, &bytes);
    te_picture *picture = NULL;
    assert_int_equal(te_picture_decode(&picture, file, bytes, TE_PICTURE_LIMIT, "a"), TE_OK);
    assert_int_equal(picture->height, 16000);
    te_picture_free(picture);
    free(file);
    free(row);
}

static void test_save_and_load(void **state)
{
    (void)state;
    uint8_t rgb[7 * 5 * 3];
    for (size_t i = 0; i < sizeof rgb; i++) {
        rgb[i] = (uint8_t)(i * 37 + 11);
    }
    te_picture *picture = NULL, *again = NULL;
    assert_int_equal(te_picture_create(&picture, 7, 5, rgb), TE_OK);
    assert_int_equal(te_picture_save(picture, path_of("a.png")), TE_OK);
    assert_int_equal(te_picture_load(&again, path_of("a.png")), TE_OK);
    int width, height;
    const uint8_t *got;
    te_picture_get(again, &width, &height, &got);
    assert_int_equal(width, 7);
    assert_int_equal(height, 5);
    assert_memory_equal(got, rgb, sizeof rgb);
    te_picture_free(picture);
    te_picture_free(again);
    te_picture_free(NULL);

    const uint16_t wide[] = {0, 257, 128, 129, 65535, 40000};
    assert_int_equal(te_png_save_grey16(path_of("b.png"), 3, 2, wide), TE_OK);
    assert_int_equal(te_picture_load(&again, path_of("b.png")), TE_OK);
    const int grey[] = {0, 1, 0, 1, 255, 156}; /* value / 257 */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(again->rgb[3 * i], grey[i]);
    }
    te_picture_free(again);
    assert_int_equal(te_png_save_grey(path_of("c.png"), 2, 1, (uint8_t[]){3, 250}), TE_OK);
    assert_int_equal(te_picture_load(&again, path_of("c.png")), TE_OK);
    assert_memory_equal(again->rgb, ((uint8_t[]){3, 3, 3, 250, 250, 250}), 6);
    te_picture_free(again);
}

/* The 16-bit file itself, through libpng: nothing of the values is lost, in the file's byte order. */
static void test_grey16_file(void **state)
{
    (void)state;
    const uint16_t wide[] = {1, 256, 65534, 1234};
    assert_int_equal(te_png_save_grey16(path_of("d.png"), 2, 2, wide), TE_OK);
    FILE *file = fopen(path_of("d.png"), "rb");
    assert_non_null(file);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_read_info(png, info);
    assert_int_equal(png_get_bit_depth(png, info), 16);
    assert_int_equal(png_get_color_type(png, info), PNG_COLOR_TYPE_GRAY);
    for (int y = 0; y < 2; y++) {
        uint8_t row[4];
        png_read_row(png, row, NULL);
        assert_int_equal(row[0] << 8 | row[1], wide[2 * y]);
        assert_int_equal(row[2] << 8 | row[3], wide[2 * y + 1]);
    }
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
}

/* ---- the simple formats -------------------------------------------------------------------------------------- */

static void test_pnm(void **state)
{
    (void)state;
    static const char colour[] = "P6 # a comment\n2\t1\n255\n\x01\x02\x03\xff\xfe\xfd";
    expect_decoded((const uint8_t *)colour, sizeof colour - 1, 2, 1, (uint8_t[]){1, 2, 3, 255, 254, 253});
    static const char grey[] = "P5 3 1 10 \x00\x05\x0a"; /* white is 10 */
    expect_decoded((const uint8_t *)grey, sizeof grey - 1, 3, 1,
                   (uint8_t[]){0, 0, 0, 128, 128, 128, 255, 255, 255});
    static const char wide[] = "P5 2 1 65535\n\x12\x34\x80\x00"; /* big endian */
    expect_decoded((const uint8_t *)wide, sizeof wide - 1, 2, 1, (uint8_t[]){18, 18, 18, 128, 128, 128});
    expect_refused((const uint8_t *)wide, sizeof wide - 2, "cut short (PNM)");
    expect_refused((const uint8_t *)"P5 2", 4, "header is damaged (PNM)");
    expect_refused((const uint8_t *)"P5 0 3 255 ", 11, "0 x 3 pixels");
    expect_refused((const uint8_t *)"P6 17000 1 255 ", 15, "17000 x 1 pixels");
    expect_refused((const uint8_t *)"P6 99999999999999999999 1 255 ", 30, "(PNM)");
}

static void put_number(uint8_t *at, int bytes, long value)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* A BMP file of 2 x 2 pixels with a header of 40 bytes; returns its length. */
static size_t make_bmp(uint8_t *file, int bits, int colours, const uint8_t *rows, size_t row_bytes)
{
    long offset = 54 + 4 * colours;
    memset(file, 0, (size_t)offset);
    memcpy(file, "BM", 2);
    put_number(file + 10, 4, offset);
    put_number(file + 14, 4, 40);
    put_number(file + 18, 4, 2);
    put_number(file + 22, 4, 2);
    put_number(file + 26, 2, 1);
    put_number(file + 28, 2, bits);
    for (int i = 0; i < colours; i++) {
        put_number(file + 54 + 4 * i, 4, 0x102030 + 0x010101 * i); /* red 0x10 + i, ... */
    }
    memcpy(file + offset, rows, row_bytes);
    return (size_t)offset + row_bytes;
}

static void test_bmp(void **state)
{
    (void)state;
    uint8_t file[256];
    const uint8_t rows[] = {3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0}; /* blue first, from the bottom */
    size_t bytes = make_bmp(file, 24, 0, rows, sizeof rows);
    expect_decoded(file, bytes, 2, 2, (uint8_t[]){7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6});
    expect_refused(file, bytes - 1, "cut short (BMP)");
    put_number(file + 22, 4, -2); /* from the top */
    expect_decoded(file, bytes, 2, 2, (uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    put_number(file + 22, 4, -2147483647L - 1);
    expect_refused(file, bytes, "pixels; 1 to 16000");

    const uint8_t indices[] = {0, 1, 0, 0, 2, 2, 0, 0};
    bytes = make_bmp(file, 8, 3, indices, sizeof indices);
    expect_decoded(file, bytes, 2, 2, (uint8_t[]){18, 34, 50, 18, 34, 50, 16, 32, 48, 17, 33, 49});
    bytes = make_bmp(file, 8, 2, indices, sizeof indices); /* index 2 of 2 colours */
    expect_refused(file, bytes, "palette");
    const uint8_t halves[] = {0x01, 0, 0, 0, 0x3f, 0, 0, 0};
    bytes = make_bmp(file, 4, 4, halves, sizeof halves);
    expect_refused(file, bytes, "palette");
    put_number(file + 10, 4, 0x7fffffff);
    expect_refused(file, bytes, "cut short (BMP)");
    put_number(file + 10, 4, 10);
    expect_refused(file, bytes, "cut short (BMP)");
}

static void test_tga_and_gif(void **state)
{
    (void)state;
    uint8_t tga[18 + 8] = {0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 32, 0x28, 3, 2, 1, 255, 6, 5, 4, 0};
    expect_decoded(tga, sizeof tga, 2, 1, (uint8_t[]){1, 2, 3, 255, 255, 255}); /* 8 bits of alpha */
    tga[17] = 0x20; /* no alpha: the fourth byte means nothing */
    expect_decoded(tga, sizeof tga, 2, 1, (uint8_t[]){1, 2, 3, 4, 5, 6});
    expect_refused(tga, sizeof tga - 1, "cut short (TGA)");
    tga[12] = 0;
    expect_refused(tga, sizeof tga, "0 x 1 pixels");
    static const uint8_t palette[] = {0, 1, 1, 0, 0, 2, 0, 24, 0, 0, 0, 0, 2, 0, 1, 0, 8, 0x20, 3, 2, 1, 6, 5, 4, 1, 0};
    expect_decoded(palette, sizeof palette, 2, 1, (uint8_t[]){4, 5, 6, 1, 2, 3});
    expect_refused(palette, sizeof palette - 1, "cut short (TGA)");
    static const uint8_t packets[] = {0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 8, 0x20, 0x81, 9, 0, 7};
    expect_decoded(packets, sizeof packets, 3, 1, (uint8_t[]){9, 9, 9, 9, 9, 9, 7, 7, 7});
    expect_refused(packets, sizeof packets - 1, "cut short (TGA)");
    expect_refused(packets, sizeof packets - 2, "cut short (TGA)");

    static const uint8_t gif[] = {
        0x47, 0x49, 0x46, 0x38, 0x37, 0x61, 0x02, 0x00, 0x01, 0x00, 0x81, 0x00, 0x00, 0xff, 0x00,
        0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00,
        0x02, 0x00, 0x01, 0x00, 0x00, 0x08, 0x05, 0x00, 0x01, 0x04, 0x08, 0x08, 0x00, 0x3b};
    expect_decoded(gif, sizeof gif, 2, 1, (uint8_t[]){255, 0, 0, 0, 0, 255});
    for (size_t cut = 6; cut < sizeof gif - 1; cut++) { /* the last byte ends the file, not the picture */
        expect_refused(gif, cut, "cut short (GIF)");
    }
    uint8_t empty[sizeof gif];
    memcpy(empty, gif, sizeof gif);
    empty[36] = 0; /* no data at all */
    expect_refused(empty, sizeof empty, "cut short (GIF)");
}

static void test_unknown_files(void **state)
{
    (void)state;
    expect_refused((const uint8_t *)"", 0, "is empty");
    expect_refused((const uint8_t *)"This is a text, not a picture.", 30, "none of the known formats");
    /* What stb_image would take for a JPEG file although the first bytes are not quite those of one. */
    static const uint8_t filled[] = {0xff, 0xff, 0xff, 0xd8, 0xff, 0xc4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    expect_refused(filled, sizeof filled, "none of the known formats");
    /* A picture of a format that is left out: HDR, which sends stb_image round for ever when cut. */
    static const char hdr[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 9 +X 9\n\2\2\0\11";
    expect_refused((const uint8_t *)hdr, sizeof hdr - 1, "none of the known formats");

    te_picture *picture = NULL;
    assert_int_equal(te_picture_load(&picture, path_of("absent.png")), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "absent.png'"));
    assert_int_equal(te_picture_load(&picture, folder), TE_ERR_FILE);
    assert_null(picture);
}

static void test_create_arguments(void **state)
{
    (void)state;
    te_picture *picture = NULL;
    const uint8_t pixel[3] = {1, 2, 3};
    assert_int_equal(te_picture_create(&picture, 0, 1, pixel), TE_ERR_ARGUMENT);
    assert_int_equal(te_picture_create(&picture, 1, -1, pixel), TE_ERR_ARGUMENT);
    assert_int_equal(te_picture_create(&picture, TE_PICTURE_LIMIT + 1, 1, pixel), TE_ERR_ARGUMENT);
    assert_int_equal(te_picture_create(&picture, 1, 1, NULL), TE_ERR_ARGUMENT);
    assert_null(picture);
    assert_int_equal(te_picture_create(&picture, 1, 1, pixel), TE_OK);
    assert_memory_equal(picture->rgb, pixel, 3);
    te_picture_free(picture);
}

/* ---- NPY, and writing that fails ----------------------------------------------------------------------------- */

static void expect_npy(const char *path, const char *text, const void *data, size_t bytes)
{
    uint8_t file[512];
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t length = fread(file, 1, sizeof file, stream);
    fclose(stream);
    assert_memory_equal(file, "\x93NUMPY\x01\x00", 8);
    size_t header = 10 + (size_t)(file[8] | file[9] << 8);
    assert_int_equal(header % 64, 0);
    assert_int_equal(length, header + bytes);
    assert_memory_equal(file + 10, text, strlen(text));
    for (size_t i = 10 + strlen(text); i + 1 < header; i++) {
        assert_int_equal(file[i], ' ');
    }
    assert_int_equal(file[header - 1], '\n');
    assert_memory_equal(file + header, data, bytes);
}

static void test_npy(void **state)
{
    (void)state;
    const float values[6] = {1.0f, -2.5f, 3e30f, 0.0f, 5.0f, 6.0f};
    const uint8_t bytes[3] = {0, 7, 255};
    const uint16_t one = 1;
    const char *order = *(const uint8_t *)&one ? "<" : ">";
    char text[128];
    snprintf(text, sizeof text, "{'descr': '%sf4', 'fortran_order': False, 'shape': (2, 3), }", order);
    assert_int_equal(te_npy_save_float(path_of("a.npy"), 2, (int64_t[]){2, 3}, values), TE_OK);
    expect_npy(path_of("a.npy"), text, values, sizeof values);
    assert_int_equal(te_npy_save_bytes(path_of("b.npy"), 1, (int64_t[]){3}, bytes), TE_OK);
    expect_npy(path_of("b.npy"), "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", bytes, 3);
    assert_int_equal(te_npy_save_bytes(path_of("c.npy"), 0, NULL, bytes), TE_OK);
    expect_npy(path_of("c.npy"), "{'descr': '|u1', 'fortran_order': False, 'shape': (), }", bytes, 1);
    const int64_t most = INT64_MAX;
    assert_int_equal(te_npy_save_float(path_of("d.npy"), 4, (int64_t[]){most, most, most, most}, values),
                     TE_ERR_ARGUMENT);
    assert_int_equal(te_npy_save_float(path_of("d.npy"), 1, (int64_t[]){-1}, values), TE_ERR_ARGUMENT);
    assert_int_not_equal(access(path_of("d.npy"), F_OK), 0);
}

/* A limit on file sizes stands for a full disk: an error, and the file that was there before is still the same. */
static void test_full_disk(void **state)
{
    (void)state;
    static uint8_t rgb[200 * 200 * 3];
    static float values[20000];
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof rgb; i++) {
        noise = noise * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(noise >> 24);
    }
    assert_int_equal(te_png_save_rgb(path_of("full.png"), 1, 1, (uint8_t[]){1, 2, 3}), TE_OK);
    assert_int_equal(te_npy_save_bytes(path_of("full.npy"), 1, (int64_t[]){1}, rgb), TE_OK);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = (struct rlimit){.rlim_cur = 10000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    te_status png = te_png_save_rgb(path_of("full.png"), 200, 200, rgb);
    int named = strstr(te_last_error(), "full.png'") != NULL;
    te_status npy = te_npy_save_float(path_of("full.npy"), 1, (int64_t[]){20000}, values);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(png, TE_ERR_FILE);
    assert_true(named);
    assert_int_equal(npy, TE_ERR_FILE);
    te_picture *picture = NULL;
    assert_int_equal(te_picture_load(&picture, path_of("full.png")), TE_OK);
    assert_int_equal(picture->width, 1);
    te_picture_free(picture);
    expect_npy(path_of("full.npy"), "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", rgb, 1);
    assert_int_equal(te_png_save_rgb(path_of("absent/a.png"), 1, 1, rgb), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "absent/a.png"));
    assert_int_equal(te_png_save_rgb(path_of("a.png"), 0, 1, rgb), TE_ERR_ARGUMENT);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "b.png", "c.png", "d.png", "full.png",
                                        "a.npy", "b.npy", "c.npy", "full.npy"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        remove(path_of(names[i]));
    }
    return rmdir(folder); /* fails if a temporary file was left behind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_orientation_in_a_data_set),
        cmocka_unit_test(test_damaged_exif),
        cmocka_unit_test(test_hostile_jpeg),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_png_limits),
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_grey16_file),
        cmocka_unit_test(test_pnm),
        cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_tga_and_gif),
        cmocka_unit_test(test_unknown_files),
        cmocka_unit_test(test_create_arguments),
        cmocka_unit_test(test_npy),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
