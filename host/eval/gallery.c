#include "eval/gallery.h"

#include "base/c_locale.h"
#include "data/draw.h"
#include "data/render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 224 }; /* pixels of a view's longer side */

/* One end of one task, in order; entries beyond `count` are empty. */
typedef struct wall {
    te_exhibit *exhibits;
    int count;
} wall;

struct te_gallery {
    int most;
    wall walls[TE_TASK_COUNT][2]; /* smallest, largest */
};

te_status te_gallery_create(te_gallery **gallery, int most)
{
    te_gallery *made = te_alloc(1, sizeof *made, "a gallery");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->most = most;
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        for (int largest = 0; largest < 2; largest++) {
            made->walls[t][largest].exhibits = te_alloc((size_t)most, sizeof(te_exhibit), "a gallery");
            if (!made->walls[t][largest].exhibits) {
                te_gallery_free(made);
                return TE_ERR_MEMORY;
            }
        }
    }
    *gallery = made;
    return TE_OK;
}

static void clear(te_exhibit *exhibit)
{
    for (int v = 0; v < TE_GALLERY_VIEWS; v++) {
        te_picture_free(exhibit->views[v]);
    }
}

void te_gallery_free(te_gallery *gallery)
{
    if (!gallery) {
        return;
    }
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        for (int largest = 0; largest < 2; largest++) {
            wall *on = &gallery->walls[t][largest];
            for (int i = 0; i < on->count; i++) {
                clear(&on->exhibits[i]);
            }
            free(on->exhibits);
        }
    }
    free(gallery);
}

/* ---- views ---- */

/* A small copy; pictures that are small already become blocks of at most that size. */
static te_status shrink(const te_picture *from, te_picture **view)
{
    int longest = from->width > from->height ? from->width : from->height;
    double scale = longest > LONGEST ? (double)LONGEST / longest : LONGEST / longest;
    int width = (int)lrint(from->width * scale), height = (int)lrint(from->height * scale);
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, width > 0 ? width : 1, height > 0 ? height : 1));
    te_status status = te_draw_picture(made, 0, 0, made->width, made->height, TE_DRAW_BLOCKS, from);
    if (status != TE_OK) {
        te_picture_free(made);
        return status;
    }
    *view = made;
    return TE_OK;
}

/* Shrink a picture, which is freed. */
static te_status take(te_picture *from, te_picture **view)
{
    te_status status = shrink(from, view);
    te_picture_free(from);
    return status;
}

static te_status fill(te_exhibit *exhibit, const te_config *config, int t, const te_trial *item)
{
    const te_example *example = &item->example;
    te_legend legend;
    te_classes classes = te_config_get_classes(config, t);
    te_legend_pair(&legend, &classes, example->labels[t], &item->maps[t]);
    if (te_tasks[config->tasks[t]].reading == TE_READ_METRES) {
        te_print(exhibit->scale, sizeof exhibit->scale, "bright %.2f m, dark %.2f m", (double)legend.low,
                 (double)legend.high);
    }
    snprintf(exhibit->name, sizeof exhibit->name, "%s", example->name);
    te_picture whole = {.width = example->width, .height = example->height, .rgb = example->rgb}, *made;
    TE_TRY(shrink(&whole, &exhibit->views[TE_GALLERY_PICTURE]));
    TE_TRY(te_render_label(&made, example->labels[t], example->width, example->height, &legend));
    TE_TRY(take(made, &exhibit->views[TE_GALLERY_LABEL]));
    TE_TRY(te_render_colours(&made, &item->maps[t], &legend));
    return take(made, &exhibit->views[TE_GALLERY_PREDICTION]);
}

/* ---- places ---- */

/* Where `own` would hang; `most`: nowhere. */
static int find_place(const te_gallery *gallery, const wall *on, bool largest, double own)
{
    int place = on->count;
    while (place > 0 && (largest ? own > on->exhibits[place - 1].own : own < on->exhibits[place - 1].own)) {
        place--;
    }
    return place < gallery->most ? place : gallery->most;
}

te_status te_gallery_offer(te_gallery *gallery, const te_config *config, int t, const te_trial *item, double own)
{
    for (int largest = 0; largest < 2 && !isnan(own); largest++) {
        wall *on = &gallery->walls[t][largest];
        int place = find_place(gallery, on, largest, own);
        if (place == gallery->most) {
            continue;
        }
        te_exhibit made = {.index = item->index, .own = own};
        te_status status = fill(&made, config, t, item);
        if (status != TE_OK) {
            clear(&made);
            return status;
        }
        if (on->count == gallery->most) {
            clear(&on->exhibits[--on->count]);
        }
        memmove(on->exhibits + place + 1, on->exhibits + place, (size_t)(on->count - place) * sizeof made);
        on->exhibits[place] = made;
        on->count++;
    }
    return TE_OK;
}

int te_gallery_count(const te_gallery *gallery, int t, bool largest)
{
    return gallery->walls[t][largest].count;
}

const te_exhibit *te_gallery_get(const te_gallery *gallery, int t, bool largest, int rank)
{
    const wall *on = &gallery->walls[t][largest], *other = &gallery->walls[t][!largest];
    for (int i = 0; i < other->count; i++) {
        if (other->exhibits[i].index == on->exhibits[rank].index && (i < rank || (i == rank && !largest))) {
            return NULL;
        }
    }
    return &on->exhibits[rank];
}
