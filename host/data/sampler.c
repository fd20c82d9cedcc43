/* Balanced drawing. A draw for task u shows a label of task t with probability share[u][t], the share of u's pictures
 * that have one. Which task is served next depends on the sums of these alone, not on what was drawn; so the turns of
 * PERIOD draws are worked out once and then repeated. Draw n serves task turns[n % PERIOD], and is that task's
 * (n / PERIOD * its turns a period + its turns before) th draw. */
#include "data/sampler.h"

#include "data/shuffle.h"

#include <stdlib.h>

enum { PERIOD = 4096 };

struct te_sampler {
    uint64_t seed, count;
    uint64_t *pictures[TE_TASK_COUNT]; /* balanced: those with a label of the task */
    uint64_t with_label[TE_TASK_COUNT];
    uint8_t turns[PERIOD];
    uint16_t before[PERIOD];           /* turns of the same task earlier in the period */
    uint16_t per_period[TE_TASK_COUNT];
    int balanced;
};

static te_status list_pictures(te_sampler *sampler, const uint8_t *labels, int task_count)
{
    for (int t = 0; t < task_count; t++) {
        uint64_t count = 0;
        for (uint64_t i = 0; i < sampler->count; i++) {
            count += labels[i] >> t & 1;
        }
        sampler->pictures[t] = te_alloc(count + 1, sizeof **sampler->pictures, "a sampler");
        if (!sampler->pictures[t]) {
            return TE_ERR_MEMORY;
        }
        for (uint64_t i = 0; i < sampler->count; i++) {
            if (labels[i] >> t & 1) {
                sampler->pictures[t][sampler->with_label[t]++] = i;
            }
        }
    }
    return TE_OK;
}

typedef double te_shares[TE_TASK_COUNT][TE_TASK_COUNT];

static void fill_shares(const te_sampler *sampler, const uint8_t *labels, int task_count, te_shares share)
{
    for (int served = 0; served < task_count; served++) {
        uint64_t pictures = sampler->with_label[served];
        for (int t = 0; t < task_count; t++) {
            uint64_t both = 0;
            for (uint64_t i = 0; i < pictures; i++) {
                both += labels[sampler->pictures[served][i]] >> t & 1;
            }
            share[served][t] = pictures ? (double)both / (double)pictures : 0;
        }
    }
}

/* Equal sums: the task with fewer turns so far. Tasks without any label have no turns. */
static void fill_turns(te_sampler *sampler, int task_count, te_shares share)
{
    double seen[TE_TASK_COUNT] = {0};
    for (int draw = 0; draw < PERIOD; draw++) {
        int next = -1;
        for (int t = 0; t < task_count; t++) {
            if (sampler->with_label[t]
                && (next < 0 || seen[t] < seen[next]
                    || (seen[t] == seen[next] && sampler->per_period[t] < sampler->per_period[next]))) {
                next = t;
            }
        }
        sampler->turns[draw] = (uint8_t)next;
        sampler->before[draw] = sampler->per_period[next]++;
        for (int t = 0; t < task_count; t++) {
            seen[t] += share[next][t];
        }
    }
}

te_status te_sampler_create(te_sampler **sampler, te_sampler_kind kind, uint64_t seed, const uint8_t *labels,
                            uint64_t count, int task_count)
{
    te_sampler *made = te_alloc(1, sizeof *made, "a sampler");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->seed = seed;
    made->count = count;
    uint8_t any = 0;
    for (uint64_t i = 0; i < count; i++) {
        any |= labels[i];
    }
    made->balanced = kind == TE_SAMPLER_BALANCED && any;
    if (made->balanced) {
        te_shares share;
        te_status status = list_pictures(made, labels, task_count);
        if (status != TE_OK) {
            te_sampler_free(made);
            return status;
        }
        fill_shares(made, labels, task_count, share);
        fill_turns(made, task_count, share);
    }
    *sampler = made;
    return TE_OK;
}

void te_sampler_free(te_sampler *sampler)
{
    if (sampler) {
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            free(sampler->pictures[t]);
        }
        free(sampler);
    }
}

uint64_t te_sampler_pick(const te_sampler *sampler, uint64_t index)
{
    if (!sampler->balanced) {
        return te_shuffle(sampler->seed, 0, index / sampler->count, sampler->count, index % sampler->count);
    }
    int turn = (int)(index % PERIOD), task = sampler->turns[turn];
    uint64_t draw = index / PERIOD * sampler->per_period[task] + sampler->before[turn];
    uint64_t count = sampler->with_label[task];
    return sampler->pictures[task][te_shuffle(sampler->seed, (uint32_t)task + 1, draw / count, count, draw % count)];
}
