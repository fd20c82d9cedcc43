/* Compiled programs on disk: the cache under $XDG_CACHE_HOME/taskexpert, and what is exported.
 *
 * A file holds a header line, in the cache the key in full, and the binary with its length and CRC-32. Everything is checked
 * before a driver sees a byte: PoCL crashes on a damaged binary, rusticl accepts one. Whatever is wrong with the cache, the
 * answer is "not cached", and the program is built from source.
 */
#include "device/opencl.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { KEY_BYTES = 2048, HEAD_BYTES = KEY_BYTES + 64, HEADER_BYTES = HEAD_BYTES + 256, MAX_BINARY = 64 << 20 };

static const char *const cache_format = "taskexpert program cache 1", *const export_head = "taskexpert exported program 1\n";

/* Everything that a compiled program depends on, as text. */
static void describe_key(const te_cache_key *key, char text[KEY_BYTES])
{
    const te_device_info *info = key->info;
    size_t length = strlen(key->source);
    snprintf(text, KEY_BYTES, "platform=%s\ndevice=%s\ndriver=%s\nlanguage=%s\noptions=%s\nsource=%zu %016llx\n",
             info->platform, info->name, info->driver, info->language, key->options, length,
             (unsigned long long)te_hash(TE_HASH_START, key->source, length));
}

char *te_cache_folder(void)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    return base && *base ? te_path_join(base, "taskexpert") : home && *home ? te_path_join(home, ".cache/taskexpert") : NULL;
}

/* Path of the key's file, or NULL without a home. free() it. */
static char *cache_path(const char *key_text, char **folder)
{
    char *root = te_cache_folder();
    if (!root) {
        return NULL;
    }
    char name[32];
    snprintf(name, sizeof name, "%016llx.bin", (unsigned long long)te_hash(TE_HASH_START, key_text, strlen(key_text)));
    char *path = te_path_join(root, name);
    if (folder) {
        *folder = root;
    } else {
        free(root);
    }
    return path;
}

/* What precedes the binary in a file: `head`, its length, its checksum. */
static size_t describe_header(const char *head, const unsigned char *binary, size_t bytes, char *header)
{
    unsigned long crc = crc32(0, binary, (uInt)bytes);
    int length = snprintf(header, HEADER_BYTES, "%sbinary=%zu %08lx\n", head, bytes, crc);
    return (size_t)length;
}

/* The binary inside a file's content, if the content is exactly what would have been written behind this head. */
static const unsigned char *verified_binary(const char *head, const uint8_t *data, size_t bytes, size_t *length)
{
    char start[HEADER_BYTES];
    int known = snprintf(start, sizeof start, "%sbinary=", head);
    if (bytes < (size_t)known || memcmp(data, start, (size_t)known) != 0) {
        return NULL;
    }
    size_t declared;
    if (sscanf((const char *)data + known, "%zu", &declared) != 1 || declared == 0 || declared >= bytes) {
        return NULL;
    }
    const unsigned char *binary = data + (bytes - declared);
    size_t header_length = describe_header(head, binary, declared, start);
    if (header_length + declared != bytes || memcmp(data, start, header_length) != 0) {
        return NULL;
    }
    *length = declared;
    return binary;
}

static unsigned char *pack(const char *head, const unsigned char *binary, size_t bytes, size_t *packed)
{
    unsigned char *data = te_alloc(bytes + HEADER_BYTES, 1, "a program to keep");
    if (data) {
        size_t header = describe_header(head, binary, bytes, (char *)data);
        memcpy(data + header, binary, bytes);
        *packed = header + bytes;
    }
    return data;
}

unsigned char *te_binary_pack(const unsigned char *binary, size_t bytes, size_t *packed)
{
    return pack(export_head, binary, bytes, packed);
}

const unsigned char *te_binary_unpack(const uint8_t *data, size_t bytes, size_t *length)
{
    size_t known = strlen(export_head);
    if (bytes == 0 || memcmp(data, export_head, bytes < known ? bytes : known) == 0) {
        return verified_binary(export_head, data, bytes, length);
    }
    *length = bytes;
    return data;
}

unsigned char *te_cache_load(const te_cache_key *key, size_t *bytes)
{
    char key_text[KEY_BYTES], head[HEAD_BYTES];
    describe_key(key, key_text);
    snprintf(head, sizeof head, "%s\n%s", cache_format, key_text);
    char *path = cache_path(key_text, NULL);
    uint8_t *data = NULL;
    size_t file_bytes;
    unsigned char *copy = NULL;
    if (path && te_file_read(path, MAX_BINARY, &data, &file_bytes) == TE_OK) {
        const unsigned char *binary = verified_binary(head, data, file_bytes, bytes);
        copy = binary ? te_alloc(*bytes, 1, "a cached program") : NULL;
        if (copy) {
            memcpy(copy, binary, *bytes);
        } else {
            te_log(TE_LOG_WARNING, "ignoring the damaged program cache file '%s'", path);
        }
    }
    free(data);
    free(path);
    return copy;
}

void te_cache_save(const te_cache_key *key, const unsigned char *binary, size_t bytes)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    char key_text[KEY_BYTES], head[HEAD_BYTES], *folder = NULL;
    describe_key(key, key_text);
    snprintf(head, sizeof head, "%s\n%s", cache_format, key_text);
    char *path = cache_path(key_text, &folder);
    size_t packed = 0;
    unsigned char *data = bytes < MAX_BINARY ? pack(head, binary, bytes, &packed) : NULL;
    te_status status = path && data ? te_folder_make(folder) : TE_ERR_FILE;
    if (status == TE_OK) {
        status = te_file_write(path, data, packed);
    }
    if (status != TE_OK && !atomic_flag_test_and_set(&warned)) {
        te_log(TE_LOG_WARNING, "compiled programs are not cached: %s",
               !path ? "no home folder" : bytes < MAX_BINARY ? te_last_error() : "one is too large");
    }
    free(data);
    free(path);
    free(folder);
}
