/* attention with operands in bf16 on any processor. */
#define LEFT_SPACE __local
#include "bf16_plain.clh"
#include "attention_bf16.clh"
