/* Shapes and tensors: small values, passed and returned by copy, never freed. */
#ifndef TE_GRAPH_TENSOR_H
#define TE_GRAPH_TENSOR_H

#include "base/status.h"

enum { TE_RANK = 4 };

/* Sizes, outermost first. rank 0 means "no tensor". */
typedef struct te_shape {
    int rank;
    int64_t size[TE_RANK];
} te_shape;

#define TE_SHAPE1(a) ((te_shape){1, {(a)}})
#define TE_SHAPE2(a, b) ((te_shape){2, {(a), (b)}})
#define TE_SHAPE3(a, b, c) ((te_shape){3, {(a), (b), (c)}})
#define TE_SHAPE4(a, b, c, d) ((te_shape){4, {(a), (b), (c), (d)}})

/* Number of elements; 0 for an absent tensor. */
int64_t te_shape_count(const te_shape *shape);
/* Size of the innermost dimension, and the product of the others: a tensor as a (rows, width) matrix. */
int64_t te_shape_width(const te_shape *shape);
int64_t te_shape_rows(const te_shape *shape);
int te_shape_equal(const te_shape *a, const te_shape *b);
/* "(2,1024,768)" in `text`, which is returned. */
const char *te_shape_text(const te_shape *shape, char text[64]);

/* A value of a graph: its index there and its shape. */
typedef struct te_tensor {
    int value;
    te_shape shape;
} te_tensor;

/* An optional input that is left out. */
#define TE_ABSENT ((te_tensor){-1, {0, {0}}})

#endif
