/* attention with operands in bf16 on x86-64 processors with AMX. */
#define LEFT_SPACE __local
#include "bf16_amx.clh"
#include "attention_bf16.clh"
