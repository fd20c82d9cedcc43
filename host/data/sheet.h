/* Sheets: several labelled pictures on one page. */
#ifndef TE_DATA_SHEET_H
#define TE_DATA_SHEET_H

#include "base/classes.h"
#include "data/dataset.h"
#include "data/picture.h"

/* A map on the overview. */
typedef struct te_sheet_map {
    const te_map *map;
    te_classes classes; /* of its task */
    const char *title;  /* NULL: the task's */
} te_sheet_map;

/* The overview: the picture and its maps in a grid, a title above and a legend below each; `footer` (may be
 * NULL) is a line at the page's foot. Pictures are shrunk to 480 pixels, tiny ones enlarged to blocks. */
te_status te_sheet_draw_maps(te_picture **sheet, const te_picture *picture, const te_sheet_map *maps, size_t count,
                             const char *footer);

/* One task's gates: score s of tap l at token (y,x) is taps[l][(y * width + x) * stride + s]. */
typedef struct te_sheet_gates {
    const float *const *taps; /* (tap_count) */
    int tap_count, score_count, height, width;
    size_t stride;     /* floats from token to token: the scores of all tasks */
    int memory;        /* 1: the last score is the memory's */
    const char *title; /* for example the task's */
} te_sheet_gates;

/* A row for each tap, a column for each expert and the memory: the scores as a map with their mean below. All
 * cells share one scale, 0 to the largest score rounded up to a multiple of 0.05, which a bar shows. */
te_status te_sheet_draw_gates(te_picture **sheet, const te_sheet_gates *gates, const char *footer);

/* What the experts make of a picture, and who listens to whom. Maps are of the tokens that the picture covers. */
typedef struct te_sheet_experts {
    const te_picture *picture;
    int width, height;                  /* of the maps */
    int tap_count, expert_count, task_count;
    int memory;                         /* 1: the memory has a score, the last one */
    const te_picture *const *features;  /* (tap_count,expert_count): an expert's feature in colours, (width,height) pixels */
    const double (*shares)[3];          /* (tap_count): what share of the features' variance each colour shows */
    const float *const *gates;          /* (tap_count): at the first of these tokens, (...,task_count,S) */
    size_t row;                         /* tokens from line to line there */
    const char *const *titles;          /* (task_count) */
} te_sheet_experts;

/* The taps side by side, in each a column for each expert and the memory: the feature, below it its score for each task and
 * its mean. All scores share one scale, as in te_sheet_draw_gates(). */
te_status te_sheet_draw_experts(te_picture **sheet, const te_sheet_experts *experts, const char *footer);

/* Samples with their labels and what a network makes of them. */
typedef struct te_sheet_sample {
    const float *image;                        /* (3,h,w), normalised as the network sees it */
    const float *labels[TE_TASK_COUNT];        /* of the sheet's tasks: (1,h,w), normals (3,h,w); data/dataset.h */
    const te_map *predictions[TE_TASK_COUNT];  /* (h,w) */
} te_sheet_sample;

typedef struct te_sheet_samples {
    const te_sheet_sample *list;
    int count, width, height;
    const te_task_id *tasks;
    int task_count;
    const te_dataset *dataset; /* knows the classes */
} te_sheet_samples;

/* A row a sample: the picture, then label and prediction of each task. Pixels without a label are striped. Depth has one
 * scale in a row, its label's. Below, the colours of the classes that occur. */
te_status te_sheet_draw_samples(te_picture **sheet, const te_sheet_samples *samples, const char *footer);

#endif
