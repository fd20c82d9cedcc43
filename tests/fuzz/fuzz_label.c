/* libFuzzer target: no label file makes te_label_file_decode() do anything but return a label in its task's range or one
 * line of text. The first byte chooses the task, and for depth the format.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... -o fuzz_label;  ./fuzz_label -max_len=65536 corpus/
 *
 * Pictures have 8 x 6 pixels, as the labels of the corpus have. */
#include "data/label_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 8, HEIGHT = 6, CLASSES = 5, AREA = WIDTH * HEIGHT };

/* Of PNG files; tasks of the folder layout, and by the top bit those of the other data sets. */
static const te_label_kind kinds[][TE_TASK_COUNT] = {
    {TE_LABEL_CLASSES, TE_LABEL_CLASSES, TE_LABEL_MARKS, TE_LABEL_NORMALS_OR_BLACK, TE_LABEL_MARKS, TE_LABEL_MILLIMETRES},
    {TE_LABEL_CLASSES_FROM_1, TE_LABEL_CLASSES, TE_LABEL_HALVES, TE_LABEL_NORMALS, TE_LABEL_SHARES, TE_LABEL_MILLIMETRES},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int in_range(te_task_id task, const float *label)
{
    for (int i = 0; i < AREA; i++) {
        float value = label[i], length = 0;
        switch (task) {
        case TE_NORMALS:
            length = value * value + label[AREA + i] * label[AREA + i] + label[2 * AREA + i] * label[2 * AREA + i];
            if (length != 0 && !(length >= 0.249f && length < 3.01f)) {
                return 0;
            }
            break;
        case TE_DEPTH:
            if (!(isfinite(value) && value >= 0)) {
                return 0;
            }
            break;
        default:
            if (value != 255 && !(value >= 0 && value <= (task == TE_SEMSEG ? CLASSES - 1 : task == TE_HUMAN_PARTS ? 6 : 1))) {
                return 0;
            }
        }
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0) {
        return 0;
    }
    te_task_id task = data[0] % 8 < TE_TASK_COUNT ? (te_task_id)(data[0] % 8) : TE_DEPTH;
    int npy = data[0] % 8 >= TE_TASK_COUNT;
    te_label_file file = {.path = npy ? "input.npy" : "input.png", .task = task,
                          .kind = npy ? TE_LABEL_METRES : kinds[data[0] >> 7][task],
                          .classes = task == TE_SEMSEG ? CLASSES : te_tasks[task].channels, .width = WIDTH,
                          .height = HEIGHT, .picture = "picture"};
    float *label = NULL;
    te_status status = te_label_file_decode(&file, data + 1, bytes - 1, &label);
    if (status == TE_OK ? !in_range(task, label) : label || !strstr(te_last_error(), "'input.")) {
        abort();
    }
    free(label);
    return 0;
}
