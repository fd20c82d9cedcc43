/* The best and the worst pictures of a report. */
#include "data/markup.h"
#include "data/png.h"
#include "eval/report.h"

#include <stdlib.h>

static te_status write_view(FILE *page, const te_exhibit *exhibit, int view)
{
    static const char *const names[TE_GALLERY_VIEWS] = {"picture", "label", "prediction"};
    const te_picture *picture = exhibit->views[view];
    uint8_t *data;
    size_t bytes;
    TE_TRY(te_png_encode_rgb(&data, &bytes, picture->width, picture->height, picture->rgb));
    fprintf(page, "<img width=\"%d\" height=\"%d\" alt=\"%s of ", picture->width, picture->height, names[view]);
    te_markup_write(page, exhibit->name);
    fprintf(page, "\" title=\"%s\" src=\"", names[view]);
    te_markup_write_png(page, data, bytes);
    fprintf(page, "\"/>");
    free(data);
    return TE_OK;
}

static te_status write_exhibit(FILE *page, const te_exhibit *exhibit, const te_score *primary)
{
    fprintf(page, "<figure><div class=\"views\">");
    for (int view = 0; view < TE_GALLERY_VIEWS; view++) {
        TE_TRY(write_view(page, exhibit, view));
    }
    fprintf(page, "</div><figcaption><b>%.4g %s</b> picture ", exhibit->own, primary->unit);
    te_markup_write(page, exhibit->name);
    fprintf(page, "%s%s</figcaption></figure>\n", *exhibit->scale ? "; " : "", exhibit->scale);
    return TE_OK;
}

static te_status write_wall(FILE *page, const te_scores *scores, int t, bool best)
{
    const te_score *primary = te_report_primary(scores, t);
    bool largest = best == (primary->higher_is_better != 0), any = false;
    for (int rank = 0; rank < te_gallery_count(scores->gallery, t, largest); rank++) {
        const te_exhibit *exhibit = te_gallery_get(scores->gallery, t, largest, rank);
        if (!exhibit) {
            continue;
        }
        if (!any) {
            fprintf(page, "<h3>%s pictures <span class=\"pale\">(picture, label, prediction; %s of each alone)</span></h3>\n"
                    "<div class=\"exhibits\">\n", best ? "Best" : "Worst", primary->metric);
        }
        any = true;
        TE_TRY(write_exhibit(page, exhibit, primary));
    }
    fprintf(page, "%s", any ? "</div>\n" : "");
    return TE_OK;
}

te_status te_report_write_gallery(FILE *page, const te_scores *scores, int t)
{
    if (!te_report_primary(scores, t)) {
        return TE_OK;
    }
    TE_TRY(write_wall(page, scores, t, true));
    return write_wall(page, scores, t, false);
}
