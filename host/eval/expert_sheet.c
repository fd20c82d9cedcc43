#include "eval/expert_sheet.h"

#include "data/sheet.h"
#include "eval/gate_usage.h"
#include "eval/principal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PICTURES = TE_MAX_TAPS * TE_MAX_EXPERTS };

typedef struct drawing {
    const te_config *config;
    te_token_region region;
    float *rows;                      /* (tokens of the region, E, D) of one tap */
    te_picture *features[MOST_PICTURES]; /* (taps,E) */
    double shares[TE_MAX_TAPS][TE_COMPONENTS];
} drawing;

static int count_tokens(const drawing *at)
{
    return at->region.width * at->region.height;
}

/* The number of the region's token i in the input. */
static size_t token_of(const drawing *at, int i)
{
    return (size_t)((at->region.top + i / at->region.width) * at->region.row + at->region.left + i % at->region.width);
}

/* The mean is grey; at 2.5 standard deviations the colour is full. */
static uint8_t shade_of(double place, double variance)
{
    double value = variance > 0.0 ? place / (2.5 * sqrt(variance)) : 0.0;
    return (uint8_t)lrint(127.5 + 127.5 * fmax(-1.0, fmin(1.0, value)));
}

static te_status colour_expert(drawing *at, const te_principal *principal, int tap, int expert)
{
    int E = at->config->experts;
    te_picture **picture = &at->features[tap * E + expert];
    TE_TRY(te_picture_allocate(picture, at->region.width, at->region.height));
    for (int i = 0; i < count_tokens(at); i++) {
        double place[TE_COMPONENTS];
        te_principal_project(principal, at->rows + ((size_t)i * (size_t)E + (size_t)expert) * principal->width, place);
        for (int c = 0; c < TE_COMPONENTS; c++) {
            (*picture)->rgb[TE_COMPONENTS * i + c] = shade_of(place[c], principal->variances[c]);
        }
    }
    return TE_OK;
}

/* Take the expert's mean over the picture from its rows. A constant says nothing about the picture, and experts differ in
 * theirs so much that the components would show little else. */
static void centre_expert(drawing *at, size_t expert)
{
    size_t E = (size_t)at->config->experts, D = (size_t)at->config->D, tokens = (size_t)count_tokens(at);
    for (size_t d = 0; d < D; d++) {
        double sum = 0.0;
        for (size_t i = 0; i < tokens; i++) {
            sum += (double)at->rows[(i * E + expert) * D + d];
        }
        for (size_t i = 0; i < tokens; i++) {
            at->rows[(i * E + expert) * D + d] -= (float)(sum / (double)tokens);
        }
    }
}

/* One set of components for all experts of the tap, so that the same colour means the same difference. */
static te_status colour_tap(drawing *at, int tap, const float *features)
{
    size_t E = (size_t)at->config->experts, D = (size_t)at->config->D;
    for (int i = 0; i < count_tokens(at); i++) {
        memcpy(at->rows + (size_t)i * E * D, features + token_of(at, i) * E * D, E * D * sizeof *at->rows);
    }
    for (size_t expert = 0; expert < E; expert++) {
        centre_expert(at, expert);
    }
    te_principal principal;
    TE_TRY(te_principal_find(&principal, at->rows, (size_t)count_tokens(at) * E, D));
    te_status status = TE_OK;
    for (int expert = 0; expert < at->config->experts && status == TE_OK; expert++) {
        status = colour_expert(at, &principal, tap, expert);
    }
    for (int c = 0; c < TE_COMPONENTS; c++) {
        at->shares[tap][c] = principal.variance > 0.0 ? principal.variances[c] / principal.variance : 0.0;
    }
    te_principal_clear(&principal);
    return status;
}

static te_status colour_all(drawing *at, te_expert_probe *probe)
{
    at->rows = te_alloc((size_t)count_tokens(at) * (size_t)at->config->experts, (size_t)at->config->D * sizeof(float),
                        "features");
    if (!at->rows) {
        return TE_ERR_MEMORY;
    }
    for (int tap = 0; tap < at->config->tap_count; tap++) {
        const float *features;
        TE_TRY(te_expert_probe_get_features(probe, tap, &features));
        TE_TRY(colour_tap(at, tap, features));
    }
    return TE_OK;
}

static te_status draw(te_picture **sheet, const drawing *at, const te_prediction *prediction, const char *footer)
{
    const te_config *config = at->config;
    const char *titles[TE_TASK_COUNT];
    const float *gates[TE_MAX_TAPS];
    for (int t = 0; t < config->task_count; t++) {
        titles[t] = te_tasks[config->tasks[t]].title;
    }
    for (int tap = 0; tap < config->tap_count; tap++) {
        gates[tap] = prediction->gates[tap] + token_of(at, 0) * (size_t)(config->task_count * config->scores);
    }
    te_sheet_experts experts = {
        .picture = prediction->picture, .width = at->region.width, .height = at->region.height,
        .tap_count = config->tap_count, .expert_count = config->experts, .task_count = config->task_count,
        .memory = config->memory, .features = (const te_picture *const *)at->features, .shares = at->shares, .gates = gates,
        .row = (size_t)at->region.row, .titles = titles};
    return te_sheet_draw_experts(sheet, &experts, footer);
}

te_status te_expert_sheet_draw(te_picture **sheet, te_expert_probe *probe, const te_prediction *prediction,
                               const char *footer)
{
    drawing at = {.config = &prediction->config, .region = te_token_region_find(&prediction->fit)};
    te_status status = colour_all(&at, probe);
    if (status == TE_OK) {
        status = draw(sheet, &at, prediction, footer);
    }
    for (int i = 0; i < MOST_PICTURES; i++) {
        te_picture_free(at.features[i]);
    }
    free(at.rows);
    return status;
}
