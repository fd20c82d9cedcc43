/* Which device runs: what the settings ask for, else the most promising one. */
#include "device/opencl.h"
#include "device/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The type words of settings, in the order of preference when nothing else decides. */
static const struct {
    const char *word;
    unsigned bit;
} types[] = {{"gpu", TE_TYPE_GPU}, {"accelerator", TE_TYPE_ACCELERATOR}, {"cpu", TE_TYPE_CPU}};

enum { TYPE_COUNT = sizeof types / sizeof types[0], NO_INDEX = -1 };

/* What is asked for: every non-empty field must match. */
typedef struct wish {
    const char *platform, *vendor, *name, *exclude;
    const char *any; /* part of platform, vendor or name */
    unsigned types;  /* bits; 0: any */
    int index;
    bool binaries; /* prebuilt programs are at hand: a compiler is not needed */
} wish;

static unsigned type_from_word(const char *word)
{
    for (int row = 0; row < TYPE_COUNT; row++) {
        if (strcasecmp(types[row].word, word) == 0) {
            return types[row].bit;
        }
    }
    return 0;
}

/* The short form of --device and TASKEXPERT_DEVICE: a number, a type word, or part of a name. */
static wish wish_from_pick(const char *pick)
{
    wish wanted = {.platform = "", .vendor = "", .name = "", .exclude = "", .any = "", .index = NO_INDEX};
    char *end;
    long index = strtol(pick, &end, 10);
    if (*pick && !*end && index >= 0 && index < 1000) {
        wanted.index = (int)index;
    } else if (strcasecmp(pick, "any") != 0) {
        wanted.types = type_from_word(pick);
        wanted.any = wanted.types ? "" : pick;
    }
    return wanted;
}

static wish wish_from_settings(const struct te_settings *settings)
{
    const char *environment = getenv("TASKEXPERT_DEVICE");
    const char *pick = settings->device.pick[0] ? settings->device.pick : environment ? environment : "";
    wish wanted;
    if (*pick) {
        wanted = wish_from_pick(pick);
    } else {
        wanted = (wish){.platform = settings->device.platform,
                        .vendor = settings->device.vendor,
                        .name = settings->device.name,
                        .exclude = settings->device.exclude,
                        .any = "",
                        .types = type_from_word(settings->device.type),
                        .index = settings->device.index};
    }
    wanted.binaries = settings->device.binary[0] != '\0';
    return wanted;
}

/* Why a device cannot be used as wished, or NULL. */
static const char *objection(const te_listed *listed, const wish *wanted)
{
    const te_device_info *info = &listed->info;
    const te_caps *caps = &listed->caps;
    bool any_hit = te_text_contains(info->platform, wanted->any) || te_text_contains(info->vendor, wanted->any) ||
                   te_text_contains(info->name, wanted->any);
    bool excluded = wanted->exclude[0] && (te_text_contains(info->platform, wanted->exclude) ||
                                           te_text_contains(info->name, wanted->exclude));
    return !caps->available                                        ? "the driver says it is not available"
           : !caps->little_endian                                  ? "big-endian devices are not supported"
           : !caps->compiler && !wanted->binaries                  ? "no compiler: set device.binary"
           : wanted->index != NO_INDEX && wanted->index != info->index ? "another index is asked for"
           : wanted->types && !(caps->types & wanted->types)       ? "another type is asked for"
           : !te_text_contains(info->platform, wanted->platform)   ? "another platform is asked for"
           : !te_text_contains(info->vendor, wanted->vendor)       ? "another vendor is asked for"
           : !te_text_contains(info->name, wanted->name)           ? "another name is asked for"
           : !any_hit                                              ? "another device is asked for"
           : excluded                                              ? "excluded by the settings"
                                                                   : NULL;
}

/* Real devices before simulators, then by type: GPU, accelerator, CPU. */
static int rank(const te_caps *caps)
{
    if (caps->simulator) {
        return 0;
    }
    for (int row = 0; row < TYPE_COUNT; row++) {
        if (caps->types & types[row].bit) {
            return TYPE_COUNT + 1 - row;
        }
    }
    return 1;
}

static te_status fail_listing(const te_listed *list, size_t count)
{
    char text[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < count && used < sizeof text; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d '%s' (%s, %s): %s", i ? "; " : "",
                                 list[i].info.index, list[i].info.name, list[i].info.platform, list[i].info.type,
                                 list[i].info.why);
    }
    return te_fail(TE_ERR_NO_DEVICE, "no OpenCL device matches the settings; there are: %s", text);
}

te_status te_select(te_listed *list, size_t count, const struct te_settings *settings, size_t *chosen)
{
    wish wanted = wish_from_settings(settings);
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        const char *reason = objection(&list[i], &wanted);
        list[i].info.chosen = 0;
        snprintf(list[i].info.why, sizeof list[i].info.why, "%s", reason ? reason : "another one ranks higher");
        if (!reason && (best == count || rank(&list[i].caps) > rank(&list[best].caps))) {
            best = i;
        }
    }
    if (best == count) {
        return fail_listing(list, count);
    }
    list[best].info.chosen = 1;
    snprintf(list[best].info.why, sizeof list[best].info.why, "%s",
             count == 1 ? "the only device" : "the best match (GPU before accelerator before CPU, simulators last)");
    *chosen = best;
    return TE_OK;
}
