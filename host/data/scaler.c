#include "data/scaler.h"

#include <stdlib.h>
#include <string.h>

te_status te_scaler_create(te_scaler *scaler, const te_picture *picture, int width, int height, te_axis_kind kind)
{
    *scaler = (te_scaler){.picture = picture};
    te_status status;
    TE_TRY_OUT(te_axis_create(&scaler->x, picture->width, width, kind));
    TE_TRY_OUT(te_axis_create(&scaler->y, picture->height, height, kind));
    scaler->rows = te_alloc((size_t)scaler->y.taps, (size_t)width * 3 * sizeof *scaler->rows, "resampling");
    status = scaler->rows ? TE_OK : TE_ERR_MEMORY;
out:
    if (status != TE_OK) {
        te_scaler_free(scaler);
    }
    return status;
}

void te_scaler_free(te_scaler *scaler)
{
    te_axis_free(&scaler->x);
    te_axis_free(&scaler->y);
    free(scaler->rows);
    scaler->rows = NULL;
}

static float *slot(const te_scaler *scaler, int row)
{
    return scaler->rows + (size_t)(row % scaler->y.taps) * (size_t)scaler->x.to * 3;
}

/* One picture row along x: to (width,3). */
static void resample_row(const te_axis *axis, const uint8_t *from, float *to)
{
    for (int x = 0; x < axis->to; x++, to += 3) {
        const float *weights = axis->weights + (size_t)x * (size_t)axis->taps;
        const uint8_t *pixel = from + (size_t)axis->first[x] * 3;
        float red = 0.0f, green = 0.0f, blue = 0.0f;
        for (int i = 0; i < axis->count[x]; i++, pixel += 3) {
            red += weights[i] * (float)pixel[0];
            green += weights[i] * (float)pixel[1];
            blue += weights[i] * (float)pixel[2];
        }
        to[0] = red;
        to[1] = green;
        to[2] = blue;
    }
}

void te_scaler_read(te_scaler *scaler, int y, float *row)
{
    const te_axis *axis = &scaler->y;
    int first = axis->first[y], end = first + axis->count[y];
    size_t values = (size_t)scaler->x.to * 3, stride = (size_t)scaler->picture->width * 3;
    scaler->next = scaler->next > first ? scaler->next : first;
    for (; scaler->next < end; scaler->next++) {
        resample_row(&scaler->x, scaler->picture->rgb + (size_t)scaler->next * stride, slot(scaler, scaler->next));
    }
    memset(row, 0, values * sizeof *row);
    for (int i = 0; i < axis->count[y]; i++) {
        float weight = axis->weights[(size_t)y * (size_t)axis->taps + (size_t)i];
        const float *from = slot(scaler, first + i);
        for (size_t v = 0; v < values; v++) {
            row[v] += weight * from[v];
        }
    }
}
