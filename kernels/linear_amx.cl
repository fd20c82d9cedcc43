/* linear with operands in bf16 on x86-64 processors with AMX. */
#include "bf16_amx.clh"
#include "linear_bf16.clh"
