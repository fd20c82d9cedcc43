/* The order of pictures: permutations, equal counts of tasks, and any place known at once. */
#include "data/sampler.h"
#include "data/shuffle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "support/assert.h"

static void every_round_is_a_permutation(void **state)
{
    (void)state;
    for (uint64_t count = 1; count <= 300; count += count < 20 ? 1 : 37) {
        for (uint64_t round = 0; round < 3; round++) {
            uint8_t seen[300] = {0};
            for (uint64_t at = 0; at < count; at++) {
                uint64_t place = te_shuffle(1, 0, round, count, at);
                assert_true(place < count);
                assert_int_equal(seen[place]++, 0);
            }
        }
    }
    assert_true(te_shuffle(1, 0, 0, UINT64_MAX, 12345) < UINT64_MAX);
}

/* Each of 6 things is at each of 6 places in a sixth of the rounds, and so are the 30 ordered pairs at the first two. */
static void rounds_are_evenly_mixed(void **state)
{
    (void)state;
    enum { THINGS = 6, ROUNDS = 6000 };
    int places[THINGS][THINGS] = {{0}}, pairs[THINGS][THINGS] = {{0}};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t at = 0; at < THINGS; at++) {
            places[at][te_shuffle(7, 0, round, THINGS, at)]++;
        }
        pairs[te_shuffle(7, 0, round, THINGS, 0)][te_shuffle(7, 0, round, THINGS, 1)]++;
    }
    for (int i = 0; i < THINGS; i++) {
        for (int j = 0; j < THINGS; j++) {
            assert_in_range(places[i][j], 1000 - 130, 1000 + 130); /* 4.5 deviations */
            assert_in_range(pairs[i][j], i == j ? 0 : 200 - 63, i == j ? 0 : 200 + 63);
        }
    }
}

static te_sampler *create(te_sampler_kind kind, uint64_t seed, const uint8_t *labels, uint64_t count, int tasks)
{
    te_sampler *sampler;
    assert_ok(te_sampler_create(&sampler, kind, seed, labels, count, tasks));
    return sampler;
}

static void uniform_takes_every_picture_once_an_epoch(void **state)
{
    (void)state;
    enum { COUNT = 50, EPOCHS = 4 };
    const uint8_t labels[COUNT] = {1};
    te_sampler *sampler = create(TE_SAMPLER_UNIFORM, 1, labels, COUNT, 1);
    te_sampler *other = create(TE_SAMPLER_UNIFORM, 2, labels, COUNT, 1);
    uint64_t order[EPOCHS][COUNT];
    int same = 0;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        int seen[COUNT] = {0};
        for (uint64_t i = 0; i < COUNT; i++) {
            order[epoch][i] = te_sampler_pick(sampler, epoch * COUNT + i);
            seen[order[epoch][i]]++;
            same += order[epoch][i] == te_sampler_pick(other, epoch * COUNT + i);
        }
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(seen[i], 1);
        }
        assert_true(epoch == 0 || memcmp(order[epoch], order[epoch - 1], sizeof order[epoch]) != 0);
    }
    assert_in_range(same, 0, 15); /* another seed, another order: 4 of 200 agree by chance */
    te_sampler_free(sampler);
    te_sampler_free(other);
}

/* How often each task is seen in `draws` draws from `first` on. */
static void count_tasks(const te_sampler *sampler, const uint8_t *labels, uint64_t first, int draws, int seen[6])
{
    memset(seen, 0, 6 * sizeof *seen);
    for (uint64_t i = 0; i < (uint64_t)draws; i++) {
        uint8_t mask = labels[te_sampler_pick(sampler, first + i)];
        for (int t = 0; t < 6; t++) {
            seen[t] += mask >> t & 1;
        }
    }
}

/* As real data are: a few pictures have depth and normals, most something else. */
static void balanced_shows_every_task_equally_often(void **state)
{
    (void)state;
    enum { COUNT = 180 };
    uint8_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        labels[i] = i < 47 ? 1 << 0 : i < 136 ? 1 << 1 | 1 << 2 : i < 140 ? 1 << 3 | 1 << 5 : 1 << 4;
    }
    te_sampler *balanced = create(TE_SAMPLER_BALANCED, 1, labels, COUNT, 6);
    te_sampler *uniform = create(TE_SAMPLER_UNIFORM, 1, labels, COUNT, 6);
    int seen[6];
    for (int start = 0; start < 3; start++) {
        count_tasks(balanced, labels, (uint64_t)start * 3333, 1000, seen);
        for (int t = 0; t < 6; t++) {
            assert_in_range(seen[t], 249, 251);
        }
    }
    count_tasks(uniform, labels, 0, 900, seen);
    assert_int_equal(seen[3], 20); /* 4 of 180 */
    assert_int_equal(seen[1], 89 * 5);
    te_sampler_free(balanced);
    te_sampler_free(uniform);
}

/* Sets that overlap: a rare task beside common ones, pictures of one, two and three tasks. */
static void balanced_copes_with_overlapping_labels(void **state)
{
    (void)state;
    enum { COUNT = 120, DRAWS = 12000 };
    uint8_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        labels[i] = i < 60 ? 1 : i < 90 ? 3 : i < 110 ? 6 : 4;
    }
    te_sampler *sampler = create(TE_SAMPLER_BALANCED, 3, labels, COUNT, 3);
    int seen[6];
    count_tasks(sampler, labels, 0, DRAWS, seen);
    for (int t = 1; t < 3; t++) {
        assert_in_range(seen[t], seen[0] * 97 / 100, seen[0] * 103 / 100);
    }
    te_sampler_free(sampler);
}

/* For its task no picture comes again before all have come: 5 with the first label, served every other draw. */
static void balanced_goes_through_a_tasks_pictures(void **state)
{
    (void)state;
    const uint8_t labels[12] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2};
    te_sampler *sampler = create(TE_SAMPLER_BALANCED, 1, labels, 12, 2);
    int seen[12] = {0};
    for (uint64_t i = 0; i < 2 * 35 * 40; i++) {
        seen[te_sampler_pick(sampler, i)]++;
    }
    for (int i = 0; i < 12; i++) {
        assert_int_equal(seen[i], i < 5 ? 7 * 40 : 5 * 40);
    }
    te_sampler_free(sampler);
}

/* Each goes through the pictures in an order of its own, and in another one every time. */
static void tasks_of_the_same_pictures_take_turns(void **state)
{
    (void)state;
    enum { COUNT = 5, SEED = 4 };
    const uint8_t labels[COUNT] = {3, 3, 3, 3, 3};
    te_sampler *sampler = create(TE_SAMPLER_BALANCED, SEED, labels, COUNT, 2);
    for (uint64_t i = 0; i < 40 * COUNT; i++) {
        uint64_t draw = i / 2;
        assert_int_equal(te_sampler_pick(sampler, i), te_shuffle(SEED, i % 2 + 1, draw / COUNT, COUNT, draw % COUNT));
    }
    te_sampler_free(sampler);
}

static void tasks_without_labels_have_no_turn(void **state)
{
    (void)state;
    const uint8_t some[4] = {4, 4, 0, 4}, none[4] = {0};
    te_sampler *sampler = create(TE_SAMPLER_BALANCED, 1, some, 4, 6);
    int seen[4] = {0};
    for (uint64_t i = 0; i < 30; i++) {
        seen[te_sampler_pick(sampler, i)]++;
    }
    assert_int_equal(seen[0], 10);
    assert_int_equal(seen[2], 0);
    te_sampler_free(sampler);
    sampler = create(TE_SAMPLER_BALANCED, 1, none, 4, 6); /* then all are alike */
    assert_true(te_sampler_pick(sampler, 0) < 4);
    te_sampler_free(sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_round_is_a_permutation),
        cmocka_unit_test(rounds_are_evenly_mixed),
        cmocka_unit_test(uniform_takes_every_picture_once_an_epoch),
        cmocka_unit_test(balanced_shows_every_task_equally_often),
        cmocka_unit_test(balanced_copes_with_overlapping_labels),
        cmocka_unit_test(balanced_goes_through_a_tasks_pictures),
        cmocka_unit_test(tasks_of_the_same_pictures_take_turns),
        cmocka_unit_test(tasks_without_labels_have_no_turn),
    };
    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
