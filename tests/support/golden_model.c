/* Forward passes held against golden files of the PyTorch reference. */
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/assert.h"

/* Relative error (norm of difference over norm) of every result in fp32. */
static const double limit = 1e-5;

static float *read_golden(const te_safetensors *file, const char *name, size_t *count)
{
    const te_entry *entry = te_safetensors_find(file, name);
    if (!entry) {
        fail_msg("golden file lacks '%s'", name);
        return NULL;
    }
    float *data = malloc(entry->count * sizeof *data);
    assert_non_null(data);
    assert_ok(te_entry_read(entry, data));
    *count = entry->count;
    return data;
}

static void compare(te_scheduler *scheduler, const te_safetensors *file, const char *name)
{
    char golden_name[96];
    size_t count;
    te_array array;
    snprintf(golden_name, sizeof golden_name, "golden.%s", name);
    float *expected = read_golden(file, golden_name, &count);
    assert_ok(te_scheduler_get(scheduler, name, &array));
    int64_t elements = 1;
    for (int i = 0; i < array.rank; i++) {
        elements *= array.shape[i];
    }
    assert_int_equal(elements, count);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)array.data[i] - (double)expected[i], 2);
        norm += pow((double)expected[i], 2);
    }
    double error = sqrt(difference / norm);
    if (!(error <= limit)) {
        fail_msg("%s: relative error %.2e exceeds %.0e", name, error, limit);
    }
    free(expected);
}

int golden_compare(te_scheduler *scheduler, const te_safetensors *file)
{
    static const char prefix[] = "golden.";
    int compared = 0;
    for (size_t i = 0; i < te_safetensors_count(file); i++) {
        const char *name = te_safetensors_get(file, i)->name;
        if (strncmp(name, prefix, sizeof prefix - 1) == 0 && strcmp(name, "golden.input") != 0) {
            compare(scheduler, file, name + sizeof prefix - 1);
            compared++;
        }
    }
    return compared;
}

te_scheduler *golden_run(te_device *device, te_model *model, const te_safetensors *file)
{
    const te_entry *entry = te_safetensors_find(file, "golden.input");
    assert_non_null(entry);
    te_scheduler *scheduler;
    te_scheduler_options options = {.batch = (int)entry->shape[0], .height = (int)entry->shape[2],
                                    .width = (int)entry->shape[3], .keep = 3};
    assert_ok(te_scheduler_create(&scheduler, model, device, &options));
    size_t count;
    float *input = read_golden(file, "golden.input", &count);
    assert_ok(te_scheduler_run(scheduler, input));
    free(input);
    return scheduler;
}

void golden_path(char path[512], const char *name)
{
    snprintf(path, 512, "%s/%s.safetensors", TE_TEST_GOLDEN, name);
}

void golden_check(te_device *device, const char *name)
{
    char path[512];
    te_safetensors *file;
    te_model *model;
    golden_path(path, name);
    assert_ok(te_safetensors_open(&file, path));
    assert_ok(te_model_load(&model, path));
    te_scheduler *scheduler = golden_run(device, model, file);
    int tasks = model->config.task_count;
    assert_int_equal(golden_compare(scheduler, file), tasks + model->config.tap_count * (3 + tasks));
    te_scheduler_free(scheduler);
    te_model_free(model);
    te_safetensors_close(file);
}
