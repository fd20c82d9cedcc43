/* NumPy .npy files, version 1.0: what np.load() reads. */
#ifndef TE_DATA_NPY_H
#define TE_DATA_NPY_H

#include "base/status.h"

enum { TE_NPY_RANK = 4 };

/* Write a dense array, the last dimension fastest, atomically. `rank` 0 to TE_NPY_RANK. */
te_status te_npy_save_float(const char *path, int rank, const int64_t *shape, const float *data);
te_status te_npy_save_bytes(const char *path, int rank, const int64_t *shape, const uint8_t *data);

#endif
