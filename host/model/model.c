#include "model/model.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const part_names[] = {"backbone", "experts", "gates", "memory", "heads"};
enum { PART_COUNT = sizeof part_names / sizeof part_names[0] };

te_status te_model_declare(te_model **model, const te_settings *settings)
{
    te_model *declared = te_alloc(1, sizeof *declared, "a model");
    if (!declared) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    TE_TRY_OUT(te_settings_copy(&declared->settings, settings));
    TE_TRY_OUT(te_config_resolve(&declared->config, settings));
    TE_TRY_OUT(te_vit_declare(&declared->params, &declared->config));
    TE_TRY_OUT(te_mmoe_declare(&declared->params, &declared->config));
    TE_TRY_OUT(te_heads_declare(&declared->params, &declared->config));
    *model = declared;
    return TE_OK;
out:
    te_model_free(declared);
    return status;
}

te_status te_model_create(te_model **model, const te_settings *settings, uint64_t seed)
{
    TE_NEED(model, settings);
    te_model *created;
    TE_TRY(te_model_declare(&created, settings));
    te_status status = te_params_fill(&created->params, seed);
    if (status != TE_OK) {
        te_model_free(created);
        return status;
    }
    *model = created;
    return TE_OK;
}

void te_model_free(te_model *model)
{
    if (model) {
        te_params_clear(&model->params);
        te_settings_free(model->settings);
        free(model);
    }
}

const te_settings *te_model_get_settings(const te_model *model)
{
    return model->settings;
}

void te_model_warn(const te_model *model, const te_settings *settings)
{
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        char given[TE_TEXT_SETTING], own[TE_TEXT_SETTING];
        if (strncmp(info->key, "model.", 6) == 0 && te_settings_get(settings, info->key, given, sizeof given) == TE_OK &&
            te_settings_get(model->settings, info->key, own, sizeof own) == TE_OK &&
            strcmp(given, info->default_value) != 0 && strcmp(given, own) != 0) {
            te_log(TE_LOG_WARNING, "setting '%s' is '%s', but the model was made with '%s', and that counts", info->key,
                   given, own);
            return;
        }
    }
}

size_t te_model_count_tasks(const te_model *model)
{
    return (size_t)model->config.task_count;
}

const char *te_model_get_task(const te_model *model, size_t index)
{
    return index < (size_t)model->config.task_count ? model->config.task_names[index] : NULL;
}

te_status te_model_get_class(const te_model *model, const char *task, int index, char *name, size_t bytes)
{
    TE_NEED(model, task, name);
    const te_config *config = &model->config;
    int t = 0;
    while (t < config->task_count && strcmp(config->task_names[t], task) != 0) {
        t++;
    }
    if (t == config->task_count || te_tasks[config->tasks[t]].reading != TE_READ_CLASS) {
        return te_fail(TE_ERR_ARGUMENT, "the model has no classes of a task '%s'", task);
    }
    if (index < 0 || index >= config->channels[t]) {
        return te_fail(TE_ERR_ARGUMENT, "there is no class '%d' of '%s', which has %d", index, task, config->channels[t]);
    }
    char found[TE_CLASS_NAME];
    te_classes classes = te_config_get_classes(config, t);
    te_class_name(&classes, index, found);
    if (strlen(found) >= bytes) {
        return te_fail(TE_ERR_ARGUMENT, "the name '%s' needs %zu bytes, only %zu are offered", found, strlen(found) + 1, bytes);
    }
    memcpy(name, found, strlen(found) + 1);
    return TE_OK;
}

static void name_output(te_graph *graph, te_tensor tensor, const char *kind, int tap, const char *task)
{
    char name[TE_VALUE_NAME];
    snprintf(name, sizeof name, "%s.%d%s%s", kind, tap, task ? "." : "", task ? task : "");
    te_graph_output(graph, tensor, name);
}

te_tensor te_model_record(const te_model *model, te_graph *graph, te_extent extent, int keep)
{
    const te_config *config = &model->config;
    te_tensor taps[TE_MAX_TAPS], memories[TE_TASK_COUNT];
    graph->params = &model->params;
    te_tensor image = te_graph_input(graph, TE_SHAPE4(extent.batch, 3, TE_PATCH * extent.height,
                                                      TE_PATCH * extent.width));
    te_vit_forward(graph, config, extent, image, taps);
    te_mmoe_start(graph, config, extent, memories);
    for (int tap = 0; tap < config->tap_count; tap++) {
        te_mmoe_results results = te_mmoe_forward(graph, config, extent, tap, taps[tap], memories);
        if (keep > 0) {
            name_output(graph, results.gates, "gates", tap, NULL);
        }
        if (keep > 1) {
            name_output(graph, taps[tap], "tap", tap, NULL);
        }
        for (int t = 0; keep > 1 && t < config->task_count; t++) {
            name_output(graph, memories[t], "memory", tap, config->task_names[t]);
        }
        if (keep > 2) {
            name_output(graph, results.features, "experts", tap, NULL);
        }
    }
    for (int t = 0; t < config->task_count; t++) {
        char name[TE_VALUE_NAME];
        snprintf(name, sizeof name, "logits.%s", config->task_names[t]);
        te_graph_output(graph, te_head_forward(graph, config, extent, t, memories[t]), name);
    }
    return image;
}

/* ---- counts ---- */

size_t te_model_count_parts(const te_model *model)
{
    (void)model;
    return PART_COUNT;
}

te_status te_model_get_part(const te_model *model, size_t index, te_model_part *part)
{
    TE_NEED(model, part);
    if (index >= PART_COUNT) {
        return te_fail(TE_ERR_ARGUMENT, "a model has %d parts, part %zu does not exist", PART_COUNT, index);
    }
    te_graph graph = {0};
    te_extent extent = {.batch = 1, .height = model->config.grid_height, .width = model->config.grid_width};
    te_model_record(model, &graph, extent, 0);
    te_status status = graph.status;
    if (status == TE_OK) {
        *part = (te_model_part){.parameters = te_params_count(&model->params, part_names[index]),
                                .macs = te_graph_macs(&graph, part_names[index])};
        snprintf(part->name, sizeof part->name, "%s", part_names[index]);
    }
    te_graph_clear(&graph);
    return status;
}
