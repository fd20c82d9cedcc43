/* Params: the named tensors of a model, on the host.
 *
 * What kernels read as one tensor may be several in a weight file: the first layers of all experts, say, are one
 * product. Such a param has parts, consecutive along its first dimension, each with a name of its own.
 *
 * A model that was loaded leaves its data in the file until somebody changes them: inference then needs no second copy of
 * what the device holds.
 */
#ifndef TE_GRAPH_PARAMS_H
#define TE_GRAPH_PARAMS_H

#include "graph/tensor.h"

#include <stdbool.h>

/* How a new model fills a param (MODEL.md section 6). */
typedef enum te_init {
    TE_INIT_ZERO,
    TE_INIT_ONE,
    TE_INIT_TRUNCATED_NORMAL, /* deviation 0.02, nothing beyond 0.0455 */
    TE_INIT_UNIFORM           /* +-1/sqrt(fan_in): Kaiming-uniform with a = sqrt(5), PyTorch's default */
} te_init;

typedef struct te_param_spec {
    const char *name;            /* with one %s where the part's label goes, if there are parts */
    const char *part;            /* of the model, for counts */
    const char *const *labels;   /* of the parts; NULL: one part, no label */
    int label_count;
    te_shape shape;              /* of all parts together */
    te_init init;
    int64_t fan_in;              /* for TE_INIT_UNIFORM */
    bool statistic;              /* not trained: running mean and variance */
} te_param_spec;

typedef struct te_param {
    char *name;                  /* the spec's, "*" for the label */
    const char *part;
    char **names;                /* of the parts, as in weight files */
    int part_count;
    te_shape shape, part_shape;
    te_init init;
    int64_t fan_in;
    bool statistic;
    float *data;                 /* NULL: te_params_fill() or the source has them */
} te_param;

/* Where the data are that are not in memory. */
typedef struct te_param_source {
    void *context;
    te_status (*read)(void *context, const te_param *param, float *data);
    void (*close)(void *context);
} te_param_source;

typedef struct te_params {
    te_param *list;
    int count, capacity;
    te_param_source source; /* closed with the params; zeroed: none */
} te_params;

te_status te_params_add(te_params *params, const te_param_spec *spec);
void te_params_clear(te_params *params);

/* Index of the param whose spec had this name (with "*" for the label), or -1. */
int te_params_find(const te_params *params, const char *name);

/* Allocate all data and draw initial values: they depend on seed and part name alone. */
te_status te_params_fill(te_params *params, uint64_t seed);

/* Copy a param's data, from memory or the source. */
te_status te_params_read(const te_params *params, int index, float *data);

/* Bring a param's data, or those of all, into memory, where they may be changed. */
te_status te_params_load(te_params *params, int index);
te_status te_params_load_all(te_params *params);

/* Number of trained elements of a part of the model (NULL: of all). */
uint64_t te_params_count(const te_params *params, const char *part);

#endif
