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
    const char *asker, *pick; /* what asks in place of the section's other keys, and its value; "": nothing does */
    const char *type;
    char number[16]; /* the index, for people */
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
    wish wanted = {.platform = "", .vendor = "", .name = "", .exclude = "", .any = "", .type = "", .pick = pick,
                   .index = NO_INDEX};
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
        wanted.asker = settings->device.pick[0] ? "device.pick" : "TASKEXPERT_DEVICE";
    } else {
        wanted = (wish){.platform = settings->device.platform,
                        .vendor = settings->device.vendor,
                        .name = settings->device.name,
                        .exclude = settings->device.exclude,
                        .any = "",
                        .types = type_from_word(settings->device.type),
                        .index = settings->device.index,
                        .asker = "",
                        .pick = "",
                        .type = settings->device.type};
        snprintf(wanted.number, sizeof wanted.number, "%d", wanted.index);
    }
    wanted.binaries = settings->device.binary[0] != '\0';
    return wanted;
}

/* Why nobody could use the device, or NULL. */
static const char *obstacle(const te_caps *caps, const wish *wanted)
{
    return !caps->available                       ? "the driver says it is not available"
           : !caps->little_endian                 ? "big-endian devices are not supported"
           : !caps->compiler && !wanted->binaries ? "no compiler: set device.binary"
                                                  : NULL;
}

/* What a device is not, though it is asked for, and who asks for it, in `why`; false: it is what is asked for. */
static bool differs(const te_device_info *info, unsigned type, const wish *wanted, char *why, size_t bytes)
{
    const struct {
        const char *what, *asker, *value;
        bool fits;
    } rows[] = {
        {"index", "device.index", wanted->number, wanted->index == NO_INDEX || wanted->index == info->index},
        {"type", "device.type", wanted->type, !wanted->types || (type & wanted->types)},
        {"platform", "device.platform", wanted->platform, te_text_contains(info->platform, wanted->platform)},
        {"vendor", "device.vendor", wanted->vendor, te_text_contains(info->vendor, wanted->vendor)},
        {"name", "device.name", wanted->name, te_text_contains(info->name, wanted->name)},
        {"device", "", "", te_text_contains(info->platform, wanted->any) || te_text_contains(info->vendor, wanted->any) ||
                               te_text_contains(info->name, wanted->any)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].fits) {
            snprintf(why, bytes, "another %s is asked for: '%.80s' (%s)", rows[i].what,
                     *wanted->asker ? wanted->pick : rows[i].value, *wanted->asker ? wanted->asker : rows[i].asker);
            return true;
        }
    }
    return false;
}

/* May the device run? `why` says why not, or else that another one does. */
static bool matches(te_listed *listed, const wish *wanted)
{
    te_device_info *info = &listed->info;
    const char *reason = obstacle(&listed->caps, wanted);
    bool excluded = wanted->exclude[0] && (te_text_contains(info->platform, wanted->exclude) ||
                                           te_text_contains(info->name, wanted->exclude));
    if (!reason && differs(info, listed->caps.types, wanted, info->why, sizeof info->why)) {
        return false;
    }
    if (!reason && excluded) {
        snprintf(info->why, sizeof info->why, "excluded by device.exclude '%.80s'", wanted->exclude);
        return false;
    }
    snprintf(info->why, sizeof info->why, "%s", reason ? reason : "another one ranks higher");
    return !reason;
}

/* Why it is the one: who asked for it, if anybody did. */
static void explain(te_device_info *info, const wish *wanted, size_t count, size_t matching)
{
    bool numbered = wanted->index != NO_INDEX;
    bool narrowed = numbered || wanted->types || wanted->any[0] || wanted->platform[0] || wanted->vendor[0] ||
                    wanted->name[0] || wanted->exclude[0];
    const char *asker = *wanted->asker ? wanted->asker : numbered ? "device.index" : "";
    const char *value = *wanted->asker ? wanted->pick : wanted->number;
    if (*asker && narrowed) {
        snprintf(info->why, sizeof info->why, "%s %s '%.80s'",
                 matching > 1 ? "the best of those that match" : "asked for by", asker, value);
        return;
    }
    snprintf(info->why, sizeof info->why, "%s",
             narrowed     ? matching > 1 ? "the best of those that match the [device] settings"
                                         : "the only one that matches the [device] settings"
             : count == 1 ? "the only device"
                          : "the best match (GPU before accelerator before CPU, simulators last)");
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
    size_t best = count, matching = 0;
    for (size_t i = 0; i < count; i++) {
        bool fits = matches(&list[i], &wanted);
        list[i].info.chosen = 0;
        matching += fits;
        if (fits && (best == count || rank(&list[i].caps) > rank(&list[best].caps))) {
            best = i;
        }
    }
    if (best == count) {
        return fail_listing(list, count);
    }
    list[best].info.chosen = 1;
    explain(&list[best].info, &wanted, count, matching);
    *chosen = best;
    return TE_OK;
}
