/* What this machine's processor has for products of bf16, which kernels reach by inline assembly where OpenCL runs on it. */
#ifndef TE_DEVICE_CPU_FEATURES_H
#define TE_DEVICE_CPU_FEATURES_H

#include <stdbool.h>

typedef struct te_cpu_features {
    bool dot_bf16;      /* AVX512-BF16: vdpbf16ps on 512 bits */
    bool fast_dot_bf16; /* at twice the rate of fp32; Intel's processors take it at half that rate */
    bool amx_bf16;      /* AMX tiles, granted by the system */
} te_cpu_features;

/* Asked once: of the processor, of the system, and of a child process that runs the instructions. All false on anything but
 * x86-64 under Linux. */
te_cpu_features te_cpu_features_get(void);

/* Those of `features` that the compiler of an OpenCL platform can assemble, by the version of LLVM in the platform's version
 * ("OpenCL 3.0 PoCL 3.1 Linux, LLVM 15.0.6"); none where it names no LLVM. */
te_cpu_features te_cpu_features_assembled(te_cpu_features features, const char *platform_version);

/* For tests, before a device is opened: answer this from now on; NULL: the truth again. */
void te_cpu_features_pretend(const te_cpu_features *features);

#endif
