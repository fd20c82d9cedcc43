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

typedef struct te_verdict {
    bool right;
    double error;       /* norm of the difference over the norm; infinite where numbers are not even of one kind */
    char why[128];      /* it is wrong; "" where it is not */
} te_verdict;

/* For the call that `usual`, which has run, holds, of an op that changes no inputs: by its reference in double precision, or
 * where that would take long by the result of `usual`. */
te_status te_judge_create(te_judge *judge, te_probe *usual);

/* The same for what `call` writes (te_call_results), with room for what the caller puts into `expected`. */
te_status te_judge_create_empty(te_judge *judge, const te_call *call);
void te_judge_clear(te_judge *judge);

/* Judge numbers, or the last result of a probe. */
void te_judge_numbers(const te_judge *judge, const float *result, te_verdict *verdict);
te_status te_judge_ask(const te_judge *judge, te_probe *probe, te_verdict *verdict);

#endif
