/* Changes of colour for training: brightness, contrast, saturation, hue, each with probability 0.5 (docs/DATA.md). */
#ifndef TE_DATA_PHOTOMETRIC_H
#define TE_DATA_PHOTOMETRIC_H

#include <stddef.h>
#include <stdint.h>

typedef struct te_photometric {
    int has_brightness, has_contrast, has_saturation, has_hue;
    int contrast_last;           /* after saturation and hue instead of before */
    double brightness;           /* added */
    double contrast, saturation; /* factors */
    int hue;                     /* added, of 180 */
} te_photometric;

te_photometric te_photometric_draw(uint64_t seed, uint64_t sample);

/* rgb (pixels,3): every step ends in 8 bits, cut to 0 to 255 and truncated. */
void te_photometric_apply(const te_photometric *drawn, uint8_t *rgb, size_t pixels);

#endif
