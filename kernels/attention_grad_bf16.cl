/* Gradients of attention with operands in bf16 on any processor. */
#define SUMS_SPACE __global
#include "bf16_plain.clh"
#include "attention_grad_bf16.clh"
