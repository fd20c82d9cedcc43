/* Orthogonal iteration on the covariance (D,D): a few directions more than are wanted are multiplied by it, turned by the
 * solution of the small problem within their span, and made orthogonal again, until the first ones stay what they are. */
#include "eval/principal.h"

#include "base/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    K = 8,         /* directions iterated: those beyond the first three make these settle faster */
    ROWS = 8,      /* added to the covariance at a time, so that it is read once for all of them */
    ROUNDS = 1000,
    SWEEPS = 30
};

static const double settled = 1e-10; /* remainder of C v - variance v, in units of the largest variance */
static const double nothing = 1e-12; /* variance that is rounding, in units of the largest */

typedef struct solver {
    size_t D;
    double *covariance;     /* (D,D) */
    double *block;          /* (ROWS,D), centred rows */
    double *v, *cv, *spare; /* (K,D): directions, their products with the covariance */
    double values[K];
} solver;

/* ---- covariance ---- */

static void find_mean(te_principal *principal, const float *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t d = 0; d < principal->width; d++) {
            principal->mean[d] += (double)rows[i * principal->width + d] / (double)count;
        }
    }
}

/* The upper triangle gets the products of ROWS centred rows. */
static void add_block(solver *at)
{
    size_t D = at->D;
    for (size_t i = 0; i < D; i++) {
        for (int r = 0; r < ROWS; r++) {
            const double *row = at->block + (size_t)r * D;
            double factor = row[i];
            for (size_t j = i; j < D; j++) {
                at->covariance[i * D + j] += factor * row[j];
            }
        }
    }
}

static void find_covariance(solver *at, te_principal *principal, const float *rows, size_t count)
{
    size_t D = at->D;
    for (size_t first = 0; first < count; first += ROWS) {
        memset(at->block, 0, ROWS * D * sizeof(double));
        for (size_t r = 0; r < ROWS && first + r < count; r++) {
            for (size_t d = 0; d < D; d++) {
                at->block[r * D + d] = (double)rows[(first + r) * D + d] - principal->mean[d];
            }
        }
        add_block(at);
    }
    for (size_t i = 0; i < D; i++) {
        for (size_t j = i; j < D; j++) {
            at->covariance[i * D + j] /= (double)count;
            at->covariance[j * D + i] = at->covariance[i * D + j];
        }
        principal->variance += at->covariance[i * D + i];
    }
}

/* ---- directions ---- */

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Each row of v (K,D) is freed of those before it, twice since once loses digits, and given length 1; a row of which nothing
 * is left becomes zeros. */
static void make_orthogonal(double *v, size_t D)
{
    for (int k = 0; k < K; k++) {
        double *row = v + (size_t)k * D, before = sqrt(dot(row, row, D));
        for (int turn = 0; turn < 2 * k; turn++) {
            const double *other = v + (size_t)(turn % k) * D;
            double share = dot(row, other, D);
            for (size_t d = 0; d < D; d++) {
                row[d] -= share * other[d];
            }
        }
        double length = sqrt(dot(row, row, D)), factor = length > 1e-13 * before ? 1.0 / length : 0.0;
        for (size_t d = 0; d < D; d++) {
            row[d] *= factor;
        }
    }
}

static void multiply(solver *at)
{
    for (size_t k = 0; k < K; k++) {
        for (size_t d = 0; d < at->D; d++) {
            at->cv[k * at->D + d] = dot(at->covariance + d * at->D, at->v + k * at->D, at->D);
        }
    }
}

/* One rotation of Jacobi's method: m[p][q] becomes 0, the turn (rows are eigenvectors) follows. */
static void rotate(double m[K][K], double turn[K][K], int p, int q)
{
    double angle = 0.5 * atan2(2.0 * m[p][q], m[q][q] - m[p][p]), c = cos(angle), s = sin(angle);
    for (int i = 0; i < K; i++) {
        double a = m[i][p], b = m[i][q];
        m[i][p] = c * a - s * b;
        m[i][q] = s * a + c * b;
    }
    for (int i = 0; i < K; i++) {
        double a = m[p][i], b = m[q][i], x = turn[p][i], y = turn[q][i];
        m[p][i] = c * a - s * b;
        m[q][i] = s * a + c * b;
        turn[p][i] = c * x - s * y;
        turn[q][i] = s * x + c * y;
    }
}

/* The eigenvectors of v C v^T (K,K) as rows of `turn`, those of the largest values first. */
static void solve_small(solver *at, double turn[K][K])
{
    double m[K][K], sorted[K][K];
    for (int a = 0; a < K; a++) {
        for (int b = 0; b < K; b++) {
            m[a][b] = dot(at->v + (size_t)a * at->D, at->cv + (size_t)b * at->D, at->D);
            turn[a][b] = a == b;
        }
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        for (int p = 0; p < K; p++) {
            for (int q = p + 1; q < K; q++) {
                rotate(m, turn, p, q);
            }
        }
    }
    memcpy(sorted, turn, sizeof sorted);
    for (int a = 0; a < K; a++) {
        int place = 0;
        for (int b = 0; b < K; b++) {
            place += m[b][b] > m[a][a] || (m[b][b] == m[a][a] && b < a);
        }
        at->values[place] = m[a][a];
        memcpy(turn[place], sorted[a], sizeof sorted[a]);
    }
}

/* rows (K,D) <- turn rows */
static void apply(solver *at, double turn[K][K], double *rows)
{
    memset(at->spare, 0, K * at->D * sizeof(double));
    for (int a = 0; a < K; a++) {
        for (int b = 0; b < K; b++) {
            for (size_t d = 0; d < at->D; d++) {
                at->spare[(size_t)a * at->D + d] += turn[a][b] * rows[(size_t)b * at->D + d];
            }
        }
    }
    memcpy(rows, at->spare, K * at->D * sizeof(double));
}

/* How far the first directions are from being eigenvectors. */
static double find_remainder(const solver *at)
{
    double most = 0.0;
    for (size_t i = 0; i < TE_COMPONENTS * at->D; i++) {
        most = fmax(most, fabs(at->cv[i] - at->values[i / at->D] * at->v[i]));
    }
    return most;
}

static void iterate(solver *at)
{
    for (size_t i = 0; i < K * at->D; i++) {
        at->v[i] = (double)te_random_uniform(1, i / at->D, i % at->D) - 0.5;
    }
    make_orthogonal(at->v, at->D);
    for (int round = 0; round < ROUNDS; round++) {
        double turn[K][K];
        multiply(at);
        solve_small(at, turn);
        apply(at, turn, at->v);
        apply(at, turn, at->cv);
        if (find_remainder(at) <= settled * at->values[0]) {
            return;
        }
        memcpy(at->v, at->cv, K * at->D * sizeof(double));
        make_orthogonal(at->v, at->D);
    }
}

/* ---- all of it ---- */

/* The solver's first directions, each with the sign that makes its largest number positive. */
static void take(te_principal *principal, const solver *at)
{
    for (size_t k = 0; k < TE_COMPONENTS; k++) {
        const double *from = at->v + k * at->D;
        size_t largest = 0;
        for (size_t d = 0; d < at->D; d++) {
            largest = fabs(from[d]) > fabs(from[largest]) ? d : largest;
        }
        bool varies = at->values[k] > nothing * at->values[0];
        double sign = !varies ? 0.0 : from[largest] < 0.0 ? -1.0 : 1.0;
        principal->variances[k] = varies ? at->values[k] : 0.0;
        for (size_t d = 0; d < at->D; d++) {
            principal->directions[k * at->D + d] = sign * from[d];
        }
    }
}

te_status te_principal_find(te_principal *principal, const float *rows, size_t count, size_t width)
{
    te_principal found = {.width = width};
    solver at = {.D = width};
    double **const arrays[] = {&found.mean, &found.directions, &at.covariance, &at.block, &at.v, &at.cv, &at.spare};
    const size_t sizes[] = {1, TE_COMPONENTS, width, ROWS, K, K, K}; /* in rows of D */
    te_status status = TE_OK;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        *arrays[i] = te_alloc(sizes[i], width * sizeof(double), "principal components");
        status = *arrays[i] ? status : TE_ERR_MEMORY;
    }
    if (status == TE_OK) {
        find_mean(&found, rows, count);
        find_covariance(&at, &found, rows, count);
        iterate(&at);
        take(&found, &at);
        *principal = found;
    } else {
        te_principal_clear(&found);
    }
    free(at.covariance);
    free(at.block);
    free(at.v);
    free(at.cv);
    free(at.spare);
    return status;
}

void te_principal_clear(te_principal *principal)
{
    free(principal->mean);
    free(principal->directions);
    *principal = (te_principal){0};
}

void te_principal_project(const te_principal *principal, const float *row, double place[TE_COMPONENTS])
{
    for (size_t k = 0; k < TE_COMPONENTS; k++) {
        place[k] = 0.0;
        for (size_t d = 0; d < principal->width; d++) {
            place[k] += ((double)row[d] - principal->mean[d]) * principal->directions[k * principal->width + d];
        }
    }
}
