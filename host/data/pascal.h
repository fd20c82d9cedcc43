/* Labels that PASCAL-Context keeps in MATLAB files (docs/DATA.md). */
#ifndef TE_DATA_PASCAL_H
#define TE_DATA_PASCAL_H

#include "data/label_file.h"

/* human_parts label (h,w) from `anno`: parts of people, folded to six and the background. */
te_status te_pascal_load_parts(const te_label_file *file, float *label);

/* edge label (h,w) from `LabelMap`: where its Laplacian is not 0, thinned. */
te_status te_pascal_load_boundaries(const te_label_file *file, float *label);

/* Ignore normals (3,h,w) outside the regions of file->regions whose classes NYUD-v2 has too: the labels are the output of a
 * network that was trained on it. */
te_status te_pascal_mask_normals(const te_label_file *file, float *label);

#endif
