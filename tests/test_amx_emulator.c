/* The emulator of matrix units against plain loops, on instructions as the assembler encodes them: with and without
 * displacement, bases and strides in registers of either half, tiles smaller than the largest. `test_ops` under TE_TEST_AMX=1
 * runs kernels on it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "amx_emulator.h"
#include "base/half.h"
#include "base/random.h"

#if defined(__x86_64__) && defined(__linux__)

enum { LINES = 5, PAIRS = 3, COLUMNS = 7 }; /* of sums (5,7) = x (5,3 pairs) w (3 pairs,7) */

/* Tiles 0: sums, 4: x, 6: w; 1: the largest. */
static void configure(void)
{
    _Alignas(64) uint8_t config[64] = {1};
    static const struct { int tile, lines, bytes; } rows[] = {
        {0, LINES, 4 * COLUMNS}, {1, 16, 64}, {4, LINES, 4 * PAIRS}, {6, PAIRS, 4 * COLUMNS}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        config[16 + 2 * rows[row].tile] = (uint8_t)rows[row].bytes;
        config[48 + rows[row].tile] = (uint8_t)rows[row].lines;
    }
    assert_true(amx_emulator_start()); /* here: cmocka takes the signal for itself before each test */
    __asm__ volatile("ldtilecfg (%0)" ::"r"(config) : "memory");
}

static void release(void)
{
    __asm__ volatile("tilerelease" ::: "memory");
}

/* A tile goes through memory by every way of addressing, into zeros around it. */
#define COPY(load, store, ahead, from_register, to_register, stride_register)                                         \
    {                                                                                                                 \
        uint8_t to[16 * 80] = {0};                                                                                    \
        register const uint8_t *source __asm__(from_register) = from + (ahead);                                       \
        register uint8_t *target __asm__(to_register) = to + 16 * (ahead);                                            \
        register int64_t stride __asm__(stride_register) = 80;                                                        \
        __asm__ volatile("tileloadd " load ", %%tmm1\n\ttilestored %%tmm1, " store                                    \
                         :: "r"(source), "r"(target), "r"(stride) : "memory");                                        \
        for (int i = 0; i < 16 * 80; i++) {                                                                           \
            assert_int_equal(to[i], i % 80 < 64 ? from[i] : 0);                                                       \
        }                                                                                                             \
    }

static void every_address_is_understood(void **state)
{
    (void)state;
    uint8_t from[16 * 80];
    for (int i = 0; i < 16 * 80; i++) {
        from[i] = (uint8_t)(1 + i % 251);
    }
    configure();
    COPY("(%0,%2,1)", "(%1,%2,1)", 0, "rax", "rcx", "rdx")
    COPY("(%0,%2,1)", "(%1,%2,1)", 0, "r8", "r13", "r12")
    COPY("(%0,%2,1)", "(%1,%2,1)", 0, "r12", "rbx", "rsi")
    COPY("(%0,%2,1)", "(%1,%2,1)", 0, "rdi", "r15", "r9")
    COPY("-64(%0,%2,1)", "-1024(%1,%2,1)", 64, "r10", "r11", "r14")
    release();
}

static float bits_to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void products_add_up(void **state)
{
    (void)state;
    uint16_t x[LINES * 2 * PAIRS], w[PAIRS * 2 * COLUMNS];
    float sums[LINES * COLUMNS], out[(LINES + 1) * COLUMNS];
    for (int i = 0; i < LINES * 2 * PAIRS; i++) {
        x[i] = te_bf16_from_float(te_random_truncated_normal(1, 1, (uint64_t)i));
    }
    for (int i = 0; i < PAIRS * 2 * COLUMNS; i++) {
        w[i] = te_bf16_from_float(te_random_truncated_normal(1, 2, (uint64_t)i));
    }
    for (int i = 0; i < LINES * COLUMNS; i++) {
        sums[i] = (float)i;
    }
    out[LINES * COLUMNS] = -1.0f;
    configure();
    __asm__ volatile("tilezero %%tmm1\n\ttileloadd (%0,%3,1), %%tmm0\n\ttileloadd (%1,%4,1), %%tmm4\n\t"
                     "tileloadd (%2,%3,1), %%tmm6\n\ttdpbf16ps %%tmm6, %%tmm4, %%tmm0\n\ttilestored %%tmm0, (%5,%3,1)"
                     :: "r"(sums), "r"(x), "r"(w), "r"(4L * COLUMNS), "r"(4L * PAIRS), "r"(out) : "memory");
    release();
    for (int i = 0; i < LINES * COLUMNS; i++) {
        const uint16_t *row = x + i / COLUMNS * 2 * PAIRS, *column = w + 2 * (i % COLUMNS);
        double exact = (double)sums[i];
        for (int k = 0; k < 2 * PAIRS; k++) {
            exact += (double)te_bf16_to_float(row[k]) * (double)te_bf16_to_float(column[k / 2 * 2 * COLUMNS + k % 2]);
        }
        assert_float_equal(out[i], exact, 1e-5);
    }
    assert_float_equal(out[LINES * COLUMNS], -1.0f, 0.0f); /* lines beyond the tile's are not written */
}

/* 2^-130, a denormal number, times 2^100 is zero; 2^-70 times 2^-70 too. */
static void denormal_numbers_are_zero(void **state)
{
    (void)state;
    uint16_t x[LINES * 2 * PAIRS] = {0}, w[PAIRS * 2 * COLUMNS] = {0};
    float out[LINES * COLUMNS], small = bits_to_float((127u - 70u) << 23);
    x[0] = (uint16_t)(1u << 3);
    w[0] = te_bf16_from_float(bits_to_float((127u + 100u) << 23));
    w[3] = x[2 * PAIRS + 1] = te_bf16_from_float(small);
    x[4 * PAIRS + 1] = te_bf16_from_float(1.0f);
    configure();
    __asm__ volatile("tilezero %%tmm0\n\ttileloadd (%0,%3,1), %%tmm4\n\ttileloadd (%1,%2,1), %%tmm6\n\t"
                     "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n\ttilestored %%tmm0, (%4,%2,1)"
                     :: "r"(x), "r"(w), "r"(4L * COLUMNS), "r"(4L * PAIRS), "r"(out) : "memory");
    release();
    assert_true(!(fabsf(out[0]) > 0.0f));
    assert_true(!(fabsf(out[COLUMNS + 1]) > 0.0f));
    assert_float_equal(out[2 * COLUMNS + 1] / small, 1.0f, 0.0f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_address_is_understood), cmocka_unit_test(products_add_up),
                                              cmocka_unit_test(denormal_numbers_are_zero)};
    return cmocka_run_group_tests_name("amx_emulator", tests, NULL, NULL);
}

#else

int main(void)
{
    puts("not run: for x86-64 processors under Linux");
    return 77;
}

#endif
