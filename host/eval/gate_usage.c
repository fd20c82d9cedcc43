#include "eval/gate_usage.h"

#include <math.h>
#include <stdlib.h>

struct te_gate_usage {
    te_config config;
    double *scores;    /* (taps,T,S): sums over the tokens */
    double *entropies; /* (taps,T) */
    double tokens;     /* that were added */
    uint64_t pictures;
};

te_token_region te_token_region_find(const te_fit *fit)
{
    int left = fit->left / TE_PATCH, right = (fit->left + fit->width + TE_PATCH - 1) / TE_PATCH;
    int top = fit->top / TE_PATCH, bottom = (fit->top + fit->height + TE_PATCH - 1) / TE_PATCH;
    return (te_token_region){.left = left, .top = top, .width = right - left, .height = bottom - top,
                             .row = fit->input_width / TE_PATCH};
}

te_status te_gate_usage_create(te_gate_usage **usage, const te_config *config)
{
    te_gate_usage *created = te_alloc(1, sizeof *created, "the use of gates");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    size_t gates = (size_t)config->tap_count * (size_t)config->task_count;
    created->config = *config;
    created->scores = te_alloc(gates * (size_t)config->scores, sizeof(double), "the use of gates");
    created->entropies = te_alloc(gates, sizeof(double), "the use of gates");
    if (!created->scores || !created->entropies) {
        te_gate_usage_free(created);
        return TE_ERR_MEMORY;
    }
    *usage = created;
    return TE_OK;
}

void te_gate_usage_free(te_gate_usage *usage)
{
    if (usage) {
        free(usage->scores);
        free(usage->entropies);
        free(usage);
    }
}

/* Of one token's scores g (S), 0 to 1. */
static double entropy_of(const float *g, int S)
{
    double sum = 0.0, logs = 0.0;
    for (int s = 0; s < S; s++) {
        double score = (double)g[s];
        sum += score;
        logs += score > 0.0 ? score * log(score) : 0.0;
    }
    return S > 1 && sum > 0.0 ? (log(sum) - logs / sum) / log(S) : 0.0;
}

/* The scores of one token for all tasks, g (T,S), at one tap. */
static void add_token(te_gate_usage *usage, int tap, const float *g)
{
    int T = usage->config.task_count, S = usage->config.scores;
    for (int t = 0; t < T; t++) {
        double *sums = usage->scores + (tap * T + t) * S;
        for (int s = 0; s < S; s++) {
            sums[s] += (double)g[t * S + s];
        }
        usage->entropies[tap * T + t] += entropy_of(g + t * S, S);
    }
}

void te_gate_usage_add(te_gate_usage *usage, const te_prediction *prediction)
{
    if (!prediction->gates[0]) {
        return;
    }
    te_token_region region = te_token_region_find(&prediction->fit);
    int tokens = region.width * region.height, stride = usage->config.task_count * usage->config.scores;
    for (int tap = 0; tap < usage->config.tap_count; tap++) {
        for (int i = 0; i < tokens; i++) {
            int token = (region.top + i / region.width) * region.row + region.left + i % region.width;
            add_token(usage, tap, prediction->gates[tap] + (size_t)token * (size_t)stride);
        }
    }
    usage->tokens += (double)tokens;
    usage->pictures++;
}

uint64_t te_gate_usage_count(const te_gate_usage *usage)
{
    return usage->pictures;
}

/* Over the tokens. */
static double mean_of(const te_gate_usage *usage, double sum)
{
    return usage->tokens > 0.0 ? sum / usage->tokens : 0.0;
}

double te_gate_usage_get_mean(const te_gate_usage *usage, int tap, int task, int score)
{
    int T = usage->config.task_count, S = usage->config.scores;
    return mean_of(usage, usage->scores[(tap * T + task) * S + score]);
}

double te_gate_usage_get_entropy(const te_gate_usage *usage, int tap, int task)
{
    return mean_of(usage, usage->entropies[tap * usage->config.task_count + task]);
}
