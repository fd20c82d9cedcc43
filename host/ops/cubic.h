/* Bicubic sampling on the host, in double precision: position's reference, and what resizes a loaded embedding. */
#ifndef TE_OPS_CUBIC_H
#define TE_OPS_CUBIC_H

#include "ops/ops.h"

/* Channel c at line and column (of the grid that o says is wanted) of table (from_height*from_width, C). */
double te_cubic_resized(const double *table, const te_position_options *o, int64_t C, int64_t c, int line, int column);

#endif
