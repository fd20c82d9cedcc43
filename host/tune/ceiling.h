/* What a device can do at most, measured: the roof that its kernels are compared to. */
#ifndef TE_TUNE_CEILING_H
#define TE_TUNE_CEILING_H

#include "device/device.h"

te_status te_ceilings_measure(te_device *device, te_bench_ceilings *ceilings);

/* The least seconds that they allow for so much work. Work whose bytes fit the smaller copy is held against that one. */
double te_ceilings_allow(const te_bench_ceilings *ceilings, double operations, double bytes);

#endif
