/* What the files of host/device share: the only header that includes <CL/cl.h>. */
#ifndef TE_DEVICE_OPENCL_H
#define TE_DEVICE_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "device/device.h"

/* A driver's error code as its name, "CL_OUT_OF_RESOURCES". */
const char *te_cl_error_name(cl_int code);

/* Record "<call> failed with <name> on device '...'" (and for `kernel`, if not NULL). */
te_status te_cl_fail(const te_device *device, cl_int code, const char *call, const char *kernel);

/* ---- list.c: every device of every platform ---- */

typedef struct te_listed {
    cl_platform_id platform;
    cl_device_id id;
    te_caps caps;
    te_device_info info; /* chosen and why filled in by te_select() */
} te_listed;

/* All devices; TE_ERR_NO_DEVICE when there is none at all. free() the list. */
te_status te_list_devices(te_listed **list, size_t *count);

/* ---- select.c ---- */

/* Mark the device that the settings pick, and why each other was not; TE_ERR_NO_DEVICE lists the candidates. */
te_status te_select(te_listed *list, size_t count, const struct te_settings *settings, size_t *chosen);

/* ---- quirks.c ---- */

enum {
    TE_QUIRK_SIMULATOR = 1, /* not a device to pick when there is another */
    TE_QUIRK_LOOP_LIMIT = 2, /* a work-item's loops end silently after 65535 iterations in all */
    TE_QUIRK_ASSEMBLY = 4    /* kernels for processors may hold inline assembly, and run on this machine's */
};

/* The quirks of a device by its platform and name. */
unsigned te_quirks(const te_device_info *info);

/* ---- program.c, cache.c ---- */

typedef struct te_program {
    char *family, *options;
    cl_program program;      /* NULL: expected, not built yet */
    char *source;            /* of what was compiled and is not in the cache yet; else NULL */
    char *rejection;         /* what the compiler's refusal was told as: it is not asked again; NULL: it has not refused */
    struct te_program *next;
} te_program;

/* Build or find the program of a family. */
te_status te_program_get(te_device *device, const char *family, const char *options, cl_program *program);

/* Put into the cache what is not there yet, and free all. */
void te_programs_free(te_device *device);

/* A compiled program kept on disk under everything that it depends on. */
typedef struct te_cache_key {
    const char *source, *options;
    const te_device_info *info;
} te_cache_key;

/* Binary of `key`, verified, or NULL when there is none (never an error). free() it. */
unsigned char *te_cache_load(const te_cache_key *key, size_t *bytes);
/* Keep a binary; what goes wrong is logged once and otherwise ignored. */
void te_cache_save(const te_cache_key *key, const unsigned char *binary, size_t bytes);

/* What is exported of a binary: itself behind its length and checksum, in fresh memory; NULL where that is short. */
unsigned char *te_binary_pack(const unsigned char *binary, size_t bytes, size_t *packed);

/* The binary in a file's content: behind what te_binary_pack() writes, verified, or as another compiler wrote it, the whole.
 * NULL where it was cut short or damaged. */
const unsigned char *te_binary_unpack(const uint8_t *data, size_t bytes, size_t *length);

/* The folder of what is kept between runs, in fresh memory; NULL without a home. */
char *te_cache_folder(void);

/* ---- tuning.c ---- */

typedef struct te_tuning {
    char *op, *shape, *variant;
} te_tuning;

typedef struct te_tunings {
    te_tuning *list;
    size_t count, capacity;
} te_tunings;

/* Read what kernels.tuning asks for. A file that is broken, or not for this device and library, is ignored with a warning. */
void te_tunings_load(te_device *device);

/* ---- rejected.c ---- */

typedef struct te_rejected {
    const char *op, *variant;
} te_rejected;

/* ---- source.c: kernel text ---- */

/* The text of kernels/<family>.cl with its #include lines resolved, from the folder in settings or the embedded copy.
 * free() it. */
te_status te_source_load(const struct te_settings *settings, const char *family, char **text);

/* The embedded kernel files, made by CMake: name ("linear.cl") and text. Ends with a NULL name. */
typedef struct te_embedded_file {
    const char *name;
    const char *text;
} te_embedded_file;

extern const te_embedded_file te_embedded_kernels[];

/* ---- recording.c ---- */

typedef struct te_recording te_recording;

te_status te_recording_create(te_recording **recording);
void te_recording_free(te_recording *recording);

/* Keep an event, which it then owns, of something enqueued at that moment of te_clock_now(). */
void te_recording_event(te_recording *recording, cl_event event, const char *name, double enqueued);

/* Wait for what was enqueued, and read its times. */
void te_recording_collect(te_recording *recording);

/* ---- clblast.c ---- */

/* Before the context goes: let CLBlast release what it keeps of it. */
void te_library_release(te_device *device);

/* ---- the device itself ---- */

struct te_device {
    cl_context context;
    cl_device_id id;
    cl_command_queue queue;
    te_caps caps;
    te_device_info info;
    struct te_settings *settings;
    te_program *programs;
    unsigned program_count, built_count;
    unsigned pending;            /* kernels enqueued since the last flush */
    size_t allocated, peak;      /* bytes of live buffers */
    cl_mem dealer;               /* see te_kernel_set_dealer(); NULL: not needed so far */
    te_tunings tunings;
    te_rejected *rejected;
    size_t rejected_count;
    te_recording *recording;     /* NULL: nothing is recorded */
    bool used_library;           /* CLBlast keeps programs of this context until it is told to let go */
    bool told_compiling;         /* the wait for the first compilation was announced */
    bool binaries_late;          /* the driver takes its time to hand out a binary: not while somebody waits for results */
};

struct te_buffer {
    te_device *device;
    cl_mem memory;
    size_t bytes;
};

#endif
