/* The mean of many pictures and of their labels, on a grid that every picture is stretched to. */
#ifndef TE_DATA_MEAN_H
#define TE_DATA_MEAN_H

#include "data/dataset.h"
#include "data/picture.h"

#include <stdbool.h>

typedef struct te_mean te_mean;

typedef struct te_mean_options {
    int width, height; /* of the grid */
    const te_task_id *tasks;
    int task_count;
    int classes;       /* of semseg */
} te_mean_options;

te_status te_mean_create(te_mean **mean, const te_mean_options *options);
void te_mean_free(te_mean *mean);

/* Floats of a picture on the grid. */
size_t te_mean_count(const te_mean *mean);

/* A picture on the grid, by any thread: values are averaged over the valid pixels of a cell, classes taken from its middle. */
void te_mean_shrink(const te_mean *mean, const te_example *example, float *small);

/* Add what te_mean_shrink() made, one picture at a time. */
void te_mean_add(te_mean *mean, const float *small);

/* The mean picture; TE_ERR_ARGUMENT where none was added. */
te_status te_mean_get_picture(const te_mean *mean, te_picture **picture);

/* Whether a cell of a label of tasks[t] was not ignored; without one there is no mean. */
bool te_mean_has(const te_mean *mean, int t);

/* The mean label of tasks[t], to be freed by te_map_free(): the most frequent class of each cell (255: none), the share of
 * sal and edge over `*scale`, the largest of them, the mean depth (NaN: none), the mean normal brought to length 1 (zeros:
 * none). */
te_status te_mean_get_map(const te_mean *mean, int t, te_map *map, float *scale);

#endif
