/* libFuzzer target: no file of a saved prediction makes te_saved_file_decode() do anything but return a map in its task's
 * range or one line of text. The first byte chooses the task and, by its top bit, the format.
 *
 * Pictures have 8 x 6 pixels, as the maps of the corpus have. */
#include "data/map.h"
#include "eval/saved_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 8, HEIGHT = 6, CLASSES = 5, AREA = WIDTH * HEIGHT };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int in_range(te_task_id task, const te_map *map, size_t i)
{
    switch (te_tasks[task].reading) {
    case TE_READ_CLASS: return map->classes[i] < (task == TE_SEMSEG ? CLASSES : te_tasks[task].channels);
    case TE_READ_FOREGROUND:
    case TE_READ_SIGMOID: return map->values[i] >= 0 && map->values[i] <= 1;
    case TE_READ_METRES: return isfinite(map->values[i]) && map->values[i] >= 0;
    default: break;
    }
    double x = (double)map->values[3 * i], y = (double)map->values[3 * i + 1], z = (double)map->values[3 * i + 2];
    double length = sqrt(x * x + y * y + z * z);
    return length == 0 || fabs(length - 1) < 1e-5;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0) {
        return 0;
    }
    te_task_id task = (te_task_id)(data[0] % TE_TASK_COUNT);
    te_saved_file file = {.path = data[0] & 128 ? "input.npy" : "input.png", .task = task, .width = WIDTH, .height = HEIGHT,
                          .classes = task == TE_SEMSEG ? CLASSES : te_tasks[task].channels};
    te_map map = {.width = 77};
    te_status status = te_saved_file_decode(&file, data + 1, bytes - 1, &map);
    if (status != TE_OK) {
        if (map.width != 77 || !strstr(te_last_error(), "'input.")) {
            abort();
        }
        return 0;
    }
    for (size_t i = 0; i < AREA; i++) {
        if (!in_range(task, &map, i)) {
            abort();
        }
    }
    te_map_free(&map);
    return 0;
}
