/* Maps of a picture that is larger than the network's input: run in tiles at its own size, and blended. */
#ifndef TE_EVAL_TILES_H
#define TE_EVAL_TILES_H

#include "data/picture.h"
#include "eval/tiling.h"
#include "model/config.h"

/* What a tile shows of a picture, whose pixel (left,top) is the tile's first: values (h,w,V) as in eval/blend.h. */
typedef te_status (*te_tile_function)(void *context, int left, int top, const te_picture *tile, float *values);

typedef struct te_tiles_options {
    te_tiling x, y; /* of the picture's width and height */
    te_tile_function run;
    void *context;
} te_tiles_options;

/* maps: one of each task of the config, which te_map_free() frees; on failure they are as they were. Beside them there is
 * memory for the values of a tile and of one zone across the picture. */
te_status te_tiles_run(const te_config *config, const te_picture *picture, const te_tiles_options *options, te_map *maps);

#endif
