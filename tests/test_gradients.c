/* Every op's gradient rule on the device, against finite differences of the op's double-precision reference, over the
 * same rows that test its forward (those with ordinary numbers): single elements, and random directions of all of them.
 *
 * test_gradients [NAME]   all ops, or the one called NAME
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "ops/gradient.h"
#include "support/assert.h"
#include "support/settings.h"

enum { VALUES = 64, ELEMENTS = 12, DIRECTIONS = 3 };

static const double limit = 2e-5, step = 1e-5;

typedef struct gradient_case {
    const te_op *op;
    const te_case *row;
    char name[96];
} gradient_case;

typedef struct arrays {
    double *in[TE_INPUTS], *dy, *out;
    float *dx[TE_INPUTS];
} arrays;

static double draw(uint64_t stream, int64_t i)
{
    return (double)te_random_truncated_normal(4321, stream, (uint64_t)i);
}

static double *draw_array(uint64_t stream, int64_t count, bool positive)
{
    double *data = calloc((size_t)count + 1, sizeof *data);
    assert_non_null(data);
    for (int64_t i = 0; i < count; i++) {
        double value = draw(stream, i);
        data[i] = (double)(float)(positive ? fabs(value) + 0.1 : value);
    }
    return data;
}

/* sum of dy * op(in) */
static double loss(const te_call *call, const arrays *a)
{
    double sum = 0;
    call->op->reference(call, (const double *const *)a->in, a->out);
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        sum += a->dy[i] * a->out[i];
    }
    return sum;
}

static void write_input(te_plan *plan, int value, const double *data, int64_t count)
{
    float *copy = malloc((size_t)count * sizeof *copy);
    assert_non_null(copy);
    for (int64_t i = 0; i < count; i++) {
        copy[i] = (float)data[i];
    }
    assert_ok(te_plan_write(plan, value, copy));
    free(copy);
}

static te_device *device; /* one for all tests, so that programs are compiled once */

static int open_device(void **state)
{
    (void)state;
    te_settings *settings = settings_for_test(NULL, 0);
    if (te_device_open(&device, settings) != TE_OK) {
        fprintf(stderr, "test_gradients: %s\n", te_last_error());
        return -1;
    }
    te_settings_free(settings);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    te_device_close(device);
    return 0;
}

/* Record op and gradients with every input trained, run them, and fetch dx. */
static void run_on_device(const gradient_case *test, arrays *a, te_graph *graph)
{
    te_tensor in[TE_INPUTS], gradients[VALUES];
    te_plan *plan;
    for (int i = 0; i < TE_INPUTS; i++) {
        in[i] = test->row->in[i].rank ? te_graph_input(graph, test->row->in[i]) : TE_ABSENT;
        if (in[i].value >= 0) {
            graph->values[in[i].value].trained = true;
        }
    }
    te_tensor out = te_graph_call(graph, test->op, test->row->attributes, TE_INPUTS, in);
    assert_ok(graph->status);
    te_tensor dy = te_graph_input(graph, out.shape);
    for (int i = 0; i < VALUES; i++) {
        gradients[i] = TE_ABSENT;
    }
    gradients[out.value] = dy;
    assert_ok(te_graph_differentiate(graph, gradients));
    for (int i = 0; i < TE_INPUTS; i++) {
        if (in[i].value >= 0 && gradients[in[i].value].value >= 0) {
            assert_true(te_shape_count(&gradients[in[i].value].shape) == te_shape_count(&in[i].shape));
            te_graph_output(graph, gradients[in[i].value], "dx");
        }
    }
    assert_ok(te_plan_create(&plan, device, graph));
    a->dy = draw_array(77, te_shape_count(&out.shape), false);
    a->out = calloc((size_t)te_shape_count(&out.shape), sizeof *a->out);
    write_input(plan, dy.value, a->dy, te_shape_count(&out.shape));
    for (int i = 0; i < TE_INPUTS; i++) {
        int64_t count = te_shape_count(&test->row->in[i]);
        if (count) {
            a->in[i] = draw_array((uint64_t)i, count, test->row->fill == TE_FILL_POSITIVE);
            write_input(plan, in[i].value, a->in[i], count);
        }
    }
    assert_ok(te_plan_run(plan));
    for (int i = 0; i < TE_INPUTS; i++) {
        if (in[i].value >= 0 && gradients[in[i].value].value >= 0) {
            a->dx[i] = calloc((size_t)te_shape_count(&in[i].shape), sizeof(float));
            assert_ok(te_plan_read(plan, gradients[in[i].value].value, a->dx[i]));
        }
    }
    te_plan_free(plan);
}

/* Slope of the loss along `direction` of input i, by central differences. */
static double slope(const te_call *call, arrays *a, int i, const double *direction, int64_t count)
{
    double *here = a->in[i], *moved = malloc((size_t)count * sizeof *moved), sides[2];
    assert_non_null(moved);
    a->in[i] = moved;
    for (int side = 0; side < 2; side++) {
        for (int64_t e = 0; e < count; e++) {
            moved[e] = here[e] + (side ? -step : step) * direction[e];
        }
        sides[side] = loss(call, a);
    }
    a->in[i] = here;
    free(moved);
    return (sides[0] - sides[1]) / (2 * step);
}

static void check_input(const gradient_case *test, const te_call *call, arrays *a, int i)
{
    int64_t count = te_shape_count(&call->in[i]);
    double largest = 0;
    for (int64_t e = 0; e < count; e++) {
        largest = fmax(largest, fabs((double)a->dx[i][e]));
    }
    double *direction = calloc((size_t)count, sizeof *direction);
    assert_non_null(direction);
    for (int64_t n = 0; n < ELEMENTS + DIRECTIONS; n++) {
        double expected = 0, scale = 0;
        int64_t element = (int64_t)(te_random_uniform(1, (uint64_t)i, (uint64_t)n) * (float)count);
        for (int64_t e = 0; e < count; e++) {
            direction[e] = n < ELEMENTS ? e == element : draw(100 + (uint64_t)n, e);
            expected += direction[e] * (double)a->dx[i][e];
            scale += direction[e] * direction[e];
        }
        double measured = slope(call, a, i, direction, count);
        if (!(fabs(measured - expected) <= limit * largest * sqrt(scale) + 1e-9)) {
            fail_msg("%s: gradient of input %d, %s %lld: %.8g, by differences %.8g", test->name, i,
                     n < ELEMENTS ? "element" : "direction", (long long)(n < ELEMENTS ? element : n), expected,
                     measured);
        }
    }
    free(direction);
}

static void test_case(void **state)
{
    const gradient_case *test = *state;
    te_graph graph = {0};
    arrays a = {.dy = NULL};
    run_on_device(test, &a, &graph);
    int checked = 0;
    for (int i = 0; i < TE_INPUTS; i++) {
        if (a.dx[i]) {
            check_input(test, &graph.calls[0], &a, i);
            checked++;
        }
    }
    assert_true(checked > 0);
    for (int i = 0; i < TE_INPUTS; i++) {
        free(a.in[i]);
        free(a.dx[i]);
    }
    free(a.dy);
    free(a.out);
    te_graph_clear(&graph);
}

int main(int argc, char **argv)
{
    enum { MOST = 500 };
    static gradient_case list[MOST];
    static struct CMUnitTest tests[MOST];
    size_t count = 0;
    for (int o = 0; te_ops[o]; o++) {
        const te_op *op = te_ops[o];
        if (!op->gradient || (argc > 1 && strcmp(argv[1], op->name) != 0)) {
            continue;
        }
        for (int row = 0; row < op->case_count && count < MOST; row++) {
            te_fill fill = op->cases[row].fill;
            if (fill == TE_FILL_NORMAL || fill == TE_FILL_POSITIVE) {
                gradient_case *test = &list[count];
                *test = (gradient_case){.op = op, .row = &op->cases[row]};
                snprintf(test->name, sizeof test->name, "gradient of %s %d", op->name, row);
                tests[count++] = (struct CMUnitTest){test->name, test_case, NULL, NULL, test};
            }
        }
    }
    return _cmocka_run_group_tests("gradients", tests, count, open_device, close_device);
}
