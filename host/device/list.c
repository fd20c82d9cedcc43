/* Every device of every platform, with what it says of itself. */
#include "device/opencl.h"

#include "base/log.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PLATFORMS = 32, MAX_DEVICES = 64 };

static const char *const install_hint =
    "install a driver for your GPU, or PoCL for the processor (Debian: apt-get install pocl-opencl-icd)";

static bool asks_for_more(const char *variable, long processors)
{
    const char *threads = getenv(variable);
    return threads && atol(threads) > processors;
}

/* PoCL pins worker i to processor i, whether the process may use it or not, and aborts where the system says no. */
static bool workers_may_be_pinned(void)
{
    cpu_set_t allowed;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors > CPU_SETSIZE || sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
        asks_for_more("POCL_MAX_PTHREAD_COUNT", processors) || asks_for_more("POCL_CPU_MAX_CU_COUNT", processors)) {
        return false;
    }
    int first = 0;
    while (first < processors && CPU_ISSET(first, &allowed)) {
        first++;
    }
    return first == processors;
}

/* PoCL's workers otherwise share one core, at half the speed; read when the first OpenCL call loads the driver. */
static void pin_pocl_threads(void)
{
    if (workers_may_be_pinned()) {
        setenv("POCL_AFFINITY", "1", 0);
    }
}

static void get_text(cl_device_id device, cl_device_info what, char *text, size_t bytes)
{
    char long_text[4096] = "";
    if (clGetDeviceInfo(device, what, sizeof long_text - 1, long_text, NULL) != CL_SUCCESS) {
        long_text[0] = '\0';
    }
    const char *start = long_text;
    while (*start == ' ') {
        start++; /* some processors' names are padded on the left */
    }
    size_t length = strlen(start);
    length = length < bytes ? length : bytes - 1;
    memcpy(text, start, length);
    text[length] = '\0';
}

static uint64_t get_number(cl_device_id device, cl_device_info what, size_t bytes)
{
    unsigned char raw[8] = {0};
    uint32_t small;
    uint64_t large;
    if (clGetDeviceInfo(device, what, bytes, raw, NULL) != CL_SUCCESS) {
        return 0;
    }
    memcpy(&small, raw, sizeof small);
    memcpy(&large, raw, sizeof large);
    return bytes == 4 ? small : large;
}

static unsigned type_bits(cl_device_id device)
{
    static const struct {
        cl_device_type type;
        unsigned bit;
    } rows[] = {{CL_DEVICE_TYPE_CPU, TE_TYPE_CPU},
                {CL_DEVICE_TYPE_GPU, TE_TYPE_GPU},
                {CL_DEVICE_TYPE_ACCELERATOR, TE_TYPE_ACCELERATOR},
                {CL_DEVICE_TYPE_CUSTOM, TE_TYPE_CUSTOM}};
    cl_device_type type = get_number(device, CL_DEVICE_TYPE, sizeof(cl_device_type));
    unsigned bits = 0;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        bits |= type & rows[row].type ? rows[row].bit : 0;
    }
    return bits;
}

static te_caps get_caps(cl_device_id device)
{
    te_caps caps = {
        .types = type_bits(device),
        .compiler = get_number(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_bool)),
        .little_endian = get_number(device, CL_DEVICE_ENDIAN_LITTLE, sizeof(cl_bool)),
        .available = get_number(device, CL_DEVICE_AVAILABLE, sizeof(cl_bool)),
        .unified_memory = get_number(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool)),
        .compute_units = (uint32_t)get_number(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint)),
        .address_bits = (uint32_t)get_number(device, CL_DEVICE_ADDRESS_BITS, sizeof(cl_uint)),
        .base_alignment = (uint32_t)get_number(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof(cl_uint)) / 8,
        .float_width = (uint32_t)get_number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint)),
        .global_memory = get_number(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong)),
        .max_allocation = get_number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong)),
        .local_memory = get_number(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong)),
        .max_work_group = get_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t)),
        .fp16 = get_number(device, CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF, sizeof(cl_uint)) > 0,
        .fp64 = get_number(device, CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE, sizeof(cl_uint)) > 0,
    };
    size_t sizes[16] = {0};
    if (clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof sizes, sizes, NULL) != CL_SUCCESS) {
        sizes[0] = sizes[1] = sizes[2] = 1;
    }
    memcpy(caps.max_work_item, sizes, sizeof caps.max_work_item);
    return caps;
}

static const char *type_name(const te_caps *caps)
{
    return caps->simulator                    ? "simulator"
           : caps->types & TE_TYPE_GPU         ? "gpu"
           : caps->types & TE_TYPE_ACCELERATOR ? "accelerator"
           : caps->types & TE_TYPE_CPU         ? "cpu"
                                               : "custom";
}

static void describe(te_listed *listed, int index)
{
    te_device_info *info = &listed->info;
    te_caps *caps = &listed->caps;
    char platform[1024] = "", version[1024] = "";
    clGetPlatformInfo(listed->platform, CL_PLATFORM_NAME, sizeof platform - 1, platform, NULL);
    clGetPlatformInfo(listed->platform, CL_PLATFORM_VERSION, sizeof version - 1, version, NULL);
    snprintf(info->platform, sizeof info->platform, "%.*s", (int)sizeof info->platform - 1, platform);
    get_text(listed->id, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    get_text(listed->id, CL_DEVICE_NAME, info->name, sizeof info->name);
    get_text(listed->id, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    get_text(listed->id, CL_DEVICE_OPENCL_C_VERSION, info->language, sizeof info->language);
    *caps = get_caps(listed->id);
    caps->simulator = te_quirks(info) & TE_QUIRK_SIMULATOR;
    caps->loop_limit = te_quirks(info) & TE_QUIRK_LOOP_LIMIT ? 65535 : 0;
    if ((te_quirks(info) & TE_QUIRK_ASSEMBLY) && te_caps_wide_cpu(caps)) {
        caps->units = te_cpu_features_assembled(te_cpu_features_get(), version);
    }
    strcpy(info->type, type_name(caps));
    info->index = index;
    info->compute_units = caps->compute_units;
    info->global_memory = caps->global_memory;
    info->max_allocation = caps->max_allocation;
    info->local_memory = caps->local_memory;
    info->max_work_group = caps->max_work_group;
    info->base_alignment = caps->base_alignment;
    info->float_width = caps->float_width;
    info->fp16 = caps->fp16;
    info->fp64 = caps->fp64;
    info->unified_memory = caps->unified_memory;
    info->has_compiler = caps->compiler;
    info->available = caps->available;
}

te_status te_list_devices(te_listed **list, size_t *count)
{
    pin_pocl_threads();
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint platform_count = 0;
    cl_int code = clGetPlatformIDs(MAX_PLATFORMS, platforms, &platform_count);
    if (code != CL_SUCCESS || platform_count == 0) {
        return te_fail(TE_ERR_NO_DEVICE, "no OpenCL platform found: %s", install_hint);
    }
    platform_count = platform_count < MAX_PLATFORMS ? platform_count : MAX_PLATFORMS;
    te_listed *listed = te_alloc(MAX_DEVICES, sizeof *listed, "the list of devices");
    if (!listed) {
        return TE_ERR_MEMORY;
    }
    size_t found = 0;
    for (cl_uint platform = 0; platform < platform_count; platform++) {
        cl_device_id ids[MAX_DEVICES];
        cl_uint id_count = 0;
        /* A platform without devices is normal: Mesa's Clover answers -1 on most machines. */
        if (clGetDeviceIDs(platforms[platform], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &id_count) != CL_SUCCESS) {
            continue;
        }
        for (cl_uint device = 0; device < id_count && device < MAX_DEVICES && found < MAX_DEVICES; device++) {
            listed[found].platform = platforms[platform];
            listed[found].id = ids[device];
            describe(&listed[found], (int)found);
            found++;
        }
    }
    if (found == 0) {
        free(listed);
        return te_fail(TE_ERR_NO_DEVICE, "%u OpenCL platform%s but no device: %s; PoCL, if installed, cannot write its cache "
                       "(POCL_CACHE_DIR)", (unsigned)platform_count, platform_count == 1 ? "" : "s", install_hint);
    }
    *list = listed;
    *count = found;
    return TE_OK;
}

te_status te_device_count(const te_settings *settings, size_t *count)
{
    TE_NEED(count);
    (void)settings;
    te_listed *list;
    TE_TRY(te_list_devices(&list, count));
    free(list);
    return TE_OK;
}

te_status te_device_get_listed(const te_settings *settings, size_t index, te_device_info *info)
{
    TE_NEED(settings, info);
    te_listed *list;
    size_t count, chosen;
    TE_TRY(te_list_devices(&list, &count));
    te_status status = TE_OK;
    if (index >= count) {
        status = te_fail(TE_ERR_ARGUMENT, "device %zu of %zu does not exist", index, count);
    } else {
        (void)te_select(list, count, settings, &chosen); /* a miss is told by every device's `why` */
        *info = list[index].info;
    }
    free(list);
    return status;
}
