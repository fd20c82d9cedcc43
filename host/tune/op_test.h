/* An op test: one of an op's test cases, run by a variant on a device and held against the op's reference. */
#ifndef TE_TUNE_OP_TEST_H
#define TE_TUNE_OP_TEST_H

#include "tune/judge.h"

typedef struct te_op_test {
    const te_op *op;
    const te_variant *variant;
    const te_case *row;
} te_op_test;

/* What a test is of: whether the device can run it, and would choose the variant by itself (or it is the generic one); shapes
 * and attributes as te_call_describe() has them; multiply-adds, or what te_call_results() counts of ops that count none. */
typedef struct te_op_test_info {
    bool runs, chosen;
    char shape[TE_CALL_TEXT];
    uint64_t work;
} te_op_test_info;

te_status te_op_test_describe(const te_op_test *test, const te_caps *caps, te_op_test_info *info);

/* Run it on numbers that are the same every time. A status other than TE_OK: the device could not. The tuning of that call is
 * forgotten. */
te_status te_op_test_run(const te_op_test *test, te_device *device, te_verdict *verdict);

/* The variant on the largest case of the op that it supports and whose numbers are ordinary; right if there is none. */
te_status te_op_test_run_largest(const te_op *op, const te_variant *variant, te_device *device, te_verdict *verdict);

#endif
