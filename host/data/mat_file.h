/* MATLAB files (.mat, level 5), through matio: one variable of a file, every class, size and name checked before use. */
#ifndef TE_DATA_MAT_FILE_H
#define TE_DATA_MAT_FILE_H

#include "base/status.h"

typedef struct te_mat_file te_mat_file;

/* An array inside a file, while that is open. */
typedef struct matvar_t te_mat_array;

/* Read `variable`. */
te_status te_mat_file_open(te_mat_file **file, const char *path, const char *variable);
void te_mat_file_close(te_mat_file *file);
const te_mat_array *te_mat_file_get(const te_mat_file *file);

/* Elements of a struct array; 0 for an empty array of any class, as MATLAB has it. `what` names it in messages. */
te_status te_mat_array_count(const te_mat_file *file, const te_mat_array *array, const char *what, size_t *count);

/* A field of element `index` of a struct array. */
te_status te_mat_array_get_field(const te_mat_file *file, const te_mat_array *array, size_t index, const char *field,
                                 const te_mat_array **value);

/* A matrix of real numbers. Columns lie one after the other: number (y,x) is te_mat_plane_get(plane, x * height + y). */
typedef struct te_mat_plane {
    size_t height, width;
    const te_mat_array *array;
} te_mat_plane;

te_status te_mat_array_get_plane(const te_mat_file *file, const te_mat_array *array, const char *what, te_mat_plane *plane);
double te_mat_plane_get(const te_mat_plane *plane, size_t index);

/* A row of letters, all ASCII, with a zero behind it; at most `room` bytes. */
te_status te_mat_array_get_text(const te_mat_file *file, const te_mat_array *array, const char *what, char *text, size_t room);

#endif
