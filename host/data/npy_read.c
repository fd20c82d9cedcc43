/* The header is a Python dictionary; only what np.save() writes is understood: keys in single quotes, plain numbers. */
#include "data/npy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 10, LONGEST_HEADER = 4096 };

static const struct {
    char name[3];
    te_npy_type type;
    size_t bytes;
} types[] = {{"u2", TE_NPY_UINT16, 2}, {"f4", TE_NPY_FLOAT32, 4}, {"f8", TE_NPY_FLOAT64, 8},
             {"u1", TE_NPY_UINT8, 1},  {"i4", TE_NPY_INT32, 4},   {"i8", TE_NPY_INT64, 8}};

enum { TYPES = sizeof types / sizeof types[0] };

static te_status fail(const char *name, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "cannot read '%s': %s (NPY)", name, reason);
}

/* The text behind "'key':" and blanks, or NULL. */
static const char *find_value(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (!at) {
        return NULL;
    }
    at += strlen(key);
    return at + strspn(at, " ");
}

/* One of the first `count` types. */
static te_status parse_type(te_npy *array, const char *text, int count, const char *name)
{
    const uint16_t one = 1;
    const char own = *(const uint8_t *)&one == 1 ? '<' : '>', *at = find_value(text, "'descr':");
    for (int i = 0; at && i < count; i++) {
        const char *orders = types[i].bytes == 1 ? "|<>" : "<>";
        if (at[0] == '\'' && at[1] && strchr(orders, at[1]) && strncmp(at + 2, types[i].name, 2) == 0 && at[4] == '\'') {
            array->type = types[i].type;
            array->swapped = at[1] != own;
            return TE_OK;
        }
    }
    return fail(name, count == TYPES ? "its numbers must be uint8, uint16, int32, int64, float32 or float64"
                                     : "its numbers must be float32, float64 or uint16");
}

static te_status parse_shape(te_npy *array, const char *text, const char *name)
{
    const char *at = find_value(text, "'shape':");
    if (!at || *at != '(') {
        return fail(name, "its header names no shape");
    }
    array->count = 1;
    for (at++; *at != ')'; at += strspn(at, " ,")) {
        char *end;
        errno = 0;
        long long size = strtoll(at, &end, 10);
        if (end == at || errno || size < 0 || array->rank == TE_NPY_RANK) {
            return fail(name, "its shape makes no sense");
        }
        if (size > 0 && array->count > SIZE_MAX / sizeof(double) / (unsigned long long)size) {
            return fail(name, "its shape is too large");
        }
        array->shape[array->rank++] = size;
        array->count *= (size_t)size;
        at = end;
    }
    return TE_OK;
}

static te_status read_types(te_npy *array, const uint8_t *data, size_t bytes, int count, const char *name)
{
    if (bytes < PREFIX + 2 || memcmp(data, "\x93NUMPY", 6) != 0) {
        return fail(name, "it is no such file");
    }
    size_t start = data[6] == 1 ? PREFIX : PREFIX + 2, length = data[8] | (size_t)data[9] << 8;
    length |= data[6] == 1 ? 0 : (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (length > LONGEST_HEADER || length > bytes - start) {
        return fail(name, "its header is cut short or too long");
    }
    char text[LONGEST_HEADER + 1];
    memcpy(text, data + start, length);
    text[length] = '\0';
    te_npy made = {.rank = 0};
    TE_TRY(parse_type(&made, text, count, name));
    TE_TRY(parse_shape(&made, text, name));
    const char *order = find_value(text, "'fortran_order':");
    if (!order || strncmp(order, "False", 5) != 0) {
        return fail(name, "it is in Fortran order: save np.ascontiguousarray() of it");
    }
    if (made.count * types[made.type].bytes != bytes - start - length) {
        return fail(name, "it does not have as many numbers as its shape says");
    }
    made.values = data + start + length;
    *array = made;
    return TE_OK;
}

te_status te_npy_read(te_npy *array, const uint8_t *data, size_t bytes, const char *name)
{
    return read_types(array, data, bytes, TE_NPY_MEASURES, name);
}

te_status te_npy_read_any(te_npy *array, const uint8_t *data, size_t bytes, const char *name)
{
    return read_types(array, data, bytes, TYPES, name);
}

double te_npy_get(const te_npy *array, size_t index)
{
    size_t size = types[array->type].bytes;
    uint8_t own[8];
    for (size_t i = 0; i < size; i++) {
        own[i] = array->values[index * size + (array->swapped ? size - 1 - i : i)];
    }
    uint16_t whole;
    int32_t integer;
    int64_t wide;
    float single;
    double value;
    switch (array->type) {
    case TE_NPY_UINT8: return own[0];
    case TE_NPY_UINT16: memcpy(&whole, own, sizeof whole); return whole;
    case TE_NPY_INT32: memcpy(&integer, own, sizeof integer); return integer;
    case TE_NPY_INT64: memcpy(&wide, own, sizeof wide); return (double)wide;
    case TE_NPY_FLOAT32: memcpy(&single, own, sizeof single); return (double)single;
    default: memcpy(&value, own, sizeof value); return value;
    }
}
