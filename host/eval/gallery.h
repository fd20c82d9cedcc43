/* The extreme pictures of a run, task by task, as small pictures to look at: those with the largest and those with the smallest
 * number of their own. Memory is for these alone, however many pictures there are. */
#ifndef TE_EVAL_GALLERY_H
#define TE_EVAL_GALLERY_H

#include "data/picture.h"
#include "eval/jury.h"
#include "model/config.h"

typedef struct te_gallery te_gallery;

enum { TE_GALLERY_PICTURE, TE_GALLERY_LABEL, TE_GALLERY_PREDICTION, TE_GALLERY_VIEWS };

typedef struct te_exhibit {
    uint64_t index;    /* of the picture in the set */
    double own;        /* its number */
    char name[256];
    char scale[64];    /* what colours mean where that differs from picture to picture, or "" */
    te_picture *views[TE_GALLERY_VIEWS];
} te_exhibit;

enum { TE_MOST_EXHIBITS = 100 };

/* Room for `most` pictures at either end of each task; 0: none. */
te_status te_gallery_create(te_gallery **gallery, int most);
void te_gallery_free(te_gallery *gallery);

/* Consider a judged picture for task t of the config; `own` NaN is passed over. Of equals the earlier ones stay. */
te_status te_gallery_offer(te_gallery *gallery, const te_config *config, int t, const te_trial *item, double own);

/* How many there are at one end of a task. */
int te_gallery_count(const te_gallery *gallery, int t, bool largest);

/* Rank 0 is the largest (or the smallest) number; NULL: it is found at the other end, too, and nearer to
 * that. */
const te_exhibit *te_gallery_get(const te_gallery *gallery, int t, bool largest, int rank);

#endif
