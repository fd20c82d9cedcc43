/* Placement: which results may share memory. */
#ifndef TE_GRAPH_PLACE_H
#define TE_GRAPH_PLACE_H

#include "base/status.h"

/* Alive from step `first` to step `last`, both included. */
typedef struct te_lifetime {
    size_t bytes;
    int first, last;
    int slot; /* out */
} te_lifetime;

/* Give every lifetime a slot so that those sharing one never overlap: largest first, into the first slot that is free
 * (slots are as large as their first occupant). Returns the number of slots, or -1 when out of memory. */
int te_place_lifetimes(te_lifetime *lifetimes, int count);

/* Largest sum of bytes alive at one step: no placement can do with less. */
size_t te_place_live(const te_lifetime *lifetimes, int count);

#endif
