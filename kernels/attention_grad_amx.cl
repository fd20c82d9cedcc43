/* Gradients of attention with operands in bf16 on x86-64 processors with AMX. */
#define SUMS_SPACE __global
#include "bf16_amx.clh"
#include "attention_grad_bf16.clh"
