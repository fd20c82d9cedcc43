/* Gradients of batch norm. They are judged through its rule, by finite differences (tests/test_gradients.c). */
#include "ops/batchnorm.h"

/* What the first kernel of both ops starts with: the inputs, the result, rows, C, GELU or not. */
static te_launch launch_of(const te_call *call, const char *kernel, int inputs, int result)
{
    const te_batchnorm_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->in[0]), C = te_shape_width(&call->in[0]);
    te_launch launch = {.family = "batchnorm", .kernel = kernel, .writes = result, .global = {(size_t)C, (size_t)rows}};
    te_argument *next = launch.arguments;
    for (int i = 0; i < inputs; i++) {
        *next++ = (te_argument)TE_VALUE(call->in_value[i]);
    }
    *next++ = (te_argument)TE_VALUE(result);
    *next++ = (te_argument)TE_INT(rows);
    *next++ = (te_argument)TE_INT(C);
    *next = (te_argument)TE_INT(o->gelu);
    return launch;
}

/* ---- batchnorm_sums ---- */

static te_status sums_shape(te_call *call)
{
    call->out = TE_SHAPE2(2, te_shape_width(&call->in[0]));
    return TE_OK;
}

/* Sums of blocks of rows, then of the blocks. */
static te_status sums_emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t blocks = te_batchnorm_blocks(te_shape_rows(&call->in[0])), columns = te_shape_count(&call->out);
    int partial = te_plan_scratch(plan, blocks * columns, -1);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    te_launch part = launch_of(call, "batchnorm_sums", 5, partial);
    te_launch total = {.family = "sum", .kernel = "sum_rows", .writes = call->out_value, .global = {(size_t)columns},
                       .arguments = {TE_VALUE(partial), TE_VALUE(call->out_value), TE_INT(blocks), TE_INT(columns),
                                     TE_INT(blocks)}};
    part.global[1] = (size_t)blocks;
    if (cpu) {
        te_launch_on_cpu(&part, "batchnorm_cpu", "batchnorm_sums_cpu", blocks, 1);
    }
    TE_TRY(te_plan_launch(plan, &part));
    return te_plan_launch(plan, &total);
}

static te_status sums_emit(te_plan *plan, const te_call *call)
{
    return sums_emit_on(plan, call, false);
}

static te_status sums_emit_cpu(te_plan *plan, const te_call *call)
{
    return sums_emit_on(plan, call, true);
}

static const te_variant sums_variants[] = {{"generic", NULL, NULL, sums_emit, false},
                                           TE_CPU_VARIANT(te_batchnorm_supports_cpu, sums_emit_cpu),
                                           {0}};

const te_op te_op_batchnorm_sums = {.name = "batchnorm_sums", .attribute_bytes = sizeof(te_batchnorm_options),
                                    .shape = sums_shape, .variants = sums_variants, .prepare = te_batchnorm_prepare};

/* ---- batchnorm_dx ---- */

static te_status dx_shape(te_call *call)
{
    call->out = call->in[0];
    return TE_OK;
}

static te_status dx_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "batchnorm_dx", 6, call->out_value);
    return te_plan_launch(plan, &launch);
}

static te_status dx_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = launch_of(call, "batchnorm_dx", 6, call->out_value);
    te_launch_on_cpu(&launch, "batchnorm_cpu", "batchnorm_dx_cpu", te_batchnorm_blocks(te_shape_rows(&call->out)), 1);
    return te_plan_launch(plan, &launch);
}

static const te_variant dx_variants[] = {{"generic", NULL, NULL, dx_emit, false},
                                         TE_CPU_VARIANT(te_batchnorm_supports_cpu, dx_emit_cpu),
                                         {0}};

const te_op te_op_batchnorm_dx = {.name = "batchnorm_dx", .attribute_bytes = sizeof(te_batchnorm_options),
                                  .shape = dx_shape, .variants = dx_variants, .prepare = te_batchnorm_prepare};

/* ---- batchnorm_line ---- */

typedef struct line_options {
    int line;
} line_options;

static te_status line_shape(te_call *call)
{
    call->out = TE_SHAPE1(call->in[0].size[1]);
    return TE_OK;
}

static te_status line_emit(te_plan *plan, const te_call *call)
{
    int64_t C = te_shape_count(&call->out);
    te_launch launch = {.family = "batchnorm", .kernel = "batchnorm_line", .writes = call->out_value,
                        .global = {(size_t)C},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->out_value), TE_INT(C),
                                      TE_INT(((const line_options *)(const void *)call->attributes)->line)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant line_variants[] = {{"generic", NULL, NULL, line_emit, false}, {0}};

const te_op te_op_batchnorm_line = {.name = "batchnorm_line", .attribute_bytes = sizeof(line_options),
                                    .shape = line_shape, .variants = line_variants};

te_tensor te_batchnorm_line(te_graph *graph, te_tensor sums, int line)
{
    return te_graph_call(graph, &te_op_batchnorm_line, &(line_options){line}, 1, &sums);
}
