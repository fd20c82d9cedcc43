/* The backbone: a plain, pre-norm vision transformer with timm's names (MODEL.md section 2). */
#include "model/parts.h"

enum { MLP_RATIO = 4, PATCH_VALUES = 3 * TE_PATCH * TE_PATCH };

static const char *const part = "backbone";

static te_status declare_linear(te_params *params, const char *prefix, int64_t out, int64_t in)
{
    return te_declare_layer(params, &(te_layer_spec){.prefix = prefix, .part = part, .shape = TE_SHAPE2(out, in),
                                                     .weight = TE_INIT_TRUNCATED_NORMAL, .bias = TE_INIT_ZERO});
}

static te_status declare_norm(te_params *params, const char *prefix, int64_t width)
{
    return te_declare_layer(params, &(te_layer_spec){.prefix = prefix, .part = part, .shape = TE_SHAPE1(width),
                                                     .weight = TE_INIT_ONE, .bias = TE_INIT_ZERO});
}

static te_status declare_embedding(te_params *params, const te_config *config)
{
    int64_t C = config->C, tokens = (int64_t)config->grid_height * config->grid_width + config->cls_token;
    TE_TRY(te_declare_layer(params, &(te_layer_spec){.prefix = "backbone.patch_embed.proj", .part = part,
                                                     .shape = TE_SHAPE4(C, 3, TE_PATCH, TE_PATCH),
                                                     .weight = TE_INIT_UNIFORM, .bias = TE_INIT_UNIFORM}));
    TE_TRY(te_params_add(params, &(te_param_spec){.name = "backbone.pos_embed", .part = part,
                                                  .shape = TE_SHAPE3(1, tokens, C),
                                                  .init = TE_INIT_TRUNCATED_NORMAL}));
    return config->cls_token
               ? te_params_add(params, &(te_param_spec){.name = "backbone.cls_token", .part = part,
                                                        .shape = TE_SHAPE3(1, 1, C),
                                                        .init = TE_INIT_TRUNCATED_NORMAL})
               : TE_OK;
}

static te_status declare_block(te_params *params, int64_t C, int block)
{
    char name[96];
    TE_TRY(declare_norm(params, te_numbered(name, "backbone.blocks.%d.norm1", block), C));
    TE_TRY(declare_linear(params, te_numbered(name, "backbone.blocks.%d.attn.qkv", block), 3 * C, C));
    TE_TRY(declare_linear(params, te_numbered(name, "backbone.blocks.%d.attn.proj", block), C, C));
    TE_TRY(declare_norm(params, te_numbered(name, "backbone.blocks.%d.norm2", block), C));
    TE_TRY(declare_linear(params, te_numbered(name, "backbone.blocks.%d.mlp.fc1", block), MLP_RATIO * C, C));
    return declare_linear(params, te_numbered(name, "backbone.blocks.%d.mlp.fc2", block), C, MLP_RATIO * C);
}

te_status te_vit_declare(te_params *params, const te_config *config)
{
    TE_TRY(declare_embedding(params, config));
    for (int block = 0; block < config->blocks; block++) {
        TE_TRY(declare_block(params, config->C, block));
    }
    return declare_norm(params, "backbone.norm", config->C);
}

/* image (B,3,H,W) -> (B,N+cls,C) */
static te_tensor embed(te_graph *graph, const te_config *config, te_extent extent, te_tensor image)
{
    te_layer project = te_layer_of(graph, "backbone.patch_embed.proj");
    te_tensor position = te_graph_param(graph, "backbone.pos_embed");
    te_tensor class_token = config->cls_token ? te_graph_param(graph, "backbone.cls_token") : TE_ABSENT;
    project.weight.shape = TE_SHAPE2(config->C, PATCH_VALUES); /* the same numbers as rows: a patch is one row of x */
    te_tensor x = te_linear(graph, te_patches(graph, image), project.weight, project.bias, TE_ABSENT,
                            (te_linear_options){0});
    return te_position(graph, x, position, class_token,
                       (te_position_options){.height = extent.height, .width = extent.width,
                                             .from_height = config->grid_height, .from_width = config->grid_width});
}

static te_tensor normalise(te_graph *graph, const char *prefix, te_tensor x)
{
    te_layer norm = te_layer_of(graph, prefix);
    return te_layernorm(graph, x, norm.weight, norm.bias, (te_layernorm_options){0});
}

static te_tensor project(te_graph *graph, const char *prefix, te_tensor x, te_tensor residual, int gelu)
{
    te_layer layer = te_layer_of(graph, prefix);
    return te_linear(graph, x, layer.weight, layer.bias, residual, (te_linear_options){.gelu = gelu});
}

/* x + layer(y), where training may leave the layer's branch out: `scales` is absent or holds a line a branch. */
static te_tensor add_branch(te_graph *graph, const char *prefix, te_tensor x, te_tensor y, te_tensor scales, int line)
{
    if (scales.value < 0) {
        return project(graph, prefix, y, x, 0);
    }
    te_tensor branch = project(graph, prefix, y, TE_ABSENT, 0);
    return te_residual(graph, x, branch, scales, (te_residual_options){line});
}

/* x += proj(attention(norm1 x)); x += fc2(gelu(fc1(norm2 x))) */
static te_tensor forward_block(te_graph *graph, const te_config *config, int block, te_tensor x, te_tensor scales)
{
    char name[96];
    te_tensor y = normalise(graph, te_numbered(name, "backbone.blocks.%d.norm1", block), x);
    y = project(graph, te_numbered(name, "backbone.blocks.%d.attn.qkv", block), y, TE_ABSENT, 0);
    y = te_attention(graph, y, config->heads);
    x = add_branch(graph, te_numbered(name, "backbone.blocks.%d.attn.proj", block), x, y, scales, 2 * block);
    y = normalise(graph, te_numbered(name, "backbone.blocks.%d.norm2", block), x);
    y = project(graph, te_numbered(name, "backbone.blocks.%d.mlp.fc1", block), y, TE_ABSENT, 1);
    return add_branch(graph, te_numbered(name, "backbone.blocks.%d.mlp.fc2", block), x, y, scales, 2 * block + 1);
}

void te_vit_forward(te_graph *graph, const te_config *config, te_extent extent, te_tensor image, te_tensor *taps)
{
    graph->part = part;
    te_tensor x = embed(graph, config, extent, image);
    int tap = 0, last = config->taps[config->tap_count - 1];
    te_tensor scales = TE_ABSENT;
    if (graph->stochastic_depth) {
        scales = te_graph_input(graph, TE_SHAPE2(2 * last, extent.batch));
        te_graph_output(graph, scales, TE_DEPTH_SCALES);
    }
    for (int block = 0; block < last; block++) { /* blocks after the last tap have no reader */
        te_graph_begin_segment(graph);
        x = forward_block(graph, config, block, x, scales);
        te_graph_end_segment(graph);
        if (config->taps[tap] == block + 1) {
            te_tensor y = tap == config->tap_count - 1 ? normalise(graph, "backbone.norm", x) : x;
            taps[tap++] = config->cls_token ? te_drop_token(graph, y) : y;
        }
    }
}
