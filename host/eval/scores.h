/* What a run over a data set found, and what it was run on: all that reports tell. */
#ifndef TE_EVAL_SCORES_H
#define TE_EVAL_SCORES_H

#include "data/dataset.h"
#include "eval/gallery.h"
#include "eval/gate_usage.h"
#include "eval/metrics.h"
#include "model/config.h"

#include <stdbool.h>
#include <time.h>

/* One picture that was judged. */
typedef struct te_scored {
    char *name;
    int width, height;
    double own[TE_TASK_COUNT]; /* the primary metric of this picture alone, of the tasks; NaN: did not count */
} te_scored;

struct te_scores {
    /* asked for */
    te_settings *settings;   /* with the model's own [model] */
    te_config config;
    te_split split;
    char *model, *predictions; /* what the model is called, NULL: not said; the folder of saved maps, NULL: a model's */

    /* run on */
    te_device_info device;   /* without saved maps */
    uint64_t parameters;     /* of the model; 0: not known */
    int height, width;       /* of the input */
    char *path;              /* of the pictures' list; NULL: rooms */
    time_t time;             /* of the end */

    /* found */
    te_score *list;
    size_t count;
    char (*texts)[64];       /* metric and class name of every score: list points into it */
    char (*class_names[TE_TASK_COUNT])[64]; /* (K) of tasks with classes, "": has none */
    te_scored *pictures;     /* in the order of the list */
    uint64_t picture_count;
    char **problems;         /* of the pictures that were left out, what is broken */
    uint64_t problem_count;
    uint64_t shrunk;         /* pictures that were larger than the input */
    double gain;             /* percent, over gain_tasks tasks */
    size_t gain_tasks;
    te_figure *figures[TE_TASK_COUNT];
    size_t figure_counts[TE_TASK_COUNT];
    te_gate_usage *gates;    /* NULL: saved maps */
    te_gallery *gallery;     /* of extreme pictures */
};

/* The numbers at the end: scores, figures, gain. What is worth knowing is told in the log. */
te_status te_scores_collect(te_scores *scores, te_metric *const *metrics, const te_dataset *dataset);

/* Whether row `row` of the table of settings has a part in scores: those of [train] have none, but for the rooms of the
 * training split. */
bool te_scores_use_setting(size_t row);

/* "2026-01-31 17:45 UTC" */
const char *te_scores_get_time(const te_scores *scores, char text[32]);

#endif
