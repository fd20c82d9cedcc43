/* The ops, as forward code calls them. Each returns the recorded result; failures are left in graph->status.
 *
 * Sizes: B batch, N tokens (h*w on a grid), C, D widths, T tasks, K classes. Layout: channels last unless said
 * otherwise. Every op is one row of te_ops; its kernels are kernels/<family>.cl, its rules host/ops/<family>.c.
 */
#ifndef TE_OPS_OPS_H
#define TE_OPS_OPS_H

#include "graph/graph.h"
#include "graph/plan.h"

/* The op table, ending with NULL. */
extern const te_op *const te_ops[];
extern const te_op te_op_linear, te_op_linear_dx, te_op_linear_dw, te_op_gelu, te_op_gelu_dx, te_op_sum, te_op_conv,
    te_op_conv_unfold, te_op_conv_flip, te_op_layernorm, te_op_layernorm_dx, te_op_layernorm_dscale,
    te_op_layernorm_dshift, te_op_attention, te_op_attention_dx, te_op_patches, te_op_position, te_op_drop_token,
    te_op_gate, te_op_gate_dx, te_op_memory_start, te_op_memory_read, te_op_memory_read_dexperts,
    te_op_memory_read_dmemory, te_op_memory_read_dgates, te_op_memory_write, te_op_memory_write_dmemory,
    te_op_memory_write_dalpha, te_op_memory_sum, te_op_batchnorm_stats, te_op_batchnorm, te_op_batchnorm_sums,
    te_op_batchnorm_dx, te_op_batchnorm_line, te_op_drop_token_dx, te_op_position_dtable, te_op_head_weights_dx,
    te_op_head_combine_dx, te_op_head_upsample_dx, te_op_residual, te_op_residual_dx, te_op_loss, te_op_loss_dx,
    te_op_square_sum, te_op_accumulate, te_op_adam, te_op_running_update,
    te_op_head_epilogue_dx, te_op_head_affine_dx, te_op_head_weights, te_op_head_affine, te_op_head_combine,
    te_op_head_upsample, te_op_head_predict;

/* TE_ERR_SETTING unless every item of kernels.variant, "op=variant" or a variant for all ops that have it, is in the table. */
te_status te_ops_check_variants(const char *setting);

/* ---- precision.c ---- */

/* A number as products of this precision take it. */
double te_precision_round(te_precision precision, double value);

/* The kernels' option for it, -D and all; "" for fp32. */
const char *te_precision_option(te_precision precision);

/* ---- linear.c: products ---- */

typedef struct te_linear_options {
    int groups; /* G independent products side by side; 0: 1 */
    int gelu;   /* apply GELU before the residual is added */
    te_precision precision; /* of x and w, or of dy and the other one; the graph's, set by te_linear() and its gradients */
} te_linear_options;

/* x (...,G*K), w (G*N,K), bias (G*N) or absent, residual (...,G*N) or absent -> (...,G*N):
 * act(x w^T + bias) + residual. */
te_tensor te_linear(te_graph *graph, te_tensor x, te_tensor w, te_tensor bias, te_tensor residual,
                    te_linear_options options);

/* Gradients, without GELU: dx (...,G*K) = dy w in each group; dw (G*N,K) = dy^T x. */
te_tensor te_linear_dx(te_graph *graph, te_tensor dy, te_tensor w, int groups);
te_tensor te_linear_dw(te_graph *graph, te_tensor dy, te_tensor x, int groups);

/* ---- gelu.c, sum.c ---- */

te_tensor te_gelu(te_graph *graph, te_tensor x);
/* dy * gelu'(x), in x's shape. */
te_tensor te_gelu_dx(te_graph *graph, te_tensor x, te_tensor dy);

typedef struct te_sum_options {
    int64_t columns;
} te_sum_options;

/* x (rows*columns) -> (columns): the sum over rows, in a fixed order. */
te_tensor te_sum(te_graph *graph, te_tensor x, int64_t columns);

/* ---- conv.c, conv_grad.c ---- */

typedef struct te_conv_options {
    int height, width; /* of the grid: N = height * width */
    int groups;        /* 0: 1 */
    int gelu;          /* apply GELU to the result */
    te_precision precision; /* as in te_linear_options */
} te_conv_options;

/* x (B,N,C), w (Cout,C/groups,k,k), bias (Cout) or absent -> (B,N,Cout): k x k, k odd, stride 1, zero padding k/2. */
te_tensor te_conv(te_graph *graph, te_tensor x, te_tensor w, te_tensor bias, te_conv_options options);

typedef struct te_unfold_options {
    int height, width, size; /* of the grid; k */
} te_unfold_options;

/* x (B,N,C) -> (B,N,C*k*k): each token's neighbours, channel-major; zero outside. */
te_tensor te_conv_unfold(te_graph *graph, te_tensor x, te_unfold_options options);

/* w (Cout,C/groups,k,k) -> (C,Cout/groups,k,k): outputs for inputs, offsets reversed, so that the convolution with it is
 * the transpose of that with w. */
te_tensor te_conv_flip(te_graph *graph, te_tensor w, int groups);

/* ---- layernorm.c ---- */

typedef struct te_layernorm_options {
    int groups; /* the last dimension is this many rows, each normalised by itself; 0: 1 */
    int gelu;
} te_layernorm_options;

/* x (...,G*C), scale, shift (G*C) -> the same shape; epsilon 1e-6. */
te_tensor te_layernorm(te_graph *graph, te_tensor x, te_tensor scale, te_tensor shift, te_layernorm_options options);

/* ---- attention.c ---- */

/* qkv (B,N,3*C), each of q, k, v head-major -> (B,N,C): softmax(q k^T / sqrt(C/heads)) v per head. */
te_tensor te_attention(te_graph *graph, te_tensor qkv, int heads);

/* ---- tokens.c ---- */

/* image (B,3,H,W) -> (B,N,768): rows of 16 x 16 patches, channel-major as in Conv2d's weight. */
te_tensor te_patches(te_graph *graph, te_tensor image);

typedef struct te_position_options {
    int height, width;           /* the grid of x */
    int from_height, from_width; /* the grid that position was learned on; resized bicubically (a = -0.75) */
} te_position_options;

/* x (B,N,C), position (1,N'+cls,C), class token (1,1,C) or absent -> (B,N+cls,C): class token first, position added. */
te_tensor te_position(te_graph *graph, te_tensor x, te_tensor position, te_tensor class_token,
                      te_position_options options);

/* x (B,N+1,C) -> (B,N,C): without the class token. */
te_tensor te_drop_token(te_graph *graph, te_tensor x);

/* ---- gate.c ---- */

typedef struct te_gate_options {
    int scores; /* S: per token and task */
    int keep;   /* zero all but the largest `keep` after the softmax, not renormalised; 0: keep all */
} te_gate_options;

/* scores (B,N,T*S) -> the same shape: softmax over each S. */
te_tensor te_gate(te_graph *graph, te_tensor scores, te_gate_options options);

/* ---- memory.c ---- */

/* vector (D) -> (B,N,D): the memory before the first tap. */
te_tensor te_memory_start(te_graph *graph, te_tensor vector, int64_t batch, int64_t tokens);

typedef struct te_memory_read_options {
    int experts; /* E */
    int task;    /* which S scores of each token are this task's: S = E + 1, or E without memory */
} te_memory_read_options;

/* experts (B,N,E*D), gates (B,N,T*S), memory (B,N,D) or absent -> z (B,N,D): sum_e g_e f_e (+ g_E+1 M). */
te_tensor te_memory_read(te_graph *graph, te_tensor experts, te_tensor gates, te_tensor memory,
                         te_memory_read_options options);

/* memory, written (B,N,D), alpha (D) -> (1-s) memory + s written, s = sigmoid(alpha). */
te_tensor te_memory_write(te_graph *graph, te_tensor memory, te_tensor written, te_tensor alpha);

/* a + b. */
te_tensor te_memory_sum(te_graph *graph, te_tensor a, te_tensor b);

/* ---- batchnorm.c: with the batch's statistics, for training ---- */

typedef struct te_batchnorm_options {
    int gelu;
} te_batchnorm_options;

/* x (rows,C) -> (2,C): mean and variance of the columns, the variance not corrected for the degree of freedom. */
te_tensor te_batchnorm_stats(te_graph *graph, te_tensor x);

/* x (rows,C), weight, bias (C) -> the same shape; epsilon 1e-5. stats: what te_batchnorm_stats() says of x, or absent. */
te_tensor te_batchnorm(te_graph *graph, te_tensor x, te_tensor weight, te_tensor bias, te_tensor stats,
                       te_batchnorm_options options);

/* ---- head.c: conv 3x3 of a map upsampled four times, on the small grid (MODEL.md section 4) ---- */

/* conv weight (O,D,3,3) -> (9*O,D): nine products side by side, offset-major. */
te_tensor te_head_weights(te_graph *graph, te_tensor weight);

/* conv bias, batch norm weight, bias, running mean, running variance (O) -> (2,O): scale and shift; epsilon 1e-5. */
te_tensor te_head_affine(te_graph *graph, te_tensor bias, const te_tensor norm[4]);

typedef struct te_head_options {
    int height, width; /* of the small grid */
} te_head_options;

/* products (B,N,9*O), affine (2,O) -> (B,16*N,O): gelu(scale * conv3x3(up4(x)) + shift); without affine the sums alone.
 */
te_tensor te_head_combine(te_graph *graph, te_tensor products, te_tensor affine, te_head_options options);

/* The same with a 1x1 convolution behind it: w (K,O), bias (K) -> (B,16*N,K). No gradient: for inference. */
te_tensor te_head_predict(te_graph *graph, te_tensor products, te_tensor affine, te_tensor w, te_tensor bias,
                          te_head_options options);

typedef struct te_head_upsample_options {
    int height, width;       /* of x */
    int to_height, to_width; /* of the result */
} te_head_upsample_options;

/* x (B,h*w,K) -> (B,K,H,W), planar: bilinear, align_corners = false. */
te_tensor te_head_upsample(te_graph *graph, te_tensor x, te_head_upsample_options options);

/* ---- residual.c (MODEL.md section 2, stochastic depth) ---- */

typedef struct te_residual_options {
    int line; /* of scale */
} te_residual_options;

/* x, branch (B,N,C), scale (S,B) -> x + scale[line][picture] branch. A scale of 0 leaves the branch out, whatever it
 * holds. scale is an input: it has no gradient. */
te_tensor te_residual(te_graph *graph, te_tensor x, te_tensor branch, te_tensor scale, te_residual_options options);

/* ---- cpu.c: kernels for processors, which work in vectors of 16 by themselves ---- */

/* Their variants win on processors with vectors. */
bool te_prefers_wide_cpu(const te_caps *caps, const te_call *call);
#define TE_CPU_VARIANT(supports, emit) {"cpu", supports, te_prefers_wide_cpu, emit, true}

/* Turn a launch into one of such a kernel with the same arguments: `x` by `y` work-items, in work-groups of one. */
void te_launch_on_cpu(te_launch *launch, const char *family, const char *kernel, int64_t x, int64_t y);

/* ---- loss.c (MODEL.md section 6) ---- */

typedef enum te_loss_kind {
    TE_LOSS_CLASSES,    /* soft-max cross-entropy; semseg, human_parts */
    TE_LOSS_FOREGROUND, /* the same over two classes, weighted by their frequency in the batch; sal */
    TE_LOSS_EDGE,       /* binary cross-entropy, edges weighted 0.95 */
    TE_LOSS_NORMALS,    /* L1 of unit vectors */
    TE_LOSS_DEPTH       /* L1 */
} te_loss_kind;

typedef struct te_loss_options {
    te_loss_kind kind;
} te_loss_options;

/* logits (B,K,H,W), labels (B,1,H,W) or (B,3,H,W) for normals -> (4): the loss, two factors that its gradient uses, and
 * the number of valid pixels. What is ignored: kernels/loss.cl. `pixels` (2), or absent: the valid pixels of a larger
 * batch that this one is a part of, as te_loss_count() gives them; the loss is then this part's share of that batch's. */
te_tensor te_loss(te_graph *graph, te_tensor logits, te_tensor labels, te_tensor pixels, te_loss_options options);

/* Add the valid pixels of `pictures` labels of `area` pixels each to pixels[0], those of the foreground (TE_LOSS_FOREGROUND)
 * to pixels[1]. K: channels of the logits. */
void te_loss_count(te_loss_kind kind, const float *labels, int64_t pictures, int64_t area, int64_t K, float pixels[2]);

#endif
