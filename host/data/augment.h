/* From a picture with labels to what the network sees (docs/DATA.md): which part of it lies where in the input. */
#ifndef TE_DATA_AUGMENT_H
#define TE_DATA_AUGMENT_H

#include "data/dataset.h"
#include "data/photometric.h"

/* The picture (from_height,from_width) is scaled to (height,width); its crop (rows,columns) at (top,left), mirrored if
 * `flip`, lies at (pad_top,pad_left) of the input (to_height,to_width); around it is padding. */
typedef struct te_cut {
    int from_height, from_width, to_height, to_width;
    int height, width;
    int top, left, rows, columns;
    int pad_top, pad_left;
    int flip;
    int centred;  /* labels are taken from under the pixels' centres, else from under their corners */
    float nearer; /* depth is divided by this */
} te_cut;

/* Without chance: centred, shrunk to fit (aspect kept) where the picture is larger. Depth stays what it was. */
te_cut te_cut_whole(const te_example *example, int height, int width);

typedef struct te_cut_options {
    float scale_min, scale_max;
    const float *semseg; /* (h,w) the label that the crop's rule looks at; NULL: none */
} te_cut_options;

/* With scale, crop and flip of sample `sample`. */
te_cut te_cut_draw(const te_example *example, int height, int width, const te_cut_options *options, uint64_t seed,
                   uint64_t sample);

/* Labels of `task` under the cut: label (C,H,W) from (C,h,w), nearest; what is NULL or padding is ignored, and so are
 * normals shorter than a half and human_parts where the cut holds no part. */
void te_cut_label(const te_cut *cut, te_task_id task, const float *from, float *label);

/* The picture under the cut: image (3,H,W), normalised; padding 0. Bilinear; `colours` (NULL: none) is then applied to
 * the 8-bit crop. Without `colours` shrinking averages, as it does for a user's pictures (data/fit.h). */
te_status te_cut_image(const te_cut *cut, const te_example *example, const te_photometric *colours, float *image);

#endif
