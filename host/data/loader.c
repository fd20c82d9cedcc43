/* A ring of batches. Threads take the next sample that nobody has taken; a batch is ready when all its samples are made;
 * the reader takes batches in order, so that what it sees does not depend on the threads.
 *
 * Invariants, under the lock: next_sample counts samples handed to threads; a slot holds batch n with n % SLOTS = slot,
 * and no sample of batch n is handed out before the reader has let go of batch n - SLOTS. Samples are handed out in order and
 * none after a failure, so that all before a failing one are made.
 */
#include "data/loader.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 3, MAX_THREADS = 64 };

typedef struct slot {
    te_loaded batch;
    int made; /* samples of the batch it holds */
} slot;

struct te_loader {
    const te_dataset *dataset;
    te_loader_options options;
    slot slots[SLOTS];
    uint64_t next_sample, read_batch; /* read_batch: the batch that the reader wants next */
    bool stop, holding;               /* holding: the reader still uses batch read_batch - 1 */
    te_status status;                 /* of the failing sample with the smallest number, with its message */
    uint64_t failed;                  /* its number */
    char message[TE_MESSAGE_BYTES];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t threads[MAX_THREADS];
    int thread_count;
};

/* The first batch that must not be touched yet: its slot is in use. */
static uint64_t limit(const te_loader *loader)
{
    return loader->read_batch + SLOTS - (loader->holding ? 1 : 0);
}

static size_t channels_of(const te_loader *loader, int t)
{
    return (size_t)te_label_channels(te_dataset_get_task(loader->dataset, t));
}

static te_status make(te_loader *loader, uint64_t sample)
{
    const te_loader_options *o = &loader->options;
    te_loaded *batch = &loader->slots[sample / (uint64_t)o->batch % SLOTS].batch;
    size_t place = (size_t)(sample % (uint64_t)o->batch), area = (size_t)o->height * (size_t)o->width;
    float *labels[TE_TASK_COUNT];
    for (int t = 0; t < te_dataset_count_tasks(loader->dataset); t++) {
        labels[t] = batch->labels[t] + place * area * channels_of(loader, t);
    }
    return te_dataset_make(loader->dataset, sample, o->height, o->width, batch->images + place * 3 * area, labels);
}

static void *work(void *argument)
{
    te_loader *loader = argument;
    uint64_t per_batch = (uint64_t)loader->options.batch;
    pthread_mutex_lock(&loader->lock);
    while (!loader->stop && loader->status == TE_OK) {
        uint64_t sample = loader->next_sample;
        if (sample / per_batch >= limit(loader)) {
            pthread_cond_wait(&loader->changed, &loader->lock);
            continue;
        }
        loader->next_sample++;
        pthread_mutex_unlock(&loader->lock);
        te_status status = make(loader, sample);
        pthread_mutex_lock(&loader->lock);
        if (status != TE_OK && (loader->status == TE_OK || sample < loader->failed)) {
            loader->status = status;
            loader->failed = sample;
            snprintf(loader->message, sizeof loader->message, "%s", te_last_error());
        }
        loader->slots[sample / per_batch % SLOTS].made++;
        pthread_cond_broadcast(&loader->changed);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

static te_status allocate(te_loader *loader)
{
    const te_loader_options *o = &loader->options;
    size_t pixels = (size_t)o->batch * (size_t)o->height * (size_t)o->width;
    for (int i = 0; i < SLOTS; i++) {
        te_loaded *batch = &loader->slots[i].batch;
        batch->images = te_alloc(3 * pixels, sizeof(float), "a batch");
        for (int t = 0; batch->images && t < te_dataset_count_tasks(loader->dataset); t++) {
            batch->labels[t] = te_alloc(channels_of(loader, t) * pixels, sizeof(float), "a batch");
            if (!batch->labels[t]) {
                return TE_ERR_MEMORY;
            }
        }
        if (!batch->images) {
            return TE_ERR_MEMORY;
        }
    }
    return TE_OK;
}

te_status te_loader_create(te_loader **loader, const te_dataset *dataset, const te_loader_options *options)
{
    te_loader *created = te_alloc(1, sizeof *created, "a loader");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->dataset = dataset;
    created->options = *options;
    created->next_sample = options->first * (uint64_t)options->batch;
    created->read_batch = options->first;
    pthread_mutex_init(&created->lock, NULL);
    pthread_cond_init(&created->changed, NULL);
    te_status status;
    TE_TRY_OUT(allocate(created));
    for (int i = 0; i < options->threads && i < MAX_THREADS; i++) {
        if (pthread_create(&created->threads[i], NULL, work, created) != 0) {
            break;
        }
        created->thread_count++;
    }
    status = created->thread_count ? TE_OK : te_fail(TE_ERR_MEMORY, "cannot start a thread to make samples");
    TE_TRY_OUT(status);
    *loader = created;
    return TE_OK;
out:
    te_loader_free(created);
    return status;
}

void te_loader_free(te_loader *loader)
{
    if (!loader) {
        return;
    }
    pthread_mutex_lock(&loader->lock);
    loader->stop = true;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->lock);
    for (int i = 0; i < loader->thread_count; i++) {
        pthread_join(loader->threads[i], NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        free(loader->slots[i].batch.images);
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            free(loader->slots[i].batch.labels[t]);
        }
    }
    pthread_mutex_destroy(&loader->lock);
    pthread_cond_destroy(&loader->changed);
    free(loader);
}

/* Whether the batch that the reader wants is made, or as much of it as ever will be. */
static bool is_done(const te_loader *loader)
{
    uint64_t batch = (uint64_t)loader->options.batch, first = loader->read_batch * batch;
    uint64_t taken = loader->next_sample - first < batch ? loader->next_sample - first : batch;
    uint64_t made = (uint64_t)loader->slots[loader->read_batch % SLOTS].made;
    return made == (loader->status == TE_OK ? batch : taken);
}

te_status te_loader_next(te_loader *loader, te_loaded *batch, double *seconds)
{
    double start = te_clock_now();
    pthread_mutex_lock(&loader->lock);
    if (loader->holding) { /* let go of the batch before */
        loader->slots[(loader->read_batch + SLOTS - 1) % SLOTS].made = 0;
        loader->holding = false;
        pthread_cond_broadcast(&loader->changed);
    }
    while (!is_done(loader)) {
        pthread_cond_wait(&loader->changed, &loader->lock);
    }
    te_status status = TE_OK;
    if (loader->status != TE_OK && loader->failed / (uint64_t)loader->options.batch <= loader->read_batch) {
        status = te_fail(loader->status, "%s", loader->message);
    } else {
        *batch = loader->slots[loader->read_batch % SLOTS].batch;
        loader->read_batch++;
        loader->holding = true;
    }
    pthread_mutex_unlock(&loader->lock);
    if (seconds) {
        *seconds = te_clock_now() - start;
    }
    return status;
}
