/* Every op, every case, every variant that the device supports, against the op's double-precision reference.
 *
 * test_ops [NAME]   all ops, or the one called NAME
 *
 * TE_TEST_SMALL=1 in the environment leaves out the cases that take minutes in a simulator, TE_TEST_CHOSEN=1 the variants
 * that the device would not choose by itself (those for processors take llvmpipe minutes to compile); both say how many.
 * TE_TEST_AMX=1 runs the variants for matrix units instead, on an emulator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amx_emulator.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"
#include "tune/op_test.h"

typedef struct op_case {
    te_op_test what;
    char name[96];
} op_case;

/* Multiply-adds, or elements of the result for ops that count none, of the cases that TE_TEST_SMALL keeps. */
enum { SMALL_WORK = 200000 };

static bool emulates_amx;

/* The device stays open while tests ask for the same variant, so that its programs are compiled once; NULL closes it. Not in a
 * simulator: Oclgrind's record of what was initialised outlives the buffers it was made for. */
static te_device *device_for(const te_op_test *test)
{
    static te_device *device;
    static te_op_test opened;
    if (device && test && opened.op == test->op && opened.variant == test->variant && !getenv("TE_TEST_SMALL")) {
        return device;
    }
    te_device_close(device);
    device = NULL;
    if (test) {
        te_settings *settings = settings_for_test(NULL, 0);
        assert_ok(te_device_open(&device, settings));
        te_settings_free(settings);
        opened = *test;
    }
    return device;
}

static int close_device(void **state)
{
    (void)state;
    device_for(NULL);
    return 0;
}

static void test_case(void **state)
{
    const op_case *test = *state;
    te_verdict verdict;
    te_device *device = device_for(&test->what);
    assert_true(!emulates_amx || amx_emulator_start()); /* here: cmocka takes the signal for itself before each test */
    assert_ok(te_op_test_run(&test->what, device, &verdict));
    if (!verdict.right) {
        fail_msg("%s: %s", test->name, verdict.why);
    }
}

static te_caps open_caps(void)
{
    te_settings *settings = NULL;
    te_device *device = NULL;
    if (te_settings_create(&settings) != TE_OK || te_device_open(&device, settings) != TE_OK) {
        fprintf(stderr, "test_ops: %s\n", te_last_error());
        exit(1);
    }
    te_caps caps = *te_device_caps(device);
    printf("device: %s\n", te_device_name(device));
    te_device_close(device);
    te_settings_free(settings);
    return caps;
}

/* The only variant to run, or NULL for all. */
static const char *pretend_amx(void)
{
    static const te_cpu_features amx = {.amx_bf16 = true};
    if (!getenv("TE_TEST_AMX")) {
        return NULL;
    }
    emulates_amx = amx_emulator_start();
    if (!emulates_amx) {
        puts("not run: for x86-64 processors under Linux");
        exit(77);
    }
    te_cpu_features_pretend(&amx);
    return "amx";
}

/* An op of that name, or an end with all names in one line. */
static void need_op(const char *name)
{
    for (int o = 0; te_ops[o]; o++) {
        if (strcmp(te_ops[o]->name, name) == 0) {
            return;
        }
    }
    fprintf(stderr, "test_ops: there is no op '%s', but", name);
    for (int o = 0; te_ops[o]; o++) {
        fprintf(stderr, " %s", te_ops[o]->name);
    }
    fputs("\n", stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    enum { MOST = 1500 };
    static op_case list[MOST];
    static struct CMUnitTest tests[MOST];
    if (argc > 1) {
        need_op(argv[1]);
    }
    const char *only = pretend_amx();
    te_caps caps = open_caps();
    bool only_small = getenv("TE_TEST_SMALL") != NULL, only_chosen = getenv("TE_TEST_CHOSEN") != NULL;
    size_t count = 0, left_out = 0;
    for (int o = 0; te_ops[o]; o++) {
        const te_op *op = te_ops[o];
        if (argc > 1 && strcmp(argv[1], op->name) != 0) {
            continue;
        }
        for (const te_variant *variant = op->variants; variant->name; variant++) {
            if (only && strcmp(only, variant->name) != 0) {
                continue;
            }
            for (int row = 0; row < op->case_count; row++) {
                assert_true(count < MOST);
                op_case *test = &list[count];
                te_op_test_info info;
                *test = (op_case){.what = {op, variant, &op->cases[row]}};
                snprintf(test->name, sizeof test->name, "%s %s %d", op->name, variant->name, row);
                assert_ok(te_op_test_describe(&test->what, &caps, &info));
                if ((only_small && info.work > SMALL_WORK) || (only_chosen && !info.chosen)) {
                    left_out++;
                } else if (info.runs) {
                    tests[count++] = (struct CMUnitTest){test->name, test_case, NULL, NULL, test};
                }
            }
        }
    }
    if (only_small || only_chosen) {
        printf("%zu cases left out (TE_TEST_SMALL, TE_TEST_CHOSEN)\n", left_out);
    }
    return _cmocka_run_group_tests("ops", tests, count, NULL, close_device);
}
