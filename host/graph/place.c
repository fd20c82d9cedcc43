#include "graph/place.h"

#include <stdbool.h>
#include <stdlib.h>

static int larger_first(const void *left, const void *right)
{
    const te_lifetime *a = *(const te_lifetime *const *)left;
    const te_lifetime *b = *(const te_lifetime *const *)right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    return a < b ? -1 : a > b; /* ties by position: the same plan on every machine */
}

static bool overlap(const te_lifetime *a, const te_lifetime *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Is `slot` free for order[place] among those placed before it? */
static bool slot_free(te_lifetime *const *order, int place, int slot)
{
    for (int i = 0; i < place; i++) {
        if (order[i]->slot == slot && overlap(order[i], order[place])) {
            return false;
        }
    }
    return true;
}

int te_place_lifetimes(te_lifetime *lifetimes, int count)
{
    te_lifetime **order = te_alloc((size_t)count, sizeof *order, "the memory plan");
    if (!order) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        order[i] = &lifetimes[i];
    }
    qsort(order, (size_t)count, sizeof *order, larger_first);
    int slots = 0;
    for (int i = 0; i < count; i++) {
        int slot = 0;
        while (slot < slots && !slot_free(order, i, slot)) {
            slot++;
        }
        order[i]->slot = slot;
        slots = slot == slots ? slots + 1 : slots;
    }
    free(order);
    return slots;
}

size_t te_place_live(const te_lifetime *lifetimes, int count)
{
    size_t most = 0;
    for (int i = 0; i < count; i++) { /* the maximum is reached where some lifetime begins */
        size_t sum = 0;
        for (int j = 0; j < count; j++) {
            bool alive = lifetimes[j].first <= lifetimes[i].first && lifetimes[i].first <= lifetimes[j].last;
            sum += alive ? lifetimes[j].bytes : 0;
        }
        most = sum > most ? sum : most;
    }
    return most;
}
