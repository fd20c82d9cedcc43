/* Batches made ahead of the device by threads. */
#ifndef TE_DATA_LOADER_H
#define TE_DATA_LOADER_H

#include "data/dataset.h"

typedef struct te_loader te_loader;

typedef struct te_loader_options {
    int batch, height, width, threads;
    uint64_t first; /* batch to start with: batch n holds the samples n * batch to n * batch + batch - 1 */
} te_loader_options;

/* A batch that is ready, until the next call. images (B,3,H,W); labels of the dataset's tasks. */
typedef struct te_loaded {
    float *images, *labels[TE_TASK_COUNT];
} te_loaded;

/* te_dataset_make() for one sample after the other; the dataset must outlive the loader. */
te_status te_loader_create(te_loader **loader, const te_dataset *dataset, const te_loader_options *options);
void te_loader_free(te_loader *loader);

/* The next batch, in order whatever the threads; `seconds` (may be NULL) is how long the caller waited for it. */
te_status te_loader_next(te_loader *loader, te_loaded *batch, double *seconds);

#endif
