/* attention with operands in bf16 on x86-64 processors with AVX512-BF16. */
#define LEFT_SPACE __local
#include "bf16_dot.clh"
#include "attention_bf16.clh"
