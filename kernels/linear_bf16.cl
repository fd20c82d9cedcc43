/* linear with operands in bf16 on any processor. */
#include "bf16_plain.clh"
#include "linear_bf16.clh"
