/* One file of a saved prediction as a map. */
#ifndef TE_EVAL_SAVED_FILE_H
#define TE_EVAL_SAVED_FILE_H

#include "base/task.h"

typedef struct te_saved_file {
    const char *path;  /* ".npy" at its end: a NumPy file; else a PNG file */
    te_task_id task;
    int classes;       /* K of semseg and human_parts */
    int width, height; /* of the picture, 1 to TE_PICTURE_LIMIT */
} te_saved_file;

/* te_map_free() the map. Depth as PNG holds 16 bits, millimetres; classes as PNG their index, or the colours that
 * te_render_map() gives them, with its legend or without. */
te_status te_saved_file_load(const te_saved_file *file, te_map *map);

/* The same on the file's content. */
te_status te_saved_file_decode(const te_saved_file *file, const uint8_t *data, size_t bytes, te_map *map);

#endif
