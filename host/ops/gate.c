/* gate: soft-max over the expert scores of each token and task, dense or sparse. */
#include "ops/ops.h"

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

static te_status emit(te_plan *plan, const te_call *call)
{
    const te_gate_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_count(&call->in[0]) / o->scores;
    te_launch launch = {.family = "gate", .kernel = "gate", .writes = call->out_value, .global = {(size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows),
                                      TE_INT(o->scores), TE_INT(o->keep)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant variants[] = {{"generic", NULL, NULL, emit}, {0}};

static int count_larger(const double *x, int scores, int s)
{
    int larger = 0;
    for (int other = 0; other < scores; other++) {
        larger += x[other] > x[s] || (x[other] == x[s] && other < s);
    }
    return larger;
}

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_gate_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_count(&call->in[0]) / o->scores;
    for (int64_t row = 0; row < rows; row++) {
        const double *x = in[0] + row * o->scores;
        double most = x[0], total = 0;
        for (int s = 1; s < o->scores; s++) {
            most = fmax(most, x[s]);
        }
        for (int s = 0; s < o->scores; s++) {
            total += exp(x[s] - most);
        }
        for (int s = 0; s < o->scores; s++) {
            bool dropped = o->keep && count_larger(x, o->scores, s) >= o->keep;
            out[row * o->scores + s] = dropped ? 0 : exp(x[s] - most) / total;
        }
    }
}

static const te_gate_options six = {.scores = 6}, six_two = {.scores = 6, .keep = 2}, one = {.scores = 1},
                             sixty_five = {.scores = 65, .keep = 7};

static const te_case cases[] = {
    {{TE_SHAPE3(2, 7, 5 * 6)}, &six, TE_FILL_NORMAL},    {{TE_SHAPE3(2, 7, 5 * 6)}, &six_two, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 9, 4)}, &one, TE_FILL_NORMAL},        {{TE_SHAPE3(1, 9, 65)}, &sixty_five, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_LARGE},        {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_INF},
    {{TE_SHAPE3(1, 50, 6)}, &six, TE_FILL_NAN},
};

const te_op te_op_gate = {.name = "gate", .attribute_bytes = sizeof(te_gate_options), .shape = shape,
                          .variants = variants, .reference = reference, TE_CASES(cases)};

te_tensor te_gate(te_graph *graph, te_tensor scores, te_gate_options options)
{
    return te_graph_call(graph, &te_op_gate, &options, 1, &scores);
}
