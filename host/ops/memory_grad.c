/* Gradients of the memory ops. They are judged through the forwards' rules, by finite differences
 * (tests/test_gradients.c). */
#include "ops/memory_grad.h"

/* ---- memory_read ---- */

typedef struct read_gradient_options {
    te_memory_read_options read;
    int memory; /* the forward read one */
} read_gradient_options;

static const read_gradient_options *options_of(const te_call *call)
{
    return (const void *)call->attributes;
}

/* Work-items of the kernels for processors. */
static int64_t blocks_of(const te_call *call)
{
    enum { BLOCK = 8 }; /* rows; as in kernels/memory_grad_cpu.cl */
    return (te_shape_rows(&call->in[0]) + BLOCK - 1) / BLOCK;
}

static te_status shape_of_feature(te_call *call)
{
    call->out = call->in[0];
    call->out.size[2] *= call->op == &te_op_memory_read_dexperts ? options_of(call)->read.experts : 1;
    return TE_OK;
}

/* The arguments that all three kernels end with. */
static void add_sizes(te_launch *launch, int next, const te_call *call)
{
    const read_gradient_options *o = options_of(call);
    int scores = o->read.experts + o->memory;
    const te_argument sizes[] = {TE_INT(te_shape_rows(&call->in[0])), TE_INT(te_shape_width(&call->in[0])),
                                 TE_INT(o->read.experts), TE_INT(te_shape_width(&call->in[1])),
                                 TE_INT(o->read.task * scores)};
    for (int i = 0; i < 5; i++) {
        launch->arguments[next + i] = sizes[i];
    }
}

/* dz, gates, what is added (kept from being read where there is none), the result, sizes. */
static te_launch feature_launch(const te_call *call)
{
    bool adds = call->in[2].rank;
    te_launch launch = {.family = "memory", .kernel = call->op->name, .writes = call->out_value,
                        .global = {(size_t)te_shape_width(&call->out), (size_t)te_shape_rows(&call->out)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[adds ? 2 : 0]), TE_VALUE(call->out_value)}};
    add_sizes(&launch, 4, call);
    launch.arguments[9] = (te_argument)TE_INT(adds);
    return launch;
}

static te_status emit_feature(te_plan *plan, const te_call *call)
{
    te_launch launch = feature_launch(call);
    return te_plan_launch(plan, &launch);
}

/* Both kernels for processors are one: the memory's gradient is that of an only expert whose score comes last. */
static te_status emit_feature_cpu(te_plan *plan, const te_call *call)
{
    int experts = options_of(call)->read.experts;
    te_launch launch = feature_launch(call);
    te_launch_on_cpu(&launch, "memory_grad_cpu", "memory_read_dfeature_cpu", blocks_of(call), 1);
    if (call->op == &te_op_memory_read_dmemory) {
        launch.arguments[6].number = 1; /* E */
        launch.arguments[8].number += experts; /* gate_start */
    }
    return te_plan_launch(plan, &launch);
}

static const te_variant feature_variants[] = {
    {"generic", NULL, NULL, emit_feature, false}, TE_CPU_VARIANT(NULL, emit_feature_cpu), {0}};

const te_op te_op_memory_read_dexperts = {.name = "memory_read_dexperts", .shape = shape_of_feature, .addend = 2,
                                          .attribute_bytes = sizeof(read_gradient_options),
                                          .variants = feature_variants};
const te_op te_op_memory_read_dmemory = {.name = "memory_read_dmemory", .shape = shape_of_feature, .addend = 2,
                                         .attribute_bytes = sizeof(read_gradient_options),
                                         .variants = feature_variants};

te_tensor te_memory_read_gradient(te_graph *graph, const te_op *op, te_tensor dz, te_tensor gates, te_tensor memory,
                                  te_memory_read_options options)
{
    read_gradient_options all = {options, memory.value >= 0};
    return te_graph_call(graph, op, &all, 2, (te_tensor[]){dz, gates});
}

static te_status dgates_shape(te_call *call)
{
    call->out = call->in[1];
    return TE_OK;
}

static te_launch dgates_launch(const te_call *call)
{
    int memory = options_of(call)->memory;
    bool adds = call->in[4].rank;
    te_launch launch = {.family = "memory", .kernel = "memory_read_dgates", .writes = call->out_value,
                        .global = {(size_t)te_shape_width(&call->out), (size_t)te_shape_rows(&call->out)},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[2]),
                                      TE_VALUE(call->in_value[memory ? 3 : 2]),
                                      TE_VALUE(call->in_value[adds ? 4 : 2]), TE_VALUE(call->out_value)}};
    add_sizes(&launch, 5, call);
    launch.arguments[10] = (te_argument)TE_INT(memory);
    launch.arguments[11] = (te_argument)TE_INT(adds);
    return launch;
}

static te_status dgates_emit(te_plan *plan, const te_call *call)
{
    te_launch launch = dgates_launch(call);
    return te_plan_launch(plan, &launch);
}

static te_status dgates_emit_cpu(te_plan *plan, const te_call *call)
{
    te_launch launch = dgates_launch(call);
    te_launch_on_cpu(&launch, "memory_grad_cpu", "memory_read_dgates_cpu", blocks_of(call), 1);
    return te_plan_launch(plan, &launch);
}

static const te_variant dgates_variants[] = {
    {"generic", NULL, NULL, dgates_emit, false}, TE_CPU_VARIANT(NULL, dgates_emit_cpu), {0}};

const te_op te_op_memory_read_dgates = {.name = "memory_read_dgates", .shape = dgates_shape, .addend = 4,
                                        .attribute_bytes = sizeof(read_gradient_options),
                                        .variants = dgates_variants};

te_tensor te_memory_read_dgates(te_graph *graph, te_tensor dz, te_tensor gates, te_tensor experts, te_tensor memory,
                                te_memory_read_options options)
{
    read_gradient_options all = {options, memory.value >= 0};
    return te_graph_call(graph, &te_op_memory_read_dgates, &all, 4, (te_tensor[]){dz, gates, experts, memory});
}

/* ---- memory_write ---- */

typedef struct write_gradient_options {
    int of_written;
} write_gradient_options;

static te_status same_shape(te_call *call)
{
    call->out = call->in[0];
    return TE_OK;
}

static te_status dmemory_emit(te_plan *plan, const te_call *call)
{
    const write_gradient_options *o = (const void *)call->attributes;
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_write_dmemory", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->out_value), TE_INT(rows), TE_INT(D), TE_INT(o->of_written)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant dmemory_variants[] = {{"generic", NULL, NULL, dmemory_emit, false}, {0}};

const te_op te_op_memory_write_dmemory = {.name = "memory_write_dmemory", .shape = same_shape,
                                          .attribute_bytes = sizeof(write_gradient_options),
                                          .variants = dmemory_variants};

te_tensor te_memory_write_gradient(te_graph *graph, te_tensor dy, te_tensor alpha, int of_written)
{
    return te_graph_call(graph, &te_op_memory_write_dmemory, &(write_gradient_options){of_written}, 2,
                         (te_tensor[]){dy, alpha});
}

static te_status dalpha_emit(te_plan *plan, const te_call *call)
{
    int64_t rows = te_shape_rows(&call->out), D = te_shape_width(&call->out);
    te_launch launch = {.family = "memory", .kernel = "memory_write_dalpha", .writes = call->out_value,
                        .global = {(size_t)D, (size_t)rows},
                        .arguments = {TE_VALUE(call->in_value[0]), TE_VALUE(call->in_value[1]),
                                      TE_VALUE(call->in_value[2]), TE_VALUE(call->in_value[3]),
                                      TE_VALUE(call->out_value), TE_INT(rows), TE_INT(D)}};
    return te_plan_launch(plan, &launch);
}

static const te_variant dalpha_variants[] = {{"generic", NULL, NULL, dalpha_emit, false}, {0}};

const te_op te_op_memory_write_dalpha = {.name = "memory_write_dalpha", .shape = same_shape,
                                         .variants = dalpha_variants};

te_tensor te_memory_write_dalpha(te_graph *graph, te_tensor dy, te_tensor memory, te_tensor written, te_tensor alpha)
{
    te_tensor rows = te_graph_call(graph, &te_op_memory_write_dalpha, NULL, 4,
                                   (te_tensor[]){dy, memory, written, alpha});
    return te_sum(graph, rows, te_shape_width(&rows.shape));
}
