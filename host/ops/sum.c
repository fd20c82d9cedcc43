/* sum: gradients of what was the same for all rows. */
#include "ops/ops.h"

enum { BLOCK = 64 };

static te_status shape(te_call *call)
{
    const te_sum_options *o = (const void *)call->attributes;
    int64_t count = te_shape_count(&call->in[0]);
    if (o->columns < 1 || count % o->columns) {
        return te_call_fail(call, "x (rows*columns)");
    }
    call->out = TE_SHAPE1(o->columns);
    return TE_OK;
}

static te_status launch(te_plan *plan, bool cpu, int from, int to, int64_t rows, int64_t columns, int64_t block)
{
    te_launch sum = {.family = "sum", .kernel = "sum_rows", .writes = to,
                     .global = {(size_t)columns, (size_t)((rows + block - 1) / block)},
                     .arguments = {TE_VALUE(from), TE_VALUE(to), TE_INT(rows), TE_INT(columns), TE_INT(block)}};
    if (cpu) {
        enum { COLUMNS = 64 }; /* as in kernels/sum_cpu.cl */
        te_launch_on_cpu(&sum, "sum_cpu", "sum_rows_cpu", (columns + COLUMNS - 1) / COLUMNS, (rows + block - 1) / block);
    }
    return te_plan_launch(plan, &sum);
}

static te_status emit_on(te_plan *plan, const te_call *call, bool cpu)
{
    int64_t columns = call->out.size[0], rows = te_shape_count(&call->in[0]) / columns;
    int64_t blocks = (rows + BLOCK - 1) / BLOCK;
    if (blocks == 1) {
        return launch(plan, cpu, call->in_value[0], call->out_value, rows, columns, rows);
    }
    int partial = te_plan_scratch(plan, blocks * columns, call->in_value[0]);
    if (partial < 0) {
        return TE_ERR_MEMORY;
    }
    TE_TRY(launch(plan, cpu, call->in_value[0], partial, rows, columns, BLOCK));
    return launch(plan, cpu, partial, call->out_value, blocks, columns, blocks);
}

static te_status emit(te_plan *plan, const te_call *call)
{
    return emit_on(plan, call, false);
}

static te_status emit_cpu(te_plan *plan, const te_call *call)
{
    return emit_on(plan, call, true);
}

static bool supports_cpu(const te_caps *caps, const te_call *call)
{
    (void)caps;
    return call->out.size[0] % 16 == 0;
}

static const te_variant variants[] = {
    {"generic", NULL, NULL, emit, false}, TE_CPU_VARIANT(supports_cpu, emit_cpu), {0}};

static void reference(const te_call *call, const double *const in[TE_INPUTS], double *out)
{
    int64_t columns = call->out.size[0];
    for (int64_t c = 0; c < columns; c++) {
        out[c] = 0;
    }
    for (int64_t i = 0; i < te_shape_count(&call->in[0]); i++) {
        out[i % columns] += in[0][i];
    }
}

static const te_sum_options seven = {7}, forty = {40}, large = {48}, larger = {192}, one = {1};
static const te_case cases[] = {{{TE_SHAPE2(3, 7)}, &seven, TE_FILL_NORMAL},
                                {{TE_SHAPE3(2, 100, 40)}, &forty, TE_FILL_NORMAL},
                                {{TE_SHAPE3(2, 100, 48)}, &large, TE_FILL_NORMAL},
                                {{TE_SHAPE3(2, 100, 192)}, &larger, TE_FILL_NORMAL},
                                {{TE_SHAPE2(5000, 1)}, &one, TE_FILL_NORMAL},
                                {{TE_SHAPE3(2, 100, 40)}, &forty, TE_FILL_NAN}};

const te_op te_op_sum = {.name = "sum", .attribute_bytes = sizeof(te_sum_options), .shape = shape,
                         .variants = variants, .reference = reference, TE_CASES(cases)};

te_tensor te_sum(te_graph *graph, te_tensor x, int64_t columns)
{
    return te_graph_call(graph, &te_op_sum, &(te_sum_options){columns}, 1, &x);
}
