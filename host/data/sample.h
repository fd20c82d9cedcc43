/* Samples for training: a picture as the network sees it, with the labels that there are. */
#ifndef TE_DATA_SAMPLE_H
#define TE_DATA_SAMPLE_H

#include "base/settings.h"
#include "base/task.h"

/* Fill image (3,H,W), normalised, and labels of `tasks` (planar floats, (1,H,W), normals (3,H,W)) with sample `index` of
 * the settings' data source. What has no label is marked as kernels/loss.cl ignores it: 255; zero for normals, depth.
 * A function of (settings, index) alone: any thread may make any sample. */
te_status te_sample_make(const struct te_settings *settings, uint64_t index, int height, int width,
                         const te_task_id *tasks, int task_count, float *image, float *const *labels);

/* Channels of a task's label. */
int te_sample_label_channels(te_task_id task);

#endif
