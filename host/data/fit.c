#include "data/fit.h"

#include "data/scaler.h"

#include <stdlib.h>
#include <string.h>

static const float mean[3] = {0.485f, 0.456f, 0.406f};
static const float deviation[3] = {0.229f, 0.224f, 0.225f};

float te_fit_normalise(float value, int channel)
{
    return (value / 255.0f - mean[channel]) / deviation[channel];
}

/* round(length * numerator / denominator), at least 1 */
static int scale_length(int length, int numerator, int denominator)
{
    int64_t scaled = (2 * (int64_t)length * numerator + denominator) / (2 * (int64_t)denominator);
    return scaled < 1 ? 1 : (int)scaled;
}

te_fit te_fit_picture(int picture_width, int picture_height, int input_width, int input_height, te_fit_kind kind)
{
    te_fit fit = {
        .picture_width = picture_width, .picture_height = picture_height,
        .input_width = input_width,     .input_height = input_height,
        .width = input_width,           .height = input_height,
    };
    if (kind == TE_FIT_PAD) {
        if ((int64_t)picture_width * input_height >= (int64_t)picture_height * input_width) {
            fit.height = scale_length(picture_height, input_width, picture_width);
        } else {
            fit.width = scale_length(picture_width, input_height, picture_height);
        }
        fit.left = (input_width - fit.width) / 2;
        fit.top = (input_height - fit.height) / 2;
    }
    return fit;
}

te_fit te_fit_place(int picture_width, int picture_height, int input_width, int input_height)
{
    te_fit fit = te_fit_picture(picture_width, picture_height, input_width, input_height, TE_FIT_PAD);
    if (picture_width <= input_width && picture_height <= input_height) {
        fit.width = picture_width;
        fit.height = picture_height;
        fit.left = (input_width - picture_width) / 2;
        fit.top = (input_height - picture_height) / 2;
    }
    return fit;
}

te_status te_fit_input(const te_fit *fit, const te_picture *picture, float *input)
{
    if (picture->width != fit->picture_width || picture->height != fit->picture_height) {
        return te_fail(TE_ERR_ARGUMENT, "a fit for a picture of %d x %d pixels does not suit one of '%d x %d'",
                       fit->picture_width, fit->picture_height, picture->width, picture->height);
    }
    float *row = NULL; /* (width,3) */
    te_scaler scaler = {0};
    te_status status;
    TE_TRY_OUT(te_scaler_create(&scaler, picture, fit->width, fit->height, TE_AXIS_TRIANGLE));
    row = te_alloc((size_t)fit->width, 3 * sizeof *row, "the network's input");
    if (!row) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    size_t plane = (size_t)fit->input_height * (size_t)fit->input_width;
    memset(input, 0, 3 * plane * sizeof *input);
    for (int y = 0; y < fit->height; y++) {
        te_scaler_read(&scaler, y, row);
        float *to = input + (size_t)(fit->top + y) * (size_t)fit->input_width + (size_t)fit->left;
        for (int c = 0; c < 3; c++) {
            for (int x = 0; x < fit->width; x++) {
                to[(size_t)c * plane + (size_t)x] = te_fit_normalise(row[3 * x + c], c);
            }
        }
    }
out:
    te_scaler_free(&scaler);
    free(row);
    return status;
}
