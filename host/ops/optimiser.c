#include "ops/optimiser.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 4096 }; /* elements; as in kernels/optimiser.cl and optimiser_cpu.cl */

/* ---- square_sum ---- */

static te_status square_shape(te_call *call)
{
    call->out = TE_SHAPE1(1);
    bool fits = call->in[0].rank && (!call->in[1].rank || te_shape_count(&call->in[1]) == 1);
    return fits ? TE_OK : te_call_fail(call, "x of any shape, a number or nothing");
}

static te_status square_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t elements = te_shape_count(&call->in[0]), blocks = (elements + BLOCK - 1) / BLOCK;
    bool has_before = call->in[1].rank;
    int partial = te_plan_scratch(plan, blocks, -1);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch part = {.family = "optimiser", .kernel = "square_partial", .writes = partial,
                      .global = {(size_t)blocks},
                      .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(partial), TE_INT(elements)}};
    te_launch total = {.family = "optimiser", .kernel = "square_total", .writes = call->out_value, .global = {1},
                       .arguments = {TE_VALUE(partial), TE_VALUE(has_before ? call->in_value[1] : partial),
                                     TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(has_before)}};
    if (cpu) {
        te_launch_on_cpu(&part, "optimiser_cpu", "square_partial_cpu", blocks, 1);
    }
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status square_emit(te_plan *plan, const te_call *call)
{
    return square_emit_on(plan, call, false);
}

static te_status square_emit_cpu(te_plan *plan, const te_call *call)
{
    return square_emit_on(plan, call, true);
}

static void square_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    out[0] = in[1] ? in[1][0] : 0;
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        out[0] += in[0][i] * in[0][i];
    }
}

static const te_variant square_variants[] = {
    {"generic", NULL, NULL, square_emit, false}, TE_CPU_VARIANT(NULL, square_emit_cpu), {0}};
static const te_case square_cases[] = {{{TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(123, 100)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(77, 100), TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
                                       {{TE_SHAPE2(12, 10)}, NULL, TE_FILL_NAN}};

const te_op te_op_square_sum = {.name = "square_sum", .shape = square_shape, .variants = square_variants,
                                .reference = square_reference, TE_CASES(square_cases)};

te_tensor te_square_sum(te_graph *graph, te_tensor x, te_tensor before)
{
    return te_graph_call(graph, &te_op_square_sum, NULL, 2, (te_tensor[]){x, before});
}

/* ---- ops in place: nothing is written into their results, which are there for the graph's sake ---- */

/* Has input i as many elements as the first? */
static bool as_first(const te_call *call, int i)
{
    return te_shape_count(&call->in[i]) == te_shape_count(&call->in[0]);
}

/* ---- accumulate ---- */

enum { KEEP = 2 };

static te_status accumulate_shape(te_call *call)
{
    call->out = TE_SHAPE1(1);
    bool fits = call->in[0].rank && as_first(call, 1) && te_shape_count(&call->in[KEEP]) == 1;
    return fits ? TE_OK : te_call_fail(call, "sum and x of one size, a number");
}

static te_status accumulate_emit(te_plan *plan, const te_call *call)
{
    int64_t elements = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "accumulate", .writes = call->out_value,
                        .global = {(size_t)elements},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_INT(elements)}};
    return te_plan_launch(plan, &launch);
}

static void accumulate_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        out[i] = in[KEEP][0] == 0 ? in[1][i] : in[0][i] + in[1][i];
    }
}

/* Where an old sum is to be left out, it holds what must not come through. */
static void accumulate_prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    (void)call;
    if (i == KEEP) {
        numbers[0] = fill == TE_FILL_NAN ? 0 : 1;
    }
}

static const te_variant accumulate_variants[] = {{"generic", NULL, NULL, accumulate_emit, false}, {0}};
static const te_case accumulate_cases[] = {
    {{TE_SHAPE1(1), TE_SHAPE1(1), TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
    {{TE_SHAPE2(77, 100), TE_SHAPE2(77, 100), TE_SHAPE1(1)}, NULL, TE_FILL_NORMAL},
    {{TE_SHAPE2(77, 100), TE_SHAPE2(77, 100), TE_SHAPE1(1)}, NULL, TE_FILL_INF},
    {{TE_SHAPE2(77, 100), TE_SHAPE2(77, 100), TE_SHAPE1(1)}, NULL, TE_FILL_NAN}};

const te_op te_op_accumulate = {.name = "accumulate", .shape = accumulate_shape, .changes = 1u << 0,
                                .variants = accumulate_variants, .reference = accumulate_reference,
                                .prepare = accumulate_prepare, TE_CASES(accumulate_cases)};

void te_accumulate(te_graph *graph, te_tensor sum, te_tensor x, te_tensor keep)
{
    te_graph_call(graph, &te_op_accumulate, NULL, 3, (te_tensor[]){sum, x, keep});
}

/* ---- adam ---- */

enum { PARAM, GRADIENT, FIRST, SECOND, RATES, SQUARES };

static te_status adam_shape(te_call *call)
{
    call->out = TE_SHAPE1(1);
    bool fits = call->in[PARAM].rank && as_first(call, GRADIENT) && as_first(call, FIRST) && as_first(call, SECOND) &&
                te_shape_count(&call->in[RATES]) == TE_RATE_COUNT && te_shape_count(&call->in[SQUARES]) == 1;
    return fits ? TE_OK : te_call_fail(call, "param, gradient and moments of one size, rates (9), a squared norm");
}

static te_status adam_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    const te_adam_options *o = (const void *)call->attributes;
    int64_t elements = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "adam", .writes = call->out_value,
                        .global = {(size_t)elements},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->in_value[4]), TE_VALUE(call->in_value[5]), TE_INT(elements),
                                      TE_FLOAT(o->factor), TE_FLOAT(o->decays), TE_INT(o->decoupled)}};
    if (cpu) {
        te_launch_on_cpu(&launch, "optimiser_cpu", "adam_cpu", (elements + BLOCK - 1) / BLOCK, 1);
    }
    return te_plan_launch(plan, &launch);
}

static te_status adam_emit(te_plan *plan, const te_call *call)
{
    return adam_emit_on(plan, call, false);
}

static te_status adam_emit_cpu(te_plan *plan, const te_call *call)
{
    return adam_emit_on(plan, call, true);
}

static void adam_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_adam_options *o = (const void *)call->attributes;
    const double *rates = in[RATES];
    int64_t count = te_shape_count(&call->in[PARAM]);
    double scale = rates[TE_GRADIENT_SCALE], norm = sqrt(in[SQUARES][0]) / scale;
    double clip = fmin(1, rates[TE_LARGEST_NORM] / (norm + 1e-6));
    double rate = rates[TE_RATE] * (double)o->factor, decay = rates[TE_DECAY] * (double)o->decays;
    double *param = out, *first = out + count, *second = first + count;
    for (int64_t i = 0; i < count; i++) {
        double p = in[PARAM][i], g = clip * in[GRADIENT][i] / scale + (o->decoupled ? 0 : decay * p);
        param[i] = p;
        first[i] = in[FIRST][i];
        second[i] = in[SECOND][i];
        if (isfinite(norm)) {
            first[i] += (1 - rates[TE_BETA1]) * (g - first[i]);
            second[i] += (1 - rates[TE_BETA2]) * (g * g - second[i]);
            param[i] -= o->decoupled ? rate * decay * p : 0;
            param[i] -= rate * first[i] / rates[TE_CORRECTION1] /
                        (sqrt(second[i] / rates[TE_CORRECTION2]) + rates[TE_EPSILON]);
        }
    }
}

/* Rates of a third step, an epsilon that is seen among them; the norm of a gradient of so many numbers, which the largest norm
 * cuts where there are more than a hundred. A norm that is no number is that of a gradient that holds one. */
static void adam_prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    static const float rates[TE_RATE_COUNT] = {[TE_RATE] = 2e-2f, [TE_BETA1] = 0.9f, [TE_BETA2] = 0.999f,
                                               [TE_EPSILON] = 1e-2f, [TE_DECAY] = 0.1f, [TE_CORRECTION1] = 0.271f,
                                               [TE_CORRECTION2] = 0.002997f, [TE_LARGEST_NORM] = 10.0f,
                                               [TE_GRADIENT_SCALE] = 4.0f};
    int64_t count = te_shape_count(&call->in[PARAM]);
    float none = fill == TE_FILL_INF ? INFINITY : fill == TE_FILL_NAN ? NAN : 0, scale = rates[TE_GRADIENT_SCALE];
    switch (i) {
    case GRADIENT:
        numbers[count / 2] += none;
        break;
    case SECOND:
        for (int64_t e = 0; e < count; e++) {
            numbers[e] *= 1e-3f * numbers[e];
        }
        break;
    case RATES:
        memcpy(numbers, rates, sizeof rates);
        break;
    case SQUARES:
        numbers[0] = scale * scale * (float)count + none;
        break;
    default:
        break;
    }
}

static const te_variant adam_variants[] = {
    {"generic", NULL, NULL, adam_emit, false}, TE_CPU_VARIANT(NULL, adam_emit_cpu), {0}};

static const te_adam_options adam = {1.0f, 1.0f, 0}, adam_no_decay = {0.5f, 0.0f, 0}, adamw = {0.5f, 1.0f, 1},
                             adamw_no_decay = {1.0f, 0.0f, 1};

#define STEP(N) {TE_SHAPE1(N), TE_SHAPE1(N), TE_SHAPE1(N), TE_SHAPE1(N), TE_SHAPE1(TE_RATE_COUNT), TE_SHAPE1(1)}

static const te_case adam_cases[] = {
    {STEP(1), &adam, TE_FILL_NORMAL},     {STEP(4096), &adam, TE_FILL_NORMAL},  {STEP(9001), &adam, TE_FILL_NORMAL},
    {STEP(77), &adamw, TE_FILL_NORMAL},   {STEP(9001), &adamw, TE_FILL_NORMAL}, {STEP(77), &adam_no_decay, TE_FILL_NORMAL},
    {STEP(4100), &adamw, TE_FILL_LARGE},  {STEP(4100), &adam, TE_FILL_INF},     {STEP(77), &adamw_no_decay, TE_FILL_NORMAL},
    {STEP(4100), &adamw, TE_FILL_NAN},
};

const te_op te_op_adam = {.name = "adam", .attribute_bytes = sizeof(te_adam_options), .shape = adam_shape,
                          .changes = 1u << PARAM | 1u << FIRST | 1u << SECOND, .variants = adam_variants,
                          .reference = adam_reference, .prepare = adam_prepare, TE_CASES(adam_cases)};

void te_adam(te_graph *graph, const te_tensor in[6], te_adam_options options)
{
    te_graph_call(graph, &te_op_adam, &options, 6, in);
}

/* ---- running_update ---- */

typedef struct running_options {
    int64_t rows;
} running_options;

enum { MEAN, VARIANCE, STATS, CONV_BIAS };

static te_status running_shape(te_call *call)
{
    int64_t C = te_shape_count(&call->in[MEAN]);
    call->out = TE_SHAPE1(1);
    bool fits = C > 0 && as_first(call, VARIANCE) && te_shape_count(&call->in[STATS]) == 2 * C && as_first(call, CONV_BIAS);
    return fits ? TE_OK : te_call_fail(call, "running mean and variance (C), statistics (2,C), conv bias (C)");
}

static te_status running_emit(te_plan *plan, const te_call *call)
{
    const running_options *o = (const void *)call->attributes;
    int64_t C = te_shape_count(&call->in[0]);
    te_launch launch = {.family = "optimiser", .kernel = "running_update", .writes = call->out_value,
                        .global = {(size_t)C},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]), TE_INT(C),
                                      TE_INT(o->rows)}};
    return te_plan_launch(plan, &launch);
}

static void running_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    double rows = (double)((const running_options *)(const void *)call->attributes)->rows;
    int64_t C = te_shape_count(&call->in[MEAN]);
    for (int64_t c = 0; c < C; c++) {
        double mean = in[STATS][c] + in[CONV_BIAS][c], variance = in[STATS][C + c] * (rows > 1 ? rows / (rows - 1) : 1);
        bool moves = isfinite(in[STATS][c]) && isfinite(in[STATS][C + c]);
        out[c] = in[MEAN][c] + (moves ? 0.1 * (mean - in[MEAN][c]) : 0);
        out[C + c] = in[VARIANCE][c] + (moves ? 0.1 * (variance - in[VARIANCE][c]) : 0);
    }
}

/* Statistics of a step that fails: the mean of one channel, the variance of another. */
static void running_prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    if (i == STATS && fill == TE_FILL_NAN) {
        numbers[1] = NAN;
        numbers[te_shape_count(&call->in[MEAN]) + 2] = INFINITY;
    }
}

static const te_variant running_variants[] = {{"generic", NULL, NULL, running_emit, false}, {0}};

static const running_options one_row = {1}, seven_rows = {7}, many_rows = {100000};

#define CHANNELS(C) {TE_SHAPE1(C), TE_SHAPE1(C), TE_SHAPE2(2, C), TE_SHAPE1(C)}

static const te_case running_cases[] = {{CHANNELS(1), &one_row, TE_FILL_NORMAL},
                                        {CHANNELS(33), &seven_rows, TE_FILL_POSITIVE},
                                        {CHANNELS(300), &many_rows, TE_FILL_NORMAL},
                                        {CHANNELS(33), &seven_rows, TE_FILL_NAN}};

const te_op te_op_running_update = {.name = "running_update", .attribute_bytes = sizeof(running_options),
                                    .shape = running_shape, .changes = 1u << MEAN | 1u << VARIANCE,
                                    .variants = running_variants, .reference = running_reference,
                                    .prepare = running_prepare, TE_CASES(running_cases)};

void te_running_update(te_graph *graph, te_tensor mean, te_tensor variance, te_tensor stats, te_tensor conv_bias,
                       int64_t rows)
{
    te_graph_call(graph, &te_op_running_update, &(running_options){rows}, 4,
                  (te_tensor[]){mean, variance, stats, conv_bias});
}
