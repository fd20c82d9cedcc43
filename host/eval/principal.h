/* Principal components: the orthogonal directions in which rows of numbers vary most. */
#ifndef TE_EVAL_PRINCIPAL_H
#define TE_EVAL_PRINCIPAL_H

#include "base/status.h"

enum { TE_COMPONENTS = 3 };

typedef struct te_principal {
    size_t width;                    /* D */
    double *mean;                    /* (D) of the rows */
    double *directions;              /* (3,D): unit vectors, the largest number of each above 0; zeros where nothing varies */
    double variances[TE_COMPONENTS]; /* along them: mean squares, falling */
    double variance;                 /* in all directions */
} te_principal;

/* Of rows (count,width). Where two variances are equal their directions are not defined; the same rows give the same ones. */
te_status te_principal_find(te_principal *principal, const float *rows, size_t count, size_t width);
void te_principal_clear(te_principal *principal);

/* A row's place along each direction, seen from the mean. */
void te_principal_project(const te_principal *principal, const float *row, double place[TE_COMPONENTS]);

#endif
