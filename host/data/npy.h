/* NumPy .npy files: what np.load() reads and np.save() writes. */
#ifndef TE_DATA_NPY_H
#define TE_DATA_NPY_H

#include "base/status.h"

enum { TE_NPY_RANK = 4 };

/* Write a dense array, the last dimension fastest, atomically. `rank` 0 to TE_NPY_RANK. */
te_status te_npy_save_float(const char *path, int rank, const int64_t *shape, const float *data);
te_status te_npy_save_bytes(const char *path, int rank, const int64_t *shape, const uint8_t *data);

typedef enum te_npy_type {
    TE_NPY_UINT16,
    TE_NPY_FLOAT32,
    TE_NPY_FLOAT64,
    TE_NPY_MEASURES, /* those above are what measured values come as */
    TE_NPY_UINT8 = TE_NPY_MEASURES,
    TE_NPY_INT32,
    TE_NPY_INT64
} te_npy_type;

/* An array inside the file's content, to be read with te_npy_get(). */
typedef struct te_npy {
    te_npy_type type;
    int swapped; /* its byte order is not this machine's */
    int rank;
    int64_t shape[TE_NPY_RANK];
    size_t count;
    const uint8_t *values;
} te_npy;

/* Look through a file's content, which must outlive the array; `name` stands for the path in messages. C order and
 * measured values only. */
te_status te_npy_read(te_npy *array, const uint8_t *data, size_t bytes, const char *name);

/* The same for any of the types, for indices of classes. */
te_status te_npy_read_any(te_npy *array, const uint8_t *data, size_t bytes, const char *name);

/* int64 is exact up to 2^53. */
double te_npy_get(const te_npy *array, size_t index);

#endif
