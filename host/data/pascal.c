#include "data/pascal.h"

#include "data/edge_thin.h"
#include "data/mat_file.h"

#include <stdlib.h>
#include <string.h>

/* A matrix of the picture's size. */
static te_status get_plane(const te_mat_file *mat, const te_mat_array *array, const char *what, const te_label_file *file,
                           te_mat_plane *plane)
{
    TE_TRY(te_mat_array_get_plane(mat, array, what, plane));
    return te_label_file_check_size(file, (long long)plane->width, (long long)plane->height);
}

/* ---- human parts ---- */

enum { PERSON = 15, LONGEST_NAME = 32 };

static const struct {
    char name[8];
    uint8_t class;
} parts[] = {
    {"hair", 1},  {"head", 1},  {"lear", 1},  {"rear", 1},  {"lebrow", 1}, {"rebrow", 1}, {"leye", 1},  {"reye", 1},
    {"mouth", 1}, {"nose", 1},  {"neck", 2},  {"torso", 2}, {"luarm", 3},  {"ruarm", 3},  {"llarm", 4}, {"rlarm", 4},
    {"lhand", 4}, {"rhand", 4}, {"luleg", 5}, {"ruleg", 5}, {"llleg", 6},  {"rlleg", 6},  {"lfoot", 6}, {"rfoot", 6},
};

static te_status find_part(const char *name, const te_label_file *file, float *class)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            *class = parts[i].class;
            return TE_OK;
        }
    }
    return te_fail(TE_ERR_FORMAT, "'%s' names a part '%s', which people do not have in PASCAL-Parts", file->path, name);
}

/* Part `index` onto the label; later ones lie on top. */
static te_status paint_part(const te_mat_file *mat, const te_mat_array *all, size_t index, const te_label_file *file,
                            float *label)
{
    const te_mat_array *name, *mask;
    char text[LONGEST_NAME];
    float class = 0.0f;
    te_mat_plane plane;
    TE_TRY(te_mat_array_get_field(mat, all, index, "part_name", &name));
    TE_TRY(te_mat_array_get_field(mat, all, index, "mask", &mask));
    TE_TRY(te_mat_array_get_text(mat, name, "part_name", text, sizeof text));
    TE_TRY(find_part(text, file, &class));
    TE_TRY(get_plane(mat, mask, "mask", file, &plane));
    for (size_t x = 0; x < plane.width; x++) {
        for (size_t y = 0; y < plane.height; y++) {
            if (te_mat_plane_get(&plane, x * plane.height + y) != 0.0) {
                label[y * plane.width + x] = class;
            }
        }
    }
    return TE_OK;
}

static te_status paint_object(const te_mat_file *mat, const te_mat_array *objects, size_t index, const te_label_file *file,
                              float *label)
{
    const te_mat_array *class, *all;
    te_mat_plane number;
    size_t count;
    TE_TRY(te_mat_array_get_field(mat, objects, index, "class_ind", &class));
    TE_TRY(te_mat_array_get_plane(mat, class, "class_ind", &number));
    if (te_mat_plane_get(&number, 0) != PERSON) {
        return TE_OK;
    }
    TE_TRY(te_mat_array_get_field(mat, objects, index, "parts", &all));
    TE_TRY(te_mat_array_count(mat, all, "parts", &count));
    for (size_t i = 0; i < count; i++) {
        TE_TRY(paint_part(mat, all, i, file, label));
    }
    return TE_OK;
}

te_status te_pascal_load_parts(const te_label_file *file, float *label)
{
    te_mat_file *mat;
    const te_mat_array *objects;
    size_t count;
    te_status status;
    TE_TRY(te_mat_file_open(&mat, file->path, "anno"));
    TE_TRY_OUT(te_mat_array_get_field(mat, te_mat_file_get(mat), 0, "objects", &objects));
    TE_TRY_OUT(te_mat_array_count(mat, objects, "objects", &count));
    memset(label, 0, (size_t)file->height * (size_t)file->width * sizeof *label);
    for (size_t i = 0; i < count; i++) {
        TE_TRY_OUT(paint_object(mat, objects, i, file, label));
    }
out:
    te_mat_file_close(mat);
    return status;
}

/* ---- regions ---- */

/* LabelMap (h,w), rows first: numbers of PASCAL-Context's classes. free() it. */
static te_status load_regions(const te_label_file *file, const char *path, uint16_t **regions)
{
    te_label_file own = *file; /* for messages */
    te_mat_plane plane;
    te_mat_file *mat;
    uint16_t *made = NULL;
    te_status status;
    own.path = path;
    TE_TRY(te_mat_file_open(&mat, path, "LabelMap"));
    TE_TRY_OUT(get_plane(mat, te_mat_file_get(mat), "LabelMap", &own, &plane));
    made = te_alloc(plane.height * plane.width, sizeof *made, "a label");
    status = made ? TE_OK : TE_ERR_MEMORY;
    for (size_t i = 0; i < plane.height * plane.width && status == TE_OK; i++) {
        double value = te_mat_plane_get(&plane, i);
        if (!(value >= 0.0 && value <= UINT16_MAX && value == (double)(uint16_t)value)) {
            status = te_fail(TE_ERR_FORMAT, "'%s' holds %g at (%zu,%zu) of LabelMap, which is no number of a class", path,
                             value, i / plane.height, i % plane.height);
        } else {
            made[i % plane.height * plane.width + i / plane.height] = (uint16_t)value;
        }
    }
    TE_TRY_OUT(status);
    *regions = made;
    made = NULL;
out:
    free(made);
    te_mat_file_close(mat);
    return status;
}

/* -1 -> 1 and size -> size - 2: the pixel at the border is not repeated. Pictures of one row or column repeat it. */
static int mirror(int at, int size)
{
    at = at < 0 ? -at : at;
    return at >= size ? (size > 1 ? 2 * size - 2 - at : 0) : at;
}

/* The sum of the four neighbours minus four times the pixel is not 0; OpenCV's Laplacian() with its defaults. */
static int is_boundary(const uint16_t *regions, int height, int width, int y, int x)
{
    const uint16_t *row = regions + (size_t)y * (size_t)width;
    int around = row[mirror(x - 1, width)] + row[mirror(x + 1, width)] +
                 regions[(size_t)mirror(y - 1, height) * (size_t)width + (size_t)x] +
                 regions[(size_t)mirror(y + 1, height) * (size_t)width + (size_t)x];
    return around != 4 * row[x];
}

/* label (h,w): 1 on the thinned boundaries. */
static te_status draw_boundaries(const uint16_t *regions, int height, int width, float *label)
{
    size_t area = (size_t)height * (size_t)width, count = 0;
    te_edge_thinner thinner;
    TE_TRY(te_edge_thinner_create(&thinner, height, width));
    uint32_t *pixels = te_alloc(area, sizeof *pixels, "a label");
    for (int y = 0; y < height && pixels; y++) {
        for (int x = 0; x < width; x++) {
            if (is_boundary(regions, height, width, y, x)) {
                pixels[count++] = (uint32_t)y * (uint32_t)width + (uint32_t)x;
            }
        }
    }
    count = pixels ? te_edge_thin(&thinner, pixels, count) : 0;
    memset(label, 0, area * sizeof *label);
    for (size_t i = 0; i < count; i++) {
        label[pixels[i]] = 1.0f;
    }
    te_edge_thinner_free(&thinner);
    te_status status = pixels ? TE_OK : TE_ERR_MEMORY;
    free(pixels);
    return status;
}

te_status te_pascal_load_boundaries(const te_label_file *file, float *label)
{
    uint16_t *regions;
    TE_TRY(load_regions(file, file->path, &regions));
    te_status status = draw_boundaries(regions, file->height, file->width, label);
    free(regions);
    return status;
}

/* ---- normals ---- */

/* Numbers of PASCAL-Context's classes whose names NYUD-v2's list of objects has too, and 427, "tvmonitor"; rising [S]. */
static const uint16_t shared[] = {
    3,   4,   6,   9,   10,  11,  13,  15,  17,  18,  22,  23,  29,  30,  33,  34,  36,  37,  38,  39,  41,  43,  46,  49,
    50,  51,  53,  55,  56,  59,  61,  62,  65,  66,  68,  69,  72,  73,  78,  83,  84,  85,  87,  88,  95,  96,  101, 104,
    105, 107, 111, 113, 115, 122, 124, 135, 141, 142, 143, 146, 150, 154, 157, 158, 159, 165, 172, 174, 181, 183, 184, 191,
    193, 195, 197, 199, 202, 213, 215, 216, 219, 220, 223, 225, 228, 230, 232, 233, 238, 239, 242, 243, 246, 250, 251, 252,
    255, 260, 261, 263, 269, 272, 273, 275, 281, 283, 284, 285, 286, 287, 288, 290, 291, 292, 293, 295, 304, 307, 309, 310,
    314, 315, 319, 323, 329, 330, 331, 336, 342, 345, 349, 350, 351, 352, 355, 357, 368, 370, 371, 374, 379, 380, 383, 384,
    397, 401, 403, 405, 407, 408, 411, 412, 413, 414, 417, 419, 421, 423, 427, 429, 430, 432, 440, 441, 442, 443, 444, 446,
    454, 457,
};

static int is_shared(uint16_t class)
{
    size_t low = 0, high = sizeof shared / sizeof shared[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        low = shared[middle] < class ? middle + 1 : low;
        high = shared[middle] < class ? high : middle;
    }
    return low < sizeof shared / sizeof shared[0] && shared[low] == class;
}

te_status te_pascal_mask_normals(const te_label_file *file, float *label)
{
    size_t area = (size_t)file->height * (size_t)file->width;
    uint16_t *regions;
    TE_TRY(load_regions(file, file->regions, &regions));
    for (size_t i = 0; i < area; i++) {
        if (!is_shared(regions[i])) {
            label[i] = label[area + i] = label[2 * area + i] = 0.0f;
        }
    }
    free(regions);
    return TE_OK;
}
