#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

typedef struct work {
    te_status (*run)(int index, void *context);
    void *context;
    int count;
    atomic_int next;     /* piece that nobody has taken */
    pthread_mutex_t lock;
    te_status status;    /* of the failed piece with the smallest index, with its message */
    int failed;
    char message[TE_MESSAGE_BYTES];
} work;

static void note_failure(work *at, int index, te_status status)
{
    pthread_mutex_lock(&at->lock);
    if (at->status == TE_OK || index < at->failed) {
        at->status = status;
        at->failed = index;
        snprintf(at->message, sizeof at->message, "%s", te_last_error());
    }
    pthread_mutex_unlock(&at->lock);
    atomic_store(&at->next, at->count);
}

static void *take_pieces(void *argument)
{
    work *at = argument;
    for (int index; (index = atomic_fetch_add(&at->next, 1)) < at->count;) {
        te_status status = at->run(index, at->context);
        if (status != TE_OK) {
            note_failure(at, index, status);
        }
    }
    return NULL;
}

te_status te_parallel_run(int count, int threads, te_status (*run)(int index, void *context), void *context)
{
    work shared = {.run = run, .context = context, .count = count};
    pthread_t others[MOST_THREADS];
    long wanted = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;
    wanted = wanted < count ? wanted : count;
    pthread_mutex_init(&shared.lock, NULL);
    while (started + 1 < wanted && started < MOST_THREADS &&
           pthread_create(&others[started], NULL, take_pieces, &shared) == 0) {
        started++;
    }
    take_pieces(&shared);
    while (started > 0) {
        pthread_join(others[--started], NULL);
    }
    pthread_mutex_destroy(&shared.lock);
    return shared.status == TE_OK ? TE_OK : te_fail(shared.status, "%s", shared.message);
}
