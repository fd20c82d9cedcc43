/* tokens: from an image to tokens with positions, and the end of the class token. */
#include "ops/cubic.h"

#include <math.h>
#include <string.h>

enum { PATCH = 16, PATCH_VALUES = 3 * PATCH * PATCH };

/* ---- patches ---- */

static te_status patches_shape(te_call *call)
{
    const te_shape *image = &call->in[0];
    if (image->rank != 4 || image->size[1] != 3 || image->size[2] % PATCH || image->size[3] % PATCH) {
        return te_call_fail(call, "image (B,3,H,W) with H and W multiples of 16");
    }
    call->out = TE_SHAPE3(image->size[0], image->size[2] / PATCH * (image->size[3] / PATCH), PATCH_VALUES);
    return TE_OK;
}

static te_status patches_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out);
    te_launch launch = {.family = "tokens", .kernel = "patches", .writes = call->out_value,
                        .global = {PATCH_VALUES, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows),
                                      TE_INT(call->in[0].size[2]), TE_INT(call->in[0].size[3])}};
    return te_plan_launch(plan, &launch);
}

static te_status patches_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = {.writes = call->out_value,
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value),
                                      TE_INT(call->in[0].size[2]), TE_INT(call->in[0].size[3])}};
    te_launch_on_cpu(&launch, "tokens_cpu", "patches_cpu", te_shape_rows(&call->out), 1);
    return te_plan_launch(plan, &launch);
}

static void patches_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t H = call->in[0].size[2], W = call->in[0].size[3], count = te_shape_count(&call->in[0]);
    for (int64_t i = 0; i < count; i++) {
        int64_t x = i % W, y = i / W % H, plane = i / W / H;
        int64_t row = (plane / 3 * (H / PATCH) + y / PATCH) * (W / PATCH) + x / PATCH;
        out[row * PATCH_VALUES + (plane % 3 * PATCH + y % PATCH) * PATCH + x % PATCH] = in[0][i];
    }
}

static const te_variant patches_variants[] = {{"generic", NULL, NULL, patches_emit, false},
                                              TE_CPU_VARIANT(NULL, patches_emit_cpu),
                                              {0}};
static const te_case patches_cases[] = {{{TE_SHAPE4(2, 3, 32, 48)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE4(1, 3, 16, 16)}, NULL, TE_FILL_NAN}};

const te_op te_op_patches = {.name = "patches", .shape = patches_shape, .variants = patches_variants,
                             .reference = patches_reference, TE_CASES(patches_cases)};

te_tensor te_patches(te_graph *graph, te_tensor image)
{
    return te_graph_call(graph, &te_op_patches, NULL, 1, &image);
}

/* ---- bicubic resizing ---- */

/* Weight of the neighbour at distance d in Keys' cubic convolution with a = -0.75. */
static double cubic(double d)
{
    const double a = -0.75;
    return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* A cell of the table that a fine cell takes a share of. */
typedef struct tap {
    int64_t cell;
    double weight;
} tap;

enum { TAPS = 16 };

static void find_taps(const te_position_options *o, int line, int column, tap taps[TAPS])
{
    double y = (line + 0.5) * o->from_height / o->height - 0.5, x = (column + 0.5) * o->from_width / o->width - 0.5;
    for (int n = 0; n < TAPS; n++) {
        int64_t i = (int64_t)floor(y) - 1 + n / 4, j = (int64_t)floor(x) - 1 + n % 4;
        taps[n] = (tap){clamp(i, o->from_height - 1) * o->from_width + clamp(j, o->from_width - 1),
                        cubic(fabs(y - (double)i)) * cubic(fabs(x - (double)j))};
    }
}

double te_cubic_resized(const double *table, const te_position_options *o, int64_t C, int64_t c, int line, int column)
{
    tap taps[TAPS];
    double sum = 0;
    find_taps(o, line, column, taps);
    for (int n = 0; n < TAPS; n++) {
        sum += taps[n].weight * table[taps[n].cell * C + c];
    }
    return sum;
}

/* ---- position_dtable ---- */

typedef struct dtable_options {
    te_position_options grids;
    int64_t has_class; /* no gaps: a tuning is found by these bytes */
    int64_t rows; /* of the table that are wanted, from its first on */
} dtable_options;

static te_status dtable_shape(te_call *call)
{
    const dtable_options *o = (const void *)call->attributes;
    const te_shape *dy = &call->in[0];
    const te_position_options *grids = &o->grids;
    bool fits = dy->rank == 3 && dy->size[1] == (int64_t)grids->height * grids->width + o->has_class && o->rows > 0 &&
                o->rows <= (int64_t)grids->from_height * grids->from_width + o->has_class;
    call->out = TE_SHAPE3(1, o->rows, te_shape_width(dy));
    return fits ? TE_OK : te_call_fail(call, "dy (B,h*w+cls,C), at most as many rows as the table has");
}

static te_launch dtable_launch(const te_call *call)
{
    const dtable_options *o = (const void *)call->attributes;
    int64_t C = te_shape_width(&call->out);
    return (te_launch){.family = "tokens", .kernel = "position_dtable", .writes = call->out_value,
                       .global = {(size_t)C, (size_t)o->rows},
                       .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(o->rows),
                                     TE_INT(C), TE_INT(call->in[0].size[0]), TE_INT(o->grids.height),
                                     TE_INT(o->grids.width), TE_INT(o->grids.from_height),
                                     TE_INT(o->grids.from_width), TE_INT(o->has_class)}};
}

static te_status dtable_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = dtable_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status dtable_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = dtable_launch(call);
    te_launch_on_cpu(&launch, "tokens_grad_cpu", "position_dtable_cpu", call->out.size[1], 1);
    return te_plan_launch(plan, &launch);
}

/* Every token gives what the forward took for it back to the rows it came from. */
static void dtable_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const dtable_options *o = (const void *)call->attributes;
    int64_t C = te_shape_width(&call->out), tokens = call->in[0].size[1];
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        int token = (int)(i / C % tokens - o->has_class);
        tap taps[TAPS] = {{-1, 1}}; /* the class row, from where only the class token takes */
        if (token >= 0) {
            find_taps(&o->grids, token / o->grids.width, token % o->grids.width, taps);
        }
        for (int n = 0; n < (token < 0 ? 1 : TAPS); n++) {
            int64_t row = taps[n].cell + o->has_class;
            if (row < o->rows) {
                out[row * C + i % C] += taps[n].weight * in[0][i];
            }
        }
    }
}

static const te_variant dtable_variants[] = {
    {"generic", NULL, NULL, dtable_emit, false}, TE_CPU_VARIANT(NULL, dtable_emit_cpu), {0}};

static const dtable_options same_rows = {{3, 5, 3, 5}, 0, 15}, larger_rows = {{7, 5, 4, 4}, 1, 17},
                            smaller_rows = {{2, 3, 5, 7}, 0, 35}, class_row = {{7, 5, 4, 4}, 1, 1};
static const te_case dtable_cases[] = {
    {{TE_SHAPE3(2, 15, 20)}, &same_rows, TE_FILL_NORMAL},   {{TE_SHAPE3(2, 36, 20)}, &larger_rows, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 6, 33)}, &smaller_rows, TE_FILL_NORMAL}, {{TE_SHAPE3(3, 36, 16)}, &class_row, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 36, 20)}, &larger_rows, TE_FILL_LARGE},  {{TE_SHAPE3(2, 36, 20)}, &larger_rows, TE_FILL_NAN},
};

const te_op te_op_position_dtable = {.name = "position_dtable", .attribute_bytes = sizeof(dtable_options),
                                     .shape = dtable_shape, .variants = dtable_variants,
                                     .reference = dtable_reference, TE_CASES(dtable_cases)};

/* ---- position ---- */

static te_status position_shape(te_call *call)
{
    const te_position_options *o = (const void *)call->attributes;
    const te_shape *x = &call->in[0];
    int64_t extra = call->in[2].rank ? 1 : 0, C = te_shape_width(x);
    bool fits = x->rank == 3 && x->size[1] == (int64_t)o->height * o->width && o->from_height > 0 &&
                o->from_width > 0 &&
                te_shape_count(&call->in[1]) == ((int64_t)o->from_height * o->from_width + extra) * C &&
                te_shape_count(&call->in[2]) == extra * C;
    if (!fits) {
        return te_call_fail(call, "x (B,h*w,C), position (1,N'+cls,C), class token (1,1,C)");
    }
    call->out = TE_SHAPE3(x->size[0], x->size[1] + extra, C);
    return TE_OK;
}

/* The position's rows for the grid of x, and the first of them: the table itself, or a resized one, which is a constant
 * where the table is. */
static te_status position_rows(te_plan *plan, const te_call *call, int *table, int *first)
{
    const te_position_options *o = (const void *)call->attributes;
    int64_t tokens = call->in[0].size[1], C = te_shape_width(&call->out);
    int param = call->in_value[1], extra = call->in[2].rank ? 1 : 0;
    bool is_same = o->height == o->from_height && o->width == o->from_width;
    *table = is_same ? param : te_plan_scratch(plan, tokens * C, param);
    *first = is_same ? extra : 0;
    if (is_same || *table < 0) {
        return is_same ? TE_OK : TE_ERR_MEMORY;
    }
    te_launch launch = {.family = "tokens", .kernel = "position_resize", .writes = *table,
                        .global = {(size_t)C, (size_t)tokens},
                        .arguments = {TE_VALUE(param), TE_VALUE(*table), TE_INT(C), TE_INT(o->height), TE_INT(o->width),
                                      TE_INT(o->from_height), TE_INT(o->from_width), TE_INT(extra)}};
    return te_plan_launch(plan, &launch);
}

/* What the launches of both kernels have in common. */
static te_status position_launch(te_plan *plan, const te_call *call, te_launch *launch)
{
    bool has_class = call->in[2].rank;
    int table, first;
    TE_TRY(position_rows(plan, call, &table, &first));
    *launch = (te_launch){.writes = call->out_value,
                          .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(table),
                                        TE_VALUE(has_class ? call->in_value[2] : table),
                                        TE_VALUE(has_class ? call->in_value[1] : table), TE_VALUE(call->out_value),
                                        TE_INT(te_shape_width(&call->out)), TE_INT(call->in[0].size[1]),
                                        TE_INT(has_class), TE_INT(first)}};
    return TE_OK;
}

static te_status position_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out);
    te_launch launch;
    TE_TRY(position_launch(plan, call, &launch));
    launch.family = "tokens";
    launch.kernel = "position";
    launch.global[0] = (size_t)te_shape_width(&call->out);
    launch.global[1] = (size_t)rows;
    launch.arguments[9] = (te_argument)TE_INT(rows);
    return te_plan_launch(plan, &launch);
}

static te_status position_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch;
    TE_TRY(position_launch(plan, call, &launch));
    te_launch_on_cpu(&launch, "tokens_cpu", "position_cpu", te_shape_rows(&call->out), 1);
    return te_plan_launch(plan, &launch);
}

static void position_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    const te_position_options *o = (const void *)call->attributes;
    int64_t C = te_shape_width(&call->out), tokens = call->in[0].size[1], extra = in[2] ? 1 : 0;
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        int64_t c = i % C, token = i / C % (tokens + extra) - extra, picture = i / C / (tokens + extra);
        out[i] = token < 0 ? in[2][c] + in[1][c]
                           : in[0][(picture * tokens + token) * C + c] +
                                 te_cubic_resized(in[1] + extra * C, o, C, c, (int)token / o->width,
                                                  (int)token % o->width);
    }
}

/* The class token and the table's class row enter the same sum. */
static void position_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    bool has_class = call->in[2].rank;
    if (te_graph_trains(graph, call, 0)) {
        dx[0] = has_class ? te_drop_token(graph, dy) : dy;
    }
    te_position_options grids = *(const te_position_options *)(const void *)call->attributes;
    if (te_graph_trains(graph, call, 1)) {
        dx[1] = te_graph_call(graph, &te_op_position_dtable,
                              &(dtable_options){grids, has_class, call->in[1].size[1]}, 1, &dy);
    }
    if (te_graph_trains(graph, call, 2)) {
        dx[2] = te_graph_call(graph, &te_op_position_dtable, &(dtable_options){grids, has_class, 1}, 1, &dy);
    }
}

static const te_variant position_variants[] = {{"generic", NULL, NULL, position_emit, false},
                                               TE_CPU_VARIANT(NULL, position_emit_cpu),
                                               {0}};
static const te_position_options same = {3, 5, 3, 5}, larger = {7, 5, 4, 4}, smaller = {2, 3, 5, 7};
static const te_case position_cases[] = {
    {{TE_SHAPE3(2, 15, 20), TE_SHAPE3(1, 15, 20)}, &same, TE_FILL_NORMAL},
    {{TE_SHAPE3(2, 35, 20), TE_SHAPE3(1, 17, 20), TE_SHAPE3(1, 1, 20)}, &larger, TE_FILL_NORMAL},
    {{TE_SHAPE3(1, 6, 33), TE_SHAPE3(1, 35, 33)}, &smaller, TE_FILL_NORMAL},
};

const te_op te_op_position = {.name = "position", .attribute_bytes = sizeof(te_position_options),
                              .shape = position_shape, .variants = position_variants,
                              .reference = position_reference, .gradient = position_gradient,
                              TE_CASES(position_cases)};

te_tensor te_position(te_graph *graph, te_tensor x, te_tensor position, te_tensor class_token,
                      te_position_options options)
{
    return te_graph_call(graph, &te_op_position, &options, 3, (te_tensor[]){x, position, class_token});
}

/* ---- drop_token ---- */

static te_status drop_shape(te_call *call)
{
    const te_shape *x = &call->in[0];
    if (x->rank != 3 || x->size[1] < 2) {
        return te_call_fail(call, "x (B,N+1,C)");
    }
    call->out = TE_SHAPE3(x->size[0], x->size[1] - 1, x->size[2]);
    return TE_OK;
}

static te_status drop_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), C = te_shape_width(&call->out);
    te_launch launch = {.family = "tokens", .kernel = "drop_token", .writes = call->out_value,
                        .global = {(size_t)C, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(C),
                                      TE_INT(call->out.size[1])}};
    return te_plan_launch(plan, &launch);
}

static void drop_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->out), tokens = call->out.size[1];
    for (int64_t i = 0; i < te_shape_count(&call->out); i++) {
        out[i] = in[0][i + (i / C / tokens + 1) * C];
    }
}

static te_status drop_dx_shape(te_call *call)
{
    call->out = call->in[0];
    call->out.size[1]++;
    return call->in[0].rank == 3 ? TE_OK : te_call_fail(call, "dy (B,N,C)");
}

static te_status drop_dx_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), C = te_shape_width(&call->out);
    te_launch launch = {.family = "tokens", .kernel = "drop_token_dx", .writes = call->out_value,
                        .global = {(size_t)C, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(rows), TE_INT(C),
                                      TE_INT(call->in[0].size[1])}};
    return te_plan_launch(plan, &launch);
}

/* What drop_reference() takes from there goes back; the tokens that it drops get nothing. */
static void drop_dx_reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t C = te_shape_width(&call->out), tokens = call->in[0].size[1];
    memset(out, 0, (size_t)te_shape_count(&call->out) * sizeof *out);
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        out[i + (i / C / tokens + 1) * C] = in[0][i];
    }
}

static const te_variant drop_dx_variants[] = {{"generic", NULL, NULL, drop_dx_emit, false}, {0}};
static const te_case drop_dx_cases[] = {{{TE_SHAPE3(3, 6, 17)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE3(1, 1, 1)}, NULL, TE_FILL_NORMAL},
                                        {{TE_SHAPE3(2, 7, 64)}, NULL, TE_FILL_NAN}};

const te_op te_op_drop_token_dx = {.name = "drop_token_dx", .shape = drop_dx_shape, .variants = drop_dx_variants,
                                   .reference = drop_dx_reference, TE_CASES(drop_dx_cases)};

static void drop_gradient(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS])
{
    (void)call;
    dx[0] = te_graph_call(graph, &te_op_drop_token_dx, NULL, 1, &dy);
}

static const te_variant drop_variants[] = {{"generic", NULL, NULL, drop_emit, false}, {0}};
static const te_case drop_cases[] = {{{TE_SHAPE3(3, 6, 17)}, NULL, TE_FILL_NORMAL}};

const te_op te_op_drop_token = {.name = "drop_token", .shape = drop_shape, .variants = drop_variants,
                                .reference = drop_reference, .gradient = drop_gradient, TE_CASES(drop_cases)};

te_tensor te_drop_token(te_graph *graph, te_tensor x)
{
    return te_graph_call(graph, &te_op_drop_token, NULL, 1, &x);
}
