/* The memorial mixture of experts at one tap: shared experts, a gate and a memory for each task (MODEL.md section 3).
 *
 * Experts and gates of all tasks read the same tap, so their first layers are one product each, and their weights lie
 * side by side in one param with a part for each expert or task.
 */
#include "model/parts.h"

#include <stdio.h>

enum { MLP_GATE_RATIO = 4 };

/* Names of the experts' parts. */
static const char *const numbers[TE_MAX_EXPERTS] = {
    "0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11", "12", "13", "14", "15",
    "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
    "32", "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47",
    "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "61", "62", "63"};

/* ---- declaration ---- */

static te_status declare_experts(te_params *params, const te_config *config, int tap)
{
    char name[96];
    int64_t E = config->experts, hidden = config->hidden;
    bool conv = config->expert == TE_EXPERT_CONV;
    te_layer_spec layer = {.prefix = name, .part = "experts", .labels = numbers, .label_count = config->experts,
                           .shape = conv ? TE_SHAPE4(E * hidden, config->C, 3, 3) : TE_SHAPE2(E * hidden, config->C),
                           .weight = conv ? TE_INIT_UNIFORM : TE_INIT_TRUNCATED_NORMAL,
                           .bias = conv ? TE_INIT_UNIFORM : TE_INIT_ZERO};
    snprintf(name, sizeof name, "mmoe.%d.experts.%%s.fc1", tap);
    TE_TRY(te_declare_layer(params, &layer));
    snprintf(name, sizeof name, "mmoe.%d.experts.%%s.fc2", tap);
    layer.shape = TE_SHAPE2(E * config->D, hidden);
    layer.weight = TE_INIT_TRUNCATED_NORMAL;
    layer.bias = TE_INIT_ZERO;
    return te_declare_layer(params, &layer);
}

static te_status declare_mlp_gates(te_params *params, const te_config *config, int tap)
{
    char name[96];
    int64_t T = config->task_count, hidden = MLP_GATE_RATIO * config->C;
    te_layer_spec layer = {.prefix = name, .part = "gates", .labels = config->task_names,
                           .label_count = config->task_count, .shape = TE_SHAPE2(T * hidden, config->C),
                           .weight = TE_INIT_TRUNCATED_NORMAL, .bias = TE_INIT_ZERO};
    snprintf(name, sizeof name, "mmoe.%d.gates.%%s.fc1", tap);
    TE_TRY(te_declare_layer(params, &layer));
    snprintf(name, sizeof name, "mmoe.%d.gates.%%s.fc2", tap);
    layer.shape = TE_SHAPE2(T * config->scores, hidden);
    return te_declare_layer(params, &layer);
}

static te_status declare_conv_gates(te_params *params, const te_config *config, int tap)
{
    char name[96];
    int64_t T = config->task_count, G = config->gate_width, k = config->gate_size;
    te_layer_spec layer = {.prefix = name, .part = "gates", .labels = config->task_names,
                           .label_count = config->task_count, .shape = TE_SHAPE4(T * G, config->C, k, k),
                           .weight = TE_INIT_UNIFORM, .bias = TE_INIT_UNIFORM};
    snprintf(name, sizeof name, "mmoe.%d.gates.%%s.conv1", tap);
    TE_TRY(te_declare_layer(params, &layer));
    snprintf(name, sizeof name, "mmoe.%d.gates.%%s.conv2", tap);
    layer.shape = TE_SHAPE4(T * config->scores, G, k, k);
    TE_TRY(te_declare_layer(params, &layer));
    snprintf(name, sizeof name, "mmoe.%d.gates.%%s.norm", tap);
    layer.shape = TE_SHAPE1(T * G);
    layer.weight = TE_INIT_ONE;
    layer.bias = TE_INIT_ZERO;
    return te_declare_layer(params, &layer);
}

static te_status declare_writes(te_params *params, const te_config *config, int tap)
{
    char name[96];
    for (int t = 0; t < config->task_count; t++) {
        snprintf(name, sizeof name, "mmoe.%d.write.%s", tap, config->task_names[t]);
        te_layer_spec layer = {.prefix = name, .part = "memory", .shape = TE_SHAPE2(config->D, config->D),
                               .weight = TE_INIT_TRUNCATED_NORMAL, .bias = TE_INIT_ZERO};
        TE_TRY(te_declare_layer(params, &layer));
        if (config->write == TE_WRITE_GATED) {
            snprintf(name, sizeof name, "mmoe.%d.alpha.%s", tap, config->task_names[t]);
            TE_TRY(te_params_add(params, &(te_param_spec){.name = name, .part = "memory",
                                                          .shape = TE_SHAPE1(config->D), .init = TE_INIT_ZERO}));
        }
    }
    return TE_OK;
}

te_status te_mmoe_declare(te_params *params, const te_config *config)
{
    char name[96];
    for (int t = 0; config->memory && t < config->task_count; t++) {
        snprintf(name, sizeof name, "memory.%s", config->task_names[t]);
        TE_TRY(te_params_add(params, &(te_param_spec){.name = name, .part = "memory", .shape = TE_SHAPE1(config->D),
                                                      .init = TE_INIT_ZERO}));
    }
    for (int tap = 0; tap < config->tap_count; tap++) {
        TE_TRY(declare_experts(params, config, tap));
        TE_TRY(config->gate == TE_GATE_MLP ? declare_mlp_gates(params, config, tap)
                                           : declare_conv_gates(params, config, tap));
        if (config->memory) {
            TE_TRY(declare_writes(params, config, tap));
        }
    }
    return TE_OK;
}

/* ---- forward ---- */

/* tap (B,N,C) -> all experts' features side by side (B,N,E*D) */
static te_tensor experts_forward(te_graph *graph, const te_config *config, te_extent extent, int tap_index,
                                 te_tensor tap)
{
    char name[96];
    te_layer fc1 = te_layer_of(graph, te_numbered(name, "mmoe.%d.experts.*.fc1", tap_index));
    te_layer fc2 = te_layer_of(graph, te_numbered(name, "mmoe.%d.experts.*.fc2", tap_index));
    te_tensor hidden = config->expert == TE_EXPERT_CONV
                           ? te_conv(graph, tap, fc1.weight, fc1.bias,
                                     (te_conv_options){.height = extent.height, .width = extent.width, .gelu = 1})
                           : te_linear(graph, tap, fc1.weight, fc1.bias, TE_ABSENT, (te_linear_options){.gelu = 1});
    return te_linear(graph, hidden, fc2.weight, fc2.bias, TE_ABSENT, (te_linear_options){.groups = config->experts});
}

/* tap (B,N,C) -> scores before the soft-max (B,N,T*S) */
static te_tensor conv_scores(te_graph *graph, const te_config *config, te_extent extent, int tap_index, te_tensor tap)
{
    char name[96];
    te_layer conv1 = te_layer_of(graph, te_numbered(name, "mmoe.%d.gates.*.conv1", tap_index));
    te_layer norm = te_layer_of(graph, te_numbered(name, "mmoe.%d.gates.*.norm", tap_index));
    te_layer conv2 = te_layer_of(graph, te_numbered(name, "mmoe.%d.gates.*.conv2", tap_index));
    te_conv_options grid = {.height = extent.height, .width = extent.width};
    te_tensor x = te_conv(graph, tap, conv1.weight, conv1.bias, grid);
    x = te_layernorm(graph, x, norm.weight, norm.bias,
                     (te_layernorm_options){.groups = config->task_count, .gelu = 1});
    grid.groups = config->task_count;
    return te_conv(graph, x, conv2.weight, conv2.bias, grid);
}

static te_tensor mlp_scores(te_graph *graph, const te_config *config, int tap_index, te_tensor tap)
{
    char name[96];
    te_layer fc1 = te_layer_of(graph, te_numbered(name, "mmoe.%d.gates.*.fc1", tap_index));
    te_layer fc2 = te_layer_of(graph, te_numbered(name, "mmoe.%d.gates.*.fc2", tap_index));
    te_tensor hidden = te_linear(graph, tap, fc1.weight, fc1.bias, TE_ABSENT, (te_linear_options){.gelu = 1});
    return te_linear(graph, hidden, fc2.weight, fc2.bias, TE_ABSENT,
                     (te_linear_options){.groups = config->task_count});
}

/* M <- M + write(z), M <- write(z), or M <- (1-s) M + s write(z) */
static te_tensor write_memory(te_graph *graph, const te_config *config, int tap_index, int task, te_tensor memory,
                              te_tensor z)
{
    char name[96];
    snprintf(name, sizeof name, "mmoe.%d.write.%s", tap_index, config->task_names[task]);
    te_layer write = te_layer_of(graph, name);
    te_tensor residual = config->write == TE_WRITE_ADD ? memory : TE_ABSENT;
    te_tensor written = te_linear(graph, z, write.weight, write.bias, residual, (te_linear_options){0});
    if (config->write != TE_WRITE_GATED) {
        return written;
    }
    snprintf(name, sizeof name, "mmoe.%d.alpha.%s", tap_index, config->task_names[task]);
    return te_memory_write(graph, memory, written, te_graph_param(graph, name));
}

void te_mmoe_start(te_graph *graph, const te_config *config, te_extent extent, te_tensor *memories)
{
    char name[96];
    graph->part = "memory";
    for (int t = 0; t < config->task_count; t++) {
        snprintf(name, sizeof name, "memory.%s", config->task_names[t]);
        memories[t] = config->memory ? te_memory_start(graph, te_graph_param(graph, name), extent.batch,
                                                       (int64_t)extent.height * extent.width)
                                     : TE_ABSENT;
    }
}

te_mmoe_results te_mmoe_forward(te_graph *graph, const te_config *config, te_extent extent, int tap_index, te_tensor tap,
                                te_tensor *memories)
{
    te_graph_begin_segment(graph);
    graph->part = "experts";
    te_tensor features = experts_forward(graph, config, extent, tap_index, tap);
    graph->part = "gates";
    te_tensor scores = config->gate == TE_GATE_MLP ? mlp_scores(graph, config, tap_index, tap)
                                                   : conv_scores(graph, config, extent, tap_index, tap);
    te_tensor gates = te_gate(graph, scores, (te_gate_options){.scores = config->scores, .keep = config->keep});
    graph->part = "memory";
    for (int t = 0; t < config->task_count; t++) {
        te_tensor memory = config->memory ? memories[t] : TE_ABSENT;
        te_tensor z = te_memory_read(graph, features, gates, memory,
                                     (te_memory_read_options){.experts = config->experts, .task = t});
        if (config->memory) {
            memories[t] = write_memory(graph, config, tap_index, t, memory, z);
        } else {
            memories[t] = tap_index == 0 ? z : te_memory_sum(graph, memories[t], z);
        }
    }
    te_graph_end_segment(graph);
    return (te_mmoe_results){.features = features, .gates = gates};
}
