/* Gradients of attention with operands in bf16 on x86-64 processors with AVX512-BF16. */
#define SUMS_SPACE __global
#include "bf16_dot.clh"
#include "attention_grad_bf16.clh"
