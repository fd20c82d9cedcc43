/* Steps of training held against the golden run of the PyTorch reference. */
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/assert.h"
#include "train/step.h"

/* Relative errors. A norm is the least certain: a few signs of L1 losses flip with the last bits. */
static const double loss_limit = 1e-5, norm_limit = 1e-3, weight_limit = 5e-5;

static float *read_golden(const te_safetensors *file, const char *format, const char *name)
{
    char full[160];
    snprintf(full, sizeof full, format, name);
    const te_entry *entry = te_safetensors_find(file, full);
    if (!entry) {
        fail_msg("golden file lacks '%s'", full);
        return NULL;
    }
    float *data = malloc(entry->count * sizeof *data);
    assert_non_null(data);
    assert_ok(te_entry_read(entry, data));
    return data;
}

static double number_of(const te_safetensors *file, const char *key)
{
    const char *text = te_safetensors_find_metadata(file, key);
    assert_non_null(text);
    return atof(text);
}

static void assert_close(double got, double expected, double limit, const char *what, int step)
{
    if (!(fabs(got - expected) <= limit * fabs(expected))) {
        fail_msg("step %d: %s is %.9g, not %.9g (relative error %.1e, limit %.0e)", step, what, got, expected,
                 fabs(got / expected - 1), limit);
    }
}

/* Soft-max takes the key's bias out of the scores: its gradient is rounding only, and Adam makes steps of it. */
static bool is_key_bias(const char *name, int64_t element, int64_t C)
{
    const char *end = strstr(name, ".attn.qkv.bias");
    return end && element >= C && element < 2 * C;
}

static void compare_weights(const te_model *model, const te_safetensors *file)
{
    for (int i = 0; i < model->params.count; i++) {
        const te_param *param = &model->params.list[i];
        int64_t elements = te_shape_count(&param->part_shape);
        for (int part = 0; part < param->part_count; part++) {
            float *expected = read_golden(file, "golden.final.%s", param->names[part]);
            const float *got = param->data + part * elements;
            double difference = 0, norm = 0;
            for (int64_t e = 0; e < elements; e++) {
                if (!is_key_bias(param->names[part], e, model->config.C)) {
                    difference += pow((double)got[e] - (double)expected[e], 2);
                    norm += pow((double)expected[e], 2);
                }
            }
            if (!(sqrt(difference) <= weight_limit * sqrt(norm) + 1e-12)) {
                fail_msg("'%s' after the last step: relative error %.1e, limit %.0e", param->names[part],
                         sqrt(difference / norm), weight_limit);
            }
            free(expected);
        }
    }
}

typedef struct golden {
    te_safetensors *file;
    te_model *model;
    float *images, *labels[TE_TASK_COUNT], *losses[TE_TASK_COUNT], *norms;
    int steps, batch;
    double rate, iterations;
} golden;

static golden open_golden(const char *name)
{
    golden g = {.file = NULL};
    char path[512];
    snprintf(path, sizeof path, TE_TEST_GOLDEN "/%s.safetensors", name);
    assert_ok(te_safetensors_open(&g.file, path));
    assert_ok(te_model_load(&g.model, path));
    g.steps = (int)number_of(g.file, "golden.steps");
    g.batch = (int)number_of(g.file, "golden.batch");
    g.rate = number_of(g.file, "golden.rate");
    g.iterations = number_of(g.file, "golden.iterations");
    g.images = read_golden(g.file, "golden.%s", "input");
    g.norms = read_golden(g.file, "golden.%s", "norm");
    for (int t = 0; t < g.model->config.task_count; t++) {
        g.labels[t] = read_golden(g.file, "golden.label.%s", g.model->config.task_names[t]);
        g.losses[t] = read_golden(g.file, "golden.loss.%s", g.model->config.task_names[t]);
    }
    return g;
}

static void close_golden(golden *g)
{
    for (int t = 0; t < g->model->config.task_count; t++) {
        free(g->labels[t]);
        free(g->losses[t]);
    }
    free(g->images);
    free(g->norms);
    te_model_free(g->model);
    te_safetensors_close(g->file);
}

void golden_check_training(te_device *device, const char *name)
{
    golden g = open_golden(name);
    const te_config *config = &g.model->config;
    te_train_step *step;
    te_train_options options = {.batch = g.batch, .height = config->height, .width = config->width,
                                .backbone_factor = 1};
    assert_ok(te_train_step_create(&step, g.model, device, &options));
    te_batch batch = {.images = g.images};
    for (int t = 0; t < config->task_count; t++) {
        batch.labels[t] = g.labels[t];
    }
    for (int i = 0; i < g.steps; i++) {
        te_step_result result;
        te_rates rates = {.rate = (float)(g.rate * pow(1 - i / g.iterations, 0.9)), .beta1 = 0.9f, .beta2 = 0.999f,
                          .epsilon = 1e-8f, .decay = 1e-6f, .largest_norm = 10};
        assert_ok(te_train_step_run(step, &batch, &rates, i + 1, &result));
        for (int t = 0; t < config->task_count; t++) {
            assert_close((double)result.losses[t], (double)g.losses[t][i], loss_limit, config->task_names[t], i + 1);
        }
        assert_close((double)result.norm, (double)g.norms[i], norm_limit, "the gradient's norm", i + 1);
    }
    assert_ok(te_train_step_fetch(step));
    compare_weights(g.model, g.file);
    te_train_step_free(step);
    close_golden(&g);
}
