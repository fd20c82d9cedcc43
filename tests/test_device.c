/* Devices: listing, choosing, building, caching, memory limits, and what is said when something is missing. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "device/device.h"
#include "device/opencl.h"
#include "support/assert.h"

#define assert_message(part)                                            \
    do {                                                                \
        if (!strstr(te_last_error(), (part))) {                         \
            fail_msg("no '%s' in the message: %s", part, te_last_error()); \
        }                                                               \
    } while (0)

static char folder[] = "/tmp/te_test_device_XXXXXX"; /* cache, exports and edited kernels of these tests */

static te_settings *make_settings(const char *key, const char *value)
{
    te_settings *settings;
    assert_ok(te_settings_create(&settings));
    if (key) {
        assert_ok(te_settings_set(settings, key, value));
    }
    return settings;
}

static te_device *open_device(const char *key, const char *value)
{
    te_settings *settings = make_settings(key, value);
    te_device *device;
    assert_ok(te_device_open(&device, settings));
    te_settings_free(settings);
    return device;
}

/* ---- what a processor has ---- */

/* An instruction that the compiler does not know would end the process when a kernel is compiled. */
static void units_are_those_that_llvm_assembles(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool dot, tiles;
    } rows[] = {{"OpenCL 3.0 PoCL 3.1+debian  Linux, None+Asserts, RELOC, SPIR, LLVM 15.0.6, SLEEF", true, true},
                {"OpenCL 2.0 pocl 1.4, LLVM 10.0.0", true, false},
                {"OpenCL 1.2 pocl 1.3, LLVM 8.0.1", false, false},
                {"OpenCL 3.0 PoCL 6.0  Linux, LLVM 18", true, true},
                {"OpenCL 3.0 PoCL without a compiler", false, false},
                {"LLVM ", false, false},
                {"", false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        te_cpu_features units = te_cpu_features_assembled((te_cpu_features){true, true, true}, rows[i].version);
        assert_int_equal(units.dot_bf16, rows[i].dot);
        assert_int_equal(units.fast_dot_bf16, rows[i].dot);
        assert_int_equal(units.amx_bf16, rows[i].tiles);
        units = te_cpu_features_assembled((te_cpu_features){false, false, false}, rows[i].version);
        assert_false(units.dot_bf16 || units.fast_dot_bf16 || units.amx_bf16);
    }
}

/* ---- choosing ---- */

static void listing_marks_one_device(void **state)
{
    (void)state;
    te_settings *settings = make_settings(NULL, NULL);
    size_t count;
    int chosen = 0;
    assert_ok(te_device_count(settings, &count));
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        te_device_info info;
        assert_ok(te_device_get_listed(settings, i, &info));
        assert_int_equal(info.index, i);
        assert_true(info.name[0] && info.platform[0] && info.type[0] && info.why[0]);
        assert_true(info.max_work_group > 0 && info.global_memory > 0 && info.max_allocation > 0);
        chosen += info.chosen;
    }
    assert_int_equal(chosen, 1);
    te_device_info info;
    assert_int_equal(te_device_get_listed(settings, count, &info), TE_ERR_ARGUMENT);
    te_settings_free(settings);
}

static void a_miss_lists_the_candidates(void **state)
{
    (void)state;
    static const char *const misses[][2] = {{"device.name", "no such device"}, {"device.vendor", "nobody"},
                                            {"device.platform", "nothing"},    {"device.index", "4000"},
                                            {"device.pick", "no such device"}, {"device.pick", "999"}};
    te_device *open = open_device(NULL, NULL);
    for (size_t i = 0; i < sizeof misses / sizeof misses[0]; i++) {
        te_settings *settings = make_settings(misses[i][0], misses[i][1]);
        te_device *device = NULL;
        unsetenv("TASKEXPERT_DEVICE");
        assert_int_equal(te_device_open(&device, settings), TE_ERR_NO_DEVICE);
        assert_null(device);
        assert_message(te_device_name(open));
        te_settings_free(settings);
    }
    te_device_close(open);
}

static void a_device_is_found_by_index_and_by_part_of_its_name(void **state)
{
    (void)state;
    te_settings *settings = make_settings(NULL, NULL);
    te_device_info first, info;
    assert_ok(te_device_get_listed(settings, 0, &first));
    te_settings_free(settings);
    char part[32];
    snprintf(part, sizeof part, "%.12s", first.name);
    for (char *c = part; *c; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    }
    static const char *const keys[] = {"device.name", "device.pick", "device.index"};
    const char *const values[] = {part, part, "0"};
    for (int i = 0; i < 3; i++) {
        te_device *device = open_device(keys[i], values[i]);
        assert_ok(te_device_get_info(device, &info));
        assert_string_equal(info.name, first.name);
        te_device_close(device);
    }
}

static void the_environment_overrides_the_keys(void **state)
{
    (void)state;
    te_settings *settings = make_settings("device.name", "no such device");
    te_device *device;
    setenv("TASKEXPERT_DEVICE", "0", 1);
    assert_ok(te_device_open(&device, settings));
    te_device_close(device);
    assert_ok(te_settings_set(settings, "device.pick", "no such device either"));
    assert_int_equal(te_device_open(&device, settings), TE_ERR_NO_DEVICE);
    unsetenv("TASKEXPERT_DEVICE");
    te_settings_free(settings);
}

/* Devices that there might be. */
static void every_reason_names_who_asked(void **state)
{
    (void)state;
    static const char *const names[] = {"Radeon", "llvmpipe", "EPYC"};
    static const struct {
        const char *key, *value, *environment;
        int chosen;
        const char *whys[3];
    } rows[] = {
        {"device.type", "any", NULL, 0, {"the best match (GPU", "another one ranks higher", "another one ranks higher"}},
        {"device.pick", "llvmpipe", NULL, 1, {"another device is asked for: 'llvmpipe' (device.pick)",
                                              "asked for by device.pick 'llvmpipe'", "another device is asked for: "}},
        {"device.pick", "cpu", NULL, 1, {"another type is asked for: 'cpu' (device.pick)",
                                         "the best of those that match device.pick 'cpu'", "another one ranks higher"}},
        {"device.pick", "2", "1", 2, {"another index is asked for: '2' (device.pick)", "another index",
                                      "asked for by device.pick '2'"}},
        {"device.pick", "any", NULL, 0, {"the best match (GPU", "another one", "another one"}},
        {"device.name", "EPYC", "1", 1, {"another index is asked for: '1' (TASKEXPERT_DEVICE)",
                                         "asked for by TASKEXPERT_DEVICE '1'", "another index is asked for: '1'"}},
        {"device.index", "1", NULL, 1, {"another index is asked for: '1' (device.index)", "asked for by device.index '1'",
                                        "another index"}},
        {"device.name", "epyc", NULL, 2, {"another name is asked for: 'epyc' (device.name)", "another name",
                                          "the only one that matches the [device] settings"}},
        {"device.type", "cpu", NULL, 1, {"another type is asked for: 'cpu' (device.type)",
                                         "the best of those that match the [device] settings", "another one ranks higher"}},
        {"device.exclude", "radeon", NULL, 1, {"excluded by device.exclude 'radeon'", "the best of those that match the", ""}},
        {"device.vendor", "nobody", NULL, -1, {"another vendor is asked for: 'nobody' (device.vendor)", "another vendor", ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        te_listed list[3] = {{0}};
        te_settings *settings = make_settings(rows[i].key, rows[i].value);
        for (int d = 0; d < 3; d++) {
            list[d].caps = (te_caps){.types = d ? TE_TYPE_CPU : TE_TYPE_GPU, .compiler = true, .little_endian = true,
                                     .available = true};
            strcpy(list[d].info.name, names[d]);
            list[d].info.index = d;
        }
        unsetenv("TASKEXPERT_DEVICE");
        if (rows[i].environment) {
            setenv("TASKEXPERT_DEVICE", rows[i].environment, 1);
        }
        size_t chosen;
        assert_int_equal(te_select(list, 3, settings, &chosen), rows[i].chosen < 0 ? TE_ERR_NO_DEVICE : TE_OK);
        for (int d = 0; d < 3; d++) {
            assert_int_equal(list[d].info.chosen, d == rows[i].chosen);
            if (strncmp(list[d].info.why, rows[i].whys[d], strlen(rows[i].whys[d])) != 0) {
                fail_msg("%s=%s: device %d: '%s', not '%s'", rows[i].key, rows[i].value, d, list[d].info.why, rows[i].whys[d]);
            }
        }
        te_settings_free(settings);
    }
    unsetenv("TASKEXPERT_DEVICE");
}

/* ---- programs ---- */

static void write_text(const char *name, const char *text)
{
    char *path = te_path_join(folder, name);
    assert_ok(te_file_write(path, text, strlen(text)));
    free(path);
}

/* A kernel of the test's own, in a folder of its own: y = 2 x. */
static void write_kernel(void)
{
    write_text("twice.clh", "#define FACTOR 2.0f\n");
    write_text("twice.cl",
               "#include \"twice.clh\"\n__kernel void twice(__global const float *x, __global float *y, int n)"
               "\n{\n    int i = (int)get_global_id(0);\n    if (i < n) {\n        y[i] = FACTOR * x[i];\n    }"
               "\n}\n");
}

static void run_twice(te_device *device)
{
    enum { COUNT = 100 };
    float x[COUNT], y[COUNT];
    te_buffer *in, *out;
    te_kernel *kernel;
    for (int i = 0; i < COUNT; i++) {
        x[i] = (float)i;
    }
    assert_ok(te_buffer_create(&in, device, sizeof x, "x"));
    assert_ok(te_buffer_create(&out, device, sizeof y, "y"));
    assert_ok(te_kernel_create(&kernel, device, "twice", "twice", ""));
    assert_ok(te_kernel_set_buffer(kernel, 0, in));
    assert_ok(te_kernel_set_buffer(kernel, 1, out));
    assert_ok(te_kernel_set_int(kernel, 2, COUNT));
    assert_ok(te_buffer_write(in, 0, x, sizeof x));
    assert_ok(te_kernel_run(kernel, (size_t[3]){COUNT, 1, 1}, (size_t[3]){16, 1, 1}));
    assert_ok(te_buffer_read(out, 0, y, sizeof y));
    for (int i = 0; i < COUNT; i++) {
        assert_true(y[i] == 2.0f * x[i]);
    }
    te_kernel_free(kernel);
    te_buffer_free(in);
    te_buffer_free(out);
}

static void a_folder_stands_in_for_the_embedded_kernels(void **state)
{
    (void)state;
    write_kernel();
    te_device *device = open_device("kernels.folder", folder);
    run_twice(device);
    te_device_close(device);
}

static void folders_are_looked_for_at_once(void **state)
{
    (void)state;
    static const char *const keys[] = {"kernels.folder", "device.binary"};
    write_kernel();
    char *file = te_path_join(folder, "twice.cl"), *none = te_path_join(folder, "none");
    char *exports = te_path_join(folder, "twice.cl/exports");
    for (int i = 0; i < 4; i++) {
        te_settings *settings = make_settings(keys[i % 2], i < 2 ? none : file);
        te_device *device = NULL;
        assert_int_equal(te_device_open(&device, settings), TE_ERR_FILE);
        assert_null(device);
        assert_message(i < 2 ? "/none', the folder of '" : "/twice.cl', the folder of '");
        assert_message(keys[i % 2]);
        assert_message(i < 2 ? "No such file" : "Not a directory");
        te_settings_free(settings);
    }
    te_settings *settings = make_settings("kernels.export", exports);
    te_device *device = NULL;
    assert_int_equal(te_device_open(&device, settings), TE_ERR_FILE);
    assert_message("twice.cl': Not a directory");
    te_settings_free(settings);
    free(exports);
    free(none);
    free(file);
}

static void build_errors_name_file_and_line(void **state)
{
    (void)state;
    te_kernel *kernel = NULL;
    write_text("broken.cl",
               "#include \"twice.clh\"\n\n__kernel void broken(__global float *x)\n{\n    x[0] = nonsense;\n}\n");
    te_device *device = open_device("kernels.folder", folder);
    te_interrupt(); /* a signal may be what made the compiler fail */
    assert_int_equal(te_kernel_create(&kernel, device, "broken", "broken", ""), TE_ERR_INTERRUPTED);
    assert_int_equal(te_kernel_create(&kernel, device, "broken", "broken", ""), TE_ERR_DEVICE);
    assert_null(kernel);
    assert_message("kernels/broken.cl");
    assert_message("nonsense");
    assert_message("broken.cl:5");
    assert_int_equal(te_kernel_create(&kernel, device, "twice", "thrice", ""), TE_ERR_DEVICE);
    assert_message("thrice");
    assert_int_equal(te_kernel_create(&kernel, device, "absent", "absent", ""), TE_ERR_FILE);
    assert_message("absent.cl");
    te_device_close(device);
}

/* Calls visit(path) for every file of folder/taskexpert, the cache. Returns their number. */
static int visit_cache(void (*visit)(const char *path))
{
    char path[600];
    int count = 0;
    snprintf(path, sizeof path, "%s/taskexpert", folder);
    DIR *cache = opendir(path);
    assert_non_null(cache);
    for (struct dirent *entry; (entry = readdir(cache));) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/taskexpert/%s", folder, entry->d_name);
            visit(path);
            count++;
        }
    }
    closedir(cache);
    return count;
}

static void leave(const char *path)
{
    (void)path;
}

static void damage(const char *path)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, -100, SEEK_END);
    int byte = fgetc(file);
    fseek(file, -100, SEEK_END);
    fputc(byte ^ 0x40, file);
    fclose(file);
}

static void shorten(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size / 2), 0);
}

static int warnings;

static void count_warnings(te_log_level level, const char *line, void *context)
{
    (void)line;
    (void)context;
    warnings += level == TE_LOG_WARNING;
}

static void run_from_cache(int expected_warnings)
{
    warnings = 0;
    te_set_log(count_warnings, NULL);
    te_device *device = open_device("kernels.folder", folder);
    run_twice(device);
    te_device_close(device);
    te_set_log(NULL, NULL);
    assert_int_equal(warnings, expected_warnings);
}

static void a_damaged_cache_never_reaches_the_driver(void **state)
{
    (void)state;
    write_kernel();
    run_from_cache(0);
    assert_true(visit_cache(leave) > 0);
    run_from_cache(0);
    visit_cache(damage);
    run_from_cache(1); /* told, rebuilt, and stored again */
    run_from_cache(0);
    visit_cache(shorten);
    run_from_cache(1);
    run_from_cache(0);
}

static char told[512]; /* lines of progress, one behind the other */

static void hear_progress(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level == TE_LOG_PROGRESS && *line) {
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", line);
    }
}

static void create_named(te_device *device, const char *family)
{
    te_kernel *kernel;
    assert_ok(te_kernel_create(&kernel, device, family, family, ""));
    te_kernel_free(kernel);
}

/* Two programs are announced, then made; the second time both come from the cache and there is nothing to wait for. */
static void compilation_is_shown(void **state)
{
    (void)state;
    write_text("one.cl", "__kernel void one(__global float *x)\n{\n    x[0] = 1.0f;\n}\n");
    write_text("two.cl", "__kernel void two(__global float *x)\n{\n    x[0] = 2.0f;\n}\n");
    for (int round = 0; round < 2; round++) {
        told[0] = '\0';
        te_set_log(hear_progress, NULL);
        te_device *device = open_device("kernels.folder", folder);
        assert_ok(te_program_expect(device, "one", ""));
        assert_ok(te_program_expect(device, "two", ""));
        assert_ok(te_program_expect(device, "one", ""));
        create_named(device, "two");
        create_named(device, "one");
        te_device_close(device);
        te_set_log(NULL, NULL);
        assert_int_equal(strstr(told, "compiling kernels for this device, once: 1 of 2 (two)\n") != NULL, round == 0);
        assert_int_equal(strstr(told, "compiling kernels for this device, once: 2 of 2 (one)\n") != NULL, round == 0);
        assert_true(round == 0 || !told[0]);
    }
}

static void an_unwritable_cache_is_one_warning(void **state)
{
    (void)state;
    char *cache = te_path_join(folder, "twice.cl"); /* a file where a folder is needed */
    write_kernel();
    setenv("XDG_CACHE_HOME", cache, 1);
    run_from_cache(1);
    setenv("XDG_CACHE_HOME", folder, 1);
    free(cache);
}

/* The one binary in a folder of exports; `path` holds 600 bytes. */
static void find_binary(const char *exports, char *path)
{
    DIR *list = opendir(exports);
    int found = 0;
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        if (strstr(entry->d_name, ".bin")) {
            snprintf(path, 600, "%s/%s", exports, entry->d_name);
            found++;
        }
    }
    closedir(list);
    assert_int_equal(found, 1);
}

static void refuse_binary(const char *exports, const char *path, const uint8_t *data, size_t bytes)
{
    te_kernel *kernel;
    assert_ok(te_file_write(path, data, bytes));
    te_device *device = open_device("device.binary", exports);
    assert_int_equal(te_kernel_create(&kernel, device, "twice", "twice", ""), TE_ERR_FORMAT);
    assert_message(path);
    assert_message("is cut short or damaged: export it once more");
    te_device_close(device);
}

/* No driver sees a damaged one. Another compiler's has no checksum and is taken as it is. */
static void check_binaries(const char *exports)
{
    char path[600];
    uint8_t *data;
    size_t bytes;
    find_binary(exports, path);
    assert_ok(te_file_read(path, 1 << 24, &data, &bytes));
    const size_t cuts[] = {0, 5, 29, 35, 60, bytes / 2, bytes - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        refuse_binary(exports, path, data, cuts[i]);
    }
    data[bytes - 100] ^= 0x40;
    refuse_binary(exports, path, data, bytes);
    data[bytes - 100] ^= 0x40;
    const uint8_t *line = memchr(data, '\n', bytes), *binary = (const uint8_t *)memchr(line + 1, '\n', 100) + 1;
    assert_ok(te_file_write(path, binary, bytes - (size_t)(binary - data)));
    te_device *device = open_device("device.binary", exports);
    run_twice(device);
    te_device_close(device);
    free(data);
}

static void exported_programs_run_without_a_compiler(void **state)
{
    (void)state;
    char *exports = te_path_join(folder, "exports");
    write_kernel();
    te_settings *settings = make_settings("kernels.folder", folder);
    te_device *device;
    assert_ok(te_settings_set(settings, "kernels.export", exports));
    assert_ok(te_device_open(&device, settings));
    run_twice(device);
    te_device_close(device);
    te_settings_free(settings);
    device = open_device("device.binary", exports);
    run_twice(device);
    te_kernel *kernel;
    assert_int_equal(te_kernel_create(&kernel, device, "absent", "absent", ""), TE_ERR_FILE);
    te_device_close(device);
    check_binaries(exports);
    free(exports);
}

/* ---- memory ---- */

static void buffers_are_checked(void **state)
{
    (void)state;
    te_device *device = open_device(NULL, NULL);
    te_buffer *buffer = NULL;
    float data[4] = {0};
    size_t too_large = (size_t)te_device_caps(device)->max_allocation + 1;
    assert_int_equal(te_buffer_create(&buffer, device, too_large, "a test"), TE_ERR_MEMORY);
    assert_null(buffer);
    assert_message("a test");
    assert_message(te_device_name(device));
    assert_ok(te_buffer_create(&buffer, device, sizeof data, "a test"));
    assert_int_equal(te_buffer_write(buffer, 4, data, sizeof data), TE_ERR_ARGUMENT);
    assert_int_equal(te_buffer_read(buffer, SIZE_MAX, data, 8), TE_ERR_ARGUMENT);
    assert_ok(te_buffer_write(buffer, 12, data, 4));
    size_t peak;
    assert_int_equal(te_device_memory(device, &peak), sizeof data);
    te_buffer_free(buffer);
    assert_int_equal(te_device_memory(device, &peak), 0);
    assert_int_equal(peak, sizeof data);
    te_device_close(device);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && setenv("XDG_CACHE_HOME", folder, 1) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void a_program_is_kept_for_one_key_alone(void **state)
{
    (void)state;
    te_device_info infos[5];
    size_t bytes = 0;
    for (int i = 0; i < 5; i++) {
        infos[i] = (te_device_info){.platform = "p", .name = "n", .driver = "d", .language = "l"};
    }
    strcpy(infos[1].platform, "other");
    strcpy(infos[2].name, "other");
    strcpy(infos[3].driver, "other");
    strcpy(infos[4].language, "other");
    const te_cache_key key = {.source = "s", .options = "o", .info = &infos[0]};
    const te_cache_key others[] = {{"s", "o", &infos[1]}, {"s", "o", &infos[2]},     {"s", "o", &infos[3]},
                                   {"s", "o", &infos[4]}, {"s", "other", &infos[0]}, {"other", "o", &infos[0]}};
    te_cache_save(&key, (const unsigned char *)"binary", 6);
    unsigned char *binary = te_cache_load(&key, &bytes);
    assert_non_null(binary);
    assert_int_equal(bytes, 6);
    assert_memory_equal(binary, "binary", 6);
    free(binary);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_null(te_cache_load(&others[i], &bytes));
    }
    unsigned char *empty = te_binary_pack((const unsigned char *)"", 0, &bytes);
    assert_non_null(empty);
    assert_null(te_binary_unpack(empty, bytes, &bytes));
    free(empty);
}

static void an_empty_cache_folder_is_none(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("XDG_CACHE_HOME", "", 1);
    setenv("HOME", "/somewhere", 1);
    char *path = te_cache_folder();
    assert_string_equal(path, "/somewhere/.cache/taskexpert");
    free(path);
    setenv("HOME", "", 1);
    assert_null(te_cache_folder());
    setenv("XDG_CACHE_HOME", folder, 1);
    unsetenv("HOME");
    if (home) {
        setenv("HOME", home, 1);
    }
    free(home);
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    (void)state;
    te_kernel *kernel;
    te_device *device = open_device("kernels.folder", folder);
    write_text("round.cl", "#include \"round.cl\"\n");
    assert_int_equal(te_kernel_create(&kernel, device, "round", "round", ""), TE_ERR_FORMAT);
    assert_message("kernel file 'round.cl' is included too deeply");
    te_device_close(device);
}

/* Which of a list is chosen, and why the first is not. */
static void check_choice(te_listed *list, size_t count, const char *key, const char *value, size_t wanted, const char *why)
{
    te_settings *settings = make_settings(key, value);
    size_t chosen;
    unsetenv("TASKEXPERT_DEVICE");
    assert_ok(te_select(list, count, settings, &chosen));
    assert_int_equal(chosen, wanted);
    assert_non_null(strstr(list[0].info.why, why));
    te_settings_free(settings);
}

static void real_devices_come_before_simulators_and_by_their_types(void **state)
{
    (void)state;
    const te_caps good = {.types = TE_TYPE_CPU, .compiler = true, .little_endian = true, .available = true};
    te_listed list[5] = {{.caps = good}, {.caps = good}, {.caps = good}, {.caps = good}, {.caps = good}};
    list[0].caps.types = TE_TYPE_GPU;
    list[0].caps.simulator = true;
    list[2].caps.types = TE_TYPE_ACCELERATOR;
    list[3].caps.types = list[4].caps.types = TE_TYPE_GPU;
    for (size_t count = 2; count <= 5; count++) {
        check_choice(list, count, NULL, NULL, count < 4 ? count - 1 : 3, "another one ranks higher"); /* of equals the first */
    }
}

static void a_device_that_nobody_could_use_is_not_chosen(void **state)
{
    (void)state;
    const te_caps good = {.types = TE_TYPE_CPU, .compiler = true, .little_endian = true, .available = true};
    te_listed list[2] = {{.caps = good, .info.platform = "Portable"}, {.caps = good}};
    list[0].caps.types = TE_TYPE_GPU;
    check_choice(list, 2, NULL, NULL, 0, "the best match");
    check_choice(list, 2, "device.exclude", "portable", 1, "excluded by device.exclude 'portable'");
    list[0].caps.available = false;
    check_choice(list, 2, NULL, NULL, 1, "the driver says it is not available");
    list[0].caps.available = true;
    list[0].caps.little_endian = false;
    check_choice(list, 2, NULL, NULL, 1, "big-endian devices are not supported");
    list[0].caps.little_endian = true;
    list[0].caps.compiler = false;
    check_choice(list, 2, NULL, NULL, 1, "no compiler: set device.binary");
    check_choice(list, 2, "device.binary", "programs", 0, "the best match");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_those_that_llvm_assembles),
        cmocka_unit_test(listing_marks_one_device),
        cmocka_unit_test(a_device_is_found_by_index_and_by_part_of_its_name),
        cmocka_unit_test(a_folder_stands_in_for_the_embedded_kernels),
        cmocka_unit_test(folders_are_looked_for_at_once),
        cmocka_unit_test(build_errors_name_file_and_line),
        cmocka_unit_test(a_damaged_cache_never_reaches_the_driver),
        cmocka_unit_test(compilation_is_shown),
        cmocka_unit_test(an_unwritable_cache_is_one_warning),
        cmocka_unit_test(exported_programs_run_without_a_compiler),
        cmocka_unit_test(buffers_are_checked),
        cmocka_unit_test(a_miss_lists_the_candidates),
        cmocka_unit_test(the_environment_overrides_the_keys),
        cmocka_unit_test(every_reason_names_who_asked),
        cmocka_unit_test(a_program_is_kept_for_one_key_alone),
        cmocka_unit_test(an_empty_cache_folder_is_none),
        cmocka_unit_test(a_file_that_includes_itself_is_refused),
        cmocka_unit_test(real_devices_come_before_simulators_and_by_their_types),
        cmocka_unit_test(a_device_that_nobody_could_use_is_not_chosen),
    };
    return cmocka_run_group_tests_name("device", tests, make_folder, remove_folder);
}
