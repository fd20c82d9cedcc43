/* The parts of the network: each declares its params and records its forward pass.
 *
 * Sizes: B batch, N = h*w tokens, C backbone width, D decoder width, E experts, G gate width, S scores a task, T tasks.
 */
#ifndef TE_MODEL_PARTS_H
#define TE_MODEL_PARTS_H

#include "model/config.h"
#include "ops/ops.h"

/* The size of one recording: B pictures of h x w tokens. */
typedef struct te_extent {
    int batch, height, width;
} te_extent;

/* "name<l>rest" with a number in it, in `text`, which is returned. */
const char *te_numbered(char text[96], const char *format, int number) __attribute__((format(printf, 2, 0)));

/* Params `<prefix>.weight` and `<prefix>.bias` of a layer whose weight has `shape`; part labels as in te_param_spec. */
typedef struct te_layer_spec {
    const char *prefix, *part;
    const char *const *labels;
    int label_count;
    te_shape shape;
    te_init weight, bias;
} te_layer_spec;

te_status te_declare_layer(te_params *params, const te_layer_spec *spec);

/* Params `<prefix>.weight` and `.bias` of a graph. */
typedef struct te_layer {
    te_tensor weight, bias;
} te_layer;

te_layer te_layer_of(te_graph *graph, const char *prefix);

/* ---- vit.c: the backbone (section 2) ---- */

te_status te_vit_declare(te_params *params, const te_config *config);
/* image (B,3,H,W) -> taps[l] (B,N,C), the last one normalised. */
void te_vit_forward(te_graph *graph, const te_config *config, te_extent extent, te_tensor image, te_tensor *taps);

/* ---- mmoe.c: experts, gates and memory of one tap (section 3) ---- */

te_status te_mmoe_declare(te_params *params, const te_config *config);
/* Memories before the first tap, one a task (B,N,D); absent without memory. */
void te_mmoe_start(te_graph *graph, const te_config *config, te_extent extent, te_tensor *memories);
/* What happened at a tap: the experts' features side by side (B,N,E*D), the gates (B,N,T*S). */
typedef struct te_mmoe_results {
    te_tensor features, gates;
} te_mmoe_results;

/* tap (B,N,C): memories[t] are read and written; without memory, decoded features are summed there. */
te_mmoe_results te_mmoe_forward(te_graph *graph, const te_config *config, te_extent extent, int tap_index, te_tensor tap,
                                te_tensor *memories);

/* ---- heads.c (section 4) ---- */

te_status te_heads_declare(te_params *params, const te_config *config);
/* memory (B,N,D) of the config's task `task` -> logits (B,K,H,W). */
te_tensor te_head_forward(te_graph *graph, const te_config *config, te_extent extent, int task, te_tensor memory);

#endif
