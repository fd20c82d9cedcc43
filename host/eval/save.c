/* A prediction as files: maps to look at, values, gates, raw logits. */
#include "eval/prediction.h"

#include "base/files.h"
#include "base/parallel.h"
#include "base/safetensors.h"
#include "data/npy.h"
#include "data/png.h"
#include "data/render.h"
#include "data/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where files go: folder/stem + suffix. */
typedef struct target {
    const te_prediction *prediction;
    const char *folder, *stem;
} target;

/* "<folder>/<stem><suffix><name><end>" in fresh memory. */
static char *path_of(const target *to, const char *suffix, const char *name, const char *end)
{
    size_t bytes = strlen(to->stem) + strlen(suffix) + strlen(name) + strlen(end) + 1;
    char *file = te_alloc(bytes, 1, "a file name");
    if (!file) {
        return NULL;
    }
    snprintf(file, bytes, "%s%s%s%s", to->stem, suffix, name, end);
    char *path = te_path_join(to->folder, file);
    free(file);
    return path;
}

static te_status save_picture(const target *to, const char *suffix, const char *name, const te_picture *picture)
{
    char *path = path_of(to, suffix, name, ".png");
    te_status status = path ? te_picture_save(picture, path) : TE_ERR_MEMORY;
    free(path);
    return status;
}

static te_status save_rendered(const target *to, int t)
{
    const te_config *config = &to->prediction->config;
    te_picture *picture;
    te_classes classes = te_config_get_classes(config, t);
    TE_TRY(te_render_map(&picture, &to->prediction->maps[t], &classes));
    te_status status = save_picture(to, "_", config->task_names[t], picture);
    te_picture_free(picture);
    return status;
}

/* Depth in millimetres, cut at what 16 bits hold (65.535 m). */
static te_status save_millimetres(const target *to, int t)
{
    const te_map *map = &to->prediction->maps[t];
    size_t count = (size_t)map->width * (size_t)map->height;
    uint16_t *depth = te_alloc(count, sizeof *depth, "a depth map");
    char *path = path_of(to, "_", "depth_mm", ".png");
    te_status status = depth && path ? TE_OK : TE_ERR_MEMORY;
    for (size_t i = 0; status == TE_OK && i < count; i++) {
        float millimetres = map->values[i] * 1000.0f;
        depth[i] = millimetres < 65535.0f ? (uint16_t)lrintf(millimetres) : UINT16_MAX;
    }
    if (status == TE_OK) {
        status = te_png_save_grey16(path, map->width, map->height, depth);
    }
    free(depth);
    free(path);
    return status;
}

static te_status save_overview(const target *to, int t)
{
    (void)t;
    const te_prediction *prediction = to->prediction;
    const te_config *config = &prediction->config;
    te_sheet_map maps[TE_TASK_COUNT];
    for (int i = 0; i < config->task_count && i < TE_TASK_COUNT; i++) {
        maps[i] = (te_sheet_map){.map = &prediction->maps[i], .classes = te_config_get_classes(config, i)};
    }
    char footer[256];
    char times[64] = "";
    if (prediction->tiles) {
        snprintf(times, sizeof times, " in %d tiles", prediction->tiles);
    }
    if (prediction->passes > 1) {
        size_t used = strlen(times);
        snprintf(times + used, sizeof times - used, ", mean of %d passes", prediction->passes);
    }
    snprintf(footer, sizeof footer, "TaskExpert %s - %s, %d x %d pixels, seen at %d x %d%s", te_version(), to->stem,
             prediction->picture->width, prediction->picture->height, prediction->fit.input_width,
             prediction->fit.input_height, times);
    te_picture *sheet;
    TE_TRY(te_sheet_draw_maps(&sheet, prediction->picture, maps, (size_t)config->task_count, footer));
    te_status status = save_picture(to, "_", "overview", sheet);
    te_picture_free(sheet);
    return status;
}

static te_status save_values(const target *to, int t)
{
    const te_map *map = &to->prediction->maps[t];
    int64_t shape[3] = {map->height, map->width, map->channels};
    int rank = map->channels > 1 ? 3 : 2;
    char *path = path_of(to, "_", map->task, ".npy");
    te_status status = !path          ? TE_ERR_MEMORY
                       : map->classes ? te_npy_save_bytes(path, 2, shape, map->classes)
                                      : te_npy_save_float(path, rank, shape, map->values);
    free(path);
    return status;
}

static te_status save_gates(const target *to, int t)
{
    const te_prediction *prediction = to->prediction;
    const te_config *config = &prediction->config;
    const float *taps[TE_MAX_TAPS];
    for (int tap = 0; tap < config->tap_count; tap++) {
        taps[tap] = prediction->gates[tap] + t * config->scores;
    }
    te_sheet_gates gates = {.taps = taps, .tap_count = config->tap_count, .score_count = config->scores,
                            .height = prediction->fit.input_height / TE_PATCH,
                            .width = prediction->fit.input_width / TE_PATCH,
                            .stride = (size_t)(config->scores * config->task_count), .memory = config->memory,
                            .title = te_tasks[config->tasks[t]].title};
    char footer[256];
    snprintf(footer, sizeof footer, "TaskExpert %s - %s, the whole input with its padding", te_version(), to->stem);
    te_picture *sheet;
    TE_TRY(te_sheet_draw_gates(&sheet, &gates, footer));
    te_status status = save_picture(to, "_gates_", config->task_names[t], sheet);
    te_picture_free(sheet);
    return status;
}

static te_status save_raw(const target *to, int t)
{
    (void)t;
    const te_prediction *prediction = to->prediction;
    const te_config *config = &prediction->config;
    int64_t height = prediction->fit.input_height, width = prediction->fit.input_width;
    te_entry_out entries[1 + TE_TASK_COUNT];
    entries[0] = (te_entry_out){.name = "input", .rank = 3, .shape = {3, height, width}, .data = prediction->input};
    for (int i = 0; i < config->task_count; i++) {
        entries[1 + i] = (te_entry_out){.name = config->task_names[i], .rank = 3,
                                        .shape = {config->channels[i], height, width},
                                        .data = prediction->logits[i]};
    }
    char *path = path_of(to, "", "", ".raw.safetensors");
    te_status status = path ? te_safetensors_save(path, entries, 1 + (size_t)config->task_count, TE_STORE_FP32, NULL, 0)
                            : TE_ERR_MEMORY;
    free(path);
    return status;
}

/* ---- all of it ---- */

enum { MOST_FILES = 2 + 4 * TE_TASK_COUNT };

/* One file to write. */
typedef struct piece {
    te_status (*save)(const target *to, int t);
    int t;
} piece;

typedef struct saving {
    target to;
    piece pieces[MOST_FILES];
    int count;
} saving;

/* What takes longest comes first. */
static void list_pieces(saving *at, unsigned what)
{
    static const struct {
        unsigned bit;
        bool each_task, depth_alone;
        te_status (*save)(const target *to, int t);
    } kinds[] = {{TE_SAVE_OVERVIEW, false, false, save_overview}, {TE_SAVE_RAW, false, false, save_raw},
                 {TE_SAVE_MAPS, true, false, save_rendered},      {TE_SAVE_MAPS, true, true, save_millimetres},
                 {TE_SAVE_NPY, true, false, save_values},         {TE_SAVE_GATES, true, false, save_gates}};
    const te_config *config = &at->to.prediction->config;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int t = 0; (what & kinds[i].bit) && t < (kinds[i].each_task ? config->task_count : 1); t++) {
            if (!kinds[i].depth_alone || config->tasks[t] == TE_DEPTH) {
                at->pieces[at->count++] = (piece){kinds[i].save, t};
            }
        }
    }
}

static te_status save_piece(int index, void *context)
{
    const saving *at = context;
    return at->pieces[index].save(&at->to, at->pieces[index].t);
}

te_status te_prediction_save(const te_prediction *prediction, const char *folder, const char *stem, unsigned what)
{
    TE_NEED(prediction, folder, stem);
    if (!what || (what & ~(unsigned)(TE_SAVE_MAPS | TE_SAVE_OVERVIEW | TE_SAVE_NPY | TE_SAVE_GATES | TE_SAVE_RAW))) {
        return te_fail(TE_ERR_ARGUMENT, "%#x is no set of TE_SAVE_* bits", what);
    }
    if (!*stem || strchr(stem, '/')) {
        return te_fail(TE_ERR_ARGUMENT, "'%s' is no stem of a file name", stem);
    }
    saving at = {.to = {prediction, folder, stem}};
    const int64_t large = 1 << 24; /* pixels: several maps of such a picture at a time would take gigabytes */
    bool alone = (int64_t)prediction->maps[0].width * prediction->maps[0].height > large; /* that of the picture */
    list_pieces(&at, what);
    TE_TRY(te_folder_make(folder));
    return te_parallel_run(at.count, alone ? 1 : 0, save_piece, &at);
}
