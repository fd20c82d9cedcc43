#include "model/config.h"

#include <stdlib.h>
#include <string.h>

/* timm's vit_{tiny,small,base,large}_patch16_384 and the decoder that goes with each. */
static const struct {
    const char *name;
    int C, blocks, heads, taps[4];
    int D, hidden, gate_width;
} backbones[TE_BACKBONE_COUNT] = {
    [TE_TINY] = {"tiny", 192, 12, 3, {3, 6, 9, 12}, 96, 0, 32},
    [TE_SMALL] = {"small", 384, 12, 6, {3, 6, 9, 12}, 192, 0, 128},
    [TE_BASE] = {"base", 768, 12, 12, {3, 6, 9, 12}, 768, 0, 128},
    [TE_LARGE] = {"large", 1024, 24, 16, {6, 12, 18, 24}, 512, 2560, 128},
};

static int or_default(int value, int otherwise)
{
    return value ? value : otherwise;
}

static te_status resolve_backbone(te_config *config, const struct te_settings *settings)
{
    te_backbone backbone = settings->model.backbone;
    config->C = or_default(settings->model.width, backbones[backbone].C);
    config->blocks = or_default(settings->model.blocks, backbones[backbone].blocks);
    config->heads = or_default(settings->model.heads, backbones[backbone].heads);
    config->cls_token = settings->model.cls_token;
    if (config->C % config->heads) {
        return te_fail(TE_ERR_SETTING, "'model.width' %d is not a multiple of 'model.heads' %d", config->C,
                       config->heads);
    }
    if (config->C / config->heads > TE_MAX_HEAD_WIDTH) {
        return te_fail(TE_ERR_SETTING, "'model.width' %d over 'model.heads' %d is %d channels a head; at most %d",
                       config->C, config->heads, config->C / config->heads, TE_MAX_HEAD_WIDTH);
    }
    config->tap_count = 0;
    const char *text = settings->model.taps;
    char *end;
    for (long tap; (tap = strtol(text, &end, 10)), end != text && config->tap_count < TE_MAX_TAPS; text = end) {
        config->taps[config->tap_count++] = (int)tap;
    }
    if (config->tap_count == 0) {
        config->tap_count = 4;
        memcpy(config->taps, backbones[backbone].taps, sizeof backbones[backbone].taps);
    }
    if (config->taps[config->tap_count - 1] > config->blocks) {
        return te_fail(TE_ERR_SETTING, "%s block %d of %d: set 'model.taps' to blocks that exist",
                       *settings->model.taps ? "'model.taps' names" : "the backbone is tapped by default at",
                       config->taps[config->tap_count - 1], config->blocks);
    }
    return TE_OK;
}

static te_status resolve_decoder(te_config *config, const struct te_settings *settings)
{
    static const int gate_sizes[] = {[TE_GATE_CONV1] = 1, [TE_GATE_CONV3] = 3, [TE_GATE_CONV5] = 5, [TE_GATE_MLP] = 0};
    static const char sparse[] = "sparse:";
    te_backbone backbone = settings->model.backbone;
    config->D = or_default(settings->model.decoder_width, backbones[backbone].D);
    config->experts = settings->model.experts;
    config->hidden = or_default(settings->model.expert_hidden, or_default(backbones[backbone].hidden, 4 * config->D));
    config->expert = settings->model.expert;
    config->gate = settings->model.gate;
    config->gate_width = or_default(settings->model.gate_width, backbones[backbone].gate_width);
    config->gate_size = gate_sizes[config->gate];
    config->memory = settings->model.memory;
    config->scores = config->experts + (config->memory ? 1 : 0);
    config->write = settings->model.write;
    bool is_sparse = strncmp(settings->model.connection, sparse, sizeof sparse - 1) == 0;
    config->keep = is_sparse ? atoi(settings->model.connection + sizeof sparse - 1) : 0;
    if (config->keep > config->scores) {
        return te_fail(TE_ERR_SETTING, "'model.connection' keeps %d of %d scores", config->keep, config->scores);
    }
    return TE_OK;
}

static te_status resolve_tasks(te_config *config, const struct te_settings *settings)
{
    config->task_count = te_task_read_list(settings->model.tasks, config->tasks);
    for (int t = 0; t < config->task_count; t++) {
        te_task_id task = config->tasks[t];
        config->task_names[t] = te_tasks[task].name;
        config->channels[t] = task == TE_SEMSEG ? settings->model.semseg_classes : te_tasks[task].channels;
    }
    return config->task_count ? TE_OK
                              : te_fail(TE_ERR_SETTING, "'model.tasks' is '%s', which are no tasks", settings->model.tasks);
}

te_status te_config_resolve(te_config *config, const struct te_settings *settings)
{
    *config = (te_config){.height = settings->input.height, .width = settings->input.width};
    config->grid_height = config->height / TE_PATCH; /* settings are multiples */
    config->grid_width = config->width / TE_PATCH;
    TE_TRY(resolve_backbone(config, settings));
    TE_TRY(resolve_decoder(config, settings));
    TE_TRY(te_classes_check(settings));
    memcpy(config->semseg_names, settings->model.semseg_names, sizeof config->semseg_names);
    return resolve_tasks(config, settings);
}

te_classes te_config_get_classes(const te_config *config, int t)
{
    return (te_classes){.task = config->tasks[t], .count = config->channels[t], .names = config->semseg_names};
}
