/* An op: one row of the table that describes what the network is made of.
 *
 * The description is used for everything: recording (shape rule), running (variants), judging (reference in double
 * precision, cases), counting (macs).
 */
#ifndef TE_GRAPH_OP_H
#define TE_GRAPH_OP_H

#include "device/device.h"
#include "graph/tensor.h"

enum { TE_INPUTS = 6, TE_ATTRIBUTE_BYTES = 48 };

typedef struct te_op te_op;
typedef struct te_plan te_plan;
typedef struct te_graph te_graph;

/* One use of an op: attributes, shapes, and which values of the graph they are. */
typedef struct te_call {
    const te_op *op;
    const char *part;               /* of the model, for counts: "backbone", ... */
    int segment;                    /* see te_graph_begin_segment(); 0: none */
    bool closing;                   /* see te_graph.closing */
    te_shape in[TE_INPUTS], out;    /* rank 0: an input left out */
    int in_value[TE_INPUTS], out_value;
    _Alignas(8) unsigned char attributes[TE_ATTRIBUTE_BYTES]; /* the op's own struct */
} te_call;

/* One way to run an op. */
typedef struct te_variant {
    const char *name; /* "generic", "cpu", "clblast": also the suffix of its kernel file */
    /* Can it run this call on such a device? NULL: always. Does it win there when nobody has measured? NULL: never. */
    bool (*supports)(const te_caps *caps, const te_call *call);
    bool (*preferred)(const te_caps *caps, const te_call *call);
    /* Add its launches to the plan. */
    te_status (*emit)(te_plan *plan, const te_call *call);
    bool for_processors; /* vectors of 16, work-groups of one: for processors with vectors, nothing else */
} te_variant;

/* What the test fills inputs with. TE_FILL_ROUNDED: as TE_FILL_NORMAL, where the op rounds its inputs, a step function
 * of which finite differences say nothing. */
typedef enum te_fill {
    TE_FILL_NORMAL,
    TE_FILL_POSITIVE,
    TE_FILL_ROUNDED,
    TE_FILL_LARGE,
    TE_FILL_INF,
    TE_FILL_INF_COLUMN, /* -inf a third into every row of the first input: all keys of attention */
    TE_FILL_NAN
} te_fill;

/* A row of the op tests. */
typedef struct te_case {
    te_shape in[TE_INPUTS];
    const void *attributes;
    te_fill fill;
} te_case;

struct te_op {
    const char *name; /* the stem: kernels/<name>.cl, host/ops/<name>.c */
    size_t attribute_bytes;
    /* Check the inputs' shapes against each other and the attributes; set call->out. */
    te_status (*shape)(te_call *call);
    const te_variant *variants; /* the generic one first; ends with a NULL name */
    /* The op in double precision, in plain C. in[i] is NULL for an absent input. An op that changes inputs: what they become,
     * one after the other. */
    void (*reference)(const te_call *call, const double *const in[TE_INPUTS], double *out);
    /* Record the gradient of each input that te_graph_trains() names, given the result's: dx[i] for input i, absent at
     * first. NULL: the op has no gradient (what it reads is not trained). */
    void (*gradient)(te_graph *graph, const te_call *call, te_tensor dy, te_tensor dx[TE_INPUTS]);
    /* Bit i: it changes input i; what it returns holds nothing then. 0: it changes none. */
    unsigned changes;
    /* The optional input that is added to the result, so that a gradient's shares need no sum of their own; 0: none. */
    int addend;
    /* Multiply-accumulate operations of products and convolutions; NULL: none worth counting. */
    uint64_t (*macs)(const te_call *call);
    /* Relative error that results of this call may have because numbers are rounded to 16 bits under way, where the reference
     * does not; NULL: none. */
    double (*rounding)(const te_call *call);
    /* Make numbers drawn for input i such as the op takes: variances, rates. NULL: it takes any. */
    void (*prepare)(const te_call *call, int i, te_fill fill, float *numbers);
    const te_case *cases;
    int case_count;
};

#define TE_CASES(rows) .cases = (rows), .case_count = (int)(sizeof(rows) / sizeof((rows)[0]))

/* Can the variant run the call on such a device? */
bool te_variant_runs(const te_variant *variant, const te_caps *caps, const te_call *call);

/* Fail with the op's name and the shapes that do not go together. */
te_status te_call_fail(const te_call *call, const char *reason);

/* A call's shapes and attributes in one line, as tuning files name them (graph/tuned.c): "(1,1024,192) =(768,192) #01". Bit i
 * of `constants`: input i is constant, marked by '='. */
enum { TE_CALL_TEXT = 512 };
void te_call_describe(const te_call *call, unsigned constants, char text[TE_CALL_TEXT]);

#endif
