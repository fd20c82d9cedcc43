#include "data/render.h"

#include "data/draw.h"

#include <math.h>

static const te_colour paper = {255, 255, 255}, nothing = {200, 200, 200};

static void write_colour(uint8_t *to, te_colour colour)
{
    to[0] = colour.r;
    to[1] = colour.g;
    to[2] = colour.b;
}

static void colour_classes(const te_map *map, int classes, te_picture *picture)
{
    te_colour table[256];
    for (int class = 0; class < 256; class++) {
        table[class] = te_colour_class(classes, class);
    }
    const uint8_t *from = map->classes;
    for (int y = 0; y < map->height; y++) {
        uint8_t *to = picture->rgb + (size_t)y * (size_t)picture->width * 3;
        for (int x = 0; x < map->width; x++, to += 3) {
            write_colour(to, table[*from++]);
        }
    }
}

/* Near metres are bright; one distance everywhere is the bright end. */
static void colour_values(const te_map *map, const te_legend *legend, te_picture *picture)
{
    te_reading reading = te_tasks[legend->classes.task].reading;
    float scale = legend->high > legend->low ? 1.0f / (legend->high - legend->low) : 0.0f;
    const float *from = map->values;
    for (int y = 0; y < map->height; y++) {
        uint8_t *to = picture->rgb + (size_t)y * (size_t)picture->width * 3;
        for (int x = 0; x < map->width; x++, to += 3, from += map->channels) {
            if (reading == TE_READ_UNIT_VECTOR) {
                write_colour(to, te_colour_normal(from));
            } else if (!isfinite(*from)) { /* means of labels where there is none */
                write_colour(to, nothing);
            } else if (reading == TE_READ_METRES) {
                write_colour(to, te_colour_ramp(TE_RAMP_COOL, 1.0f - (*from - legend->low) * scale));
            } else {
                write_colour(to, te_colour_ramp(TE_RAMP_GREY, *from));
            }
        }
    }
}

/* The map's colours at the top left of a picture of at least its size. */
static void colour_map(const te_map *map, const te_legend *legend, te_picture *picture)
{
    if (te_tasks[legend->classes.task].reading == TE_READ_CLASS) {
        colour_classes(map, legend->classes.count, picture);
    } else {
        colour_values(map, legend, picture);
    }
}

te_status te_render_colours(te_picture **picture, const te_map *map, const te_legend *legend)
{
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, map->width, map->height));
    colour_map(map, legend, made);
    *picture = made;
    return TE_OK;
}

/* Text that reads well when the whole picture fills a screen: 16 pixels up to about a megapixel, then with the
 * side. */
static int text_size(const te_map *map)
{
    int size = (int)(sqrt((double)map->width * (double)map->height) / 60.0);
    return size > 16 ? size : 16;
}

/* Size of the map with its legend below. */
static void measure(const te_map *map, const te_legend *legend, int *width, int *height)
{
    int size = text_size(map), margin = size / 2, least = te_legend_width(legend, size);
    *width = map->width;
    *height = map->height;
    if (least) {
        *width = map->width > least + 2 * margin ? map->width : least + 2 * margin;
        *height += te_legend_height(legend, *width - 2 * margin, size, 0) + 2 * margin;
    }
}

te_status te_render_map(te_picture **picture, const te_map *map, const te_classes *classes)
{
    te_legend legend;
    te_legend_read(&legend, map, classes);
    int size = text_size(map), margin = size / 2, width, height;
    measure(map, &legend, &width, &height);
    if (height == map->height) {
        return te_render_colours(picture, map, &legend);
    }
    te_picture *made;
    TE_TRY(te_picture_allocate(&made, width, height));
    te_draw_fill(made, 0, 0, width, height, paper);
    colour_map(map, &legend, made);
    te_status status = te_legend_draw(&legend, made, margin, map->height + margin, width - 2 * margin, size, 0);
    if (status != TE_OK) {
        te_picture_free(made);
        return status;
    }
    *picture = made;
    return TE_OK;
}
