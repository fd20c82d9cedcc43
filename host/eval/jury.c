/* A ring of places; trial n has place n % places.
 *
 * Invariants, under the lock: `given` trials were taken back, `put` came; given <= put <= given + places. Of a trial, tasks
 * below `next` were handed to threads and `left` of all tasks are not judged yet; it can be taken back when left = 0. */
#include "eval/jury.h"

#include "data/map.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64 };

typedef struct place {
    te_trial item;
    int next, left;
} place;

struct te_jury {
    te_metric *const *metrics;
    int task_count;
    place *places;
    uint64_t place_count, put, given;
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t threads[MOST_THREADS];
    int thread_count;
};

void te_trial_clear(te_trial *item)
{
    te_example_clear(&item->example);
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        te_map_free(&item->maps[t]);
        te_metric_sample_free(item->samples[t]);
    }
    memset(item, 0, sizeof *item);
}

/* On a thread, without the lock: nobody else looks at this task of the trial. */
static te_status judge(const te_jury *jury, te_trial *item, int t)
{
    const te_map *map = &item->maps[t];
    if (!item->example.labels[t] || (!map->classes && !map->values)) {
        return TE_OK;
    }
    return te_metric_judge(jury->metrics[t], item->index, map, item->example.labels[t], &item->samples[t]);
}

/* A task of the oldest trial that has one for a thread. */
static place *find_work(te_jury *jury, int *task)
{
    for (uint64_t n = jury->given; n < jury->put; n++) {
        place *at = &jury->places[n % jury->place_count];
        if (at->next < jury->task_count) {
            *task = at->next++;
            return at;
        }
    }
    return NULL;
}

/* Of several tasks that fail the first one is told, whichever failed first; that one was to stop comes before all. */
static void note_failure(te_trial *item, int t, te_status status)
{
    bool first = item->status == TE_OK || (t < item->failed && item->status != TE_ERR_INTERRUPTED);
    if (status != TE_OK && (first || status == TE_ERR_INTERRUPTED)) {
        item->status = status;
        item->failed = t;
        snprintf(item->message, sizeof item->message, "%s", te_last_error());
    }
}

static void *work(void *argument)
{
    te_jury *jury = argument;
    pthread_mutex_lock(&jury->lock);
    while (!jury->stop) {
        int t;
        place *at = find_work(jury, &t);
        if (!at) {
            pthread_cond_wait(&jury->changed, &jury->lock);
            continue;
        }
        pthread_mutex_unlock(&jury->lock);
        te_status status = judge(jury, &at->item, t);
        pthread_mutex_lock(&jury->lock);
        note_failure(&at->item, t, status);
        at->left--;
        pthread_cond_broadcast(&jury->changed);
    }
    pthread_mutex_unlock(&jury->lock);
    return NULL;
}

te_status te_jury_create(te_jury **jury, te_metric *const *metrics, int task_count, int threads)
{
    te_jury *made = te_alloc(1, sizeof *made, "judging");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->metrics = metrics;
    made->task_count = task_count;
    made->place_count = (uint64_t)threads + 1;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    made->places = te_alloc(made->place_count, sizeof *made->places, "judging");
    te_status status = made->places ? TE_OK : TE_ERR_MEMORY;
    for (int i = 0; status == TE_OK && i < threads && i < MOST_THREADS; i++) {
        if (pthread_create(&made->threads[i], NULL, work, made) != 0) {
            break; /* those that there are do */
        }
        made->thread_count++;
    }
    if (status == TE_OK && made->thread_count == 0) {
        status = te_fail(TE_ERR_MEMORY, "cannot start a thread to judge pictures");
    }
    if (status != TE_OK) {
        te_jury_free(made);
        return status;
    }
    *jury = made;
    return TE_OK;
}

void te_jury_free(te_jury *jury)
{
    if (!jury) {
        return;
    }
    pthread_mutex_lock(&jury->lock);
    jury->stop = true;
    pthread_cond_broadcast(&jury->changed);
    pthread_mutex_unlock(&jury->lock);
    for (int i = 0; i < jury->thread_count; i++) {
        pthread_join(jury->threads[i], NULL);
    }
    for (uint64_t n = jury->given; jury->places && n < jury->put; n++) {
        te_trial_clear(&jury->places[n % jury->place_count].item);
    }
    pthread_mutex_destroy(&jury->lock);
    pthread_cond_destroy(&jury->changed);
    free(jury->places);
    free(jury);
}

bool te_jury_is_full(te_jury *jury)
{
    pthread_mutex_lock(&jury->lock);
    bool full = jury->put == jury->given + jury->place_count;
    pthread_mutex_unlock(&jury->lock);
    return full;
}

void te_jury_put(te_jury *jury, te_trial *item)
{
    pthread_mutex_lock(&jury->lock);
    place *at = &jury->places[jury->put % jury->place_count];
    int tasks = item->status == TE_OK ? jury->task_count : 0;
    *at = (place){.item = *item, .next = jury->task_count - tasks, .left = tasks};
    jury->put++;
    memset(item, 0, sizeof *item);
    pthread_cond_broadcast(&jury->changed);
    pthread_mutex_unlock(&jury->lock);
}

bool te_jury_take(te_jury *jury, bool wait, te_trial *item)
{
    pthread_mutex_lock(&jury->lock);
    place *at = &jury->places[jury->given % jury->place_count];
    bool any = jury->put > jury->given;
    while (any && wait && at->left > 0) {
        pthread_cond_wait(&jury->changed, &jury->lock);
    }
    bool ready = any && at->left == 0;
    if (ready) {
        *item = at->item;
        jury->given++;
    }
    pthread_mutex_unlock(&jury->lock);
    return ready;
}
