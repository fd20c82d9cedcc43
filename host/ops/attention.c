/* attention: multi-head self-attention from packed q, k, v, without an N x N matrix. */
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CPU_HEAD = 64, CPU_QUERIES = 24, CPU_TILE_KEYS = 32, CPU_LOCAL_BYTES = (24 * 512 + 2 * 24 * 64) * 4 };
enum { MAX_HEAD = 256 };

typedef struct attention_options {
    int heads;
} attention_options;

static int heads_of(const te_call *call)
{
    return ((const attention_options *)(const void *)call->attributes)->heads;
}

static int head_width(const te_call *call)
{
    return (int)(call->in[0].size[2] / 3 / heads_of(call));
}

static te_status shape(te_call *call)
{
    const te_shape *qkv = &call->in[0];
    int heads = heads_of(call);
    if (qkv->rank != 3 || heads < 1 || qkv->size[2] % (3 * heads) || head_width(call) > MAX_HEAD) {
        return te_call_fail(call, "qkv (B,N,3*heads*D) with D of at most 256");
    }
    call->out = TE_SHAPE3(qkv->size[0], qkv->size[1], qkv->size[2] / 3);
    return TE_OK;
}

static te_status emit_generic(te_plan *plan, const te_call *call)
{
    size_t tokens = (size_t)call->in[0].size[1];
    int D = head_width(call), keys = 16;
    size_t group = te_plan_work_group(plan) < 64 ? te_plan_work_group(plan) : 64;
    while (keys > 1 && (uint64_t)(2 * keys * (D + 3)) * sizeof(float) > te_plan_caps(plan)->local_memory / 2) {
        keys /= 2; /* half of the local memory leaves room for a second work-group */
    }
    char options[64];
    snprintf(options, sizeof options, "-DHEAD=%d -DGROUP=%zu -DKEYS=%d", D, group, keys);
    te_launch launch = {.family = "attention", .kernel = "attention", .options = options, .writes = call->out_value,
                        .global = {tokens, (size_t)heads_of(call), (size_t)call->in[0].size[0]},
                        .local = {group, 1, 1},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(tokens),
                                      TE_INT(heads_of(call)), TE_FLOAT(1.0f / sqrtf((float)D))}};
    return te_plan_launch(plan, &launch);
}

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    return head_width(call) == CPU_HEAD && caps->local_memory >= CPU_LOCAL_BYTES;
}

static bool prefers_cpu(const te_caps *caps, const te_call *call)
{
    (void)call;
    return te_caps_wide_cpu(caps);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], heads = heads_of(call);
    int64_t blocks = (tokens + CPU_TILE_KEYS - 1) / CPU_TILE_KEYS;
    int keys = te_plan_scratch(plan, batch * heads * blocks * CPU_TILE_KEYS * CPU_HEAD, -1);
    int values = te_plan_scratch(plan, batch * heads * blocks * CPU_TILE_KEYS * CPU_HEAD, -1);
    if (keys < 0 || values < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch pack = {.family = "attention_cpu", .kernel = "attention_pack", .writes = keys,
                      .global = {(size_t)blocks, (size_t)heads, (size_t)batch}, .local = {1, 1, 1},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(keys), TE_VALUE(values), TE_INT(tokens),
                                    TE_INT(heads)}};
    te_launch attend = {.family = "attention_cpu", .kernel = "attention_cpu", .writes = call->out_value,
                        .global = {(size_t)((tokens + CPU_QUERIES - 1) / CPU_QUERIES), (size_t)heads, (size_t)batch},
                        .local = {1, 1, 1},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(keys), TE_VALUE(values),
                                      TE_VALUE(call->out_value), TE_INT(tokens), TE_INT(heads),
                                      TE_FLOAT(1.0f / sqrtf((float)CPU_HEAD))}};
    TE_TRY(te_plan_launch(plan, &pack));
    return te_plan_launch(plan, &attend);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit_generic},
                                      {"cpu", supports_cpu, prefers_cpu, emit_cpu},
                                      {0}};

/* One query of one head: out[0..D) */
static void attend(const double *q, const double *k, const double *v, int64_t tokens, int64_t stride, int64_t D,
                   double *scores, double *out)
{
    double most = -INFINITY, total = 0;
    for (int64_t n = 0; n < tokens; n++) {
        scores[n] = 0;
        for (int64_t d = 0; d < D; d++) {
            scores[n] += q[d] * k[n * stride + d] / sqrt((double)D);
        }
        most = scores[n] > most ? scores[n] : most;
    }
    for (int64_t n = 0; n < tokens; n++) {
        scores[n] = exp(scores[n] - most);
        total += scores[n];
    }
    for (int64_t d = 0; d < D; d++) {
        out[d] = 0;
        for (int64_t n = 0; n < tokens; n++) {
            out[d] += scores[n] / total * v[n * stride + d];
        }
    }
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t batch = call->in[0].size[0], tokens = call->in[0].size[1], D = head_width(call), C = D * heads_of(call);
    double *scores = calloc((size_t)tokens, sizeof *scores);
    for (int64_t b = 0; scores && b < batch; b++) {
        const double *qkv = in[0] + b * tokens * 3 * C;
        for (int64_t n = 0; n < tokens; n++) {
            for (int64_t c = 0; c < C; c += D) {
                attend(qkv + n * 3 * C + c, qkv + C + c, qkv + 2 * C + c, tokens, 3 * C, D, scores,
                       out + (b * tokens + n) * C + c);
            }
        }
    }
    free(scores);
}

static uint64_t macs(const te_call *call)
{
    return (uint64_t)(2 * call->in[0].size[0] * call->in[0].size[1] * call->in[0].size[1] * call->out.size[2]);
}

static const attention_options one = {1}, two = {2}, three = {3};

static const te_case cases[] = {
    {{TE_SHAPE3(1, 1, 3 * 4)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 13, 3 * 36)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 70, 3 * 2 * 64)}, &two, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 1030, 3 * 64)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 3 * 3 * 5)}, &three, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 33, 3 * 64)}, &one, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two, TE_FILL_INF},
    {{TE_SHAPE3(1, 20, 3 * 2 * 64)}, &two, TE_FILL_NAN},
    {{TE_SHAPE3(1, 20, 3 * 2 * 16)}, &two, TE_FILL_NAN},
};

const te_op te_op_attention = {.name = "attention", .attribute_bytes = sizeof(attention_options), .shape = shape,
                               .variants = variants, .reference = reference, .macs = macs, TE_CASES(cases)};

te_tensor te_attention(te_graph *graph, te_tensor qkv, int heads)
{
    return te_graph_call(graph, &te_op_attention, &(attention_options){heads}, 1, &qkv);
}
