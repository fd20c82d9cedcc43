/* gate: soft-max over the expert scores of each token and task, dense or sparse. */
#include "ops/product.h"

#include <math.h>

static te_status shape(te_call *call)
{
    const te_gate_options *o = (const void *)call->attributes;
    if (o->scores < 1 || o->keep < 0 || te_shape_width(&call->in[0]) % o->scores) {
        return te_call_fail(call, "scores (...,T*S), keep 0 or more");
    }
    call->out = call->in[0];
    return TE_OK;
}

/* The inputs, the result, sizes: both kernels take them in this order. */
static te_status emit(te_plan *plan, const te_call *call)
{
    const te_gate_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_count(&call->in[0]) / o->scores;
    bool is_gradient = call->op == &te_op_gate_dx;
    te_launch launch = {.family = "gate", .kernel = is_gradient ? "gate_dx" : "gate", .writes = call->out_value,
                        .global = {(size_t)rows}};
    te_argument *next = launch.arguments;
    *next++ = (te_argument)TE_VALUE(call->in_value[0]);
    if (is_gradient) {
        *next++ = (te_argument)TE_VALUE(call->in_value[1]);
    }
    *next++ = (te_argument)TE_VALUE(call->out_value);
    *next++ = (te_argument)TE_INT(rows);
    *next++ = (te_argument)TE_INT(o->scores);
    *next = (te_argument)TE_INT(o->keep);
    return te_plan_launch(plan, &launch);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    const te_gate_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_count(&call->in[0]) / o->scores;
    te_launch launch = {.writes = call->out_value,
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows),
                                      TE_INT(o->scores), TE_INT(o->keep)}};
    te_launch_on_cpu(&launch, "gate_cpu", "gate_cpu", te_panels(rows, 16), 1);
    return te_plan_launch(plan, &launch);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(NULL, emit_cpu), {0}};
static const te_variant variants_dx[] = {{"generic", NULL, NULL, emit, false}, {0}};

static bool is_kept(const double *x, const te_gate_options *o, int s)
{
    int larger = 0;
    for (int other = 0; other < o->scores; other++) {
        larger += x[other] > x[s] || (x[other] == x[s] && other < s);
    }
    return !o->keep || larger < o->keep;
}

static void soften(const double *x, int scores, double *weights)
{
    double most = x[0], total = 0;
    for (int s = 1; s < scores; s++) {
        most = fmax(most, x[s]);
    }
    for (int s = 0; s < scores; s++) {
        total += exp(x[s] - most);
    }
    for (int s = 0; s < scores; s++) {
        weights[s] = exp(x[s] - most) / total;
    }
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_gate_options *o = (const void *)call->attributes;
    for (int64_t start = 0; start < te_shape_count(&call->in[0]); start += o->scores) {
        soften(in[0] + start, o->scores, out + start);
        for (int s = 0; s < o->scores; s++) {
            out[start + s] = is_kept(in[0] + start, o, s) ? out[start + s] : 0;
        }
    }
}

static void gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    dx[0] = te_graph_call(graph, &te_op_gate_dx, call->attributes, 2, (te_tensor[]){te_call_input(call, 0), dy});
}

/* Rounded scores are often equal: of these the first are kept. */
static void prepare(const te_call *call, int i, te_fill fill, float *numbers)
{
    for (int64_t at = 0; i == 0 && fill == TE_FILL_ROUNDED && at < te_shape_count(&call->in[0]); at++) {
        numbers[at] = rintf(numbers[at]);
    }
}

static const te_gate_options six = {.scores = 6}, six_two = {.scores = 6, .keep = 2}, one = {.scores = 1},
                             sixty_five = {.scores = 65, .keep = 7};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 7, 5 * 6)}, &six, TE_FILL_NORMAL},    {{TE_SHAPE3(2, 7, 5 * 6)}, &six_two, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 4)}, &one, TE_FILL_NORMAL},        {{TE_SHAPE3(1, 9, 65)}, &sixty_five, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_LARGE},        {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_INF},
    {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_NAN},          {{TE_SHAPE3(1, 50, 6)}, &six_two, TE_FILL_ROUNDED},
    {{TE_SHAPE3(1, 50, 6)}, &six_two, TE_FILL_INF},      {{TE_SHAPE3(1, 50, 6)}, &six_two, TE_FILL_NAN},
};

const te_op te_op_gate = {.name = "gate", .attribute_bytes = sizeof(te_gate_options), .shape = shape,
                          .variants = variants, .reference = reference, .prepare = prepare, .gradient = gradient,
                          TE_CASES(cases)};

te_tensor te_gate(te_graph *graph, te_tensor scores, te_gate_options options)
{
    return te_graph_call(graph, &te_op_gate, &options, 1, &scores);
}

/* ---- gate_dx ---- */

static te_status shape_dx(te_call *call)
{
    TE_TRY(shape(call));
    return te_shape_count(&call->in[1]) == te_shape_count(&call->in[0])
               ? TE_OK
               : te_call_fail(call, "dy must have the scores' shape");
}

static void reference_dx(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_gate_options *o = (const void *)call->attributes;
    for (int64_t start = 0; start < te_shape_count(&call->in[0]); start += o->scores) {
        double mean = 0, *weights = out + start;
        soften(in[0] + start, o->scores, weights);
        for (int s = 0; s < o->scores; s++) {
            mean += is_kept(in[0] + start, o, s) ? weights[s] * in[1][start + s] : 0;
        }
        for (int s = 0; s < o->scores; s++) {
            weights[s] *= (is_kept(in[0] + start, o, s) ? in[1][start + s] : 0) - mean;
        }
    }
}

static const te_case cases_dx[] = {
    {{TE_SHAPE3(2, 7, 5 * 6), TE_SHAPE3(2, 7, 5 * 6)}, &six, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 7, 5 * 6), TE_SHAPE3(2, 7, 5 * 6)}, &six_two, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 4), TE_SHAPE3(1, 9, 4)}, &one, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 65), TE_SHAPE3(1, 9, 65)}, &sixty_five, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 50, 6), TE_SHAPE3(1, 50, 6)}, &six_two, TE_FILL_LARGE},
    {{TE_SHAPE3(1, 50, 6), TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_INF},
    {{TE_SHAPE3(1, 50, 6), TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_NAN},
    {{TE_SHAPE3(1, 50, 6), TE_SHAPE3(1, 50, 6)}, &six_two, TE_FILL_ROUNDED},
};

const te_op te_op_gate_dx = {.name = "gate_dx", .attribute_bytes = sizeof(te_gate_options), .shape = shape_dx,
                             .variants = variants_dx, .reference = reference_dx, .prepare = prepare, TE_CASES(cases_dx)};
