/* Matching against trying everything, against plain augmenting paths, and with warm starts; thinning and suppression by their
 * properties (the numbers are in test_metrics.c's golden file). */
#include "base/interrupt.h"
#include "base/random.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "eval/edge_counts.h"
#include "eval/edge_match.h"
#include "support/assert.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 20, AREA = SIDE * SIDE };

/* ---- matching ---- */

static int is_near(int p, int q, int width, double radius)
{
    int dx = p % width - q % width, dy = p / width - q / width;
    return (double)(dx * dx + dy * dy) <= radius * radius;
}

/* The largest matching by trying all partners, or none, for each pixel from the i-th on. */
static size_t match_all_ways(const int *said, int said_count, const int *truth, int truth_count, int width, double radius,
                             int i, unsigned taken)
{
    if (i == said_count) {
        return 0;
    }
    size_t best = match_all_ways(said, said_count, truth, truth_count, width, radius, i + 1, taken);
    for (int j = 0; j < truth_count; j++) {
        if (!(taken >> j & 1u) && is_near(said[i], truth[j], width, radius)) {
            size_t found = 1 + match_all_ways(said, said_count, truth, truth_count, width, radius, i + 1, taken | 1u << j);
            best = found > best ? found : best;
        }
    }
    return best;
}

/* One augmenting path at a time (Kuhn), recursively. */
typedef struct plain {
    const uint8_t *truth;
    int height, width;
    double radius;
    int partner[AREA];
    uint8_t seen[AREA];
} plain;

static int augment(plain *at, int p)
{
    for (int q = 0; q < at->height * at->width; q++) {
        if (at->truth[q] && !at->seen[q] && is_near(p, q, at->width, at->radius)) {
            at->seen[q] = 1;
            if (at->partner[q] < 0 || augment(at, at->partner[q])) {
                at->partner[q] = p;
                return 1;
            }
        }
    }
    return 0;
}

static size_t match_plainly(const uint8_t *said, const uint8_t *truth, int height, int width, double radius)
{
    plain at = {.truth = truth, .height = height, .width = width, .radius = radius};
    size_t pairs = 0;
    memset(at.partner, 0xFF, sizeof at.partner);
    for (int p = 0; p < height * width; p++) {
        memset(at.seen, 0, sizeof at.seen);
        pairs += said[p] && augment(&at, p);
    }
    return pairs;
}

static void draw_pixels(uint8_t *plane, int area, double share, uint64_t stream)
{
    for (int i = 0; i < area; i++) {
        plane[i] = (double)te_random_uniform(7, stream, (uint64_t)i) < share;
    }
}

static size_t list_pixels(const uint8_t *plane, int area, uint32_t *pixels)
{
    size_t count = 0;
    for (int i = 0; i < area; i++) {
        if (plane[i]) {
            pixels[count++] = (uint32_t)i;
        }
    }
    return count;
}

static size_t match_once(const uint8_t *said, const uint8_t *truth, int height, int width, double radius)
{
    uint32_t pixels[AREA];
    te_edge_matcher *matcher;
    assert_ok(te_edge_matcher_create(&matcher, truth, height, width, radius));
    size_t pairs = te_edge_matcher_run(matcher, pixels, list_pixels(said, height * width, pixels));
    te_edge_matcher_free(matcher);
    return pairs;
}

static void test_all_ways(void **state)
{
    (void)state;
    enum { H = 4, W = 5, CASES = 300, MOST = 8 };
    size_t unequal = 0; /* cases in which not every pixel finds a partner: others prove little */
    for (uint64_t n = 0; n < CASES; n++) {
        uint8_t said[H * W], truth[H * W];
        int said_list[H * W], truth_list[H * W], said_count = 0, truth_count = 0;
        draw_pixels(said, H * W, 0.35, 2 * n);
        draw_pixels(truth, H * W, 0.35, 2 * n + 1);
        for (int i = 0; i < H * W; i++) {
            said[i] &= said_count < MOST;
            truth[i] &= truth_count < MOST;
            said_list[said_count] = truth_list[truth_count] = i;
            said_count += said[i];
            truth_count += truth[i];
        }
        double radius = 1.0 + 0.5 * (double)(n % 3);
        size_t best = match_all_ways(said_list, said_count, truth_list, truth_count, W, radius, 0, 0);
        assert_int_equal(match_once(said, truth, H, W, radius), best);
        unequal += best < (size_t)(said_count < truth_count ? said_count : truth_count);
    }
    assert_true(unequal > CASES / 4);
}

static void test_plain_paths(void **state)
{
    (void)state;
    static const double shares[] = {0.05, 0.2, 0.5, 0.9}, radii[] = {0, 1, 2.04, 3.5};
    for (uint64_t n = 0; n < 64; n++) {
        uint8_t said[AREA], truth[AREA];
        draw_pixels(said, AREA, shares[n % 4], 1000 + 2 * n);
        draw_pixels(truth, AREA, shares[n / 4 % 4], 1001 + 2 * n);
        double radius = radii[n / 16];
        assert_int_equal(match_once(said, truth, SIDE, SIDE, radius), match_plainly(said, truth, SIDE, SIDE, radius));
    }
}

/* Sets that change from run to run, each compared with a matcher that knows nothing of the runs before. */
static void test_warm_start(void **state)
{
    (void)state;
    uint8_t truth[AREA], said[AREA], change[AREA];
    uint32_t pixels[AREA];
    te_edge_matcher *matcher;
    draw_pixels(truth, AREA, 0.3, 5000);
    draw_pixels(said, AREA, 0.3, 5001);
    assert_ok(te_edge_matcher_create(&matcher, truth, SIDE, SIDE, 2.3));
    for (uint64_t n = 0; n < 40; n++) {
        size_t pairs = te_edge_matcher_run(matcher, pixels, list_pixels(said, AREA, pixels));
        assert_int_equal(pairs, match_plainly(said, truth, SIDE, SIDE, 2.3));
        draw_pixels(change, AREA, n % 5 ? 0.1 : 0.5, 5002 + n);
        for (int i = 0; i < AREA; i++) {
            said[i] ^= change[i];
        }
    }
    assert_int_equal(te_edge_matcher_run(matcher, pixels, 0), 0);
    te_edge_matcher_free(matcher);
}

/* A comb: each label pixel lies between two predicted ones, and one predicted pixel too many begins the row, so that every
 * pair has to move by one. */
static void test_long_path(void **state)
{
    (void)state;
    enum { LENGTH = 399 };
    uint8_t said[LENGTH] = {0}, truth[LENGTH] = {0};
    uint32_t pixels[LENGTH];
    size_t count = 0;
    for (int i = 0; i < LENGTH; i++) {
        said[i] = i % 2 == 0 && i < LENGTH - 1;
        truth[i] = i % 2 == 1;
    }
    te_edge_matcher *matcher;
    assert_ok(te_edge_matcher_create(&matcher, truth, 1, LENGTH, 1));
    for (int i = LENGTH - 1; i >= 0; i--) { /* the last takes the label to its left, and so on */
        if (said[i] && i > 0) {
            pixels[count++] = (uint32_t)i;
        }
    }
    assert_int_equal(te_edge_matcher_run(matcher, pixels, count), count);
    pixels[count++] = 0;
    assert_int_equal(te_edge_matcher_run(matcher, pixels, count), count);
    te_edge_matcher_free(matcher);
}

/* Rows of more than one word, at all distances from their ends. */
static void test_wide_rows(void **state)
{
    (void)state;
    enum { H = 2, W = 199 };
    static const double radii[] = {0.5, 1, 2.9, 31, 63, 64, 70.5, 150, 1e9};
    for (uint64_t n = 0; n < 9 * 12; n++) {
        uint8_t said[AREA] = {0}, truth[AREA] = {0};
        double radius = radii[n % 9], share = 1.5 / (1 + radius * (double)(n / 9 + 1)); /* few enough that some go without */
        draw_pixels(said, H * W, share, 20000 + 2 * n);
        draw_pixels(truth, H * W, n % 2 ? share : 2 * share, 20001 + 2 * n);
        assert_int_equal(match_once(said, truth, H, W, radius), match_plainly(said, truth, H, W, radius));
        assert_int_equal(match_once(truth, said, W, H, radius), match_plainly(truth, said, W, H, radius));
    }
}

/* ---- thinning ---- */

static size_t thin_plane(uint8_t *plane)
{
    uint32_t pixels[AREA];
    te_edge_thinner thinner;
    assert_ok(te_edge_thinner_create(&thinner, SIDE, SIDE));
    size_t count = te_edge_thin(&thinner, pixels, list_pixels(plane, AREA, pixels));
    memset(plane, 0, AREA);
    for (size_t i = 0; i < count; i++) {
        plane[pixels[i]] = 1;
    }
    /* room is left as it was found: the same again gives the same */
    uint32_t again[AREA];
    size_t left = te_edge_thin(&thinner, again, list_pixels(plane, AREA, again));
    assert_int_equal(left, count);
    te_edge_thinner_free(&thinner);
    return count;
}

static void flood(const uint8_t *plane, uint8_t value, int corners, uint8_t *seen, int i)
{
    if (seen[i] || plane[i] != value) {
        return;
    }
    seen[i] = 1;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            int x = i % SIDE + dx, y = i / SIDE + dy;
            if ((corners || dx == 0 || dy == 0) && x >= 0 && x < SIDE && y >= 0 && y < SIDE) {
                flood(plane, value, corners, seen, y * SIDE + x);
            }
        }
    }
}

/* Connected parts of pixels of `value`, over corners too or not. */
static int count_parts(const uint8_t *plane, uint8_t value, int corners)
{
    uint8_t seen[AREA] = {0};
    int parts = 0;
    for (int i = 0; i < AREA; i++) {
        if (plane[i] == value && !seen[i]) {
            parts++;
            flood(plane, value, corners, seen, i);
        }
    }
    return parts;
}

/* Thinning takes pixels away, joins and cuts nothing, fills no hole, and leaves no block of 2 x 2. */
static void test_thin_topology(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 60; n++) {
        uint8_t before[AREA], plane[AREA];
        draw_pixels(before, AREA, 0.3 + 0.01 * (double)n, 9000 + n);
        for (int i = 0; i < SIDE; i++) { /* a frame, so that the outside is one part */
            before[i] = before[AREA - 1 - i] = before[i * SIDE] = before[i * SIDE + SIDE - 1] = 0;
        }
        memcpy(plane, before, AREA);
        thin_plane(plane);
        assert_int_equal(count_parts(plane, 1, 1), count_parts(before, 1, 1));
        assert_int_equal(count_parts(plane, 0, 0), count_parts(before, 0, 0));
        for (int i = 0; i < AREA; i++) {
            assert_true(plane[i] <= before[i]);
        }
    }
}

static void test_thin_bar(void **state)
{
    (void)state;
    uint8_t plane[AREA] = {0};
    for (int y = 8; y < 11; y++) {
        memset(plane + y * SIDE + 2, 1, 16);
    }
    size_t count = thin_plane(plane);
    assert_true(count >= 13 && count <= 16); /* a line in the middle row, its ends eaten at most */
    for (int i = 0; i < AREA; i++) {
        assert_true(!plane[i] || i / SIDE == 9);
    }
}

/* ---- what SciPy and scikit-image say (tests/reference/make_golden_metrics.py) ---- */

static const te_entry *find_golden(const te_safetensors *file, const char *name)
{
    const te_entry *entry = te_safetensors_find(file, name);
    if (!entry) {
        fail_msg("golden file lacks '%s'", name);
    }
    return entry;
}

/* The places that are set in one of the planes (cases,h,w). */
static size_t list_golden(const te_entry *planes, size_t index, size_t area, uint32_t *pixels)
{
    return list_pixels(planes->data + index * area, (int)area, pixels);
}

/* As many pairs as the assignment of least cost has in which, as in the benchmark, a pixel left over costs 100 radii. */
static void test_pairs_of_scipy(void **state)
{
    (void)state;
    enum { MOST = 256 };
    te_safetensors *file;
    uint8_t *bytes;
    size_t size;
    assert_ok(te_file_read(TE_TEST_GOLDEN "/edges.safetensors", 1 << 24, &bytes, &size));
    assert_ok(te_safetensors_open_memory(&file, bytes, size, "edges.safetensors"));
    const te_entry *said = find_golden(file, "pairs.said"), *truth = find_golden(file, "pairs.truth");
    const te_entry *expected = find_golden(file, "pairs.count"), *radii = find_golden(file, "pairs.radius");
    size_t cases = (size_t)truth->shape[0], area = (size_t)(truth->shape[1] * truth->shape[2]), left_over = 0;
    float radius[MOST];
    assert_true(cases >= 50 && cases <= MOST && area <= AREA);
    assert_ok(te_entry_read(radii, radius));
    for (size_t n = 0; n < cases; n++) {
        uint32_t pixels[AREA];
        te_edge_matcher *matcher;
        size_t truths = list_golden(truth, n, area, pixels), count = list_golden(said, n, area, pixels);
        assert_ok(te_edge_matcher_create(&matcher, truth->data + n * area, (int)truth->shape[1], (int)truth->shape[2],
                                         (double)radius[n]));
        assert_int_equal(te_edge_matcher_run(matcher, pixels, count), expected->data[n]);
        te_edge_matcher_free(matcher);
        left_over += expected->data[n] < (count < truths ? count : truths);
    }
    assert_true(left_over > cases / 4); /* where all find a partner nothing is proved */
    te_safetensors_close(file);
    free(bytes);
}

static void test_thin_of_skimage(void **state)
{
    (void)state;
    enum { MOST = 1024 };
    te_safetensors *file;
    uint8_t *bytes;
    size_t size;
    assert_ok(te_file_read(TE_TEST_GOLDEN "/edges.safetensors", 1 << 24, &bytes, &size));
    assert_ok(te_safetensors_open_memory(&file, bytes, size, "edges.safetensors"));
    const te_entry *before = find_golden(file, "thin.before"), *after = find_golden(file, "thin.after");
    size_t cases = (size_t)before->shape[0], area = (size_t)(before->shape[1] * before->shape[2]);
    te_edge_thinner thinner;
    assert_ok(te_edge_thinner_create(&thinner, (int)before->shape[1], (int)before->shape[2]));
    assert_true(cases >= 20 && area <= MOST);
    for (size_t n = 0; n < cases; n++) {
        uint32_t pixels[MOST], expected[MOST];
        size_t listed = list_golden(before, n, area, pixels), count = te_edge_thin(&thinner, pixels, listed);
        assert_true(count < listed);
        assert_int_equal(list_golden(after, n, area, expected), count);
        assert_memory_equal(pixels, expected, count * sizeof *pixels); /* the order was that of places */
    }
    te_edge_thinner_free(&thinner);
    te_safetensors_close(file);
    free(bytes);
}

/* ---- thresholds ---- */

/* Levels on the thresholds: 51 of 255 is 0.2 and not above it; 255 is above all, 0 above none. */
static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        uint8_t level, rank;
    } cases[] = {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {51, 20}, {52, 21}, {204, 80}, {205, 81}, {254, 100}, {255, 101}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        uint8_t levels[AREA], ranks[AREA];
        memset(levels, cases[n].level, sizeof levels); /* flat: all are maxima */
        assert_ok(te_edge_rank(levels, SIDE, SIDE, ranks));
        assert_int_equal(ranks[10 * SIDE + 10], cases[n].rank);
        assert_int_equal(ranks[0], 0); /* the border has faded */
        assert_int_equal(ranks[10 * SIDE], 0);
    }
}

/* Of a ridge only its crest is left, whichever way it runs. Three pixels off, where the second difference across it vanishes,
 * the formula knows no direction. */
static void test_ridges(void **state)
{
    (void)state;
    for (int across = 0; across < 2; across++) {
        uint8_t levels[AREA], ranks[AREA];
        for (int i = 0; i < AREA; i++) {
            int distance = abs((across ? i / SIDE : i % SIDE) - 9);
            levels[i] = (uint8_t)(distance < 4 ? 200 - 50 * distance : 0);
        }
        assert_ok(te_edge_rank(levels, SIDE, SIDE, ranks));
        for (int i = 0; i < AREA; i++) {
            int along = across ? i % SIDE : i / SIDE, distance = abs((across ? i / SIDE : i % SIDE) - 9);
            if (distance != 3) {
                assert_int_equal(ranks[i] > 0, distance == 0 && along > 0 && along < SIDE - 1);
            }
        }
    }
}

/* Many pixels and thresholds take long: a run can be stopped between two of them. */
static void test_interrupted(void **state)
{
    (void)state;
    static float label[AREA];
    te_edge_scene scene;
    te_edge_counts results[TE_EDGE_THRESHOLDS];
    assert_ok(te_edge_scene_create(&scene, label, SIDE, SIDE, 0.1));
    memset(scene.levels, 200, AREA);
    te_interrupt();
    assert_int_equal(te_edge_scene_run(&scene, 1, results), TE_ERR_INTERRUPTED);
    assert_int_equal(te_edge_scene_run(&scene, 1, results), TE_ERR_INTERRUPTED); /* threads do not take it from each other */
    te_interrupt_clear();
    assert_ok(te_edge_scene_run(&scene, 1, results));
    te_edge_scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ways),      cmocka_unit_test(test_plain_paths), cmocka_unit_test(test_warm_start),
        cmocka_unit_test(test_long_path),     cmocka_unit_test(test_wide_rows),
        cmocka_unit_test(test_pairs_of_scipy), cmocka_unit_test(test_thin_of_skimage),
        cmocka_unit_test(test_thin_topology), cmocka_unit_test(test_thin_bar),
        cmocka_unit_test(test_ranks),         cmocka_unit_test(test_ridges),      cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
