/* What products round their operands to. */
#include "ops/ops.h"

#include "base/half.h"

double te_precision_round(te_precision precision, double value)
{
    switch (precision) {
    case TE_BF16: return (double)te_bf16_to_float(te_bf16_from_float((float)value));
    case TE_FP16: return (double)te_half_to_float(te_half_from_float((float)value));
    default: return value;
    }
}

const char *te_precision_option(te_precision precision)
{
    return precision == TE_BF16 ? "-DPRODUCT_BF16" : precision == TE_FP16 ? "-DPRODUCT_FP16" : "";
}
