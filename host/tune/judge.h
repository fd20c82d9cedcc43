/* Is the result of a variant right? */
#ifndef TE_TUNE_JUDGE_H
#define TE_TUNE_JUDGE_H

#include "tune/probe.h"

typedef struct te_judge {
    double *expected;   /* (count) */
    int64_t count;
    double limit;       /* of the relative error */
    const char *name;   /* "reference" or "default" */
} te_judge;

/* For the call that `usual`, which has run, holds: by the op's reference in double precision, or where that would take long,
 * or there is none, by the result of `usual`. */
te_status te_judge_create(te_judge *judge, te_probe *usual);
void te_judge_clear(te_judge *judge);

/* Judge the last result of a probe of that call; *error: norm of the difference over the norm. */
te_status te_judge_ask(const te_judge *judge, te_probe *probe, bool *right, double *error);

/* Where the judge is no reference: the variant against the reference on the largest test case of the op that it supports.
 * Right if there is no such case. The tuning of that case is changed. */
te_status te_judge_small_case(te_device *device, const te_op *op, const te_variant *variant, bool *right,
                              double *error);

#endif
