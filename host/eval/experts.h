/* What te_experts_run() and te_experts_run_split() found, as experts_save.c sees it. */
#ifndef TE_EVAL_EXPERTS_H
#define TE_EVAL_EXPERTS_H

#include "eval/ablation.h"
#include "eval/gate_usage.h"

struct te_experts {
    const te_config *config;
    te_settings *settings;
    te_expert_probe *probe;
    te_gate_usage *usage;
    te_ablation *ablation;     /* NULL: none was asked for */
    te_prediction *last;       /* of te_experts_run(); NULL: the probe has run something else since */
};

#endif
