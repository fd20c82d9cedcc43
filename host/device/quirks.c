/* What is special about single drivers, as data: who, since when, what changes, why. */
#include "device/opencl.h"
#include "device/text.h"


typedef struct quirk {
    const char *platform, *device; /* part of the text, any case; "" matches all */
    unsigned effect;
    const char *reason;
} quirk;

static const quirk table[] = {
    {"oclgrind", "", TE_QUIRK_SIMULATOR, "an interpreter that checks every access, hundreds of times slower"},
    {"", "llvmpipe", TE_QUIRK_LOOP_LIMIT, "Mesa leaves loops after 65535 iterations of a work-item, without a word"},
    {"portable computing language", "", TE_QUIRK_ASSEMBLY, "PoCL compiles for this machine's processor with clang"},
    {"", "fpga emulation", TE_QUIRK_SIMULATOR, "emulates an FPGA on the processor"},
};

unsigned te_quirks(const te_device_info *info)
{
    unsigned effects = 0;
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        if (te_text_contains(info->platform, table[row].platform) && te_text_contains(info->name, table[row].device)) {
            effects |= table[row].effect;
        }
    }
    return effects;
}
