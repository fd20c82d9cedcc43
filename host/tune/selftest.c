/* The self-test: every test case of every op by every variant that a device can run, against the references. */
#include "base/interrupt.h"
#include "ops/ops.h"
#include "tune/op_test.h"

#include <stdio.h>
#include <string.h>

enum { SIMULATED_WORK = 200000 }; /* that a simulator takes a second or two for */

typedef struct selftest {
    te_device *device;
    const te_selftest_options *options;
    te_selftest_summary summary;
    size_t count; /* tests to run */
} selftest;

typedef te_status (*visit)(selftest *at, const te_op_test *test, const te_op_test_info *info);

static bool wanted(const char *name, const char *asked)
{
    return !asked || strcmp(name, asked) == 0;
}

/* All tests of a variant that the device can run. */
static te_status visit_cases(selftest *at, const te_op *op, const te_variant *variant, visit function)
{
    const te_caps *caps = te_device_caps(at->device);
    for (int row = 0; row < op->case_count; row++) {
        te_op_test test = {op, variant, &op->cases[row]};
        te_op_test_info info;
        TE_TRY(te_op_test_describe(&test, caps, &info));
        TE_TRY(info.runs ? function(at, &test, &info) : TE_OK);
    }
    return TE_OK;
}

static te_status visit_all(selftest *at, visit function)
{
    for (int o = 0; te_ops[o]; o++) {
        const te_op *op = te_ops[o];
        for (const te_variant *variant = op->variants; variant->name && wanted(op->name, at->options->op); variant++) {
            TE_TRY(wanted(variant->name, at->options->variant) ? visit_cases(at, op, variant, function) : TE_OK);
        }
    }
    return TE_OK;
}

static bool takes_too_long(const selftest *at, const te_op_test_info *info)
{
    return te_device_caps(at->device)->simulator && info->work > SIMULATED_WORK;
}

static te_status count_one(selftest *at, const te_op_test *test, const te_op_test_info *info)
{
    (void)test;
    *(takes_too_long(at, info) ? &at->summary.left_out : &at->count) += 1;
    return TE_OK;
}

static te_status run_one(selftest *at, const te_op_test *test, const te_op_test_info *info)
{
    te_verdict verdict = {.error = 0.0};
    if (takes_too_long(at, info)) {
        return TE_OK;
    }
    TE_TRY(te_interrupt_check());
    te_status status = te_op_test_run(test, at->device, &verdict);
    if (status == TE_ERR_INTERRUPTED) {
        return status;
    }
    te_selftest_result result = {.op = test->op->name, .variant = test->variant->name, .shape = info->shape,
                                 .fate = status != TE_OK  ? TE_SELFTEST_FAILED
                                         : !verdict.right ? TE_SELFTEST_WRONG
                                                          : TE_SELFTEST_RIGHT,
                                 .error = verdict.error, .why = status == TE_OK ? verdict.why : te_last_error()};
    at->summary.cases++;
    at->summary.wrong += result.fate == TE_SELFTEST_WRONG;
    at->summary.failed += result.fate == TE_SELFTEST_FAILED;
    return at->options->report ? at->options->report(&result, at->summary.cases, at->count, at->options->context) : TE_OK;
}

static te_status refuse_empty(const te_selftest_options *options)
{
    char names[TE_MESSAGE_BYTES / 2] = "";
    size_t used = 0;
    for (int o = 0; te_ops[o] && used < sizeof names; o++) {
        if (wanted(te_ops[o]->name, options->op)) {
            return te_fail(TE_ERR_ARGUMENT, "there is no variant '%s' of %s that this device can run",
                           options->variant ? options->variant : "any", options->op ? options->op : "any op");
        }
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", te_ops[o]->name);
    }
    return te_fail(TE_ERR_ARGUMENT, "no op is called '%s'; there are %s", options->op, names);
}

te_status te_selftest_run(te_device *device, const te_selftest_options *options, te_selftest_summary *summary)
{
    TE_NEED(device, summary);
    const te_selftest_options none = {.op = NULL};
    selftest at = {.device = device, .options = options ? options : &none};
    TE_TRY(visit_all(&at, count_one));
    TE_TRY(at.count + at.summary.left_out ? visit_all(&at, run_one) : refuse_empty(at.options));
    *summary = at.summary;
    return TE_OK;
}
