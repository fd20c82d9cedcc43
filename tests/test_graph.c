/* Recording and planning: shape errors stick, results share memory only when their lifetimes allow it, constants leave
 * the device when only the prologue reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "graph/place.h"
#include "ops/ops.h"

static int draw(int stream, int i, int most)
{
    return (int)(te_random_uniform(5, (uint64_t)stream, (uint64_t)i) * (float)most);
}

/* Random lifetimes: those that overlap never share a slot, and slots never outnumber what is alive at once by much. */
static void placement_never_overlaps(void **state)
{
    (void)state;
    enum { ROUNDS = 50, COUNT = 60 };
    for (int round = 0; round < ROUNDS; round++) {
        te_lifetime list[COUNT];
        for (int i = 0; i < COUNT; i++) {
            int first = draw(2 * round, i, 100);
            list[i] = (te_lifetime){.bytes = (size_t)draw(2 * round + 1, i, 1000), .first = first,
                                    .last = first + draw(2 * round + 1, i + COUNT, 20), .slot = -1};
        }
        int slots = te_place_lifetimes(list, COUNT);
        assert_true(slots > 0 && slots <= COUNT);
        size_t largest[COUNT] = {0}, sum = 0;
        for (int i = 0; i < COUNT; i++) {
            assert_true(list[i].slot >= 0 && list[i].slot < slots);
            largest[list[i].slot] = list[i].bytes > largest[list[i].slot] ? list[i].bytes : largest[list[i].slot];
            for (int j = 0; j < i; j++) {
                int apart = list[i].last < list[j].first || list[j].last < list[i].first;
                assert_true(apart || list[i].slot != list[j].slot);
            }
        }
        for (int slot = 0; slot < slots; slot++) {
            sum += largest[slot];
        }
        size_t live = te_place_live(list, COUNT);
        assert_true(sum >= live && sum <= 2 * live);
    }
}

/* A chain needs two buffers however long it is. */
static void a_chain_alternates(void **state)
{
    (void)state;
    enum { LENGTH = 30 };
    te_lifetime list[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
        list[i] = (te_lifetime){.bytes = 100, .first = i, .last = i + 1, .slot = -1};
    }
    assert_int_equal(te_place_lifetimes(list, LENGTH), 2);
    assert_int_equal(te_place_live(list, LENGTH), 200);
}

static void the_first_failure_sticks(void **state)
{
    (void)state;
    te_graph graph = {0};
    te_tensor x = te_graph_input(&graph, TE_SHAPE3(1, 4, 8)), w = te_graph_input(&graph, TE_SHAPE2(5, 9));
    te_tensor y = te_linear(&graph, x, w, TE_ABSENT, TE_ABSENT, (te_linear_options){0});
    assert_int_equal(graph.status, TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "'linear'"));
    assert_non_null(strstr(te_last_error(), "(1,4,8) (5,9)"));
    int calls = graph.call_count;
    te_gate(&graph, y, (te_gate_options){.scores = 5});
    assert_int_equal(graph.call_count, calls);
    te_plan *plan = NULL;
    assert_int_equal(te_plan_create(&plan, NULL, &graph), TE_ERR_ARGUMENT);
    assert_null(plan);
    te_graph_clear(&graph);
}

static int takes_any(const char *name)
{
    static const char *const names[] = {"gelu", "square_sum", "batchnorm_stats"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Each op can be judged, and refuses shapes that do not go together. */
static void shapes_are_checked(void **state)
{
    (void)state;
    for (int o = 0; te_ops[o]; o++) {
        const te_op *op = te_ops[o];
        assert_true(op->reference && op->case_count > 0);
        te_graph graph = {0};
        te_tensor in[TE_INPUTS];
        for (int i = 0; i < TE_INPUTS; i++) {
            const te_shape *shape = &op->cases[0].in[i];
            in[i] = shape->rank ? te_graph_input(&graph, *shape) : TE_ABSENT;
        }
        /* fits none of the cases; where any shape will do, none at all will not */
        in[0] = takes_any(op->name) ? TE_ABSENT : te_graph_input(&graph, TE_SHAPE2(11, 1237));
        te_graph_call(&graph, op, op->cases[0].attributes, TE_INPUTS, in);
        if (graph.status != TE_ERR_ARGUMENT) {
            fail_msg("op '%s' accepted a shape that makes no sense", op->name);
        }
        te_graph_clear(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placement_never_overlaps), cmocka_unit_test(a_chain_alternates),
        cmocka_unit_test(the_first_failure_sticks), cmocka_unit_test(shapes_are_checked)};
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
