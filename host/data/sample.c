#include "data/sample.h"

#include "data/rooms.h"

int te_sample_label_channels(te_task_id task)
{
    return task == TE_NORMALS ? 3 : 1;
}

static void copy_bytes(const uint8_t *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
    }
}

static void copy_label(const te_rooms_sample *room, te_task_id task, float *to, size_t area)
{
    switch (task) {
    case TE_SEMSEG: copy_bytes(room->semseg, to, area); break;
    case TE_HUMAN_PARTS: copy_bytes(room->human_parts, to, area); break;
    case TE_SAL: copy_bytes(room->sal, to, area); break;
    case TE_EDGE: copy_bytes(room->edge, to, area); break;
    case TE_NORMALS:
        for (size_t i = 0; i < 3 * area; i++) {
            to[i] = room->normals[i % area * 3 + i / area];
        }
        break;
    default:
        for (size_t i = 0; i < area; i++) {
            to[i] = room->depth[i];
        }
    }
}

/* (h,w,3) bytes -> (3,h,w), normalised (MODEL.md section 5) */
static void normalise(const uint8_t *rgb, float *image, size_t area)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    for (size_t i = 0; i < 3 * area; i++) {
        size_t channel = i / area;
        image[i] = ((float)rgb[i % area * 3 + channel] / 255.0f - mean[channel]) / deviation[channel];
    }
}

te_status te_sample_make(const struct te_settings *settings, uint64_t index, int height, int width,
                         const te_task_id *tasks, int task_count, float *image, float *const *labels)
{
    te_rooms_sample *room;
    size_t area = (size_t)height * (size_t)width;
    TE_TRY(te_rooms_sample_create(&room, (uint64_t)settings->train.seed, index, width, height));
    normalise(room->rgb, image, area);
    for (int t = 0; t < task_count; t++) {
        copy_label(room, tasks[t], labels[t], area);
    }
    te_rooms_sample_free(room);
    return TE_OK;
}
