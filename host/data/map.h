/* One task's prediction at the picture's size, read from logits at the input's size. */
#ifndef TE_DATA_MAP_H
#define TE_DATA_MAP_H

#include "base/task.h"
#include "data/fit.h"

/* Read logits (K,H,W) of `task` in the fitted region, brought to the picture's size bilinearly (half-pixel
 * centres, rows streamed: no full-size logits are held), into map->classes or map->values, which te_map_free()
 * frees. `channels` is K (a data set's number of classes for semseg). Probabilities are interpolated for sal and
 * edge, logits for classes, vectors for normals (then divided by their norm). An input pixel with a NaN among its
 * logits reads as class 0 and value 0. map->channels is the number of values a pixel: 3 for normals, else 1. */
te_status te_map_read(te_map *map, te_task_id task, int channels, const float *logits, const te_fit *fit);
void te_map_free(te_map *map);

#endif
