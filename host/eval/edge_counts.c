/* For every threshold: the probability in 8 bits, suppressed to its maxima (edge_thresholds.h), strictly above; thinned
 * (edge_thin.h); matched one to one with the label (edge_match.h). */
#include "eval/edge_counts.h"

#include "base/interrupt.h"
#include "eval/edge_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IGNORED = 255, THRESHOLDS = TE_EDGE_THRESHOLDS };

void te_edge_scene_free(te_edge_scene *at)
{
    te_edge_thinner_free(&at->thinner);
    free(at->truth);
    free(at->order);
}

te_status te_edge_scene_create(te_edge_scene *at, const float *label, int height, int width, double distance)
{
    size_t area = (size_t)width * (size_t)height;
    *at = (te_edge_scene){.height = height, .width = width, .area = area};
    TE_TRY(te_edge_thinner_create(&at->thinner, height, width));
    at->truth = te_alloc(area, 4, "an edge map");
    at->order = te_alloc(area, 2 * sizeof *at->order, "an edge map");
    if (!at->truth || !at->order) {
        te_edge_scene_free(at);
        return TE_ERR_MEMORY;
    }
    at->ignored = at->truth + area;
    at->levels = at->truth + 2 * area;
    at->ranks = at->truth + 3 * area;
    at->pixels_left = at->order + area;
    at->radius = distance * sqrt((double)height * height + (double)width * width);
    for (size_t i = 0; i < area; i++) {
        at->ignored[i] = label[i] == (float)IGNORED;
        at->truth[i] = !at->ignored[i] && label[i] > 0.5f;
        at->truth_count += at->truth[i];
        at->pixels += !at->ignored[i];
    }
    return TE_OK;
}

/* Places by falling rank; ends[n] of them are above threshold n. */
static void sort_by_rank(const te_edge_scene *at, size_t ends[THRESHOLDS])
{
    size_t next[THRESHOLDS + 1] = {0};
    for (size_t i = 0; i < at->area; i++) {
        next[at->ranks[i]]++;
    }
    size_t sum = 0;
    for (int rank = THRESHOLDS; rank > 0; rank--) {
        size_t here = next[rank];
        next[rank] = sum;
        sum += here;
        ends[rank - 1] = sum;
    }
    for (size_t i = 0; i < at->area; i++) {
        if (at->ranks[i] > 0) {
            at->order[next[at->ranks[i]]++] = (uint32_t)i;
        }
    }
}

/* The pixels above one threshold, thinned, as far as the label says anything of them. */
static size_t thin_pixels(te_edge_scene *at, size_t count)
{
    memcpy(at->pixels_left, at->order, count * sizeof *at->order);
    count = te_edge_thin(&at->thinner, at->pixels_left, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!at->ignored[at->pixels_left[i]]) {
            at->pixels_left[kept++] = at->pixels_left[i];
        }
    }
    return kept;
}

/* From the highest threshold down, so that the sets grow and the matcher goes on where it was. */
te_status te_edge_scene_run(te_edge_scene *at, int step, te_edge_counts results[THRESHOLDS])
{
    size_t ends[THRESHOLDS], before = 0;
    te_edge_matcher *matcher;
    te_status status = TE_OK;
    TE_TRY(te_edge_rank(at->levels, at->height, at->width, at->ranks));
    sort_by_rank(at, ends);
    TE_TRY(te_edge_matcher_create(&matcher, at->truth, at->height, at->width, at->radius));
    te_edge_counts last = {0};
    for (int n = THRESHOLDS - 1; n >= 0; n -= step) {
        if (te_interrupt_seen()) { /* a large picture takes long */
            status = te_fail(TE_ERR_INTERRUPTED, "interrupted");
            goto out;
        }
        if (ends[n] > before) {
            size_t count = thin_pixels(at, ends[n]);
            last = (te_edge_counts){(double)te_edge_matcher_run(matcher, at->pixels_left, count), (double)count};
            before = ends[n];
        }
        results[n] = last;
    }
out:
    te_edge_matcher_free(matcher);
    return status;
}
