/* Work on threads: each piece once, and of several failures the first in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parallel.h"

enum { COUNT = 1000 };

typedef struct counts {
    atomic_int runs[COUNT];
    int fail_from; /* every piece from here on fails */
} counts;

static te_status count(int index, void *context)
{
    counts *at = context;
    atomic_fetch_add(&at->runs[index], 1);
    return index < at->fail_from ? TE_OK : te_fail(TE_ERR_FILE, "piece '%d' fails", index);
}

static void each_piece_is_run_once(void **state)
{
    (void)state;
    for (int threads = 0; threads < 4; threads++) {
        counts at = {.fail_from = COUNT};
        assert_int_equal(te_parallel_run(COUNT, threads, count, &at), TE_OK);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(atomic_load(&at.runs[i]), 1);
        }
    }
    assert_int_equal(te_parallel_run(0, 4, count, NULL), TE_OK);
}

static void the_first_failure_is_told(void **state)
{
    (void)state;
    for (int threads = 0; threads < 4; threads++) {
        counts at = {.fail_from = 77};
        int after = 0;
        assert_int_equal(te_parallel_run(COUNT, threads, count, &at), TE_ERR_FILE);
        assert_string_equal(te_last_error(), "piece '77' fails");
        for (int i = 0; i < COUNT; i++) {
            assert_true(atomic_load(&at.runs[i]) == 1 || i > 77);
            after += atomic_load(&at.runs[i]) && i > 77;
        }
        assert_true(after < COUNT - 78);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_piece_is_run_once),
        cmocka_unit_test(the_first_failure_is_told),
    };
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
