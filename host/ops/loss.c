/* loss: the tasks' losses and their gradients (MODEL.md section 6). */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256, RESULT = 4 };

static const double edge_weight = 0.95;

static te_loss_kind kind_of(const te_call *call)
{
    return ((const te_loss_options *)(const void *)call->attributes)->kind;
}

static int64_t label_channels(te_loss_kind kind)
{
    return kind == TE_LOSS_NORMALS ? 3 : 1;
}

static bool shapes_fit(const te_call *call)
{
    const te_shape *x = &call->in[0], *label = &call->in[1];
    te_loss_kind kind = kind_of(call);
    int64_t K = x->rank == 4 ? x->size[1] : 0;
    bool channels = kind == TE_LOSS_CLASSES ? K >= 1 : kind == TE_LOSS_FOREGROUND ? K == 2 : K == label_channels(kind);
    return x->rank == 4 && label->rank == 4 && channels && label->size[1] == label_channels(kind) &&
           label->size[0] == x->size[0] && label->size[2] == x->size[2] && label->size[3] == x->size[3];
}

static int64_t pixels_of(const te_call *call)
{
    return call->in[0].size[0] * call->in[0].size[2] * call->in[0].size[3];
}

static int64_t area_of(const te_call *call)
{
    return call->in[0].size[2] * call->in[0].size[3];
}

static te_status shape(te_call *call)
{
    call->out = TE_SHAPE1(RESULT);
    bool fits = shapes_fit(call) && (!call->in[2].rank || te_shape_count(&call->in[2]) == 2);
    return fits ? TE_OK : te_call_fail(call, "logits (B,K,H,W) and labels (B,1,H,W), or (B,3,H,W) for normals; numbers of "
                                             "pixels (2) or nothing");
}

/* The kernels for processors take 16 pixels of one picture at a time. */
static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return area_of(call) % 16 == 0;
}

static te_status emit_from(te_plan *plan, const te_call *call, te_launch part)
{
    int64_t pixels = pixels_of(call), blocks = (pixels + BLOCK - 1) / BLOCK;
    int partial = te_plan_scratch(plan, RESULT * blocks, -1);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    const te_argument arguments[] = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]), TE_VALUE(partial),
                                     TE_INT(pixels), TE_INT(kind_of(call)), TE_INT(call->in[0].size[1]),
                                     TE_INT(area_of(call))};
    memcpy(part.arguments, arguments, sizeof arguments);
    part.writes = partial;
    part.global[0] = (size_t)blocks;
    bool has_pixels = call->in[2].rank;
    te_launch total = {.family = "loss", .kernel = "loss_total", .writes = call->out_value, .global = {1},
                       .arguments = {TE_VALUE(partial), TE_VALUE(has_pixels ? call->in_value[2] : partial),
                                     TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(kind_of(call)),
                                     TE_INT(has_pixels)}};
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status emit(te_plan *plan, const te_call *call)
{
    return emit_from(plan, call, (te_launch){.family = "loss", .kernel = "loss_partial"});
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_from(plan, call, (te_launch){.family = "loss_cpu", .kernel = "loss_partial_cpu", .local = {1, 1, 1}});
}

/* Numbers of classes as labels: each class, and labels that are ignored, as often as the next. */
static void prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    (void)fill;
    int64_t K = call->in[0].size[1];
    bool classes = kind_of(call) == TE_LOSS_CLASSES || kind_of(call) == TE_LOSS_FOREGROUND;
    for (int64_t pixel = 0; classes && i == 1 && pixel < pixels_of(call); pixel++) {
        int64_t label = (int64_t)(fabsf(numbers[pixel]) * 1000) % (K + 2) - 1;
        numbers[pixel] = label < K ? (float)label : 255;
    }
}

static double length3(const double *x, int64_t area)
{
    return sqrt(x[0] * x[0] + x[area] * x[area] + x[2 * area] * x[2 * area]);
}

/* Channels are `area` apart, here and below. */
static bool has_label(const double *label, te_loss_kind kind, int64_t K, int64_t area)
{
    switch (kind) {
    case TE_LOSS_CLASSES:
    case TE_LOSS_FOREGROUND: return label[0] >= 0 && label[0] < (double)K;
    case TE_LOSS_EDGE: return label[0] >= 0 && label[0] <= 1;
    case TE_LOSS_NORMALS: return length3(label, area) >= 0.5;
    default: return label[0] > 0;
    }
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* The loss of a pixel that has a label. */
static double pixel_loss(const double *x, const double *label, te_loss_kind kind, int64_t K, int64_t area)
{
    double y = label[0], sum = 0;
    if (kind == TE_LOSS_CLASSES || kind == TE_LOSS_FOREGROUND) {
        double most = x[0];
        for (int64_t k = 1; k < K; k++) {
            most = fmax(most, x[k * area]);
        }
        for (int64_t k = 0; k < K; k++) {
            sum += exp(x[k * area] - most);
        }
        return log(sum) + most - x[(int64_t)y * area];
    }
    if (kind == TE_LOSS_EDGE) {
        return edge_weight * y * softplus(-x[0]) + (1 - edge_weight) * (1 - y) * softplus(x[0]);
    }
    if (kind == TE_LOSS_DEPTH) {
        return fabs(x[0] - y);
    }
    for (int64_t k = 0; k < 3; k++) {
        sum += fabs(x[k * area] / length3(x, area) - label[k * area]);
    }
    return sum;
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    te_loss_kind kind = kind_of(call);
    int64_t K = call->in[0].size[1], area = area_of(call);
    double sums[2] = {0}, counts[2] = {0};
    for (int64_t pixel = 0; pixel < pixels_of(call); pixel++) {
        const double *label = in[1] + pixel / area * label_channels(kind) * area + pixel % area;
        const double *x = in[0] + pixel / area * K * area + pixel % area;
        int one = kind == TE_LOSS_FOREGROUND && label[0] >= 1;
        if (has_label(label, kind, K, area)) {
            sums[one] += pixel_loss(x, label, kind, K, area);
            counts[one]++;
        }
    }
    out[3] = counts[0] + counts[1];
    for (int i = 0; in[2] && i < 2; i++) {
        counts[i] = in[2][i];
    }
    double valid = counts[0] + counts[1], share = valid > 0 ? 1 / valid : 0, p = valid > 0 ? counts[0] / valid : 0;
    out[1] = kind == TE_LOSS_FOREGROUND ? (1 - p) * share : share;
    out[2] = kind == TE_LOSS_FOREGROUND ? p * share : share;
    out[0] = out[1] * sums[0] + out[2] * sums[1];
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    te_tensor in[] = {te_call_input(call, 0), te_call_input(call, 1), te_call_output(call), dy};
    dx[0] = te_graph_call(graph, &te_op_loss_dx, call->attributes, 4, in);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(supports_cpu, emit_cpu), {0}};
static const te_loss_options classes = {TE_LOSS_CLASSES}, foreground = {TE_LOSS_FOREGROUND}, edge = {TE_LOSS_EDGE},
                             normals = {TE_LOSS_NORMALS}, depth = {TE_LOSS_DEPTH};
static const te_case cases[] = {
    {{TE_SHAPE4(2, 5, 7, 9), TE_SHAPE4(2, 1, 7, 9)}, &classes, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 5, 30, 20), TE_SHAPE4(2, 1, 30, 20)}, &classes, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 5, 20, 24), TE_SHAPE4(2, 1, 20, 24)}, &classes, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 2, 7, 9), TE_SHAPE4(2, 1, 7, 9)}, &foreground, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 2, 4, 8), TE_SHAPE4(2, 1, 4, 8)}, &foreground, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 1, 4, 8), TE_SHAPE4(2, 1, 4, 8)}, &edge, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 3, 4, 8), TE_SHAPE4(2, 3, 4, 8)}, &normals, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 1, 4, 8), TE_SHAPE4(2, 1, 4, 8)}, &depth, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 5, 4, 8), TE_SHAPE4(2, 1, 4, 8), TE_SHAPE1(2)}, &classes, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 2, 4, 8), TE_SHAPE4(2, 1, 4, 8), TE_SHAPE1(2)}, &foreground, TE_FILL_POSITIVE},
    {{TE_SHAPE4(2, 5, 4, 8), TE_SHAPE4(2, 1, 4, 8)}, &classes, TE_FILL_LARGE},
    {{TE_SHAPE4(2, 5, 4, 8), TE_SHAPE4(2, 1, 4, 8)}, &classes, TE_FILL_NAN},
    {{TE_SHAPE4(1, 1, 20, 30), TE_SHAPE4(1, 1, 20, 30)}, &edge, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 3, 7, 9), TE_SHAPE4(2, 3, 7, 9)}, &normals, TE_FILL_NORMAL},
    {{TE_SHAPE4(2, 1, 7, 9), TE_SHAPE4(2, 1, 7, 9)}, &depth, TE_FILL_NORMAL},
};

const te_op te_op_loss = {.name = "loss", .attribute_bytes = sizeof(te_loss_options), .shape = shape,
                          .variants = variants, .reference = reference, .gradient = gradient, .prepare = prepare,
                          TE_CASES(cases)};

te_tensor te_loss(te_graph *graph, te_tensor logits, te_tensor labels, te_tensor pixels, te_loss_options options)
{
    return te_graph_call(graph, &te_op_loss, &options, 3, (te_tensor[]){logits, labels, pixels});
}

/* As valid_label() in kernels/loss.cl. */
static bool is_valid(const float *label, te_loss_kind kind, int64_t area, int64_t K)
{
    float y = label[0];
    switch (kind) {
    case TE_LOSS_CLASSES:
    case TE_LOSS_FOREGROUND: return y >= 0 && y < (float)K;
    case TE_LOSS_EDGE: return y >= 0 && y <= 1;
    case TE_LOSS_NORMALS:
        return sqrtf(y * y + label[area] * label[area] + label[2 * area] * label[2 * area]) >= 0.5f;
    default: return y > 0;
    }
}

void te_loss_count(te_loss_kind kind, const float *labels, int64_t pictures, int64_t area, int64_t K, float pixels[2])
{
    int64_t counts[2] = {0};
    for (int64_t pixel = 0; pixel < pictures * area; pixel++) {
        const float *label = labels + pixel / area * label_channels(kind) * area + pixel % area;
        counts[kind == TE_LOSS_FOREGROUND && label[0] >= 1] += is_valid(label, kind, area, K);
    }
    pixels[0] += (float)counts[0];
    pixels[1] += (float)counts[1];
}

/* ---- loss_dx ---- */

static te_status dx_shape(te_call *call)
{
    call->out = call->in[0];
    bool fits = shapes_fit(call) && te_shape_count(&call->in[2]) == RESULT && te_shape_count(&call->in[3]) == RESULT;
    return fits ? TE_OK : te_call_fail(call, "logits and labels as loss takes them, its result and that one's gradient (4)");
}

static te_launch dx_launch(const te_call *call)
{
    return (te_launch){.family = "loss", .kernel = "loss_dx", .writes = call->out_value,
                       .global = {(size_t)pixels_of(call)},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                     TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                     TE_VALUE(call->out_value), TE_INT(pixels_of(call)), TE_INT(kind_of(call)),
                                     TE_INT(call->in[0].size[1]), TE_INT(area_of(call))}};
}

static te_status dx_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = dx_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status dx_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = dx_launch(call);
    te_launch_on_cpu(&launch, "loss_cpu", "loss_dx_cpu", (pixels_of(call) + BLOCK - 1) / BLOCK, 1);
    return te_plan_launch(plan, &launch);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

/* Derivative of the loss of a pixel that has a label, by its channel k. */
static double pixel_slope(const double *x, const double *label, te_loss_kind kind, int64_t K, int64_t area, int64_t k)
{
    double y = label[0], sum = 0;
    if (kind == TE_LOSS_CLASSES || kind == TE_LOSS_FOREGROUND) {
        for (int64_t other = 0; other < K; other++) {
            sum += exp(x[other * area] - x[k * area]);
        }
        return 1 / sum - (k == (int64_t)y);
    }
    if (kind == TE_LOSS_EDGE) {
        return (1 - edge_weight) * (1 - y) * sigmoid(x[0]) - edge_weight * y * sigmoid(-x[0]);
    }
    if (kind == TE_LOSS_DEPTH) {
        return sign_of(x[0] - y);
    }
    double length = length3(x, area);
    for (int64_t other = 0; other < 3; other++) {
        double unit = x[other * area] / length, slope = ((other == k) - unit * x[k * area] / length) / length;
        sum += sign_of(unit - label[other * area]) * slope;
    }
    return sum;
}

static void dx_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    te_loss_kind kind = kind_of(call);
    int64_t K = call->in[0].size[1], area = area_of(call);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t picture = i / area / K, place = i % area;
        const double *label = in[1] + picture * label_channels(kind) * area + place;
        double factor = in[3][0] * in[2][kind == TE_LOSS_FOREGROUND && label[0] >= 1 ? 2 : 1];
        out[i] = has_label(label, kind, K, area)
                     ? factor * pixel_slope(in[0] + picture * K * area + place, label, kind, K, area, i / area % K)
                     : 0;
    }
}

static const te_variant dx_variants[] = {
    {"generic", NULL, NULL, dx_emit, false}, TE_CPU_VARIANT(supports_cpu, dx_emit_cpu), {0}};


#define LABELLED(B, K, H, W, channels)                                                                                 \
    {TE_SHAPE4(B, K, H, W), TE_SHAPE4(B, channels, H, W), TE_SHAPE1(RESULT), TE_SHAPE1(RESULT)}

static const te_case dx_cases[] = {
    {LABELLED(2, 5, 7, 9, 1), &classes, TE_FILL_NORMAL},    {LABELLED(2, 21, 20, 24, 1), &classes, TE_FILL_NORMAL},
    {LABELLED(1, 1, 4, 8, 1), &classes, TE_FILL_NORMAL},    {LABELLED(2, 5, 4, 8, 1), &classes, TE_FILL_LARGE},
    {LABELLED(2, 5, 4, 8, 1), &classes, TE_FILL_NAN},       {LABELLED(1, 3, 4, 8, 1), &classes, TE_FILL_NAN},
    {LABELLED(2, 2, 7, 9, 1), &foreground, TE_FILL_NORMAL}, {LABELLED(2, 2, 20, 24, 1), &foreground, TE_FILL_NORMAL},
    {LABELLED(1, 1, 20, 30, 1), &edge, TE_FILL_NORMAL},     {LABELLED(2, 1, 20, 24, 1), &edge, TE_FILL_NORMAL},
    {LABELLED(2, 1, 4, 8, 1), &edge, TE_FILL_LARGE},        {LABELLED(1, 1, 4, 20, 1), &edge, TE_FILL_INF},
    {LABELLED(1, 1, 4, 20, 1), &edge, TE_FILL_NAN},         {LABELLED(2, 1, 4, 8, 1), &edge, TE_FILL_NAN},
    {LABELLED(2, 3, 7, 9, 3), &normals, TE_FILL_NORMAL},    {LABELLED(2, 3, 20, 24, 3), &normals, TE_FILL_NORMAL},
    {LABELLED(2, 3, 4, 8, 3), &normals, TE_FILL_LARGE},     {LABELLED(2, 3, 4, 8, 3), &normals, TE_FILL_NAN},
    {LABELLED(2, 1, 7, 9, 1), &depth, TE_FILL_NORMAL},      {LABELLED(2, 1, 20, 24, 1), &depth, TE_FILL_NORMAL},
    {LABELLED(2, 1, 4, 12, 1), &depth, TE_FILL_INF},        {LABELLED(2, 1, 4, 12, 1), &depth, TE_FILL_NAN},
};

const te_op te_op_loss_dx = {.name = "loss_dx", .attribute_bytes = sizeof(te_loss_options), .shape = dx_shape,
                             .variants = dx_variants, .reference = dx_reference, .prepare = prepare, TE_CASES(dx_cases)};
