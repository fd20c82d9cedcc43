/* Principal components against NumPy's singular value decomposition, and of rows in which nothing varies. */
#include "base/safetensors.h"
#include "eval/principal.h"
#include "support/assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float *read_golden(const te_safetensors *file, const char *name, const char *what, int64_t shape[2])
{
    char full[96];
    snprintf(full, sizeof full, "golden.%s.%s", name, what);
    const te_entry *entry = te_safetensors_find(file, full);
    assert_non_null(entry);
    float *data = malloc(entry->count * sizeof *data);
    assert_non_null(data);
    assert_ok(te_entry_read(entry, data));
    shape[0] = entry->shape[0];
    shape[1] = entry->shape[1];
    return data;
}

static void test_golden(void **state)
{
    te_safetensors *file;
    te_principal principal;
    int64_t shape[2], other[2];
    assert_ok(te_safetensors_open(&file, TE_TEST_GOLDEN "/principal.safetensors"));
    float *rows = read_golden(file, *state, "rows", shape), *directions = read_golden(file, *state, "directions", other);
    float *variances = read_golden(file, *state, "variances", other);
    size_t count = (size_t)shape[0], D = (size_t)shape[1];
    assert_ok(te_principal_find(&principal, rows, count, D));
    assert_true(fabs(principal.variance - (double)variances[3]) < 1e-5 * principal.variance);
    for (size_t k = 0; k < TE_COMPONENTS; k++) {
        assert_true(fabs(principal.variances[k] - (double)variances[k]) < 1e-5 * principal.variance);
        for (size_t d = 0; d < D; d++) {
            double difference = fabs(principal.directions[k * D + d] - (double)directions[k * D + d]);
            if (!(difference < 1e-5)) {
                fail_msg("%s: direction %zu is %g off at %zu", (const char *)*state, k, difference, d);
            }
        }
    }
    double sums[TE_COMPONENTS] = {0}, squares[TE_COMPONENTS] = {0};
    for (size_t i = 0; i < count; i++) {
        double place[TE_COMPONENTS];
        te_principal_project(&principal, rows + i * D, place);
        for (int k = 0; k < TE_COMPONENTS; k++) {
            sums[k] += place[k] / (double)count;
            squares[k] += place[k] * place[k] / (double)count;
        }
    }
    for (int k = 0; k < TE_COMPONENTS; k++) {
        assert_true(fabs(sums[k]) < 1e-9);
        assert_true(fabs(squares[k] - principal.variances[k]) < 1e-8 * principal.variance);
    }
    te_principal_clear(&principal);
    free(rows);
    free(directions);
    free(variances);
    te_safetensors_close(file);
}

/* Equal rows, one row, and no width to speak of: zeros, no NaN. */
static void test_nothing(void **state)
{
    (void)state;
    static const float rows[5][4] = {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}};
    static const size_t sizes[][2] = {{5, 4}, {1, 4}, {1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        te_principal principal;
        double place[TE_COMPONENTS];
        assert_ok(te_principal_find(&principal, rows[0], sizes[i][0], sizes[i][1]));
        te_principal_project(&principal, rows[0], place);
        for (int k = 0; k < TE_COMPONENTS; k++) {
            assert_true(principal.variances[k] < 1e-30 && place[k] == 0.0);
        }
        te_principal_clear(&principal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"tall", test_golden, NULL, NULL, (char[]){"tall"}},     {"wide", test_golden, NULL, NULL, (char[]){"wide"}},
        {"close", test_golden, NULL, NULL, (char[]){"close"}},   {"line", test_golden, NULL, NULL, (char[]){"line"}},
        {"narrow", test_golden, NULL, NULL, (char[]){"narrow"}}, cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
