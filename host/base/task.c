#include "base/task.h"

#include <string.h>

const te_task te_tasks[TE_TASK_COUNT] = {
    [TE_SEMSEG] = {"semseg", "semantic segmentation", 21, TE_READ_CLASS, 1.0f},
    [TE_HUMAN_PARTS] = {"human_parts", "human parts", 7, TE_READ_CLASS, 2.0f},
    [TE_SAL] = {"sal", "saliency", 2, TE_READ_FOREGROUND, 5.0f},
    [TE_NORMALS] = {"normals", "surface normals", 3, TE_READ_UNIT_VECTOR, 10.0f},
    [TE_EDGE] = {"edge", "boundaries", 1, TE_READ_SIGMOID, 50.0f},
    [TE_DEPTH] = {"depth", "depth", 1, TE_READ_METRES, 1.0f},
};

int te_task_find(const char *name, size_t length)
{
    for (int task = 0; task < TE_TASK_COUNT; task++) {
        if (strlen(te_tasks[task].name) == length && memcmp(te_tasks[task].name, name, length) == 0) {
            return task;
        }
    }
    return -1;
}

int te_task_read_list(const char *names, te_task_id tasks[TE_TASK_COUNT])
{
    int count = 0;
    unsigned seen = 0;
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        int task = te_task_find(at, length);
        if (task < 0 || seen & 1u << task) {
            return 0;
        }
        seen |= 1u << task;
        tasks[count++] = (te_task_id)task;
        at += length;
    }
    return count;
}
