/* What a training step's options mean: recomputation changes no bit, accumulation is the larger batch, stochastic depth
 * draws what it says, 16-bit products stay near fp32 and survive an overflow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "train/step_private.h"
#include "support/assert.h"
#include "support/settings.h"

enum { HEIGHT = 32, WIDTH = 48, AREA = HEIGHT * WIDTH, PARTS = 3, BATCH = 2, CLASSES = 5, MOST = PARTS * BATCH };

#define assert_near(got, wanted, bound) assert_true(fabs((double)(got) - (double)(wanted)) <= (double)(bound))

static te_device *device;

static int open_device(void **state)
{
    (void)state;
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    te_device_close(device);
    return 0;
}

static te_model *create_model(void)
{
    static const char *const pairs[][2] = {
        {"input.height", "32"}, {"input.width", "48"}, {"model.width", "24"}, {"model.blocks", "3"},
        {"model.taps", "2 3"}, {"model.heads", "2"}, {"model.decoder_width", "16"}, {"model.gate_width", "4"},
        {"model.semseg_classes", "5"}, {"model.tasks", "semseg human_parts sal normals edge depth"}};
    te_model *model;
    te_settings *settings = settings_for_test(pairs, sizeof pairs / sizeof pairs[0]);
    assert_ok(te_model_create(&model, settings, 3));
    te_settings_free(settings);
    return model;
}

static float uniform(uint64_t stream, int64_t i)
{
    return te_random_uniform(77, stream, (uint64_t)i);
}

static float label_of(te_task_id task, int picture, int64_t i)
{
    float u = uniform((uint64_t)(100 + task), picture * 3 * AREA + i);
    switch (task) {
    case TE_SEMSEG: return u < 0.1f + 0.2f * (float)picture ? 255.0f : (float)(int)(u * CLASSES * 0.999f);
    case TE_HUMAN_PARTS: return u < 0.3f ? 255.0f : (float)(int)(u * 6.9f);
    case TE_SAL: return picture == 1 ? 255.0f : u < 0.8f - 0.1f * (float)picture ? 0.0f : 1.0f;
    case TE_EDGE: return u < 0.2f ? 255.0f : u < 0.9f ? 0.0f : 1.0f;
    case TE_NORMALS: return u < 0.1f ? 0.0f : u * 2 - 1;
    default: return u < 0.1f * (float)picture ? 0.0f : 1 + 3 * u;
    }
}

/* `pictures` pictures, of which only the first `different` are: the others repeat them. Labels always differ. */
static te_batch create_batch(const te_model *model, int pictures, int different)
{
    float *images = calloc((size_t)(pictures * 3 * AREA), sizeof *images);
    te_batch batch = {.images = images};
    assert_non_null(images);
    for (int64_t i = 0; i < (int64_t)pictures * 3 * AREA; i++) {
        images[i] = 2 * uniform(1, i % ((int64_t)different * 3 * AREA)) - 1;
    }
    for (int t = 0; t < model->config.task_count; t++) {
        te_task_id task = model->config.tasks[t];
        int channels = task == TE_NORMALS ? 3 : 1;
        float *labels = calloc((size_t)(pictures * channels * AREA), sizeof *labels);
        assert_non_null(labels);
        for (int p = 0; p < pictures; p++) {
            for (int64_t i = 0; i < channels * AREA; i++) {
                labels[p * channels * AREA + i] = label_of(task, p, i);
            }
        }
        batch.labels[t] = labels;
    }
    return batch;
}

static void free_batch(te_batch *batch)
{
    free((void *)(uintptr_t)batch->images);
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        free((void *)(uintptr_t)batch->labels[t]);
    }
}

static const te_rates rates = {.rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .decay = 1e-6f,
                               .largest_norm = 10};

/* A run of steps: its model afterwards, the last result, the memory that its plan took. */
typedef struct outcome {
    te_model *model;
    te_step_result result;
    te_plan_memory memory;
} outcome;

static outcome run_steps(te_train_options options, int steps, int different)
{
    outcome out = {.model = create_model()};
    te_train_step *step;
    options.height = HEIGHT;
    options.width = WIDTH;
    options.backbone_factor = options.backbone_factor != 0 ? options.backbone_factor : 1;
    int parts = options.accumulate ? options.accumulate : 1;
    te_batch batch = create_batch(out.model, options.batch * parts, different);
    assert_ok(te_train_step_create(&step, out.model, device, &options));
    for (int i = 1; i <= steps; i++) {
        assert_ok(te_train_step_run(step, &batch, &rates, i, &out.result));
    }
    assert_ok(te_train_step_fetch(step));
    out.memory = te_plan_get_memory(te_train_step_get_plan(step));
    te_train_step_free(step);
    free_batch(&batch);
    return out;
}

/* Norm of the difference of two models' trained params over the norm of the first's. */
static double distance(const te_model *a, const te_model *b)
{
    double difference = 0, norm = 0;
    for (int i = 0; i < a->params.count; i++) {
        const te_param *param = &a->params.list[i];
        for (int64_t e = 0; e < te_shape_count(&param->shape) && !param->statistic; e++) {
            difference += pow((double)param->data[e] - (double)b->params.list[i].data[e], 2);
            norm += pow((double)param->data[e], 2);
        }
    }
    return sqrt(difference / norm);
}

static bool same_bits(const te_model *a, const te_model *b)
{
    for (int i = 0; i < a->params.count; i++) {
        const te_param *param = &a->params.list[i];
        if (memcmp(param->data, b->params.list[i].data, (size_t)te_shape_count(&param->shape) * sizeof(float)) != 0) {
            return false;
        }
    }
    return true;
}

static void recomputation_changes_no_bit(void **state)
{
    (void)state;
    outcome kept = run_steps((te_train_options){.batch = BATCH, .depth_rate = 0.5f}, 3, BATCH);
    outcome again = run_steps((te_train_options){.batch = BATCH, .depth_rate = 0.5f, .recompute = true}, 3, BATCH);
    assert_true(same_bits(kept.model, again.model));
    assert_true(again.memory.live < kept.memory.live);
    te_model_free(kept.model);
    te_model_free(again.model);
}

/* What the parts of a batch share is made once a step, unless everything is recomputed. */
static void kept_weights_change_no_bit(void **state)
{
    (void)state;
    outcome kept = run_steps((te_train_options){.batch = BATCH, .accumulate = 2}, 3, BATCH);
    outcome again = run_steps((te_train_options){.batch = BATCH, .accumulate = 2, .recompute = true}, 3, BATCH);
    assert_true(same_bits(kept.model, again.model));
    te_model_free(kept.model);
    te_model_free(again.model);
}

/* Every part has the same pictures, so that batch norm sees in each what it sees in the whole batch. The labels differ:
 * how many pixels are valid, and how many are salient, is told by all of them together. */
static void accumulation_is_the_larger_batch(void **state)
{
    (void)state;
    outcome whole = run_steps((te_train_options){.batch = MOST}, 1, BATCH);
    outcome parts = run_steps((te_train_options){.batch = BATCH, .accumulate = PARTS}, 1, BATCH);
    for (int t = 0; t < whole.model->config.task_count; t++) {
        assert_near(parts.result.losses[t], whole.result.losses[t], 1e-5 * (double)whole.result.losses[t]);
        assert_true(parts.result.valid[t] == whole.result.valid[t]);
    }
    assert_near(parts.result.norm, whole.result.norm, 1e-4 * (double)whole.result.norm);
    te_model_free(parts.model);
    te_model_free(whole.model);
}

/* The sums start afresh with every step: the second step of two parts has the norm that the large batch's second step
 * has, where a sum that went on would have about twice as much. */
static void sums_start_afresh(void **state)
{
    (void)state;
    outcome first = run_steps((te_train_options){.batch = BATCH, .accumulate = 2}, 1, BATCH);
    outcome second = run_steps((te_train_options){.batch = BATCH, .accumulate = 2}, 2, BATCH);
    outcome whole = run_steps((te_train_options){.batch = 2 * BATCH}, 2, BATCH);
    assert_near(second.result.norm, whole.result.norm, 1e-2 * (double)whole.result.norm);
    assert_true(fabs((double)second.result.norm / (double)first.result.norm - 1) > 1e-3); /* the steps differ */
    te_model_free(first.model);
    te_model_free(second.model);
    te_model_free(whole.model);
}

static bool in_backbone(const te_param *param)
{
    return strcmp(param->part, "backbone") == 0;
}

/* backbone_factor 0 freezes the backbone and nothing else. */
static void a_factor_of_zero_freezes_the_backbone(void **state)
{
    (void)state;
    te_model *model = create_model(), *before = create_model();
    te_batch batch = create_batch(model, BATCH, BATCH);
    te_train_step *step;
    te_train_options options = {.batch = BATCH, .height = HEIGHT, .width = WIDTH, .backbone_factor = 0, .decoupled = 1};
    te_step_result result;
    assert_ok(te_train_step_create(&step, model, device, &options));
    assert_ok(te_train_step_run(step, &batch, &rates, 1, &result));
    assert_ok(te_train_step_fetch(step));
    for (int i = 0; i < model->params.count; i++) {
        const te_param *param = &model->params.list[i];
        size_t bytes = (size_t)te_shape_count(&param->shape) * sizeof(float);
        bool same = memcmp(param->data, before->params.list[i].data, bytes) == 0;
        assert_true(same == in_backbone(param) || strstr(param->name, ".conv.bias") != NULL);
    }
    te_train_step_free(step);
    free_batch(&batch);
    te_model_free(model);
    te_model_free(before);
}

/* ---- stochastic depth ---- */

static void depth_scales_have_their_rates(void **state)
{
    (void)state;
    enum { STEPS = 400 };
    static const float rate = 0.6f;
    te_model *model = create_model();
    te_batch batch = create_batch(model, BATCH, BATCH);
    te_train_step *step;
    te_train_options options = {.batch = BATCH, .height = HEIGHT, .width = WIDTH, .backbone_factor = 1,
                                .depth_rate = rate, .seed = 5};
    assert_ok(te_train_step_create(&step, model, device, &options));
    assert_true(step->depth_scales >= 0);
    int blocks = model->config.blocks, dropped[3] = {0};
    assert_int_equal(blocks, 3);
    for (int i = 1; i <= STEPS; i++) {
        float scales[6 * BATCH];
        te_rates still = rates;
        still.rate = 0;
        if (i <= 3) {
            te_step_result result;
            assert_ok(te_train_step_run(step, &batch, &still, i, &result));
        } else {
            assert_ok(te_train_step_draw_depth(step, i, 0));
        }
        assert_ok(te_plan_read(step->plan, step->depth_scales, scales));
        for (int s = 0; s < 2 * blocks * BATCH; s++) {
            int block = s / BATCH / 2;
            float kept = 1 / (1 - rate * (float)block / 2);
            assert_true(scales[s] == 0 || fabsf(scales[s] - kept) < 1e-6f);
            dropped[block] += scales[s] == 0;
        }
    }
    double draws = STEPS * 2 * BATCH;
    assert_int_equal(dropped[0], 0);
    assert_near(dropped[1] / draws, 0.3, 5 * sqrt(0.3 * 0.7 / draws));
    assert_near(dropped[2] / draws, 0.6, 5 * sqrt(0.6 * 0.4 / draws));
    te_train_step_free(step);
    free_batch(&batch);
    te_model_free(model);
}

/* Step 1 has parts 0 and 1, step 2 begins with draws of its own. */
static void every_part_has_its_own_depth(void **state)
{
    (void)state;
    te_model *model = create_model();
    te_train_step *step;
    te_train_options options = {.batch = BATCH, .height = HEIGHT, .width = WIDTH, .backbone_factor = 1, .accumulate = 2,
                                .depth_rate = 0.6f, .seed = 5};
    float scales[3][6 * BATCH];
    assert_ok(te_train_step_create(&step, model, device, &options));
    for (int i = 0; i < 3; i++) {
        assert_ok(te_train_step_draw_depth(step, 1 + i / 2, i % 2));
        assert_ok(te_plan_read(step->plan, step->depth_scales, scales[i]));
    }
    assert_memory_not_equal(scales[0], scales[1], sizeof scales[0]);
    assert_memory_not_equal(scales[1], scales[2], sizeof scales[0]);
    te_train_step_free(step);
    te_model_free(model);
}

static void depth_depends_on_the_seed(void **state)
{
    (void)state;
    outcome a = run_steps((te_train_options){.batch = BATCH, .depth_rate = 0.5f, .seed = 1}, 3, BATCH);
    outcome b = run_steps((te_train_options){.batch = BATCH, .depth_rate = 0.5f, .seed = 1}, 3, BATCH);
    outcome c = run_steps((te_train_options){.batch = BATCH, .depth_rate = 0.5f, .seed = 2}, 3, BATCH);
    assert_true(same_bits(a.model, b.model));
    assert_false(same_bits(a.model, c.model));
    te_model_free(a.model);
    te_model_free(b.model);
    te_model_free(c.model);
}

/* ---- precision ---- */

static void products_of_16_bits_stay_near(void **state)
{
    (void)state;
    outcome exact = run_steps((te_train_options){.batch = BATCH}, 1, BATCH);
    outcome bf16 = run_steps((te_train_options){.batch = BATCH, .precision = TE_BF16}, 1, BATCH);
    outcome fp16 = run_steps((te_train_options){.batch = BATCH, .precision = TE_FP16}, 1, BATCH);
    double norm = (double)exact.result.norm, total = (double)exact.result.total;
    assert_near(bf16.result.total, total, 1e-2 * total);
    assert_near(fp16.result.total, total, 1e-3 * total);
    assert_near(bf16.result.norm, norm, 5e-2 * norm);
    assert_near(fp16.result.norm, norm, 5e-3 * norm);
    assert_false(same_bits(exact.model, bf16.model));
    assert_false(same_bits(exact.model, fp16.model));
    assert_true(distance(exact.model, bf16.model) < 0.1);
    te_model_free(exact.model);
    te_model_free(bf16.model);
    te_model_free(fp16.model);
}

/* A step whose products round to fp16, and what it takes. */
typedef struct fp16_step {
    te_model *model;
    te_batch batch;
    te_train_step *step;
} fp16_step;

static fp16_step create_fp16(te_device *on)
{
    te_train_options options = {.batch = BATCH, .height = HEIGHT, .width = WIDTH, .backbone_factor = 1,
                                .precision = TE_FP16};
    fp16_step made = {.model = create_model()};
    made.batch = create_batch(made.model, BATCH, BATCH);
    assert_ok(te_train_step_create(&made.step, made.model, on, &options));
    return made;
}

static void free_fp16(fp16_step *made)
{
    te_train_step_free(made->step);
    free_batch(&made->batch);
    te_model_free(made->model);
}

/* A scale beyond what fp16 holds: the step is left out, the scale halved, until gradients fit again. */
static void check_overflow(te_device *on)
{
    fp16_step made = create_fp16(on);
    te_model *before = create_model();
    te_step_result result;
    assert_ok(te_train_step_set_scale(made.step, (te_loss_scale){1e9f, 0}));
    assert_ok(te_train_step_run(made.step, &made.batch, &rates, 1, &result));
    assert_true(result.skipped && isfinite(result.total));
    assert_true(te_train_step_get_scale(made.step).scale == 5e8f);
    assert_ok(te_train_step_fetch(made.step));
    assert_true(distance(before, made.model) == 0);
    for (int i = 0; i < 40 && result.skipped; i++) {
        assert_ok(te_train_step_run(made.step, &made.batch, &rates, 1, &result));
    }
    assert_false(result.skipped);
    assert_true(isfinite(result.norm) && te_train_step_get_scale(made.step).steps == 1);
    assert_ok(te_train_step_fetch(made.step));
    assert_true(distance(before, made.model) > 0);
    free_fp16(&made);
    te_model_free(before);
}

/* The optimiser is told by the norm alone, in each of its kernels. */
static void an_overflow_halves_the_loss_scale(void **state)
{
    (void)state;
    static const char *const generic[][2] = {{"kernels.variant", "adam=generic"}};
    te_settings *settings = settings_for_test(generic, 1);
    te_device *other;
    assert_ok(te_device_open(&other, settings));
    check_overflow(device);
    check_overflow(other);
    te_device_close(other);
    te_settings_free(settings);
}

/* A step that fits counts; after so many the scale is doubled, up to the largest. One that does not fit ends the count. */
static void steps_that_fit_double_the_loss_scale(void **state)
{
    (void)state;
    static const te_loss_scale largest = {TE_LARGEST_LOSS_SCALE, TE_LOSS_SCALE_PATIENCE - 1};
    static const te_loss_scale rows[][2] = {{{2, TE_LOSS_SCALE_PATIENCE - 2}, {2, TE_LOSS_SCALE_PATIENCE - 1}},
                                            {{2, TE_LOSS_SCALE_PATIENCE - 1}, {4, 0}},
                                            {{1e9f, 7}, {5e8f, 0}}};
    fp16_step made = create_fp16(device);
    const te_config *config = &made.model->config;
    te_step_result result;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(te_train_step_set_scale(made.step, rows[i][0]));
        assert_ok(te_train_step_run(made.step, &made.batch, &rates, 1, &result));
        assert_true(te_train_step_get_scale(made.step).scale == rows[i][1].scale);
        assert_int_equal(te_train_step_get_scale(made.step).steps, rows[i][1].steps);
    }
    for (int t = 0; t < config->task_count; t++) { /* without a label nothing is too large */
        te_task_id task = config->tasks[t];
        for (int i = 0; i < BATCH * AREA * (task == TE_NORMALS ? 3 : 1); i++) {
            ((float *)(uintptr_t)made.batch.labels[t])[i] = task == TE_NORMALS || task == TE_DEPTH ? 0.0f : 255.0f;
        }
    }
    assert_ok(te_train_step_set_scale(made.step, largest));
    assert_ok(te_train_step_run(made.step, &made.batch, &rates, 1, &result));
    assert_true(te_train_step_get_scale(made.step).scale == largest.scale);
    free_fp16(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(recomputation_changes_no_bit),
                                       cmocka_unit_test(kept_weights_change_no_bit),
                                       cmocka_unit_test(accumulation_is_the_larger_batch),
                                       cmocka_unit_test(sums_start_afresh),
                                       cmocka_unit_test(a_factor_of_zero_freezes_the_backbone),
                                       cmocka_unit_test(depth_scales_have_their_rates),
                                       cmocka_unit_test(every_part_has_its_own_depth),
                                       cmocka_unit_test(depth_depends_on_the_seed),
                                       cmocka_unit_test(products_of_16_bits_stay_near),
                                       cmocka_unit_test(an_overflow_halves_the_loss_scale),
                                       cmocka_unit_test(steps_that_fit_double_the_loss_scale)};
    return cmocka_run_group_tests_name("step", tests, open_device, close_device);
}
