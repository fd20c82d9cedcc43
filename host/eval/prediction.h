/* What a run said about one picture: logits, gates, and a map a task at the picture's size. */
#ifndef TE_EVAL_PREDICTION_H
#define TE_EVAL_PREDICTION_H

#include "data/map.h"
#include "model/model.h"

struct te_prediction {
    te_config config;
    te_fit fit;
    te_picture *picture;
    int tiles, passes;                  /* 0: not in tiles; how often the picture, or each tile, was seen */
    float *input;                       /* (3,H,W) as the network saw it; in tiles: all of the picture, shrunk */
    float *logits[TE_TASK_COUNT];       /* of the config's tasks: (K,H,W) for that input */
    float *gates[TE_MAX_TAPS];          /* (N,T*S) of each tap */
    te_map maps[TE_TASK_COUNT];
};

/* Copy the scheduler's last results. `mean` (h,w,V) of the fitted region, as te_passes_run() makes it, takes the place of
 * the logits there, 0 around it; NULL: the scheduler's logits. */
te_status te_prediction_fill(te_prediction *prediction, te_scheduler *scheduler, const float *mean);

/* Read the maps from the logits. */
te_status te_prediction_read_maps(te_prediction *prediction);

/* Maps cannot show what is not a number: where some of the logits (count) of task t are not finite it is said; where none of
 * them is finite, it is an error. */
te_status te_prediction_check(const te_config *config, int t, const float *logits, size_t count);

#endif
