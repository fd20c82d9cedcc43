/* Labels as pictures, to be looked at beside predictions. */
#include "data/dataset.h"
#include "data/map.h"
#include "data/render.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static bool has_label(const float *label, te_task_id task, size_t pixel, size_t area)
{
    if (task == TE_NORMALS) {
        return label[pixel] != 0 || label[area + pixel] != 0 || label[2 * area + pixel] != 0;
    }
    return task == TE_DEPTH ? label[pixel] > 0 : label[pixel] != te_label_ignored(task);
}

/* Planar numbers -> a map as te_map_read() makes it; te_map_free() it. */
static te_status map_of_label(te_map *map, int width, int height, te_task_id task, const float *label)
{
    size_t area = (size_t)width * (size_t)height, channels = (size_t)te_label_channels(task);
    bool class = te_tasks[task].reading == TE_READ_CLASS;
    uint8_t *classes = class ? te_alloc(area, 1, "a label to look at") : NULL;
    float *values = class ? NULL : te_alloc(channels * area, sizeof *values, "a label to look at");
    if (!classes && !values) {
        return TE_ERR_MEMORY;
    }
    for (size_t i = 0; class && i < area; i++) {
        classes[i] = (uint8_t)(label[i] >= 0 && label[i] <= 255 ? label[i] : 255);
    }
    for (size_t i = 0; !class && i < channels * area; i++) {
        values[i] = label[i % channels * area + i / channels];
    }
    *map = (te_map){.task = te_tasks[task].name, .width = width, .height = height, .channels = (int)channels,
                    .classes = classes, .values = values};
    return TE_OK;
}

/* Mark the pixels without a label. */
static void stripe(te_picture *picture, te_task_id task, const float *label)
{
    size_t area = (size_t)picture->width * (size_t)picture->height;
    for (size_t i = 0; i < area; i++) {
        if (!has_label(label, task, i, area)) {
            size_t x = i % (size_t)picture->width, y = i / (size_t)picture->width;
            memset(picture->rgb + 3 * i, (x + y) / 4 % 2 ? 236 : 200, 3);
        }
    }
}

static void widen(te_legend *legend, const float *metres, size_t count, bool zero)
{
    for (size_t i = 0; i < count; i++) {
        if (isfinite(metres[i]) && (metres[i] > 0 || zero)) {
            legend->low = fminf(legend->low, metres[i]);
            legend->high = fmaxf(legend->high, metres[i]);
        }
    }
}

void te_legend_pair(te_legend *legend, const te_classes *classes, const float *label, const te_map *prediction)
{
    size_t area = (size_t)prediction->width * (size_t)prediction->height;
    *legend = (te_legend){.classes = *classes};
    if (te_tasks[classes->task].reading != TE_READ_METRES) {
        return;
    }
    legend->low = INFINITY;
    legend->high = -INFINITY;
    widen(legend, label, area, false);
    if (legend->low > legend->high) {
        widen(legend, prediction->values, area, true);
    }
    if (legend->low > legend->high) {
        legend->low = legend->high = 0;
    }
}

te_status te_render_label(te_picture **picture, const float *label, int width, int height, const te_legend *legend)
{
    te_map map = {0};
    te_picture *made = NULL;
    TE_TRY(map_of_label(&map, width, height, legend->classes.task, label));
    te_status status = te_render_colours(&made, &map, legend);
    te_map_free(&map);
    TE_TRY(status);
    stripe(made, legend->classes.task, label);
    *picture = made;
    return TE_OK;
}
