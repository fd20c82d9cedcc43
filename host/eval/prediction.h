/* What a run said about one picture: logits, gates, and a map a task at the picture's size. */
#ifndef TE_EVAL_PREDICTION_H
#define TE_EVAL_PREDICTION_H

#include "data/map.h"
#include "model/model.h"

struct te_prediction {
    te_config config;
    te_fit fit;
    te_picture *picture;
    float *input;                       /* (3,H,W) as the network saw it */
    float *logits[TE_TASK_COUNT];       /* of the config's tasks: (K,H,W) at input size */
    float *gates[TE_MAX_TAPS];          /* (N,T*S) of each tap */
    te_map maps[TE_TASK_COUNT];
};

/* Copy the scheduler's last results and read the maps from them. */
te_status te_prediction_fill(te_prediction *prediction, te_scheduler *scheduler);

#endif
