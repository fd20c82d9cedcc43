/* Tiles: how sides are cut, and that what is blended is what a sum over all tiles says. */
#include "data/map.h"
#include "eval/blend.h"
#include "eval/tiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "support/assert.h"

/* ---- one side ---- */

static void check_tiling(int length, int part, int overlap)
{
    te_tiling tiling = te_tiling_make(length, part, overlap);
    te_tiling_span span = te_tiling_get(&tiling, 0), next;
    assert_int_equal(tiling.part, part < length ? part : length);
    assert_int_equal(tiling.count == 1, length <= part);
    assert_int_equal(span.first, 0);
    assert_int_equal(span.begin, 0);
    assert_int_equal(span.head, 0);
    for (int i = 1; i < tiling.count; i++, span = next) {
        next = te_tiling_get(&tiling, i);
        assert_true(next.first > span.first && span.first + tiling.part - next.first >= overlap);
        assert_int_equal(next.begin, span.tail);
        assert_int_equal(next.head, span.end);
        assert_true(span.head <= span.tail && span.tail <= span.end);
        assert_true(span.end <= span.first + tiling.part && next.begin >= next.first);
        assert_int_equal(span.end - span.tail, tiling.zone);
    }
    assert_int_equal(span.first + tiling.part, length);
    assert_int_equal(span.tail, length);
    assert_int_equal(span.end, length);
    assert_true(tiling.count == 1 || tiling.zone <= overlap);
    for (int at = 0; at < tiling.zone; at++) {
        float weight = te_tiling_get_weight(&tiling, at);
        assert_true(weight > 0.0f && weight < 1.0f);
        assert_true(at == 0 || weight > te_tiling_get_weight(&tiling, at - 1));
        assert_true(fabsf(weight + te_tiling_get_weight(&tiling, tiling.zone - 1 - at) - 1.0f) < 1e-6f);
    }
}

static void test_tiling(void **state)
{
    (void)state;
    static const int parts[] = {16, 48, 512}, shares[] = {0, 1, 4, 8}; /* of 16 */
    for (size_t p = 0; p < 3; p++) {
        for (size_t s = 0; s < 4; s++) {
            for (int length = 1; length < 12 * parts[p]; length += parts[p] > 100 ? 37 : 1) {
                check_tiling(length, parts[p], parts[p] * shares[s] / 16);
            }
        }
    }
    check_tiling(12000, 512, 128);
    assert_int_equal(te_tiling_make(12000, 512, 128).count, 31);
    assert_int_equal(te_tiling_make(896, 512, 128).count, 2); /* just enough, and one more pixel */
    assert_int_equal(te_tiling_make(897, 512, 128).count, 3);
    assert_int_equal(te_tiling_make(896, 512, 128).zone, 85);
}

/* ---- blending ---- */

static const te_config config = {
    .task_count = 4,
    .tasks = {TE_SEMSEG, TE_SAL, TE_NORMALS, TE_DEPTH},
    .channels = {3, 2, 3, 1},
    .task_names = {"semseg", "sal", "normals", "depth"},
};
enum { V = 9 };

/* What tile (column,row) says of pixel (x,y). All of it depends on the place; `tiles` is how much it also does on the tile. */
typedef struct script {
    te_tiles_options options;
    float tiles;
    int calls, fail_at;
    const te_picture *picture;
} script;

static void say(const script *at, int left, int top, int x, int y, float *values)
{
    float tile = at->tiles * (float)((left * 7 + top * 13) % 11), place = (float)((x * 31 + y * 17) % 101);
    for (int i = 0; i < V; i++) {
        values[i] = 0.1f + fmodf(place * (float)(i + 1) + tile * (float)(i + 3), 100.0f) / 100.0f;
    }
}

static te_status run_script(void *context, int left, int top, const te_picture *tile, float *values)
{
    script *at = context;
    size_t first = 3 * ((size_t)top * (size_t)at->picture->width + (size_t)left);
    assert_memory_equal(tile->rgb, at->picture->rgb + first, 3 * (size_t)tile->width);
    for (int y = 0; y < tile->height; y++) {
        for (int x = 0; x < tile->width; x++, values += V) {
            say(at, left, top, left + x, top + y, values);
        }
    }
    return ++at->calls == at->fail_at ? te_fail(TE_ERR_DEVICE, "no more") : TE_OK;
}

static te_picture *make_picture(int width, int height)
{
    te_picture *picture;
    assert_ok(te_picture_allocate(&picture, width, height));
    for (size_t i = 0; i < 3 * (size_t)width * (size_t)height; i++) {
        picture->rgb[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    return picture;
}

/* The weight of a part at a place, from its definition. */
static double weigh(const te_tiling *tiling, const te_tiling_span *span, int at)
{
    if (at < span->begin || at >= span->end) {
        return 0.0;
    }
    double t = at < span->head ? (at - span->begin + 0.5) / tiling->zone
               : at >= span->tail ? 1.0 - (at - span->tail + 0.5) / tiling->zone
                                  : 1.0;
    return t * t * (3.0 - 2.0 * t);
}

/* The sum over all tiles of a pixel. */
static void add_up(const script *at, int x, int y, double *sums)
{
    double total = 0.0;
    memset(sums, 0, V * sizeof *sums);
    for (int row = 0; row < at->options.y.count; row++) {
        te_tiling_span down = te_tiling_get(&at->options.y, row);
        double weight_y = weigh(&at->options.y, &down, y);
        for (int column = 0; column < at->options.x.count && weight_y > 0.0; column++) {
            te_tiling_span across = te_tiling_get(&at->options.x, column);
            double weight = weight_y * weigh(&at->options.x, &across, x);
            float values[V];
            say(at, across.first, down.first, x, y, values);
            total += weight;
            for (int i = 0; i < V && weight > 0.0; i++) {
                sums[i] += weight * (double)values[i];
            }
        }
    }
    assert_true(fabs(total - 1.0) < 1e-9);
}

static void check_pixel(const script *at, const te_map *maps, int x, int y)
{
    size_t pixel = (size_t)y * (size_t)at->picture->width + (size_t)x;
    double sums[V];
    add_up(at, x, y, sums);
    double length = sqrt(sums[5] * sums[5] + sums[6] * sums[6] + sums[7] * sums[7]);
    int class = maps[0].classes[pixel];
    assert_true(class < 3);
    for (int k = 0; k < 3; k++) {
        assert_true(sums[class] >= sums[k] - 1e-6);
        assert_true(fabs((double)maps[2].values[3 * pixel + (size_t)k] - sums[5 + k] / length) < 1e-5);
    }
    assert_true(fabs((double)maps[1].values[pixel] - sums[4]) < 1e-5);
    assert_true(fabs((double)maps[3].values[pixel] - sums[8]) < 1e-5);
}

static void check_blend(int width, int height, int part, int overlap, float tiles)
{
    te_map maps[TE_TASK_COUNT] = {{0}};
    te_picture *picture = make_picture(width, height);
    script at = {.tiles = tiles, .picture = picture,
                 .options = {.x = te_tiling_make(width, part, overlap), .y = te_tiling_make(height, part, overlap),
                             .run = run_script, .context = &at}};
    assert_ok(te_tiles_run(&config, picture, &at.options, maps));
    assert_int_equal(at.calls, at.options.x.count * at.options.y.count);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            check_pixel(&at, maps, x, y);
        }
    }
    for (int t = 0; t < config.task_count; t++) {
        assert_string_equal(maps[t].task, config.task_names[t]);
        assert_int_equal(maps[t].channels, t == 2 ? 3 : 1);
        te_map_free(&maps[t]);
    }
    te_picture_free(picture);
}

static void test_blend(void **state)
{
    (void)state;
    for (int overlap = 0; overlap <= 8; overlap += 4) {
        for (int tiles = 0; tiles < 2; tiles++) { /* 0: tiles agree, so nobody can tell that there are any */
            check_blend(101, 67, 16, overlap, (float)tiles);
            check_blend(17, 49, 16, overlap, (float)tiles);
            check_blend(200, 5, 16, overlap, (float)tiles);
            check_blend(5, 33, 16, overlap, (float)tiles);
        }
    }
}

static void test_failure(void **state)
{
    (void)state;
    te_map maps[TE_TASK_COUNT] = {{.width = -1}};
    te_picture *picture = make_picture(40, 40);
    script at = {.picture = picture, .fail_at = 5,
                 .options = {.x = te_tiling_make(40, 16, 4), .y = te_tiling_make(40, 16, 4), .run = run_script,
                             .context = &at}};
    assert_int_equal(te_tiles_run(&config, picture, &at.options, maps), TE_ERR_DEVICE);
    assert_int_equal(at.calls, 5);
    assert_int_equal(maps[0].width, -1);
    assert_null(maps[0].classes);
    te_picture_free(picture);
}

/* ---- what is averaged ---- */

/* Numbers that are none add nothing, huge ones do not spread, and what comes out of a mean goes back into it. */
static void test_extremes(void **state)
{
    (void)state;
    const te_config all = {.task_count = 4, .tasks = {TE_SEMSEG, TE_SAL, TE_EDGE, TE_DEPTH}, .channels = {3, 2, 1, 1},
                           .task_names = {"semseg", "sal", "edge", "depth"}};
    const te_view as_it_is = {1.0, false}, twice = {2.0, true};
    static const struct {
        float logits[7], values[7]; /* as at twice the size */
    } cases[] = {
        {{0, 0, 0, 0, 0, 0, 3}, {1.0f / 3, 1.0f / 3, 1.0f / 3, 0.5f, 0.5f, 0.5f, 6}},
        {{1000, 999, -INFINITY, -1e38f, 1e38f, 200, -5}, {0.7310586f, 0.2689414f, 0, 0, 1, 1, 0}},
        {{INFINITY, 0, 0, -INFINITY, -INFINITY, -INFINITY, 0}, {1, 0, 0, 0, 0, 0, 0}},
        {{NAN, 5, 5, 3, NAN, NAN, NAN}, {0, 0, 0, 0, 0, 0, 0}},
        {{0, 0, 0, 0, 0, 0, INFINITY}, {1.0f / 3, 1.0f / 3, 1.0f / 3, 0.5f, 0.5f, 0.5f, 2e30f}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float values[7] = {0}, logits[7], again[7] = {0};
        te_blend_add(&all, &twice, cases[i].logits, 1.0f, values);
        te_blend_to_logits(&all, values, logits);
        te_blend_add(&all, &as_it_is, logits, 1.0f, again);
        for (int v = 0; v < 7; v++) {
            /* from nothing: classes alike, not salient; and what is as far as can be */
            bool lost = (i == 3 && v < 4) || (i == 2 && v == 3) || (i == 4 && v == 6);
            assert_true(fabsf(values[v] - cases[i].values[v]) < 1e-6f);
            assert_true(isfinite(logits[v]));
            assert_true(lost || fabsf(again[v] - values[v]) < 1e-6f);
        }
        assert_true(i != 3 || (again[0] == again[2] && again[4] < 1e-6f));
        assert_true(i != 1 || fabsf(logits[5] - 16.635532f) < 1e-4f); /* of a probability of 1: half an epsilon below it */
    }
    uint8_t class = 9;
    float values[7] = {0.2f, 0.4f, 0.4f}, salient, edge, depth;
    te_map maps[4] = {{.classes = &class}, {.values = &salient}, {.values = &edge}, {.values = &depth}};
    te_blend_write(&all, values, maps, 0);
    assert_int_equal(class, 1); /* of equal ones the first */
}

static void test_directions(void **state)
{
    (void)state;
    const te_config normals = {.task_count = 1, .tasks = {TE_NORMALS}, .channels = {3}, .task_names = {"normals"}};
    const te_view mirrored = {1.0, true};
    float values[3] = {0};
    te_blend_add(&normals, &mirrored, (const float[]){3e20f, 0, -4e20f}, 0.5f, values);
    assert_true(fabsf(values[0] + 0.3f) < 1e-6f && values[1] == 0.0f && fabsf(values[2] + 0.4f) < 1e-6f);
    te_blend_add(&normals, &mirrored, (const float[]){0, 0, 0}, 0.5f, values);
    te_blend_add(&normals, &mirrored, (const float[]){INFINITY, 0, 0}, 0.5f, values);
    assert_true(fabsf(values[0] + 0.3f) < 1e-6f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiling),
        cmocka_unit_test(test_blend),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
