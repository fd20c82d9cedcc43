/* One side of a picture cut into parts of one length that overlap.
 *
 * Parts lie at even distances. Between a part and the next one there is a zone, in the middle of what they share, in which
 * the weight goes smoothly from one to the other; outside of zones a place belongs to one part alone.
 * Invariants: zones do not overlap; each lies inside both of its parts; the weights of a place sum to 1. */
#ifndef TE_EVAL_TILING_H
#define TE_EVAL_TILING_H

typedef struct te_tiling {
    int length, part; /* of the side; of each part, at most `length` */
    int count;        /* of parts */
    int zone;         /* pixels of a zone */
} te_tiling;

/* Where a part has a say: in begin to end - 1. Its weight rises in begin to head - 1, is 1 in head to tail - 1, falls in tail
 * to end - 1; at the side's ends there is nothing to rise or fall. */
typedef struct te_tiling_span {
    int first; /* pixel of the part itself */
    int begin, head, tail, end;
} te_tiling_span;

/* A side of `length` pixels in parts of `part`, of which neighbours share `overlap`, fewer than `part`, or more. */
te_tiling te_tiling_make(int length, int part, int overlap);
te_tiling_span te_tiling_get(const te_tiling *tiling, int index);

/* The weight of the part behind a zone at its pixel `at` of 0 to zone - 1; that of the part before is 1 minus it. */
float te_tiling_get_weight(const te_tiling *tiling, int at);

#endif
