/* A ring of slots; picture n has slot n % slots.
 *
 * Invariants, under the lock: `taken` pictures were handed to threads, `given` to the caller; given <= taken <= given + slots,
 * so a thread's slot is empty when it gets it; a slot is full from when its picture is loaded until the caller has it. */
#include "eval/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    te_example example;
    bool full;
    te_status status; /* of loading it, with its message */
    char message[TE_MESSAGE_BYTES];
} slot;

struct te_ahead {
    const te_dataset *dataset;
    te_ahead_options options;
    slot *slots;
    uint64_t slot_count, taken, given;
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t threads[TE_AHEAD_THREADS];
    int thread_count;
};

static void *work(void *argument)
{
    te_ahead *ahead = argument;
    const te_ahead_options *options = &ahead->options;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stop && ahead->taken < options->count) {
        if (ahead->taken == ahead->given + ahead->slot_count) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        uint64_t index = ahead->taken++;
        slot *mine = &ahead->slots[index % ahead->slot_count];
        pthread_mutex_unlock(&ahead->lock);
        mine->status = te_dataset_load(ahead->dataset, index, options->height, options->width, &mine->example);
        if (mine->status != TE_OK) {
            snprintf(mine->message, sizeof mine->message, "%s", te_last_error());
        }
        pthread_mutex_lock(&ahead->lock);
        mine->full = true;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

te_status te_ahead_open(te_ahead **ahead, const te_dataset *dataset, const te_ahead_options *options)
{
    te_ahead *opened = te_alloc(1, sizeof *opened, "pictures loaded ahead");
    if (!opened) {
        return TE_ERR_MEMORY;
    }
    opened->dataset = dataset;
    opened->options = *options;
    opened->slot_count = (uint64_t)options->threads + 1;
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->changed, NULL);
    opened->slots = te_alloc(opened->slot_count, sizeof *opened->slots, "pictures loaded ahead");
    te_status status = opened->slots ? TE_OK : TE_ERR_MEMORY;
    for (int i = 0; status == TE_OK && i < options->threads && i < TE_AHEAD_THREADS; i++) {
        if (pthread_create(&opened->threads[i], NULL, work, opened) != 0) {
            break; /* those that there are do */
        }
        opened->thread_count++;
    }
    if (status == TE_OK && opened->thread_count == 0) {
        status = te_fail(TE_ERR_MEMORY, "cannot start a thread to load pictures");
    }
    if (status != TE_OK) {
        te_ahead_close(opened);
        return status;
    }
    *ahead = opened;
    return TE_OK;
}

void te_ahead_close(te_ahead *ahead)
{
    if (!ahead) {
        return;
    }
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    for (int i = 0; i < ahead->thread_count; i++) {
        pthread_join(ahead->threads[i], NULL);
    }
    for (uint64_t i = 0; ahead->slots && i < ahead->slot_count; i++) {
        if (ahead->slots[i].full && ahead->slots[i].status == TE_OK) {
            te_example_clear(&ahead->slots[i].example);
        }
    }
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->changed);
    free(ahead->slots);
    free(ahead);
}

te_status te_ahead_next(te_ahead *ahead, te_example *example)
{
    pthread_mutex_lock(&ahead->lock);
    slot *wanted = &ahead->slots[ahead->given % ahead->slot_count];
    while (!wanted->full) {
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
    te_status status = wanted->status;
    if (status == TE_OK) {
        *example = wanted->example;
    } else {
        te_fail(status, "%s", wanted->message);
    }
    wanted->full = false;
    ahead->given++;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    return status;
}
