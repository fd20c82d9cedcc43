#include "graph/tensor.h"

#include <stdio.h>

int64_t te_shape_count(const te_shape *shape)
{
    int64_t count = shape->rank > 0;
    for (int i = 0; i < shape->rank; i++) {
        count *= shape->size[i];
    }
    return count;
}

int64_t te_shape_width(const te_shape *shape)
{
    return shape->rank > 0 ? shape->size[shape->rank - 1] : 0;
}

int64_t te_shape_rows(const te_shape *shape)
{
    int64_t width = te_shape_width(shape);
    return width ? te_shape_count(shape) / width : 0;
}

int te_shape_equal(const te_shape *a, const te_shape *b)
{
    int equal = a->rank == b->rank;
    for (int i = 0; equal && i < a->rank; i++) {
        equal = a->size[i] == b->size[i];
    }
    return equal;
}

const char *te_shape_text(const te_shape *shape, char text[64])
{
    int used = snprintf(text, 64, "(");
    for (int i = 0; i < shape->rank; i++) {
        used += snprintf(text + used, (size_t)(64 - used), "%s%lld", i ? "," : "", (long long)shape->size[i]);
    }
    snprintf(text + used, (size_t)(64 - used), ")");
    return text;
}
