/* Threads look at a block of pictures, each into a place of its own; then the places are added up in the order of the list. */
#include "data/census.h"

#include "base/interrupt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 120, MOST_THREADS = 64, PER_THREAD = 4 };

/* What was seen of one picture. */
typedef struct look {
    te_status status; /* of looking, with its message: memory */
    char message[TE_MESSAGE_BYTES];
    te_inspection found; /* its example is cleared but for name and size */
    bool labelled[TE_TASK_COUNT];
    te_tally tallies[TE_TASK_COUNT];
    float *small;     /* te_mean_shrink() */
} look;

typedef struct walk {
    te_census *census;
    int height, width;     /* for te_dataset_inspect() */
    look *looks;           /* (slots) */
    uint64_t slots, first; /* the block: pictures first to first + slots - 1 */
    uint64_t end;          /* of all */
    atomic_uint_fast64_t next;
} walk;

/* ---- one picture, by any thread ---- */

static te_status look_at(const walk *at, uint64_t index, look *seen)
{
    const te_census *census = at->census;
    TE_TRY(te_dataset_inspect(census->dataset, index, at->height, at->width, &seen->found));
    te_example *example = &seen->found.example;
    size_t area = (size_t)example->width * (size_t)example->height;
    for (int t = 0; t < census->task_count; t++) {
        seen->labelled[t] = example->labels[t] != NULL;
        if (seen->labelled[t]) {
            te_tally_read(&seen->tallies[t], census->tasks[t], example->labels[t], area);
        }
    }
    if (!seen->found.picture_problem) {
        te_mean_shrink(census->mean, example, seen->small);
    }
    te_example facts = {.width = example->width, .height = example->height};
    memcpy(facts.name, example->name, sizeof facts.name);
    te_example_clear(example);
    *example = facts;
    return TE_OK;
}

static void *work(void *argument)
{
    walk *at = argument;
    for (uint64_t slot; (slot = atomic_fetch_add(&at->next, 1)) < at->slots && at->first + slot < at->end;) {
        look *seen = &at->looks[slot];
        seen->status = look_at(at, at->first + slot, seen);
        if (seen->status != TE_OK) {
            snprintf(seen->message, sizeof seen->message, "%s", te_last_error());
        }
    }
    return NULL;
}

/* Look at the block; this thread is one of `wanted`, and does all of it where no other can be had. */
static void look_at_block(walk *at, int wanted)
{
    pthread_t threads[MOST_THREADS];
    int started = 0;
    atomic_store(&at->next, 0);
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, at) == 0) {
        started++;
    }
    work(at);
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* ---- adding up, in order ---- */

/* The census takes the message over. */
static void take_problem(te_census *census, char **problem)
{
    if (census->info.problems < TE_CENSUS_PROBLEMS) {
        census->problems[census->info.problems] = *problem;
        *problem = NULL;
    }
    census->info.problems++;
}

static void add_size(te_census_info *info, int width, int height)
{
    info->min_width = !info->min_width || width < info->min_width ? width : info->min_width;
    info->max_width = width > info->max_width ? width : info->max_width;
    info->min_height = !info->min_height || height < info->min_height ? height : info->min_height;
    info->max_height = height > info->max_height ? height : info->max_height;
}

static void add_look(te_census *census, look *seen)
{
    te_inspection *found = &seen->found;
    census->info.pictures++;
    if (found->picture_problem) {
        census->info.broken++;
        take_problem(census, &found->picture_problem);
        return; /* its labels were not tried */
    }
    add_size(&census->info, found->example.width, found->example.height);
    te_mean_add(census->mean, seen->small);
    bool any = false;
    for (int t = 0; t < census->task_count; t++) {
        bool absent = found->absent >> t & 1;
        any |= !absent;
        census->absent[t] += absent;
        if (found->problems[t]) {
            census->broken[t]++;
            take_problem(census, &found->problems[t]);
        } else if (seen->labelled[t]) {
            te_tally_add(&census->tallies[t], &seen->tallies[t]);
        }
    }
    census->info.unlabelled += !any;
}

static te_status add_block(walk *at, const te_census_options *options)
{
    for (uint64_t slot = 0; slot < at->slots && at->first + slot < at->end; slot++) {
        look *seen = &at->looks[slot];
        TE_TRY(te_interrupt_check());
        if (seen->status != TE_OK) {
            return te_fail(seen->status, "%s", seen->message);
        }
        add_look(at->census, seen);
        te_census_report report = {.done = at->first + slot + 1, .count = at->end, .picture = seen->found.example.name};
        TE_TRY(options->report ? options->report(&report, options->context) : TE_OK);
        te_inspection_clear(&seen->found);
    }
    return TE_OK;
}

static te_status walk_through(walk *at, const te_census_options *options, int threads)
{
    at->slots = (uint64_t)threads * PER_THREAD;
    at->looks = te_alloc(at->slots, sizeof *at->looks, "a census");
    te_status status = at->looks ? TE_OK : TE_ERR_MEMORY;
    for (uint64_t slot = 0; status == TE_OK && slot < at->slots; slot++) {
        at->looks[slot].small = te_alloc(te_mean_count(at->census->mean), sizeof(float), "a census");
        status = at->looks[slot].small ? TE_OK : TE_ERR_MEMORY;
    }
    for (; status == TE_OK && at->first < at->end; at->first += at->slots) {
        look_at_block(at, threads);
        status = add_block(at, options);
    }
    for (uint64_t slot = 0; at->looks && slot < at->slots; slot++) {
        te_inspection_clear(&at->looks[slot].found);
        free(at->looks[slot].small);
    }
    free(at->looks);
    return status;
}

/* ---- the whole ---- */

static te_status read_split(const te_census_options *options, te_split *split)
{
    const char *name = options->split ? options->split : "val";
    if (strcmp(name, "train") != 0 && strcmp(name, "val") != 0) {
        return te_fail(TE_ERR_ARGUMENT, "there is no split '%s': it must be train or val", name);
    }
    *split = strcmp(name, "train") == 0 ? TE_SPLIT_TRAIN : TE_SPLIT_VAL;
    return TE_OK;
}

/* A grid of the input's aspect. */
static te_status create_mean(te_census *census, const te_settings *settings)
{
    int height = settings->input.height, width = settings->input.width, longest = height > width ? height : width;
    te_mean_options options = {.tasks = census->tasks, .task_count = census->task_count, .classes = census->classes};
    options.height = height * GRID / longest > 0 ? height * GRID / longest : 1;
    options.width = width * GRID / longest > 0 ? width * GRID / longest : 1;
    return te_mean_create(&census->mean, &options);
}

static te_status open_census(te_census *census, const te_settings *settings, const te_census_options *options)
{
    TE_TRY(read_split(options, &census->split));
    census->classes = settings->model.semseg_classes;
    census->task_count = te_task_read_list(settings->model.tasks, census->tasks);
    TE_TRY(te_dataset_open_check(&census->dataset, settings, census->split, census->tasks, census->task_count));
    census->info.list = te_dataset_get_list(census->dataset);
    TE_TRY(te_dataset_count_strays(census->dataset, census->strays));
    return create_mean(census, settings);
}

te_status te_census_run(te_census **census, const te_settings *settings, const te_census_options *options)
{
    TE_NEED(census, settings);
    te_census_options none = {0};
    options = options ? options : &none;
    te_census *made = te_alloc(1, sizeof *made, "a census");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    TE_TRY_OUT(open_census(made, settings, options));
    walk at = {.census = made, .height = settings->input.height, .width = settings->input.width};
    at.end = te_dataset_count(made->dataset);
    at.end = at.end == UINT64_MAX ? (uint64_t)settings->data.val_scenes : at.end; /* rooms to train on never end */
    at.end = options->count && options->count < at.end ? options->count : at.end;
    TE_TRY_OUT(walk_through(&at, options, settings->data.threads < MOST_THREADS ? settings->data.threads : MOST_THREADS));
    *census = made;
    return TE_OK;
out:
    te_census_free(made);
    return status;
}

void te_census_free(te_census *census)
{
    if (census) {
        for (size_t i = 0; i < TE_CENSUS_PROBLEMS; i++) {
            free(census->problems[i]);
        }
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            te_strays_clear(&census->strays[t]);
        }
        te_mean_free(census->mean);
        te_dataset_close(census->dataset);
        free(census);
    }
}

/* ---- results ---- */

te_status te_census_get_info(const te_census *census, te_census_info *info)
{
    TE_NEED(census, info);
    *info = census->info;
    return TE_OK;
}

size_t te_census_count_tasks(const te_census *census)
{
    return (size_t)census->task_count;
}

static int count_classes(const te_census *census, size_t t)
{
    te_task_id task = census->tasks[t];
    int classes = task == TE_SEMSEG ? census->classes : te_tasks[task].channels;
    return te_tasks[task].reading == TE_READ_CLASS ? classes : 0;
}

te_status te_census_get_task(const te_census *census, size_t index, te_census_task *task)
{
    TE_NEED(census, task);
    if (index >= (size_t)census->task_count) {
        return te_fail(TE_ERR_ARGUMENT, "there is no task '%zu' of %d", index, census->task_count);
    }
    const te_tally *tally = &census->tallies[index];
    bool values = tally->high > 0;
    *task = (te_census_task){.task = te_tasks[census->tasks[index]].name, .labels = tally->labels,
                             .absent = census->absent[index], .broken = census->broken[index], .pixels = tally->pixels,
                             .valid = tally->valid, .positive = tally->positive, .min = tally->low, .max = tally->high,
                             .mean = values ? tally->sum / (double)tally->valid : 0, .classes = count_classes(census, index),
                             .strays = census->strays[index].count, .stray = census->strays[index].first};
    return TE_OK;
}

te_status te_census_get_class(const te_census *census, size_t index, int number, te_census_class *entry)
{
    TE_NEED(census, entry);
    if (index >= (size_t)census->task_count || number < 0 || number >= count_classes(census, index)) {
        return te_fail(TE_ERR_ARGUMENT, "there is no class '%d' of task '%zu'", number, index);
    }
    const te_tally *tally = &census->tallies[index];
    const char *name = te_dataset_class_name(census->dataset, census->tasks[index], number);
    *entry = (te_census_class){.name = name, .pixels = tally->class_pixels[number], .pictures = tally->class_pictures[number]};
    return TE_OK;
}

const char *te_census_get_problem(const te_census *census, size_t index)
{
    return index < TE_CENSUS_PROBLEMS ? census->problems[index] : NULL;
}
