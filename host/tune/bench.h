/* The inside of a bench. */
#ifndef TE_TUNE_BENCH_H
#define TE_TUNE_BENCH_H

#include "tune/passes.h"

struct te_bench {
    te_device_info device;
    te_bench_ceilings ceilings;
    te_passes passes;       /* texts of ops point into it */
    te_kinds kinds;
    te_bench_op *ops;       /* of kinds that were measured */
    size_t count;
    te_bench_pass pass[TE_PASS_COUNT]; /* runs = 0: not measured */
    char *json;
};

/* bench_model.c: the forward pass as a whole, a step of training. The model's weights must be there. */
te_status te_bench_forward(te_bench_pass *pass, const te_passes *passes, te_device *device, int runs);
te_status te_bench_training(te_bench_pass *pass, const te_passes *passes, te_device *device, const te_settings *settings,
                            int runs);

/* bench_json.c */
te_status te_bench_write_json(te_bench *bench, const te_settings *settings);

#endif
