#include "data/mat_file.h"

#include "base/files.h"
#include "data/guard.h"

#include <matio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 256 << 20 };

struct te_mat_file {
    char *path;
    matvar_t *variable;
};

/* ---- life ---- */

static te_status fail(const char *path, const char *what, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "cannot read '%s': %s %s (MAT)", path, what, reason);
}

static te_status check_file(const char *path)
{
    uint8_t *data;
    size_t bytes;
    TE_TRY(te_file_read(path, FILE_LIMIT, &data, &bytes));
    te_status status = te_guard_mat(data, bytes, path);
    free(data);
    return status;
}

static te_status read_variable(te_mat_file *file, const char *variable)
{
    mat_t *mat = Mat_Open(file->path, MAT_ACC_RDONLY);
    if (!mat) {
        return fail(file->path, "matio", "does not open it");
    }
    file->variable = Mat_VarRead(mat, variable);
    Mat_Close(mat);
    return file->variable ? TE_OK
                          : te_fail(TE_ERR_FORMAT, "cannot read '%s': it has no variable '%s' (MAT)", file->path, variable);
}

te_status te_mat_file_open(te_mat_file **file, const char *path, const char *variable)
{
    TE_TRY(check_file(path));
    te_mat_file *opened = te_alloc(1, sizeof *opened, "a MATLAB file");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->path = strdup(path);
    te_status status = opened->path ? read_variable(opened, variable) : TE_ERR_MEMORY;
    if (status != TE_OK) {
        te_mat_file_close(opened);
        return status;
    }
    *file = opened;
    return TE_OK;
}

void te_mat_file_close(te_mat_file *file)
{
    if (file) {
        Mat_VarFree(file->variable);
        free(file->path);
        free(file);
    }
}

const te_mat_array *te_mat_file_get(const te_mat_file *file)
{
    return file->variable;
}

/* ---- arrays ---- */

static size_t count_elements(const matvar_t *array)
{
    size_t count = array->rank > 0 ? 1 : 0;
    for (int i = 0; i < array->rank; i++) {
        count *= array->dims[i]; /* te_guard_mat() holds the product to a range */
    }
    return count;
}

te_status te_mat_array_count(const te_mat_file *file, const te_mat_array *array, const char *what, size_t *count)
{
    *count = count_elements(array);
    return *count == 0 || array->class_type == MAT_C_STRUCT ? TE_OK : fail(file->path, what, "is no struct");
}

te_status te_mat_array_get_field(const te_mat_file *file, const te_mat_array *array, size_t index, const char *field,
                                 const te_mat_array **value)
{
    *value = array->class_type == MAT_C_STRUCT && index < count_elements(array)
                 ? Mat_VarGetStructFieldByName((matvar_t *)array, field, index)
                 : NULL;
    return *value ? TE_OK : te_fail(TE_ERR_FORMAT, "cannot read '%s': there is no field '%s' (MAT)", file->path, field);
}

static size_t size_of(enum matio_classes class)
{
    switch (class) {
    case MAT_C_DOUBLE:
    case MAT_C_INT64:
    case MAT_C_UINT64: return 8;
    case MAT_C_SINGLE:
    case MAT_C_INT32:
    case MAT_C_UINT32: return 4;
    case MAT_C_INT16:
    case MAT_C_UINT16: return 2;
    case MAT_C_INT8:
    case MAT_C_UINT8: return 1;
    default: return 0;
    }
}

te_status te_mat_array_get_plane(const te_mat_file *file, const te_mat_array *array, const char *what, te_mat_plane *plane)
{
    size_t size = size_of(array->class_type), count = count_elements(array);
    if (!size || array->isComplex || array->rank != 2 || count == 0) {
        return fail(file->path, what, "is no matrix of real numbers");
    }
    if (!array->data || (size_t)array->data_size != size || array->nbytes / size != count) {
        return fail(file->path, what, "has not the numbers that its size says");
    }
    *plane = (te_mat_plane){array->dims[0], array->dims[1], array};
    return TE_OK;
}

double te_mat_plane_get(const te_mat_plane *plane, size_t index)
{
    const void *data = plane->array->data;
    switch (plane->array->class_type) {
    case MAT_C_DOUBLE: return ((const double *)data)[index];
    case MAT_C_SINGLE: return (double)((const float *)data)[index];
    case MAT_C_INT64: return (double)((const int64_t *)data)[index];
    case MAT_C_UINT64: return (double)((const uint64_t *)data)[index];
    case MAT_C_INT32: return ((const int32_t *)data)[index];
    case MAT_C_UINT32: return ((const uint32_t *)data)[index];
    case MAT_C_INT16: return ((const int16_t *)data)[index];
    case MAT_C_UINT16: return ((const uint16_t *)data)[index];
    case MAT_C_INT8: return ((const int8_t *)data)[index];
    default: return ((const uint8_t *)data)[index];
    }
}

te_status te_mat_array_get_text(const te_mat_file *file, const te_mat_array *array, const char *what, char *text, size_t room)
{
    size_t count = count_elements(array), size = (size_t)array->data_size;
    if (array->class_type != MAT_C_CHAR || array->rank != 2 || (count > 0 && array->dims[0] != 1) || count >= room) {
        return fail(file->path, what, "is no short text");
    }
    if (count > 0 && (!array->data || (size != 1 && size != 2) || array->nbytes / size != count)) {
        return fail(file->path, what, "has not the letters that its size says");
    }
    for (size_t i = 0; i < count; i++) {
        unsigned letter = size == 1 ? ((const uint8_t *)array->data)[i] : ((const uint16_t *)array->data)[i];
        if (letter < ' ' || letter > '~') {
            return fail(file->path, what, "is no text of plain letters");
        }
        text[i] = (char)letter;
    }
    text[count] = '\0';
    return TE_OK;
}
