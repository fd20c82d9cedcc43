/* From a picture to the network's input: geometry, resampling, normalisation. */
#include "data/axis.h"
#include "data/fit.h"
#include "data/scaler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A picture whose byte i is 37 i + 11. */
static te_picture *make_picture(int width, int height)
{
    te_picture *picture = NULL;
    assert_int_equal(te_picture_allocate(&picture, width, height), TE_OK);
    for (size_t i = 0; i < (size_t)width * (size_t)height * 3; i++) {
        picture->rgb[i] = (uint8_t)(i * 37 + 11);
    }
    return picture;
}

static void test_geometry(void **state)
{
    (void)state;
    static const struct {
        int picture_width, picture_height, input_width, input_height;
        te_fit_kind kind;
        int left, top, width, height;
    } cases[] = {
        {640, 480, 512, 512, TE_FIT_PAD, 0, 64, 512, 384},     {480, 640, 512, 512, TE_FIT_PAD, 64, 0, 384, 512},
        {512, 512, 512, 512, TE_FIT_PAD, 0, 0, 512, 512},      {560, 425, 576, 448, TE_FIT_PAD, 0, 5, 576, 437},
        {1, 1, 576, 448, TE_FIT_PAD, 64, 0, 448, 448},         {3, 2000, 512, 512, TE_FIT_PAD, 255, 0, 1, 512},
        {8000, 1, 512, 512, TE_FIT_PAD, 0, 255, 512, 1},       {8000, 8000, 64, 48, TE_FIT_PAD, 8, 0, 48, 48},
        {333, 500, 512, 512, TE_FIT_PAD, 85, 0, 341, 512}, /* the odd pixel of padding is on the right */
        {640, 480, 512, 512, TE_FIT_STRETCH, 0, 0, 512, 512},  {3, 2000, 64, 32, TE_FIT_STRETCH, 0, 0, 64, 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_fit fit = te_fit_picture(cases[i].picture_width, cases[i].picture_height, cases[i].input_width,
                                    cases[i].input_height, cases[i].kind);
        assert_int_equal(fit.left, cases[i].left);
        assert_int_equal(fit.top, cases[i].top);
        assert_int_equal(fit.width, cases[i].width);
        assert_int_equal(fit.height, cases[i].height);
        assert_int_equal(fit.picture_width, cases[i].picture_width);
        assert_int_equal(fit.picture_height, cases[i].picture_height);
        assert_int_equal(fit.input_width, cases[i].input_width);
        assert_int_equal(fit.input_height, cases[i].input_height);
    }
}

/* The triangle of PIL's bilinear filter over one axis, straight from its definition. */
static double triangle_weight(int from, int to, int output, int input)
{
    double scale = (double)from / to, support = scale > 1.0 ? scale : 1.0, sum = 0.0, wanted = 0.0;
    for (int i = 0; i < from; i++) {
        double weight = 1.0 - fabs((i + 0.5 - (output + 0.5) * scale) / support);
        weight = weight > 0.0 ? weight : 0.0;
        sum += weight;
        wanted = i == input ? weight : wanted;
    }
    return wanted / sum;
}

static double mean_of(int channel)
{
    return (double[]){0.485, 0.456, 0.406}[channel];
}

static double deviation_of(int channel)
{
    return (double[]){0.229, 0.224, 0.225}[channel];
}

static double reference(const te_picture *picture, const te_fit *fit, int channel, int y, int x)
{
    if (y < fit->top || x < fit->left || y >= fit->top + fit->height || x >= fit->left + fit->width) {
        return 0.0;
    }
    double value = 0.0;
    for (int row = 0; row < picture->height; row++) {
        double down = triangle_weight(picture->height, fit->height, y - fit->top, row);
        for (int column = 0; down > 0.0 && column < picture->width; column++) {
            double weight = down * triangle_weight(picture->width, fit->width, x - fit->left, column);
            value += weight * picture->rgb[(row * picture->width + column) * 3 + channel];
        }
    }
    return (value / 255.0 - mean_of(channel)) / deviation_of(channel);
}

static void check_against_reference(int picture_width, int picture_height, int input_width, int input_height,
                                    te_fit_kind kind)
{
    te_picture *picture = make_picture(picture_width, picture_height);
    te_fit fit = te_fit_picture(picture_width, picture_height, input_width, input_height, kind);
    float *input = malloc(3 * (size_t)input_height * (size_t)input_width * sizeof *input);
    assert_non_null(input);
    assert_int_equal(te_fit_input(&fit, picture, input), TE_OK);
    const float *at = input;
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < input_height; y++) {
            for (int x = 0; x < input_width; x++, at++) {
                double wanted = reference(picture, &fit, c, y, x);
                if (!(fabs((double)*at - wanted) < 5e-6)) {
                    fail_msg("%d x %d in %d x %d: channel %d, (%d,%d) is %.7f, not %.7f", picture_width,
                             picture_height, input_width, input_height, c, x, y, (double)*at, wanted);
                }
            }
        }
    }
    free(input);
    te_picture_free(picture);
}

static void test_input(void **state)
{
    (void)state;
    static const int sizes[][4] = {
        {16, 16, 16, 16}, {1, 1, 16, 32}, {7, 5, 32, 16},  {5, 7, 32, 16},   {50, 40, 16, 16}, {40, 50, 16, 32},
        {3, 200, 16, 16}, {200, 3, 16, 16}, {17, 16, 16, 16}, {15, 31, 16, 32}, {33, 9, 16, 16},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_against_reference(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], TE_FIT_PAD);
        check_against_reference(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], TE_FIT_STRETCH);
    }
}

/* torch.nn.functional.interpolate(mode='bilinear', antialias=True), then mean and deviation, of make_picture(7,
 * 5). */
static void test_against_pytorch(void **state)
{
    (void)state;
    static const float wanted[3 * 3 * 4] = {
        -0.867797f, 0.862782f,  0.327119f,  -0.013190f, -0.671995f, 0.598386f,  0.569312f,  0.229003f,  -0.592170f,
        -0.932480f, 0.811505f,  0.471196f,  -0.323363f, -0.671268f, 1.111645f,  0.763739f,  -0.075764f, -0.423669f,
        0.841348f,  0.963911f,  0.171835f,  -0.176070f, -0.723689f, 1.045518f,  0.545177f,  0.198817f,  -0.346368f,
        1.414977f,  0.791676f,  0.445316f,  -0.099869f, -0.156325f, 1.038174f,  0.691815f,  0.146629f,  -0.429198f,
    };
    te_picture *picture = make_picture(7, 5);
    te_fit fit = te_fit_picture(7, 5, 4, 3, TE_FIT_STRETCH);
    float input[36];
    assert_int_equal(te_fit_input(&fit, picture, input), TE_OK);
    for (int i = 0; i < 36; i++) {
        assert_float_equal(input[i], wanted[i], 3e-6);
    }
    te_picture_free(picture);
}

static void test_wrong_picture(void **state)
{
    (void)state;
    te_picture *picture = make_picture(4, 4);
    te_fit fit = te_fit_picture(4, 5, 16, 16, TE_FIT_PAD);
    float input[1];
    assert_int_equal(te_fit_input(&fit, picture, input), TE_ERR_ARGUMENT);
    te_picture_free(picture);
}

/* Every kind and size: spans lie inside, weights are not negative and sum to 1. */
static void test_axes(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 7, 16, 100, 8000};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int i = 0; i < COUNT * COUNT * 3; i++) {
        te_axis axis;
        int from = sizes[i % COUNT], to = sizes[i / COUNT % COUNT];
        assert_int_equal(te_axis_create(&axis, from, to, (te_axis_kind)(i / COUNT / COUNT)), TE_OK);
        for (int output = 0; output < to; output++) {
            double sum = 0.0;
            assert_true(axis.count[output] >= 1 && axis.count[output] <= axis.taps);
            assert_true(axis.first[output] >= 0 && axis.first[output] + axis.count[output] <= from);
            for (int tap = 0; tap < axis.count[output]; tap++) {
                float weight = axis.weights[(size_t)output * (size_t)axis.taps + (size_t)tap];
                assert_true(weight >= 0.0f);
                sum += (double)weight;
            }
            assert_true(fabs(sum - 1.0) < 1e-5);
        }
        te_axis_free(&axis);
    }
}

/* Averages of areas: 5 samples onto 2 are 2.5 each. */
static void test_area(void **state)
{
    (void)state;
    te_axis axis;
    assert_int_equal(te_axis_create(&axis, 5, 2, TE_AXIS_AREA), TE_OK);
    const float wanted[2][3] = {{0.4f, 0.4f, 0.2f}, {0.2f, 0.4f, 0.4f}};
    for (int output = 0; output < 2; output++) {
        assert_int_equal(axis.first[output], 2 * output);
        assert_int_equal(axis.count[output], 3);
        for (int tap = 0; tap < 3; tap++) {
            assert_float_equal(axis.weights[output * axis.taps + tap], wanted[output][tap], 1e-6);
        }
    }
    te_axis_free(&axis);
}

/* As wide as pictures come: an even red stays even, and only rows of the input's width are held. */
static void test_large_picture(void **state)
{
    (void)state;
    enum { HEIGHT = TE_PICTURE_LIMIT / 4 };
    te_picture *picture = NULL;
    assert_int_equal(te_picture_allocate(&picture, TE_PICTURE_LIMIT, HEIGHT), TE_OK);
    for (size_t i = 0; i < (size_t)TE_PICTURE_LIMIT * HEIGHT * 3; i += 3) {
        picture->rgb[i] = 255; /* red */
    }
    te_fit fit = te_fit_picture(TE_PICTURE_LIMIT, HEIGHT, 64, 48, TE_FIT_PAD);
    static float input[3 * 48 * 64];
    assert_int_equal(te_fit_input(&fit, picture, input), TE_OK);
    for (int y = 0; y < 48; y++) {
        for (int x = 0; x < 64; x++) {
            int inside = y >= 16 && y < 32;
            double red = inside ? (1.0 - mean_of(0)) / deviation_of(0) : 0.0;
            double green = inside ? -mean_of(1) / deviation_of(1) : 0.0;
            assert_true(fabs((double)input[y * 64 + x] - red) < 1e-4);
            assert_true(fabs((double)input[(48 + y) * 64 + x] - green) < 1e-4);
        }
    }
    te_scaler scaler;
    assert_int_equal(te_scaler_create(&scaler, picture, 48, 48, TE_AXIS_TRIANGLE), TE_OK);
    assert_true(scaler.y.taps < 200);
    te_scaler_free(&scaler);
    te_picture_free(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geometry),       cmocka_unit_test(test_input), cmocka_unit_test(test_against_pytorch),
        cmocka_unit_test(test_wrong_picture),  cmocka_unit_test(test_axes),  cmocka_unit_test(test_area),
        cmocka_unit_test(test_large_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
