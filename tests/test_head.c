/* The head's identity (MODEL.md section 4): products on the small grid, combined, against the direct order - upsample
 * four times, then convolve - written out in double precision. */
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "ops/ops.h"
#include "support/assert.h"
#include "support/settings.h"

/* One head: x (B,h*w,D), weight (O,D,3,3), affine as conv bias and batch norm. */
typedef struct head {
    int batch, height, width, D, O;
    float *x, *weight, *vectors[5]; /* conv bias, batch norm weight, bias, mean, variance (O) */
} head;

static float *draw(uint64_t stream, int count, int positive)
{
    float *data = malloc((size_t)count * sizeof *data);
    assert_non_null(data);
    for (int i = 0; i < count; i++) {
        float value = te_random_truncated_normal(99, stream, (uint64_t)i);
        data[i] = positive ? fabsf(value) + 0.1f : value;
    }
    return data;
}

static void free_head(head *h)
{
    free(h->x);
    free(h->weight);
    for (int i = 0; i < 5; i++) {
        free(h->vectors[i]);
    }
}

/* Bilinear sampling of channel c of picture b at fine position (y, x), align_corners = false. */
static double up4(const head *h, int b, int c, int y, int x)
{
    double sy = fmax((y + 0.5) / 4 - 0.5, 0), sx = fmax((x + 0.5) / 4 - 0.5, 0);
    int y0 = (int)sy, x0 = (int)sx;
    int y1 = y0 + 1 < h->height ? y0 + 1 : y0, x1 = x0 + 1 < h->width ? x0 + 1 : x0;
    double ty = sy - y0, tx = sx - x0;
    const float *map = h->x + (size_t)b * (size_t)(h->height * h->width * h->D) + c;
#define AT(line, column) ((double)map[((line) * h->width + (column)) * h->D])
    return (1 - ty) * ((1 - tx) * AT(y0, x0) + tx * AT(y0, x1)) + ty * ((1 - tx) * AT(y1, x0) + tx * AT(y1, x1));
#undef AT
}

static double direct(const head *h, int b, int y, int x, int o)
{
    double sum = (double)h->vectors[0][o];
    for (int k = 0; k < 9; k++) {
        int line = y + k / 3 - 1, column = x + k % 3 - 1;
        if (line < 0 || line >= 4 * h->height || column < 0 || column >= 4 * h->width) {
            continue;
        }
        for (int c = 0; c < h->D; c++) {
            sum += (double)h->weight[(o * h->D + c) * 9 + k] * up4(h, b, c, line, column);
        }
    }
    double value = (sum - (double)h->vectors[3][o]) / sqrt((double)h->vectors[4][o] + 1e-5) *
                       (double)h->vectors[1][o] + (double)h->vectors[2][o];
    return 0.5 * value * (1 + erf(value * 0.70710678118654752));
}

/* The same through the ops, on the device. */
static float *through_ops(const head *h)
{
    te_graph graph = {0};
    te_tensor x = te_graph_input(&graph, TE_SHAPE3(h->batch, h->height * h->width, h->D));
    te_tensor weight = te_graph_input(&graph, TE_SHAPE4(h->O, h->D, 3, 3)), vectors[5];
    for (int i = 0; i < 5; i++) {
        vectors[i] = te_graph_input(&graph, TE_SHAPE1(h->O));
    }
    te_tensor products = te_linear(&graph, x, te_head_weights(&graph, weight), TE_ABSENT, TE_ABSENT,
                                   (te_linear_options){0});
    te_tensor y = te_head_combine(&graph, products, te_head_affine(&graph, vectors[0], vectors + 1),
                                  (te_head_options){.height = h->height, .width = h->width});
    te_graph_output(&graph, y, "y");
    te_device *device;
    te_plan *plan;
    te_settings *settings = settings_for_test(NULL, 0);
    assert_ok(te_device_open(&device, settings));
    assert_ok(te_plan_create(&plan, device, &graph));
    assert_ok(te_plan_write(plan, x.value, h->x));
    assert_ok(te_plan_write(plan, weight.value, h->weight));
    for (int i = 0; i < 5; i++) {
        assert_ok(te_plan_write(plan, vectors[i].value, h->vectors[i]));
    }
    float *out = malloc((size_t)te_shape_count(&y.shape) * sizeof *out);
    assert_non_null(out);
    assert_ok(te_plan_run(plan));
    assert_ok(te_plan_read(plan, y.value, out));
    te_plan_free(plan);
    te_device_close(device);
    te_settings_free(settings);
    te_graph_clear(&graph);
    return out;
}

static void test_identity(int batch, int height, int width, int D, int O)
{
    head h = {.batch = batch, .height = height, .width = width, .D = D, .O = O,
              .x = draw(1, batch * height * width * D, 0), .weight = draw(2, O * D * 9, 0)};
    for (int i = 0; i < 5; i++) {
        h.vectors[i] = draw(3 + (uint64_t)i, O, i == 4);
    }
    float *out = through_ops(&h);
    double difference = 0, norm = 0;
    for (int i = 0; i < batch * 16 * height * width * O; i++) {
        int pixel = i / O % (16 * height * width);
        double exact = direct(&h, i / O / (16 * height * width), pixel / (4 * width), pixel % (4 * width), i % O);
        difference += pow((double)out[i] - exact, 2);
        norm += exact * exact;
    }
    if (!(sqrt(difference / norm) <= 2e-6)) {
        fail_msg("%dx%dx%d, %d to %d channels: relative error %.2e", batch, height, width, D, O,
                 sqrt(difference / norm));
    }
    free(out);
    free_head(&h);
}

static void equals_the_direct_order(void **state)
{
    (void)state;
    test_identity(2, 3, 5, 20, 7);
    test_identity(1, 4, 4, 48, 48);
    test_identity(1, 1, 1, 5, 16);
    test_identity(2, 1, 6, 33, 32);
    test_identity(1, 7, 2, 8, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_direct_order)};
    return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
