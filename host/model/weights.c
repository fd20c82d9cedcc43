/* Weight files: ours, complete with settings, and ViT backbones with timm's names. Nothing is skipped in silence. */
#include "model/model.h"

#include "base/log.h"
#include "base/safetensors.h"
#include "base/settings_table.h"
#include "ops/cubic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const model_sections[] = {"model.", "input."};

static bool describes_model(const char *key)
{
    for (size_t i = 0; i < sizeof model_sections / sizeof model_sections[0]; i++) {
        if (strncmp(key, model_sections[i], strlen(model_sections[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* A setting of the run that a checkpoint is of. Metadata beside the settings, and settings of other versions, are not. */
static bool describes_run(const char *key)
{
    return (strncmp(key, "train.", 6) == 0 || strncmp(key, "data.", 5) == 0) && te_setting_find(key, strlen(key));
}

/* ---- saving ---- */

/* All settings of the model as key, value, key, value...; both are kept in `texts`. */
static te_status list_settings(const te_settings *settings, const char **pairs, char (*texts)[TE_TEXT_SETTING],
                               size_t *count)
{
    *count = 0;
    for (size_t row = 0; row < te_settings_count(); row++) {
        const char *key = te_settings_get_info(row)->key;
        if (describes_model(key)) {
            TE_TRY(te_settings_get(settings, key, texts[*count], TE_TEXT_SETTING));
            pairs[2 * *count] = key;
            pairs[2 * *count + 1] = texts[*count];
            ++*count;
        }
    }
    return TE_OK;
}

static size_t count_parts(const te_params *params)
{
    size_t count = 0;
    for (int i = 0; i < params->count; i++) {
        count += (size_t)params->list[i].part_count;
    }
    return count;
}

/* All parts as entries. `copies` keeps the data of those params that are not in memory. */
static te_status list_entries(const te_params *params, te_entry_out *entries, float **copies)
{
    size_t next = 0;
    for (int i = 0; i < params->count; i++) {
        const te_param *param = &params->list[i];
        int64_t elements = te_shape_count(&param->part_shape);
        if (!param->data) {
            copies[i] = te_alloc((size_t)te_shape_count(&param->shape), sizeof(float), param->name);
            TE_TRY(copies[i] ? te_params_read(params, i, copies[i]) : TE_ERR_MEMORY);
        }
        for (int part = 0; part < param->part_count; part++) {
            te_entry_out *entry = &entries[next++];
            *entry = (te_entry_out){.name = param->names[part], .rank = param->part_shape.rank,
                                    .data = (param->data ? param->data : copies[i]) + part * elements};
            memcpy(entry->shape, param->part_shape.size, sizeof param->part_shape.size);
        }
    }
    return TE_OK;
}

static void free_copies(float **copies, int count)
{
    for (int i = 0; copies && i < count; i++) {
        free(copies[i]);
    }
    free(copies);
}

te_status te_model_save_with(const te_model *model, const char *path, te_storage storage, const te_model_extra *extra)
{
    size_t entry_count = count_parts(&model->params), pair_count;
    te_entry_out *entries = te_alloc(entry_count + extra->entry_count, sizeof *entries, "a weight file");
    const char **pairs = te_alloc(2 * (te_settings_count() + extra->pair_count), sizeof *pairs, "a weight file");
    char(*texts)[TE_TEXT_SETTING] = te_alloc(te_settings_count(), sizeof *texts, "a weight file");
    float **copies = te_alloc((size_t)model->params.count, sizeof *copies, "a weight file");
    te_status status = entries && pairs && texts && copies ? list_entries(&model->params, entries, copies) : TE_ERR_MEMORY;
    if (status == TE_OK) {
        status = list_settings(model->settings, pairs, texts, &pair_count);
    }
    if (status == TE_OK) {
        for (size_t i = 0; i < extra->entry_count; i++) {
            entries[entry_count + i] = extra->entries[i];
        }
        for (size_t i = 0; i < 2 * extra->pair_count; i++) {
            pairs[2 * pair_count + i] = extra->pairs[i];
        }
        status = te_safetensors_save(path, entries, entry_count + extra->entry_count, storage, pairs,
                                     pair_count + extra->pair_count);
    }
    free(entries);
    free((void *)pairs);
    free(texts);
    free_copies(copies, model->params.count);
    return status;
}

te_status te_model_save(const te_model *model, const char *path, te_storage storage)
{
    TE_NEED(model, path);
    return te_model_save_with(model, path, storage, &(te_model_extra){0});
}

/* ---- loading our own files ---- */

/* Settings that make no sense are here the fault of the file, not of whoever set some. */
static te_status blame_file(te_status status, const char *path)
{
    return status == TE_OK ? TE_OK : te_fail_prefix(status == TE_ERR_SETTING ? TE_ERR_FORMAT : status, "'%.512s': ", path);
}

static te_status settings_from_metadata(te_settings *settings, const te_safetensors *file, const char *path)
{
    size_t found = 0;
    for (size_t i = 0; i < te_safetensors_count_metadata(file); i++) {
        const char *key, *value;
        te_safetensors_get_metadata(file, i, &key, &value);
        bool model = describes_model(key);
        if (model || describes_run(key)) {
            TE_TRY(blame_file(te_settings_set(settings, key, value), path));
            found += model;
        }
    }
    if (found == 0) {
        return te_fail(TE_ERR_FORMAT, "'%s' holds no TaskExpert settings: it was not written by this program (a ViT "
                       "backbone is loaded by te_model_load_backbone(), and 'init --backbone')", path);
    }
    return TE_OK;
}

/* Shapes of an entry and a param part are the same? */
static bool same_shape(const te_entry *entry, const te_shape *shape)
{
    bool same = entry->rank == shape->rank;
    for (int i = 0; same && i < entry->rank; i++) {
        same = entry->shape[i] == shape->size[i];
    }
    return same;
}

static te_status fail_shape(const char *path, const te_entry *entry, const te_shape *wanted)
{
    char is[64], wants[64];
    te_shape shape = {.rank = entry->rank < TE_RANK ? entry->rank : TE_RANK};
    memcpy(shape.size, entry->shape, sizeof shape.size);
    return te_fail(TE_ERR_FORMAT, "'%s': tensor '%s' has shape %s, the model needs %s", path, entry->name,
                   te_shape_text(&shape, is), te_shape_text(wanted, wants));
}

static te_status check_finite(const char *path, const te_entry *entry, const float *data, size_t count)
{
    unsigned bad = 0;
    for (size_t i = 0; i < count; i++) { /* without leaving the loop, which is then vector code */
        bad |= !isfinite(data[i]);
    }
    size_t first = 0;
    while (bad && isfinite(data[first])) {
        first++;
    }
    return bad ? te_fail(TE_ERR_FORMAT, "'%s': tensor '%s' holds %g: the file is broken, or its training was", path,
                         entry->name, (double)data[first])
               : TE_OK;
}

/* Elements `first` to first + count - 1 of an entry, checked. */
static te_status read_part(const char *path, const te_entry *entry, size_t first, size_t count, float *data)
{
    te_status status = te_entry_read_part(entry, first, count, data);
    return status == TE_OK           ? check_finite(path, entry, data, count)
           : status == TE_ERR_FORMAT ? te_fail_prefix(status, "'%s': ", path)
                                     : status;
}

static te_status read_entry(const char *path, const te_entry *entry, float *data)
{
    return read_part(path, entry, 0, entry->count, data);
}

/* What is found now is not found when the device asks for it: all of the file is looked at, none of it kept. */
static te_status check_param(const te_param *param, const te_safetensors *file, const char *path)
{
    enum { BLOCK = 1 << 14 };
    float block[BLOCK];
    for (int part = 0; part < param->part_count; part++) {
        const te_entry *entry = te_safetensors_find(file, param->names[part]);
        if (!entry) {
            return te_fail(TE_ERR_FORMAT, "'%s' lacks the tensor '%s'", path, param->names[part]);
        }
        if (!same_shape(entry, &param->part_shape)) {
            return fail_shape(path, entry, &param->part_shape);
        }
        for (size_t first = 0; first < entry->count; first += BLOCK) {
            TE_TRY(read_part(path, entry, first, entry->count - first < BLOCK ? entry->count - first : BLOCK, block));
        }
    }
    return TE_OK;
}

/* ---- the file behind params ---- */

static te_status read_param(void *context, const te_param *param, float *data)
{
    const te_safetensors *file = context;
    for (int part = 0; part < param->part_count; part++) {
        const te_entry *entry = te_safetensors_find(file, param->names[part]);
        TE_TRY(te_entry_read(entry, data));
        data += entry->count;
    }
    return TE_OK;
}

static void close_file(void *context)
{
    te_safetensors_close(context);
}

te_status te_model_read(te_model *model, const te_safetensors *file, const char *path)
{
    for (int i = 0; i < model->params.count; i++) {
        TE_TRY(check_param(&model->params.list[i], file, path));
    }
    TE_TRY(te_params_load_all(&model->params));
    for (int i = 0; i < model->params.count; i++) {
        TE_TRY(read_param((void *)(uintptr_t)file, &model->params.list[i], model->params.list[i].data));
    }
    return TE_OK;
}

static te_status read_model(te_model **model, const te_safetensors *file, const char *path)
{
    te_settings *settings;
    te_model *read = NULL;
    TE_TRY(te_settings_create(&settings));
    te_status status;
    TE_TRY_OUT(settings_from_metadata(settings, file, path));
    TE_TRY_OUT(blame_file(te_model_declare(&read, settings), path));
    for (int i = 0; i < read->params.count; i++) {
        TE_TRY_OUT(check_param(&read->params.list[i], file, path));
    }
    if (te_safetensors_count(file) > count_parts(&read->params) && !te_safetensors_find_metadata(file, "train.step")) {
        te_log(TE_LOG_WARNING, "'%s' holds %zu tensors that the model does not use", path,
               te_safetensors_count(file) - count_parts(&read->params));
    }
    *model = read;
    read = NULL;
out:
    te_model_free(read);
    te_settings_free(settings);
    return status;
}

te_status te_model_load(te_model **model, const char *path)
{
    TE_NEED(model, path);
    te_safetensors *file;
    TE_TRY(te_safetensors_open(&file, path));
    te_status status = read_model(model, file, path);
    if (status != TE_OK) {
        te_safetensors_close(file);
        return status;
    }
    (*model)->params.source = (te_param_source){.context = file, .read = read_param, .close = close_file};
    return TE_OK;
}

/* ---- loading a ViT backbone ---- */

/* The grid of a stored embedding: a square, or the model's own. */
typedef struct stored_grid {
    int height, width;
    bool has_class;
} stored_grid;

/* from: [class row] rows of C; to: [class row] h*w rows, resized as the op does. */
static void resize_positions(const te_config *config, const double *from, stored_grid grid, float *to)
{
    te_position_options grids = {.height = config->grid_height, .width = config->grid_width,
                                 .from_height = grid.height, .from_width = grid.width};
    int C = config->C;
    for (int c = 0; config->cls_token && c < C; c++) {
        *to++ = (float)from[c];
    }
    from += grid.has_class ? C : 0;
    for (int i = 0; i < grids.height * grids.width * C; i++) {
        to[i] = (float)te_cubic_resized(from, &grids, C, i % C, i / C / grids.width, i / C % grids.width);
    }
}

/* Room for `elements` as double, filled with `from`; NULL, with a message recorded, where memory is short. */
static double *copy_exact(const float *from, size_t elements)
{
    double *copy = te_alloc(elements, sizeof *copy, "a position embedding");
    for (size_t i = 0; copy && i < elements; i++) {
        copy[i] = (double)from[i];
    }
    return copy;
}

te_status te_model_resize(te_model *model, int height, int width)
{
    te_config *config = &model->config;
    stored_grid grid = {.height = config->grid_height, .width = config->grid_width, .has_class = config->cls_token};
    int param_index = te_params_find(&model->params, "backbone.pos_embed");
    if (height == config->height && width == config->width) {
        return TE_OK;
    }
    te_settings wanted = *model->settings;
    wanted.input.height = height;
    wanted.input.width = width;
    te_config resolved;
    TE_TRY(te_config_resolve(&resolved, &wanted));
    TE_TRY(te_params_load(&model->params, param_index));
    te_param *param = &model->params.list[param_index];
    te_shape shape = param->shape;
    shape.size[1] = (int64_t)resolved.grid_height * resolved.grid_width + (grid.has_class ? 1 : 0);
    double *from = copy_exact(param->data, (size_t)te_shape_count(&param->shape));
    float *data = te_alloc((size_t)te_shape_count(&shape), sizeof *data, "a position embedding");
    if (!from || !data) {
        free(from);
        free(data);
        return TE_ERR_MEMORY;
    }
    resize_positions(&resolved, from, grid, data);
    free(from);
    free(param->data);
    param->data = data;
    param->shape = param->part_shape = shape;
    *model->settings = wanted;
    *config = resolved;
    return TE_OK;
}

static te_status find_grid(stored_grid *grid, const te_model *model, const te_param *param, const te_entry *entry,
                           const char *path)
{
    const te_config *config = &model->config;
    int64_t rows = entry->rank == 3 ? entry->shape[1] - (grid->has_class ? 1 : 0) : 0;
    int side = (int)lround(sqrt((double)rows));
    if (entry->rank != 3 || entry->shape[0] != 1 || entry->shape[2] != config->C || rows < 1) {
        return fail_shape(path, entry, &param->part_shape);
    }
    if (config->cls_token && !grid->has_class) {
        return te_fail(TE_ERR_FORMAT, "'%s' has no class token: set 'model.cls_token' to off", path);
    }
    if ((int64_t)side * side == rows) { /* also where the model's grid, 18 x 32 say, has as many cells */
        grid->height = grid->width = side;
    } else if (rows == (int64_t)config->grid_height * config->grid_width) {
        grid->height = config->grid_height;
        grid->width = config->grid_width;
    } else {
        return te_fail(TE_ERR_FORMAT, "'%s': the %lld positions of '%s' are neither a square grid nor the model's %dx%d",
                       path, (long long)rows, entry->name, config->grid_height, config->grid_width);
    }
    return TE_OK;
}

static te_status read_positions(te_model *model, te_param *param, const te_entry *entry, stored_grid grid,
                                const char *path)
{
    float *stored = te_alloc(entry->count, sizeof *stored, "a position embedding");
    te_status status = stored ? read_entry(path, entry, stored) : TE_ERR_MEMORY;
    double *from = status == TE_OK ? copy_exact(stored, entry->count) : NULL;
    status = status == TE_OK && !from ? TE_ERR_MEMORY : status;
    if (status == TE_OK) {
        resize_positions(&model->config, from, grid, param->data);
    }
    free(stored);
    free(from);
    return status;
}

/* Look one param up, check it, and with `read` read it. */
static te_status visit_backbone_param(te_model *model, te_param *param, const te_safetensors *file, const char *path,
                                      bool read)
{
    const char *name = param->names[0] + strlen("backbone.");
    const te_entry *entry = te_safetensors_find(file, name);
    bool is_position = strcmp(name, "pos_embed") == 0;
    stored_grid grid = {.has_class = te_safetensors_find(file, "cls_token") != NULL};
    if (!entry) {
        return te_fail(TE_ERR_FORMAT, "'%s' lacks the tensor '%s' of a ViT backbone with timm's names", path, name);
    }
    if (is_position) {
        TE_TRY(find_grid(&grid, model, param, entry, path));
    } else if (!same_shape(entry, &param->part_shape)) {
        return fail_shape(path, entry, &param->part_shape);
    }
    if (!read) {
        return TE_OK;
    }
    te_log(TE_LOG_DETAIL, "backbone tensor '%s' is used", name);
    return is_position ? read_positions(model, param, entry, grid, path) : read_entry(path, entry, param->data);
}

/* All of it is checked before any of it is read. */
static te_status read_backbone(te_model *model, const te_safetensors *file, const char *path, size_t *used)
{
    for (int pass = 0; pass < 2; pass++) {
        *used = 0;
        for (int i = 0; i < model->params.count; i++) {
            te_param *param = &model->params.list[i];
            if (strcmp(param->part, "backbone") == 0) {
                TE_TRY(visit_backbone_param(model, param, file, path, pass == 1));
                ++*used;
            }
        }
    }
    for (size_t i = 0; i < te_safetensors_count(file); i++) {
        char name[256];
        snprintf(name, sizeof name, "backbone.%s", te_safetensors_get(file, i)->name);
        if (te_params_find(&model->params, name) < 0) {
            te_log(TE_LOG_INFO, "backbone tensor '%s' is not used", te_safetensors_get(file, i)->name);
        }
    }
    return TE_OK;
}

te_status te_model_load_backbone(te_model *model, const char *path, size_t *used, size_t *ignored)
{
    TE_NEED(model, path);
    te_safetensors *file;
    size_t count;
    TE_TRY(te_params_load_all(&model->params));
    TE_TRY(te_safetensors_open(&file, path));
    te_status status = read_backbone(model, file, path, &count);
    if (status == TE_OK) {
        if (used) {
            *used = count;
        }
        if (ignored) {
            *ignored = te_safetensors_count(file) - count;
        }
    }
    te_safetensors_close(file);
    return status;
}
