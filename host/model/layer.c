#include "model/parts.h"

#include <stdio.h>

const char *te_numbered(char text[96], const char *format, int number)
{
    snprintf(text, 96, format, number);
    return text;
}

static int64_t fan_in(const te_shape *weight)
{
    return te_shape_count(weight) / weight->size[0];
}

te_status te_declare_layer(te_params *params, const te_layer_spec *spec)
{
    char name[128];
    te_param_spec param = {.name = name, .part = spec->part, .labels = spec->labels, .label_count = spec->label_count,
                           .shape = spec->shape, .init = spec->weight, .fan_in = fan_in(&spec->shape)};
    snprintf(name, sizeof name, "%s.weight", spec->prefix);
    TE_TRY(te_params_add(params, &param));
    snprintf(name, sizeof name, "%s.bias", spec->prefix);
    param.shape = TE_SHAPE1(spec->shape.size[0]);
    param.init = spec->bias;
    return te_params_add(params, &param);
}

te_layer te_layer_of(te_graph *graph, const char *prefix)
{
    char name[128];
    te_layer layer;
    snprintf(name, sizeof name, "%s.weight", prefix);
    layer.weight = te_graph_param(graph, name);
    snprintf(name, sizeof name, "%s.bias", prefix);
    layer.bias = te_graph_param(graph, name);
    return layer;
}
