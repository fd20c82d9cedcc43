/* A picture resampled row by row: memory for a few rows of the output's width, whatever the picture's size. */
#ifndef TE_DATA_SCALER_H
#define TE_DATA_SCALER_H

#include "data/axis.h"
#include "data/picture.h"

typedef struct te_scaler {
    const te_picture *picture;
    te_axis x, y;
    int next;    /* the first picture row that has not been resampled along x */
    float *rows; /* (y.taps, x.to, 3): picture row r along x lies in slot r % y.taps */
} te_scaler;

te_status te_scaler_create(te_scaler *scaler, const te_picture *picture, int width, int height, te_axis_kind kind);
void te_scaler_free(te_scaler *scaler); /* zeroed scalers are fine */

/* row (width,3), values 0 to 255, of output row y; calls must come with rising y. */
void te_scaler_read(te_scaler *scaler, int y, float *row);

#endif
