/* What labels hold, in numbers: of one picture, or added up over many. */
#ifndef TE_DATA_TALLY_H
#define TE_DATA_TALLY_H

#include "base/task.h"

enum { TE_TALLY_CLASSES = 255 };

typedef struct te_tally {
    uint64_t labels;         /* pictures */
    uint64_t pixels, valid;  /* of these pictures; of them, those that are not ignored */
    uint64_t positive;       /* of the valid: sal, edge */
    double low, high, sum;   /* over the valid: metres of depth, lengths of normals; 0 while there is none */
    uint64_t class_pixels[TE_TALLY_CLASSES], class_pictures[TE_TALLY_CLASSES]; /* semseg, human_parts */
} te_tally;

/* One picture's label of `area` pixels, as te_example has it. */
void te_tally_read(te_tally *tally, te_task_id task, const float *label, size_t area);

void te_tally_add(te_tally *to, const te_tally *from);

#endif
