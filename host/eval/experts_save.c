/* What was found about experts, as JSON. Taps and experts are counted from 1, as on sheets and in tables. */
#include "eval/experts.h"

#include "base/files.h"
#include "base/json_file.h"

#include <stdlib.h>
#include <string.h>

static json_t *describe_gate(const te_experts *experts, int tap, int task)
{
    const te_gate_usage *usage = experts->usage;
    json_t *means = json_array();
    for (int score = 0; score < experts->config->scores; score++) {
        json_array_append_new(means, te_json_number(te_gate_usage_get_mean(usage, tap, task, score)));
    }
    return json_pack("{s:s, s:i, s:o, s:o}", "task", experts->config->task_names[task], "tap", tap + 1, "scores", means,
                     "entropy", te_json_number(te_gate_usage_get_entropy(usage, tap, task)));
}

static json_t *describe_gates(const te_experts *experts)
{
    json_t *list = json_array();
    for (int task = 0; task < experts->config->task_count; task++) {
        for (int tap = 0; tap < experts->config->tap_count; tap++) {
            json_array_append_new(list, describe_gate(experts, tap, task));
        }
    }
    return list;
}

static json_t *describe_loss(const te_experts_loss *loss)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "task", loss->task, "metric", loss->metric, "unit", loss->unit,
                     "better", loss->higher_is_better ? "higher" : "lower", "value", te_json_number(loss->value), "loss",
                     te_json_number(loss->loss));
}

/* What is off in the row of a loss, and where. */
static json_t *describe_off(const te_experts *experts, const te_experts_loss *loss, json_t *metrics)
{
    char off[32];
    bool memory = loss->score == experts->config->experts;
    snprintf(off, sizeof off, "expert %d", loss->score + 1);
    return json_pack("{s:o, s:o, s:o}", "off",
                     loss->score == TE_NOTHING ? json_null() : json_string(memory ? "memory" : off), "tap",
                     loss->tap == TE_ALL_TAPS ? json_null() : json_integer(loss->tap + 1), "metrics", metrics);
}

static te_status describe_ablation(const te_experts *experts, json_t *list)
{
    for (size_t row = 0; row < te_experts_count_losses(experts); row++) {
        json_t *metrics = json_array();
        te_experts_loss loss = {0};
        for (size_t task = 0; task < (size_t)experts->config->task_count; task++) {
            te_status status = te_experts_get_loss(experts, row, task, &loss);
            if (status != TE_OK) {
                json_decref(metrics);
                return status;
            }
            if (*loss.metric) {
                json_array_append_new(metrics, describe_loss(&loss));
            }
        }
        json_array_append_new(list, describe_off(experts, &loss, metrics));
    }
    return TE_OK;
}

static te_status describe(const te_experts *experts, json_t **all)
{
    const te_config *config = experts->config;
    json_t *ablation = json_array();
    te_status status = describe_ablation(experts, ablation);
    if (status != TE_OK) {
        json_decref(ablation);
        return status;
    }
    *all = json_pack("{s:s, s:I, s:i, s:b, s:i, s:o, s:o}", "version", te_version(), "pictures",
                     (json_int_t)te_gate_usage_count(experts->usage), "experts", config->experts, "memory",
                     config->memory, "taps", config->tap_count, "gates", describe_gates(experts), "ablation", ablation);
    return *all ? TE_OK : te_fail(TE_ERR_MEMORY, "out of memory for what is known about experts");
}

te_status te_experts_save(const te_experts *experts, const char *folder)
{
    TE_NEED(experts, folder);
    json_t *all;
    TE_TRY(te_folder_make(folder));
    TE_TRY(describe(experts, &all));
    char *path = te_path_join(folder, "experts.json");
    if (!path) {
        json_decref(all);
        return TE_ERR_MEMORY;
    }
    te_status status = te_json_save(all, path);
    free(path);
    return status;
}
