/* The inside of a tuning. */
#ifndef TE_TUNE_TUNE_H
#define TE_TUNE_TUNE_H

#include "tune/passes.h"

enum { TE_MOST_CANDIDATES = 8 };

/* A kind of calls that was tried. */
typedef struct te_tuned {
    const te_kind *kind;
    te_tune_candidate candidates[TE_MOST_CANDIDATES]; /* the usual one first */
    size_t count, winner;
} te_tuned;

struct te_tune {
    te_passes passes;
    te_kinds kinds;
    te_tuned *tuned;
    size_t count;
    te_tune_summary summary;
    char *path;
};

/* Try the variants of the kinds of calls in tune->kinds, and set the device's tunings to the winners. */
te_status te_tune_kinds(te_tune *tune, te_device *device, const te_tune_options *options);

/* contest.c: try all variants of one kind. tuned->count = 1: there is but one, and nothing was timed. */
te_status te_contest_run(te_tuned *tuned, te_device *device, const te_kind *kind, int rounds);

#endif
