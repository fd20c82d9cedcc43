#include "data/tally.h"

#include "data/dataset.h"

#include <math.h>
#include <string.h>

static void add_value(te_tally *tally, double value)
{
    tally->low = !tally->valid || value < tally->low ? value : tally->low;
    tally->high = !tally->valid || value > tally->high ? value : tally->high;
    tally->sum += value;
    tally->valid++;
}

static void read_classes(te_tally *tally, const float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        if (label[i] >= 0.0f && label[i] < (float)TE_TALLY_CLASSES) {
            tally->class_pixels[(int)label[i]]++;
            tally->valid++;
        }
    }
    for (int c = 0; c < TE_TALLY_CLASSES; c++) {
        tally->class_pictures[c] = tally->class_pixels[c] > 0;
    }
}

static void read_marks(te_tally *tally, te_task_id task, const float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        tally->valid += label[i] != te_label_ignored(task);
        tally->positive += label[i] == 1.0f;
    }
}

static void read_normals(te_tally *tally, const float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        double x = (double)label[i], y = (double)label[area + i], z = (double)label[2 * area + i];
        double length = sqrt(x * x + y * y + z * z);
        if (length > 0.0) {
            add_value(tally, length);
        }
    }
}

static void read_metres(te_tally *tally, const float *label, size_t area)
{
    for (size_t i = 0; i < area; i++) {
        if (label[i] > 0.0f) {
            add_value(tally, (double)label[i]);
        }
    }
}

void te_tally_read(te_tally *tally, te_task_id task, const float *label, size_t area)
{
    memset(tally, 0, sizeof *tally);
    tally->labels = 1;
    tally->pixels = area;
    switch (te_tasks[task].reading) {
    case TE_READ_CLASS: read_classes(tally, label, area); break;
    case TE_READ_FOREGROUND:
    case TE_READ_SIGMOID: read_marks(tally, task, label, area); break;
    case TE_READ_UNIT_VECTOR: read_normals(tally, label, area); break;
    case TE_READ_METRES: read_metres(tally, label, area); break;
    }
}

void te_tally_add(te_tally *to, const te_tally *from)
{
    if (from->valid) {
        to->low = !to->valid || from->low < to->low ? from->low : to->low;
        to->high = !to->valid || from->high > to->high ? from->high : to->high;
    }
    to->labels += from->labels;
    to->pixels += from->pixels;
    to->valid += from->valid;
    to->positive += from->positive;
    to->sum += from->sum;
    for (int c = 0; c < TE_TALLY_CLASSES; c++) {
        to->class_pixels[c] += from->class_pixels[c];
        to->class_pictures[c] += from->class_pictures[c];
    }
}
