/* Weights of one model into another of other settings: fine-tuning to other classes, tasks or sizes starts so. */
#include "model/model.h"

#include "base/log.h"

#include <string.h>

/* One tensor as weight files have them. */
typedef struct place {
    const te_param *param;
    const float *data;
} place;

static bool find_place(const te_params *params, const char *name, place *found)
{
    for (int i = 0; i < params->count; i++) {
        const te_param *param = &params->list[i];
        for (int part = 0; part < param->part_count; part++) {
            if (strcmp(param->names[part], name) == 0) {
                *found = (place){.param = param, .data = param->data + part * te_shape_count(&param->part_shape)};
                return true;
            }
        }
    }
    return false;
}

static void tell_new(const te_param *param, int part, const te_param *other)
{
    char is[64], was[64];
    if (other) {
        te_log(TE_LOG_INFO, "tensor '%s' is new: its shape is %s, it was %s", param->names[part],
               te_shape_text(&param->part_shape, is), te_shape_text(&other->part_shape, was));
    } else {
        te_log(TE_LOG_INFO, "tensor '%s' is new", param->names[part]);
    }
}

static bool set_part(te_param *param, int part, const te_params *from)
{
    place found = {0};
    size_t elements = (size_t)te_shape_count(&param->part_shape);
    bool there = find_place(from, param->names[part], &found);
    if (!there || !te_shape_equal(&found.param->part_shape, &param->part_shape)) {
        tell_new(param, part, found.param);
        return false;
    }
    memcpy(param->data + (size_t)part * elements, found.data, elements * sizeof *param->data);
    return true;
}

te_status te_model_set_weights(te_model *model, te_model *from, te_transfer *transfer)
{
    TE_NEED(model, from, transfer);
    te_transfer counts = {0};
    TE_TRY(te_model_resize(from, model->config.height, model->config.width));
    TE_TRY(te_params_load_all(&from->params));
    TE_TRY(te_params_load_all(&model->params));
    for (int i = 0; i < model->params.count; i++) {
        te_param *param = &model->params.list[i];
        for (int part = 0; part < param->part_count; part++) {
            if (set_part(param, part, &from->params)) {
                counts.used++;
            } else {
                counts.kept++;
            }
        }
    }
    for (int i = 0; i < from->params.count; i++) {
        counts.unused += (size_t)from->params.list[i].part_count;
    }
    counts.unused -= counts.used;
    *transfer = counts;
    return TE_OK;
}
