#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The vectors that the authors of Philox publish with their library (kat_vectors). */
static void philox_gives_the_published_words(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed, stream, index;
        uint32_t words[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t words[4];
        te_random_words(known[i].seed, known[i].stream, known[i].index, words);
        assert_memory_equal(words, known[i].words, sizeof words);
    }
}

static void uniform_is_the_upper_24_bits_of_the_first_word(void **state)
{
    (void)state;
    assert_true(te_random_uniform(0, 0, 0) == (float)(0x6627e8d5 >> 8) / 16777216.0f);
    double sum = 0, squares = 0;
    enum { DRAWS = 100000 };
    for (uint64_t i = 0; i < DRAWS; i++) {
        float x = te_random_uniform(1, 2, i);
        assert_true(x >= 0.0f && x < 1.0f);
        sum += x;
        squares += (double)x * x;
    }
    double mean = sum / DRAWS;
    assert_true(fabs(mean - 0.5) < 0.004);                         /* 4 standard errors */
    assert_true(fabs(squares / DRAWS - mean * mean - 1.0 / 12) < 0.001);
}

static double normal_below(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Each draw must be the place where the cut normal distribution reaches the uniform number behind it. */
static void truncated_normal_inverts_the_distribution(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    double below = normal_below(-2.0), within = normal_below(2.0) - below, sum = 0, squares = 0, largest = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint32_t words[4];
        te_random_words(7, 9, i, words);
        double x = te_random_truncated_normal(7, 9, i);
        assert_true(x >= -2.0 && x <= 2.0);
        double density = exp(-x * x / 2) / sqrt(2 * acos(-1.0));
        double error = fabs((normal_below(x) - below) - ((double)words[0] + 0.5) / 4294967296.0 * within) / density;
        largest = error > largest ? error : largest;
        sum += x;
        squares += x * x;
    }
    assert_true(largest < 2.5e-7); /* mostly float's own rounding, 1.2e-7 near 2 */
    assert_true(fabs(sum / DRAWS) < 0.012);
    assert_true(fabs(squares / DRAWS - 0.77374) < 0.01); /* the variance of a normal cut at 2 */
}

/* Different seeds, streams and indices give different numbers. */
static void all_parts_of_the_counter_count(void **state)
{
    (void)state;
    uint32_t words[6][4];
    te_random_words(0, 0, 0, words[0]);
    te_random_words(1, 0, 0, words[1]);
    te_random_words(0, 1, 0, words[2]);
    te_random_words(0, 0, 1, words[3]);
    te_random_words(0, 0, 1ull << 32, words[4]);
    te_random_words(1ull << 32, 0, 0, words[5]);
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(words[i][0], words[j][0]);
            assert_memory_not_equal(words[i], words[j], sizeof words[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_words),
        cmocka_unit_test(uniform_is_the_upper_24_bits_of_the_first_word),
        cmocka_unit_test(truncated_normal_inverts_the_distribution),
        cmocka_unit_test(all_parts_of_the_counter_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
