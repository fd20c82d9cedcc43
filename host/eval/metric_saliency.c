/* Saliency: the largest F, beta^2 = 0.3, over the thresholds 0.05, 0.10 ... 0.95 (at or above) [S].
 *
 * maxF takes the probability as it is. maxF_published takes its sigmoid first, as the code behind the published numbers
 * does; of the thresholds only 0.55 to 0.70 then tell anything apart, which are 0.20, 0.41, 0.62 and 0.85 on the probability.
 * Trivial: everything is salient. */
#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>

enum { THRESHOLDS = 19, IGNORED = 255 };

/* Pixels by the number of thresholds that they reach: [0] not salient, [1] salient. */
typedef struct reached {
    uint64_t pixels[2][THRESHOLDS + 1];
} reached;

typedef struct saliency {
    reached plain, published;
    int published_first;
} saliency;

static te_status create(void **state, const te_metric_options *options)
{
    saliency *created = te_alloc(1, sizeof *created, "a metric");
    if (!created) {
        return TE_ERR_MEMORY;
    }
    created->published_first = options->published_saliency;
    *state = created;
    return TE_OK;
}

/* How many of the thresholds `probability` is at or above; of what is not a number, none. */
static int count_reached(float probability)
{
    probability = fminf(1.0f, fmaxf(0.0f, probability));
    int n = (int)(probability * (THRESHOLDS + 1)); /* right but for rounding */
    n = n < 0 ? 0 : n > THRESHOLDS ? THRESHOLDS : n;
    while (n < THRESHOLDS && probability >= (float)(0.05 * (n + 1))) {
        n++;
    }
    while (n > 0 && probability < (float)(0.05 * n)) {
        n--;
    }
    return n;
}

static te_status judge(void *state, uint64_t index, const te_map *map, const float *label, int *counted)
{
    saliency *at = state;
    size_t area = (size_t)map->width * (size_t)map->height;
    (void)index;
    *counted = 0;
    for (size_t i = 0; i < area; i++) {
        if (label[i] != (float)IGNORED) {
            int salient = label[i] > 0.5f;
            float probability = isnan(map->values[i]) ? 0.0f : map->values[i];
            at->plain.pixels[salient][count_reached(probability)]++;
            at->published.pixels[salient][count_reached(1.0f / (1.0f + expf(-probability)))]++;
            *counted = 1;
        }
    }
    return TE_OK;
}

/* In percent, from the pixels that are salient, said to be, and both. */
static double f_measure(double salient, double said, double both)
{
    double precision = said > 0.0 ? both / said : 0.0, recall = salient > 0.0 ? both / salient : 0.0;
    double weighted = 0.3 * precision + recall;
    return weighted > 0.0 ? 100.0 * 1.3 * precision * recall / weighted : 0.0;
}

static double sum_from(const uint64_t *pixels, int first)
{
    double sum = 0.0;
    for (int n = first; n <= THRESHOLDS; n++) {
        sum += (double)pixels[n];
    }
    return sum;
}

/* F at the n-th threshold, from 1. */
static double f_at(const reached *at, int n)
{
    double both = sum_from(at->pixels[1], n), other = sum_from(at->pixels[0], n);
    return f_measure(sum_from(at->pixels[1], 0), both + other, both);
}

static double largest_f(const reached *at)
{
    double best = 0.0;
    for (int n = 1; n <= THRESHOLDS; n++) {
        best = fmax(best, f_at(at, n));
    }
    return best;
}

static double get_own(const void *state)
{
    const saliency *at = state;
    const reached *primary = at->published_first ? &at->published : &at->plain;
    return sum_from(primary->pixels[1], 0) > 0.0 ? largest_f(primary) : NAN;
}

static void add_reached(reached *to, const reached *more)
{
    for (int n = 0; n <= THRESHOLDS; n++) {
        to->pixels[0][n] += more->pixels[0][n];
        to->pixels[1][n] += more->pixels[1][n];
    }
}

static void add(void *state, const void *sample)
{
    saliency *at = state;
    const saliency *more = sample;
    add_reached(&at->plain, &more->plain);
    add_reached(&at->published, &more->published);
}

static size_t count(const void *state)
{
    (void)state;
    return 2;
}

static te_status get(const void *state, te_metric_list *list)
{
    const saliency *at = state;
    double salient = sum_from(at->plain.pixels[1], 0), all = salient + sum_from(at->plain.pixels[0], 0);
    double trivial = f_measure(salient, all, salient);
    for (int i = 0; i < 2; i++) {
        int published = i ^ at->published_first;
        te_metric_list_add(list, published ? "maxF_published" : "maxF", "%",
                           largest_f(published ? &at->published : &at->plain), trivial);
    }
    return TE_OK;
}

/* Precision by recall, from the highest threshold that anything reaches, as recall rises. */
static te_status draw_precision(const reached *at, te_figure *figure)
{
    double salient = sum_from(at->pixels[1], 0);
    int highest = THRESHOLDS;
    while (highest > 1 && sum_from(at->pixels[0], highest) + sum_from(at->pixels[1], highest) <= 0.0) {
        highest--;
    }
    TE_TRY(te_figure_create(figure, &(te_figure){.kind = TE_FIGURE_CURVE, .title = "precision and recall", .x = "recall, %",
                                                 .y = "precision, %", .rows = 2, .columns = (size_t)highest}));
    for (int n = highest; n > 0; n--) {
        double both = sum_from(at->pixels[1], n), said = both + sum_from(at->pixels[0], n);
        figure->values[highest - n] = salient > 0.0 ? 100.0 * both / salient : 0.0;
        figure->values[2 * highest - n] = said > 0.0 ? 100.0 * both / said : 0.0;
    }
    return TE_OK;
}

/* Both of the plain probability. */
static te_status get_figures(const void *state, te_figure figures[TE_MOST_FIGURES])
{
    const reached *at = &((const saliency *)state)->plain;
    TE_TRY(te_figure_create(&figures[0], &(te_figure){.kind = TE_FIGURE_CURVE, .title = "F by threshold", .x = "threshold",
                                                      .y = "F, %", .rows = 2, .columns = THRESHOLDS}));
    for (int n = 1; n <= THRESHOLDS; n++) {
        figures[0].values[n - 1] = 0.05 * n;
        figures[0].values[THRESHOLDS + n - 1] = f_at(at, n);
    }
    return draw_precision(at, &figures[1]);
}

const te_metric_kind te_metric_saliency = {create, free, judge, get_own, add, count, get, get_figures};
