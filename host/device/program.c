/* The one place that builds programs: prebuilt binary, cached binary or source. */
#include "device/opencl.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PREBUILT = 64 << 20, LOG_SHOWN = 1500 };

/* Kernels keep to single precision and to IEEE rules; only fused multiply-adds are allowed. */
static const char *const common_options = "-cl-mad-enable";

/* The compiler's whole log goes to the log callback, its beginning into the message. */
static te_status fail_build(te_device *device, te_program *wanted, cl_program program, cl_int code)
{
    TE_TRY(te_interrupt_check()); /* a compiler that a signal reaches fails in its own way */
    size_t bytes = 0;
    clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    char *log = te_alloc(bytes + 1, 1, "a build log");
    if (log) {
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
        te_log(TE_LOG_WARNING, "build log of '%s.cl' (%s):\n%s", wanted->family, wanted->options, log);
    }
    te_fail(TE_ERR_DEVICE, "the compiler of device '%s' rejects kernels/%s.cl with %s (options '%s'): %.*s",
            device->info.name, wanted->family, te_cl_error_name(code), wanted->options, (int)LOG_SHOWN,
            log ? log : "");
    free(log);
    wanted->rejection = strdup(te_last_error());
    return TE_ERR_DEVICE;
}

/* CL_SUCCESS only if the driver takes the binary and builds it. */
static cl_int build_binary(te_device *device, const unsigned char *binary, size_t bytes, const char *options,
                           cl_program *program)
{
    cl_int taken, code;
    *program = clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &binary, &taken, &code);
    if (code != CL_SUCCESS) {
        return code;
    }
    code = taken == CL_SUCCESS ? clBuildProgram(*program, 1, &device->id, options, NULL, NULL) : taken;
    if (code != CL_SUCCESS) {
        clReleaseProgram(*program);
        *program = NULL;
    }
    return code;
}

/* "<folder>/<family>-<hash of the options><end>" in fresh memory: the name of a prebuilt or exported program. */
static char *program_path(const char *folder, const te_program *wanted, const char *end)
{
    char name[160];
    snprintf(name, sizeof name, "%s-%016llx%s", wanted->family,
             (unsigned long long)te_hash(TE_HASH_START, wanted->options, strlen(wanted->options)), end);
    return te_path_join(folder, name);
}

/* For devices without a compiler, from the folder device.binary. */
static te_status load_prebuilt(te_device *device, te_program *wanted)
{
    char *path = program_path(device->settings->device.binary, wanted, ".bin");
    uint8_t *data = NULL;
    size_t bytes;
    te_status status = path ? te_file_read(path, MAX_PREBUILT, &data, &bytes) : TE_ERR_MEMORY;
    const unsigned char *binary = status == TE_OK ? te_binary_unpack(data, bytes, &bytes) : NULL;
    if (status == TE_OK && !binary) {
        status = te_fail(TE_ERR_FORMAT, "the prebuilt program '%s' is cut short or damaged: export it once more with "
                         "kernels.export, or compile it again", path);
    }
    if (binary) {
        cl_int code = build_binary(device, binary, bytes, wanted->options, &wanted->program);
        if (code != CL_SUCCESS) {
            status = te_fail(TE_ERR_DEVICE, "device '%s' rejects the prebuilt program '%s' with %s: build it again "
                             "for this driver", device->info.name, path, te_cl_error_name(code));
        }
    }
    free(data);
    free(path);
    return status;
}

static te_status export_file(const char *folder, const te_program *wanted, const char *end, const void *data,
                             size_t bytes)
{
    char *path = program_path(folder, wanted, end);
    te_status status = path ? te_file_write(path, data, bytes) : TE_ERR_MEMORY;
    free(path);
    return status;
}

/* The driver's binary of a program, or NULL when it has none. free() it. */
static unsigned char *binary_of(cl_program program, size_t *bytes)
{
    *bytes = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof *bytes, bytes, NULL) != CL_SUCCESS || *bytes == 0) {
        return NULL;
    }
    unsigned char *binary = te_alloc(*bytes, 1, "a program's binary");
    if (binary && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) != CL_SUCCESS) {
        free(binary);
        binary = NULL;
    }
    return binary;
}

/* Write what an offline compiler needs, and what device.binary reads, into the folder kernels.export. */
static te_status export_program(te_device *device, const te_program *wanted, const char *source)
{
    const char *folder = device->settings->kernels.export;
    TE_TRY(te_folder_make(folder));
    TE_TRY(export_file(folder, wanted, ".cl", source, strlen(source)));
    TE_TRY(export_file(folder, wanted, ".options", wanted->options, strlen(wanted->options)));
    size_t bytes;
    unsigned char *binary = binary_of(wanted->program, &bytes), *packed = binary ? te_binary_pack(binary, bytes, &bytes) : NULL;
    te_status status = packed ? export_file(folder, wanted, ".bin", packed, bytes) : binary ? TE_ERR_MEMORY : TE_OK;
    free(packed);
    free(binary);
    return status;
}

static te_status build_source(te_device *device, te_program *wanted, const char *source, bool is_kept)
{
    if (!device->told_compiling) {
        device->told_compiling = true;
        te_log(TE_LOG_INFO, "compiling kernels for %s%s", device->info.name, is_kept ? " (kept for the next run)" : "");
    }
    te_log(TE_LOG_PROGRESS, "compiling kernels for this device, once: %u of %u (%s)", device->built_count + 1,
           device->program_count, wanted->family);
    cl_int code;
    wanted->program = clCreateProgramWithSource(device->context, 1, &source, NULL, &code);
    if (code != CL_SUCCESS) {
        return te_cl_fail(device, code, "clCreateProgramWithSource", wanted->family);
    }
    code = clBuildProgram(wanted->program, 1, &device->id, wanted->options, NULL, NULL);
    if (code != CL_SUCCESS) {
        te_status status = fail_build(device, wanted, wanted->program, code);
        clReleaseProgram(wanted->program);
        wanted->program = NULL;
        return status;
    }
    return TE_OK;
}

/* Into the cache. PoCL compiles every kernel of a program once more for its binary, which takes longer than all that comes
 * before the first result: seen once, it is put off until the device is closed. */
static void keep(te_device *device, te_program *program)
{
    const double late = 0.1;
    double start = te_clock_now();
    te_cache_key key = {.source = program->source, .options = program->options, .info = &device->info};
    size_t bytes;
    unsigned char *binary = binary_of(program->program, &bytes);
    if (binary) {
        te_cache_save(&key, binary, bytes);
    }
    device->binaries_late |= te_clock_now() - start > late;
    free(binary);
    free(program->source);
    program->source = NULL;
}

static te_status build(te_device *device, te_program *wanted)
{
    if (device->settings->device.binary[0]) {
        return load_prebuilt(device, wanted);
    }
    char *source;
    TE_TRY(te_source_load(device->settings, wanted->family, &source));
    bool exports = device->settings->kernels.export[0], use_cache = device->settings->kernels.cache && !exports;
    te_cache_key key = {.source = source, .options = wanted->options, .info = &device->info};
    size_t bytes;
    unsigned char *binary = use_cache ? te_cache_load(&key, &bytes) : NULL;
    te_status status = TE_OK;
    if (!binary || build_binary(device, binary, bytes, wanted->options, &wanted->program) != CL_SUCCESS) {
        status = build_source(device, wanted, source, use_cache);
        te_log(TE_LOG_PROGRESS, "%s", "");
        if (status == TE_OK && use_cache) {
            wanted->source = source;
            source = NULL;
        }
        if (wanted->source && !device->binaries_late) {
            keep(device, wanted);
        }
    }
    if (status == TE_OK && exports) {
        status = export_program(device, wanted, source);
        if (status != TE_OK) {
            clReleaseProgram(wanted->program);
            wanted->program = NULL;
        }
    }
    device->built_count += status == TE_OK;
    free(binary);
    free(source);
    return status;
}

/* The device's entry for a program, built or not; a new one where there is none. */
static te_status find(te_device *device, const char *family, const char *options, te_program **program)
{
    char all_options[512];
    int length = snprintf(all_options, sizeof all_options, "%s%s%s", common_options, *options ? " " : "", options);
    if (length < 0 || (size_t)length >= sizeof all_options) {
        return te_fail(TE_ERR_ARGUMENT, "the build options of '%s.cl' are too long", family);
    }
    for (te_program *known = device->programs; known; known = known->next) {
        if (strcmp(known->family, family) == 0 && strcmp(known->options, all_options) == 0) {
            *program = known;
            return TE_OK;
        }
    }
    te_program *made = te_alloc(1, sizeof *made, "a program");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->family = strdup(family);
    made->options = strdup(all_options);
    if (!made->family || !made->options) {
        free(made->family);
        free(made->options);
        free(made);
        return te_fail(TE_ERR_MEMORY, "out of memory for a program");
    }
    made->next = device->programs;
    device->programs = made;
    device->program_count++;
    *program = made;
    return TE_OK;
}

te_status te_program_expect(te_device *device, const char *family, const char *options)
{
    te_program *expected;
    return find(device, family, options, &expected);
}

te_status te_program_get(te_device *device, const char *family, const char *options, cl_program *program)
{
    te_program *wanted;
    TE_TRY(find(device, family, options, &wanted));
    TE_TRY(wanted->rejection ? te_fail(TE_ERR_DEVICE, "%s", wanted->rejection) : TE_OK);
    TE_TRY(wanted->program ? TE_OK : build(device, wanted));
    *program = wanted->program;
    return TE_OK;
}

/* Whoever closes a device after a failure still wants to read that one's message. */
static void keep_all(te_device *device)
{
    unsigned count = 0, done = 0;
    char message[TE_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", te_last_error());
    if (te_interrupt_seen()) {
        return;
    }
    for (te_program *program = device->programs; program; program = program->next) {
        count += program->source != NULL;
    }
    if (count > 0) {
        te_log(TE_LOG_INFO, "keeping compiled kernels for the next run");
    }
    for (te_program *program = device->programs; program && !te_interrupt_seen(); program = program->next) {
        if (program->source) {
            te_log(TE_LOG_PROGRESS, "keeping compiled kernels for the next run: %u of %u", ++done, count);
            keep(device, program);
        }
    }
    te_log(TE_LOG_PROGRESS, "%s", "");
    te_fail(TE_OK, "%s", message);
}

void te_programs_free(te_device *device)
{
    keep_all(device);
    for (te_program *program = device->programs; program;) {
        te_program *next = program->next;
        if (program->program) {
            clReleaseProgram(program->program);
        }
        free(program->family);
        free(program->options);
        free(program->source);
        free(program->rejection);
        free(program);
        program = next;
    }
}
