/* From a picture to the network's input and back: geometry, resampling, normalisation (MODEL.md section 5). */
#ifndef TE_DATA_FIT_H
#define TE_DATA_FIT_H

#include "base/settings.h"
#include "data/picture.h"

/* Where a picture lies in the input: resized to (width,height) at (left,top); the rest of
 * (input_width,input_height) is padding. With TE_FIT_PAD the aspect is kept (at least one pixel each way) and
 * the padding centred (top/left = floor). */
typedef struct te_fit {
    int picture_width, picture_height;
    int input_width, input_height;
    int left, top, width, height;
} te_fit;

te_fit te_fit_picture(int picture_width, int picture_height, int input_width, int input_height, te_fit_kind kind);

/* Where a picture of a data set lies (docs/METRICS.md): as it is, padded centred; shrunk to fit only where it is larger. */
te_fit te_fit_place(int picture_width, int picture_height, int input_width, int input_height);

/* input (3,H,W): RGB/255 resized bilinearly (half-pixel centres; shrinking averages over the footprint, as PIL's
 * bilinear does, so that nothing aliases), minus mean, over deviation; padding 0. */
te_status te_fit_input(const te_fit *fit, const te_picture *picture, float *input);

/* A value 0 to 255 of a channel (0 red) as the network takes it. */
float te_fit_normalise(float value, int channel);

#endif
