/* A product in the terms of its kernels: what the variants of linear and of its gradients share. */
#ifndef TE_OPS_PRODUCT_H
#define TE_OPS_PRODUCT_H

#include "ops/ops.h"

enum { TE_PRODUCT_BIAS = 1, TE_PRODUCT_RESIDUAL = 2, TE_PRODUCT_GELU = 4 }; /* as in kernels/epilogue.clh */

/* y (m,n) = x (m,k) w (n,k)^T in each group, with strides in elements, so that the gradients are the same product with
 * other strides. */
typedef struct te_product {
    int64_t m, n, k;
    int groups, flags;
    te_precision precision;
    int64_t x_row, x_k, x_group, w_row, w_k, w_group, y_row, y_group;
} te_product;

/* That of a call of linear, linear_dx or linear_dw. */
te_product te_product_describe(const te_call *call);

/* Panels of `tile` that hold `size`. */
int64_t te_panels(int64_t size, int64_t tile);

/* An absent input is passed as another buffer that the flags keep from being read: null pointers trouble some drivers. */
int te_value_or(int value, int other);

/* linear_cpu.c: products on processors, with packed operands and register tiles, and, for few outputs, with neither. */
bool te_linear_supports_packed(const te_caps *caps, const te_call *call);
bool te_linear_supports_narrow(const te_caps *caps, const te_call *call);
bool te_linear_prefers_narrow(const te_caps *caps, const te_call *call);
te_status te_linear_emit_cpu(te_plan *plan, const te_call *call);
te_status te_linear_emit_narrow(te_plan *plan, const te_call *call);

/* How a product is cut into pieces for kernels made of kernels/product_cpu.clh: their -D options, the numbers of pieces, and
 * the panels of x and of w in one. */
typedef struct te_tiling {
    char options[96];
    size_t pieces[3];
    int chunk_m, chunk_n;
} te_tiling;

te_tiling te_tiling_of(const te_caps *caps, const te_product *product);

/* Pack the value w as such kernels want it, into the value *packed. `taps`: see linear_pack_w. */
te_status te_linear_pack_w(te_plan *plan, const te_product *product, int w, int64_t taps, int *packed);

/* linear_bf16.c: products of bf16 operands on processors: in plain OpenCL C, by AVX512-BF16's dot products, by AMX tiles. Each
 * is a family of kernels, "linear_bf16", "linear_bf16_dot" or "linear_amx", on the same packed operands. */
bool te_linear_supports_bf16(const te_caps *caps, const te_call *call);
bool te_linear_supports_dot(const te_caps *caps, const te_call *call);
bool te_linear_supports_amx(const te_caps *caps, const te_call *call);
bool te_prefers_bf16(const te_caps *caps, const te_call *call);
bool te_prefers_dot(const te_caps *caps, const te_call *call);
bool te_prefers_amx(const te_caps *caps, const te_call *call);
te_status te_linear_emit_bf16(te_plan *plan, const te_call *call);
te_status te_linear_emit_dot(te_plan *plan, const te_call *call);
te_status te_linear_emit_amx(te_plan *plan, const te_call *call);

enum { TE_BF16_PANEL = 32 }; /* rows of either side in a panel */

/* Whether a tile's sums fit. */
bool te_linear_fits_bf16(const te_caps *caps);

/* For ops that write the packed x of a product themselves: the scratch value that takes it (negative on failure), then the
 * rest of the product. K is in `taps` parts that W has interleaved, W (G*N,K/taps,taps). */
int te_linear_take_packed_bf16(te_plan *plan, const te_call *call, int64_t taps);
te_status te_linear_emit_packed_bf16(te_plan *plan, const te_call *call, const char *family, int packed_x, int64_t taps);

/* conv_bf16.c: the same of convolutions. */
bool te_conv_supports_bf16(const te_caps *caps, const te_call *call);
bool te_conv_supports_dot(const te_caps *caps, const te_call *call);
bool te_conv_supports_amx(const te_caps *caps, const te_call *call);
te_status te_conv_emit_bf16(te_plan *plan, const te_call *call);
te_status te_conv_emit_dot(te_plan *plan, const te_call *call);
te_status te_conv_emit_amx(te_plan *plan, const te_call *call);

/* conv_winograd.c: 3 x 3 convolutions with fewer multiplications. */
bool te_conv_supports_winograd(const te_caps *caps, const te_call *call);
bool te_conv_prefers_winograd(const te_caps *caps, const te_call *call);
te_status te_conv_emit_winograd(te_plan *plan, const te_call *call);

/* conv.c: whether one buffer holds so many floats, which a convolution would put between its steps. */
bool te_conv_fits_buffer(const te_caps *caps, int64_t elements);

/* The product of rows of neighbours, the value `unfolded`, with W as it lies. */
te_call te_conv_describe_product(const te_call *call, int unfolded);

/* linear_tiled.c: products by tiles in local memory, of the size that suits, or of one size. */
te_status te_linear_emit_tiled(te_plan *plan, const te_call *call);
bool te_linear_supports_tile32(const te_caps *caps, const te_call *call);
bool te_linear_supports_tile64(const te_caps *caps, const te_call *call);
bool te_linear_supports_tile128(const te_caps *caps, const te_call *call);
te_status te_linear_emit_tile32(te_plan *plan, const te_call *call);
te_status te_linear_emit_tile64(te_plan *plan, const te_call *call);
te_status te_linear_emit_tile128(te_plan *plan, const te_call *call);

#endif
