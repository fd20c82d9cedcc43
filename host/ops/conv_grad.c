/* What the gradients of a convolution are made of: rows of neighbours, and weights the other way round. */
#include "ops/conv.h"

/* ---- conv_unfold ---- */

static int64_t area_of(const te_call *call)
{
    const te_unfold_options *o = (const void *)call->attributes;
    return (int64_t)o->size * o->size;
}

static te_status unfold_shape(te_call *call)
{
    const te_unfold_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0];
    if (x->rank != 3 || o->size < 1 || o->size % 2 == 0 || x->size[1] != (int64_t)o->height * o->width) {
        return te_call_fail(call, "x (B,h*w,C), k odd");
    }
    call->out = TE_SHAPE3(x->size[0], x->size[1], x->size[2] * area_of(call));
    return TE_OK;
}

static te_launch unfold_launch(const te_call *call)
{
    const te_unfold_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->in[0]), C = te_shape_width(&call->in[0]);
    return (te_launch){.family = "conv", .kernel = "conv_unfold", .writes = call->out_value,
                       .global = {(size_t)C, (size_t)rows},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows),
                                     TE_INT(o->height), TE_INT(o->width), TE_INT(C), TE_INT(o->size)}};
}

static te_status unfold_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = unfold_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status unfold_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = unfold_launch(call);
    te_launch_on_cpu(&launch, "conv_grad_cpu", "conv_unfold_cpu", te_shape_rows(&call->in[0]), 1);
    return te_plan_launch(plan, &launch);
}

static bool unfold_supports_cpu(const te_caps *caps, const te_call *call)
{
    enum { LARGEST = 49 }; /* neighbours; as in kernels/conv_grad_cpu.cl */
    (void)caps;
    return area_of(call) <= LARGEST;
}

static void unfold_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_unfold_options *o = (const void *)call->attributes;
    int64_t C = call->in[0].size[2], area = area_of(call);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t k = i % area, c = i / area % C, row = i / area / C;
        int64_t dy = k / o->size - o->size / 2, dx = k % o->size - o->size / 2;
        int64_t line = row / o->width % o->height + dy, column = row % o->width + dx;
        bool inside = line >= 0 && line < o->height && column >= 0 && column < o->width;
        out[i] = inside ? in[0][(row + dy * o->width + dx) * C + c] : 0;
    }
}

static const te_variant unfold_variants[] = {{"generic", NULL, NULL, unfold_emit, false},
                                             TE_CPU_VARIANT(unfold_supports_cpu, unfold_emit_cpu),
                                             {0}};
static const te_unfold_options five = {.height = 4, .width = 3, .size = 5}, line_of_seven = {1, 7, 3};
static const te_case unfold_cases[] = {{{TE_SHAPE3(2, 12, 5)}, &five, TE_FILL_NORMAL},
                                       {{TE_SHAPE3(2, 12, 32)}, &five, TE_FILL_NAN},
                                       {{TE_SHAPE3(1, 7, 17)}, &line_of_seven, TE_FILL_NORMAL}};

const te_op te_op_conv_unfold = {.name = "conv_unfold", .attribute_bytes = sizeof(te_unfold_options),
                                 .shape = unfold_shape, .variants = unfold_variants, .reference = unfold_reference,
                                 TE_CASES(unfold_cases)};

te_tensor te_conv_unfold(te_graph *graph, te_tensor x, te_unfold_options options)
{
    return te_graph_call(graph, &te_op_conv_unfold, &options, 1, &x);
}

te_call te_conv_describe_unfold(const te_call *conv, int rows)
{
    const te_conv_options *o = (const void *)conv->attributes;
    te_shape out = conv->in[0];
    out.size[2] *= conv->in[1].size[2] * conv->in[1].size[3];
    te_call call = {.op = &te_op_conv_unfold, .part = conv->part, .in = {conv->in[0]}, .out = out,
                    .in_value = {conv->in_value[0], -1, -1, -1, -1}, .out_value = rows};
    *(te_unfold_options *)(void *)call.attributes =
        (te_unfold_options){.height = o->height, .width = o->width, .size = (int)conv->in[1].size[2]};
    return call;
}

/* ---- conv_flip ---- */

typedef struct flip_options {
    int groups;
} flip_options;

static int64_t groups_of(const te_call *call)
{
    return ((const flip_options *)(const void *)call->attributes)->groups;
}

static te_status flip_shape(te_call *call)
{
    const te_shape *w = &call->in[0];
    if (w->rank != 4 || groups_of(call) < 1 || w->size[0] % groups_of(call)) {
        return te_call_fail(call, "w (Cout,C/groups,k,k)");
    }
    call->out = TE_SHAPE4(groups_of(call) * w->size[1], w->size[0] / groups_of(call), w->size[2], w->size[3]);
    return TE_OK;
}

/* Outputs and inputs of a group, k*k, groups. */
static te_launch flip_launch(const te_call *call)
{
    const te_shape *w = &call->in[0];
    int64_t O = call->out.size[1], C = w->size[1], area = w->size[2] * w->size[3];
    return (te_launch){.family = "conv", .kernel = "conv_flip", .writes = call->out_value,
                       .global = {(size_t)O, (size_t)call->out.size[0]},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(O), TE_INT(C),
                                     TE_INT(area), TE_INT(groups_of(call))}};
}

static te_status flip_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = flip_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status flip_emit_cpu(te_plan *plan, const te_call *call)
{
    enum { CHANNELS = 16 }; /* as in kernels/conv_grad_cpu.cl */
    te_launch launch = flip_launch(call);
    te_launch_on_cpu(&launch, "conv_grad_cpu", "conv_flip_cpu", (call->in[0].size[1] + CHANNELS - 1) / CHANNELS,
                     groups_of(call));
    return te_plan_launch(plan, &launch);
}

static void flip_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t O = call->out.size[1], C = call->in[0].size[1], area = call->in[0].size[2] * call->in[0].size[3];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t k = i % area, o = i / area % O, c = i / area / O % C, group = i / area / O / C;
        out[i] = in[0][((group * O + o) * C + c) * area + area - 1 - k];
    }
}

static const te_variant flip_variants[] = {
    {"generic", NULL, NULL, flip_emit, false}, TE_CPU_VARIANT(NULL, flip_emit_cpu), {0}};
static const flip_options one_group = {1}, three_groups = {3};
static const te_case flip_cases[] = {{{TE_SHAPE4(6, 33, 3, 3)}, &one_group, TE_FILL_NORMAL},
                                     {{TE_SHAPE4(15, 4, 5, 5)}, &three_groups, TE_FILL_NORMAL},
                                     {{TE_SHAPE4(3, 16, 1, 1)}, &three_groups, TE_FILL_NORMAL}};

const te_op te_op_conv_flip = {.name = "conv_flip", .attribute_bytes = sizeof(flip_options), .shape = flip_shape,
                               .variants = flip_variants, .reference = flip_reference, TE_CASES(flip_cases)};

te_tensor te_conv_flip(te_graph *graph, te_tensor w, int groups)
{
    return te_graph_call(graph, &te_op_conv_flip, &(flip_options){groups}, 1, &w);
}
