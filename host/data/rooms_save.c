/* Generated rooms in the folder layout of docs/DATA.md. Threads take the next picture that nobody has taken; the lists come
 * last, so that a folder left early has none. */
#include "base/files.h"
#include "base/interrupt.h"
#include "data/png.h"
#include "data/rooms.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 64, MOST_THREADS = 64 };

static const uint64_t most_pictures = 10000000;

typedef struct te_rooms_writer {
    const char *folder;
    te_rooms_options options;
    te_rooms_function report;
    void *context;
    pthread_mutex_t lock;
    uint64_t next, done;
    te_status status; /* the first failure, with its message */
    char message[TE_MESSAGE_BYTES];
} te_rooms_writer;

static te_status set_path(char path[PATH_BYTES], const te_rooms_writer *writer, const char *below, const char *name,
                          const char *extension)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s%s%s%s", writer->folder, below, *name ? "/" : "", name, extension);
    return length < PATH_BYTES ? TE_OK
                               : te_fail(TE_ERR_ARGUMENT, "the name of the folder '%.40s...' is too long", writer->folder);
}

/* ---- one picture ---- */

static te_status save_bytes(const te_rooms_writer *writer, const te_rooms_sample *room, const char *below,
                            const char *name, const uint8_t *values)
{
    char path[PATH_BYTES];
    TE_TRY(set_path(path, writer, below, name, ".png"));
    return te_png_save_grey(path, room->width, room->height, values);
}

/* 0 and 1 as 0 and 255. */
static te_status save_marks(const te_rooms_writer *writer, const te_rooms_sample *room, const char *below,
                            const char *name, uint8_t *marks)
{
    for (size_t i = 0; i < (size_t)room->width * (size_t)room->height; i++) {
        marks[i] = marks[i] ? 255 : 0;
    }
    return save_bytes(writer, room, below, name, marks);
}

/* -1 to 1 as 0 to 255, metres as millimetres; both rounded. */
static te_status save_geometry(const te_rooms_writer *writer, const te_rooms_sample *room, const char *name)
{
    char path[PATH_BYTES];
    size_t area = (size_t)room->width * (size_t)room->height;
    uint8_t *rgb = te_alloc(area, 3, "a generated room");
    uint16_t *depth = te_alloc(area, sizeof *depth, "a generated room");
    te_status status = rgb && depth ? TE_OK : TE_ERR_MEMORY;
    TE_TRY_OUT(status);
    for (size_t i = 0; i < 3 * area; i++) {
        rgb[i] = (uint8_t)((room->normals[i] + 1.0f) * 127.5f + 0.5f);
    }
    for (size_t i = 0; i < area; i++) {
        float millimetres = room->depth[i] * 1000.0f + 0.5f;
        depth[i] = (uint16_t)(millimetres < 65535.0f ? millimetres : 65535.0f);
    }
    TE_TRY_OUT(set_path(path, writer, "normals", name, ".png"));
    TE_TRY_OUT(te_png_save_rgb(path, room->width, room->height, rgb));
    TE_TRY_OUT(set_path(path, writer, "depth", name, ".png"));
    TE_TRY_OUT(te_png_save_grey16(path, room->width, room->height, depth));
out:
    free(rgb);
    free(depth);
    return status;
}

/* "train_000012": picture `index` of all, those of training first. */
static void name_picture(const te_rooms_writer *writer, uint64_t index, char name[NAME_BYTES])
{
    uint64_t train = writer->options.train;
    snprintf(name, NAME_BYTES, "%s_%06" PRIu64, index < train ? "train" : "val", index < train ? index : index - train);
}

static te_status save_picture(const te_rooms_writer *writer, uint64_t index)
{
    const te_rooms_options *options = &writer->options;
    bool val = index >= options->train;
    char name[NAME_BYTES], path[PATH_BYTES];
    te_rooms_sample *room;
    TE_TRY(te_rooms_sample_create(&room, options->seed + (val ? TE_ROOMS_VAL_SEED : 0),
                                  val ? index - options->train : index, options->width, options->height));
    te_status status;
    name_picture(writer, index, name);
    TE_TRY_OUT(set_path(path, writer, "images", name, ".png"));
    TE_TRY_OUT(te_png_save_rgb(path, room->width, room->height, room->rgb));
    TE_TRY_OUT(save_bytes(writer, room, "semseg", name, room->semseg));
    TE_TRY_OUT(save_bytes(writer, room, "human_parts", name, room->human_parts));
    TE_TRY_OUT(save_marks(writer, room, "sal", name, room->sal));
    TE_TRY_OUT(save_marks(writer, room, "edge", name, room->edge));
    TE_TRY_OUT(save_geometry(writer, room, name));
out:
    te_rooms_sample_free(room);
    return status;
}

/* ---- all of them ---- */

static void *work(void *argument)
{
    te_rooms_writer *writer = argument;
    uint64_t total = writer->options.train + writer->options.val;
    pthread_mutex_lock(&writer->lock);
    while (writer->status == TE_OK && writer->next < total) {
        uint64_t index = writer->next++;
        pthread_mutex_unlock(&writer->lock);
        te_status status = te_interrupt_check();
        status = status == TE_OK ? save_picture(writer, index) : status;
        pthread_mutex_lock(&writer->lock);
        if (status == TE_OK) {
            writer->done++;
            status = writer->report ? writer->report(writer->done, total, writer->context) : TE_OK;
        }
        if (status != TE_OK && writer->status == TE_OK) {
            writer->status = status;
            snprintf(writer->message, sizeof writer->message, "%s", te_last_error());
        }
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static te_status save_pictures(te_rooms_writer *writer)
{
    pthread_t threads[MOST_THREADS];
    int started = 0, wanted = writer->options.threads < MOST_THREADS ? writer->options.threads : MOST_THREADS;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, writer) == 0) {
        started++;
    }
    work(writer); /* this thread is one of them */
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    return writer->status == TE_OK ? TE_OK : te_fail(writer->status, "%s", writer->message);
}

/* The list of pictures `first` and the next `count` - 1. */
static te_status save_list(const te_rooms_writer *writer, const char *list, uint64_t first, uint64_t count)
{
    char path[PATH_BYTES], name[NAME_BYTES];
    te_file_writer file;
    TE_TRY(set_path(path, writer, "gt_sets", list, ".txt"));
    TE_TRY(te_file_writer_open(&file, path));
    for (uint64_t i = first; i < first + count; i++) {
        name_picture(writer, i, name);
        fprintf(file.stream, "%s\n", name); /* the commit notices failures */
    }
    return te_file_writer_commit(&file);
}

/* Somebody's own lists are not replaced. */
static te_status make_folders(const te_rooms_writer *writer)
{
    static const char *const folders[] = {"images", "semseg", "human_parts", "sal", "edge", "normals", "depth", "gt_sets"};
    static const char *const lists[] = {"train", "val"};
    char path[PATH_BYTES];
    struct stat facts;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        TE_TRY(set_path(path, writer, "gt_sets", lists[i], ".txt"));
        if (stat(path, &facts) == 0) {
            return te_fail(TE_ERR_FILE, "'%s' is there already: name a new folder", path);
        }
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        TE_TRY(set_path(path, writer, folders[i], "", ""));
        TE_TRY(te_folder_make(path));
    }
    return TE_OK;
}

te_status te_rooms_save(const char *folder, const te_rooms_options *options, te_rooms_function report, void *context)
{
    TE_NEED(folder, options);
    te_rooms_writer writer = {.folder = folder, .options = *options, .report = report, .context = context,
                              .lock = PTHREAD_MUTEX_INITIALIZER};
    if (!*folder) { /* its files would lie in the root folder */
        return te_fail(TE_ERR_ARGUMENT, "cannot write rooms to '': name a folder");
    }
    if (options->train < 1 || options->train > most_pictures || options->val > most_pictures ||
        options->seed > INT32_MAX) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write rooms to '%s': 1 to %" PRIu64 " pictures for training, at most as "
                       "many for validation, and seeds up to %" PRId32 " are supported", folder, most_pictures,
                       (int32_t)INT32_MAX);
    }
    if (options->threads < 0) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write rooms to '%s' with %d threads: it must be 0, for 1, or more", folder,
                       options->threads);
    }
    writer.options.width = options->width ? options->width : 640;
    writer.options.height = options->height ? options->height : 480;
    TE_TRY(make_folders(&writer));
    TE_TRY(save_pictures(&writer));
    TE_TRY(save_list(&writer, "train", 0, options->train));
    return options->val ? save_list(&writer, "val", options->train, options->val) : TE_OK;
}
