/* The experts' features of a picture in colours, beside the gate scores (docs/EXPERTS.md). */
#ifndef TE_EVAL_EXPERT_SHEET_H
#define TE_EVAL_EXPERT_SHEET_H

#include "eval/expert_probe.h"

/* `prediction` is that of the probe's last run. */
te_status te_expert_sheet_draw(te_picture **sheet, te_expert_probe *probe, const te_prediction *prediction,
                               const char *footer);

#endif
