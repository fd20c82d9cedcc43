/* Tunings: which variant of an op was measured to be the fastest for which call, on one device.
 *
 * A file of them is JSON:
 *     {"format": "taskexpert tuning 1", "library": "0.1.0", "kernels": "<hash of their text>", "device": "...",
 *      "tunings": [{"op": "linear", "shape": "(1,1024,192) =(768,192) =(768)", "variant": "cpu"}, ...]}
 * and holds for the library, kernels, device and driver that it names, alone. Other members of a tuning are left for later
 * versions and ignored, and so are tunings of ops, variants and calls that there are not: who asks finds nothing, or checks. */
#include "device/opencl.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/json_file.h"
#include "base/log.h"
#include "device/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 8 << 20, MOST_TUNINGS = 4096, MOST_NAME = 64, MOST_SHAPE = 512, IDENTITY = 1024 };

static const char *const format_name = "taskexpert tuning 1";

/* ---- in memory ---- */

static te_tuning *find(const te_device *device, const char *op, const char *shape)
{
    for (size_t i = 0; i < device->tunings.count; i++) {
        te_tuning *tuning = &device->tunings.list[i];
        if (strcmp(tuning->shape, shape) == 0 && strcmp(tuning->op, op) == 0) {
            return tuning;
        }
    }
    return NULL;
}

const char *te_device_get_tuning(const te_device *device, const char *op, const char *shape)
{
    const te_tuning *tuning = find(device, op, shape);
    return tuning ? tuning->variant : NULL;
}

static void free_tuning(te_tuning *tuning)
{
    free(tuning->op);
    free(tuning->shape);
    free(tuning->variant);
}

static te_status add(te_tunings *to, const char *op, const char *shape, const char *variant)
{
    if (to->count == to->capacity) {
        size_t capacity = 2 * to->capacity + 64;
        te_tuning *list = te_realloc(to->list, capacity, sizeof *list, "tunings");
        if (!list) {
            return TE_ERR_MEMORY;
        }
        to->list = list;
        to->capacity = capacity;
    }
    te_tuning added = {strdup(op), strdup(shape), strdup(variant)};
    if (!added.op || !added.shape || !added.variant) {
        free_tuning(&added);
        return te_fail(TE_ERR_MEMORY, "out of memory for tunings");
    }
    to->list[to->count++] = added;
    return TE_OK;
}

te_status te_device_set_tuning(te_device *device, const char *op, const char *shape, const char *variant)
{
    te_tuning *tuning = find(device, op, shape);
    if (tuning) {
        free_tuning(tuning);
        *tuning = device->tunings.list[--device->tunings.count];
    }
    return variant ? add(&device->tunings, op, shape, variant) : TE_OK;
}

size_t te_device_count_tunings(const te_device *device)
{
    return device->tunings.count;
}

void te_device_clear_tunings(te_device *device)
{
    for (size_t i = 0; i < device->tunings.count; i++) {
        free_tuning(&device->tunings.list[i]);
    }
    free(device->tunings.list);
    device->tunings = (te_tunings){.list = NULL};
}

/* ---- what a file holds for ---- */

static void describe_kernels(char text[17])
{
    uint64_t hash = TE_HASH_START;
    for (const te_embedded_file *file = te_embedded_kernels; file->name; file++) {
        hash = te_hash(hash, file->text, strlen(file->text) + 1);
    }
    snprintf(text, 17, "%016llx", (unsigned long long)hash);
}

static void describe_device(const te_device *device, char text[IDENTITY])
{
    const te_device_info *info = &device->info;
    snprintf(text, IDENTITY, "%s | %s | %s | %s | %u compute units", info->platform, info->name, info->driver, info->language,
             info->compute_units);
    te_text_plain(text);
}

char *te_device_tuning_path(const te_device *device)
{
    char identity[IDENTITY], name[48], *folder = te_cache_folder();
    describe_device(device, identity);
    snprintf(name, sizeof name, "tuning-%016llx.json",
             (unsigned long long)te_hash(TE_HASH_START, identity, strlen(identity)));
    char *path = folder ? te_path_join(folder, name) : NULL;
    free(folder);
    return path;
}

te_status te_device_make_tuning_path(const te_device *device, char **path)
{
    char *folder = te_cache_folder();
    *path = te_device_tuning_path(device);
    te_status status = *path ? te_folder_make(folder)
                             : te_fail(TE_ERR_FILE, "there is no home folder to keep a tuning in: name a file for it");
    free(folder);
    return status;
}

/* ---- writing ---- */

static json_t *list_tunings(const te_tunings *tunings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tunings->count; i++) {
        const te_tuning *tuning = &tunings->list[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "op", tuning->op, "shape", tuning->shape, "variant",
                                              tuning->variant));
    }
    return list;
}

te_status te_device_save_tunings(const te_device *device, const char *path)
{
    char identity[IDENTITY], kernels[17];
    describe_device(device, identity);
    describe_kernels(kernels);
    json_t *list = list_tunings(&device->tunings);
    if (json_array_size(list) != device->tunings.count) {
        json_decref(list);
        return te_fail(TE_ERR_MEMORY, "out of memory for the tuning file '%s'", path);
    }
    return te_json_save(json_pack("{s:s, s:s, s:s, s:s, s:o}", "format", format_name, "library", te_version(), "kernels",
                                  kernels, "device", identity, "tunings", list), path);
}

/* ---- reading ---- */

/* Text of at most `most` bytes, or NULL. */
static const char *short_text(const json_t *object, const char *name, size_t most)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && strlen(text) <= most ? text : NULL;
}

static bool says(const json_t *file, const char *name, const char *expected)
{
    const char *text = short_text(file, name, IDENTITY);
    return text && strcmp(text, expected) == 0;
}

/* Why a file is not to be used here, or NULL. */
static const char *reason_against(const te_device *device, const json_t *file)
{
    char identity[IDENTITY], kernels[17];
    describe_device(device, identity);
    describe_kernels(kernels);
    return !says(file, "format", format_name)   ? "it is no tuning file of this kind"
           : !says(file, "device", identity)    ? "it is for another device or driver"
           : !says(file, "library", te_version()) ? "it is for another version of the library"
           : !says(file, "kernels", kernels)    ? "it is for other kernels"
           : json_array_size(json_object_get(file, "tunings")) > MOST_TUNINGS ? "it is too long" : NULL;
}

static te_status take_tunings(te_device *device, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *op = short_text(entry, "op", MOST_NAME), *shape = short_text(entry, "shape", MOST_SHAPE);
        const char *variant = short_text(entry, "variant", MOST_NAME);
        if (op && shape && variant) {
            TE_TRY(te_device_set_tuning(device, op, shape, variant));
        }
    }
    return TE_OK;
}

static void load(te_device *device, const char *path, const uint8_t *data, size_t bytes)
{
    json_error_t error;
    json_t *file = json_loadb((const char *)data, bytes, JSON_REJECT_DUPLICATES, &error);
    const char *against = file ? reason_against(device, file) : "it is no JSON"; /* error.text may quote anything from it */
    if (against) {
        te_log(TE_LOG_WARNING, "ignoring the tuning file '%s': %s; 'taskexpert tune' makes a new one", path, against);
    } else if (take_tunings(device, json_object_get(file, "tunings")) == TE_OK) {
        te_log(TE_LOG_DETAIL, "%zu tunings of '%s'", device->tunings.count, path);
    }
    json_decref(file);
}

void te_tunings_load(te_device *device)
{
    const char *setting = device->settings->kernels.tuning;
    bool own = strcmp(setting, "auto") == 0;
    /* Kernels of a folder are being worked on: what was measured with the library's says nothing about them. */
    if (!*setting || strcmp(setting, "off") == 0 || (own && device->settings->kernels.folder[0])) {
        return;
    }
    char *path = own ? te_device_tuning_path(device) : strdup(setting);
    uint8_t *data = NULL;
    size_t bytes;
    if (path && (!own || access(path, F_OK) == 0)) {
        if (te_file_read(path, MOST_BYTES, &data, &bytes) == TE_OK) {
            load(device, path, data, bytes);
        } else {
            te_log(TE_LOG_WARNING, "ignoring the tuning file: %s", te_last_error());
        }
    }
    free(data);
    free(path);
}
